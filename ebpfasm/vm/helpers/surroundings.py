"""Helpers that ask for the time, for chance, and for where the program runs."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ebpfasm.vm.machine import Machine

__all__ = ["get_numa_node_id", "get_prandom_u32", "get_smp_processor_id", "ktime_get_ns"]


def ktime_get_ns(machine: Machine) -> int:
    """Nanoseconds since boot, as the run's ``clock`` says."""
    return machine.clock()


def get_prandom_u32(machine: Machine) -> int:
    """A random number of 32 bits, from the run's ``seed``."""
    return machine.random.getrandbits(32)


def get_smp_processor_id(machine: Machine) -> int:
    """The number of the processor, the run's ``cpu``."""
    return machine.cpu


def get_numa_node_id(machine: Machine) -> int:
    """The number of the memory node: 0."""
    return 0

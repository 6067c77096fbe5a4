"""Helpers that go on elsewhere: tail calls and loops."""

from __future__ import annotations

from errno import E2BIG, EINVAL

from ebpfasm.uapi.map_type import MapType
from ebpfasm.vm.helpers.arguments import CONTEXT_ADDRESS, map_of
from ebpfasm.vm.helpers.maps import check_callback
from ebpfasm.vm.memory import Fault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ebpfasm.vm.machine import Machine

__all__ = ["loop", "tail_call"]

PROGRAMS = frozenset({MapType.PROG_ARRAY})
BPF_MAX_LOOPS = 8 * 1024 * 1024


def tail_call(machine: Machine, r1: int, r2: int, r3: int) -> int:
    """``(ctx, map, index)``: go on with a program of a program array; does nothing where the slot is empty."""
    if r1 != CONTEXT_ADDRESS and machine.context is not None:
        raise Fault(f"passes {r1:#x} where the context belongs, whose address is {CONTEXT_ADDRESS:#x}", r1)
    machine.tail_call(r1, map_of(machine, r2, PROGRAMS, "bpf_tail_call"), r3 & 0xFFFFFFFF)
    return 0


def loop(machine: Machine, r1: int, r2: int, r3: int, r4: int) -> int:
    """``(count, callback, ctx, flags)``: call ``callback(index, ctx)`` so often, or until it returns 1; returns how
    often it was called."""
    count = r1 & 0xFFFFFFFF
    if r4:
        return -EINVAL
    if count > BPF_MAX_LOOPS:
        return -E2BIG
    for index in range(count):
        if check_callback(machine.call(r2, index, r3)):
            return index + 1
    return count

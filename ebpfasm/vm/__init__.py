"""An eBPF machine in Python: it runs programs without a kernel and without privileges, and gives the kernel's answers.

Public names are resolved when they are first used (PEP 562), as those of `ebpfasm`.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ebpfasm.errors import VmError as VmError
    from ebpfasm.vm.context import SkBuff as SkBuff
    from ebpfasm.vm.context import XdpMd as XdpMd
    from ebpfasm.vm.machine import Machine as Machine
    from ebpfasm.vm.maps import Map as Map
    from ebpfasm.vm.maps import ProgramArray as ProgramArray
    from ebpfasm.vm.maps import RingBuffer as RingBuffer
    from ebpfasm.vm.memory import Fault as Fault
    from ebpfasm.vm.program import Program as Program
    from ebpfasm.vm.run import Result as Result
    from ebpfasm.vm.run import interpret as interpret
    from ebpfasm.vm.run import run as run

_HOMES = {
    "Fault": "ebpfasm.vm.memory",
    "Machine": "ebpfasm.vm.machine",
    "Map": "ebpfasm.vm.maps",
    "Program": "ebpfasm.vm.program",
    "ProgramArray": "ebpfasm.vm.maps",
    "Result": "ebpfasm.vm.run",
    "RingBuffer": "ebpfasm.vm.maps",
    "SkBuff": "ebpfasm.vm.context",
    "VmError": "ebpfasm.errors",
    "XdpMd": "ebpfasm.vm.context",
    "interpret": "ebpfasm.vm.run",
    "run": "ebpfasm.vm.run",
}

__all__ = [
    "Fault",
    "Machine",
    "Map",
    "Program",
    "ProgramArray",
    "Result",
    "RingBuffer",
    "SkBuff",
    "VmError",
    "XdpMd",
    "interpret",
    "run",
]


if not TYPE_CHECKING:  # a type checker would take any name for one of this module

    def __getattr__(name):
        """Import a public name when it is first used (PEP 562)."""
        home = _HOMES.get(name)
        if home is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        __import__(home)
        from sys import modules

        value = globals()[name] = getattr(modules[home], name)
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})

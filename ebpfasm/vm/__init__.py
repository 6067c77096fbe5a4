"""An eBPF machine in Python: it runs programs without a kernel and without privileges, and gives the kernel's answers.

Public names are resolved when they are first used (PEP 562), as those of `ebpfasm`.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ebpfasm.errors import VmError as VmError
    from ebpfasm.vm.breakpoints import Breakpoint as Breakpoint
    from ebpfasm.vm.context import SkBuff as SkBuff
    from ebpfasm.vm.context import XdpMd as XdpMd
    from ebpfasm.vm.coverage import Coverage as Coverage
    from ebpfasm.vm.debugger import Debugger as Debugger
    from ebpfasm.vm.machine import Machine as Machine
    from ebpfasm.vm.maps import Map as Map
    from ebpfasm.vm.maps import ProgramArray as ProgramArray
    from ebpfasm.vm.maps import RingBuffer as RingBuffer
    from ebpfasm.vm.memory import Fault as Fault
    from ebpfasm.vm.places import Place as Place
    from ebpfasm.vm.program import Program as Program
    from ebpfasm.vm.running import Result as Result
    from ebpfasm.vm.running import interpret as interpret
    from ebpfasm.vm.running import run as run
    from ebpfasm.vm.tracing import Entry as Entry
    from ebpfasm.vm.tracing import MemoryWrite as MemoryWrite
    from ebpfasm.vm.tracing import Trace as Trace
    from ebpfasm.vm.tracing import trace as trace
    from ebpfasm.vm.tunnel import Tunnel as Tunnel

_HOMES = {
    "Breakpoint": "ebpfasm.vm.breakpoints",
    "Coverage": "ebpfasm.vm.coverage",
    "Debugger": "ebpfasm.vm.debugger",
    "Entry": "ebpfasm.vm.tracing",
    "Fault": "ebpfasm.vm.memory",
    "Machine": "ebpfasm.vm.machine",
    "Map": "ebpfasm.vm.maps",
    "MemoryWrite": "ebpfasm.vm.tracing",
    "Place": "ebpfasm.vm.places",
    "Program": "ebpfasm.vm.program",
    "ProgramArray": "ebpfasm.vm.maps",
    "Result": "ebpfasm.vm.running",
    "RingBuffer": "ebpfasm.vm.maps",
    "SkBuff": "ebpfasm.vm.context",
    "Trace": "ebpfasm.vm.tracing",
    "Tunnel": "ebpfasm.vm.tunnel",
    "VmError": "ebpfasm.errors",
    "XdpMd": "ebpfasm.vm.context",
    "interpret": "ebpfasm.vm.running",
    "run": "ebpfasm.vm.running",
    "trace": "ebpfasm.vm.tracing",
}

__all__ = [
    "Breakpoint",
    "Coverage",
    "Debugger",
    "Entry",
    "Fault",
    "Machine",
    "Map",
    "MemoryWrite",
    "Place",
    "Program",
    "ProgramArray",
    "Result",
    "RingBuffer",
    "SkBuff",
    "Trace",
    "Tunnel",
    "VmError",
    "XdpMd",
    "interpret",
    "run",
    "trace",
]


if not TYPE_CHECKING:  # a type checker would take any name for one of this module

    def __getattr__(name):
        """Import a public name when it is first used (PEP 562)."""
        from ebpfasm.lazy import resolve

        return resolve(__name__, _HOMES, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})

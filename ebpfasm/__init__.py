"""ebpfasm writes eBPF bytecode, loads it into Linux and composes it into a pod datapath.

Public names are resolved when they are first used, so that a tool which only encodes instructions
does not pay for what talks to the kernel.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ebpfasm import asm as asm
    from ebpfasm import datapath as datapath
    from ebpfasm import errors as errors
    from ebpfasm.asm.instruction import Instruction as Instruction
    from ebpfasm.asm.program import Instructions as Instructions
    from ebpfasm.datapath.tc import attach_clsact as attach_clsact
    from ebpfasm.datapath.tc import attach_tcx as attach_tcx
    from ebpfasm.kernel.netns import NetNS as NetNS
    from ebpfasm.objects.links import Link as Link
    from ebpfasm.objects.maps import Map as Map
    from ebpfasm.objects.program_array import ProgramArray as ProgramArray
    from ebpfasm.objects.program_array import write_slots as write_slots
    from ebpfasm.objects.programs import Program as Program
    from ebpfasm.uapi import AttachFlag as AttachFlag
    from ebpfasm.uapi import AttachType as AttachType
    from ebpfasm.uapi import LinkType as LinkType
    from ebpfasm.uapi import MapFlag as MapFlag
    from ebpfasm.uapi import MapType as MapType
    from ebpfasm.uapi import ProgramType as ProgramType
    from ebpfasm.uapi import UpdateFlag as UpdateFlag

__version__ = "0.1.0"

_HOMES = {
    "asm": "ebpfasm.asm",
    "datapath": "ebpfasm.datapath",
    "errors": "ebpfasm.errors",
    "uapi": "ebpfasm.uapi",
    "Instruction": "ebpfasm.asm.instruction",
    "Instructions": "ebpfasm.asm.program",
    "attach_clsact": "ebpfasm.datapath.tc",
    "attach_tcx": "ebpfasm.datapath.tc",
    "NetNS": "ebpfasm.kernel.netns",
    "Link": "ebpfasm.objects.links",
    "Map": "ebpfasm.objects.maps",
    "ProgramArray": "ebpfasm.objects.program_array",
    "Program": "ebpfasm.objects.programs",
    "write_slots": "ebpfasm.objects.program_array",
    "AttachFlag": "ebpfasm.uapi",
    "AttachType": "ebpfasm.uapi",
    "LinkType": "ebpfasm.uapi",
    "MapFlag": "ebpfasm.uapi",
    "MapType": "ebpfasm.uapi",
    "ProgramType": "ebpfasm.uapi",
    "UpdateFlag": "ebpfasm.uapi",
}

__all__ = [
    "AttachFlag",
    "AttachType",
    "Instruction",
    "Instructions",
    "Link",
    "LinkType",
    "Map",
    "MapFlag",
    "MapType",
    "NetNS",
    "Program",
    "ProgramArray",
    "ProgramType",
    "UpdateFlag",
    "asm",
    "attach_clsact",
    "attach_tcx",
    "datapath",
    "errors",
    "write_slots",
]


if not TYPE_CHECKING:  # a type checker would take any name for one of this module

    def __getattr__(name):
        """Import a public name when it is first used (PEP 562)."""
        from ebpfasm.lazy import resolve

        return resolve(__name__, _HOMES, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})

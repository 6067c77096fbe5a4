"""Enums of the kernel's ``<linux/bpf.h>``, one module each, imported when first asked for."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ebpfasm.uapi.attach_flag import AttachFlag as AttachFlag
    from ebpfasm.uapi.attach_type import AttachType as AttachType
    from ebpfasm.uapi.link_type import LinkType as LinkType
    from ebpfasm.uapi.map_flag import MapFlag as MapFlag
    from ebpfasm.uapi.map_type import MapType as MapType
    from ebpfasm.uapi.program_type import ProgramType as ProgramType
    from ebpfasm.uapi.update_flag import UpdateFlag as UpdateFlag

_MODULES = {
    "AttachFlag": "attach_flag",
    "AttachType": "attach_type",
    "LinkType": "link_type",
    "MapFlag": "map_flag",
    "MapType": "map_type",
    "ProgramType": "program_type",
    "UpdateFlag": "update_flag",
}

__all__ = ["AttachFlag", "AttachType", "LinkType", "MapFlag", "MapType", "ProgramType", "UpdateFlag"]


def __getattr__(name: str) -> object:
    """Import the enum on first use (PEP 562): ``import enum`` alone takes as long as loading a program."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from sys import modules

    home = f"{__name__}.{_MODULES[name]}"
    __import__(home)  # importlib's function for it would cost importlib
    found: object = getattr(modules[home], name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    """Return the module's names, imported or not."""
    return sorted({*globals(), *_MODULES})

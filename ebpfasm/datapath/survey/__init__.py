"""What datapath there is, read from the kernel alone: `survey` finds it, whichever process made it."""

from __future__ import annotations

from ebpfasm.datapath.survey.model import (
    Attachment,
    Device,
    End,
    Entry,
    Hook,
    Namespace,
    SeenMap,
    SeenProgram,
    Survey,
)
from ebpfasm.datapath.survey.taking import survey

__all__ = [
    "Attachment",
    "Device",
    "End",
    "Entry",
    "Hook",
    "Namespace",
    "SeenMap",
    "SeenProgram",
    "Survey",
    "survey",
]

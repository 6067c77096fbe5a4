"""Figures of single calls into the kernel, each against the bare system call with everything prepared."""

from __future__ import annotations

import os
import struct
from contextlib import ExitStack
from itertools import repeat
from typing import Any

from ebpfasm import Map, MapType, Program, ProgramType
from ebpfasm.asm import R0, Mov, Return
from ebpfasm.datapath import entry_stub
from tests.bench.clock import Effort, Task, Times, in_turns
from tests.bench.table import Row, Target

__all__ = ["rows"]

UNUSED = "slot write, array used by no program"
USED = "slot write, a loaded program jumps there"
LOOKUP, UPDATE, RUN = "hash map lookup", "hash map update", "test_run, 64 bytes"
BARE = "bare bpf()"

PACKET = bytes(64)
ROOM = 258  # what cilium/ebpf leaves beyond the packet for the answer


def rows(effort: Effort, why_no_kernel: str) -> list[Row]:
    """Measure; where there is a reason not to, the rows carry it."""
    targets = {UNUSED: Target(3), USED: None, LOOKUP: None, UPDATE: None, RUN: None}
    times = {} if why_no_kernel else _times(effort)
    return [
        Row(figure, *times.get(figure, (None, None)), target=target, why_not=why_no_kernel)  # type: ignore[arg-type]
        for figure, target in targets.items()
    ]

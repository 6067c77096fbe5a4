"""Figures of the assembler: building, encoding and decoding the mixed program."""

from __future__ import annotations

import os
import struct

from ebpfasm.asm import Instructions
from tests.bench import workload
from tests.bench.clock import Effort, Task, in_turns
from tests.bench.table import Row, Target

__all__ = ["rows"]

SCHED_CLS = 3  # BPF_PROG_TYPE_SCHED_CLS, linux/bpf.h

LOAD, PACK, UNPACK = (
    f"load of {workload.VERIFIED_UNITS:,} units",
    "[struct.pack(…) for …]",
    "list(struct.iter_unpack(…))",
)

# fmt: off
FIGURES = (
    ("build, labels",          LOAD,   None),
    ("build, plain",           LOAD,   None),
    ("encode, labels",         PACK,   Target(2.5)),
    ("encode, plain",          PACK,   Target(2.5)),
    ("build + encode, labels", LOAD,   Target(1, below=True)),
    ("build + encode, plain",  LOAD,   Target(1, below=True)),
    ("decode, opening",        UNPACK, None),
    ("decode, all objects",    UNPACK, None),
)
# fmt: on


def rows(effort: Effort, why_no_kernel: str) -> list[Row]:
    """Measure; the rows against the load of a program lack their reference where there is a reason."""
    size, labels = effort.size, workload.labels(effort.size)
    code = workload.plain(size).encode("little")
    fields: list[tuple[int, int, int, int]] = list(struct.iter_unpack("<BBhi", code))
    pack = struct.pack

    tasks = {
        "build, labels": Task(lambda _: workload.labelled(size, labels)),
        "build, plain": Task(lambda _: workload.plain(size)),
        "encode, labels": Task(Instructions.encode, prepare=lambda: workload.labelled(size, labels)),
        "encode, plain": Task(Instructions.encode, prepare=lambda: workload.plain(size)),
        "build + encode, labels": Task(lambda _: _with_bytes(workload.labelled(size, labels))),
        "build + encode, plain": Task(lambda _: _with_bytes(workload.plain(size))),
        "decode, opening": Task(lambda _: Instructions.decode(code, "little")),
        "decode, all objects": Task(lambda _: list(Instructions.decode(code, "little"))),
        PACK: Task(lambda _: [pack("<BBhi", opcode, registers, off, imm) for opcode, registers, off, imm in fields]),
        UNPACK: Task(lambda _: list(struct.iter_unpack("<BBhi", code))),
    }
    if not why_no_kernel:
        tasks[LOAD] = Task(_load, prepare=workload.verifiable_code, finish=os.close)
    times = dict(zip(tasks, in_turns(list(tasks.values()), effort.repetitions), strict=True))
    return [
        Row(figure, times[figure], reference, times.get(reference), target, "" if reference in times else why_no_kernel)
        for figure, reference, target in FIGURES
    ]


def _with_bytes(program: Instructions) -> tuple[Instructions, bytes]:
    """Both, so that what is built is freed after the timed region, as for the other figures."""
    return program, program.encode()


def _load(code: bytes) -> int:
    from ebpfasm.kernel.programs import prog_load

    return prog_load(SCHED_CLS, code)

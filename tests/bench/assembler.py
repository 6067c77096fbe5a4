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

Fields = list[tuple[int, int, int, int]]


def rows(effort: Effort, why_no_kernel: str) -> list[Row]:
    """Measure; the rows against the loading of a program lack their reference where there is a reason."""
    size, labels = effort.size, workload.labels(effort.size)
    code = workload.plain(size).encode("little")
    fields: Fields = list(struct.iter_unpack("<BBhi", code))

    tasks = {
        "build, labels": Task(lambda _: workload.labelled(size, labels)),
        "build, plain": Task(lambda _: workload.plain(size)),
        "encode, labels": Task(Instructions.encode, prepare=lambda: workload.labelled(size, labels)),
        "encode, plain": Task(Instructions.encode, prepare=lambda: workload.plain(size)),
        "build + encode, labels": Task(lambda _: workload.labelled(size, labels).encode()),
        "build + encode, plain": Task(lambda _: workload.plain(size).encode()),
        "decode, opening": Task(lambda _: Instructions.decode(code, "little")),
        "decode, all objects": Task(lambda _: list(Instructions.decode(code, "little"))),
        "pack": Task(_pack, prepare=lambda: fields),
        "unpack": Task(lambda _: list(struct.iter_unpack("<BBhi", code))),
    }
    if not why_no_kernel:
        tasks["load"] = Task(_load, prepare=workload.verifiable_code, finish=os.close)
    times = dict(zip(tasks, in_turns(list(tasks.values()), effort.repetitions), strict=True))

    load = f"load of {workload.VERIFIED_UNITS:,} units"
    against_load = {"reference_name": load, "reference": times.get("load"), "why_not": why_no_kernel}
    against_pack = {"reference_name": "[struct.pack(…) for …]", "reference": times["pack"], "target": Target(2.5)}
    against_unpack = {"reference_name": "list(struct.iter_unpack)", "reference": times["unpack"]}
    references = {
        "build, labels": against_load,
        "build, plain": against_load,
        "encode, labels": against_pack,
        "encode, plain": against_pack,
        "build + encode, labels": against_load | {"target": Target(1, below=True)},
        "build + encode, plain": against_load | {"target": Target(1, below=True)},
        "decode, opening": against_unpack,
        "decode, all objects": against_unpack,
    }
    return [Row(figure, times[figure], **reference) for figure, reference in references.items()]


def _pack(fields: Fields) -> list[bytes]:
    pack = struct.pack
    return [pack("<BBhi", opcode, registers, off, imm) for opcode, registers, off, imm in fields]


def _load(code: bytes) -> int:
    from ebpfasm.kernel.programs import prog_load

    return prog_load(SCHED_CLS, code)

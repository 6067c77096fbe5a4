"""Figures of text: disassembly against capstone, assembly against llvm-mc and ubpf; opening bytes, and memory."""

from __future__ import annotations

import importlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from typing import Any

from ebpfasm import asm
from ebpfasm.asm import Instructions
from tests.bench import workload
from tests.bench.clock import Effort, Task, in_turns
from tests.bench.table import Row, Target

__all__ = ["memory_line", "rows"]

CAPSTONE, LLVM_MC, DECODE = "capstone, objects with text", "llvm-mc, the whole process", "decoding all of them"
UBPF = "ubpf's assembler in Python"
UBPF_FOLDER = "EBPFASM_UBPF"
"""The environment variable that names a clone of ubpf: its Python package is no distribution."""
LLVM_MC_COMMAND = ["llvm-mc-19", "-triple", "bpfel", "-filetype=obj", "-o", "/dev/null"]


def varied(size: int) -> Instructions:
    """A program whose instructions are nearly all different, without what capstone 5 does not know (32-bit jumps)."""
    r, items = [asm.R0, asm.R1, asm.R2, asm.R3, asm.R4, asm.R5, asm.R6, asm.R7, asm.R8, asm.R9], []
    for number in range(size // 5):
        dst, src = r[number % 10], r[number // 10 % 10]
        items += [
            asm.Mov.Imm(dst, number),
            asm.Add.Reg(dst, src),
            asm.StoreMem(asm.RFP, -(number % 512), src, asm.DWord),
            asm.LoadMem(dst, asm.RFP, -(number % 512), asm.Word),
            asm.JNE.Imm(dst, number, 0),
        ]
    return Instructions(items)


def rows(effort: Effort) -> list[Row]:
    """Measure; rows whose reference is not installed say so."""
    different = varied(effort.size).encode("little")
    source = str(varied(effort.size))
    ubpf_source = varied(effort.size // 10).format("ubpf")  # less of it: ubpf takes a second for 10,000 lines
    ubpf_lines = ubpf_source.count("\n") + 1
    mixed = workload.plain(effort.size).encode("little") * 10
    tasks = {
        "text of a program, all different": Task(lambda _: str(Instructions.decode(different, "little"))),
        "assembling text": Task(lambda _: Instructions.parse(source)),
        "assembling a line of ubpf's text": Task(lambda _: Instructions.parse(ubpf_source, "ubpf"), ubpf_lines),
        "opening": Task(lambda _: Instructions.decode(mixed, "little")),
        DECODE: Task(lambda _: list(Instructions.decode(mixed, "little"))),
    }
    missing = {}
    if importlib.util.find_spec("capstone") is None:
        missing[CAPSTONE] = "the package capstone is not installed"
    else:
        machine = _capstone()
        tasks[CAPSTONE] = Task(lambda _: [(each.mnemonic, each.op_str) for each in machine.disasm(different, 0)])
    if shutil.which(LLVM_MC_COMMAND[0]) is None:
        missing[LLVM_MC] = f"{LLVM_MC_COMMAND[0]} is not installed"
    else:
        tasks[LLVM_MC] = Task(lambda _: subprocess.run(LLVM_MC_COMMAND, input=source.encode(), check=True))
    try:
        assemble = _ubpf()
    except (ImportError, SyntaxError) as error:
        missing[UBPF] = (
            f"ubpf is not installed ({error}): clone github.com/iovisor/ubpf, name the clone in {UBPF_FOLDER}, "
            "and install its requirements.txt, of which the assembler needs parcon for Python 3"
        )
    else:
        if assemble(ubpf_source) != Instructions.parse(ubpf_source, "ubpf").encode("little"):
            raise AssertionError("ubpf's assembler gives other bytes")
        tasks[UBPF] = Task(lambda _: assemble(ubpf_source), ubpf_lines)
    times = dict(zip(tasks, in_turns(list(tasks.values()), effort.repetitions), strict=True))
    units = f"opening {len(mixed) // 8:,} units"
    return [
        Row(name, times[task], reference, times.get(reference), Target(limit), missing.get(reference, ""))
        for name, task, reference, limit in (
            ("text of a program, all different", "text of a program, all different", CAPSTONE, 0.5),
            ("assembling text", "assembling text", LLVM_MC, 1),
            ("assembling a line of ubpf's text", "assembling a line of ubpf's text", UBPF, 0.02),
            (units, "opening", DECODE, 0.05),
        )
    ]


def memory_line(effort: Effort) -> str:
    """How many bytes an instruction takes, of a program of the mixed workload that is held."""
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    program = workload.plain(effort.size)
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return f"memory of a held instruction: {(after - before) / len(program):.0f} bytes (target: at most 130)"


def _capstone() -> Any:
    capstone: Any = importlib.import_module("capstone")

    return capstone.Cs(capstone.CS_ARCH_BPF, capstone.CS_MODE_LITTLE_ENDIAN | capstone.CS_MODE_BPF_EXTENDED)


def _ubpf() -> Callable[[str], bytes]:
    """What assembles text in ubpf's own Python; ImportError without it, SyntaxError with a parcon for Python 2."""
    folder = os.environ.get(UBPF_FOLDER)
    if folder and folder not in sys.path:
        sys.path.append(folder)
    assembler: Any = importlib.import_module("ubpf.assembler")
    return assembler.assemble  # type: ignore[no-any-return]

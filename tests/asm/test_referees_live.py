"""Every form with operands at their boundaries, through LLVM 19 and through the running kernel, where they are."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from collections import defaultdict
from typing import Any

import pytest

from ebpfasm import asm
from ebpfasm.asm import R0, R1, R2, R6, RFP, DWord, Instructions, Label
from ebpfasm.kernel.programs import prog_load_log
from ebpfasm.objects.programs import Program
from ebpfasm.uapi import ProgramType
from tests.asm.operands import instructions
from tests.generate import llvm

needs_llvm = pytest.mark.skipif(not llvm.available(), reason=llvm.MISSING)
byteorders = pytest.mark.parametrize("byteorder", ["little", "big"])

CASES = list(instructions())

# What LLVM 19 cannot say: the form, and since when or why not.
OLDER = {
    "LoadAcquire": "LLVM 20 has it",
    "StoreRelease": "LLVM 20 has it",
    "JumpTable": "LLVM 22 has it",
    "PercpuAddr": "only the verifier makes it",
    "NoSpec": "only the verifier makes it",
}
NOT_IN_THE_SYNTAX = {
    "LoadInd": "its syntax has no place for the immediate",
    "LoadMapValue": "ld_pseudo has no place for the second operand",
    "LoadBTFID": "ld_pseudo has no place for the second operand",
    "LoadMapIndexValue": "ld_pseudo has no place for the second operand",
    "CallKfunc": "`call 5` does not say whose function it is; LLVM leaves it to a relocation",
    "Call.Label": "`call 5` does not say whose function it is; LLVM leaves it to a label or a relocation",
}
NOT_READ = OLDER | NOT_IN_THE_SYNTAX | {"LongJump": "llvm-mc 19 takes no more than 16 bits by number"}
NOT_PRINTED = {"v4": OLDER | NOT_IN_THE_SYNTAX}
NOT_PRINTED["v1"] = NOT_PRINTED["v4"] | {
    f"{name}.Mem": "without alu32, 32-bit atomics other than the addition are <unknown>, or an addition"
    for name in ("OrAtomic", "AndAtomic", "XorAtomic", "FetchAdd", "FetchOr", "FetchAnd", "FetchXor", "Xchg", "CmpXchg")
}

LOST_BY_THE_KERNEL = {
    "CallKfunc": "its text is that of a helper call with another name",
    "LoadMapIndex": "its text is that of a number",
}


@byteorders
def test_every_text_of_ours_is_read_as_the_same_bytes_by_ourselves(byteorder: Any) -> None:
    for form, instruction in CASES:
        assert instruction.form is form
        encoding = Instructions([instruction]).encode(byteorder)
        assert Instructions.parse(str(instruction)).encode(byteorder) == encoding
        for dialect in form.texts:
            if dialect == "ubpf" and form.name == "CallKfunc" and instruction.off:
                continue  # `call runtime 5` is one of the kernel's own
            text = Instructions([instruction]).format(dialect)
            if dialect != "kernel" or form.name not in LOST_BY_THE_KERNEL:
                assert Instructions.parse(text, dialect).encode(byteorder) == encoding, (dialect, text)


@needs_llvm
@byteorders
def test_llvm_mc_makes_our_bytes_of_our_text(byteorder: Any) -> None:
    answers = llvm.assembled([str(instruction) for _, instruction in CASES], byteorder)
    differing = defaultdict(list)
    for (form, instruction), answer in zip(CASES, answers, strict=True):
        if answer != Instructions([instruction]).encode(byteorder).hex():
            differing[form.name].append((str(instruction), answer))
    assert set(differing) == set(NOT_READ), {name: differing[name] for name in set(differing) - set(NOT_READ)}
    assert all(re.fullmatch(r"gotol [+-]\d{5,}", text) for text, _ in differing["LongJump"])
    # A refusal or the place of a relocation, never other bytes.
    assert all(answer.startswith("refused") or "'A'" in answer for pairs in differing.values() for _, answer in pairs)


@needs_llvm
@byteorders
@pytest.mark.parametrize("cpu", ["v4", "v1"])
def test_we_read_llvm_objdump_s_text_as_the_same_bytes(byteorder: Any, cpu: str) -> None:
    encodings = [Instructions([instruction]).encode(byteorder) for _, instruction in CASES]
    differing: defaultdict[str, list[str]] = defaultdict(list)
    texts = llvm.disassembled(encodings, byteorder, cpu)
    for (form, instruction), encoding, text in zip(CASES, encodings, texts, strict=True):
        if text == "<unknown>" or Instructions.parse(text).encode(byteorder) != encoding:
            differing[form.name].append(text)
        elif cpu == "v4" and form.name != "LoadFunc":  # its distance has a sign here, and none there
            assert text.replace("\t", " ") == str(instruction)
    assert set(differing) == set(NOT_PRINTED[cpu])


@needs_llvm
def test_a_line_that_llvm_mc_refuses_does_not_shift_the_others() -> None:
    first, refused, last = llvm.assembled(["r0 = 0", "no instruction", "exit"], "little")
    assert (first, last) == ("b700000000000000", "9500000000000000")
    assert refused.startswith("refused: ")


# The kernel's own text


def branching() -> Instructions:
    """Return a program with a bit of everything that needs nothing but the kernel: the verifier walks both ways."""
    return Instructions([
        asm.Mov.Reg(R6, R1),
        asm.StoreImm(RFP, -8, -1, DWord),
        asm.StoreMem(RFP, -16, R6, DWord),
        asm.LoadImm(R2, 0x1122334455667788, DWord),
        asm.LoadImm(R1, 5, DWord),
        asm.AddAtomic.Mem(RFP, R1, DWord, -8),
        asm.FetchAdd.Mem(RFP, R1, DWord, -8),
        asm.LoadMem(R0, R6, 0, asm.Word),
        asm.JGT.Imm32(R0, -1, "small"),
        asm.JSet.Imm(R0, 0x40, "small"),
        asm.JEq.Reg32(R0, R2, "end"),
        asm.FnGetPrandomU32.Call(),
        asm.Mov.Imm32(R1, 7),
        asm.MovSX8.Reg(R1, R1),
        asm.BSwap(R1, asm.Half),
        asm.Neg.Reg32(R1),
        asm.Ja.Label("end"),
        asm.Call.Label("function").with_symbol("small"),
        asm.LoadMem(R1, RFP, -16, DWord),
        asm.LongJump("end"),
        Label("end"),
        asm.Mov.Imm(R0, 0),
        asm.Return(),
        asm.Mov.Imm(R0, -1).with_symbol("function"),
        asm.ArSh.Imm(R0, 3),
        asm.SDiv.Imm32(R0, 5),
        asm.Return(),
    ])  # fmt: skip


@pytest.mark.needs_kernel
def test_the_verifier_s_log_is_the_program() -> None:
    running = tuple(int(part) for part in re.findall(r"\d+", platform.release())[:2])
    program = Instructions([one for one in branching() if since(one) <= running])
    fd, log = prog_load_log(ProgramType.SCHED_CLS, program.encode(), log_level=2)
    os.close(fd)
    assert re.search(r"^from \d+ to \d+", log, re.MULTILINE), "the verifier did not walk twice anywhere"
    assert Instructions.parse(log, "kernel").encode() == program.encode()


@pytest.mark.needs_kernel
@pytest.mark.skipif(not shutil.which("bpftool"), reason="bpftool is not on the PATH (Debian: the package bpftool)")
@pytest.mark.parametrize("options", [[], ["opcodes"], ["linum"]], ids=lambda options: " ".join(options) or "plain")
def test_bpftool_s_dump_is_the_program(options: list[str]) -> None:
    # Without what bpftool 7.1 does not know yet: gotol, byte swaps, moves with sign, signed division.
    program = Instructions([one for one in branching() if form_name(one) not in UNKNOWN_TO_BPFTOOL_7_1])
    with Program.load(ProgramType.SCHED_CLS, program) as loaded:
        dump = subprocess.run(
            ["bpftool", "prog", "dump", "xlated", "id", str(loaded.id), *options],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        translated = list(loaded.translated())
    # Of a call of the program's own functions bpftool prints the distance, which is what was loaded.
    as_loaded = list(program.resolved())
    expected = [old.without_symbols() if old.src == 1 else new for old, new in zip(as_loaded, translated, strict=True)]
    assert list(Instructions.parse(dump, "kernel")) == expected
    assert sum(old.without_symbols() != new for old, new in zip(as_loaded, expected, strict=True)) in {1, 2, 3}


UNKNOWN_TO_BPFTOOL_7_1 = {"LongJump", "MovSX8.Reg", "BSwap", "SDiv.Imm32"}


def since(instruction: asm.Instruction) -> tuple[int, ...]:
    """Return the kernel that has an instruction, as (6, 6)."""
    assert instruction.form is not None
    facts = instruction.form.facts_of(instruction)
    assert facts is not None
    return facts.release


def form_name(instruction: asm.Instruction) -> str:
    """Return the name of the form an instruction has."""
    assert instruction.form is not None
    return instruction.form.name

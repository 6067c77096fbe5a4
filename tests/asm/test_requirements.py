"""Since when there is each instruction, and what a program needs for it: with sources, and on the running kernel."""

from __future__ import annotations

import os
import platform
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ebpfasm import asm
from ebpfasm.asm import R0, R1, R2, RFP, Byte, DWord, Half, Word
from ebpfasm.asm.facts import FACTS, ISA_SOURCES
from ebpfasm.asm.form import Form
from ebpfasm.asm.requirements import Requirements
from ebpfasm.asm.table import FORMS
from ebpfasm.errors import KernelError, OperandError, SymbolError
from tests.asm.test_golden import LINES, built
from tests.asm.test_one_row import NAND

LINE_OF = {built(line.builder).form: line for line in LINES}
programs = st.lists(st.sampled_from([built(line.builder) for line in LINES]), max_size=8).map(asm.Instructions)


def needs(*instructions: asm.Instruction | asm.Label) -> Requirements:
    return asm.Instructions(instructions).requirements()


# the facts


@pytest.mark.parametrize("form", FORMS, ids=lambda form: f"{form.name}-{form.opcode:#04x}")
def test_every_form_has_facts(form: Form) -> None:
    assert form.facts is not None
    if form.beyond is not None:
        assert form.beyond[0] in {operand.name for operand in form.operands}


def test_no_facts_are_left_over() -> None:
    used = {form.since for form in FORMS} | {form.beyond[1] for form in FORMS if form.beyond is not None}
    assert used == set(FACTS)
    assert {facts.isa for facts in FACTS.values()} == set(ISA_SOURCES)


@pytest.mark.parametrize("key", FACTS)
def test_facts_name_a_kernel_and_their_source(key: str) -> None:
    facts = FACTS[key]
    if facts.kernel is None:
        assert facts.release == ()
        assert not facts.loadable
        assert "Documentation/bpf/" in facts.source
    else:
        assert re.fullmatch(r"[3-9]\.\d{1,2}", facts.kernel)
        assert facts.release >= (3, 18)
        assert re.match(r'commit [0-9a-f]{12} "[a-z].+"', facts.source)
    assert facts.kernel is None or repr(facts.kernel) in repr(facts)


@pytest.mark.parametrize(
    ("instruction", "kernel", "isa", "source"),
    [
        (asm.Mov.Imm(R0, 0), "3.18", "v1", "section 4.1"),
        (asm.Mov.Reg32(R0, R1), "3.18", "v3", "section 4.1"),
        (asm.ArSh.Imm(R0, 3), "3.18", "v1", "section 4.1"),
        (asm.ArSh.Imm32(R0, 3), "5.0", "v3", "2dc6b100f928"),
        (asm.SDiv.Reg32(R0, R1), "6.6", "v4", "ec0e2da95f72"),
        (asm.MovSX8.Reg32(R0, R1), "6.6", "v4", "8100928c8814"),
        (asm.HostTo(asm.BE, R1, Half), "3.18", "v1", "section 4.2"),
        (asm.BSwap(R1, Half), "6.6", "v4", "0845c3db7bf5"),
        (asm.AddrSpaceCast(R1, R2, 0, 1), "6.9", "arena", "6082b6c328b5"),
        (asm.PercpuAddr(R1, R2), "6.10", "internal", "7bdbf7446305"),
        (asm.StoreImm(RFP, -8, 0, Word), "3.18", "v4", "section 5.1"),
        (asm.LoadMemSX(R1, RFP, -8, Word), "6.6", "v4", "1f9a1ea821ff"),
        (asm.LoadAbs(0, Byte), "3.19", "v1", "ddd872bc3098"),
        (asm.NoSpec(), "5.14", "internal", "f5e81d111750"),
        (asm.AddAtomic.Mem(R1, R2, Word, 0), "3.18", "v1", "section 5.3"),
        (asm.OrAtomic.Mem(R1, R2, DWord, 0), "5.12", "v3", "981f94c3e921"),
        (asm.FetchAdd.Mem(R1, R2, Word, 0), "5.12", "v3", "5ca419f2864a"),
        (asm.CmpXchg.Mem(R1, R2, DWord, 0), "5.12", "v3", "5ffa25502b5a"),
        (asm.LoadAcquire(R1, R2, Byte, 0), "6.15", "v4", "880442305a39"),
        (asm.StoreRelease(R1, R2, DWord, 0), "6.15", "v4", "880442305a39"),
        (asm.LoadImm(R1, 5), "3.18", "v1", "02ab695bb37e"),
        (asm.LoadMapPtr(R1, 5), "3.18", "v1", "0246e64d9a5f"),
        (asm.LoadMapValue(R1, 5, 0), "5.2", "v1", "d8eca5bbb2be"),
        (asm.LoadBTFID(R1, 5), "5.10", "v1", "4976b718c355"),
        (asm.LoadBTFID(R1, 5, 6), "5.12", "v1", "541c3bad8dc5"),
        (asm.LoadFunc(R1, 5), "5.13", "v1", "69c087ba6225"),
        (asm.LoadMapIndex(R1, 5), "5.14", "v1", "387544bfa291"),
        (asm.JEq.Imm(R1, 5, 0), "3.18", "v1", "section 4.3"),
        (asm.JLT.Reg(R1, R2, 0), "4.14", "v2", "92b31a9af73b"),
        (asm.JLT.Reg32(R1, R2, 0), "5.1", "v3", "092ed0968bb6"),
        (asm.JSet.Imm32(R1, 5, 0), "5.1", "v3", "092ed0968bb6"),
        (asm.LongJump(0), "6.6", "v4", "4cd58e9af8b9"),
        (asm.MayGoto.Label(0), "6.9", "may_goto", "011832b97b31"),
        (asm.JumpTable(R1), "6.19", "v4", "493d9e0d6083"),
        (asm.FnTailCall.Call(), "3.18", "v1", "section 4.3.1"),
        (asm.Call.Label(0), "4.16", "v1", "cc8b0b92a169"),
        (asm.CallKfunc(77), "5.13", "v1", "e6ac2450d6de"),
        (asm.CallKfunc(77, 1), "5.16", "v1", "2357672c54c3"),
        (asm.CallReg(R1), None, "callx", "not supported by the Linux kernel verifier"),
    ],
    ids=repr,
)
def test_since_when(instruction: asm.Instruction, kernel: str | None, isa: str, source: str) -> None:
    (need,) = needs(instruction).all
    assert instruction.form is not None
    assert (need.kernel, need.isa, need.form) == (kernel, isa, instruction.form.name)
    assert source in need.source
    assert need.isa_source == ISA_SOURCES[isa]


# what a program needs


def test_the_newest_instruction_decides() -> None:
    found = needs(asm.Mov.Imm(R0, 0), asm.LoadImm(R1, 1), asm.JLT.Imm(R1, 5, 1), asm.LongJump(0), asm.Return())
    assert (found.kernel, found.isa, found.extensions, found.refused) == ("6.6", "v4", (), ())
    assert [(need.form, need.index, need.unit) for need in found.all] == [
        ("LongJump", 3, 4),
        ("JLT.Imm", 2, 3),
        ("Mov.Imm", 0, 0),
        ("LoadImm", 1, 1),
        ("Return", 4, 5),
    ]
    assert str(found) == (
        "needs Linux 6.6 and ISA v4: LongJump at unit 4 "
        '(commit 4cd58e9af8b9 "bpf: Support new 32bit offset jmp instruction")'
    )


def test_kernel_and_isa_may_have_different_reasons() -> None:
    found = needs(asm.StoreImm(RFP, -8, 0, Word), asm.Xchg.Mem(R1, R2, DWord, 0))
    assert (found.kernel, found.isa) == ("5.12", "v4")
    kernel, isa = str(found).splitlines()
    assert kernel.startswith("needs Linux 5.12: Xchg.Mem at unit 1 (commit 5ffa25502b5a ")
    assert isa == f"needs ISA v4: StoreImm at unit 0 ({ISA_SOURCES['v4']})"


def test_an_extension_is_named() -> None:
    found = needs(asm.MayGoto.Label(0), asm.Return())
    assert (found.kernel, found.isa, found.extensions) == ("6.9", "v1", ("may_goto",))
    assert f"needs the extension may_goto: MayGoto.Label at unit 0 ({ISA_SOURCES['may_goto']})" in str(found)


def test_the_first_instruction_of_a_kind_is_the_reason() -> None:
    (need,) = needs(asm.Add.Imm(R0, 0), asm.Sub.Imm(R0, 0), asm.Add.Imm(R0, 1)).all
    assert (need.form, need.index) == ("Add.Imm", 0)


def test_a_jump_that_is_encoded_as_the_long_one_counts() -> None:
    def jump_over(units: int) -> Requirements:
        return needs(asm.Ja.Label("end"), *[asm.Mov.Imm(R0, 0)] * units, asm.Label("end"), asm.Return())

    assert jump_over(32767).kernel == "3.18"
    found = jump_over(32768)
    assert (found.kernel, found.isa) == ("6.6", "v4")
    assert str(found).startswith(
        "needs Linux 6.6 and ISA v4: LongJump (written Ja.Label) at unit 0 (commit 4cd58e9af8b9"
    )


def test_what_no_kernel_takes_from_user_space() -> None:
    found = needs(asm.NoSpec(), asm.CallReg(R1), asm.Instruction(0xFF), asm.Return())
    assert (found.kernel, found.isa, found.extensions) == ("5.14", "v1", ())
    assert [(need.form, need.unit, need.kernel, need.isa) for need in found.refused] == [
        ("NoSpec", 0, "5.14", "internal"),
        ("CallReg", 1, None, "callx"),
        ("opcode 0xff", 2, None, None),
    ]
    refused = [line for line in str(found).splitlines() if "from user space" in line]
    assert refused[2] == "no kernel takes opcode 0xff at unit 2 from user space (no row of the table)"
    assert len(refused) == 3
    assert found.refused[2].isa_source == "no row of the table"


def test_a_form_without_facts() -> None:
    # A row somebody adds without saying since when: nothing is claimed about it.
    for form in NAND.forms:
        assert form.facts is None
        assert form.facts_of(asm.Instruction(form.opcode)) is None


def test_nothing_needs_nothing() -> None:
    found = needs()
    assert (found.kernel, found.isa, found.extensions, found.refused, found.all) == (None, None, (), (), ())
    assert str(found) == "needs nothing"
    assert repr(found) == "<Requirements: needs nothing>"


def test_maps_may_be_unbound_but_labels_must_be_there() -> None:
    assert needs(asm.LoadMapPtr(R1, "slots")).kernel == "3.18"
    with pytest.raises(SymbolError, match="'nowhere'"):
        needs(asm.Ja.Label("nowhere"))
    with pytest.raises(OperandError, match="32768 units away"):
        needs(asm.JEq.Imm(R0, 0, "far"), *[asm.Mov.Imm(R0, 0)] * 32768, asm.Label("far"))


def test_requirements_show_what_they_are() -> None:
    (need,) = needs(asm.Return()).all
    assert repr(need) == "<Requirement Return at unit 0>"
    assert need.release == (3, 18)
    assert need.loadable


@settings(deadline=None, max_examples=50)
@given(programs, programs)
def test_two_programs_need_what_each_of_them_needs(first: asm.Instructions, second: asm.Instructions) -> None:
    whole, parts = (first + second).requirements(), [first.requirements(), second.requirements()]
    assert {need.facts for need in whole.all} == {need.facts for part in parts for need in part.all}
    releases = [need.release for part in parts for need in part.all]
    assert [need.release for need in whole.all] == sorted((need.release for need in whole.all), reverse=True)
    assert (whole.kernel is None) == (max(releases, default=()) == ())
    assert whole.isa == max((part.isa for part in parts if part.isa), default=None)
    for need in whole.all:
        form = (first + second)[need.index].form
        assert form is not None
        assert need.form == need.written == form.name
    assert bool(str(whole))


@settings(deadline=None, max_examples=50)
@given(st.binary(max_size=64).filter(lambda data: len(data) % 8 == 0 and 0x18 not in data[::8]))
def test_any_decoded_program_has_requirements(data: bytes) -> None:
    program = asm.Instructions.decode(data, "little")
    found = program.requirements()
    assert bool(found.all) == bool(data)
    undefined = {instruction.opcode for instruction in program if instruction.form is None}
    assert bool(undefined) == any(need.facts is None for need in found.refused)


# the running kernel

NO_SUCH_ENCODING = re.compile(
    r"unknown opcode|reserved fields|invalid atomic operand size|invalid atomic opcode|"
    r"unrecognized bpf_ld_imm64|BPF_ATOMIC uses invalid"
)
"""What verifiers say of fields that are no instruction to them; their other refusals are about what a program does."""

BACKPORTED = {"LongJump": (6, 1)}
"""What a stable kernel was given later than its release: Debian's 6.1.192 loads it."""


@pytest.mark.needs_kernel
@pytest.mark.parametrize("form", FORMS, ids=lambda form: f"{form.name}-{form.opcode:#04x}")
def test_this_kernel_knows_the_instructions_of_its_time(form: Form) -> None:
    from ebpfasm import ProgramType
    from ebpfasm.kernel.programs import prog_load_log

    running = tuple(int(part) for part in re.findall(r"\d+", platform.release())[:2])
    instruction = built(LINE_OF[form].builder)
    facts = form.facts_of(instruction)
    assert facts is not None
    code = bytearray(asm.Instructions([instruction, asm.Mov.Imm(R0, 0), asm.Return()]).encode())
    # A jump out of the program is refused before its opcode is looked at (check_subprogs() in kernel/bpf/verifier.c).
    for operand in form.operands:
        if operand.kind == "label":
            at, size = {"off": (2, 2), "imm": (4, 4)}[operand.field]
            code[at : at + size] = bytes(size)
    try:
        fd, said = prog_load_log(ProgramType.SCHED_CLS, bytes(code))
        os.close(fd)
    except KernelError as error:
        said = f"{error} {getattr(error, 'log', '')}"
    knows = NO_SUCH_ENCODING.search(said) is None
    release = min(facts.release, BACKPORTED.get(form.name, facts.release))
    assert knows == (facts.loadable and release <= running), said

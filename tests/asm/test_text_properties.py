"""What holds of all text and of all programs: what is written is read back, and noise is refused, by our error only."""

from __future__ import annotations

import struct
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ebpfasm import asm
from ebpfasm.asm import Instructions, Label
from ebpfasm.errors import AssemblySyntaxError, DecodeError, UnknownForm

DIALECTS = ("llvm", "kernel", "ubpf")
QUICK = settings(max_examples=200, deadline=None)

units = st.binary(min_size=8, max_size=8)
opcodes = st.sampled_from(sorted({form.opcode for form in asm.table.FORMS}))
# Half of them are forms or nearly so: an opcode that exists, and fields that are often what they must be.
likely = st.builds(
    lambda opcode, registers, off, imm: struct.pack("<BBHI", opcode, registers, off, imm),
    opcodes,
    st.integers(0, 0xAA),
    st.sampled_from((0, 0, 0, 1, 8, 0x7FFF, 0x8000, 0xFFFF)),
    st.sampled_from((0, 0, 1, 0x10, 0x40, 0xE1, 0xF1, 0x100, 0x110, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)),
)
names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
TEXT = """
start: r1 = 5 # comment
if r1 == 5 goto start; "odd name": exit
.byte 1, 2, 3, 4, 5, 6, 7, 8
r2 = atomic_fetch_add((u64 *)(r1 + 8), r2)
r1 = slots ll
"""


def decoded(data: bytes) -> Instructions | None:
    """Return the program that bytes are, if they are one."""
    try:
        return Instructions.decode(data, "little")
    except DecodeError:
        return None


def mistakes(text: str, dialect: str) -> tuple[AssemblySyntaxError, ...]:
    """Return the mistakes in a text, none if it is a program; any other exception is the test's failure."""
    try:
        Instructions.parse(text, dialect)
    except AssemblySyntaxError as error:
        return error.errors
    return ()


@QUICK
@given(st.lists(units | likely, max_size=8).map(b"".join))
def test_every_decodable_program_comes_back_from_its_text(data: bytes) -> None:
    program = decoded(data)
    if program is not None:
        again = Instructions.parse(program.format("llvm"))
        assert again == program
        assert again.encode("little") == data


@QUICK
@given(likely)
def test_what_the_other_dialects_can_say_comes_back(data: bytes) -> None:
    program = decoded(data)
    if program is None or len(program) != 1 or program[0].form is None:
        return
    for dialect in ("kernel", "ubpf"):
        try:
            text = program.format(dialect)
        except UnknownForm:
            continue
        kinds = {asm.LoadMapIndex.forms[0], asm.LoadBTFID.forms[0], asm.CallKfunc.forms[0]}
        if dialect == "kernel" and program[0].form in kinds:
            continue  # written as a number or a helper's name: docs/dialects.md
        assert Instructions.parse(text, dialect) == program, text


@QUICK
@given(st.lists(names, min_size=1, max_size=6, unique=True), st.data())
def test_programs_with_any_labels_and_map_names_come_back(labels: list[str], data: st.DataObject) -> None:
    label = st.sampled_from(labels)
    words = st.one_of(
        st.builds(asm.Ja.Label, label),
        st.builds(asm.JEq.Imm, st.integers(0, 10), st.integers(-5, 5), label),
        st.builds(asm.Call.Label, label),
        st.builds(asm.LoadFunc, st.integers(0, 10), label | names),
        st.builds(asm.LoadMapPtr, st.integers(0, 10), label | names),
        st.builds(asm.LoadMapValue, st.integers(0, 10), names, st.integers(0, 0xFFFFFFFF)),
        st.just(asm.Return()),
    )
    items: list[asm.Instruction | Label] = data.draw(st.lists(words, min_size=1, max_size=6))
    for name in labels:
        items.insert(data.draw(st.integers(0, len(items))), Label(name))
    program = Instructions(items)
    assert Instructions.parse(str(program)) == program


@QUICK
@given(st.text(max_size=200), st.sampled_from(DIALECTS))
def test_any_text_is_a_program_or_our_error(text: str, dialect: str) -> None:
    for error in mistakes(text, dialect):
        assert 1 <= error.line <= text.count("\n") + 1
        assert error.column >= 1
        assert error.reason in str(error)


@QUICK
@given(st.data(), st.sampled_from(DIALECTS))
def test_a_damaged_program_is_a_program_or_our_error(data: st.DataObject, dialect: str) -> None:
    text = TEXT
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text)))
        cut = data.draw(st.integers(0, 5))
        text = text[:at] + data.draw(st.text("r0159wxg+-*(){}[]\"'#;:.,/\\\n $@ل", max_size=4)) + text[at + cut :]
    for error in mistakes(text, dialect):
        assert error.errors == (error,)


NOISE = {
    "random bytes": "random.Random(1).randbytes(1 << 20).decode('latin-1')",
    "one long line": "'r1 = 5 ' * 150_000",
    "many short lines": "'gibberish 1 2\\n' * 70_000",
    "different lines": "'\\n'.join(f'q{n} = {n}' for n in range(90_000))",
    "parentheses": "'(' * (1 << 20)",
    "quotes": "'\"' * (1 << 20)",
    "digits": "'r1 = ' + '9' * (1 << 20)",
    "letters": "'a' * (1 << 20)",
    "sums": "'r1 = 1' + ' + 1' * 250_000",
    "labels": "'a:' * 500_000",
    "comments": "'/*' * 500_000",
}
READ = """
import random, sys
from ebpfasm.asm import Instructions
from ebpfasm.errors import AssemblySyntaxError
try:
    Instructions.parse({noise}, {dialect!r})
except AssemblySyntaxError as error:
    assert len(str(error)) < 100_000
"""


ALIKE = ("random bytes", "one long line", "different lines")
"""Noise for the dialects that share llvm's reading of numbers and names."""


@pytest.mark.parametrize(
    ("noise", "dialect"), [*((noise, "llvm") for noise in NOISE), *((n, d) for n in ALIKE for d in DIALECTS[1:])]
)
def test_a_megabyte_of_noise_ends(noise: str, dialect: str) -> None:
    # The bound is there to end a hang, not to measure: each takes a second or two.
    code = READ.format(noise=NOISE[noise], dialect=dialect)
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)

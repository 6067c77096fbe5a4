"""Where instructions were built."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from ebpfasm import asm
from ebpfasm.asm import R0, R1, R2, DWord
from ebpfasm.asm.origin import Origin, origin_of, remember_origins


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    """Remember nothing after a test."""
    yield
    remember_origins.forget()


class FakeMap:
    """A map to bind."""

    def fileno(self) -> int:
        """Return what a map's descriptor could be."""
        return 5


def line() -> int:
    """Return the line of the caller."""
    return sys._getframe(1).f_lineno


def found(instruction: asm.Instruction) -> Origin:
    origin = origin_of(instruction)
    assert origin is not None
    return origin


def test_it_is_the_line_of_the_callers_code() -> None:
    with asm.remember_origins():
        one, here = asm.Mov.Imm(R0, 1), line()
        other = asm.LoadMem(
            R0,
            R1,
            0,
            DWord,
        )
    assert (found(one).filename, found(one).line) == (__file__, here)
    assert found(one).function == "test_it_is_the_line_of_the_callers_code"
    assert found(other).line == here + 1
    assert str(found(one)) == f"{__file__}:{here}, in {found(one).function}"


def test_nothing_is_remembered_unasked() -> None:
    with asm.remember_origins():
        pass
    assert origin_of(asm.Mov.Imm(R0, 1)) is None


def test_until_told_to_forget() -> None:
    asm.remember_origins()
    made = asm.Mov.Imm(R0, 1)
    assert origin_of(made) is not None
    asm.remember_origins.forget()
    assert origin_of(made) is None
    assert origin_of(asm.Mov.Imm(R0, 1)) is None


def test_what_is_made_of_an_instruction_was_built_where_that_was() -> None:
    with asm.remember_origins():
        first, here = asm.LoadMapPtr(R2, "slots"), line()
        program = asm.Instructions([first, asm.Return()])
        bound = program.bind(slots=FakeMap())[0]
        labelled = first.with_symbol("start")
        noted = labelled.with_comment("what for")
    assert {found(each).line for each in (first, bound, labelled, noted)} == {here}


def test_a_word_that_is_always_the_same_has_the_line_of_its_label() -> None:
    with asm.remember_origins():
        bare = asm.Return()
        labelled, here = asm.Return().with_symbol("out"), line()
    assert origin_of(bare) is None
    assert found(labelled).line == here


def test_one_within_another() -> None:
    with asm.remember_origins():
        with asm.remember_origins():
            pass
        made = asm.Mov.Imm(R0, 1)
    assert origin_of(made) is not None
    assert origin_of(asm.Mov.Imm(R0, 1)) is None


def test_instructions_are_equal_with_and_without() -> None:
    with asm.remember_origins():
        one = asm.Mov.Imm(R0, 1)
    assert one == asm.Mov.Imm(R0, 1)
    assert hash(one) == hash(asm.Mov.Imm(R0, 1))

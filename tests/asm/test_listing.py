"""Listings: arrows beside the code that lead from each jump to its target, and notes where none can."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ebpfasm import asm
from ebpfasm.asm import R0, R1, R2, R3, Instructions, Label
from ebpfasm.asm.arrows import LANES, arrows_beside

examples = settings(deadline=None, max_examples=100)

END = asm.Return()


def drawn(program: Instructions) -> str:
    """Return a listing without its bytes: units or labels, arrows and text."""
    return "\n".join((line[:6] + line[31:]).rstrip() for line in program.listing("little").splitlines())


NESTED = Instructions(
    [
        asm.JEq.Imm(R1, 0, "out"),
        Label("again"),
        asm.LoadImm(R2, 1, asm.DWord),
        asm.JEq.Imm(R2, 5, "skip"),
        asm.Add.Imm(R0, 1),
        Label("skip"),
        asm.JLT.Reg(R0, R1, "again"),
        asm.JSGT.Imm(R0, 9, "again"),
        asm.Ja.Label("out"),
        asm.Mov.Imm(R0, 0),
        END.with_symbol("out"),
    ]
)


def test_nested_arrows_do_not_cross() -> None:
    assert NESTED.listing("little") == (
        "    0: 15 01 08 00 00 00 00 00  ┌────── if r1 == 0 goto out\n"
        "again:                          │\n"
        "    1: 18 02 00 00 01 00 00 00  │ ┌───► r2 = 1 ll\n"
        "       00 00 00 00 00 00 00 00  │ │\n"
        "    3: 15 02 01 00 05 00 00 00  │ │ ┌── if r2 == 5 goto skip\n"
        "    4: 07 00 00 00 01 00 00 00  │ │ │   r0 += 1\n"
        "skip:                           │ │ │\n"
        "    5: ad 10 fb ff 00 00 00 00  │ ├─┴─► if r0 < r1 goto again\n"
        "    6: 65 00 fa ff 09 00 00 00  │ └──── if r0 s> 9 goto again\n"
        "    7: 05 00 01 00 00 00 00 00  ├────── goto out\n"
        "    8: b7 00 00 00 00 00 00 00  │       r0 = 0\n"
        "out:                            │\n"
        "    9: 95 00 00 00 00 00 00 00  └─────► exit"
    )


def test_no_arrows_when_they_are_not_wanted() -> None:
    lines = NESTED.listing("little", arrows=False).splitlines()
    assert lines[0] == "    0: 15 01 08 00 00 00 00 00  if r1 == 0 goto out"
    assert lines[1] == "again:"
    assert lines[-1] == "    9: 95 00 00 00 00 00 00 00  exit"


def test_a_program_without_jumps_has_none() -> None:
    program = Instructions([asm.Mov.Imm(R0, 0), Label("end")])
    assert program.listing("little") == "    0: b7 00 00 00 00 00 00 00  r0 = 0\nend:"


def test_what_is_not_nested_crosses_once() -> None:
    program = Instructions([asm.JEq.Imm(R1, 0, 1), asm.JEq.Imm(R1, 1, 1), END, END])
    assert drawn(program) == (
        "    0:   ┌── if r1 == 0 goto +1\n"
        "    1: ┌─┼── if r1 == 1 goto +1\n"
        "    2: │ └─► exit\n"
        "    3: └───► exit"
    )  # fmt: skip


def test_a_jump_to_itself_and_to_a_label_at_the_end() -> None:
    program = Instructions([asm.Ja.Label(-1), asm.MayGoto.Label("end"), END, Label("end"), Label("also")])
    assert drawn(program) == (
        "    0: ↻─► goto -1\n"
        "    1: ┌── may_goto end\n"
        "    2: │   exit\n"
        "end:   └─►\n"
        "also:"
    )  # fmt: skip


def test_more_than_six_lines_become_dots() -> None:
    fan = [asm.JEq.Imm(R1, number, f"l{number}") for number in range(8)]
    program = Instructions([*fan, *(END.with_symbol(f"l{number}") for number in range(8))])
    rows = drawn(program).splitlines()
    assert rows[0] == "    0:             ┌── if r1 == 0 goto l0"
    assert rows[6:8] == [
        "    6: …─┼─┼─┼─┼─┼─┼── if r1 == 6 goto l6",
        "    7: …─┼─┼─┼─┼─┼─┼── if r1 == 7 goto l7",
    ]
    assert rows[-4:] == ["l6:", "   14: …─────────────► exit", "l7:", "   15: …─────────────► exit"]


def test_a_label_longer_than_the_bytes_interrupts_a_line() -> None:
    long = "a_label_that_is_longer_than_all_the_bytes"
    rows = Instructions([asm.JEq.Imm(R1, 0, 1), Label(long), END, END]).listing().splitlines()
    assert rows[1] == f"{long}:  │"


@pytest.mark.parametrize(
    ("instruction", "note"),
    [
        (asm.Call.Label("f"), "function at 3"),
        (asm.Call.Label(2), "function f at 3"),
        (asm.Call.Label(1), "function at 2"),
        (asm.LoadFunc(R3, 2), "function f at 3"),
        (asm.Ja.Label(9), "out of the program, to 10"),
        (asm.Ja.Label(-2), "out of the program, to -1"),
        (asm.Call.Label(3), "out of the program, to 4"),
        (asm.FnTailCall.Call(), "bpf_tail_call"),
        (asm.LoadMapPtr(R1, 5), "map fd 5"),
        (asm.JEq.Imm(R0, 0, "f"), ""),
        (asm.Call.Label("f").with_comment("mine"), "mine"),
        (END.with_comment("two\nlines"), "two lines"),
    ],
    ids=str,
)
def test_notes(instruction: asm.Instruction, note: str) -> None:
    filled = [END] * (3 - instruction.units)
    line = Instructions([instruction, *filled, END.with_symbol("f")]).listing().splitlines()[0]
    assert line.partition("  ; ")[2] == note


def test_a_jump_into_a_64_bit_load_says_so() -> None:
    rows = Instructions([asm.Ja.Label(1), asm.LoadImm(R1, 1, asm.DWord), END]).listing().splitlines()
    assert rows[0].endswith("  goto +1  ; into the 64-bit load at 1")
    assert "─" not in "".join(rows)


# properties: the arrows are followed from the jump, as an eye does it

WEST, EAST, NORTH, SOUTH = (-1, 0), (1, 0), (0, -1), (0, 1)
SIDES = {
    "│": {NORTH, SOUTH}, "─": {WEST, EAST}, "┌": {SOUTH, EAST}, "└": {NORTH, EAST}, "├": {NORTH, SOUTH, EAST},
    "┼": {NORTH, SOUTH, EAST, WEST}, "┬": {SOUTH, EAST, WEST}, "┴": {NORTH, EAST, WEST}, "►": {WEST}, "↻": {EAST, WEST},
}  # fmt: skip


def followed(rows: Sequence[str], start: int) -> set[int]:
    """Return the rows whose arrowhead a line from this row comes to."""
    found: set[int] = set()
    seen: set[tuple[int, int]] = set()
    waiting = [(len(rows[start]) - 2, start)]
    while waiting:
        x, y = waiting.pop()
        if (x, y) in seen or not 0 <= y < len(rows):
            continue
        seen.add((x, y))
        if rows[y][x] == "►":
            found.add(y)
        for dx, dy in SIDES.get(rows[y][x], ()):
            beyond = rows[y + dy][x + dx] if 0 <= x + dx < len(rows[0]) else " "
            assert (-dx, -dy) in SIDES.get(beyond, set()) or beyond in "… ", "a line ends in nothing"
            waiting.append((x + dx, y + dy))
    return found


@st.composite
def jumps(draw: st.DrawFn) -> tuple[int, list[tuple[int, int]]]:
    rows = draw(st.integers(1, 25))
    places = st.integers(0, rows - 1)
    sources = draw(st.lists(places, unique=True, max_size=12))
    return rows, [(source, draw(places)) for source in sources]


@examples
@given(jumps())
def test_each_jump_can_be_followed_to_its_target(case: tuple[int, list[tuple[int, int]]]) -> None:
    rows, pairs = case
    beside = arrows_beside(pairs, rows)
    assert len(beside) == rows
    assert len({len(row) for row in beside}) == 1
    assert len(beside[0]) <= 2 * LANES + 4
    targets = {target for _, target in pairs}
    assert {row for row, text in enumerate(beside) if "►" in text} == targets
    assert {row for row, text in enumerate(beside) if text[-2:] == "─ "} == {source for source, _ in pairs} - targets
    for source, target in pairs:
        assert target in followed(beside, source) or beside[source][0] == beside[target][0] == "…"


@examples
@given(jumps())
def test_a_jump_is_followed_to_no_other_target_where_lines_do_not_share_a_row(
    case: tuple[int, list[tuple[int, int]]],
) -> None:
    rows, pairs = case
    spread = [(3 * source + 1, 3 * target) for source, target in pairs]  # no row is a jump and a target
    beside = arrows_beside(spread, 3 * rows)
    for source, target in spread:
        if beside[source][0] != "…":
            assert target in followed_straight(beside, source)
            assert followed_straight(beside, source) == {target}


def followed_straight(rows: Sequence[str], start: int) -> set[int]:
    """Return the arrowheads a line comes to if it goes straight on where it crosses another."""
    found: set[int] = set()
    seen: set[tuple[int, int, tuple[int, int]]] = set()
    waiting = [(len(rows[start]) - 2, start, WEST)]
    while waiting:
        x, y, (dx, dy) = state = waiting.pop()
        if state in seen:
            continue
        seen.add(state)
        char = rows[y][x]
        if char == "►":
            found.add(y)
        sides = {(dx, dy)} if char == "┼" else SIDES.get(char, set()) - {(-dx, -dy)}
        waiting += [(x + side[0], y + side[1], side) for side in sides if side in SIDES[char] and char != "►"]
    return found

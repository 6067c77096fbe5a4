"""Relaxed programs do what they did: a walker over both comes to the same instructions."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ebpfasm import asm
from ebpfasm.asm import R0, R1, R2, DWord, Instruction, Instructions, Label
from ebpfasm.errors import OperandError, SymbolError

FILLER = asm.Mov.Imm(R0, 7)
WIDE = asm.LoadImm(R0, 7, DWord)
JA, GOTOL, MAY_GOTO, EXIT = 0x05, 0x06, 0xE5, 0x95


# the walker


def signed(value: int, bits: int) -> int:
    """Return the signed number of these bits."""
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> bits - 1 else value


def holds(instruction: Instruction, registers: list[int]) -> bool:
    """Return whether a conditional jump is taken: RFC 9669 section 4.3, written anew."""
    bits = 64 if instruction.opcode & 7 == 5 else 32
    left = registers[instruction.dst]
    right = registers[instruction.src] if instruction.opcode & 8 else instruction.imm
    a, b = left & (1 << bits) - 1, right & (1 << bits) - 1
    s, t = signed(left, bits), signed(right, bits)
    return {
        0x10: a == b, 0x20: a > b, 0x30: a >= b, 0x40: bool(a & b), 0x50: a != b, 0x60: s > t, 0x70: s >= t,
        0xA0: a < b, 0xB0: a <= b, 0xC0: s < t, 0xD0: s <= t,
    }[instruction.opcode & 0xF0]  # fmt: skip


class Walker:
    """Where each marked instruction of a program leads: the marks are labels, and stay where they are put."""

    def __init__(self, program: Instructions) -> None:
        self.at: dict[int, Instruction] = {}
        self.marks: dict[int, str] = {}
        self.units: dict[str, int] = {}
        unit = 0
        for instruction in program:
            self.at[unit] = instruction
            for symbol in instruction.symbols:
                self.units[symbol] = unit
                self.marks[unit] = symbol
            unit += instruction.units
        for symbol in program.end_symbols:
            self.units[symbol] = unit
            self.marks[unit] = symbol
        self.after: dict[int, int] = {}
        for unit in reversed(self.at):  # over what does not jump, to the next that is marked or does
            follows = unit + self.at[unit].units
            plain = follows in self.after and follows not in self.marks and self.at[follows].opcode & 7 not in (5, 6)
            self.after[unit] = self.after[follows] if plain else follows

    def target(self, unit: int) -> int:
        """Return the unit that a jump, a call or a function's address leads to."""
        instruction = self.at[unit]
        if isinstance(instruction.reference, str):
            return self.units[instruction.reference]
        in_imm = instruction.opcode in (GOTOL, 0x85, 0x18)
        return unit + 1 + (signed(instruction.imm, 32) if in_imm else instruction.off)

    def next_mark(self, mark: str, registers: list[int], coin: bool) -> str:
        """Return the next marked instruction, or ``exit``; ``coin`` is what may_goto does."""
        unit = self.units[mark]
        for _ in range(1000):
            instruction = self.at[unit]
            opcode = instruction.opcode
            if opcode == EXIT:
                return "exit"
            taken = opcode in (JA, GOTOL) or (opcode == MAY_GOTO and coin)
            if opcode & 7 in (5, 6) and opcode not in (JA, GOTOL, MAY_GOTO, 0x85):
                taken = holds(instruction, registers)
            unit = self.target(unit) if taken else self.after[unit]
            if unit in self.marks:
                return self.marks[unit]
        raise AssertionError("the walk does not come to a mark")


CONDITIONS = [getattr(word, method) for word in (asm.JEq, asm.JNE, asm.JGT, asm.JGE, asm.JLT, asm.JLE, asm.JSet,
              asm.JSGT, asm.JSGE, asm.JSLT, asm.JSLE) for method in ("Imm", "Imm32", "Reg", "Reg32")]  # fmt: skip
VALUES = (0, 1, 5, -1, 0x7FFFFFFF, -0x80000000, 1 << 32, 1 << 63)
PAIRS = [(left, right) for left in VALUES for right in (5, -1)]


def same_way(before: Instructions, after: Instructions) -> None:
    """Make sure that from each mark both programs come to the same next one, whatever the registers hold."""
    one, other = Walker(before), Walker(after)
    assert set(one.units) == set(other.units)
    for mark, unit in one.units.items():
        if unit not in one.at:
            continue
        instruction = one.at[unit]
        if instruction.opcode in (0x85, 0x18):
            if instruction.src in (1, 4) and instruction.form is not None:
                assert one.marks[one.target(unit)] == other.marks[other.target(other.units[mark])]
            continue
        pairs = PAIRS if instruction.opcode & 7 in (5, 6) and instruction.opcode not in (JA, GOTOL) else PAIRS[:1]
        for left, right in pairs:
            registers = [0, left, right, 0, 0, 0, 0, 0, 0, 0, 0]
            for coin in (False, True):
                assert one.next_mark(mark, registers, coin) == other.next_mark(mark, registers, coin)


def checked(program: Instructions) -> Instructions:
    """Return the relaxed program, made sure to be right."""
    after = program.relaxed()
    same_way(program, after)
    assert after.relaxed() == after
    assert Instructions.decode(after.encode("little"), "little").units == after.units
    assert [one for one in after if one.opcode == 0xB7] == [one for one in program if one.opcode == 0xB7]
    return after


def stretch(units: int) -> list[Instruction]:
    """Return instructions of no interest that take so many units."""
    return [WIDE] * (units // 2) + [FILLER] * (units % 2)


# random programs


@st.composite
def programs(draw: st.DrawFn) -> Instructions:
    """Return a program of marked instructions and long stretches between them, so that some jumps do not reach."""
    count = draw(st.integers(2, 10))
    marks = [f"m{at}" for at in range(count + 1)]
    stretches = st.sampled_from([0, 0, 1, 2, 10_000, 16_380, 32_760, 32_764, 32_765, 32_766, 32_767, 32_768])
    lengths = [draw(stretches) for _ in range(count)]
    while sum(lengths) > 80_000:
        lengths[lengths.index(max(lengths))] = 0
    starts, unit = [], 0
    kinds = [draw(st.sampled_from(["if", "if", "if", "if", "may_goto", "goto", "gotol", "call", "func", "wide"]))
             for _ in range(count)]  # fmt: skip
    for kind, length in zip(kinds, lengths, strict=True):
        starts.append(unit)
        unit += (2 if kind in ("func", "wide") else 1) + length
    starts.append(unit)
    items: list[Any] = []
    for at, (kind, length) in enumerate(zip(kinds, lengths, strict=True)):
        to = draw(st.integers(0, count))
        distance = starts[to] - starts[at] - 1
        near = -0x8000 <= distance <= 0x7FFF
        by_number = draw(st.booleans()) and (near or kind not in ("if", "may_goto", "goto"))
        items.append(leading(draw, kind, distance if by_number else marks[to]).with_symbol(marks[at]))
        items += stretch(length)
    return Instructions([*items, Label(marks[count]), asm.Return().with_symbol("last")])


def leading(draw: st.DrawFn, kind: str, to: str | int) -> Instruction:
    """Return an instruction that leads to a target."""
    if kind == "if":
        word = draw(st.sampled_from(CONDITIONS))
        made = word(R1, R2 if word.__name__.startswith("Reg") else 5, to)
    elif kind == "func":
        made = asm.LoadFunc(R2, to)
    elif kind == "wide":
        made = asm.LoadImm(R2, 1 << 40, DWord)
    else:
        words: dict[str, Any] = {
            "may_goto": asm.MayGoto.Label,
            "goto": asm.Ja.Label,
            "gotol": asm.LongJump,
            "call": asm.Call.Label,
        }
        made = words[kind](to)
    assert isinstance(made, Instruction)
    return made


@settings(deadline=None, max_examples=20)
@given(programs())
def test_a_relaxed_program_goes_the_same_way(program: Instructions) -> None:
    checked(program)


def test_each_condition_is_turned_around() -> None:
    jumps = [word(R1, R2 if word.__name__.startswith("Reg") else 5, "far") for word in CONDITIONS]
    marked = [jump.with_symbol(f"m{at}") for at, jump in enumerate(jumps)]
    program = Instructions([*marked, FILLER.with_symbol("next"), *stretch(0x8000), asm.Return().with_symbol("far")])
    after = {instruction.symbol: instruction for instruction in checked(program)}
    for jump in marked:
        # JSet has no inverse: it jumps to the long jump.
        kept = jump.opcode & 0xF0 == 0x40
        assert (after[jump.symbol].opcode == jump.opcode) == kept
    assert len(program.relaxed()) == len(program) + len(jumps) + 4


# borders


def forward(jump: Any, between: int) -> Instructions:
    """Return a jump over so many units."""
    return Instructions([
        jump("far").with_symbol("first"), FILLER.with_symbol("next"), *stretch(between - 1),
        asm.Return().with_symbol("far"),
    ])  # fmt: skip


def backward(jump: Any, between: int) -> Instructions:
    """Return a jump back to so many units before it."""
    return Instructions([
        FILLER.with_symbol("far"), *stretch(between - 1), jump("far").with_symbol("first"),
        asm.Return().with_symbol("next"),
    ])  # fmt: skip


JUMPS = {
    "if": (lambda to: asm.JEq.Imm(R1, 5, to), 1),
    "set": (lambda to: asm.JSet.Imm(R1, 5, to), 2),
    "may_goto": (asm.MayGoto.Label, 2),
}


@pytest.mark.parametrize("kind", JUMPS)
@pytest.mark.parametrize(
    ("program", "reach"), [(forward, 32767), (backward, 32767)], ids=["forward", "backward"]
)  # back over 32767 units and the jump itself is a distance of -32768
def test_the_last_unit_that_is_reached_and_the_first_that_is_not(program: Any, reach: int, kind: str) -> None:
    jump, extra = JUMPS[kind]
    near = program(jump, reach)
    assert checked(near) == near
    assert near.encode("little")
    far = program(jump, reach + 1)
    with pytest.raises(OperandError, match="relaxed"):
        far.encode()
    assert len(checked(far)) == len(far) + extra


@pytest.mark.parametrize("between", [10, 32767, 32768, 40000])
@pytest.mark.parametrize("word", [asm.Ja.Label, asm.LongJump, asm.Call.Label])
def test_jumps_that_reach_anywhere_are_left_alone(word: Any, between: int) -> None:
    for program in (forward(word, between), backward(word, between)):
        assert checked(program) == program


def test_numbers_are_led_to_where_they_led() -> None:
    program = Instructions([
        asm.Call.Label(3).with_symbol("a"),  # to c
        asm.LoadFunc(R2, 2).with_symbol("b"),  # its own second unit counts
        asm.JEq.Imm(R1, 0, "far").with_symbol("b2"),
        asm.LongJump(-5).with_symbol("c"),  # to a
        asm.Ja.Label(-3).with_symbol("d"),  # to b2
        *stretch(0x8000),
        asm.Return().with_symbol("far"),
    ])  # fmt: skip
    after = checked(program)
    assert [one.imm for one in (after[0], after[1], after[4])] == [4, 3, -6]
    assert after[5].off == -4


def test_a_short_jump_by_number_becomes_long_where_another_grows() -> None:
    program = Instructions([
        asm.Ja.Label(0x7FFF).with_symbol("first"),
        asm.JEq.Imm(R1, 5, "far").with_symbol("second"),
        *stretch(0x7FFE),
        asm.Mov.Imm(R0, 1).with_symbol("first's"),
        *[FILLER] * 10,
        asm.Return().with_symbol("far"),
    ])  # fmt: skip
    after = checked(program)
    assert (after[0].opcode, after[0].imm) == (GOTOL, 0x8000)
    assert len(after) == len(program) + 1


def test_jumps_that_grow_make_others_grow() -> None:
    # Each jump just reaches its target, until the one after it, which is on its way, takes a unit more.
    jumps = [asm.JNE.Imm(R1, at, f"t{at}").with_symbol(f"j{at}") for at in range(20)]
    gap = stretch(32767 - len(jumps) + 1)
    targets = [asm.Mov.Imm(R0, at).with_symbol(f"t{at}") for at in range(20)]
    program = Instructions([*jumps, *gap, *targets, asm.Return().with_symbol("end")])
    assert checked(program) == program
    pushed = Instructions([*jumps, *gap, *targets[:19], FILLER.with_symbol("one more"), targets[19], asm.Return()])
    assert len(checked(pushed)) == len(pushed) + 20


def test_labels_comments_and_maps_stay_with_their_instructions() -> None:
    program = Instructions([
        asm.JEq.Imm(R1, 5, "end").with_symbol("a").with_symbol("b").with_comment("why"),
        asm.LoadMapPtr(R1, "slots").with_symbol("c"),
        *stretch(0x8000),
        Label("end"),
    ])  # fmt: skip
    after = program.relaxed()
    assert (after[0].symbols, after[0].comment) == (("a", "b"), "why")
    assert (after[1].reference, after[1].symbols) == ("end", ())
    assert after[2] == program[1]
    assert after.end_symbols == ("end",)


def test_nothing_to_do() -> None:
    for items in ([], [asm.Return()], [asm.Ja.Label("end"), Label("end")], [asm.Instruction(0x05, 3, 0, 30000, 0)]):
        assert Instructions(items).relaxed() == Instructions(items)


def test_what_cannot_be_led_anywhere() -> None:
    with pytest.raises(SymbolError, match="label 'nowhere' is not defined"):
        Instructions([asm.JEq.Imm(R1, 5, "nowhere")]).relaxed()
    with pytest.raises(OperandError, match="leads to unit 6, where no instruction begins"):
        Instructions([asm.Ja.Label(5)]).relaxed()
    with pytest.raises(OperandError, match="leads to unit 2, where no instruction begins"):
        Instructions([asm.Ja.Label(1), asm.LoadImm(R1, 5, DWord)]).relaxed()

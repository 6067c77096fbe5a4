"""Differences of programs: what changed, and what only moved."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ebpfasm import asm
from ebpfasm.asm import R0, R1, R2, R3, R4, DWord, Instructions, Label, Word, difference
from tests.asm.programs import closed_programs

examples = settings(deadline=None, max_examples=100)

ONE = asm.Mov.Imm(R0, 1)
END = asm.Return()
LOAD = asm.LoadMem(R2, R1, 16, Word)


def program(*items: Any) -> Instructions:
    return Instructions(items)


def test_it_is_a_word_of_the_assembler() -> None:
    assert asm.difference is difference
    with pytest.raises(AttributeError, match=r"'ebpfasm\.asm' has no attribute 'differance'"):
        asm.differance  # type: ignore[attr-defined] # noqa: B018


OLD = program(
    LOAD,
    asm.JNE.Imm(R2, 8, "pass"),
    asm.LoadMapValue(R1, "counter", 0),
    asm.Mov.Imm(R3, 1),
    asm.AddAtomic.Mem(R1, R3, DWord, 0),
    asm.Mov.Imm(R0, 2),
    END,
    Label("pass"),
    asm.Mov.Imm(R0, 0),
    END,
)
NEW = program(
    LOAD,
    asm.JNE.Imm(R2, 8, "pass"),
    asm.LoadMapValue(R1, "counter", 8),
    asm.AddAtomic.Mem(R1, R3, DWord, 0),
    asm.Mov.Imm(R0, 7).with_comment("onwards"),
    asm.StoreImm(R1, 0, 0, Word),
    END,
    Label("other"),
    asm.Mov.Imm(R0, 0),
    Label("pass"),
    END,
)


def test_all_kinds_of_change() -> None:
    assert difference(OLD, NEW) == (
        "      0     0    w2 = *(u32 *)(r1 + 16)\n"
        "      1     1    if r2 != 8 goto pass\n"
        "-     2          r1 = counter[0] + 0 ll\n"
        "+           2    r1 = counter[0] + 8 ll\n"
        "~              offset 0 -> 8\n"
        "-     4          r3 = 1\n"
        "      5     4    lock *(u64 *)(r1 + 0) += r3\n"
        "-     6          r0 = 2\n"
        "+           5    r0 = 7  ; onwards\n"
        "~              imm 2 -> 7, comment none -> 'onwards'\n"
        "+           6    *(u32 *)(r1 + 0) = 0\n"
        "      7     7    exit\n"
        "-              pass:\n"
        "+              other:\n"
        "      8     8    r0 = 0\n"
        "+              pass:\n"
        "      9     9    exit"
    )


def test_long_unchanged_runs_are_folded() -> None:
    same = [asm.Mov.Imm(R4, number) for number in range(20)]
    assert difference(program(*same, ONE, *same), program(*same, END, *same)) == (
        "      …     …  17 unchanged lines\n"
        "     17    17    r4 = 17\n"
        "     18    18    r4 = 18\n"
        "     19    19    r4 = 19\n"
        "-    20          r0 = 1\n"
        "+          20    exit\n"
        "~              Mov.Imm -> Return\n"
        "     21    21    r4 = 0\n"
        "     22    22    r4 = 1\n"
        "     23    23    r4 = 2\n"
        "      …     …  17 unchanged lines"
    )


def test_colours() -> None:
    same = [asm.Mov.Imm(R4, number) for number in range(5)]
    assert difference(program(*same, ONE), program(*same, asm.Mov.Imm(R0, 2)), color=True).splitlines() == [
        "      …     …  2 unchanged lines",
        "      2     2    r4 = 2",
        "      3     3    r4 = 3",
        "      4     4    r4 = 4",
        "\x1b[31m-     5          r0 = 1\x1b[0m",
        "\x1b[32m+           5    r0 = 2\x1b[0m",
        "\x1b[33m~              imm 1 -> 2\x1b[0m",
    ]
    assert difference(OLD, OLD, color=True) == ""


class Slots:
    name = "slots"

    def fileno(self) -> int:
        raise AssertionError("nobody needs a descriptor to compare")


def note(a: Instructions, b: Instructions) -> list[str]:
    return [line.removeprefix("~").strip() for line in difference(a, b).splitlines() if line.startswith("~")]


@pytest.mark.parametrize(
    ("one", "other", "change"),
    [
        (asm.Mov.Reg(R0, R1), asm.Mov.Reg(R2, R3), "dst r0 -> r2, src r1 -> r3"),
        (LOAD, asm.LoadMem(R2, R1, -4, Word), "off 16 -> -4"),
        (LOAD, asm.LoadMem(R2, R1, 16, DWord), "opcode 0x61 -> 0x79"),
        (asm.HostTo(asm.BE, R1, asm.Half), asm.HostTo(asm.BE, R1, Word), "imm 16 -> 32"),
        (asm.Div.Imm(R1, 5), asm.SDiv.Imm(R1, 6), "Div.Imm -> SDiv.Imm, imm 5 -> 6"),
        (asm.LoadImm(R1, 1 << 40), asm.LoadImm(R1, -1), "imm 1099511627776 -> -1"),
        (asm.LoadMapPtr(R1, "a"), asm.LoadMapPtr(R1, "b"), "map a -> b"),
        (asm.LoadMapPtr(R1, "a"), asm.LoadMapPtr(R1, 7), "map a -> 7"),
        (asm.LoadMapPtr(R1, Slots()), asm.LoadMapPtr(R1, Slots()), "map slots -> another slots"),
        (asm.AddrSpaceCast(R1, R2, 0, 1), asm.AddrSpaceCast(R1, R2, 1, 0), "to 0 -> 1, from_ 1 -> 0"),
        (asm.FnTailCall.Call(), asm.FnMapLookupElem.Call(), "imm 12 -> 1"),
        (asm.Instruction(0xFF, 1), asm.Instruction(0xFE, 1, 2), "opcode 0xff -> 0xfe, src 0 -> 2"),
        (asm.Instruction(0x95), asm.Instruction(0x95, 1), "dst 0 -> 1"),
        (ONE.with_comment("a"), ONE.with_comment("b"), "comment 'a' -> 'b'"),
        (asm.JEq.Imm(R1, 5, 0), asm.JEq.Imm(R1, 6, 0), "imm 5 -> 6"),
        (asm.JEq.Imm(R1, 5, 0), asm.Ja.Label(0), "JEq.Imm -> Ja.Label"),
    ],
    ids=str,
)
def test_the_fields_that_differ_are_named(one: asm.Instruction, other: asm.Instruction, change: str) -> None:
    assert note(program(one, END), program(other, END)) == [change]


def test_a_helper_is_named() -> None:
    text = difference(program(asm.FnTailCall.Call()), program(asm.FnMapLookupElem.Call()))
    assert "call 12  ; bpf_tail_call\n" in text
    assert "call 1  ; bpf_map_lookup_elem\n" in text


# where jumps lead


def test_a_jump_whose_target_moved_is_unchanged() -> None:
    a = program(asm.JEq.Imm(R1, 0, 1), ONE, END)
    b = program(asm.JEq.Imm(R1, 0, 3), ONE, asm.LoadImm(R2, 1), END)
    assert difference(a, b) == (
        "      0     0    if r1 == 0 goto +1\n"
        "      1     1    r0 = 1\n"
        "+           2    r2 = 1 ll\n"
        "      2     4    exit"
    )  # fmt: skip


def test_a_jump_that_was_not_moved_with_its_target_is_changed() -> None:
    a = program(asm.JEq.Imm(R1, 0, 1), ONE, END)
    b = program(asm.JEq.Imm(R1, 0, 1), ONE, asm.LoadImm(R2, 1), END)
    assert note(a, b) == ["target 2 -> 2 (what was at 2 is now at 4)"]


def test_a_jump_whose_target_is_gone() -> None:
    assert note(program(asm.Ja.Label(1), ONE, ONE, END), program(asm.Ja.Label(0), END)) == [
        "target 2 -> 1 (what was at 2 is gone)"
    ]


def test_jumps_to_what_was_replaced() -> None:
    a = program(asm.Ja.Label(0), ONE, asm.Mov.Imm(R1, 5), END)
    b = program(asm.Ja.Label(0), asm.StoreImm(R1, 0, 0, Word), END)
    assert note(a, b) == []


def test_jumps_to_labels_are_compared_by_them() -> None:
    a = program(asm.Ja.Label("x"), Label("x"), ONE, END)
    b = program(asm.Ja.Label("x"), ONE, Label("x"), END)
    assert note(a, b) == []
    assert difference(a, b).count("x:") == 2
    c = program(asm.Ja.Label("y"), Label("y"), ONE, END)
    assert note(a, c) == ["target x -> y"]
    d = program(asm.Ja.Label(0), Label("x"), ONE, END)
    assert difference(a, d) == difference(d, a) == "", "the same place by a number"
    assert note(a, program(asm.Ja.Label(1), Label("x"), ONE, END)) == ["target x -> 2 (what was at 1 is now at 1)"]


def test_calls_and_loaded_functions_are_compared_alike() -> None:
    for word in (asm.Call.Label, lambda to: asm.LoadFunc(R1, to)):
        a = program(word(1), END, END.with_symbol("f"))
        b = program(word(2), ONE, END, END.with_symbol("f"))
        assert difference(a, b).splitlines()[1].startswith("+")
        assert note(a, b) == []


def test_what_leads_out_of_the_program_is_compared_by_its_distance() -> None:
    assert difference(program(asm.Ja.Label(9)), program(asm.Ja.Label(9))) == ""
    assert note(program(asm.Ja.Label(9)), program(asm.Ja.Label(8))) == ["target 10 -> 9"]


def test_parts_of_programs_whose_labels_are_elsewhere() -> None:
    part = program(asm.Ja.Label("elsewhere"), END)
    assert difference(part, part) == ""
    assert note(part, program(asm.Ja.Label("nowhere"), END)) == ["target elsewhere -> nowhere"]
    assert note(part, program(asm.Ja.Label(0), END)) == ["target elsewhere -> 1"]


def test_labels_at_the_end_and_their_order_count() -> None:
    assert difference(program(ONE, Label("a")), program(ONE)) == "      0     0    r0 = 1\n-              a:"
    swapped = difference(program(Label("a"), Label("b"), ONE), program(Label("b"), Label("a"), ONE))
    assert "a:" in swapped


def test_from_and_to_nothing() -> None:
    assert difference(program(), program()) == ""
    assert difference(program(), program(ONE)) == "+           0    r0 = 1"
    assert difference(program(ONE), program()) == "-     0          r0 = 1"


def test_large_programs_take_no_quadratic_time() -> None:
    large = Instructions([asm.Mov.Imm(R4, number % 7) for number in range(20_000)])
    text = difference(large, Instructions([ONE, *large[5:10_000], END, *large[10_000:], ONE]))
    assert "exit" in text


# properties


def comments(of: Instructions) -> list[str | None]:
    return [item.comment for item in of]


@examples
@given(closed_programs(), closed_programs())
def test_it_is_empty_just_when_nothing_differs(a: Instructions, b: Instructions) -> None:
    assert difference(a, a) == difference(a, Instructions(list(a))) == ""
    text = difference(a, b)
    if a == b and comments(a) == comments(b):
        assert text == ""
    if text == "":
        assert [str(item) for item in a.resolved()] == [str(item) for item in b.resolved()]
        assert a.symbols() == b.symbols()
        assert comments(a) == comments(b)


@examples
@given(closed_programs(max_size=8), closed_programs(max_size=8))
def test_the_lines_are_both_programs(a: Instructions, b: Instructions) -> None:
    marker = [asm.Mov.Imm(R0, 111), asm.Mov.Imm(R0, 222)]
    a, b = Instructions([*a, marker[0]]), Instructions([*b, marker[1]])
    text = difference(a, b)
    if "…" in text:
        return
    for mark, column, each in (("-", 2, a), ("+", 8, b)):
        lines = [line for line in text.splitlines() if line[0] in (" ", mark)]
        units = [int(line[column : column + 5]) for line in lines if line[column : column + 5].strip()]
        expected, unit = [], 0
        for item in each:
            expected.append(unit)
            unit += item.units
        assert units == expected


@examples
@given(closed_programs(), st.data())
def test_every_changed_instruction_is_mentioned(a: Instructions, data: st.DataObject) -> None:
    items = list(a)
    changed = data.draw(st.sets(st.integers(0, len(items) - 1))) if items else set()
    for number in changed:
        symbols = items[number].symbols
        items[number] = asm.StoreImm(R1, number, 99, Word).with_comment(f"change {number}")
        for symbol in symbols:
            items[number] = items[number].with_symbol(symbol)
    text = difference(a, Instructions(items))
    for number in changed:
        assert f"change {number}\n" in text + "\n"
    removed = [line for line in text.splitlines() if line.startswith("-") and line[2:7].strip()]
    assert len(removed) >= len(changed)

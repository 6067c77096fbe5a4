"""The table that notebooks show."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings

from ebpfasm import asm
from ebpfasm.asm import R0, R1, Instructions, Label
from tests.asm.programs import closed_programs

examples = settings(deadline=None, max_examples=50)


class Table(HTMLParser):
    """The rows of cells, each as text, and a check that what is opened is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.rows: list[list[str]] = []
        self.tags: set[str] = set()
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag == "br":
            self.rows[-1][-1] += "\n"
            return
        self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in ("td", "th"):
            self.rows[-1][-1] += data


def test_the_rows_of_a_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.byteorder", "little")
    program = Instructions(
        [
            asm.LoadMapPtr(R1, "slots"),
            asm.JLT.Imm(R0, 10, "end").with_symbol("again"),
            asm.FnTailCall.Call(),
            asm.Mov.Imm(R0, 0).with_comment("a <b> & c"),
            Label("end"),
        ]
    )
    assert Table(program._repr_html_()).rows == [
        ["unit", "bytes", "text", "comment"],
        ["0", "18 11 00 00 .. .. .. ..\n00 00 00 00 00 00 00 00", "r1 = slots ll", ""],
        ["again:"],
        ["2", "a5 00 02 00 0a 00 00 00", "if r0 < 10 goto end", ""],
        ["3", "85 00 00 00 0c 00 00 00", "call 12", "bpf_tail_call"],
        ["4", "b7 00 00 00 00 00 00 00", "r0 = 0", "a <b> & c"],
        ["end:"],
    ]


EVIL = '<script>alert("x")</script>&amp;'


def test_everything_is_escaped() -> None:
    program = Instructions(
        [asm.Ja.Label(EVIL), asm.LoadMapPtr(R1, EVIL), asm.Return().with_symbol(EVIL).with_comment(EVIL)]
    )
    table = Table(program._repr_html_())
    assert table.tags == {"div", "table", "thead", "tbody", "tr", "th", "td", "br"}
    assert sum(EVIL in cell for row in table.rows for cell in row) == 4


def test_nothing_comes_from_elsewhere_and_no_colour_is_set() -> None:
    text = Instructions([asm.Mov.Imm(R0, 0), asm.Return()])._repr_html_()
    assert not re.search(r"https?:|//|src=|href=|<script|<link|<style|color|background|url\(", text)


def test_long_programs_are_cut() -> None:
    program = Instructions([asm.Mov.Imm(R0, 0)] * 1000)
    text = program._repr_html_()
    assert len(Table(text).rows) == 401
    assert "<p>600 more rows; listing() has them all.</p>" in text
    assert "more rows" not in program[:400]._repr_html_()


def test_a_part_of_a_program_says_what_is_missing() -> None:
    text = Instructions([asm.Ja.Label("<elsewhere>"), asm.Return()])._repr_html_()
    assert "&lt;elsewhere&gt;" in text
    assert "is not defined in this program" in text
    assert "<elsewhere>" not in text


def test_an_empty_program() -> None:
    assert Table(Instructions()._repr_html_()).rows == [["unit", "bytes", "text", "comment"]]


@examples
@given(closed_programs())
def test_any_program_has_a_row_for_each_instruction_and_label(program: Instructions) -> None:
    table = Table(program._repr_html_())
    assert [row[2] for row in table.rows[1:] if len(row) == 4] == [str(item) for item in program]
    assert [row[0] for row in table.rows if len(row) == 1] == [f"{name}:" for item in program for name in item.symbols]

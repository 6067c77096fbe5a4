"""Boxes placed in columns: no two overlap, arrows lead to the right, and what can be level is."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from ebpfasm.cli.datapath.layout import Block, Line, Placed, layout


def placed(blocks: list[Block], lines: list[Line]) -> Placed:
    return layout(blocks, lines, across=50, down=10)


def block(id: str, height: float = 40, *, first: bool = False) -> Block:
    return Block(id, 100, height, first)


def line(source: str, target: str) -> Line:
    return Line(source, target, 20, 20)


@st.composite
def graphs(draw: st.DrawFn) -> tuple[list[Block], list[Line]]:
    number = draw(st.integers(1, 12))
    heights = draw(st.lists(st.integers(20, 200), min_size=number, max_size=number))
    blocks = [Block(f"b{at}", 50 + height, float(height), at % 5 == 0) for at, height in enumerate(heights)]
    ends = st.tuples(st.integers(0, number - 1), st.integers(0, number - 1))
    lines = [line(f"b{one}", f"b{other}") for one, other in draw(st.lists(ends, max_size=25))]
    return blocks, lines


@settings(max_examples=150, deadline=None)
@given(graphs())
def test_no_two_overlap(graph: tuple[list[Block], list[Line]]) -> None:
    blocks, lines = graph
    where = placed(blocks, lines)
    assert where == placed(blocks, lines)
    boxes = [(*where.corners[each.id], each) for each in blocks]
    for (x, y, one), (other_x, other_y, other) in combinations(boxes, 2):
        beside = x + one.width <= other_x or other_x + other.width <= x
        assert beside or y + one.height <= other_y or other_y + other.height <= y
    for x, y, each in boxes:
        assert 0 <= x <= x + each.width <= where.width
        assert 0 <= y <= y + each.height <= where.height
    assert len(where.bends) == len(lines)
    assert {where.corners[each.id][0] for each in blocks if each.first} <= {0}


def test_a_chain_is_level() -> None:
    where = placed([block("a"), block("b"), block("c")], [line("a", "b"), line("b", "c")])
    assert where.corners == {"a": (0, 0), "b": (150, 0), "c": (300, 0)}


def test_a_long_line_has_a_bend_in_each_column_it_crosses() -> None:
    where = placed([block("a"), block("b"), block("c")], [line("a", "b"), line("b", "c"), line("a", "c")])
    assert [len(bends) for bends in where.bends] == [0, 0, 1]
    ((left, right, height),) = where.bends[2]
    assert (left, right) == (150, 250)
    _, y = where.corners["b"]
    assert not y <= height <= y + 40


def test_lines_that_need_not_cross_do_not() -> None:
    where = placed([block("a"), block("b"), block("y"), block("x")], [line("a", "x"), line("b", "y")])
    assert (where.corners["a"][1] < where.corners["b"][1]) == (where.corners["x"][1] < where.corners["y"][1])


def test_a_circle_is_broken_somewhere() -> None:
    where = placed([block("a"), block("b")], [line("a", "b"), line("b", "a"), line("a", "a")])
    assert where.corners["a"][0] < where.corners["b"][0]


def test_what_has_no_lines_stays_close() -> None:
    """However far down its neighbours' lines pull them."""
    blocks = [block("one", first=True), block("two", first=True), *(block(f"t{number}") for number in range(9))]
    where = placed(blocks, [line("one", f"t{number}") for number in range(9)])
    assert where.corners["two"][1] == where.corners["one"][1] + 40 + 10

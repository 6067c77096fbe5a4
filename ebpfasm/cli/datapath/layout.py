"""Places boxes in columns, so that arrows lead from left to right and no two boxes overlap.

The usual four steps (Sugiyama, Tagawa, Toda 1981): columns by the longest way to a box, bends in the columns that a
long arrow crosses, an order within each column that crosses few arrows, and heights near those of the neighbours.
The same graph is always placed in the same way.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from itertools import pairwise
from typing import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["Block", "Line", "Placed", "layout"]

SWEEPS = 12
"""So often the order and the heights are mended from both sides; more changes nothing that can be seen."""
BEND = 10.0
"""The height that a bend of an arrow keeps free, in pixels as all sizes here."""


class Block(NamedTuple):
    """What is to be placed."""

    id: str
    width: float
    height: float
    first: bool = False
    """Whether it must be in the first column."""


class Line(NamedTuple):
    """An arrow, from a height within its source to a height within its target."""

    source: str
    target: str
    out: float
    into: float


class Placed(NamedTuple):
    """Where everything is: left upper corners of blocks, and the bends of each line from left to right."""

    corners: dict[str, tuple[float, float]]
    bends: list[list[tuple[float, float, float]]]
    """For each line: left and right border of a column it crosses, and at which height."""
    width: float
    height: float


class _Item:
    """A block, or the bend of a line; what is placed in a column."""

    __slots__ = ("block", "column", "height", "left", "place", "right", "width", "y")

    def __init__(self, block: Block | None, width: float, height: float, column: int) -> None:
        self.block = block
        self.width, self.height, self.column = width, height, column
        self.place = 0
        self.y = 0.0
        # Neighbours on each side: the item, the height within it, and within this one.
        self.left: list[tuple[_Item, float, float]] = []
        self.right: list[tuple[_Item, float, float]] = []


def layout(blocks: Sequence[Block], lines: Sequence[Line], *, across: float, down: float) -> Placed:
    """Place ``blocks``, with ``across`` between columns and at least ``down`` between the blocks of one."""
    column_of = _columns(blocks, lines)
    items = {block.id: _Item(block, block.width, block.height, column_of[block.id]) for block in blocks}
    columns: list[list[_Item]] = [[] for _ in range(max(column_of.values(), default=-1) + 1)]
    for block in blocks:
        columns[column_of[block.id]].append(items[block.id])
    chains = [_chain(line, items, columns) for line in lines]
    _order(columns)
    _heights(columns, down)
    return _placed(columns, chains, across)


def _columns(blocks: Sequence[Block], lines: Iterable[Line]) -> dict[str, int]:
    """The column of each block: one more than that of any it has an arrow from, lines that go round left out."""
    targets: dict[str, list[str]] = {block.id: [] for block in blocks}
    first = {block.id for block in blocks if block.first}
    for line in lines:
        if line.target not in first and line.source != line.target:
            targets[line.source].append(line.target)
    finished: list[str] = []
    state: dict[str, int] = {}  # 1 while what it leads to is looked at, 2 after that
    forward: dict[str, list[str]] = {id: [] for id in targets}
    for root, led_to in targets.items():
        way = [(root, iter(led_to))] if root not in state else []
        state.setdefault(root, 1)
        while way:  # depth first, without recursion
            id, rest = way[-1]
            for target in rest:
                if state.get(target) == 1:
                    continue  # it closes a circle
                forward[id].append(target)
                if target not in state:
                    state[target] = 1
                    way.append((target, iter(targets[target])))
                    break
            else:
                state[id] = 2
                finished.append(id)
                way.pop()
    column = dict.fromkeys(targets, 0)
    for id in reversed(finished):
        for target in forward[id]:
            column[target] = max(column[target], column[id] + 1)
    return column


def _chain(line: Line, items: dict[str, _Item], columns: list[list[_Item]]) -> list[_Item]:
    """The bends of a line, one in each column it crosses, and all of it known to its neighbours."""
    source, target = items[line.source], items[line.target]
    if source.column >= target.column:
        return []  # it leads back; drawn as it is
    bends = []
    before, height = source, line.out
    for column in range(source.column + 1, target.column):
        bend = _Item(None, 0.0, BEND, column)
        columns[column].append(bend)
        bends.append(bend)
        _join(before, height, bend, BEND / 2)
        before, height = bend, BEND / 2
    _join(before, height, target, line.into)
    return bends


def _join(left: _Item, out: float, right: _Item, into: float) -> None:
    left.right.append((right, into, out))
    right.left.append((left, out, into))


def _order(columns: list[list[_Item]]) -> None:
    """Order each column by the mean place of its neighbours, from the left and from the right in turn."""
    for column in columns:
        _number(column)
    best, fewest = [list(column) for column in columns], _crossings(columns)
    for sweep in range(SWEEPS):
        rightwards = sweep % 2 == 0
        for column in columns[1:] if rightwards else reversed(columns[:-1]):
            wanted = {id(item): _mean_place(item, rightwards) for item in column}
            column.sort(key=lambda item: wanted[id(item)])
            _number(column)
        crossings = _crossings(columns)
        if crossings < fewest:
            best, fewest = [list(column) for column in columns], crossings
    for column, order in zip(columns, best, strict=True):
        column[:] = order
        _number(column)


def _number(column: list[_Item]) -> None:
    for place, item in enumerate(column):
        item.place = place


def _mean_place(item: _Item, rightwards: bool) -> float:
    neighbours = item.left if rightwards else item.right
    if not neighbours:
        return float(item.place)
    # The height within the neighbour decides between lines that leave the same block.
    return sum(other.place + within / (other.height + 1) for other, within, _ in neighbours) / len(neighbours)


def _crossings(columns: list[list[_Item]]) -> int:
    found = 0
    for column in columns:
        ends = sorted(
            (item.place + out / (item.height + 1), other.place + into / (other.height + 1))
            for item in column
            for other, into, out in item.right
        )
        seen: list[float] = []
        for _, into in ends:
            found += len(seen) - bisect_right(seen, into)
            insort(seen, into)
    return found


def _heights(columns: list[list[_Item]], down: float) -> None:
    """Move the items of each column, in their order, as near as can be to where their lines would be level."""
    for column in columns:
        y = 0.0
        for item in column:
            item.y = y
            y += item.height + down
    for sweep in range(SWEEPS):
        rightwards = sweep % 2 == 0
        for column in columns[1:] if rightwards else reversed(columns[:-1]):
            _settle(column, [_level(item, rightwards) for item in column], down)
    for column in columns:
        for above, item in pairwise(column):
            if not item.left and not item.right:  # nothing pulls it anywhere
                item.y = min(item.y, above.y + above.height + down)
    top = min((item.y for column in columns for item in column), default=0.0)
    for column in columns:
        for item in column:
            item.y = float(round(item.y - top))


def _level(item: _Item, rightwards: bool) -> float:
    """The height at which the item's lines to one side are level, in the mean."""
    neighbours = item.left if rightwards else item.right
    if not neighbours:
        return item.y
    return sum(other.y + within - own for other, within, own in neighbours) / len(neighbours)


def _settle(column: list[_Item], wanted: list[float], down: float) -> None:
    """Give the items the heights nearest to those wanted that keep their order and distance: isotonic regression."""
    offsets, offset = [], 0.0
    for item in column:
        offsets.append(offset)
        # Half a pixel each, since heights are rounded in the end.
        offset += item.height + (down if item.block is not None else down / 2) + 1
    groups: list[tuple[float, int]] = []  # mean, and of how many
    for height, offset in zip(wanted, offsets, strict=True):
        mean, count = height - offset, 1
        while groups and groups[-1][0] > mean:
            above, number = groups.pop()
            mean, count = (above * number + mean * count) / (number + count), number + count
        groups.append((mean, count))
    at = 0
    for mean, count in groups:
        for item, offset in zip(column[at : at + count], offsets[at : at + count], strict=True):
            item.y = mean + offset
        at += count


def _placed(columns: list[list[_Item]], chains: list[list[_Item]], across: float) -> Placed:
    lefts, rights, x = [], [], 0.0
    for column in columns:
        width = max(item.width for item in column)
        lefts.append(x)
        rights.append(x + width)
        x += width + across
    corners = {item.block.id: (lefts[item.column], item.y) for column in columns for item in column if item.block}
    bends = [[(lefts[bend.column], rights[bend.column], bend.y + BEND / 2) for bend in chain] for chain in chains]
    height = max((item.y + item.height for column in columns for item in column), default=0.0)
    return Placed(corners, bends, max(rights, default=0.0), height)

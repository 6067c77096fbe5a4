"""Jump arrows drawn beside the lines of a listing."""

from __future__ import annotations

from bisect import bisect

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["arrows_beside"]

LANES = 6
"""So many lines stand side by side at most; a jump that finds no room has ``…`` at both ends."""

UP, DOWN, OWN, THROUGH = 1, 2, 4, 8
"""What a cell of a lane shows: its line to the row above or below, to the text, and that of a lane further out."""

# fmt: off
BOXES = {
    0: " ", UP | DOWN: "│", OWN | DOWN: "┌", OWN | UP: "└", OWN | UP | DOWN: "├", OWN: "↻",
    THROUGH: "─", THROUGH | UP | DOWN: "┼", THROUGH | OWN | DOWN: "┬", THROUGH | OWN | UP: "┴",
    THROUGH | OWN | UP | DOWN: "┼", THROUGH | OWN: "↻",
}
# fmt: on


def arrows_beside(jumps: Iterable[tuple[int, int]], rows: int) -> list[str]:
    """What to draw left of each of so many rows for jumps from row to row; all of one width, empty without jumps.

    Jumps to one target share a line. Shorter lines stand nearer to the text, so that what is nested does not cross.
    """
    ends: dict[int, set[int]] = {}
    for source, target in jumps:
        ends.setdefault(target, {target}).add(source)
    if not ends:
        return [""] * rows
    heads = bytearray(rows)  # 0: nothing, 1: a jump, 2: a target
    for target, members in ends.items():
        for row in members:
            heads[row] = max(heads[row], 1 + (row == target))
    lanes, hidden = _in_lanes(sorted(ends.values(), key=lambda members: (max(members) - min(members), min(members))))
    cells = [bytearray(rows) for _ in lanes]
    for number, groups in enumerate(lanes):
        lane = cells[number]
        for members in groups:
            top, bottom = min(members), max(members)
            for row in range(top, bottom + 1):
                lane[row] |= UP * (row > top) | DOWN * (row < bottom) | OWN * (row in members)
            for row in members:
                for inner in cells[:number]:
                    inner[row] |= THROUGH
    for row in hidden:
        for lane in cells:
            lane[row] |= THROUGH
    cells.reverse()
    return [
        ("…─" if row in hidden else "  " if hidden else "")
        + "".join(BOXES[lane[row]] + ("─" if lane[row] & (OWN | THROUGH) else " ") for lane in cells)
        + " ─►"[heads[row]]
        + " "
        for row in range(rows)
    ]


def _in_lanes(groups: list[set[int]]) -> tuple[list[list[set[int]]], set[int]]:
    """The groups in lanes, the one nearest to the text first, and the rows of those that found no room."""
    lanes: list[list[set[int]]] = []
    spans: list[list[tuple[int, int]]] = []  # of each lane, in order
    hidden: set[int] = set()
    for members in groups:
        span = (min(members), max(members))
        for lane, taken in zip(lanes, spans, strict=True):
            at = bisect(taken, span)
            if (at == 0 or taken[at - 1][1] < span[0]) and (at == len(taken) or span[1] < taken[at][0]):
                lane.append(members)
                taken.insert(at, span)
                break
        else:
            if len(lanes) < LANES:
                lanes.append([members])
                spans.append([span])
            else:
                hidden |= members
    return lanes, hidden

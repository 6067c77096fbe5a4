"""The matrix as lines for a person."""

from __future__ import annotations

from ebpfasm.cli.demo.matrix.places import COLUMNS, PLACES, Column, Place
from ebpfasm.cli.demo.matrix.probes import CELLS, VERSIONS, Cell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ebpfasm.cli.demo.matrix.probes import Reached
    from ebpfasm.cli.demo.screen import Screen

__all__ = ["lines"]

NAME, WIDTH = 10, 13
KNOWN = frozenset(CELLS)


def lines(reached: Reached, before: Reached, screen: Screen) -> Iterator[str]:
    """The matrix, a line for each sender; a cell that is not as ``before`` has an arrow beside it."""
    yield f"  {'from':{NAME}}to"
    names = "".join(f"{f'{column.place.name}:{column.port}':{WIDTH}}" for column in COLUMNS)
    yield f"  {'':{NAME}}{names}".rstrip()
    for sender in PLACES:
        cells = "".join(_cell(sender, column, reached, before, screen) for column in COLUMNS)
        yield f"  {sender.name:{NAME}}{cells}".rstrip()


def _cell(sender: Place, column: Column, reached: Reached, before: Reached, screen: Screen) -> str:
    cells = [Cell(sender, column, version) for version in VERSIONS]
    if cells[0] not in KNOWN:
        return f"{'-':{WIDTH}}"
    text, length = "", 0
    for cell in cells:
        there = cell in reached
        mark = screen.painted("✓" if there else "✗", "good" if there else "bad")
        text += f"v{cell.version}{mark} "
        length += 4
    if any((cell in reached) != (cell in before) for cell in cells):
        text += screen.painted("◄", "bold")
        length += 1
    return text + " " * (WIDTH - length)

"""A graph as SVG, drawn here: pods and their hooks at the left, then stubs, arrays, programs and maps."""

from __future__ import annotations

from typing import NamedTuple

from ebpfasm.cli.datapath.graph import ARROWS, KINDS
from ebpfasm.cli.datapath.layout import Block, Line, layout
from ebpfasm.cli.datapath.markup import marked_up

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ebpfasm.cli.datapath.graph import Arrow, Box, Frame, Graph
    from ebpfasm.cli.datapath.layout import Placed

__all__ = ["svg"]

# Sizes in pixels. In a font of fixed width a character is 0.6 of its size wide, with little difference among fonts.
FONT, SMALL = 13, 11
CHARACTER = 0.61
PADDING = 10
TITLE, LINE, ROW = 24, 15, 18  # heights
ACROSS, DOWN = 70, 16
MARGIN, HEAD = 28, 56
LOOP = 22
"""How far an arc between two devices stands out to the left, at least."""
FAMILY = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', 'Liberation Mono', monospace"


class _Size(NamedTuple):
    width: float
    height: float


def svg(drawn: Graph) -> str:
    """The text of the picture."""
    return "\n".join(_Drawing(drawn).lines()) + "\n"


def _size(box: Box) -> _Size:
    letters = [
        len(box.title) * FONT,
        *(len(line) * SMALL for line in (*box.lines, *box.rows)),
    ]
    width = max(letters) * CHARACTER + 2 * PADDING
    height = TITLE + LINE * len(box.lines) + 6 + ROW * len(box.rows)
    return _Size(float(round(max(width, 90))), float(height))


class _Drawing:
    """The picture of one graph."""

    def __init__(self, drawn: Graph) -> None:
        self._graph = drawn
        self._boxes = {box.id: box for box in drawn.boxes}
        self._sizes = {box.id: _size(box) for box in drawn.boxes}
        self._within: dict[str, list[Box]] = {frame.id: [] for frame in drawn.frames}
        for box in drawn.boxes:
            if box.frame:
                self._within[box.frame].append(box)
        self._arrows = [arrow for arrow in drawn.arrows if arrow.kind != "lower"]
        self._corners: dict[str, tuple[float, float]] = {}
        self._borders: dict[str, float] = {}
        self._frames: dict[str, tuple[float, float, float, float]] = {}
        placed = self._place()
        self._bends = placed.bends
        self.width = max(placed.width + 2 * MARGIN + self._arcs(), 560.0)
        self.height = placed.height + HEAD + 2 * MARGIN + 10

    def lines(self) -> Iterator[str]:
        """The lines of the picture: frames, then arrows, then boxes above them."""
        yield (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{self.width:.0f}" height="{self.height:.0f}" '
            f'viewBox="0 0 {self.width:.0f} {self.height:.0f}" font-family="{FAMILY}">'
        )
        yield f"  <title>{marked_up(self._heading())}</title>"
        yield f'  <rect width="{self.width:.0f}" height="{self.height:.0f}" fill="#ffffff"/>'
        yield from self._head()
        for frame in self._graph.frames:
            yield from self._frame(frame)
        for number, arrow in enumerate(self._arrows):
            yield self._curve(arrow, self._bends[number])
        for arrow in self._graph.arrows:
            if arrow.kind == "lower":
                yield self._arc(arrow)
        for box in self._graph.boxes:
            yield from self._box(box)
        yield "</svg>"

    def _place(self) -> Placed:
        """Place frames as one block each, since what is in them belongs together, and all other boxes."""
        blocks, inner = [], {}
        for frame in self._graph.frames:
            sizes = [self._sizes[box.id] for box in self._within[frame.id]]
            width = max([len(frame.title) * FONT * CHARACTER, len(frame.detail) * SMALL * CHARACTER,
                         *(size.width for size in sizes)]) + 2 * PADDING  # fmt: skip
            y = float(TITLE + LINE + PADDING / 2)
            for box, size in zip(self._within[frame.id], sizes, strict=True):
                inner[box.id] = (frame.id, y)
                y += size.height + PADDING
            blocks.append(Block(frame.id, float(round(width)), y, first=True))
        blocks += [Block(box.id, *self._sizes[box.id]) for box in self._graph.boxes if not box.frame]
        lines = []
        for arrow in self._arrows:
            frame_id, above = inner.get(arrow.source, (arrow.source, 0.0))
            lines.append(Line(frame_id, arrow.target, above + self._port(arrow), TITLE / 2))
        placed = layout(blocks, lines, across=ACROSS, down=DOWN)
        left = MARGIN + self._arcs()
        widths = {block.id: block.width for block in blocks}
        for block in blocks:
            x, y = placed.corners[block.id]
            if block.first:
                self._frames[block.id] = (x + left, y + HEAD + MARGIN, block.width, block.height)
            else:
                self._corners[block.id] = (x + left, y + HEAD + MARGIN)
        # The right border of each box's column.
        ends: dict[float, float] = {}
        for id, (x, _) in placed.corners.items():
            ends[x] = max(ends.get(x, 0.0), x + widths[id])
        self._borders = {id: ends[x] + left for id, (x, _) in placed.corners.items()}
        for id, (frame_id, above) in inner.items():
            x, y, width, _ = self._frames[frame_id]
            self._corners[id] = (x + PADDING, y + above)
            # As wide as its frame, so that the arrows of all devices start on one line.
            self._borders[id] = self._borders[frame_id]
            self._sizes[id] = _Size(widths[frame_id] - 2 * PADDING, self._sizes[id].height)
        moved = [[(start + left, end + left, y + HEAD + MARGIN) for start, end, y in bends] for bends in placed.bends]
        return placed._replace(bends=moved)

    def _arcs(self) -> float:
        """How much room the arcs between devices take at the left."""
        number = sum(arrow.kind == "lower" for arrow in self._graph.arrows)
        return float(LOOP + min(number, 8) * 8) if number else 0.0

    def _port(self, arrow: Arrow) -> float:
        """The height within its source at which an arrow starts."""
        box = self._boxes[arrow.source]
        if arrow.row is None:
            return TITLE / 2
        return TITLE + LINE * len(box.lines) + 4 + ROW * (arrow.row + 0.5)

    def _heading(self) -> str:
        places = len(self._graph.frames)
        programs = sum(box.kind in {"stub", "program"} for box in self._graph.boxes)
        return f"Datapath: {_number(places, 'network namespace')}, {_number(programs, 'program')}"

    def _head(self) -> Iterator[str]:
        yield _text(MARGIN, MARGIN + 8, self._heading(), 17, "#0f172a", weight=600)
        x = float(MARGIN)
        for word, fill, border in KINDS.values():
            yield (
                f'  <rect x="{x:.0f}" y="{MARGIN + 22}" width="13" height="13" rx="3" fill="{fill}" stroke="{border}"/>'
            )
            yield _text(x + 19, MARGIN + 33, word, SMALL, "#475569")
            x += 19 + len(word) * SMALL * CHARACTER + 22

    def _frame(self, frame: Frame) -> Iterator[str]:
        x, y, width, height = self._frames[frame.id]
        yield (
            f'  <rect class="frame" x="{x:.0f}" y="{y:.0f}" width="{width:.0f}" height="{height:.0f}" rx="10" '
            f'fill="#f8fafc" stroke="#94a3b8" stroke-dasharray="5 4"/>'
        )
        yield _text(x + PADDING, y + 19, frame.title, FONT, "#0f172a", weight=700)
        yield _text(x + PADDING, y + 34, frame.detail, SMALL, "#64748b")

    def _box(self, box: Box) -> Iterator[str]:
        word, fill, border = KINDS[box.kind]
        (x, y), (width, height) = self._corners[box.id], self._sizes[box.id]
        told = marked_up("\n".join([f"{word} {box.title}", *box.lines, *box.rows]))
        yield f'  <g class="box" id="{box.id}">'
        yield f"    <title>{told}</title>"
        yield (
            f'    <rect x="{x:.0f}" y="{y:.0f}" width="{width:.0f}" height="{height:.0f}" rx="6" '
            f'fill="{fill}" stroke="{border}" stroke-width="1.3"/>'
        )
        yield _text(x + PADDING, y + 17, box.title, FONT, "#0f172a", weight=700, indent=4)
        below = y + TITLE
        for line in box.lines:
            yield _text(x + PADDING, below + 10, line, SMALL, "#475569", indent=4)
            below += LINE
        below += 4
        for row in box.rows:
            yield (
                f'    <path d="M{x:.0f} {below:.0f}h{width:.0f}" stroke="{border}" stroke-opacity="0.35" fill="none"/>'
            )
            yield _text(x + PADDING, below + 13, row, SMALL, "#0f172a", indent=4)
            below += ROW
        yield "  </g>"

    def _curve(self, arrow: Arrow, bends: list[tuple[float, float, float]]) -> str:
        """A line from the right side of its source, through its bends, to the left side of its target."""
        x, y = self._corners[arrow.source]
        x, y = x + self._sizes[arrow.source].width, y + self._port(arrow)
        border = max(x, self._borders.get(arrow.source, x))
        end, into = self._corners[arrow.target]
        into += TITLE / 2
        # Not before the end of its column, or it would cross a wider box that stands above or below.
        path, x = f"M{x:.0f} {y:.1f}H{border:.0f}", border
        for left, right, height in [*bends, (end - 6, end - 6, into)]:
            half = max((left - x) / 2, ACROSS / 2)
            path += f"C{x + half:.0f} {y:.1f} {left - half:.0f} {height:.1f} {left:.0f} {height:.1f}"
            if right > left:
                path += f"H{right:.0f}"
            x, y = right, height
        return self._path(arrow, f"{path}H{end - 5:.0f}", end, into)

    def _arc(self, arrow: Arrow) -> str:
        """A line from the left side of one device to the left side of another."""
        (x, y), (end, into) = self._corners[arrow.source], self._corners[arrow.target]
        y, into = y + TITLE / 2, into + TITLE / 2
        out = LOOP + min(abs(into - y) / 12, self._arcs() - LOOP + MARGIN / 2)
        path = f"M{x:.0f} {y:.1f}C{x - out:.0f} {y:.1f} {end - out:.0f} {into:.1f} {end:.0f} {into:.1f}"
        colour = ARROWS[arrow.kind]
        return (
            f'  <path class="{arrow.kind}" d="{path}" fill="none" stroke="{colour}" stroke-width="1.2" '
            f'stroke-dasharray="4 3"/>'
        )

    def _path(self, arrow: Arrow, path: str, x: float, y: float) -> str:
        colour = ARROWS[arrow.kind]
        head = f"M{x:.0f} {y:.1f}l-7 -3.5v7z"
        return (
            f'  <g class="{arrow.kind}"><path d="{path}" fill="none" stroke="{colour}" stroke-width="1.4"/>'
            f'<path d="{head}" fill="{colour}"/></g>'
        )


def _text(x: float, y: float, text: str, size: int, colour: str, *, weight: int = 400, indent: int = 2) -> str:
    heavy = f' font-weight="{weight}"' if weight != 400 else ""
    return (
        f'{" " * indent}<text x="{x:.0f}" y="{y:.0f}" font-size="{size}" fill="{colour}"{heavy} '
        f'xml:space="preserve">{marked_up(text)}</text>'
    )


def _number(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"

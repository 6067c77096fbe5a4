"""A program as a listing for people: units, bytes, text, labels, comments, and arrows for its jumps."""

from __future__ import annotations

from ebpfasm.asm.flow import JUMPS, Step, steps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ebpfasm.asm.instruction import Instruction
    from ebpfasm.asm.program import Instructions

__all__ = ["Line", "lines", "listing", "note_of"]


class Line:
    """A line of a listing: a label (only ``label``), or an instruction; ``raw`` are the bytes of each of its units."""

    __slots__ = ("label", "note", "raw", "step", "text")

    def __init__(self, label: str, raw: tuple[str, ...] = (), text: str = "", note: str = "") -> None:
        self.label = label
        self.raw = raw
        self.text = text
        self.note = note
        self.step: Step | None = None


def listing(
    program: Instructions, byteorder: str, *, arrows: bool = True, margin: Mapping[int, str] | None = None
) -> str:
    """A program as lines: a label, or a unit's number, its bytes, arrows, the text and a comment or note.

    A field that waits for a map is shown as ``..``: its number is not known before the program is encoded.

    Args:
        margin: what to write at the left of instructions, by their units.
    """
    beyond: list[str] = []
    left: list[str] = []
    right: list[str] = []
    row_of: dict[int, int] = {}
    jumps: list[tuple[int, int]] = []
    for line in lines(program, byteorder):
        step = line.step
        if step is None:
            beyond.append("")
            left.append(f"{line.label}:")
            right.append("")
            continue
        if step.kind in JUMPS and step.target is not None:
            jumps.append((len(left), step.target))
        row_of[step.unit] = len(left)
        beyond += [margin.get(step.unit, "") if margin else "", *[""] * (len(line.raw) - 1)]
        left.append(f"{step.unit:5}: {line.raw[0]}")
        right.append(line.text + (f"  ; {line.note}" if line.note else ""))
        for raw in line.raw[1:]:
            left.append(f"       {raw}")
            right.append("")
    if program.end_symbols:
        row_of[program.units] = len(left) - len(program.end_symbols)
    beside = [""] * len(left)
    if arrows:
        from ebpfasm.asm.arrows import arrows_beside

        beside = arrows_beside(
            [(source, row_of[target]) for source, target in jumps if target in row_of],
            len(left),
        )
    width = max(map(len, margin.values()), default=0) if margin else 0
    rows = zip(beyond, left, beside, right, strict=True)
    return "\n".join(f"{row:{width}}{a:30}  {b}{c}".rstrip() for row, a, b, c in rows)


def lines(program: Instructions, byteorder: str) -> Iterator[Line]:
    """The lines of a listing.

    Raises:
        SymbolError: a reference names no label of this program.
        OperandError: a conditional jump's label is too far for 16 bits, or there is no such byte order.
    """
    from ebpfasm.asm.program import Instructions

    resolved = program.resolved()
    plain = Instructions(
        instruction if instruction.reference is None else instruction.with_reference(None) for instruction in resolved
    )
    data = plain.encode(byteorder)
    unit_of = program.symbols()
    labels: dict[int, str] = {}
    for label, unit in unit_of.items():
        labels.setdefault(unit, label)
    placed = list(steps(program))
    starts = {step.unit for step in placed}
    if program.end_symbols:
        starts.add(len(data) // 8)
    for step, waiting in zip(placed, resolved, strict=True):
        instruction = step.instruction
        for symbol in instruction.symbols:
            yield Line(symbol)
        raws = [data[at : at + 8].hex(" ") for at in range(step.unit * 8, (step.unit + instruction.units) * 8, 8)]
        if waiting.reference is not None:
            raws[0] = raws[0][:12] + ".. .. .. .."
        note = instruction.comment or _lead(step, starts, labels, len(data) // 8) or note_of(instruction)
        line = Line("", tuple(raws), str(instruction), " ".join(note.split("\n")))
        line.step = step
        yield line
    for symbol in program.end_symbols:
        yield Line(symbol)


def note_of(instruction: Instruction) -> str:
    """What the text of an instruction leaves to know: the helper it calls, the fd of a map."""
    from ebpfasm.asm.helpers import HELPERS
    from ebpfasm.asm.jump import HelperForm

    form = instruction.form
    if isinstance(form, HelperForm) and 0 < instruction.imm < len(HELPERS):
        return HELPERS[instruction.imm].kernel_name
    if form is not None and form.reference == "map" and instruction.reference is None:
        return f"map fd {instruction.imm & 0xFFFFFFFF}"
    return ""


def _lead(step: Step, starts: set[int], labels: dict[int, str], units: int) -> str:
    """Where a call or a `LoadFunc` leads, which no arrow shows, or a jump to where no arrow can end."""
    target = step.target
    if target is None:
        return ""
    if target not in starts:
        return f"into the 64-bit load at {target - 1}" if 0 <= target < units else f"out of the program, to {target}"
    if step.kind in JUMPS:
        return ""
    name = labels.get(target) if step.instruction.reference is None else None
    return f"function {name} at {target}" if name else f"function at {target}"

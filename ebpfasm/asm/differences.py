"""The difference of two programs, for people: what was added, removed and changed, and how."""

from __future__ import annotations

from difflib import SequenceMatcher

from ebpfasm.asm.flow import Step, steps
from ebpfasm.asm.listing import note_of
from ebpfasm.asm.writer import name_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Sequence

    from ebpfasm.asm.form import Operand
    from ebpfasm.asm.instruction import Instruction
    from ebpfasm.asm.program import Instructions

    Pair = tuple[int | None, int | None]
    Line = tuple[str, int | str, int | str, Step | str]  # mark, the units in both programs, an instruction or the text

__all__ = ["Comparison", "difference", "folded", "line_text"]

CONTEXT = 3
"""So many unchanged lines stand on either side of a change."""

FIELDS = ("opcode", "dst", "src", "off", "imm")

COLOURS = {"-": "31", "+": "32", "~": "33", " ": ""}
"""The graphic rendition (ECMA-48 §8.3.117) of each kind of line."""

MANY = 1 << 22
"""More comparisons than these, and difflib may take its shortcut: it finds less that is alike, but in time."""


def difference(a: Instructions, b: Instructions, *, color: bool = False) -> str:
    """What of program ``a`` became what in program ``b``; empty if nothing differs.

    Each line begins with ``-`` (only in ``a``), ``+`` (only in ``b``) or ``~`` (names what differs between the two
    lines above it), and has the unit numbers in ``a`` and in ``b``. Labels and comments count. Where a jump leads is
    compared by the label or by the instruction there, not by the distance: a jump whose target only moved is
    unchanged, and one that no longer leads to what was its target is not.

    Args:
        color: with escape sequences for a terminal.
    """
    written = []
    for mark, old, new, what in folded(Comparison(a, b).lines()):
        text = what if isinstance(what, str) else line_text(what.instruction)
        line = f"{mark} {old:>5} {new:>5}  {text}"
        written.append(f"\x1b[{COLOURS[mark]}m{line}\x1b[0m" if color and COLOURS[mark] else line)
    return "\n".join(written)


class Comparison:
    """Two programs, and which instruction of one stands for which of the other."""

    def __init__(self, a: Instructions, b: Instructions) -> None:
        self.old, self.new = list(steps(a)), list(steps(b))
        self.end_symbols = a.end_symbols, b.end_symbols
        self.pairs = list(_aligned(self.old, self.new))
        ends = len(self.old), len(self.new)
        self.partner = {i: j for i, j in (*self.pairs, ends) if i is not None and j is not None}
        self.partnered = set(self.partner.values())
        self.old_at = {step.unit: number for number, step in enumerate(self.old)} | {a.units: ends[0]}
        self.new_at = {step.unit: number for number, step in enumerate(self.new)} | {b.units: ends[1]}

    def lines(self) -> Iterator[Line]:
        """All lines."""
        for i, j in self.pairs:
            x = None if i is None else self.old[i]
            y = None if j is None else self.new[j]
            yield from _labels(x.instruction.symbols if x else (), y.instruction.symbols if y else ())
            changes = self.changes(x, y) if x and y else []
            if x and y and not changes:
                yield " ", x.unit, y.unit, x
                continue
            if x:
                yield "-", x.unit, "", x
            if y:
                yield "+", "", y.unit, y
            if changes:
                yield "~", "", "", ", ".join(changes)
        yield from _labels(*self.end_symbols)

    def changes(self, x: Step, y: Step) -> list[str]:
        """What differs between two instructions that stand for each other."""
        old, new = x.instruction, y.instruction
        found = [] if old == new else _field_changes(old, new)
        if x.kind and y.kind:
            found += self.target_change(x, y)
        if old.comment != new.comment:
            found.append(f"comment {_quoted(old.comment)} -> {_quoted(new.comment)}")
        return found

    def target_change(self, x: Step, y: Step) -> list[str]:
        """What differs in where two jumps or calls lead."""
        names = x.instruction.reference, y.instruction.reference
        if None not in names:
            return [] if names[0] == names[1] else [f"target {names[0]} -> {names[1]}"]
        at, to = self.old_at.get(_unit(x)), self.new_at.get(_unit(y))
        moved = ""
        if at is not None and to is not None and at in self.partner:
            now = self.partner[at]
            if now == to:
                return []
            unit = self.new[now].unit if now < len(self.new) else max(self.new_at)
            moved = f" (what was at {_unit(x)} is now at {unit})"
        elif (at is None or to is None or to not in self.partnered) and _unit(x) - x.unit == _unit(y) - y.unit:
            return []  # out of the program, or to what was replaced: there is only the distance to compare
        elif at is not None:
            moved = f" (what was at {_unit(x)} is gone)"
        return [f"target {_target(x)} -> {_target(y)}{moved}"]


def _aligned(old: list[Step], new: list[Step]) -> Iterator[Pair]:
    """The numbers of the instructions that stand for each other, in the order of both programs."""
    for tag, i, i_end, j, j_end in _opcodes([_key(step) for step in old], [_key(step) for step in new]):
        if tag == "equal":
            yield from zip(range(i, i_end), range(j, j_end), strict=True)
            continue
        codes = [step.instruction.opcode for step in old[i:i_end]], [step.instruction.opcode for step in new[j:j_end]]
        for _, start, end, to, to_end in _opcodes(*codes):
            if end - start == to_end - to:
                yield from zip(range(i + start, i + end), range(j + to, j + to_end), strict=True)
            else:
                yield from ((number, None) for number in range(i + start, i + end))
                yield from ((None, number) for number in range(j + to, j + to_end))


def _opcodes(a: Sequence[Hashable], b: Sequence[Hashable]) -> Iterator[tuple[str, int, int, int, int]]:
    """difflib's opcodes; what begins and ends alike, which is most, is not left to it."""
    least = min(len(a), len(b))
    head = next((number for number in range(least) if a[number] != b[number]), least)
    least -= head
    tail = next((number for number in range(least) if a[-1 - number] != b[-1 - number]), least)
    a_end, b_end = len(a) - tail, len(b) - tail
    if head:
        yield "equal", 0, head, 0, head
    shortcut = (a_end - head) * (b_end - head) > MANY
    matcher = SequenceMatcher(None, a[head:a_end], b[head:b_end], autojunk=shortcut)
    for tag, i, i_end, j, j_end in matcher.get_opcodes():
        yield tag, head + i, head + i_end, head + j, head + j_end
    if tail:
        yield "equal", a_end, len(a), b_end, len(b)


def _key(step: Step) -> Hashable:
    """What two instructions must share to be the same but for where they lead."""
    instruction = step.instruction
    off, imm = instruction.off, instruction.imm
    if step.kind and instruction.form is not None:
        if any(operand.kind == "label" and operand.field == "off" for operand in instruction.form.operands):
            off = 0
        else:
            imm = 0
    return instruction.opcode, instruction.dst, instruction.src, off, imm


def _field_changes(x: Instruction, y: Instruction) -> list[str]:
    """The differing fields of two instructions, but for labels: ``imm 5 -> 7``."""
    one, other = x.form, y.form
    if one is None or other is None or (one is not other and one.name == other.name):
        values = [(name, getattr(x, name), getattr(y, name)) for name in FIELDS]
        shown = "{} {:#04x} -> {:#04x}", "{} {} -> {}"
        return [shown[name != "opcode"].format(name, old, new) for name, old, new in values if old != new]
    found = [] if one is other else [f"{one.name} -> {other.name}"]
    for operand in one.operands:
        if operand.kind == "label" or operand not in other.operands:
            continue
        before, after = _shown(operand, x), _shown(operand, y)
        shared = sum(operand.field == each.field for each in one.operands) > 1
        if before != after:
            found.append(f"{operand.name if shared or operand.kind == 'map' else operand.field} {before} -> {after}")
        elif operand.kind == "map" and x.reference != y.reference:
            found.append(f"{operand.name} {before} -> another {after}")
    return found


def _shown(operand: Operand, instruction: Instruction) -> str:
    if operand.kind == "map" and instruction.reference is not None:
        return name_of(instruction.reference)
    return f"{'r' if operand.kind == 'register' else ''}{operand.of(instruction)}"


def _unit(step: Step) -> int:
    """The unit it leads to; one that no program has, for a label its program does not have."""
    return -(1 << 40) if step.target is None else step.target


def _target(step: Step) -> str:
    return step.instruction.reference or str(step.target)


def _quoted(comment: str | None) -> str:
    return "none" if comment is None else repr(comment)


def line_text(instruction: Instruction) -> str:
    """What a difference shows of an instruction: its text, and its comment or what is known of it."""
    note = instruction.comment or note_of(instruction)
    return f"  {instruction}" + (f"  ; {' '.join(note.split(chr(10)))}" if note else "")


def _labels(old: tuple[str, ...], new: tuple[str, ...]) -> Iterator[Line]:
    if not old and not new:  # as nearly everywhere
        return
    for tag, i, i_end, j, j_end in _opcodes(old, new):
        if tag == "equal":
            yield from ((" ", "", "", f"{name}:") for name in old[i:i_end])
        else:
            yield from (("-", "", "", f"{name}:") for name in old[i:i_end])
            yield from (("+", "", "", f"{name}:") for name in new[j:j_end])


def folded(lines: Iterator[Line]) -> Iterator[Line]:
    """The lines with long unchanged runs left out; none if all are unchanged."""
    run: list[Line] = []
    changed = False
    for line in lines:
        if line[0] == " ":
            run.append(line)
            continue
        yield from _shortened(run, CONTEXT if changed else 0, CONTEXT)
        run.clear()
        changed = True
        yield line
    if changed:
        yield from _shortened(run, CONTEXT, 0)


def _shortened(run: list[Line], first: int, last: int) -> Iterator[Line]:
    """An unchanged run with so many lines of its beginning and its end, and how many are between."""
    left_out = len(run) - first - last
    if left_out < 2:
        yield from run
        return
    yield from run[:first]
    yield " ", "…", "…", f"{left_out} unchanged lines"
    yield from run[len(run) - last :]

"""Two programs beside each other, for an assertion that found them different."""

from __future__ import annotations

from ebpfasm.asm.differences import Comparison, folded, line_text
from ebpfasm.asm.instruction import Instruction
from ebpfasm.asm.program import Instructions
from ebpfasm.errors import DecodeError

TYPE_CHECKING = False
if TYPE_CHECKING:
    Row = tuple[int | str, str, str, int | str, str]  # unit, text, mark, unit, text

__all__ = ["explanation", "side_by_side"]

WIDEST = 60
"""What is longer on the left is cut: the two sides should stay in sight of each other."""


def explanation(left: object, right: object) -> list[str] | None:
    """The lines that explain why ``left == right`` does not hold; None for other things than programs."""
    if isinstance(left, Instruction) and isinstance(right, Instruction):
        return [f"{left!r} == {right!r}", *side_by_side(Instructions([left]), Instructions([right]))]
    first, other = _program(left), _program(right)
    if first is None or other is None or not (isinstance(left, Instructions) or isinstance(right, Instructions)):
        return None
    lines = ["two programs are equal"]
    if isinstance(left, bytes) or isinstance(right, bytes):
        lines = ["a program is equal to bytes, which it never is: compare program.encode()"]
    return lines + (side_by_side(first, other) or ["(the bytes are those of the program)"])


def _program(given: object) -> Instructions | None:
    if isinstance(given, Instructions):
        return given
    if isinstance(given, bytes):
        try:
            return Instructions.decode(given)
        except DecodeError:
            return None
    return None


def side_by_side(left: Instructions, right: Instructions) -> list[str]:
    """The lines of two programs beside each other, those that are equal in both in one row.

    Between them stands ``<`` for what only the left has, ``>`` for what only the right has, and ``|`` for what was
    changed; the line below such a row, marked ``^``, names what differs. Nothing if there is no difference.
    """
    comparison = Comparison(left, right)
    of_right = {step.unit: step.instruction for step in comparison.new}
    rows: list[Row] = []
    for mark, old, new, what in folded(comparison.lines()):
        text = what if isinstance(what, str) else line_text(what.instruction)
        if mark == " ":
            same = text if isinstance(what, str) or not isinstance(new, int) else line_text(of_right[new])
            rows.append((old, text, " ", new, same))
        elif mark == "-":
            rows.append((old, text, "<", "", ""))
        elif mark == "+":
            rows.append(("", "", ">", new, text))
        else:
            _, _, _, unit, its = rows.pop()
            before, its_text, *_ = rows.pop()
            rows += [(before, its_text, "|", unit, its), ("", "", "^", "", f"  {text}")]
    if not rows:
        return [] if left == right else _unlike(left, right)
    width = min(WIDEST, max(len(text) for _, text, *_ in rows))
    return [
        f"{old:>5}  {_cut(text, width):{width}}  {mark} {new:>5}  {other}".rstrip()
        for old, text, mark, new, other in rows
    ]


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"


def _unlike(left: Instructions, right: Instructions) -> list[str]:
    """Programs that do the same, but say it in different ways: a label here, a distance there."""
    return [
        f"{at:>5}  {one!r}  |  {other!r}  (they do the same)"
        for at, (one, other) in enumerate(zip(left, right, strict=True))
        if one != other
    ]

"""What is wrong with a line of assembly text that no form reads: where it goes astray, and what could stand there."""

from __future__ import annotations

from ebpfasm.asm.reader import limits
from ebpfasm.asm.tokens import NAME, NUMBERS, Complaint, Token, shortened

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ebpfasm.asm.reader import Shape

__all__ = ["check_numbers", "lost", "not_said"]


def lost(tokens: list[Token], line: str, shapes: Iterable[Sequence[str]]) -> Complaint:
    """Where the tokens of a line leave all the shapes there are, and what was expected there."""
    if not tokens:
        return Complaint("an instruction is missing", 0)
    best, expected = _furthest(tokens, shapes)
    if best >= len(tokens):
        return Complaint(f"the line ends too early: expected {_told(expected)}", len(line.rstrip()))
    wrong = tokens[best]
    close = _similar(wrong.text, expected)
    meant = f"; did you mean {close!r}?" if close else f": expected {_told(expected)}" if best else ""
    if wrong.kind in ("register", "index"):
        register = next((t for t in reversed(tokens[: best + 1]) if t.kind == "register"), wrong)
        number = next((t.text for t in tokens if t.kind == "index" and t.column > register.column), "")
        return Complaint(f"register {register.text}{number} cannot stand here{meant}", register.column)
    what = "instruction" if best == 0 else "continuation of this instruction"
    return Complaint(f"{shortened(wrong.text)!r} is no {what}{meant}", wrong.column)


def _furthest(tokens: list[Token], shapes: Iterable[Sequence[str]]) -> tuple[int, set[str]]:
    """How many tokens some shape begins with, and the parts with which such shapes go on."""
    given = ["@" if token.kind == "quoted" else token.part for token in tokens]
    best = -1
    expected: set[str] = set()
    for parts in shapes:
        common = 0
        for have, want, token in zip(given, parts, tokens, strict=False):
            if have != want and not (want == "@" and token.kind != "register" and NAME.match(have)):
                break
            common += 1
        if common > best:
            best, expected = common, set()
        if common == best:
            expected.add(parts[common] if common < len(parts) else "the end of the line")
    return best, expected


def _similar(text: str, expected: set[str]) -> str:
    """The expected word that a text was perhaps meant to be, or ""."""
    from difflib import get_close_matches

    known = {word for word in expected if NAME.match(word) and len(word) > 1}
    close = get_close_matches(text, known - {text}, n=1) if len(text) < 40 else []
    return close[0] if close else ""


def _told(expected: set[str]) -> str:
    """The things that could have stood somewhere, in words."""
    names = {"#": "a number", "@": "a name", "r": "a register r0..r10", "w": "a register w0..w10"}
    words = sorted(names.get(part, part if part == "the end of the line" else repr(part)) for part in expected)
    return " or ".join(words[:6]) + (" or …" if len(words) > 6 else "")


def not_said(shapes: Sequence[Shape], tokens: list[Token]) -> Complaint:
    """Which number no form of this shape has where a number says what form it is."""
    numbers = [token for token in tokens if token.kind in NUMBERS]
    for token, (place, _) in zip(numbers, shapes[0].numbers, strict=False):
        if place.register and token.kind != "index":
            return Complaint("the number of a register stands right after its letter", token.column)
    for at, token in enumerate(numbers):
        wanted = {place.name for shape in shapes for place, _ in shape.numbers[at : at + 1] if place.operand is None}
        if wanted and str(token.value) not in wanted:
            return Complaint(f"only {' or '.join(sorted(wanted))} can stand here, not {token.value}", token.column)
    last = next(token for token in reversed(tokens) if token.part == "#")
    return Complaint("no form of this instruction has these numbers", last.column)


def check_numbers(shape: Shape, tokens: list[Token], dialect: str) -> None:
    """Complain of the first number that does not fit its place."""
    seen: dict[str, Token] = {}
    for (place, sign), token in zip(shape.numbers, tokens, strict=True):
        value = token.value * sign
        operand = place.operand
        if operand is None:
            if value != int(place.name):
                raise Complaint(f"only {place.name} can stand here, not {value}", token.column)
            continue
        low, high = limits(place)
        if dialect == "ubpf" and operand.field == "off" and sign > 0 and token.text[:2] in ("0x", "0X"):
            high = 0xFFFF  # upstream's assembler reads 16 bits
        if place.register and (token.text != str(token.value) or not low <= value <= high):
            raise Complaint(f"register must be 0..10, not {shortened(token.text)}", token.column)
        if not low <= value <= high:
            noun = {"off": "offset", "imm": "immediate"}[operand.field]
            noun = "distance" if operand.kind == "label" else noun
            raise Complaint(f"{noun} must be in {low}..{high}, not {value}", token.column)
        other = seen.setdefault(operand.name, token)
        if other.value != token.value:
            raise Complaint(
                f"{shape.form.name} has one {operand.name}: the register here must be {other.text}", token.column
            )

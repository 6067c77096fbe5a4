"""A bytes object in Python."""

from __future__ import annotations

import re

from ebpfasm.cli.formats.format import FormatError, annotated_units

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ebpfasm.asm.program import Instructions
    from ebpfasm.cli.formats.format import Setting

__all__ = ["fits", "read", "write"]

# A comment, or a literal on one line. A literal also matches where its end is missing, so that text is gone
# through once.
COMMENT_OR_LITERAL = r"""(?x)
    \#[^\n]*
  | (?P<b>\b[bB])? (?: "(?P<double>[^"\\\n]*+(?:\\[^\n][^"\\\n]*+)*+) (?P<end>")?
                     | '(?P<single>[^'\\\n]*+(?:\\[^\n][^'\\\n]*+)*+) (?P<END>')? )
"""
# What may be left: an assignment or none, then literals. " stands for a str literal, b" for bytes.
SHAPE = r'(?:[A-Za-z_]\w*(?::bytes)?=)?(?:bytes\.fromhex\("+,?\)|\((?:b")+\)|(?:b")+);?'
START = r'(?:[A-Za-z_]\w*(?::bytes)?=)?(?:bytes\.fromhex\(|\(?b")'
ESCAPE = r"\\(?:x([0-9a-fA-F]{2})|([0-3]?[0-7]{1,2})|([\\'\"abfnrtv]))|([ -\[\]-~])|(.)"
CONTROL = dict(zip("\\'\"abfnrtv", b"\\'\"\a\b\f\n\r\t\v", strict=True))


def write(program: Instructions, setting: Setting) -> str:
    """An assignment, with a comment at each unit."""
    rows = [f'    "{unit.hex()}"  # {text}' for unit, text in annotated_units(program, setting.byteorder)]
    about = [f"# {line}".rstrip() for line in setting.about.splitlines()]
    return "\n".join([*about, f"{setting.name} = bytes.fromhex(", *(rows or ['    ""']), ")", ""])


def read(text: str) -> bytes:
    """The bytes of ``bytes.fromhex("…")`` or ``b"…"``, assigned to a name or not; nothing is evaluated."""
    shape, literals = _parts(text)
    if not re.fullmatch(SHAPE, shape):
        raise FormatError('this must be one bytes.fromhex("…") or b"…", assigned to a name or not', text, 0)
    if literals[0]["b"]:
        return b"".join(_of_literal(match, text) for match in literals)
    found = []
    for match in literals:
        try:
            found.append(bytes.fromhex(_inside(match)))
        except ValueError:
            raise FormatError("fromhex takes pairs of hexadecimal digits", text, match.start()) from None
    return b"".join(found)


def fits(text: str) -> bool:
    """Whether the text begins as one of these."""
    return re.match(START, _parts(text)[0]) is not None


def _parts(text: str) -> tuple[str, list[re.Match[str]]]:
    """The text without comments and blanks, with a ``"`` for each literal, and the literals."""
    literals: list[re.Match[str]] = []

    def stand_in(match: re.Match[str]) -> str:
        if match[0].startswith("#"):
            return ""
        literals.append(match)
        if not (match["end"] or match["END"]):
            return "?"  # which no shape has
        return 'b"' if match["b"] else '"'

    return "".join(re.sub(COMMENT_OR_LITERAL, stand_in, text).split()), literals


def _inside(match: re.Match[str]) -> str:
    return match["double"] or match["single"] or ""


def _of_literal(literal: re.Match[str], text: str) -> bytes:
    found = bytearray()
    start = literal.start("single" if literal["double"] is None else "double")
    for match in re.finditer(ESCAPE, _inside(literal)):
        two_digits, octal, control, plain, wrong = match.groups()
        if wrong:
            raise FormatError(f"{wrong!a} cannot stand here in a bytes literal", text, start + match.start())
        if two_digits or octal:
            found.append(int(two_digits or octal, 16 if two_digits else 8))
        else:
            found.append(ord(plain) if plain else CONTROL[control])
    return bytes(found)

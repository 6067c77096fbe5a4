"""An array of bytes in C."""

from __future__ import annotations

import re

from ebpfasm.cli.formats.format import FormatError, annotated_units

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ebpfasm.asm.program import Instructions
    from ebpfasm.cli.formats.format import Setting

__all__ = ["fits", "read", "write"]

# Comments, lines of the preprocessor, and literals: in them nothing else begins. Each also matches where its end
# is missing, so that text is gone through once.
OPAQUE = (
    r"/\*.*?(?:\*/|\Z)|//[^\n]*|^[ \t]*\#[^\n]*"
    r'|"[^"\\\n]*+(?:\\[^\n][^"\\\n]*+)*+"?'
    r"|'[^'\\\n]*+(?:\\[^\n][^'\\\n]*+)*+'?"
)
DECLARED_ARRAY = r"\[[^][]*\][^][{};=]*=\s*\{"
BYTE_TYPE = r"\b(?:char|u?int8_t|(?:__)?[us]8|byte|BYTE)\b"
BYTE = r"0[xX][0-9a-fA-F]{1,2}|0[bB][01]{1,8}|0[0-7]{0,3}|[1-9][0-9]{0,2}"


def write(program: Instructions, setting: Setting) -> str:
    """A declaration with a comment at its head and one at each unit."""
    about = setting.about or f"eBPF for {setting.byteorder}-endian machines."
    lines = about.splitlines()
    head = [f"/* {lines[0]} */"] if len(lines) == 1 else ["/*", *(f" * {line}".rstrip() for line in lines), " */"]
    rows = [
        f"    {' '.join(f'{byte:#04x},' for byte in unit)}  /* {text.replace('*/', '* /')} */"
        for unit, text in annotated_units(program, setting.byteorder)
    ]
    declaration = (
        f"{setting.storage} unsigned char {setting.name}[{program.units * 8}] __attribute__((aligned(8))) = {{"
    )
    return "\n".join([*head, declaration, *rows, "};", ""])


def read(text: str) -> bytes:
    """The bytes of the one array that the text declares."""
    code = _blanked(text)
    braces = [match.end() for match in re.finditer(r"=\s*\{", code)]
    if len(braces) != 1:
        reason = "there must be one array here, and this is a second" if braces else "there is no array: name[] = { … }"
        raise FormatError(reason, text, braces[1] - 1 if braces else 0)
    start = braces[0]
    declaration = re.split(r"[;}]", code[:start])[-1]
    if not re.search(BYTE_TYPE, declaration):
        reason = "this must be an array of bytes: unsigned char, uint8_t or the like"
        raise FormatError(reason, text, start - len(declaration.lstrip()))
    end = code.find("}", start)
    if end < 0:
        raise FormatError("the array has no end", text, start - 1)
    return bytes(_bytes_between(code, start, end, text))


def _bytes_between(code: str, start: int, end: int, text: str) -> list[int]:
    *items, last = code[start:end].split(",")
    if last.strip():
        items.append(last)
    found = []
    at = start
    for item in items:
        word = item.strip()
        value = -1
        if re.fullmatch(BYTE, word):
            value = int(word, 8) if re.fullmatch("0[0-7]+", word) else int(word, 0)
        if not 0 <= value <= 255:
            raise FormatError(
                f"{word[:40]!a} is no byte: a number in 0..255", text, at + len(item) - len(item.lstrip())
            )
        found.append(value)
        at += len(item) + 1
    return found


def fits(text: str) -> bool:
    """Whether an array is declared here and given its elements."""
    return not text.lstrip().startswith("{") and re.search(DECLARED_ARRAY, _blanked(text)) is not None


def _blanked(text: str) -> str:
    """The text with spaces for comments, literals and lines of the preprocessor; every offset is as before."""
    return re.sub(OPAQUE, lambda match: re.sub(r"[^\n]", " ", match[0]), text, flags=re.DOTALL | re.MULTILINE)

"""Bytes as digits and nothing else: hexadecimal, and base64."""

from __future__ import annotations

import re

from ebpfasm.cli.formats.format import FormatError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ebpfasm.asm.program import Instructions
    from ebpfasm.cli.formats.format import Setting

__all__ = ["fits_base64", "fits_hex", "read_base64", "read_hex", "write_base64", "write_hex"]

# What stands between two separators: pairs of digits, one byte as C writes it, or bytes as a shell does.
HEX_WORD = r"(?:[0-9a-fA-F]{2})+|0[xX][0-9a-fA-F]{2}|(?:\\x[0-9a-fA-F]{2})+"
NEITHER_WORD_NOR_SPACE = r"[^\s,:]+"


def write_hex(program: Instructions, setting: Setting) -> str:
    """All bytes on one line."""
    return program.encode(setting.byteorder).hex() + "\n"


def read_hex(text: str) -> bytes:
    """Bytes of two digits, with spaces, commas or colons between them or not, each after ``0x`` or not."""
    found: list[str] = []
    for match in re.finditer(NEITHER_WORD_NOR_SPACE, text):
        word = match[0]
        if not re.fullmatch(HEX_WORD, word):
            raise _not_hex(word, text, match.start())
        found.append(re.sub(r"^0[xX]|\\x", "", word))
    return bytes.fromhex("".join(found))


def _not_hex(word: str, text: str, start: int) -> FormatError:
    other = re.search(r"[^0-9a-fA-F]", word)
    if other is None:
        return FormatError(f"bytes have two digits, and here are {len(word)}, an odd number", text, start)
    if re.fullmatch(r"0[xX][0-9a-fA-F]+", word):
        return FormatError(
            "this is a number, not a byte; leave out the 0x if these are bytes in their order", text, start
        )
    return FormatError(f"{other[0]!a} is no hexadecimal digit", text, start + other.start())


def fits_hex(text: str) -> bool:
    """Whether there is nothing but bytes in hexadecimal, or nothing at all."""
    return all(re.fullmatch(HEX_WORD, match[0]) for match in re.finditer(NEITHER_WORD_NOR_SPACE, text))


def write_base64(program: Instructions, setting: Setting) -> str:
    """All bytes on one line, in the standard alphabet of RFC 4648."""
    from binascii import b2a_base64

    return b2a_base64(program.encode(setting.byteorder)).decode()


def read_base64(text: str) -> bytes:
    """Base64 in the standard alphabet, on any number of lines."""
    from binascii import Error, a2b_base64

    wrong = re.search(r"[^A-Za-z0-9+/=\s]", text)
    if wrong:
        raise FormatError(f"{wrong[0]!a} is no base64", text, wrong.start())
    try:
        return a2b_base64("".join(text.split()), strict_mode=True)
    except Error as error:
        raise FormatError(f"this is no base64: {error}", text, max(0, len(text.rstrip()) - 1)) from None


def fits_base64(text: str) -> bool:
    """Whether text is base64 as tools write it, of whole units.

    Words on lines of their own are base64 as well, so the lines must be as long as tools make them (64 or 76
    characters); and digits with small letters up to f are taken for hexadecimal, which nearly all such text is.
    """
    lines = text.split()
    widths = {len(line) for line in lines[:-1]}
    if not lines or widths not in (set(), {64}, {76}) or re.search(r"\S[ \t]+\S", text):
        return False
    if re.fullmatch("[0-9a-f]*", "".join(lines)):
        return False
    try:
        return len(read_base64(text)) % 8 == 0
    except FormatError:
        return False

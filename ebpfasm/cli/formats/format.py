"""What a format is: a way to write a program, to read one, or both."""

from __future__ import annotations

import sys

from ebpfasm.asm.program import Instructions
from ebpfasm.errors import EbpfError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Written = str | bytes
    Found = tuple[Instructions, str]
    """A program that was read, and its byte order."""

__all__ = ["Format", "FormatError", "Setting", "annotated_units", "decoded", "of_text", "reading_bytes"]


class FormatError(EbpfError, ValueError):
    """An input is not what its format says; ``line`` and ``column`` (from 1) and ``source`` say where.

    Where no place is to be named, ``line`` is 0.
    """

    def __init__(self, reason: str, text: str = "", offset: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = self.column = 0
        self.source = ""
        if offset is not None:
            start = text.rfind("\n", 0, offset) + 1
            self.line = text.count("\n", 0, offset) + 1
            self.column = offset - start + 1
            self.source = text[start:].partition("\n")[0]


class Setting:
    """What a writer may want to know besides the program.

    Args:
        byteorder: of the machine the program is for.
        name: an identifier in C and Python.
        dialect: of text.
        about: what a file of its own should say at its head; several lines are allowed.
        storage: how C is to declare the array.
    """

    __slots__ = ("about", "byteorder", "dialect", "name", "storage")

    def __init__(
        self, byteorder: str, name: str, *, dialect: str = "llvm", about: str = "", storage: str = "static const"
    ) -> None:
        self.byteorder = byteorder
        self.name = name
        self.dialect = dialect
        self.about = about
        self.storage = storage


class Format:
    """A way to write a program, and to read it again.

    Args:
        write: gives text that ends with a newline, or bytes where ``binary``.
        read: takes the input and the byte order asked for; None where the format cannot be read.
        fits: whether text looks as if it were meant to be read so; only this format should say yes.
    """

    __slots__ = ("binary", "fits", "read", "write")

    def __init__(
        self,
        write: Callable[[Instructions, Setting], Written],
        read: Callable[[bytes, str | None], Found] | None = None,
        fits: Callable[[str], bool] = lambda _: False,
        *,
        binary: bool = False,
    ) -> None:
        self.write = write
        self.read = read
        self.fits = fits
        self.binary = binary


def decoded(data: bytes, byteorder: str | None) -> Found:
    """The program of these bytes, in the byte order asked for or else this machine's."""
    order = byteorder or sys.byteorder
    return Instructions.decode(data, order), order


def reading_bytes(read: Callable[[str], bytes]) -> Callable[[bytes, str | None], Found]:
    """A reader of a format that is text and says nothing but the bytes."""
    return lambda data, byteorder: decoded(read(of_text(data)), byteorder)


def of_text(data: bytes) -> str:
    """Input as text; raises `FormatError` at the first byte that is not UTF-8."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # Its offset counts from behind the mark, if there is one; `data` is what the error was made of then.
        text = error.object.decode(errors="replace")
        before = len(error.object[: error.start].decode(errors="replace"))
        reason = f"this is no text: byte {error.object[error.start]:#04x} is not UTF-8"
        raise FormatError(reason, text, before) from None


def annotated_units(program: Instructions, byteorder: str) -> Iterator[tuple[bytes, str]]:
    """The 8 bytes of each unit and, on one line, the labels and the text of what they are."""
    code = program.encode(byteorder)
    at = 0
    for instruction in program:
        labels = "".join(f"{symbol}: " for symbol in instruction.symbols)
        texts = [f"{labels}{instruction.without_symbols()}", "(its second half)"][: instruction.units]
        for text in texts:
            yield code[at : at + 8], " ".join(text.split())
            at += 8

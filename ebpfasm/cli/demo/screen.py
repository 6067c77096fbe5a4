"""Lines for a person: in colour and refreshed in place on a terminal, plain and final in a pipe."""

from __future__ import annotations

import os
import shutil

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO

__all__ = ["Screen"]

STYLES = {"bold": "1", "dim": "2", "good": "32", "bad": "31", "heading": "1;36"}

# For a stream whose encoding has no lines, arrows and check marks; what else it lacks becomes "?".
ASCII = str.maketrans(
    {"─": "-", "│": "|", "┌": "+", "┐": "+", "└": "+", "┘": "+", "▼": "v", "►": ">"}
    | {"├": "+", "┬": "+", "┴": "+", "↻": "@", "┼": "+", "▲": "^", "✓": "+", "✗": "x", "…": "...", "µ": "u"}
)


class Screen:
    """Writes to a stream as that stream likes it.

    On a terminal that can (TERM is set, and not "dumb") there is a status line; colour too, unless
    ``colour`` is False or the environment has NO_COLOR (https://no-color.org).
    """

    def __init__(self, stream: TextIO, *, colour: bool = True) -> None:
        self._stream = stream
        self._live = stream.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        self._colour = colour and self._live and not os.environ.get("NO_COLOR")
        self._status = 0
        self._encoding = stream.encoding or "utf-8"
        try:
            "─►✓✗".encode(self._encoding)
            self._plain = False
        except UnicodeEncodeError:
            self._plain = True

    def line(self, text: str = "", style: str = "") -> None:
        """Write lines that stay."""
        self.end_status()
        self._stream.write(self._written(f"{self.painted(text, style)}\n"))
        self._stream.flush()

    def heading(self, text: str) -> None:
        """Write the first line of a part."""
        self.line()
        self.line(text, "heading")

    def status(self, text: str) -> None:
        """Write a line that the next one replaces; nothing where that cannot be done."""
        if self._live:
            text = self._written(text)[: shutil.get_terminal_size().columns - 1]
            self._stream.write(f"\r{text.ljust(self._status)}")
            self._stream.flush()
            self._status = len(text)

    def painted(self, text: str, style: str) -> str:
        """The text in a style, where there is colour."""
        return f"\x1b[{STYLES[style]}m{text}\x1b[0m" if self._colour and style else text

    def _written(self, text: str) -> str:
        if not self._plain:
            return text
        return text.translate(ASCII).encode(self._encoding, "replace").decode(self._encoding)

    def end_status(self) -> None:
        """Take the status line away."""
        if self._status:
            width = min(self._status + 2, shutil.get_terminal_size().columns - 1)  # with the ^C of the terminal's echo
            self._stream.write(f"\r{' ' * width}\r")
            self._stream.flush()
            self._status = 0

"""Where the commands read from and write to: files, stdin, stdout; and how they tell what is wrong with an input."""

from __future__ import annotations

import sys

from ebpfasm.errors import EbpfError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace

    from ebpfasm.cli.formats import FormatError
    from ebpfasm.errors import AssemblySyntaxError

__all__ = ["complain", "identifier", "read_input", "refuse_terminal", "stem", "write_output"]

STANDARD = "-"
SHOWN = 160
"""How many characters of a line are shown around the place where it is wrong: a line may be a megabyte."""


def read_input(path: str) -> tuple[str, bytes]:
    """What to call an input in messages, and all of it; ``-`` is stdin."""
    if path != STANDARD:
        with open(path, "rb") as file:
            return path, file.read()
    if sys.stdin is None:  # closed before we were started
        raise EbpfError("there is no stdin to read from")
    return "<stdin>", sys.stdin.buffer.read()


def refuse_terminal(options: Namespace, *, binary: bool) -> None:
    """End in wrong usage where raw bytes would go to a terminal; before anything is read or done."""
    if binary and options.output == STANDARD and sys.stdout is not None and sys.stdout.isatty():
        options.refuse("raw bytes are not for a terminal: give -o FILE, redirect stdout, or take another --format")


def write_output(written: str | bytes, path: str) -> None:
    """Write what a format made to a file, text in UTF-8, or to stdout for ``-``."""
    if path != STANDARD:
        with open(path, "wb") as file:
            file.write(written if isinstance(written, bytes) else written.encode("utf-8", "backslashreplace"))
        return
    if sys.stdout is None:  # closed before we were started
        raise EbpfError("there is no stdout to write to")
    if isinstance(written, bytes):
        sys.stdout.flush()
        sys.stdout.buffer.write(written)
        sys.stdout.buffer.flush()
        return
    try:
        sys.stdout.write(written)
    except UnicodeEncodeError as error:
        from ebpfasm.cli.demo.screen import ASCII

        plain = written.translate(ASCII).encode(error.encoding, "backslashreplace")
        sys.stdout.write(plain.decode(error.encoding))


def stem(path: str) -> str:
    """The name of a program that comes from a file: the file's, without directory and extension."""
    import os

    return "program" if path == STANDARD else os.path.splitext(os.path.basename(path))[0]


def identifier(name: str) -> str:
    """A name for C and Python that is none of their keywords: ``two-words`` becomes ``two_words_code``."""
    import re

    return re.sub(r"^(?=[0-9])", "_", re.sub(r"[^A-Za-z0-9_]", "_", name)) + "_code"


def complain(where: str, error: AssemblySyntaxError | FormatError | EbpfError) -> None:
    """Tell what is wrong with an input as compilers do: ``file:line:column: message``, the line, and a caret."""
    line = getattr(error, "line", 0)
    if not line:
        print(f"{where}: {' '.join(str(error).split())}", file=sys.stderr)
        return
    column, source = getattr(error, "column", 1), getattr(error, "source", "")
    start = max(0, column - 1 - SHOWN // 2) if len(source) > SHOWN else 0
    shown = source[start : start + SHOWN]
    # One column for each character, so that the caret stands where it should, and none that a terminal would obey.
    plain = "".join(each if each.isprintable() or each == "\t" else "\ufffd" for each in shown)
    before = "".join("\t" if each == "\t" else " " for each in plain[: column - 1 - start])
    reason = getattr(error, "reason", str(error))
    print(f"{where}:{line}:{column}: {reason}\n  {plain.rstrip()}\n  {before}^", file=sys.stderr)

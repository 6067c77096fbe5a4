"""``ebpfasm asm``: assembly text to bytes."""

from __future__ import annotations

import re
import sys

from ebpfasm.asm.program import Instructions
from ebpfasm.asm.syntax import DIALECTS
from ebpfasm.cli.formats import CODE, FORMATS, FormatError, Setting, of_text
from ebpfasm.cli.streams import complain, identifier, read_input, refuse_terminal, stem, write_output
from ebpfasm.errors import AssemblySyntaxError, EbpfError, EncodeError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator

    from ebpfasm.asm.instruction import Instruction

__all__ = ["assemble"]

WORD = r'//.*|#.*|/\*.*?\*/|"[^"]*"|[\w.$]+'
"""Comments too, so that no word is found in them."""


def assemble(options: Namespace) -> bool:
    """Do it, or tell on stderr all that is wrong with the text; whether it could be done."""
    form = FORMATS[options.format or CODE[0]]
    refuse_terminal(options, binary=form.binary)
    where, data = read_input(options.file)
    try:
        program = _parsed(of_text(data), options.dialect)
        written = form.write(program, Setting(options.byteorder, identifier(stem(options.file))))
    except AssemblySyntaxError as error:
        for mistake in error.errors:
            complain(where, mistake)
        _suggest_dialect(where, of_text(data), options.dialect, error)
        return False
    except (FormatError, EncodeError) as error:
        complain(where, error)
        return False
    write_output(written, options.output)
    return True


def _suggest_dialect(where: str, text: str, dialect: str, error: AssemblySyntaxError) -> None:
    """Tell, of a text that is wrong from its first instruction on, in which other dialect it can be read."""
    before = "\n".join(text.split("\n")[: error.line - 1])
    if error.source[: error.column - 1].strip() or _is_program(before, dialect):
        return
    for other in DIALECTS:
        if other != dialect and _is_program(text, other):
            print(f"{where}: this can be read with --dialect {other}", file=sys.stderr)


def _is_program(text: str, dialect: str) -> bool:
    """Whether a text can be read in a dialect, and has an instruction."""
    try:
        return bool(Instructions.parse(text, dialect))
    except AssemblySyntaxError:
        return False


def _parsed(text: str, dialect: str) -> Instructions:
    """The program; raises `AssemblySyntaxError` also for each name in it that nothing has."""
    program = Instructions.parse(text, dialect)
    labels = program.symbols()
    names = {
        item.reference
        for item in program
        if item.reference is not None and (item.reference not in labels or _kind(item) == "map")
    }
    if names:
        mistakes = list(_uses(names, list(labels), text, dialect))
        if mistakes:  # else encoding it will tell
            first = mistakes[0]
            raise AssemblySyntaxError(
                first.reason, line=first.line, column=first.column, source=first.source, errors=tuple(mistakes)
            )
    return program


def _uses(names: set[str], labels: list[str], text: str, dialect: str) -> Iterator[AssemblySyntaxError]:
    """A mistake for each line that refers to one of these names, found by reading the lines that have it once more."""
    for number, line in enumerate(text.split("\n"), 1):
        for word in re.finditer(WORD, line):
            name = word[0].strip('"')
            if name not in names:
                continue
            try:
                items = Instructions.parse(line, dialect)
            except EbpfError:  # half a comment, say
                break
            kinds = [_kind(item) for item in items if item.reference == name]
            if kinds:
                reason = _missing(name, kinds[0], labels)
                yield AssemblySyntaxError(reason, line=number, column=word.start() + 1, source=line)


def _kind(item: Instruction) -> str | None:
    """What an instruction can refer to: a label, or a map."""
    return item.form.reference if item.form else None


def _missing(name: str, kind: str | None, labels: list[str]) -> str:
    from difflib import get_close_matches

    if kind == "map":
        return f"map {name!r} has no file descriptor here: give it as a number, ld_pseudo r1, 1, 5"
    close = get_close_matches(name, labels, n=1)
    return f"label {name!r} is not defined" + (f"; did you mean {close[0]!r}?" if close else "")

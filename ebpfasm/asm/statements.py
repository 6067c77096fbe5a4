"""The statements of assembly text, without comments: each with its line (from 1) and column (from 0)."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Statement = tuple[int, int, str]

__all__ = ["kernel_statements", "statements"]

# What is quoted is found first, so that nothing in it is taken for a comment or a separator. It ends with the line at
# the latest: each character of noise is looked at once.
QUOTED = r'"(?:\\[^\n]|[^"\\\n])*"?' + r"|'(?:\\[^\n]|[^'\\\n])'"
COMMENT = re.compile(rf"{QUOTED}|(#|//).*")
BLOCK_COMMENT = re.compile(rf"{QUOTED}|//[^\n]*|#[^\n]*|(/\*.*?(?:\*/|\Z))", re.DOTALL)
STATEMENT = re.compile(rf"(?:{QUOTED}|[^;\"']+|')+")
# `12: (b7) r0 = 0 ; R0=0`, as the verifier and bpftool number their lines.
NUMBERED = re.compile(r"\s*([0-9]{1,9}): \(([0-9a-f]{2})\) ")
OPCODE_BYTES = re.compile(r"\s*(?:[0-9a-f]{2} )+[0-9a-f]{2}\s*\Z")
CALLED = re.compile(r"(\s*call pc[+-][0-9]+)#\S*\s*\Z")  # bpftool names the function it jumps to


def statements(text: str, dialect: str) -> list[Statement]:
    """Those of clang's text or ubpf's; some may be nothing but spaces."""
    if "/*" in text and dialect == "llvm":
        text = BLOCK_COMMENT.sub(lambda match: _blanked(match[0]) if match[1] else match[0], text)
    lines = text.split("\n")
    for mark in ("#", "//") if dialect == "llvm" else ("#",):
        if mark in text:
            lines = [_uncommented(line, mark) if mark in line else line for line in lines]
    found: list[Statement] = []
    for number, line in enumerate(lines, 1):
        if ";" in line:
            found += [(number, match.start(), match[0]) for match in STATEMENT.finditer(line)]
        elif line:
            found.append((number, 0, line))
    return found


def _uncommented(line: str, mark: str) -> str:
    """A line without its comment, which begins with this mark where that is not quoted."""
    if '"' in line or "'" in line:
        return COMMENT.sub(lambda match: "" if match[1] else match[0], line)
    return line.partition(mark)[0].rstrip()


def _blanked(text: str) -> str:
    """As many spaces, and the line ends where they were, so that lines and columns stay what they are."""
    return "".join("\n" if character == "\n" else " " for character in text)


def kernel_statements(text: str, mistake: Callable[[int, int, str], None]) -> list[Statement]:
    """Those of a verifier log or a dump; with numbered lines among them, only these are instructions.

    The verifier prints an instruction each time it comes along, so the numbers say which ones there are.
    ``mistake`` is told of one that is missing, or there in two versions.
    """
    numbered: dict[int, Statement] = {}
    wide: set[int] = set()
    plain: list[Statement] = []
    for number, line in enumerate(text.split("\n"), 1):
        prefix = NUMBERED.match(line)
        start = prefix.end() if prefix else 0
        statement = line[start:].partition(";")[0].rstrip()
        if "#" in statement and (called := CALLED.match(statement)):
            statement = called[1]
        if prefix is not None:
            if prefix[2] == "18":
                wide.add(int(prefix[1]))
            first = numbered.setdefault(int(prefix[1]), (number, start, statement))
            if first[2] != statement:
                mistake(number, start, f"instruction {prefix[1]} is another one on line {first[0]}")
        elif not numbered and statement and not statement.isspace() and not OPCODE_BYTES.match(line):
            plain.append((number, start, statement))
    order = sorted(numbered)
    follows = order[0] if order else 0
    for at in order:
        if at != follows:  # jumps over what is missing would lead elsewhere
            number, start, _ = numbered[at]
            mistake(number, start, f"instruction {follows} is missing, the one before this")
        follows = at + (2 if at in wide else 1)
    return [numbered[at] for at in order] or plain

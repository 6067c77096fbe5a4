"""The tokens of a line of assembly text: words, registers, numbers, quoted names and signs, and where they stand."""

from __future__ import annotations

import re

__all__ = ["NAME", "NUMBERS", "REGISTER_NAME", "WORD", "Complaint", "Token", "integer", "shortened", "spelled",
           "tokens_of", "unescaped"]  # fmt: skip

WORD = r"[A-Za-z_.$][\w.$]*"
NAME = re.compile(rf"{WORD}\Z")
REGISTER_NAME = re.compile(r"[rw]\d+\Z")
TOKEN = re.compile(
    rf"\s*(?:(?P<register>[rw](?=\d+\b))|(?P<word>{WORD})|(?P<number>\d\w*)|(?P<quoted>\"(?:\\.|[^\"\\])*\")"
    r"|(?P<char>'(?:\\.|[^'\\])')|(?P<other>\S))"
)
LITERAL = re.compile(r"(0[xX][0-9a-fA-F]+|0[bB][01]+|[0-9]+)[uU]?[lL]{0,2}[uU]?\Z")
ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0"}

NUMBERS = ("number", "index")  # an index is that of a register
LONGEST_NUMBER = 66  # "0b" and 64 binary digits; int() of a million digits takes its time
MOST_TOKENS = 200  # of a line: no instruction has so many, and looking at a million takes its time


class Complaint(Exception):
    """What is wrong with a line, and the column (from 0) where; for the caller to tell with the line."""

    def __init__(self, message: str, column: int) -> None:
        super().__init__(message)
        self.message = message
        self.column = column


class Token:
    """A word, number, sign … of a line, and where it stands."""

    __slots__ = ("column", "kind", "text", "value")

    def __init__(self, kind: str, text: str, column: int, value: int = 0) -> None:
        self.kind = kind
        self.text = text
        self.column = column
        self.value = value

    @property
    def part(self) -> str:
        """What stands for it in the shape of its line, if it is no name."""
        if self.kind in NUMBERS:
            return "#"
        return "@@" if self.text == "@" else self.text  # a single one stands for a name


def tokens_of(line: str, dialect: str) -> list[Token]:
    """The tokens of a line; raises `Complaint` for what is none."""
    tokens: list[Token] = []
    for match in TOKEN.finditer(line.rstrip()):
        if len(tokens) == MOST_TOKENS:
            raise Complaint("no instruction is as long as this", 0)
        kind = str(match.lastgroup)
        text, column = match[kind], match.start(kind)
        value = 0
        if kind == "char":
            kind, value = "number", ord(ESCAPES.get(text[2:-1], text[2:-1]) if text[1] == "\\" else text[1])
        elif kind == "number":
            try:
                value = integer(text, dialect)
            except ValueError as error:
                raise Complaint(str(error), column) from None
            if tokens and tokens[-1].kind == "register":
                kind = "index"
        elif kind == "other" and text in "\"'":
            raise Complaint(f"{text} opens something that is not closed on this line", column)
        tokens.append(Token(kind, text, column, value))
    return tokens


def integer(text: str, dialect: str) -> int:
    """The number that a text is; clang's may end with a C suffix, and are octal with a leading 0.

    Raises:
        ValueError: it is none, or too wide for any field.
    """
    literal = LITERAL.match(text)
    if literal is None or (dialect != "llvm" and literal[1] != text):
        raise ValueError(f"{shortened(text)!r} is no number")
    digits = literal[1]
    if len(digits) > LONGEST_NUMBER:
        raise ValueError("the number is too wide for any field")
    if dialect == "llvm" and len(digits) > 1 and digits[0] == "0" and digits.isdigit():
        if not set(digits) <= set("01234567"):
            raise ValueError(f"{digits!r} is no octal number, as its leading 0 says")
        return int(digits, 8)
    return int(digits, 10 if digits.isdigit() else 0)


def shortened(text: str) -> str:
    """A piece of the user's text for a message."""
    return text if len(text) <= 40 else text[:39] + "…"


def unescaped(text: str) -> str:
    """The name that a word or a quoted text is."""
    if not text.startswith('"'):
        return text
    return re.sub(r"\\(.)", lambda match: ESCAPES.get(match[1], match[1]), text[1:-1], flags=re.DOTALL)


def spelled(name: str, words: set[str]) -> str:
    """A name as text that is read as that name: quoted where it is no plain word, or one of the dialect's."""
    if NAME.match(name) and not REGISTER_NAME.match(name) and name not in words and name.isascii():
        return name
    back = {value: key for key, value in ESCAPES.items()}
    escaped = "".join(f"\\{back[c]}" if c in back else f"\\{c}" if c in '"\\' else c for c in name)
    return f'"{escaped}"'

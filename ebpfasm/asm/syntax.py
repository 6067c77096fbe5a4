"""Reading one line of assembly text: it is found by its shape among the shapes of all forms.

The shape of a line is the line with ``#`` for each number and ``@`` for each name, without the spaces that
separate no words: ``r1 += 5`` has the shape ``r#+=#``. The same is made of every template of the table.

For speed there is a step before: the outline of a line, ``r1 += #``, which keeps spaces and registers. When it
comes along first, its shape says which form it is; from then on lines of this outline are read by one look-up
and a function made for them. Only what these refuse is looked at closely.
"""

from __future__ import annotations

import re
from functools import lru_cache

from ebpfasm.asm.folding import folded
from ebpfasm.asm.reader import Shape, first_of, in_two_radixes
from ebpfasm.asm.template import shapes
from ebpfasm.asm.tokens import NUMBERS, REGISTER_NAME, WORD, Complaint, tokens_of, unescaped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ebpfasm.asm.form import Form
    from ebpfasm.asm.instruction import Instruction
    from ebpfasm.asm.reader import Reader
    from ebpfasm.asm.template import Place
    from ebpfasm.asm.tokens import Token

__all__ = ["DIALECTS", "Grammar", "grammar"]

DIALECTS = ("llvm", "kernel", "ubpf")

# The digit comes first and what must stand before it is asked afterwards, so that `re` need not try each character.
NUMBER = re.compile(r"([0-9](?<![\w.$].)(?:(?<=0)[xX][0-9a-fA-F]+|(?<=0)[bB][01]+|[0-9]*))(?![\w.$])")
REGISTER = re.compile(r"(?<=\b[rw])([0-9]+)(?![\w.$])")
PLAIN_NAME = re.compile(rf"(?![rw]\d+\Z){WORD}\Z")
SUM = re.compile(r"#\s*[-+]\s*#")
SHAPE_TOKEN = re.compile(rf"{WORD}|\S")

MOST_READERS = 10_000
LONGEST_OUTLINE = 200  # of a line that can be read at once; no instruction's is as long


@lru_cache(MOST_READERS)
def canonical(shape: str, *, commas: bool) -> str:
    """A shape without the spaces that separate no words, and for clang, which does not need them, without commas."""
    parts: list[str] = []
    word = False
    for token in SHAPE_TOKEN.findall(shape):
        if token == "," and not commas and parts:
            continue
        is_word = token[0].isalpha() or token[0] in "_.$@"
        if word and is_word:
            parts.append(" ")
        parts.append(token)
        word = is_word
    return "".join(parts)


class Grammar:
    """The shapes of one dialect's lines, and how each is read."""

    def __init__(self, dialect: str, forms: tuple[Form, ...]) -> None:
        self.dialect = dialect
        self.commas = dialect != "llvm"
        self.shapes: dict[str, list[Shape]] = {}
        self.words: set[str] = set()
        for form in forms:
            for template in form.texts.get(dialect, ()):
                for shape, numbers in shapes(template, form):
                    alike = self.shapes.setdefault(canonical(shape, commas=self.commas), [])
                    alike.append(Shape(form, numbers, "@" in shape and form.reference is not None, alike))
                    self.words.update(word for word in re.findall(WORD, shape) if word not in ("r", "w"))
        self._readers: dict[str, Reader] = {}  # by outlines
        self._parts: list[list[str]] = []  # of each shape, once a line is found to have none

    def read(self, line: str) -> Instruction:
        """The instruction of a line that has no label and no comment; raises `Complaint`."""
        return self.read_at_once(line) or self._read_closely(line)

    def read_at_once(self, line: str) -> Instruction | None:
        """The instruction of a line, or None: what looks unusual, or may be wrong, is for `read`."""
        parts = NUMBER.split(line)
        outline = "#".join(parts[::2])
        name = None
        reader = self._readers.get(outline)
        if reader is None:
            last = outline.rsplit(None, 1)[-1:]
            if last and PLAIN_NAME.match(last[0]) and last[0] not in self.words:
                name = last[0]
                outline = outline.rstrip()[: -len(name)] + "@"
            reader = self._readers.get(outline) or self._reader_of(outline, name)
            if reader is None:
                return None
        try:
            return reader(parts[1::2], name)
        except (KeyError, ValueError):  # a number does not fit: a closer look will tell which
            return None

    def _reader_of(self, outline: str, name: str | None) -> Reader | None:
        """What reads lines of an outline that has not been seen before, or None."""
        if len(outline) > LONGEST_OUTLINE or '"' in outline or (name is None and "@" in outline):
            return None
        if not self.commas and SUM.search(outline):  # one number for LLVM, not one and another after a comma
            return None
        parts = REGISTER.split(outline)
        alike = self.shapes.get(canonical("#".join(parts[::2]), commas=self.commas), ())
        reader = first_of([shape for shape in alike if shape.named == (name is not None)], parts[1::2])
        if reader is not None:
            if len(self._readers) >= MOST_READERS:  # somebody feeds us noise
                self._readers.clear()
            self._readers[outline] = reader
        return reader

    def _read_closely(self, line: str) -> Instruction:
        """The instruction of a line by its tokens; raises `Complaint`."""
        tokens = tokens_of(line, self.dialect)
        if self.dialect == "llvm":
            tokens = folded(tokens)
        found, names = self._find(tokens)
        if found is None:
            if self.dialect == "llvm" and tokens and tokens[0].text != tokens[0].text.lower():
                # As llvm-mc does: the case of the first word does not matter, that of all others does.
                start, end = tokens[0].column, tokens[0].column + len(tokens[0].text)
                first = line[start:end].lower()
                if first in self.words or REGISTER_NAME.match(first):
                    return self.read(line[:start] + first + line[end:])
            raise self._lost(tokens, line)
        from ebpfasm.asm.diagnosis import check_numbers, not_said

        numbers = [token for token in tokens if token.kind in NUMBERS]
        shape = next((shape for shape in found if said_by(shape, numbers, found)), None)
        if shape is None:
            raise not_said(found, tokens)
        check_numbers(shape, numbers, self.dialect)
        name = unescaped(names[0].text) if names and shape.named else None
        if name == "":
            raise Complaint("a name cannot be empty", names[0].column)
        texts = [wrapped(token, place, sign) for token, (place, sign) in zip(numbers, shape.numbers, strict=True)]
        registers = [text for text, (place, _) in zip(texts, shape.numbers, strict=True) if place.register]
        others = [text for text, (place, _) in zip(texts, shape.numbers, strict=True) if not place.register]
        return shape.reader(registers)(others, name)

    def _find(self, tokens: list[Token]) -> tuple[list[Shape] | None, list[Token]]:
        """The forms of the shape of these tokens, and the tokens that are names: unknown words, or else the last."""
        unknown = [t for t in tokens if t.kind == "quoted" or (t.kind == "word" and t.text not in self.words)]
        words = [t for t in tokens if t.kind in ("word", "quoted")]
        for names in (unknown, [], words[-1:]):
            shape = self.shapes.get(self._shape(tokens, names))
            if shape is not None:
                return shape, names
        return None, []

    def _shape(self, tokens: list[Token], names: list[Token]) -> str:
        parts = ["@" if token in names else token.part for token in tokens]
        return canonical(" ".join(parts), commas=self.commas)

    def _lost(self, tokens: list[Token], line: str) -> Complaint:
        from ebpfasm.asm.diagnosis import lost

        kept = [token for token in tokens if self.commas or token.text != ","]
        if not self._parts:
            self._parts = [SHAPE_TOKEN.findall(shape) for shape in self.shapes]
        return lost(kept, line, self._parts)


def said_by(shape: Shape, numbers: list[Token], shapes: Sequence[Shape]) -> bool:
    """Whether a line's numbers are such as tell this form from the others of its shape."""
    if len(numbers) != len(shape.numbers):  # a sign `#` where there should be a number, or the other way round
        return False
    radix = in_two_radixes(shapes)
    for (place, sign), token in zip(shape.numbers, numbers, strict=True):
        if place.register != (token.kind == "index"):  # `r 1` has the shape of `r1`
            return False
        if place.operand is None:
            if sign != 1 or int(place.name) != token.value:
                return False
        elif radix and not place.register and (place.mark == "#") != (token.text[:2] in ("0x", "0X")):
            return False
    return True


def wrapped(token: Token, place: Place, sign: int) -> str:
    """A number that `check_numbers` has found to fit, as the compiled readers take it."""
    value = token.value
    if place.operand is not None and place.operand.field == "off" and value * sign > place.operand.high:
        value -= 0x10000  # ubpf writes -16 as 0xfff0
    return hex(value) if place.mark == "#" else str(value)


_grammars: dict[str, Grammar] = {}


def grammar(dialect: str) -> Grammar:
    """The grammar of a dialect, made when it is first asked for."""
    from ebpfasm.asm.table import FORMS

    if dialect not in _grammars:
        _grammars[dialect] = Grammar(dialect, FORMS)
    return _grammars[dialect]

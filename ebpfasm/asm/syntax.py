"""Reading one line of assembly text: it is found by its shape among the shapes of all forms.

The shape of a line is the line with ``#`` for each number and ``@`` for each name, without the spaces that
separate no words: ``r1 += 5`` has the shape ``r#+=#``. The same is made of every template of the table, so
a line is read by one look-up and a function made for its form; only what these refuse is looked at closely.
"""

from __future__ import annotations

import re

from ebpfasm.asm.form import Form
from ebpfasm.asm.instruction import Instruction, make, signed64
from ebpfasm.asm.template import Place, shapes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Reader = Callable[[list[str], str | None], Instruction]

__all__ = ["DIALECTS", "Complaint", "Grammar", "grammar", "spelled"]

DIALECTS = ("llvm", "kernel", "ubpf")

WORD = r"[A-Za-z_.$][\w.$]*"
# A number: no part of a word, or what follows the r or w of a register.
NUMBER = re.compile(r"(?:(?<![\w.$])|(?<=\b[rw]))(0[xX][0-9a-fA-F]+|0[bB][01]+|[0-9]+)(?![\w.$])")
TOKEN = re.compile(
    rf"\s*(?:(?P<register>[rw](?=\d+\b))|(?P<word>{WORD})|(?P<number>\d\w*)|(?P<quoted>\"(?:\\.|[^\"\\])*\")"
    r"|(?P<char>'(?:\\.|[^'\\])')|(?P<other>\S))"
)
SHAPE_TOKEN = re.compile(rf"{WORD}|\S")
LITERAL = re.compile(r"(0[xX][0-9a-fA-F]+|0[bB][01]+|[0-9]+)[uU]?[lL]{0,2}[uU]?\Z")
NAME = re.compile(rf"{WORD}\Z")
REGISTER_NAME = re.compile(r"[rw]\d+\Z")

NUMBERS = ("number", "index")  # an index is that of a register
REGISTERS = {str(number): number for number in range(11)}
NAME_STARTS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_.$")
MOST_READERS = 10_000
LONGEST_NUMBER = 66  # "0b" and 64 binary digits; int() of a million digits takes its time
MOST_TOKENS = 200  # of a line: no instruction has so many, and looking at a million takes its time
LONGEST_SHAPE = 200  # that is worth being kept
ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0"}


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


class Shape:
    """How lines of one shape are read as one form."""

    __slots__ = ("_reader", "alike", "form", "numbers")

    def __init__(self, form: Form, numbers: list[tuple[Place, int]], alike: list[Shape]) -> None:
        self.form = form
        self.numbers = numbers
        self.alike = alike  # the forms that lines of this shape can be, this one among them
        self._reader: Reader | None = None

    @property
    def reader(self) -> Reader:
        """The function made for it, when it is first asked for."""
        if self._reader is None:
            self._reader = compile_reader(self)
        return self._reader


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
                    alike.append(Shape(form, numbers, alike))
                    self.words.update(word for word in re.findall(WORD, shape) if word not in ("r", "w"))
        self._readers: dict[str, Reader | None] = {}
        self._parts: list[list[str]] = []  # of each shape, once a line is found to have none

    def read(self, line: str) -> Instruction:
        """The instruction of a line that has no label and no comment; raises `Complaint`."""
        head, space, name = line.rpartition(" ")
        if (space and name in self.words) or name[:1] not in NAME_STARTS or REGISTER_NAME.match(name):
            head, name = line, ""
        parts = NUMBER.split(head)
        raw = "#".join(parts[::2]) + ("@" if name else "")
        try:
            reader = self._readers[raw]
        except KeyError:
            # What is quoted, or has a name elsewhere than at its end, is for the slow way.
            plain = '"' not in raw and (not name or NAME.match(name)) and len(raw) <= LONGEST_SHAPE
            candidates = self.shapes.get(canonical(raw, commas=self.commas), ()) if plain else ()
            candidates = [shape for shape in candidates if not name or shape.form.reference]
            reader = first_of([shape.reader for shape in candidates])
            if len(self._readers) >= MOST_READERS:  # somebody feeds us noise
                self._readers.clear()
            if len(raw) <= LONGEST_SHAPE:
                self._readers[raw] = reader
        if reader is not None and (not name or NAME.match(name)):
            try:
                return reader(parts[1::2], name or None)
            except (KeyError, ValueError):  # a register or a number does not fit: the slow way tells which
                pass
        return self._slowly(line)

    def _slowly(self, line: str) -> Instruction:
        tokens = self._tokens(line)
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
        numbers = [token for token in tokens if token.kind in NUMBERS]
        shape = next((shape for shape in found if said_by(shape, numbers, found)), None)
        if shape is None:
            raise not_said(found, numbers)
        check_numbers(shape, numbers, self.dialect)
        name = unescaped(names[0].text) if names and shape.form.reference else None
        if name == "":
            raise Complaint("a name cannot be empty", names[0].column)
        texts = [wrapped(token, place) for token, (place, _) in zip(numbers, shape.numbers, strict=True)]
        return shape.reader(texts, name)

    def _tokens(self, line: str) -> list[Token]:
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
                value = self._value(text, column)
                if tokens and tokens[-1].kind == "register":
                    kind = "index"
            elif kind == "other" and text in "\"'":
                raise Complaint(f"{text} opens something that is not closed on this line", column)
            tokens.append(Token(kind, text, column, value))
        return tokens

    def _value(self, text: str, column: int) -> int:
        literal = LITERAL.match(text)
        if literal is None or (self.dialect != "llvm" and literal[1] != text):
            raise Complaint(f"{shortened(text)!r} is no number", column)
        digits = literal[1]
        if len(digits) > LONGEST_NUMBER:
            raise Complaint("the number is too wide for any field", column)
        if self.dialect == "llvm" and len(digits) > 1 and digits[0] == "0" and digits.isdigit():
            try:
                return int(digits, 8)  # as in C
            except ValueError:
                raise Complaint(f"{digits!r} is no octal number, as its leading 0 says", column) from None
        return int(digits, 10 if digits.isdigit() else 0)

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
        texts = ["@" if token in names else "#" if token.kind in NUMBERS else token.text for token in tokens]
        return canonical(" ".join(texts), commas=self.commas)

    def _lost(self, tokens: list[Token], line: str) -> Complaint:
        """Where a line leaves the shapes there are, and what was expected there."""
        if not tokens:
            return Complaint("an instruction is missing", 0)
        given = [
            "#" if t.kind in NUMBERS else "@" if t.kind == "quoted" else t.text
            for t in tokens
            if self.commas or t.text != ","
        ]
        kept = [t for t in tokens if self.commas or t.text != ","]
        best = -1
        expected: set[str] = set()
        if not self._parts:
            self._parts = [SHAPE_TOKEN.findall(shape) for shape in self.shapes]
        for parts in self._parts:
            common = 0
            for have, want, token in zip(given, parts, kept, strict=False):
                if have != want and not (want == "@" and token.kind != "register" and NAME.match(have)):
                    break
                common += 1
            if common > best:
                best, expected = common, set()
            if common == best:
                expected.add(parts[common] if common < len(parts) else "the end of the line")
        if best >= len(kept):
            return Complaint(f"the line ends too early: expected {told(expected)}", len(line.rstrip()))
        wrong = kept[best]
        from difflib import get_close_matches

        known = {word for word in expected if NAME.match(word) and len(word) > 1}
        close = get_close_matches(wrong.text, known - {wrong.text}, n=1) if len(wrong.text) < 40 else []
        meant = f"; did you mean {close[0]!r}?" if close else f": expected {told(expected)}" if best else ""
        if wrong.kind in ("register", "index"):
            register = next((t for t in reversed(kept[: best + 1]) if t.kind == "register"), wrong)
            number = next((t.text for t in kept if t.kind == "index" and t.column > register.column), "")
            return Complaint(f"register {register.text}{number} cannot stand here{meant}", register.column)
        what = "instruction" if best == 0 else "continuation of this instruction"
        return Complaint(f"{shortened(wrong.text)!r} is no {what}{meant}", wrong.column)


def told(expected: set[str]) -> str:
    """The things that could have stood somewhere, in words."""
    names = {"#": "a number", "@": "a name", "r": "a register r0..r10", "w": "a register w0..w10"}
    words = sorted(names.get(part, part if part == "the end of the line" else repr(part)) for part in expected)
    return " or ".join(words[:6]) + (" or …" if len(words) > 6 else "")


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


def wrapped(token: Token, place: Place) -> str:
    """A number that `check_numbers` has found to fit, as the compiled readers take it."""
    value = token.value
    if place.operand is not None and place.operand.field == "off" and value > place.operand.high + 1:
        value -= 0x10000  # ubpf writes -16 as 0xfff0
    return hex(value) if place.mark == "#" else str(value)


def in_two_radixes(shapes: Sequence[Shape]) -> bool:
    """Whether forms of one shape are told apart by how a number is written, as the kernel does with 64-bit loads."""
    marks = {
        place.mark
        for shape in shapes
        for place, _ in shape.numbers
        if place.operand is not None and place.operand.kind != "register"
    }
    return {"", "#"} <= marks


def said_by(shape: Shape, numbers: list[Token], shapes: Sequence[Shape]) -> bool:
    """Whether a line's numbers are such as tell this form from the others of its shape."""
    radix = in_two_radixes(shapes)
    for (place, sign), token in zip(shape.numbers, numbers, strict=True):
        if place.operand is None:
            if sign != 1 or int(place.name) != token.value:
                return False
        elif radix and place.operand.kind != "register" and (place.mark == "#") != (token.text[:2] in ("0x", "0X")):
            return False
    return True


def not_said(shapes: Sequence[Shape], numbers: list[Token]) -> Complaint:
    """Which number no form of this shape has where a number says what form it is."""
    for at, token in enumerate(numbers):
        wanted = {place.name for shape in shapes for place, _ in (shape.numbers[at],) if place.operand is None}
        if wanted and str(token.value) not in wanted:
            return Complaint(f"only {' or '.join(sorted(wanted))} can stand here, not {token.value}", token.column)
    return Complaint("no form of this instruction has these numbers", numbers[0].column)


def first_of(readers: list[Reader]) -> Reader | None:
    """One function that tries several in turn."""
    if len(readers) < 2:
        return readers[0] if readers else None

    def try_all(texts: list[str], name: str | None) -> Instruction:
        for reader in readers:
            try:
                return reader(texts, name)
            except (KeyError, ValueError):
                continue
        raise ValueError

    return try_all


PRECEDENCE: tuple[dict[str, Callable[[int, int], int]], ...] = (
    {
        "*": lambda a, b: a * b,
        "/": lambda a, b: (abs(a) // abs(b)) * (1 if (a < 0) == (b < 0) else -1),
        "%": lambda a, b: abs(a) % abs(b) * (-1 if a < 0 else 1),
        "<<": lambda a, b: a << b,
        ">>": lambda a, b: a >> b,
    },
    {"|": lambda a, b: a | b, "&": lambda a, b: a & b, "^": lambda a, b: a ^ b},
    {"+": lambda a, b: a + b, "-": lambda a, b: a - b},
)
"""Operators of constant expressions, those that bind tightest first: as LLVM's assembler has them, not as C does."""
OPERATORS = {operator for operations in PRECEDENCE for operator in operations}


def folded(tokens: list[Token]) -> list[Token]:
    """The tokens with constant expressions worked out, as clang does it: ``1 + 2``, ``1 << 4``."""
    result: list[Token] = []
    at = 0
    while at < len(tokens):
        start = at
        left, at = _signed_number(tokens, at)
        if left is None:
            result.append(tokens[start])
            at = start + 1
            continue
        terms: list[Token] = [left]
        operators: list[str] = []
        while True:
            operator = "".join(token.text for token in tokens[at : at + 2])
            operator = operator if operator in OPERATORS else tokens[at].text if at < len(tokens) else ""
            right, after = _signed_number(tokens, at + len(operator)) if operator in OPERATORS else (None, at)
            if right is None:
                break
            operators.append(operator)
            terms.append(right)
            at = after
        if not operators:
            result += tokens[start:at]
            continue
        value = _worked_out(terms, operators)
        if tokens[start].kind == "other" or value < 0:
            result.append(Token("other", "-" if value < 0 else "+", tokens[start].column))
        result.append(Token("number", str(abs(value)), tokens[start].column, abs(value)))
    return result


def _signed_number(tokens: list[Token], at: int) -> tuple[Token | None, int]:
    """The number that stands there, perhaps with a sign before it, and what is after it; or None."""
    sign = at < len(tokens) and tokens[at].kind == "other" and tokens[at].text in ("-", "+")
    if at + sign >= len(tokens) or tokens[at + sign].kind != "number":
        return None, at
    number = tokens[at + sign]
    value = -number.value if sign and tokens[at].text == "-" else number.value
    return Token("number", number.text, tokens[at].column, value), at + sign + 1


def _worked_out(terms: list[Token], operators: list[str]) -> int:
    """The value of an expression of one term more than operators."""
    for operations in PRECEDENCE:
        values, waiting = [terms[0]], []
        for operator, right in zip(operators, terms[1:], strict=True):
            if operator not in operations:
                waiting.append(operator)
                values.append(right)
                continue
            if operator in ("/", "%") and right.value == 0:
                raise Complaint("division by zero", right.column)
            if operator in ("<<", ">>") and not 0 <= right.value < 64:
                raise Complaint(f"only 0..63 bits can be shifted, not {shortened(str(right.value))}", right.column)
            value = operations[operator](values[-1].value, right.value)
            if abs(value) >= 1 << 64:
                raise Complaint("the number is too wide for any field", values[-1].column)
            values[-1] = Token("number", "", values[-1].column, value)
        terms, operators = values, waiting
    return terms[0].value


def limits(place: Place, dialect: str) -> tuple[int, int]:
    """What numbers are read at a place: the field's, and for immediates the same bits written unsigned."""
    operand = place.operand
    assert operand is not None
    if operand.kind == "register":
        return 0, 10
    if place.mark == "_":
        return -0x80000000, 0xFFFFFFFF
    low, high = operand.low, operand.high
    if operand.field == "imm" and operand.low < 0:
        high = high * 2 + 1 if operand.kind != "label" or operand.shift or operand.bits == 32 else high
    elif operand.field == "imm" and operand.bits == 32:
        low = -0x80000000
    if dialect == "ubpf" and operand.field == "off" and operand.kind == "number":
        high = 0xFFFF
    return low, high


def check_numbers(shape: Shape, tokens: list[Token], dialect: str) -> None:
    """Complain of the first number that does not fit its place."""
    seen: dict[str, Token] = {}
    for (place, sign), token in zip(shape.numbers, tokens, strict=True):
        value = token.value * sign
        operand = place.operand
        if operand is None:
            if value != int(place.name):
                raise Complaint(f"only {place.name} can stand here, not {value}", token.column)
            continue
        low, high = limits(place, dialect)
        if operand.kind == "register" and (token.text != str(token.value) or not low <= value <= high):
            raise Complaint(f"register must be 0..10, not {shortened(token.text)}", token.column)
        if not low <= value <= high:
            noun = {"off": "offset", "imm": "immediate"}[operand.field]
            noun = "distance" if operand.kind == "label" else noun
            raise Complaint(f"{noun} must be in {low}..{high}, not {value}", token.column)
        other = seen.setdefault(operand.name, token)
        if other.value != token.value:
            raise Complaint(
                f"{shape.form.name} has one {operand.name}: the register here must be {other.text}", token.column
            )


def compile_reader(shape: Shape) -> Reader:
    """A function that makes the instruction of a shape from the texts of its numbers and the name in it.

    It raises KeyError or ValueError for numbers that do not fit, or that tell it is another form of that shape.
    """
    form = shape.form
    radix = in_two_radixes(shape.alike)
    source = ["def reader(v, name):"]
    parts: dict[str, list[str]] = {"dst": [], "src": [], "off": [], "imm": []}
    known: dict[str, str] = {}
    for at, (place, sign) in enumerate(shape.numbers):
        operand = place.operand
        if operand is None:
            source.append(f" if int(v[{at}], 0) != {place.name}: raise ValueError")
            continue
        if operand.name in known:
            source.append(f" if v[{at}] != v[{known[operand.name]}]: raise ValueError")
            continue
        known[operand.name] = str(at)
        if operand.kind == "register":
            parts[operand.field].append(f"registers[v[{at}]]")
            continue
        if radix:
            source.append(f" if v[{at}][:2] {'!=' if place.mark == '#' else '=='} '0x': raise ValueError")
        variable = f"n{at}"
        low, high = limits(place, "llvm")
        source.append(f" {variable} = {'-' if sign < 0 else ''}int(v[{at}], 0)")
        source.append(f" if not {low} <= {variable} <= {high}: raise ValueError")
        if place.mark == "_":
            parts[operand.field].append(f"{variable} & 0xFFFFFFFF")
        elif operand.shift or operand.bits < 64:
            parts[operand.field].append(f"({variable} & {(1 << operand.bits) - 1:#x}) << {operand.shift}")
        elif high > operand.high:
            parts[operand.field].append(f"({variable} if {variable} <= {operand.high} else {variable} - {high + 1})")
        else:
            parts[operand.field].append(variable)
    fields = {}
    for field, terms in parts.items():
        wanted = getattr(form, field)
        fields[field] = str(wanted) if isinstance(wanted, int) else " | ".join(terms) or "0"
    if form.opcode == 0x18 and "<<" in fields["imm"]:
        fields["imm"] = f"signed64({fields['imm']})"
    elif "<<" in fields["imm"]:
        fields["imm"] = f"((({fields['imm']}) ^ 0x80000000) - 0x80000000)"
    source.append(
        f" return make({form.opcode}, {fields['dst']} | {fields['src']} << 4, {fields['off']}, {fields['imm']}, "
        f"None if name is None else ((), name, None))"
    )
    scope: dict[str, object] = {"make": make, "registers": REGISTERS, "signed64": signed64}
    exec("\n".join(source), scope)
    return scope["reader"]  # type: ignore[return-value]


_grammars: dict[str, Grammar] = {}


def grammar(dialect: str) -> Grammar:
    """The grammar of a dialect, made when it is first asked for."""
    from ebpfasm.asm.table import FORMS

    if dialect not in _grammars:
        _grammars[dialect] = Grammar(dialect, FORMS)
    return _grammars[dialect]

"""Reading assembly text: labels, directives and instructions become a program, or all their mistakes one error."""

from __future__ import annotations

import re

from ebpfasm.asm.codec import count_wide
from ebpfasm.asm.directives import DATA, FILLING, SECTIONS, WITHOUT_EFFECT, Sections, little_endian, no_directive
from ebpfasm.asm.instruction import LOAD_64
from ebpfasm.asm.program import Instructions, Label
from ebpfasm.asm.statements import kernel_statements, statements
from ebpfasm.asm.syntax import DIALECTS, grammar
from ebpfasm.asm.table import LoadFunc
from ebpfasm.asm.tokens import WORD, Complaint, shortened, unescaped
from ebpfasm.errors import AssemblySyntaxError, DecodeError, OperandError, SymbolError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ebpfasm.asm.instruction import Instruction

__all__ = ["parse"]

LABEL = re.compile(rf"\s*({WORD}|\"(?:\\.|[^\"\\\n])*\")\s*:(?!:)")
MOST_ERRORS = 1000
EXIT = 0x95


def parse(text: str, dialect: str = "llvm") -> Instructions:
    """The program that ``text`` is in a dialect; see `Instructions.parse`."""
    if dialect not in DIALECTS:
        raise OperandError(
            f"parse: dialect must be one of {', '.join(DIALECTS)}, not {dialect!r}", field="dialect", value=dialect
        )
    if not isinstance(text, str):
        raise OperandError(f"parse: text must be a str, not {type(text).__name__}", field="text", value=text)
    return _Reading(dialect).program(text)


class _TooMany(Exception):
    """There are more mistakes than anybody wants to know of."""


class _Reading:
    """One text being read."""

    def __init__(self, dialect: str) -> None:
        self.dialect = dialect
        self.grammar = grammar(dialect)
        self.items: list[Instruction | Label] = []
        self.labels: dict[str, int] = {}  # and the lines they stand on
        self.known: dict[str, Instruction] = {}  # by their text, of which most programs repeat much
        self.sections = Sections()
        self.raw = bytearray()  # of directives, not yet made instructions
        self.raw_at = (0, 0)
        self.mistakes: list[tuple[int, int, str]] = []

    def program(self, text: str) -> Instructions:
        """What the text is; raises `AssemblySyntaxError` with all its mistakes."""
        if "\r" in text:
            text = text.replace("\r\n", "\n")
        all_found = True
        try:
            self.read(text)
        except _TooMany:
            all_found = False
        if self.mistakes:
            raise self.error(text.split("\n"), all_found)
        if self.dialect == "ubpf":
            self.label_exit()
        return Instructions(self.with_functions() if self.labels else self.items)

    def mistake(self, line: int, column: int, reason: str) -> None:
        """Remember a mistake, or stop."""
        if len(self.mistakes) == MOST_ERRORS:
            raise _TooMany
        self.mistakes.append((line, column, reason))

    def read(self, text: str) -> None:
        """Read all statements; most have been read before, or are nothing but an instruction."""
        known, read_at_once, add = self.known, self.grammar.read_at_once, self.items.append
        lines = kernel_statements(text, self.mistake) if self.dialect == "kernel" else statements(text, self.dialect)
        for number, column, line in lines:
            instruction = known.get(line)
            if instruction is None:
                if ":" not in line:  # nor a label
                    instruction = read_at_once(line)
                if instruction is None:
                    self.statement(number, column, line)
                    continue
                known[line] = instruction
            if self.raw:
                self.end_of_raw()
            add(instruction)
        self.end_of_raw()

    def statement(self, number: int, column: int, line: str) -> None:
        """Read one statement: labels, then an instruction, a directive, or nothing."""
        start = 0
        if self.dialect != "kernel":
            while (match := LABEL.match(line, start)) is not None:
                if self.sections.in_code:
                    self.label(match[1], number, column + match.start(1))
                start = match.end()
                if start == len(line):
                    return
        rest = line[start:]
        stripped = rest.strip()
        if not stripped and self.dialect != "kernel":  # whose numbered lines are instructions
            return
        if stripped[:1] == "." and self.dialect == "llvm":
            self.directive(stripped, number, column + start + rest.index("."))
            return
        self.end_of_raw()
        instruction = self.known.get(rest)
        if instruction is None:
            try:
                instruction = self.known[rest] = self.grammar.read(rest)
            except Complaint as complaint:
                self.mistake(number, column + start + complaint.column, complaint.message)
                return
        self.items.append(instruction)

    def label(self, text: str, number: int, column: int) -> None:
        """Put a label where the text has got to."""
        name = unescaped(text)
        self.end_of_raw()
        if name in self.labels:
            first = self.labels[name]
            self.mistake(number, column, f"label {shortened(name)!r} is defined already, on line {first}")
            return
        self.labels[name] = number
        try:
            self.items.append(Label(name))
        except SymbolError as error:
            self.mistake(number, column, str(error))

    def directive(self, text: str, number: int, column: int) -> None:
        """Do what a directive says."""
        name, *rest = text.split(None, 1)
        name = name.lower()
        arguments = rest[0] if rest else ""
        if name in SECTIONS:
            self.sections.switch(name, arguments)
            return
        if name in WITHOUT_EFFECT or (not self.sections.in_code and name in FILLING | DATA.keys()):
            return
        width = DATA.get(name)
        if width is None:
            self.mistake(number, column, no_directive(name))
            return
        if not self.raw:
            self.raw_at = (number, column)
        for value in arguments.split(","):
            try:
                self.raw += little_endian(value.strip(), width)
            except ValueError as error:
                self.mistake(number, column, f"{name}: {error}")
                self.raw += bytes(width)  # so that what follows is no mistake as well

    def end_of_raw(self) -> None:
        """Make instructions of the bytes that directives have given so far."""
        if not self.raw:
            return
        data, self.raw = bytes(self.raw), bytearray()
        try:
            count_wide(data)
        except DecodeError as error:
            self.mistake(*self.raw_at, f"these bytes are no whole instructions: {error}")
            return
        self.items.extend(Instructions.decode(data, "little"))

    def label_exit(self) -> None:
        """For ubpf's own assembler the first exit instruction is also the label of that name."""
        if "exit" in self.labels or not any(getattr(item, "reference", None) == "exit" for item in self.items):
            return
        exits = (at for at, item in enumerate(self.items) if not isinstance(item, Label) and item.opcode == EXIT)
        if (at := next(exits, None)) is not None:
            self.items.insert(at, Label("exit"))

    def with_functions(self) -> list[Instruction | Label]:
        """The items; a load of a name that is a label is one of a function, as clang writes it.

        Not where the text says what is loaded: ``ld_pseudo r1, 1, name``.
        """
        functions = {
            id(load): LoadFunc(load.dst, load.reference)
            for line, load in self.known.items()
            if load.opcode == LOAD_64 and load.src == 1 and load.reference in self.labels
            and "ld_pseudo" not in line.lower()
        }  # fmt: skip
        return [functions.get(id(item), item) for item in self.items] if functions else self.items

    def error(self, lines: list[str], all_found: bool) -> AssemblySyntaxError:
        """The mistakes in the order of the text, as one error."""
        errors = tuple(
            AssemblySyntaxError(reason, line=number, column=column + 1, source=lines[number - 1].rstrip("\r"))
            for number, column, reason in sorted(self.mistakes, key=lambda mistake: mistake[:2])
        )
        first = errors[0]
        return AssemblySyntaxError(
            first.reason,
            line=first.line,
            column=first.column,
            source=first.source,
            errors=errors,
            complete=all_found,
        )

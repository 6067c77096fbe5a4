"""Reading assembly text: lines, labels, comments and directives; each line's instruction is `syntax`'s to read."""

from __future__ import annotations

import re

from ebpfasm.asm.codec import count_wide
from ebpfasm.asm.instruction import LOAD_64
from ebpfasm.asm.program import Instructions, Label
from ebpfasm.asm.syntax import (
    DIALECTS,
    LITERAL,
    LONGEST_NUMBER,
    WORD,
    Complaint,
    Grammar,
    grammar,
    shortened,
    unescaped,
)
from ebpfasm.asm.table import LoadFunc
from ebpfasm.errors import AssemblySyntaxError, DecodeError, OperandError, SymbolError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ebpfasm.asm.instruction import Instruction

__all__ = ["parse"]

LABEL = re.compile(rf"\s*({WORD}|\"(?:\\.|[^\"\\\n])*\")\s*:(?!:)")
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

DATA = {
    **dict.fromkeys((".byte",), 1),
    **dict.fromkeys((".2byte", ".short", ".hword", ".value"), 2),
    **dict.fromkeys((".4byte", ".long", ".word", ".int"), 4),
    **dict.fromkeys((".8byte", ".quad"), 8),
}
"""Directives that put bytes into the program, least significant first."""
FILLING = frozenset(".ascii .asciz .double .fill .float .octa .skip .space .string .uleb128 .sleb128 .zero".split())  # noqa: SIM905
"""Directives that put other bytes where they stand: well in a section of data, refused among instructions."""
WITHOUT_EFFECT = frozenset(
    """
    .addrsig .addrsig_sym .align .balign .cfi_def_cfa .cfi_endproc .cfi_offset .cfi_sections .cfi_startproc .comm .end
    .endfunction .extern .file .function .global .globl .hidden .ident .internal .lcomm .loc .local .p2align .protected
    .set .size .symver .type .weak
    """.split()  # noqa: SIM905 - a list of words is read best as words
)
"""Directives of an object file, which a program by itself is not: read and left out."""
SECTIONS = frozenset(
    ".bss .data .popsection .previous .pushsection .rodata .section .subsection .text".split()  # noqa: SIM905
)
"""Directives that say what comes next: instructions, or data, of which labels and bytes are left out as well."""
DATA_SECTIONS = ("license", "maps", "version")
"""Sections that libbpf takes for data, where the directive does not say what they are."""
MOST_ERRORS = 1000
NOTED = frozenset({0x95, LOAD_64})  # exit


def parse(text: str, dialect: str = "llvm") -> Instructions:
    """The program that ``text`` is in a dialect; see `Instructions.parse`."""
    if dialect not in DIALECTS:
        raise OperandError(
            f"parse: dialect must be one of {', '.join(DIALECTS)}, not {dialect!r}", field="dialect", value=dialect
        )
    if not isinstance(text, str):
        raise OperandError(f"parse: text must be a str, not {type(text).__name__}", field="text", value=text)
    return _Reading(dialect).program(text)


class _Reading:
    """One text being read."""

    def __init__(self, dialect: str) -> None:
        self.dialect = dialect
        self.grammar: Grammar = grammar(dialect)
        self.items: list[Instruction | Label] = []
        self.labels: dict[str, tuple[int, int]] = {}
        self.known: dict[str, Instruction] = {}
        self.raw = bytearray()
        self.raw_at: tuple[int, int] = (0, 0)
        self.errors: list[tuple[int, int, str]] = []
        self.exit_label_at: int | None = None
        self.explicit: set[int] = set()  # of instructions that are kept in `items`
        self.in_code = True
        self.sections: list[bool] = []  # where .popsection goes back to
        self.previous = True

    def program(self, text: str) -> Instructions:
        lines = self.lines(text)
        original = text.split("\n")
        known, read, add = self.known, self.grammar.read, self.items.append
        for number, column, line in lines:
            if len(self.errors) >= MOST_ERRORS:
                break
            try:
                # Most lines have been read before, or are nothing but an instruction.
                found = known.get(line)
                if found is None:
                    if ":" in line or "." in line or self.raw:  # a label or a directive, perhaps
                        self.line(number, column, line)
                        continue
                    found = known[line] = read(line)
                    if found.opcode in NOTED:
                        self.note(line, found)
                elif self.raw:
                    self.end_of_raw()
                add(found)
            except Complaint as complaint:
                self.errors.append((number, column + complaint.column, complaint.message))
        try:
            self.end_of_raw()
        except Complaint as complaint:
            self.errors.append((*self.raw_at, complaint.message))
        if self.errors:
            raise self.error(original)
        if self.dialect == "ubpf" and self.exit_label_at is not None and "exit" not in self.labels:
            # Upstream's assembler: the first exit instruction is also the label of that name.
            self.items.insert(self.exit_label_at, Label("exit"))
            if not any(getattr(item, "reference", None) == "exit" for item in self.items):
                del self.items[self.exit_label_at]
        return self.with_functions()

    def lines(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Line number (from 1), column (from 0) and text of each statement, without comments."""
        if "\r" in text:
            text = text.replace("\r\n", "\n")
        if self.dialect == "kernel":
            yield from self.kernel_lines(text)
            return
        if "/*" in text and self.dialect == "llvm":
            text = BLOCK_COMMENT.sub(lambda match: blanked(match[0]) if match[1] else match[0], text)
        for number, line in enumerate(text.split("\n"), 1):
            if "#" in line or (self.dialect == "llvm" and "//" in line):
                line = COMMENT.sub(lambda match: "" if match[1] else match[0], line)  # noqa: PLW2901
            if ";" in line:
                for match in STATEMENT.finditer(line):
                    if match[0].strip():
                        yield number, match.start(), match[0]
            elif line and not line.isspace():
                yield number, 0, line

    def kernel_lines(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Statements of a verifier log or a dump; with numbered lines among them, only these are instructions.

        The verifier prints an instruction each time it comes along, so the numbers say which ones there are.
        """
        numbered: dict[int, tuple[int, int, str]] = {}
        wide: set[int] = set()
        plain: list[tuple[int, int, str]] = []
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
                if first[2] != statement and len(self.errors) < MOST_ERRORS:
                    self.errors.append((number, start, f"instruction {prefix[1]} is another one on line {first[0]}"))
            elif not numbered and statement and not statement.isspace() and not OPCODE_BYTES.match(line):
                plain.append((number, start, statement))
        order = sorted(numbered)
        follows = order[0] if order else 0
        for at in order:
            if at != follows and len(self.errors) < MOST_ERRORS:  # jumps over what is missing would lead elsewhere
                number, start, _ = numbered[at]
                self.errors.append((number, start, f"instruction {follows} is missing, the one before this"))
            follows = at + (2 if at in wide else 1)
        yield from [numbered[at] for at in order] or plain

    def line(self, number: int, column: int, line: str) -> None:
        """Read one statement: labels, then an instruction, a directive, or nothing."""
        start = 0
        if self.dialect != "kernel":
            while (match := LABEL.match(line, start)) is not None and len(self.errors) < MOST_ERRORS:
                if self.in_code:
                    self.label(match[1], number, column + match.start(1))
                start = match.end()
        rest = line[start:]
        stripped = rest.strip()
        if not stripped:
            return
        if stripped[0] == "." and self.dialect == "llvm":
            self.directive(stripped, number, column + start + rest.index("."))
            return
        self.end_of_raw()
        try:
            instruction = self.grammar.read(rest)
        except Complaint as complaint:
            raise Complaint(complaint.message, complaint.column + start) from None
        if instruction.opcode in NOTED:
            self.note(rest, instruction)
        self.items.append(instruction)
        if not start:
            self.known[line] = instruction

    def note(self, line: str, instruction: Instruction) -> None:
        """Remember where the first exit is, and which loads say themselves whether they are of a map."""
        if instruction.opcode == LOAD_64:
            if "ld_pseudo" in line.lower():
                self.explicit.add(id(instruction))
        elif self.exit_label_at is None:
            self.exit_label_at = len(self.items)

    def label(self, text: str, number: int, column: int) -> None:
        name = unescaped(text)
        self.end_of_raw()
        if name in self.labels:
            first = self.labels[name][0]
            self.errors.append((number, column, f"label {shortened(name)!r} is defined already, on line {first}"))
            return
        self.labels[name] = (number, column)
        try:
            self.items.append(Label(name))
        except SymbolError as error:
            self.errors.append((number, column, str(error)))

    def directive(self, text: str, number: int, column: int) -> None:
        name, *rest = text.split(None, 1)
        name = name.lower()
        arguments = rest[0] if rest else ""
        if name in SECTIONS:
            self.section(name, arguments)
            return
        if name in WITHOUT_EFFECT or (not self.in_code and name in FILLING | DATA.keys()):
            return
        width = DATA.get(name)
        if width is None:
            self.errors.append((number, column, no_directive(name)))
            return
        if not self.raw:
            self.raw_at = (number, column)
        for value in arguments.split(","):
            if len(self.errors) >= MOST_ERRORS:
                return
            try:
                self.raw += number_of(value.strip(), width)
            except ValueError as error:
                self.errors.append((number, column, f"{name}: {error}"))
                self.raw += bytes(width)  # so that what follows is no mistake as well

    def section(self, name: str, arguments: str) -> None:
        """Go on with another section, as the directive says."""
        if name == ".subsection":
            return
        before = self.in_code
        if name == ".previous":
            self.in_code = self.previous
        elif name == ".popsection":
            self.in_code = self.sections.pop() if self.sections else True
        elif name in (".section", ".pushsection"):
            if name == ".pushsection":
                self.sections.append(before)
            self.in_code = is_code(arguments)
        else:
            self.in_code = name == ".text"
        self.previous = before

    def end_of_raw(self) -> None:
        """Make instructions of the bytes that directives have given so far."""
        if not self.raw:
            return
        data, self.raw = bytes(self.raw), bytearray()
        number, column = self.raw_at
        try:
            count_wide(data)
        except DecodeError as error:
            self.errors.append((number, column, f"these bytes are no whole instructions: {error}"))
            return
        self.items.extend(Instructions.decode(data, "little"))

    def with_functions(self) -> Instructions:
        """The program; a load of a name that is a label of it is one of a function, as clang writes it."""
        items = [
            LoadFunc(item.dst, item.reference)
            if self.labels and not isinstance(item, Label) and item.opcode == LOAD_64 and item.src == 1
            and isinstance(item.reference, str) and item.reference in self.labels and id(item) not in self.explicit
            else item
            for item in self.items
        ]  # fmt: skip
        return Instructions(items)

    def error(self, lines: list[str]) -> AssemblySyntaxError:
        self.errors.sort(key=lambda error: error[:2])
        errors = tuple(
            AssemblySyntaxError(reason, line=number, column=column + 1, source=lines[number - 1].rstrip("\r"))
            for number, column, reason in self.errors
        )
        first = errors[0]
        return AssemblySyntaxError(
            first.reason, line=first.line, column=first.column, source=first.source, errors=errors
        )


def is_code(section: str) -> bool:
    """Whether a section, by its name and perhaps its flags, has instructions: ``tc,"ax",@progbits``."""
    name, _, more = section.partition(",")
    name, flags = name.strip().strip('"'), more.partition(",")[0].strip()
    if flags:
        return "x" in flags
    return name.startswith(".text") or not (name.startswith(".") or name in DATA_SECTIONS)


def no_directive(name: str) -> str:
    """Why a directive cannot stand where it does."""
    if name in FILLING:
        return f"{name} puts bytes among instructions; .byte does it so that they are instructions themselves"
    from difflib import get_close_matches

    known = (*DATA, *WITHOUT_EFFECT, *SECTIONS)
    close = get_close_matches(name, known, n=1) if len(name) < 40 else []
    return f"{shortened(name)!r} is no directive" + (f"; did you mean {close[0]!r}?" if close else "")


def number_of(text: str, width: int) -> bytes:
    """The bytes of a number in a directive, least significant first; ValueError for what is none or does not fit."""
    negative = text.startswith("-")
    literal = LITERAL.match(text[negative:]) if len(text) <= LONGEST_NUMBER else None
    if literal is None:
        raise ValueError(f"{shortened(text)!r} is no number")
    digits = literal[1]
    octal = len(digits) > 1 and digits[0] == "0" and digits.isdigit()
    if octal and not set(digits) <= set("01234567"):
        raise ValueError(f"{digits!r} is no octal number, as its leading 0 says")
    amount = int(digits, 8 if octal else 0) * (-1 if negative else 1)
    if not -(1 << width * 8 - 1) <= amount < 1 << width * 8:
        raise ValueError(f"{amount} does not fit {width} byte{'s' if width > 1 else ''}")
    return (amount & (1 << width * 8) - 1).to_bytes(width, "little")


def blanked(text: str) -> str:
    """As many spaces, and the line ends where they were, so that lines and columns stay what they are."""
    return "".join("\n" if character == "\n" else " " for character in text)

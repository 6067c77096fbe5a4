"""Instructions as assembly text, in any of the dialects."""

from __future__ import annotations

from struct import iter_unpack

from ebpfasm.asm.codec import UNIT, encode_units
from ebpfasm.asm.instruction import LOAD_64, make, signed64
from ebpfasm.asm.syntax import DIALECTS, grammar
from ebpfasm.asm.table import forms_of
from ebpfasm.asm.template import compile_printer
from ebpfasm.asm.tokens import spelled
from ebpfasm.errors import OperandError, UnknownForm

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ebpfasm.asm.form import Form
    from ebpfasm.asm.instruction import Instruction
    from ebpfasm.asm.program import Instructions
    from ebpfasm.asm.template import Printer

__all__ = ["instruction_text", "name_of", "program_text"]

MAP_FD, FUNC = 1, 4
"""What `src` says of a 64-bit load of a map or a function."""

_printers: dict[str, dict[int, tuple[tuple[Form, ...], Printer]]] = {dialect: {} for dialect in DIALECTS}
"""For each dialect and opcode seen so far its forms and the function that writes them."""


def instruction_text(instruction: Instruction, dialect: str = "llvm", name: str | None = None) -> str:
    """One instruction without its labels: ``r3 = 0``.

    Args:
        dialect: ``llvm``, ``kernel`` or ``ubpf``.
        name: how what it refers to is written, if not by its name.

    Raises:
        UnknownForm: the dialect has no text for it; ``llvm`` has raw bytes then.
        OperandError: there is no such dialect.
    """
    if name is None and instruction._annotation is not None and instruction.reference is not None:
        name = name_of(instruction.reference)
    printer = _printer(instruction._opcode, dialect)
    registers = instruction._registers
    text = printer(registers & 15, registers >> 4, instruction._off, instruction._imm, name)
    return _raw(instruction, dialect) if text is None else text


def _printer(opcode: int, dialect: str) -> Printer:
    """The function that writes the forms of an opcode, made when the first of them is written."""
    if dialect not in DIALECTS:
        raise OperandError(
            f"dialect must be one of {', '.join(DIALECTS)}, not {dialect!r}", field="dialect", value=dialect
        )
    known = _printers[dialect]
    forms = forms_of(opcode)
    if opcode not in known or known[opcode][0] is not forms:
        known[opcode] = (forms, compile_printer(forms, dialect))
    return known[opcode][1]


def _raw(instruction: Instruction, dialect: str) -> str:
    """The directive for an instruction that has no text."""
    if dialect != "llvm":
        raise UnknownForm(f"the {dialect} dialect has no text for {instruction!r}")
    bare = instruction.with_reference(None) if instruction.reference is not None else instruction
    return ".byte " + ", ".join(f"0x{byte:02x}" for byte in encode_units((bare,), (), "little"))


def _plain_text(data: bytes, dialect: str) -> str:
    """The text of a program of nothing but instructions, by its bytes (little endian): each different unit once."""
    texts: dict[bytes, str] = {}
    printers: dict[int, Printer] = {}
    lines: list[str] = []
    unpack = UNIT["little"].unpack
    units = iter(iter_unpack("8s", data))
    for (unit,) in units:
        text = texts.get(unit)
        if text is None:
            opcode, registers, off, imm = unpack(unit)
            wide = opcode == LOAD_64
            if wide:
                unit += next(units)[0]  # noqa: PLW2901
                imm = signed64(int.from_bytes(unit[4:8] + unit[12:16], "little"))
            printer = printers.get(opcode)
            if printer is None:
                printer = printers[opcode] = _printer(opcode, dialect)
            text = printer(registers & 15, registers >> 4, off, imm, None)
            if text is None:
                text = _raw(make(opcode, registers, off, imm), dialect)
            text = "\t" + text
            if not wide:
                texts[unit] = text
        lines.append(text)
    return "\n".join(lines)


def program_text(program: Instructions, dialect: str = "llvm") -> str:
    """A program with its labels, a line each; the kernel's dialect, which has none, has distances in their place.

    Raises:
        UnknownForm: the dialect has no text for an instruction.
        SymbolError, OperandError: the kernel's dialect was asked for and a label cannot be resolved.
    """
    if dialect == "kernel":
        return "\n".join([instruction_text(instruction, dialect) for instruction in program.resolved()])
    _printer(0, dialect)
    if program.unannotated:
        return _plain_text(program.encode("little"), dialect)
    words = grammar(dialect).words
    labels = program.symbols()
    lines: list[str] = []
    for instruction in program:
        if instruction._annotation is None:
            lines.append("\t" + instruction_text(instruction, dialect))
            continue
        lines.extend(f"{spelled(symbol, words)}:" for symbol in instruction.symbols)
        reference = instruction.reference
        name = None if reference is None else spelled(name_of(reference), words)
        if name is not None and dialect == "llvm" and _misread(instruction, labels):
            lines.append(f"\tld_pseudo r{instruction.dst}, {instruction.src}, {name}")
        else:
            lines.append("\t" + instruction_text(instruction, dialect, name))
    lines.extend(f"{spelled(symbol, words)}:" for symbol in program.end_symbols)
    return "\n".join(lines)


def _misread(instruction: Instruction, labels: dict[str, int]) -> bool:
    """Whether `r1 = name ll` would be read as the other thing it can be: a label's function, or else a map."""
    if instruction.opcode != LOAD_64 or instruction.src not in (MAP_FD, FUNC):
        return False
    return (name_of(instruction.reference) in labels) == (instruction.src == MAP_FD)


def name_of(reference: object) -> str:
    """A label or map name as it is, an object by its name if it has one."""
    if isinstance(reference, str):
        return reference
    return str(getattr(reference, "name", "") or type(reference).__name__)

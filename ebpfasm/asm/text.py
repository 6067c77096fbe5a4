"""Instructions as the text clang writes; what has no form is shown as its raw bytes."""

from __future__ import annotations

from ebpfasm.asm.table import forms_of
from ebpfasm.asm.template import compile_printer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ebpfasm.asm.form import Form
    from ebpfasm.asm.instruction import Instruction
    from ebpfasm.asm.program import Instructions
    from ebpfasm.asm.template import Printer

__all__ = ["instruction_text", "listing"]


_printers: dict[int, tuple[tuple[Form, ...], Printer]] = {}
"""For each opcode seen so far its forms and the function that writes them."""


def instruction_text(instruction: Instruction) -> str:
    """One instruction in clang's syntax, without labels: ``r3 = 0``."""
    opcode = instruction.opcode
    forms = forms_of(opcode)
    known, printer = _printers.get(opcode, (None, None))
    if printer is None or known is not forms:
        printer = compile_printer(forms, "llvm")
        _printers[opcode] = (forms, printer)
    reference = instruction.reference
    name = None if reference is None else _name_of(reference)
    text = printer(instruction.dst, instruction.src, instruction.off, instruction.imm, name)
    return f".byte {_bytes_of(instruction).hex(' ')}" if text is None else text


def listing(program: Instructions, byteorder: str) -> str:
    """A program as a table: units, bytes, text, with labels and comments.

    A field that waits for a map is shown as ``..``: its number is not known before the program is encoded.
    """
    rows: list[str] = []
    unit = 0
    for original, instruction in zip(program, program.resolved(), strict=True):
        rows.extend(f"{symbol}:" for symbol in original.symbols)
        note = original.comment or _note(original)
        comment = f"  ; {note}" if note else ""
        raw = _bytes_of(instruction, byteorder).hex(" ")
        if instruction.reference is not None:
            raw = raw[:12] + ".. .. .. .." + raw[23:]
        rows.append(f"{unit:5}: {raw[:23]:23}  {original}{comment}")
        if instruction.units == 2:
            rows.append(f"       {raw[24:]}")
        unit += instruction.units
    rows.extend(f"{symbol}:" for symbol in program.end_symbols)
    return "\n".join(rows)


def _note(instruction: Instruction) -> str:
    """What the text of an instruction leaves to know: the helper it calls, the fd of a map."""
    from ebpfasm.asm.helpers import HELPERS
    from ebpfasm.asm.jump import HelperForm

    form = instruction.form
    if isinstance(form, HelperForm) and 0 < instruction.imm < len(HELPERS):
        return HELPERS[instruction.imm].kernel_name
    if form is not None and form.reference == "map" and instruction.reference is None:
        return f"map fd {instruction.imm & 0xFFFFFFFF}"
    return ""


def _name_of(reference: object) -> str:
    """A label or map name as it is, an object by its name if it has one."""
    if isinstance(reference, str):
        return reference
    return str(getattr(reference, "name", "") or type(reference).__name__)


def _bytes_of(instruction: Instruction, byteorder: str = "little") -> bytes:
    from ebpfasm.asm.program import Instructions

    plain = instruction.with_reference(None) if instruction.reference is not None else instruction
    return Instructions([plain]).encode(byteorder)

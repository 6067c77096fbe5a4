"""Instructions as the text clang writes; what has no form is shown as its raw bytes."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ebpfasm.asm.instruction import Instruction
    from ebpfasm.asm.program import Instructions

__all__ = ["instruction_text", "listing"]


def instruction_text(instruction: Instruction) -> str:
    """One instruction in clang's syntax, without labels: ``r3 = 0``."""
    form = instruction.form
    if form is None:
        return f".byte {_bytes_of(instruction).hex(' ')}"
    values = {operand.name: operand for operand in form.operands}
    text = []
    for piece in form.assembly.split("{"):
        name, closed, rest = piece.partition("}")
        if not closed:
            text.append(piece)
            continue
        style = name[0] if name[0] in "+>" else ""
        operand = values[name[len(style) :]]
        if operand.kind in ("label", "map") and instruction.reference is not None:
            text.append(_name_of(instruction.reference))
        else:
            number = operand.of(instruction)
            text.append(f"{'-' if number < 0 else '+'} {abs(number)}" if style == "+" else f"{number:{style and '+'}}")
        text.append(rest)
    return "".join(text)


def listing(program: Instructions, byteorder: str) -> str:
    """A program as a table: units, bytes, text, with labels and comments.

    A field that waits for a map is shown as ``..``: its number is not known before the program is encoded.
    """
    rows: list[str] = []
    unit = 0
    items = tuple(program)
    for instruction in program.resolved():
        original = items[0]
        items = items[1:]
        rows.extend(f"{symbol}:" for symbol in original.symbols)
        note = original.comment or _called(original)
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


def _called(instruction: Instruction) -> str:
    """The kernel's name of the helper an instruction calls, where it calls one."""
    from ebpfasm.asm.helpers import HELPERS
    from ebpfasm.asm.jump import HelperForm

    if not isinstance(instruction.form, HelperForm) or not 0 < instruction.imm < len(HELPERS):
        return ""
    return HELPERS[instruction.imm].kernel_name


def _name_of(reference: object) -> str:
    """A label or map name as it is, an object by its name if it has one."""
    if isinstance(reference, str):
        return reference
    return str(getattr(reference, "name", "") or type(reference).__name__)


def _bytes_of(instruction: Instruction, byteorder: str = "little") -> bytes:
    from ebpfasm.asm.program import Instructions

    plain = instruction.with_reference(None) if instruction.reference is not None else instruction
    return Instructions([plain]).encode(byteorder)

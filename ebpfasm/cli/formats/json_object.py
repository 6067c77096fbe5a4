"""One JSON object: the bytes, and every instruction by its fields, with its labels."""

from __future__ import annotations

from ebpfasm.asm.program import Instructions, Label
from ebpfasm.cli.formats.format import FormatError, decoded, of_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ebpfasm.asm.instruction import Instruction
    from ebpfasm.cli.formats.format import Found, Setting

__all__ = ["fits", "read", "write"]

FIELDS = ("opcode", "dst", "src", "off", "imm")


def write(program: Instructions, setting: Setting) -> str:
    """``byteorder``, ``units``, ``bytes`` in hexadecimal, ``instructions`` one a line, and labels at the end."""
    from json import dumps

    from ebpfasm.asm.writer import instruction_text

    code = program.encode(setting.byteorder)
    encoded = Instructions.decode(code, setting.byteorder)
    # Other dialects than clang's need not have a way to name what a jump goes to.
    shown = program if setting.dialect == "llvm" else encoded
    texts = [instruction_text(instruction, setting.dialect) for instruction in shown]
    items = [dumps(_members(*each)) for each in zip(program, encoded, texts, strict=True)]
    rows = ",\n".join(f"    {item}" for item in items)
    members = [
        f'  "byteorder": {dumps(setting.byteorder)}',
        f'  "units": {program.units}',
        f'  "bytes": {dumps(code.hex())}',
        f'  "instructions": [\n{rows}\n  ]' if rows else '  "instructions": []',
    ]
    if program.end_symbols:
        members.append(f'  "end_symbols": {dumps(program.end_symbols)}')
    return "{\n" + ",\n".join(members) + "\n}\n"


def _members(original: Instruction, encoded: Instruction, text: str) -> dict[str, Any]:
    members: dict[str, Any] = {name: int(getattr(encoded, name)) for name in FIELDS}
    members["text"] = text
    if original.symbols:
        members["symbols"] = original.symbols
    if original.reference is not None:
        members["reference"] = original.reference
    if original.comment:
        members["comment"] = original.comment
    return members


def read(data: bytes, byteorder: str | None) -> Found:
    """The program of ``bytes``, with the labels and comments that ``instructions`` has; what both say must agree."""
    members = _parsed(of_text(data))
    order = members.get("byteorder", byteorder)
    if order not in ("little", "big", None):
        raise FormatError(f"byteorder must be 'little' or 'big', not {order!r}")
    if byteorder and byteorder != order:
        raise FormatError(f"the input says that it is {order}-endian, --byteorder that it is {byteorder}-endian")
    try:
        code = bytes.fromhex(members["bytes"])
    except (KeyError, TypeError, ValueError):
        raise FormatError('"bytes" must be there, in hexadecimal') from None
    program, order = decoded(code, order)
    if members.get("units", program.units) != program.units:
        raise FormatError(f"units is {members['units']!r}, but there are bytes of {program.units}")
    if "instructions" not in members:
        return program, order
    annotated = _annotated(program, members["instructions"], members.get("end_symbols", []))
    if annotated.encode(order) != code:
        raise FormatError("the labels stand elsewhere than the jumps of the bytes go to")
    return annotated, order


def _parsed(text: str) -> dict[str, Any]:
    from json import JSONDecodeError, loads

    try:
        members = loads(text)
    except JSONDecodeError as error:
        raise FormatError(f"this is no JSON: {error.msg}", text, error.pos) from None
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, or lists a thousand deep
        raise FormatError(f"this is no JSON that can be read: {error}") from None
    if not isinstance(members, dict):
        raise FormatError("this must be one JSON object", text, 0)
    return members


def _annotated(program: Instructions, given: Any, end_symbols: Any) -> Instructions:
    if not isinstance(given, list) or len(given) != len(program) or not isinstance(end_symbols, list):
        raise FormatError(f"instructions must be a list of {len(program)}, as many as there are bytes of")
    items: list[Instruction | Label] = []
    for at, (instruction, members) in enumerate(zip(program, given, strict=True)):
        if not isinstance(members, dict) or not isinstance(members.get("symbols", []), list):
            raise FormatError(f"instruction {at} must be an object, and its symbols a list")
        for name in FIELDS:
            value = getattr(instruction, name)
            if members.get(name, value) != value:
                raise FormatError(f"{name} of instruction {at} is {members[name]!r}, but {int(value)} in the bytes")
        if members.get("comment"):
            instruction = instruction.with_comment(str(members["comment"]))  # noqa: PLW2901
        if members.get("reference") is not None:
            instruction = instruction.with_reference(members["reference"])  # noqa: PLW2901
        items += [Label(name) for name in members.get("symbols", [])]
        items.append(instruction)
    return Instructions([*items, *map(Label, end_symbols)])


def fits(text: str) -> bool:
    """Whether the text begins and ends as a JSON object does."""
    bare = text.strip()
    return bare.startswith("{") and bare.endswith("}") and bare[1:].lstrip()[:1] in ('"', "}")

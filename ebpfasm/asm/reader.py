"""Reading lines of one shape as one form: a function compiled for it, with what numbers it takes."""

from __future__ import annotations

from ebpfasm.asm.instruction import make, signed64

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from ebpfasm.asm.form import Form
    from ebpfasm.asm.instruction import Instruction
    from ebpfasm.asm.template import Place

    Reader = Callable[[Sequence[str], str | None], Instruction]

__all__ = ["Shape", "first_of", "in_two_radixes", "limits"]

REGISTERS = {str(number): number for number in range(11)}


class Shape:
    """How lines of one shape are read as one form.

    Args:
        numbers: the places of the numbers in their order, and the sign that stands before each.
        named: whether there is a name in such a line that the instruction refers to.
        alike: the forms that lines of this shape can be, this one among them.
    """

    __slots__ = ("_for_registers", "alike", "form", "named", "numbers")

    def __init__(self, form: Form, numbers: list[tuple[Place, int]], named: bool, alike: list[Shape]) -> None:
        self.form = form
        self.numbers = numbers
        self.named = named
        self.alike = alike
        self._for_registers: Callable[[Sequence[str]], Reader] | None = None

    def reader(self, registers: Sequence[str]) -> Reader:
        """A function that makes the instruction of the texts of the other numbers, and the name.

        Both raise KeyError or ValueError where what they are given does not fit, or tells that it is another form.
        """
        if self._for_registers is None:
            self._for_registers = compile_reader(self)
        return self._for_registers(registers)


def first_of(shapes: Iterable[Shape], registers: Sequence[str]) -> Reader | None:
    """A function that reads a line with these registers as the first of these forms that fits."""
    readers = []
    for shape in shapes:
        try:
            readers.append(shape.reader(registers))
        except (KeyError, ValueError):
            continue
    if len(readers) < 2:
        return readers[0] if readers else None

    def try_all(texts: Sequence[str], name: str | None) -> Instruction:
        for reader in readers:
            try:
                return reader(texts, name)
            except (KeyError, ValueError):
                continue
        raise ValueError

    return try_all


def in_two_radixes(shapes: Sequence[Shape]) -> bool:
    """Whether forms of one shape are told apart by how a number is written, as the kernel does with 64-bit loads."""
    places = [place for shape in shapes for place, _ in shape.numbers]
    return {"", "#"} <= {place.mark for place in places if place.operand is not None and not place.register}


def limits(place: Place) -> tuple[int, int]:
    """What numbers are read at a place: the field's, and for immediates the same bits written unsigned."""
    operand = place.operand
    assert operand is not None
    if place.register:
        return 0, 10
    if place.mark == "_":
        return -0x80000000, 0xFFFFFFFF
    low, high = operand.low, operand.high
    if operand.field == "imm" and operand.low < 0:
        high = high * 2 + 1 if operand.kind != "label" or operand.shift or operand.bits == 32 else high
    elif operand.field == "imm" and operand.bits == 32:
        low = -0x80000000
    return low, high


def compile_reader(shape: Shape) -> Callable[[Sequence[str]], Reader]:
    """The function behind `Shape.reader`: what registers say is worked out once, what numbers say for each line."""
    form = shape.form
    radix = in_two_radixes(shape.alike)
    for_registers: list[str] = []
    for_numbers: list[str] = [" if not name: raise ValueError"] if shape.named else []
    texts: dict[bool, list[str]] = {True: [], False: []}  # of registers, of other numbers
    fields: dict[str, list[str]] = {"dst": [], "src": [], "off": [], "imm": []}
    known: dict[str, str] = {}
    for at, (place, sign) in enumerate(shape.numbers):
        text, number, operand = f"v{at}", f"n{at}", place.operand
        texts[place.register].append(text)
        lines = for_registers if place.register else for_numbers
        if operand is None:
            lines.append(f" if int({text}, 0) != {place.name}: raise ValueError")
        elif operand.name in known:
            lines.append(f" if {text} != {known[operand.name]}: raise ValueError")
        elif place.register:
            fields[operand.field].append(f"registers[{text}]")
        else:
            if radix:
                lines.append(f" if {text}[:2] {'!=' if place.mark == '#' else '=='} '0x': raise ValueError")
            low, high = limits(place)
            lines.append(f" {number} = {'-' if sign < 0 else ''}int({text}, 0)")
            lines.append(f" if not {low} <= {number} <= {high}: raise ValueError")
            fields[operand.field].append(_value(place, number, high))
        if operand is not None:
            known[operand.name] = text
    dst, src, off, imm = (
        str(wanted) if isinstance(wanted := getattr(form, field), int) else " | ".join(terms) or "0"
        for field, terms in fields.items()
    )
    if "<<" in imm:
        imm = f"signed64({imm})" if form.opcode == 0x18 else f"((({imm}) ^ 0x80000000) - 0x80000000)"
    source = [
        "def for_registers(texts):",
        f" [{', '.join(texts[True])}] = texts",
        *for_registers,
        f" both = {dst} | {src} << 4",
        " def reader(texts, name):",
        f"  [{', '.join(texts[False])}] = texts",
        *(f" {line}" for line in for_numbers),
        f"  return make({form.opcode}, both, {off}, {imm}{', ((), name, None)' if shape.named else ''})",
        " return reader",
    ]
    scope: dict[str, object] = {"make": make, "registers": REGISTERS, "signed64": signed64}
    exec("\n".join(source), scope)
    return scope["for_registers"]  # type: ignore[return-value]


def _value(place: Place, number: str, high: int) -> str:
    """Python source of what a number, of at most ``high``, puts into its field."""
    operand = place.operand
    assert operand is not None
    if place.mark == "_":
        return f"{number} & 0xFFFFFFFF"
    if operand.shift or operand.bits < 64:
        return f"({number} & {(1 << operand.bits) - 1:#x}) << {operand.shift}"
    if high > operand.high:  # the same bits, written without a sign
        return f"({number} if {number} <= {operand.high} else {number} - {high + 1})"
    return number

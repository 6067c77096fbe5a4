"""What a form of an instruction is: an opcode, and for each field a fixed number or an operand."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ebpfasm.asm.facts import Facts
    from ebpfasm.asm.instruction import Instruction

    Texts = dict[str, str | tuple[str, ...]]

__all__ = ["Form", "Operand", "Row", "filled"]


class Operand:
    """A part of a field that the program chooses.

    Args:
        name: what builder words and templates call it.
        field: the field of the instruction it stands in.
        low, high: the inclusive range the field holds (a builder word may take more spellings).
        shift, bits: which bits of the field, where it shares the field with another operand.
        kind: ``register``, ``number``, ``label`` (a distance that a label may give) or ``map``
            (a file descriptor that a map may give).
    """

    __slots__ = ("bits", "field", "high", "kind", "low", "name", "shift")

    def __init__(
        self, name: str, field: str, low: int, high: int, *, shift: int = 0, bits: int = 64, kind: str = "number"
    ) -> None:
        self.name = name
        self.field = field
        self.low = low
        self.high = high
        self.shift = shift
        self.bits = bits
        self.kind = kind

    def __repr__(self) -> str:
        return f"Operand({self.name!r}, {self.field!r}, {self.low}, {self.high})"

    def of(self, instruction: Instruction) -> int:
        """The operand's number, taken out of its field."""
        value = int(getattr(instruction, self.field)) >> self.shift & (1 << self.bits) - 1
        if self.low < 0 and value >> self.bits - 1:
            value -= 1 << self.bits
        return value


# fmt: off
DST    = Operand("dst",    "dst", 0, 10,                   kind="register")
SRC    = Operand("src",    "src", 0, 10,                   kind="register")
OFFSET = Operand("offset", "off", -0x8000, 0x7FFF)
TARGET = Operand("target", "off", -0x8000, 0x7FFF,         kind="label")
VALUE  = Operand("value",  "imm", -0x80000000, 0x7FFFFFFF)
FAR    = Operand("target", "imm", -0x80000000, 0x7FFFFFFF, kind="label")
WIDE   = Operand("value",  "imm", -(1 << 63), (1 << 63) - 1)
TO_SPACE   = Operand("to",    "imm", 0, 0xFFFF,        shift=16, bits=16)
FROM_SPACE = Operand("from_", "imm", 0, 0xFFFF,                  bits=16)
# A 64-bit load's imm is that of its two units: the low 32 bits stand in the first.
MAP    = Operand("map",    "imm", 0, 0xFFFFFFFF,                     bits=32, kind="map")
INDEX  = Operand("index",  "imm", 0, 0xFFFFFFFF,                     bits=32)
BTF_ID = Operand("btf_id", "imm", 0, 0xFFFFFFFF,                     bits=32)
FUNC   = Operand("target", "imm", -0x80000000, 0x7FFFFFFF,           bits=32, kind="label")
WITHIN = Operand("offset", "imm", 0, 0xFFFFFFFF,           shift=32, bits=32)
MODULE = Operand("module_fd", "imm", 0, 0xFFFFFFFF,        shift=32, bits=32)
# fmt: on


class Form:
    """One encoding of one builder word.

    Args:
        name: the word as a user types it, such as ``Add.Imm``.
        opcode: the first byte.
        texts: how each dialect writes it, in the notation of `ebpfasm.asm.template`: one template, or
            several, of which the first that fits is printed and all are read. A dialect that is
            missing has no text for this form.
        params: the builder's parameters in their order: operands, or the text of a fixed argument.
        dst, src, off, imm: what the fields without an operand must hold; 0 where the ISA reserves them.
        since: the key of its history in `ebpfasm.asm.facts`; empty for a form whose history is not known.
        beyond: the name of an operand, and the key that holds instead where that operand is not 0.
        meaning: what it does, a line of Python over its operands and registers: ``dst = dst + src``.
            `ebpfasm.vm.meaning` has the words of it.
    """

    __slots__ = (
        "beyond", "dst", "imm", "meaning", "name", "off", "opcode", "operands", "params", "reference", "since", "src",
        "texts",
    )  # fmt: skip

    dst: int | Operand
    src: int | Operand
    off: int | Operand
    imm: int | Operand | tuple[Operand, ...]

    def __init__(
        self,
        name: str,
        opcode: int,
        texts: Texts,
        *params: Operand | str,
        dst: int = 0,
        src: int = 0,
        off: int = 0,
        imm: int = 0,
        since: str = "",
        beyond: tuple[str, str] | None = None,
        meaning: str = "",
    ) -> None:
        self.name = name
        self.opcode = opcode
        self.texts = {dialect: (text,) if isinstance(text, str) else text for dialect, text in texts.items()}
        self.params = params
        self.operands = tuple(param for param in params if isinstance(param, Operand))
        self.dst, self.src, self.off, self.imm = dst, src, off, imm
        self.since, self.beyond = since, beyond
        self.meaning = meaning
        self.reference: str | None = None
        for operand in self.operands:
            in_imm = tuple(other for other in self.operands if other.field == "imm")
            setattr(self, operand.field, in_imm if operand.field == "imm" and len(in_imm) > 1 else operand)
            if operand.kind in ("label", "map"):
                self.reference = operand.kind

    @property
    def assembly(self) -> str:
        """The template of clang's text."""
        return self.texts["llvm"][0]

    @property
    def facts(self) -> Facts | None:
        """Since when there is this form, or None where that is not known."""
        from ebpfasm.asm.facts import FACTS  # only who asks pays for them

        return FACTS[self.since] if self.since else None

    def facts_of(self, instruction: Instruction) -> Facts | None:
        """Since when there is an instruction of this form, which may depend on its operands."""
        if self.beyond is not None:
            from ebpfasm.asm.facts import FACTS

            name, since = self.beyond
            if any(operand.of(instruction) for operand in self.operands if operand.name == name):
                return FACTS[since]
        return self.facts

    def __repr__(self) -> str:
        return f"<Form {self.name} {self.opcode:#04x}: {self.assembly}>"

    def matches(self, instruction: Instruction) -> bool:
        """Whether an instruction of this opcode has this form: its fixed fields, and operands in range."""
        return (
            _holds(self.dst, instruction.dst, instruction)
            and _holds(self.src, instruction.src, instruction)
            and _holds(self.off, instruction.off, instruction)
            and _holds(self.imm, instruction.imm, instruction)
        )

    def builder(self, instruction: Instruction) -> str:
        """The builder call that makes these fields, as Python source."""
        arguments = []
        for param in self.params:
            if isinstance(param, str):
                arguments.append(param)
            elif param.kind in ("label", "map") and instruction.reference is not None:
                arguments.append(repr(instruction.reference))
            else:
                arguments.append(f"{'R' if param.kind == 'register' else ''}{param.of(instruction)}")
        return f"{self.name}({', '.join(arguments)})"


class Row:
    """A row of the table: a builder word and the forms it makes.

    A subclass is a kind of word; its methods check their operands and make the instruction.
    Its forms serve reading and printing, and are made when they are first asked for: a program that
    only builds and loads does without them.
    """

    __slots__ = ("_forms", "_later", "name")

    name: str
    _later: Callable[[], tuple[Form, ...]]
    _forms: tuple[Form, ...]

    @property
    def forms(self) -> tuple[Form, ...]:
        """Every encoding this word can make."""
        try:
            return self._forms
        except AttributeError:
            self._forms = self._later()
            return self._forms

    def __repr__(self) -> str:
        return self.name


def _holds(wanted: int | Operand | tuple[Operand, ...], value: int, instruction: Instruction) -> bool:
    if isinstance(wanted, int):
        return value == wanted
    parts = wanted if isinstance(wanted, tuple) else (wanted,)
    rest = value & ((1 << 64) - 1 if instruction.units == 2 else (1 << 32) - 1)
    for part in parts:
        if not part.low <= part.of(instruction) <= part.high:
            return False
        rest &= ~((1 << part.bits) - 1 << part.shift)
    return rest == 0  # bits of the field that belong to no operand are reserved


def filled(means: str, bits: int, first: str, second: str) -> str:
    """What a row means by ``d``, ``s`` and ``n``, in the names of one form's operands: n-bit unsigned numbers."""
    width = f"u{bits}"
    d = first if bits == 64 else f"{width}({first})"
    s = second if bits == 64 and second != "value" else f"{width}({second})"
    words = {"d": d, "s": s, "n": str(bits)}
    return "".join(words.get(word, word) for word in split_words(means))


def split_words(text: str) -> list[str]:
    """The words of a line and what is between them."""
    import re  # when forms are made, not when programs are

    return re.split(r"\b(\w+)\b", text)

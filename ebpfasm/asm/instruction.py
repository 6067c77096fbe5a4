"""One instruction: five raw fields, and rarely a label, a reference or a comment."""

from __future__ import annotations

from ebpfasm.asm.checks import S16, S32, number
from ebpfasm.asm.register import Register
from ebpfasm.errors import SymbolError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Self

    from ebpfasm.asm.form import Form

    Annotation = tuple[tuple[str, ...], object, str | None]

__all__ = ["Instruction"]

LOAD_64 = 0x18
"""BPF_LD | BPF_IMM | BPF_DW: the one opcode that takes two units (RFC 9669 §5.4)."""


class Instruction:
    """One eBPF instruction, immutable.

    The five fields are those of ``struct bpf_insn`` and are the only truth: what instruction they
    are is looked up in the table, never stored. A 64-bit load (opcode 0x18) is one object of two
    units, with all 64 bits in ``imm``.

    Args:
        opcode: 0..255.
        dst, src: 0..15; the ISA defines 0..10 as registers, and uses ``src`` for other ends too.
        off: signed 16 bits.
        imm: signed 32 bits; of a 64-bit load any 64 bits, kept signed.

    Raises:
        OperandError: a field does not fit.

    Two instructions are equal when fields, labels and reference are; a comment does not count.
    """

    # One field less to set, and nothing to put together when encoding: both registers are one byte, as in the
    # little-endian encoding. Properties make them all read-only (docs/adr/0005-immutable-instructions.md).
    __slots__ = ("_annotation", "_imm", "_off", "_opcode", "_registers")

    _opcode: int
    _registers: int
    _off: int
    _imm: int
    # Few instructions carry more than their fields: (labels, reference, comment). A plain tuple,
    # because it is made for every jump to a label and costs a tenth of an object with slots.
    _annotation: Annotation | None

    def __init__(self, opcode: int, dst: int = 0, src: int = 0, off: int = 0, imm: int = 0) -> None:
        self._opcode = number("Instruction", "opcode", "opcode", opcode, 0, 0xFF)
        if not isinstance(dst, Register):
            dst = number("Instruction", "dst", "destination register", dst, 0, 15)
        if not isinstance(src, Register):
            src = number("Instruction", "src", "source register", src, 0, 15)
        self._registers = dst | src << 4
        self._off = number("Instruction", "off", "offset", off, *S16)
        if self._opcode == LOAD_64:
            imm = signed64(number("Instruction", "imm", "immediate", imm, -(1 << 63), (1 << 64) - 1))
        self._imm = imm if self._opcode == LOAD_64 else number("Instruction", "imm", "immediate", imm, *S32)
        self._annotation = None

    @property
    def opcode(self) -> int:
        """The first byte, which says what is done, and to what kind of operands."""
        return self._opcode

    @property
    def dst(self) -> int:
        """The destination register's number, 0..15."""
        return self._registers & 15

    @property
    def src(self) -> int:
        """The source register's number, or what else the instruction keeps in its place, 0..15."""
        return self._registers >> 4

    @property
    def off(self) -> int:
        """The offset field, signed 16 bits."""
        return self._off

    @property
    def imm(self) -> int:
        """The immediate, signed 32 bits, of a 64-bit load signed 64."""
        return self._imm

    @property
    def units(self) -> int:
        """How many units of 8 bytes it takes, 2 for a 64-bit load and else 1."""
        return 2 if self._opcode == LOAD_64 else 1

    @property
    def form(self) -> Form | None:
        """The form of the table these fields are, or None for an encoding nobody has defined."""
        from ebpfasm.asm.table import form_of  # the table is made of rows that make instructions

        return form_of(self)

    @property
    def symbols(self) -> tuple[str, ...]:
        """The labels that stand at this instruction, in the order they were given."""
        return () if self._annotation is None else self._annotation[0]

    @property
    def symbol(self) -> str | None:
        """The first label that stands here, or None."""
        return self.symbols[0] if self.symbols else None

    @property
    def reference(self) -> Any:
        """What one field waits for, a label (str), or a map by name or object; None if nothing."""
        return None if self._annotation is None else self._annotation[1]

    @property
    def comment(self) -> str | None:
        """A note for the people who read a listing."""
        return None if self._annotation is None else self._annotation[2]

    def with_symbol(self, symbol: str) -> Instruction:
        """This instruction with one more label standing at it.

        Raises:
            SymbolError: the label is not a non-empty string, or stands here already.
        """
        if symbol.__class__ is not str or not symbol:
            check_label(symbol)
        if self._annotation is None:
            return make(self._opcode, self._registers, self._off, self._imm, ((symbol,), None, None))
        symbols, reference, comment = self._annotation
        if symbol in symbols:
            raise SymbolError(f"label {symbol!r} stands at this instruction already: {self!r}", symbol=symbol)
        return self._annotated((*symbols, symbol), reference, comment)

    def without_symbols(self) -> Instruction:
        """This instruction with no label standing at it."""
        return self._annotated((), self.reference, self.comment)

    def with_reference(self, reference: object) -> Instruction:
        """This instruction with one field to be filled from a label or a map when the program is encoded.

        Args:
            reference: of a jump, a local call or ``LoadFunc`` a label; of ``LoadMapPtr`` and
                ``LoadMapValue`` a map's name or an object with ``fileno()``; None takes it away.

        Raises:
            SymbolError: this instruction has no field that a reference could fill, or not from that.
        """
        waiting = self if reference is None else self._waiting_for(reference)
        return waiting._annotated(self.symbols, reference, self.comment)

    def with_comment(self, comment: str | None) -> Instruction:
        """This instruction with a note for listings, or without one."""
        return self._annotated(self.symbols, self.reference, comment)

    def replace(
        self,
        *,
        opcode: int | None = None,
        dst: int | None = None,
        src: int | None = None,
        off: int | None = None,
        imm: int | None = None,
    ) -> Instruction:
        """This instruction with some of its five fields changed, and its labels, reference and comment kept.

        Raises:
            OperandError: a value does not fit its field.
            SymbolError: the changed instruction has no field for the reference it carries.
        """
        changed = Instruction(
            self._opcode if opcode is None else opcode,
            self.dst if dst is None else dst,
            self.src if src is None else src,
            self._off if off is None else off,
            self._imm if imm is None else imm,
        )
        if self._annotation is None:
            return changed
        waiting = changed if self.reference is None else changed._waiting_for(self.reference)
        return waiting._annotated(*self._annotation)

    def _annotated(self, symbols: tuple[str, ...], reference: object, comment: str | None) -> Instruction:
        annotation = (symbols, reference, comment) if symbols or reference is not None or comment else None
        return make(self._opcode, self._registers, self._off, self._imm, annotation)

    def _waiting_for(self, reference: object) -> Instruction:
        """The bare instruction with zero where ``reference`` will be filled in: a number there would count
        for equality, but neither be shown nor encoded.
        """
        form = self.form
        if form is None or form.reference is None:
            name = form.name if form is not None else f"opcode {self._opcode:#04x}"
            raise SymbolError(f"{name}: takes no reference, so none to {reference!r}", symbol=reference)
        if form.reference == "label" and not isinstance(reference, str):
            raise SymbolError(f"{form.name}: refers to a label (a str), not to {reference!r}", symbol=reference)
        if not isinstance(reference, str) and not hasattr(reference, "fileno"):
            raise SymbolError(
                f"{form.name}: refers to a map: its name, or an object with fileno(), not {reference!r}",
                symbol=reference,
            )
        if isinstance(reference, str):
            check_label(reference)
        operand = next(operand for operand in form.operands if operand.kind == form.reference)
        fields = {name: getattr(self, name) for name in ("opcode", "dst", "src", "off", "imm")}
        kept = ~((1 << operand.bits) - 1 << operand.shift) & 0xFFFF_FFFF_FFFF_FFFF
        fields[operand.field] = signed64(fields[operand.field] & kept)
        return Instruction(**fields)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Instruction):
            return NotImplemented
        return (
            self._opcode == other._opcode
            and self._registers == other._registers
            and self._off == other._off
            and self._imm == other._imm
            and self.symbols == other.symbols
            and self.reference == other.reference
        )

    def __hash__(self) -> int:
        # Not the reference: it may be any object, also one that cannot be hashed.
        return hash((self._opcode, self._registers, self._off, self._imm, self.symbols))

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return make, (self._opcode, int(self._registers), self._off, self._imm, self._annotation)

    def __repr__(self) -> str:
        form = self.form
        if form is None:
            text = f"Instruction({self._opcode:#04x}, dst={self.dst}, src={self.src}, off={self._off}, imm={self._imm})"
        else:
            text = form.builder(self)
        return text + "".join(f".with_symbol({symbol!r})" for symbol in self.symbols)

    def __str__(self) -> str:
        from ebpfasm.asm.writer import instruction_text

        return instruction_text(self)


class _Made(Instruction):
    """An `Instruction` that `make` fills in: without the checks, and without the price of an ``__init__``."""

    __slots__ = ()
    __init__ = object.__init__


_Made.__name__ = _Made.__qualname__ = "Instruction"


def make(opcode: int, registers: int, off: int, imm: int, annotation: Annotation | None = None) -> Instruction:
    """An instruction of fields that the caller has checked, ``registers`` being ``dst | src << 4``."""
    new: Any = _Made()
    new._opcode = opcode
    new._registers = registers
    new._off = off
    new._imm = imm
    new._annotation = annotation
    return new  # type: ignore[no-any-return]


def signed64(value: int) -> int:
    """The signed number of 64 bits that has the same bits."""
    return value - (1 << 64) if value > 0x7FFF_FFFF_FFFF_FFFF else value


def check_label(label: object) -> None:
    """Refuse what cannot be a label."""
    if not isinstance(label, str) or not label:
        raise SymbolError(f"a label is a non-empty str, not {label!r}", symbol=label)


def referring(opcode: int, registers: int, imm: int, reference: object) -> Instruction:
    """A checked instruction one of whose fields is filled from ``reference`` at encode time."""
    if reference == "":
        raise SymbolError("a label or the name of a map is a non-empty str, not ''", symbol=reference)
    return make(opcode, registers, 0, imm, ((), reference, None))

"""One instruction: five raw fields, and rarely a label, a reference or a comment."""

from __future__ import annotations

from ebpfasm.asm.checks import S16, S32, number
from ebpfasm.asm.register import Register
from ebpfasm.errors import SymbolError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn, Self

    from ebpfasm.asm.form import Form

    Annotation = tuple[tuple[str, ...], object, str | None]

__all__ = ["Instruction"]

LOAD_64 = 0x18
"""BPF_LD | BPF_IMM | BPF_DW: the one opcode that takes two units (RFC 9669 §5.4)."""


class _Fields:
    __slots__ = ("_annotation", "dst", "imm", "off", "opcode", "src")

    opcode: int
    dst: int
    src: int
    off: int
    imm: int
    # Few instructions carry more than their fields: (labels, reference, comment). A plain tuple,
    # because it is made for every jump to a label and costs a tenth of an object with slots.
    _annotation: Annotation | None


class _Draft(_Fields):
    """An instruction while its fields are being set; it then becomes an `Instruction` for good.

    Changing the class of a finished object costs a third of what a frozen dataclass does and
    leaves reads at the speed of a slot (docs/adr/0005-immutable-instructions.md).
    """

    __slots__ = ()


class Instruction(_Fields):
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

    __slots__ = ()

    def __new__(cls, opcode: int, dst: int = 0, src: int = 0, off: int = 0, imm: int = 0) -> Instruction:
        """The instruction of these fields, checked."""
        opcode = number("Instruction", "opcode", "opcode", opcode, 0, 0xFF)
        if opcode == LOAD_64:
            imm = number("Instruction", "imm", "immediate", imm, -(1 << 63), (1 << 64) - 1)
            imm = signed64(imm)
        else:
            imm = number("Instruction", "imm", "immediate", imm, *S32)
        return make(
            opcode,
            dst if isinstance(dst, Register) else number("Instruction", "dst", "destination register", dst, 0, 15),
            src if isinstance(src, Register) else number("Instruction", "src", "source register", src, 0, 15),
            number("Instruction", "off", "offset", off, *S16),
            imm,
        )

    if not TYPE_CHECKING:  # a type checker refuses assignments by the read-only view below

        def __setattr__(self, name: str, value: object) -> NoReturn:
            raise AttributeError(f"an Instruction cannot be changed; use .replace({name}=…)")

        def __delattr__(self, name: str) -> NoReturn:
            raise AttributeError("an Instruction cannot be changed")

    @property
    def units(self) -> int:
        """How many units of 8 bytes it takes: 2 for a 64-bit load, else 1."""
        return 2 if self.opcode == LOAD_64 else 1

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
        """What one field waits for: a label (str), or a map by name or object; None if nothing."""
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
            return make(self.opcode, self.dst, self.src, self.off, self.imm, ((symbol,), None, None))
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
        if reference is not None:
            self._check_reference(reference)
        return self._annotated(self.symbols, reference, self.comment)

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
            self.opcode if opcode is None else opcode,
            self.dst if dst is None else dst,
            self.src if src is None else src,
            self.off if off is None else off,
            self.imm if imm is None else imm,
        )
        if self._annotation is None:
            return changed
        if self.reference is not None:
            changed._check_reference(self.reference)
        return make(changed.opcode, changed.dst, changed.src, changed.off, changed.imm, self._annotation)

    def _annotated(self, symbols: tuple[str, ...], reference: object, comment: str | None) -> Instruction:
        annotation = (symbols, reference, comment) if symbols or reference is not None or comment else None
        return make(self.opcode, self.dst, self.src, self.off, self.imm, annotation)

    def _check_reference(self, reference: object) -> None:
        form = self.form
        if form is None or form.reference is None:
            name = form.name if form is not None else f"opcode {self.opcode:#04x}"
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

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Instruction):
            return NotImplemented
        return (
            self.opcode == other.opcode
            and self.dst == other.dst
            and self.src == other.src
            and self.off == other.off
            and self.imm == other.imm
            and self.symbols == other.symbols
            and self.reference == other.reference
        )

    def __hash__(self) -> int:
        # Not the reference: it may be any object, also one that cannot be hashed.
        return hash((self.opcode, self.dst, self.src, self.off, self.imm, self.symbols))

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return make, (self.opcode, int(self.dst), int(self.src), self.off, self.imm, self._annotation)

    def __repr__(self) -> str:
        form = self.form
        if form is None:
            text = (
                f"Instruction({self.opcode:#04x}, dst={self.dst:d}, src={self.src:d}, off={self.off}, imm={self.imm})"
            )
        else:
            text = form.builder(self)
        return text + "".join(f".with_symbol({symbol!r})" for symbol in self.symbols)

    def __str__(self) -> str:
        from ebpfasm.asm.text import instruction_text

        return instruction_text(self)


def make(opcode: int, dst: int, src: int, off: int, imm: int, annotation: Annotation | None = None) -> Instruction:
    """An instruction of fields that the caller has checked; the builder words' way in."""
    new: Any = _Draft()
    new.opcode = opcode
    new.dst = dst
    new.src = src
    new.off = off
    new.imm = imm
    new._annotation = annotation
    new.__class__ = Instruction
    return new  # type: ignore[no-any-return]


def signed64(value: int) -> int:
    """The signed number of 64 bits that has the same bits."""
    return value - (1 << 64) if value > 0x7FFF_FFFF_FFFF_FFFF else value


def check_label(label: object) -> None:
    """Refuse what cannot be a label."""
    if not isinstance(label, str) or not label:
        raise SymbolError(f"a label is a non-empty str, not {label!r}", symbol=label)


def referring(opcode: int, dst: int, src: int, imm: int, reference: object) -> Instruction:
    """A checked instruction one of whose fields is filled from ``reference`` at encode time."""
    if reference == "":
        raise SymbolError("a label or the name of a map is a non-empty str, not ''", symbol=reference)
    return make(opcode, dst, src, 0, imm, ((), reference, None))

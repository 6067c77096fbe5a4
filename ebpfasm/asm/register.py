"""Names for what an operand may be besides a number: registers, access sizes, byte orders."""

from __future__ import annotations

from ebpfasm.errors import OperandError

# fmt: off
__all__ = [
    "BE", "LE", "R0", "R1", "R2", "R3", "R4", "R5", "R6", "R7", "R8", "R9", "R10", "RFP",
    "Byte", "ByteOrder", "DWord", "Half", "Register", "Size", "Word",
]
# fmt: on


class Register(int):
    """One of the eleven registers of the eBPF machine, 0 to 10 (RFC 9669 §2).

    It is its own number, so ``R3 == 3``; where a *number* is asked for a ``Register`` is refused,
    because ``Mov.Imm(R1, R2)`` is a slip for ``Mov.Reg(R1, R2)``.

    Raises:
        OperandError: the number is not in 0..10.
    """

    __slots__ = ()

    def __new__(cls, number: int) -> Register:
        """The register of that number."""
        if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number <= 10:
            raise OperandError(
                f"Register: register must be in 0..10, not {number!r}", field="register", value=number, low=0, high=10
            )
        return super().__new__(cls, number)

    def __repr__(self) -> str:
        return f"R{int(self)}"

    __str__ = __repr__


R0, R1, R2, R3, R4, R5, R6, R7, R8, R9, R10 = (Register(number) for number in range(11))
RFP = R10
"""The read-only frame pointer, another name of R10."""


class Size:
    """How many bytes a load or a store moves: one of ``Byte``, ``Half``, ``Word``, ``DWord``, and no other.

    ``code`` are the size bits of the opcode (RFC 9669 §5, table 13), ``bytes`` and ``bits`` the width.

    Raises:
        OperandError: ``name`` is none of the four.
    """

    __slots__ = ("bits", "bytes", "code", "name")

    name: str
    code: int
    bytes: int
    bits: int

    def __new__(cls, name: str) -> Size:
        """The size of that name."""
        for size in SIZES:
            if size.name == name:
                return size
        raise OperandError(f"Size: there is Byte, Half, Word and DWord, not {name!r}", field="size", value=name)

    def __repr__(self) -> str:
        return self.name

    def __reduce__(self) -> str:
        return self.name  # there are four sizes: a pickled one comes back as the same object


def _size(name: str, code: int, width: int) -> Size:
    made = object.__new__(Size)
    made.name, made.code, made.bytes, made.bits = name, code, width, width * 8
    return made


Byte = _size("Byte", 0x10, 1)
Half = _size("Half", 0x08, 2)
Word = _size("Word", 0x00, 4)
DWord = _size("DWord", 0x18, 8)

SIZES = (Byte, Half, Word, DWord)


class ByteOrder:
    """The byte order ``HostTo`` converts to: ``LE`` or ``BE`` (RFC 9669 §4.2)."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name

    def __reduce__(self) -> str:
        return self.name


LE = ByteOrder("LE")
BE = ByteOrder("BE")

"""The slow side of the builder's checks: make an operand right, or say exactly what is wrong with it."""

from __future__ import annotations

from ebpfasm.asm.register import Register, Size
from ebpfasm.errors import OperandError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

__all__ = ["number", "register", "signed32", "size_among", "wrong"]

S32 = (-0x80000000, 0x7FFFFFFF)
IMM32 = (-0x80000000, 0xFFFFFFFF)
S16 = (-0x8000, 0x7FFF)
U16 = (0, 0xFFFF)
U32 = (0, 0xFFFFFFFF)


def number(word: str, field: str, noun: str, value: object, low: int, high: int, hint: str = "") -> int:
    """``value`` as an int in low..high; ``word``, ``noun`` and ``hint`` are for the message.

    Raises:
        OperandError: it is no number (a register and a bool are none), or out of range.
    """
    if value.__class__ is not int:
        if isinstance(value, Register):
            wrong(word, field, value, low, high, f"{noun} must be a number, not the register {value!r}{hint}")
        if isinstance(value, bool) or not hasattr(value, "__index__"):
            wrong(word, field, value, low, high, f"{noun} must be an integer, not {shown(value)}")
        value = value.__index__()
    assert isinstance(value, int)
    if not low <= value <= high:
        wrong(word, field, value, low, high, f"{noun} must be in {low}..{high}, not {value}")
    return value


def register(word: str, field: str, value: object) -> Register:
    """``value`` as a register.

    Raises:
        OperandError: it is neither a register nor an int in 0..10.
    """
    if isinstance(value, Register):
        return value
    if isinstance(value, bool) or not isinstance(value, int):
        wrong(word, field, value, 0, 10, f"{field} must be a register, not {shown(value)}")
    if not 0 <= value <= 10:
        wrong(word, field, value, 0, 10, f"register must be in 0..10, not {value}")
    return Register(value)


def size_among(word: str, value: object, allowed: tuple[Size, ...]) -> Size:
    """``value`` as one of the sizes the word allows.

    Raises:
        OperandError: it is not one of them.
    """
    if not any(value is size for size in allowed):
        names = " or ".join(size.name for size in allowed)
        wrong(word, "size", value, None, None, f"size must be {names}, not {shown(value)}")
    assert isinstance(value, Size)
    return value


def signed32(word: str, value: object, hint: str = "") -> int:
    """An immediate of -2³¹…2³²-1 as the signed number its field holds.

    Raises:
        OperandError: it is no number, or out of that range.
    """
    checked = number(word, "imm", "immediate", value, *IMM32, hint=hint)
    return checked - (1 << 32) if checked > 0x7FFFFFFF else checked


def wrong(word: str, field: str, value: object, low: int | None, high: int | None, complaint: str) -> NoReturn:
    """Raise the `OperandError` of ``word`` about ``field``."""
    raise OperandError(f"{word}: {complaint}", field=field, value=value, low=low, high=high)


def shown(value: object) -> str:
    """A value as an error shows it: short, and with its type where that is not plain from it."""
    text = repr(value)
    if len(text) > 60:
        text = text[:57] + "…"
    if value is None or isinstance(value, (bool, int, float, str, bytes, Register, Size)):
        return text
    return f"{text} ({type(value).__name__})"

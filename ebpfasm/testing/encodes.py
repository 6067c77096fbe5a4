"""The assertion that a program has certain bytes."""

from __future__ import annotations

from ebpfasm.asm.instruction import Instruction
from ebpfasm.asm.program import Instructions
from ebpfasm.errors import DecodeError, OperandError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["assert_encodes"]


def assert_encodes(
    program: Instruction | Instructions | Iterable[Instruction], expected: bytes | str, byteorder: str = "little"
) -> None:
    """Fail unless a program or an instruction encodes to these bytes.

    Args:
        program: what is encoded.
        expected: the bytes, or their hexadecimal digits, with spaces wherever they help reading.
        byteorder: of the machine the bytes are for.

    Raises:
        AssertionError: the bytes are others; the message has both programs side by side.
        OperandError: ``expected`` is neither bytes nor hexadecimal digits.
        SymbolError, ClosedError: as of `Instructions.encode`.
    """
    __tracebackhide__ = True
    if isinstance(program, Instruction):
        program = [program]
    if not isinstance(program, Instructions):
        program = Instructions(program)
    wanted = _bytes(expected)
    found = program.encode(byteorder)
    if found == wanted:
        return
    lines = ["the program has other bytes:", f"  {found.hex(' ', 8)}", f"  {wanted.hex(' ', 8)}  expected"]
    try:
        there = Instructions.decode(wanted, byteorder)
    except DecodeError as error:
        lines.append(f"  and those expected are no program: {error}")
    else:
        from ebpfasm.testing.side_by_side import side_by_side

        lines += side_by_side(Instructions.decode(found, byteorder), there)
    raise AssertionError("\n".join(lines))


def _bytes(expected: bytes | str) -> bytes:
    if isinstance(expected, (bytes, bytearray, memoryview)):
        return bytes(expected)
    try:
        return bytes.fromhex(expected)
    except (ValueError, TypeError):
        raise OperandError(
            f"assert_encodes: expected must be bytes or hexadecimal digits, not {expected!r}",
            field="expected",
            value=expected,
        ) from None

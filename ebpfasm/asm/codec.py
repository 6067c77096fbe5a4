"""Instructions to bytes and back, and the distances of labels."""

from __future__ import annotations

from struct import Struct
from struct import error as struct_error

from ebpfasm.asm.instruction import LOAD_64, Instruction, make
from ebpfasm.errors import DecodeError, OperandError, SymbolError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["count_wide", "decode_units", "encode_units", "resolve_labels"]

# struct bpf_insn: opcode, registers, off, imm (RFC 9669 §3.1).
UNIT = {"little": Struct("<BBhi"), "big": Struct(">BBhi")}
HALF = {"little": Struct("<BBhI"), "big": Struct(">BBhI")}  # of a 64-bit load, whose imm is cut in two
SWAPPED = bytes(registers >> 4 | (registers & 15) << 4 for registers in range(256))
"""The two registers are bit fields of one byte, so they trade places with the byte order."""

JA, GOTOL, CALL = 0x05, 0x06, 0x85
IN_IMM = frozenset({GOTOL, CALL, LOAD_64})
"""Opcodes whose label distance is in imm, not in off (RFC 9669 §4.3; PSEUDO_FUNC)."""


def encode_units(items: tuple[Instruction, ...], end_symbols: tuple[str, ...], byteorder: str) -> bytes:
    """The units of a program, with its references filled in."""
    pack, pack_half = UNIT[byteorder].pack, HALF[byteorder].pack
    parts: list[bytes] = []  # one for each unit, so that its length is the unit we are at
    add = parts.append
    symbols: dict[str, int] = {}
    waiting: list[tuple[int, Instruction]] = []
    near: list[tuple[int, int, int, int, Any, Instruction]] = []
    for item in items:
        opcode = item._opcode
        annotation = item._annotation
        if annotation is not None:
            symbols_here, reference, _ = annotation
            if symbols_here:
                for symbol in symbols_here:
                    symbols[symbol] = len(parts)
            if reference is not None:
                if opcode not in IN_IMM:
                    near.append((len(parts), opcode, item._registers, item._imm, reference, item))
                else:
                    waiting.append((len(parts), item))
                    if opcode == LOAD_64:
                        add(b"")
                add(b"")
                continue
        if opcode != LOAD_64:
            add(pack(opcode, item._registers, item._off, item._imm))
        else:
            imm = item._imm
            add(pack_half(opcode, item._registers, item._off, imm & 0xFFFFFFFF))
            add(pack_half(0, 0, 0, imm >> 32 & 0xFFFFFFFF))
    if near or waiting:
        symbols |= dict.fromkeys(end_symbols, len(parts))
        try:  # jumps whose labels exist and are near: nearly all there is
            for unit, opcode, registers, imm, reference, _ in near:
                parts[unit] = pack(opcode, registers, symbols[reference] - unit - 1, imm)
        except (KeyError, struct_error):
            waiting += ((unit, item) for unit, *_, item in near)
        _fill_in(parts, waiting, symbols, byteorder)
    data = b"".join(parts)
    if byteorder == "big":
        swapped = bytearray(data)
        swapped[1::8] = swapped[1::8].translate(SWAPPED)
        return bytes(swapped)
    return data


def _fill_in(
    parts: list[bytes], waiting: list[tuple[int, Instruction]], symbols: dict[str, int], byteorder: str
) -> None:
    """Put the units of instructions with references in their places."""
    pack, pack_half = UNIT[byteorder].pack, HALF[byteorder].pack
    for unit, item in waiting:
        opcode = item._opcode
        if opcode == LOAD_64:
            imm = _distance(item, unit, symbols) & 0xFFFFFFFF if item.src == 4 else _fd_of(item)
            parts[unit : unit + 2] = (
                pack_half(opcode, item._registers, item._off, imm),
                pack_half(0, 0, 0, item._imm >> 32 & 0xFFFFFFFF),
            )
        else:
            opcode, off, imm = _aimed(item, unit, symbols)
            parts[unit] = pack(opcode, item._registers, off, imm)


def resolve_labels(items: tuple[Instruction, ...], end_symbols: tuple[str, ...]) -> tuple[Instruction, ...]:
    """The instructions with distances in place of labels."""
    symbols: dict[str, int] = {}
    units = []
    unit = 0
    for item in items:
        for symbol in item.symbols:
            symbols[symbol] = unit
        units.append(unit)
        unit += item.units
    symbols |= dict.fromkeys(end_symbols, unit)
    resolved = []
    for unit, item in zip(units, items, strict=True):
        if item.reference is None or (item._opcode == LOAD_64 and item.src != 4):
            resolved.append(item)
        elif item._opcode == LOAD_64:
            resolved.append(item.with_reference(None).replace(imm=_distance(item, unit, symbols) & 0xFFFFFFFF))
        else:
            opcode, off, imm = _aimed(item, unit, symbols)
            resolved.append(item.with_reference(None).replace(opcode=opcode, off=off, imm=imm))
    return tuple(resolved)


def _aimed(item: Instruction, unit: int, symbols: dict[str, int]) -> tuple[int, int, int]:
    """Opcode, off and imm of a jump or call once its label is known."""
    distance = _distance(item, unit, symbols)
    opcode = item._opcode
    if opcode in IN_IMM:
        return opcode, item._off, distance
    if -0x8000 <= distance <= 0x7FFF:
        return opcode, distance, item._imm
    if opcode == JA:
        return GOTOL, 0, distance
    name = item.form.name if item.form is not None else f"opcode {item._opcode:#04x}"
    raise OperandError(
        f"{name} at unit {unit}: label {item.reference!r} is {distance} units away, a conditional jump reaches "
        f"-32768..32767; Instructions.relaxed() puts the inverted condition over a LongJump there",
        field="off",
        value=distance,
        low=-0x8000,
        high=0x7FFF,
    )


def _distance(item: Instruction, unit: int, symbols: dict[str, int]) -> int:
    target = symbols.get(item.reference)
    if target is None:
        raise SymbolError(_undefined(item, unit, symbols), symbol=item.reference)
    return target - unit - 1


def _undefined(item: Instruction, unit: int, symbols: dict[str, int]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(item.reference, symbols, n=1)
    meant = f"; did you mean {close[0]!r}?" if close else ""
    return f"label {item.reference!r}, which unit {unit} ({item!r}) refers to, is not defined in this program{meant}"


def _fd_of(item: Instruction) -> int:
    reference: Any = item.reference
    if isinstance(reference, str):
        raise SymbolError(
            f"map {reference!r}, which {item!r} refers to, is not bound: program.bind({reference}=a_map)",
            symbol=reference,
        )
    fd = reference.fileno()
    if fd.__class__ is not int or not 0 <= fd <= 0x7FFFFFFF:
        raise OperandError(
            f"{item!r}: fileno() must give a file descriptor, 0..2147483647, not {fd!r}",
            field="imm",
            value=fd,
            low=0,
            high=0x7FFFFFFF,
        )
    return int(fd)


def count_wide(data: bytes) -> int:
    """How many 64-bit loads these bytes have, once they are known to be whole units and whole loads."""
    if len(data) % 8:
        offset = len(data) - len(data) % 8
        raise DecodeError(
            f"{len(data)} bytes are no whole number of units of 8: {len(data) % 8} are left over at byte {offset}",
            offset=offset,
        )
    opcodes = data[::8]
    count = opcodes.count(LOAD_64)
    if not count:
        return 0
    # All loads at once, a column of bytes as one long number: the opcode after that of a load must be 0, and so
    # must be the other bytes before the immediate, wherever such an opcode stands.
    if count == opcodes.count(b"\x18\0"):
        number = int.from_bytes
        seconds = number(opcodes.translate(IS_LOAD_64), "little") << 8
        heads = number(data[1::8], "little") | number(data[2::8], "little") | number(data[3::8], "little")
        if not seconds & heads:
            return count
    raise _half_a_load(data, opcodes)


IS_LOAD_64 = bytes(0xFF if opcode == LOAD_64 else 0 for opcode in range(256))


def _half_a_load(data: bytes, opcodes: bytes) -> DecodeError:
    """The error of the first 64-bit load whose second unit is missing or holds more than its immediate."""
    unit = opcodes.find(LOAD_64)
    while data[unit * 8 + 8 : unit * 8 + 12] == b"\0\0\0\0":
        unit = opcodes.find(LOAD_64, unit + 2)
    first, second = unit * 8, unit * 8 + 8
    if second == len(data):
        return DecodeError(f"the 64-bit load at byte {first} has no second unit: the bytes end there", offset=first)
    return DecodeError(
        f"the second unit of the 64-bit load at byte {first} must hold nothing but its immediate, "
        f"but begins {data[second : second + 4].hex(' ')}",
        offset=second,
    )


def decode_units(data: bytes, byteorder: str) -> tuple[Instruction, ...]:
    """The instructions of bytes that `count_wide` has accepted."""
    if byteorder == "big":
        swapped = bytearray(data)
        swapped[1::8] = swapped[1::8].translate(SWAPPED)
        data = bytes(swapped)
    units = UNIT[byteorder].iter_unpack(data)
    items = []
    for opcode, registers, off, imm in units:
        if opcode == LOAD_64:
            imm = imm & 0xFFFFFFFF | next(units)[3] << 32  # noqa: PLW2901 - its two units are one number
        items.append(make(opcode, registers, off, imm))
    return tuple(items)

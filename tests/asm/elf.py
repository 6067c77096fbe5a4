"""As much of ELF as a comparison with an assembler's objects needs: sections, functions, and what is relocated."""

from __future__ import annotations

import struct
from collections import defaultdict
from typing import Literal, NamedTuple

EXECUTABLE, SYMBOLS, RELOCATIONS, FUNCTION = 4, 2, 9, 2  # SHF_EXECINSTR, SHT_SYMTAB, SHT_REL, STT_FUNC


class Function(NamedTuple):
    """A function of an object: its bytes, and the units of it that a linker would fill in."""

    name: str
    code: bytes
    relocated: set[int]


class Object(NamedTuple):
    """The code of an object: its functions, and how many units all its sections of code have."""

    functions: list[Function]
    units: int


def read(data: bytes, byteorder: Literal["little", "big"]) -> Object:
    """Read a 64-bit relocatable object."""
    order = "<" if byteorder == "little" else ">"
    (start,) = struct.unpack_from(order + "Q", data, 0x28)
    (count,) = struct.unpack_from(order + "H", data, 0x3C)
    sections = [struct.unpack_from(order + "IIQQQQIIQQ", data, start + 64 * at) for at in range(count)]
    relocated: defaultdict[int, set[int]] = defaultdict(set)
    symbols = []
    for _, kind, _, _, offset, size, link, info, _, _ in sections:
        if kind == RELOCATIONS:
            relocated[info] |= {
                place // 8 for place, _ in struct.iter_unpack(order + "QQ", data[offset : offset + size])
            }
        elif kind == SYMBOLS:
            entries = struct.iter_unpack(order + "IBBHQQ", data[offset : offset + size])
            symbols += [(sections[link][4] + name, *entry) for name, *entry in entries]
    functions = []
    for name, info, _, section, value, size in symbols:
        if info & 15 == FUNCTION and section:
            at = sections[section][4] + value
            units = {unit - value // 8 for unit in relocated[section]}
            functions.append(Function(data[name : data.index(b"\0", name)].decode(), data[at : at + size], units))
    return Object(functions, sum(section[5] for section in sections if section[2] & EXECUTABLE) // 8)

"""The header of BTF: where its types and its strings are, and in which byte order.

Everything in the section of types is made of 32-bit words, so that a view of words is all its readers need.
"""

from __future__ import annotations

import sys
from array import array

from ebpfasm.errors import BtfError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mmap import mmap
    from typing import Literal, TypeAlias

    Bytes: TypeAlias = bytes | mmap
    ByteOrder: TypeAlias = Literal["little", "big"]
    Words: TypeAlias = memoryview | array[int]

__all__ = ["HEADER_BYTES", "MAGIC", "Sections", "header", "split"]

MAGIC = 0xEB9F
VERSION = 1
HEADER_BYTES = 24  # struct btf_header of <linux/btf.h>

LONGEST_NAME = 4096
"""Bytes of the longest name: many types could share parts of a longer one. The kernel's limit is KSYM_NAME_LEN, 512."""


class Sections:
    """The two sections of BTF: its types as words, and its strings."""

    __slots__ = ("byteorder", "strings", "words")

    def __init__(self, byteorder: ByteOrder, types: memoryview, strings: bytes) -> None:
        self.byteorder = byteorder
        self.strings = strings
        self.words: Words = types.cast("I")  # no copy
        if byteorder != sys.byteorder:
            self.words = self.copied_words()
            self.words.byteswap()

    def copied_words(self) -> array[int]:
        """Return the words as an array, which is read in two thirds of the time."""
        return array("I", bytes(self.words) if isinstance(self.words, memoryview) else self.words)

    def string(self, offset: int) -> str:
        """Return the string at an offset in the section of strings.

        Raises:
            BtfError: there is none, or it is too long.
        """
        if offset >= len(self.strings):
            raise BtfError(f"there is no string at offset {offset}: the strings have {len(self.strings)} bytes")
        end = self.strings.find(b"\0", offset, offset + LONGEST_NAME + 1)
        if end < 0:
            raise BtfError(f"the string at offset {offset} is longer than {LONGEST_NAME} bytes")
        return self.strings[offset:end].decode("utf-8", "surrogateescape")


def split(data: Bytes, *, is_split: bool = False) -> Sections:
    """Return the sections of BTF; what is split from a base need not have the empty string at its start.

    Raises:
        BtfError: it is not BTF, or its header and its size do not go together.
    """
    if len(data) < HEADER_BYTES:
        raise BtfError(f"BTF has a header of {HEADER_BYTES} bytes, this has {len(data)} bytes in all")
    magic = data[:2]
    byteorder: ByteOrder
    if magic == b"\x9f\xeb":
        byteorder = "little"
    elif magic == b"\xeb\x9f":
        byteorder = "big"
    else:
        what = "an ELF object" if data[:4] == b"\x7fELF" else f"{data[:4].hex(' ')} …"
        raise BtfError(f"BTF starts with 9f eb or eb 9f, this is {what}")
    if data[2] != VERSION:
        raise BtfError(f"the version of BTF is {VERSION}, this is {data[2]}")
    if data[3]:
        raise BtfError(f"the flags of BTF are 0, these are {data[3]:#x}")
    header_bytes, types_start, types_size, strings_start, strings_size = (
        int.from_bytes(data[at : at + 4], byteorder) for at in range(4, HEADER_BYTES, 4)
    )
    if not HEADER_BYTES <= header_bytes <= len(data):
        raise BtfError(f"the header says it has {header_bytes} bytes, which must be in {HEADER_BYTES}..{len(data)}")
    for what, start, size in (("types", types_start, types_size), ("strings", strings_start, strings_size)):
        if header_bytes + start + size > len(data):
            raise BtfError(
                f"the {what} would end at {header_bytes + start + size}, behind the end of the data at {len(data)}"
            )
    if types_size % 4:
        raise BtfError(f"the types are words of 4 bytes, the header says they have {types_size} bytes")
    if types_start < strings_start + strings_size and strings_start < types_start + types_size:
        raise BtfError("types and strings overlap")
    types_start += header_bytes
    strings_start += header_bytes
    strings = data[strings_start : strings_start + strings_size]  # copied: mmap.find is many times slower
    if strings:
        if strings[-1] != 0:
            raise BtfError("the strings do not end with a NUL")
        if strings[0] != 0 and not is_split:
            raise BtfError("the strings do not start with the empty one")
    elif not is_split:
        raise BtfError("there are no strings, not even the empty one")
    return Sections(byteorder, memoryview(data)[types_start : types_start + types_size], strings)


def header(byteorder: ByteOrder, types_size: int, strings_size: int) -> bytes:
    """Return the header of BTF whose strings follow its types."""
    fields = (HEADER_BYTES, 0, types_size, types_size, strings_size)
    return (
        MAGIC.to_bytes(2, byteorder) + bytes((VERSION, 0)) + b"".join(field.to_bytes(4, byteorder) for field in fields)
    )

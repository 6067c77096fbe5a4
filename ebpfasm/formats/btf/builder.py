"""BTF as it is written: types in, bytes out."""

from __future__ import annotations

import sys
from array import array

from ebpfasm.errors import BtfError
from ebpfasm.formats.btf.btf import Btf
from ebpfasm.formats.btf.header import header
from ebpfasm.formats.btf.types import Type, Void
from ebpfasm.formats.btf.wire import write_type

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ebpfasm.formats.btf.header import ByteOrder

__all__ = ["BtfBuilder"]

MOST_BYTES = (1 << 32) - 1


class BtfBuilder:
    """Types to be written as BTF.

    Ids are given in the order of `add`, and may be used before their type is there: `next_id` is the one that comes
    next.

    Args:
        types: the first types.
        base: what the new BTF is split from; its types keep their ids, and its strings are not repeated.
    """

    def __init__(self, types: Iterable[Type] = (), base: Btf | None = None) -> None:
        self.base = base
        self.types: list[Type] = []
        self._first_id = len(base) if base is not None else 1
        for one in types:
            self.add(one)

    @property
    def next_id(self) -> int:
        """The id that the next type will get."""
        return self._first_id + len(self.types)

    def add(self, added: Type) -> int:
        """Add a type; return its id.

        Raises:
            BtfError: it is no type that can be written, as `Void` is none.
        """
        if not isinstance(added, Type) or isinstance(added, Void):
            raise BtfError(f"{added!r} cannot be added: it is not a type of BTF")
        self.types.append(added)
        return self.next_id - 1

    def encode(self, byteorder: ByteOrder = sys.byteorder) -> bytes:
        """Return the types as bytes: the same for the same types.

        Raises:
            BtfError: a field has a value that BTF has no room for, a name has a NUL in it, or it is all too large.
        """
        strings = _Strings(self.base)
        words = array("I")
        for type_id, one in enumerate(self.types, self._first_id):
            try:
                words.extend(write_type(one, strings.offset))
            except BtfError as error:
                raise BtfError(f"type {type_id}: {error}", type_id=type_id) from None
        if byteorder != sys.byteorder:
            words.byteswap()
        if 4 * len(words) + len(strings.data) > MOST_BYTES:
            raise BtfError(f"{4 * len(words)} bytes of types and {len(strings.data)} of strings do not fit BTF")
        return header(byteorder, 4 * len(words), len(strings.data)) + words.tobytes() + strings.data

    def build(self) -> Btf:
        """Return the types as they are read from what `encode` returns.

        Raises:
            BtfError: as `encode`.
        """
        return Btf.from_bytes(self.encode(), self.base)


class _Strings:
    """The section of strings, each of them once."""

    def __init__(self, base: Btf | None) -> None:
        self.start = 0
        self.known: dict[str, int] = {"": 0}
        self.data = bytearray(b"\0" if base is None else b"")
        if base is not None:
            self._take_over(base)

    def _take_over(self, base: Btf) -> None:
        if base.base is not None:
            self._take_over(base.base)
        strings = base.sections.strings
        at = 0
        while at < len(strings):
            end = strings.index(b"\0", at)
            self.known.setdefault(strings[at:end].decode("utf-8", "surrogateescape"), self.start + at)
            at = end + 1
        self.start += len(strings)

    def offset(self, text: str) -> int:
        known = self.known.get(text)
        if known is not None:
            return known
        try:
            encoded = text.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError as error:
            raise BtfError(f"a name cannot be written as UTF-8: {text!r}") from error
        if b"\0" in encoded:
            raise BtfError(f"a name cannot have a NUL in it: {text!r}")
        offset = self.known[text] = self.start + len(self.data)
        self.data += encoded + b"\0"
        return offset

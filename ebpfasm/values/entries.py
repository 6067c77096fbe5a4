"""Entries of a map as a dictionary, over a few calls that read and write bytes."""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from errno import E2BIG, EEXIST, ENOENT, ENOSPC

from ebpfasm.errors import KernelError, KeyNotFound

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from ebpfasm.values.codecs import Codec

__all__ = ["Entries"]

# enum bpf_map_type; MapType would cost every program that uses a map the import of enum.
ARRAYS = frozenset({2, 3, 4, 6, 12})
LPM_TRIE = 11
OPEN_KEYS = 4096  # how many elements one batch call asks for


class Entries(ABC):
    """What all maps do, those in the kernel and those of the vm.

    Who derives from it has the attributes below and the calls at the end, which take and give bytes and
    raise the `KernelError` that stands for the kernel's errno. Everything else is made of these.
    """

    __slots__ = ()

    name: str
    type: int
    key_size: int
    value_size: int
    max_entries: int
    flags: int
    _key: Codec
    _value: Codec

    def __getitem__(self, key: Any) -> Any:
        """The value under ``key``; raises `KeyNotFound` where there is none."""
        try:
            data = self._lookup(self._key.encode(key))
        except KernelError as error:
            raise self._explained(error, key) from None
        return self._value.decode(data)

    def __setitem__(self, key: Any, value: Any) -> None:
        self.update(key, value)

    def __delitem__(self, key: Any) -> None:
        """Remove the entry under ``key``; raises `KeyNotFound` where there is none."""
        try:
            self._delete(self._key.encode(key))
        except KernelError as error:
            raise self._explained(error, key) from None

    def __contains__(self, key: Any) -> bool:
        try:
            self[key]
        except KeyNotFound:
            return False
        return True

    def get(self, key: Any, default: Any = None) -> Any:
        """The value under ``key``, or ``default`` where there is none."""
        try:
            return self[key]
        except KeyNotFound:
            return default

    def update(self, key: Any, value: Any, flags: int = 0) -> None:
        """Write the entry under ``key``.

        Args:
            flags: an `UpdateFlag`: ``ANY`` to write in any case, ``NOEXIST`` only a new entry, ``EXIST`` only
                one that is there.

        Raises:
            OperandError: the key or value is of the wrong kind or size.
            KeyExists, KeyNotFound: as the flags ask for.
            KernelError: the map is full, or the index beyond the array.
        """
        try:
            self._update(self._key.encode(key), self._encoded(value), flags)
        except KernelError as error:
            raise self._explained(error, key) from None

    def pop(self, key: Any) -> Any:
        """Read and remove the entry under ``key`` in one step (hash maps, Linux 5.14); raises `KeyNotFound`."""
        try:
            data = self._pop(self._key.encode(key))
        except KernelError as error:
            raise self._explained(error, key) from None
        return self._value.decode(data)

    def __iter__(self) -> Iterator[Any]:
        """The keys. Entries may be changed and deleted on the way; each key comes once."""
        if self.type in ARRAYS:
            for index in range(self.max_entries):
                yield self._key.decode(index.to_bytes(self.key_size, sys.byteorder))
            return
        seen: set[bytes] = set()
        key = self._next_key(None)
        # After a key that was deleted meanwhile the kernel starts again from the first, so steps need a bound.
        for _ in range(2 * self.max_entries + 1):
            if key is None:
                return
            following = self._next_key(key)  # before the caller can delete this one
            if key not in seen:
                seen.add(key)
                yield self._key.decode(key)
            key = following

    def keys(self) -> Iterator[Any]:
        """The keys, as iteration gives them."""
        return iter(self)

    def values(self) -> Iterator[Any]:
        """The values, in the order of the keys."""
        return (value for _, value in self.items())

    def items(self) -> Iterator[tuple[Any, Any]]:
        """Keys with their values; entries that vanish meanwhile are left out."""
        for key in self:
            try:
                yield key, self[key]
            except KeyNotFound:
                continue

    def lookup_batch(self, *, delete: bool = False) -> list[tuple[Any, Any]]:
        """All entries, read with a few calls (Linux 5.6) instead of two for each; with ``delete`` removed as well.

        Raises:
            NotSupported: this kernel or map type cannot.
        """
        found: list[tuple[Any, Any]] = []
        position: bytes | None = None
        for _ in range(self.max_entries + 1):  # each call but the last brings at least one entry
            read, position = self._read_batch(position, min(OPEN_KEYS, self.max_entries), delete)
            found += ((self._key.decode(key), self._value.decode(value)) for key, value in read)
            if position is None:
                break
        return found

    def update_batch(self, entries: Iterable[tuple[Any, Any]], flags: int = 0) -> None:
        """Write many entries with one call (Linux 5.6); ``entries`` are pairs, such as ``a_dict.items()``.

        ``flags`` can only be ``UpdateFlag.LOCK``: the kernel refuses the others for a batch.

        Raises:
            OperandError: a key or value is of the wrong kind; nothing is written then.
            KernelError: the kernel stopped on the way; the message tells after how many.
        """
        pairs = [(self._key.encode(key), self._encoded(value)) for key, value in entries]
        if pairs:
            self._write_batch(pairs, flags)

    def delete_batch(self, keys: Iterable[Any]) -> None:
        """Remove many entries with one call (Linux 5.6).

        Raises:
            KeyNotFound: there is no entry under one of the keys; those before it are removed.
        """
        encoded = [self._key.encode(key) for key in keys]
        if encoded:
            self._delete_batch(encoded)

    def _encoded(self, value: Any) -> bytes:
        return self._value.encode(value)

    def _explained(self, error: KernelError, key: object) -> KernelError:
        """The same error, told in terms of this map."""
        if error.errno == E2BIG:
            if self.type in ARRAYS:
                reason = f"index {key!r} is beyond its {self.max_entries} entries (0..{self.max_entries - 1})"
            else:
                reason = f"it is full: it can hold {self.max_entries} entries"
        elif error.errno == ENOSPC and self.type == LPM_TRIE:  # trie_update_elem() in kernel/bpf/lpm_trie.c
            reason = f"it is full: it can hold {self.max_entries} entries"
        elif error.errno == ENOENT:
            reason = f"there is no entry under {key!r}"
        elif error.errno == EEXIST:
            reason = f"there is an entry under {key!r} already"
        else:
            return error
        return type(error)(error.errno, f"map {self.name!r}: {reason}", command=error.command)

    # What a kind of map has to bring. Values of per-CPU maps are those of all CPUs, each rounded up to 8 bytes.

    @abstractmethod
    def _lookup(self, key: bytes) -> bytes:
        """The value under ``key``; raises `KeyNotFound`."""

    @abstractmethod
    def _update(self, key: bytes, value: bytes, flags: int) -> None:
        """Write the entry under ``key``; both are exactly as long as the map's."""

    @abstractmethod
    def _delete(self, key: bytes) -> None:
        """Remove the entry under ``key``; raises `KeyNotFound`."""

    @abstractmethod
    def _pop(self, key: bytes) -> bytes:
        """Read and remove the entry under ``key``; raises `KeyNotFound`."""

    @abstractmethod
    def _next_key(self, key: bytes | None) -> bytes | None:
        """The key after ``key``; the first one after None and after a key that is gone; None after the last."""

    @abstractmethod
    def _read_batch(
        self, position: bytes | None, count: int, delete: bool
    ) -> tuple[list[tuple[bytes, bytes]], bytes | None]:
        """About ``count`` entries from ``position`` on, and the position of what follows, None at the end."""

    @abstractmethod
    def _write_batch(self, pairs: list[tuple[bytes, bytes]], flags: int) -> None:
        """Write entries, at least one."""

    @abstractmethod
    def _delete_batch(self, keys: list[bytes]) -> None:
        """Remove entries, at least one; raises `KeyNotFound`."""

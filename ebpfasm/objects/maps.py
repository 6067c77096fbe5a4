"""Maps: dictionaries and arrays shared by programs and user space."""

from __future__ import annotations

import sys
from errno import E2BIG, EEXIST, ENOENT
from os import fspath

from ebpfasm.errors import KernelError, KeyNotFound
from ebpfasm.kernel import info, maps
from ebpfasm.kernel.fd import Fd
from ebpfasm.objects.codecs import PerCpu, codec_for
from ebpfasm.objects.owned import KernelObject

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator
    from typing import Any

    from ebpfasm.kernel.info import MapInfo

__all__ = ["Map"]

# enum bpf_map_type; MapType would cost every program that uses a map the import of enum.
PERCPU = frozenset({5, 6, 10, 21})
ARRAYS = frozenset({2, 3, 4, 6, 12, 13})
PROG_ARRAY = 3
OPEN_KEYS = 4096  # how many elements one batch call asks for


class Map(KernelObject):
    """A map in the kernel; made by `create`, or found by `from_pin` and `from_id`.

    Used like a dictionary: ``m[k]``, ``m[k] = v``, ``del m[k]``, ``k in m``, ``for k in m``, ``m.items()``.
    Keys and values are ints where their size is 1, 2, 4 or 8 bytes (in the machine's byte order, read
    as unsigned), bytes where it is another, or what the codec given for them says. The value of a
    per-CPU map is a list with one value for each possible CPU.

    A map may be used by several threads at once. Each single read or write is atomic as far as the
    kernel makes it so; what iteration sees while others write is not defined, but each key comes at
    most once.
    """

    __slots__ = ("_key", "_value", "_value_bytes", "flags", "key_size", "max_entries", "type", "value_size")

    def __init__(self, fd: Fd, about: MapInfo, key: object = None, value: object = None) -> None:
        super().__init__(fd, about.name)
        self.type = about.type
        self.key_size = about.key_size
        self.value_size = about.value_size
        self.max_entries = about.max_entries
        self.flags = about.map_flags
        self._key = codec_for(key, self.key_size, "key")
        self._value = codec_for(value, self.value_size, "value")
        self._value_bytes = self.value_size
        if self.type in PERCPU:
            from ebpfasm.kernel.machine import possible_cpus

            cpus = possible_cpus()
            self._value = PerCpu(self._value, self.value_size, cpus)
            self._value_bytes = (self.value_size + 7) // 8 * 8 * cpus

    @classmethod
    def create(
        cls,
        type: int,
        *,
        key_size: int,
        value_size: int,
        max_entries: int,
        flags: int = 0,
        name: str = "",
        key: object = None,
        value: object = None,
        inner_map: Map | None = None,
        numa_node: int = 0,
        map_extra: int = 0,
    ) -> Map:
        """Make a map.

        Args:
            type: a `MapType`.
            key_size, value_size: bytes.
            max_entries: the most entries it can hold.
            flags: `MapFlag` s, 0 for none.
            name: at most 15 of ``A-Z a-z 0-9 _ .``, for people and ``bpftool``.
            key, value: a codec each: None for the usual, ``bytes``, a ``struct`` format such as ``"!IH"``,
                or an object with ``encode(value) -> bytes`` and ``decode(bytes)``.
            inner_map: for a map of maps, one of the kind it holds.
            numa_node: counts with ``MapFlag.NUMA_NODE``.
            map_extra: what some map types take besides.

        Raises:
            OperandError: a number does not fit, the name cannot be taken, or a codec does not fit the sizes.
            PermissionDenied: CAP_BPF is missing.
            KernelError: the kernel refuses the combination.
        """
        codec_for(key, key_size, "key")
        codec_for(value, value_size, "value")
        inner_fd = inner_map.fileno() if inner_map is not None else 0
        number = maps.map_create(
            type, key_size, value_size, max_entries, flags, name,
            inner_map_fd=inner_fd, numa_node=numa_node, map_extra=map_extra,
        )  # fmt: skip
        return cls._opened(number, f"map {name!r}", key, value)

    @classmethod
    def from_pin(cls, path: str | os.PathLike[str], *, key: object = None, value: object = None) -> Map:
        """The map pinned under ``path``.

        Raises:
            KernelError: nothing is pinned there, or not a map.
            PermissionDenied: it may not be opened.
        """
        from ebpfasm.kernel import pins

        path = fspath(path)
        return cls._opened(pins.obj_get(path), f"map pinned as {path}", key, value)

    @classmethod
    def from_id(cls, id: int, *, key: object = None, value: object = None) -> Map:
        """The map with that id.

        Raises:
            KernelError: there is none.
            PermissionDenied: CAP_SYS_ADMIN is missing.
        """
        from ebpfasm.kernel import ids

        return cls._opened(ids.map_fd_by_id(id), f"map {id}", key, value)

    @classmethod
    def _opened(cls, number: int, what: str, key: object, value: object) -> Map:
        fd = Fd(number, what)
        try:
            about = info.map_info(fd.fileno())
            if about.type == PROG_ARRAY:
                from ebpfasm.objects.program_array import ProgramArray

                return ProgramArray(fd, about, key, value)
            return cls(fd, about, key, value)
        except BaseException:
            fd.close()
            raise

    @property
    def info(self) -> MapInfo:
        """What the kernel tells of the map now, by the names of ``struct bpf_map_info``."""
        return info.map_info(self.fileno())

    @property
    def id(self) -> int:
        """The number by which the kernel and ``bpftool map show id`` know the map."""
        return self.info.id

    def __getitem__(self, key: Any) -> Any:
        """The value under ``key``; raises `KeyNotFound` where there is none."""
        try:
            data = maps.lookup_elem(self._fd.fileno(), self._key.encode(key), self._value_bytes)
        except KernelError as error:
            raise self._explained(error, key) from None
        return self._value.decode(data)

    def __setitem__(self, key: Any, value: Any) -> None:
        self.update(key, value)

    def __delitem__(self, key: Any) -> None:
        """Remove the entry under ``key``; raises `KeyNotFound` where there is none."""
        try:
            maps.delete_elem(self._fd.fileno(), self._key.encode(key))
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
            maps.update_elem(self._fd.fileno(), self._key.encode(key), self._encoded(value), flags)
        except KernelError as error:
            raise self._explained(error, key) from None

    def pop(self, key: Any) -> Any:
        """Read and remove the entry under ``key`` in one step (hash maps, Linux 5.14); raises `KeyNotFound`."""
        try:
            data = maps.lookup_and_delete_elem(self._fd.fileno(), self._key.encode(key), self._value_bytes)
        except KernelError as error:
            raise self._explained(error, key) from None
        return self._value.decode(data)

    def __iter__(self) -> Iterator[Any]:
        """The keys. Entries may be changed and deleted on the way; each key comes once."""
        if self.type in ARRAYS:
            for index in range(self.max_entries):
                yield self._key.decode(index.to_bytes(self.key_size, sys.byteorder))
            return
        fd = self._fd.fileno()
        seen: set[bytes] = set()
        key = maps.next_key(fd, None, self.key_size)
        # After a key that was deleted meanwhile the kernel starts again from the first, so steps need a bound.
        for _ in range(2 * self.max_entries + 1):
            if key is None:
                return
            following = maps.next_key(fd, key, self.key_size)  # before the caller can delete this one
            if key not in seen:
                seen.add(key)
                yield self._key.decode(key)
                fd = self._fd.fileno()
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
        from ebpfasm.kernel import batches

        read = batches.lookup_and_delete_batch if delete else batches.lookup_batch
        found: list[tuple[Any, Any]] = []
        position: bytes | None = None
        for _ in range(self.max_entries + 1):  # each call but the last brings at least one entry
            keys, values, count, position = read(
                self._fd.fileno(), position, min(OPEN_KEYS, self.max_entries), self.key_size, self._value_bytes
            )
            for at in range(count):
                key = keys[at * self.key_size : (at + 1) * self.key_size]
                value = values[at * self._value_bytes : (at + 1) * self._value_bytes]
                found.append((self._key.decode(key), self._value.decode(value)))
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
        from ebpfasm.kernel import batches

        pairs = [(self._key.encode(key), self._encoded(value)) for key, value in entries]
        if pairs:
            keys, values = b"".join(key for key, _ in pairs), b"".join(value for _, value in pairs)
            batches.update_batch(self._fd.fileno(), keys, values, len(pairs), flags)

    def delete_batch(self, keys: Iterable[Any]) -> None:
        """Remove many entries with one call (Linux 5.6).

        Raises:
            KeyNotFound: there is no entry under one of the keys; those before it are removed.
        """
        from ebpfasm.kernel import batches

        encoded = [self._key.encode(key) for key in keys]
        if encoded:
            batches.delete_batch(self._fd.fileno(), b"".join(encoded), len(encoded))

    def freeze(self) -> None:
        """Let user space change the map no more; programs still may. It cannot be undone."""
        maps.map_freeze(self.fileno())

    def _encoded(self, value: Any) -> bytes:
        return self._value.encode(value)

    def _explained(self, error: KernelError, key: object) -> KernelError:
        """The same error, told in terms of this map."""
        if error.errno == E2BIG:
            if self.type in ARRAYS:
                reason = f"index {key!r} is beyond its {self.max_entries} entries (0..{self.max_entries - 1})"
            else:
                reason = f"it is full: it can hold {self.max_entries} entries"
        elif error.errno == ENOENT:
            reason = f"there is no entry under {key!r}"
        elif error.errno == EEXIST:
            reason = f"there is an entry under {key!r} already"
        else:
            return error
        return type(error)(error.errno, f"map {self.name!r}: {reason}", command=error.command)

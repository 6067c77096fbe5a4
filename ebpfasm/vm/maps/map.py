"""Maps without a kernel: what all types have in common."""

from __future__ import annotations

from abc import abstractmethod
from errno import EINVAL, ENOENT, EPERM
from itertools import count
from weakref import WeakValueDictionary

from ebpfasm.errors import ClosedError, KernelError, KeyNotFound, NotSupported, OperandError, PermissionDenied
from ebpfasm.uapi import MapFlag
from ebpfasm.values.codecs import codec_for, value_codec_for
from ebpfasm.values.entries import Entries
from ebpfasm.vm.maps.wanted import ENOTSUPP, Wanted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any, Self

__all__ = ["Map"]

ANY, NOEXIST, EXIST, LOCK = 0, 1, 2, 4
"""Flags of an update (`UpdateFlag`)."""

LOOKUP, LOOKUP_AND_DELETE, UPDATE, DELETE = 1, 2, 4, 8
"""The batch commands a type of map knows."""

LIVING: WeakValueDictionary[int, Map] = WeakValueDictionary()
"""The maps that anyone still holds, by id."""

_ids = count(1)


class Map(Entries):
    """A map of the vm; made by `create`, and used like an `ebpfasm.Map`.

    It answers as a map of the same type does in Linux 6.18: the same values, the same errors with the same
    ``errno``. Only the order of the keys of a hash is its own, and which entry an LRU map gives up: here
    always the one least recently written or looked up by a program, and only when the map is full.

    ``program_reads`` and ``program_writes`` say whether programs may read and write the values
    (``WRONLY_PROG``, ``RDONLY_PROG``); ``id`` is a number of this map alone. The methods from `lookup` on
    are what helpers call for a program; to them it makes no difference whether the map is closed or frozen.
    """

    __slots__ = (
        "__weakref__", "_closed", "_frozen", "_key", "_user_reads", "_user_writes", "_value", "_value_bytes", "cpus",
        "flags", "id", "key_size", "max_entries", "name", "program_reads", "program_writes", "type", "value_size",
    )  # fmt: skip

    KIND = "map"
    """What the type is called in messages."""
    BATCHES = 0
    """The batch commands it knows."""

    def __init__(self, wanted: Wanted, key: object = None, value: object = None) -> None:
        self.type = wanted.type
        self.key_size = wanted.key_size
        self.value_size = wanted.value_size
        self.max_entries = wanted.max_entries
        self.flags = wanted.flags & ~int(MapFlag.RDONLY | MapFlag.WRONLY)  # these are the descriptor's
        self.name = wanted.name
        self.cpus = wanted.cpus
        self.id = next(_ids)
        self._key = codec_for(key, self.key_size, "key")
        self._value, self._value_bytes = value_codec_for(value, self.type, self.value_size, lambda: wanted.cpus)
        self.program_reads = not wanted.flags & MapFlag.WRONLY_PROG
        self.program_writes = not wanted.flags & MapFlag.RDONLY_PROG
        self._user_reads = not wanted.flags & MapFlag.WRONLY
        self._user_writes = not wanted.flags & MapFlag.RDONLY
        self._closed = False
        self._frozen = False
        LIVING[self.id] = self

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
        cpus: int = 1,
    ) -> Map:
        """Make a map.

        Args:
            type: a `MapType`.
            key_size, value_size: bytes.
            max_entries: the most entries it can hold; of a ring buffer, its bytes.
            flags: `MapFlag` s, 0 for none.
            name: at most 15 of ``A-Z a-z 0-9 _ .``.
            key, value: a codec each: None for the usual, ``bytes``, a ``struct`` format such as ``"!IH"``,
                or an object with ``encode(value) -> bytes`` and ``decode(bytes)``.
            inner_map: for a map of maps, one of the kind it holds.
            numa_node: counts with ``MapFlag.NUMA_NODE``; there is only node 0.
            map_extra: can only be 0 for the types of the vm.
            cpus: for how many CPUs a per-CPU map has values. One unless told otherwise, on every machine:
                a program in the vm runs on one CPU, number 0.

        Raises:
            OperandError: a number does not fit, the name cannot be taken, or a codec does not fit the sizes.
            NotSupported: the vm has no maps of this type, or the kernel supports no such combination.
            KernelError: the kernel refuses the combination.
        """
        from ebpfasm.vm.maps.kinds import kind_of

        codec_for(key, key_size, "key")
        codec_for(value, value_size, "value")
        wanted = Wanted(
            type, key_size=key_size, value_size=value_size, max_entries=max_entries, flags=flags, name=name,
            inner_map=inner_map, numa_node=numa_node, map_extra=map_extra, cpus=cpus,
        )  # fmt: skip
        kind = kind_of(wanted)
        kind.check(wanted)
        wanted.require_no_token()
        return kind(wanted, key, value)

    @classmethod
    @abstractmethod
    def check(cls, wanted: Wanted) -> None:
        """Refuse what the kernel would not make of this type; may settle what it would round up."""

    # What `Entries` is made of: the calls of user space.

    def _lookup(self, key: bytes) -> bytes:
        self._check_open(reads=True)
        return self._read(key)

    def _update(self, key: bytes, value: bytes, flags: int) -> None:
        self._check_open(writes=True)
        if flags & LOCK:  # map_update_elem() in kernel/bpf/syscall.c looks for it before the type of the map matters
            reason = "UpdateFlag.LOCK is for values with a spin lock, which take BTF"
            raise self._refusal(KernelError, EINVAL, reason, "BPF_MAP_UPDATE_ELEM")
        self._write(key, value, flags)

    def _delete(self, key: bytes) -> None:
        self._check_open(writes=True)
        self.delete_bytes(key)

    def _pop(self, key: bytes) -> bytes:
        self._check_open(reads=True, writes=True)
        return self._take(key)

    def _next_key(self, key: bytes | None) -> bytes | None:
        self._check_open(reads=True)
        return self.next_key_bytes(key)

    def _read_batch(
        self, position: bytes | None, count: int, delete: bool
    ) -> tuple[list[tuple[bytes, bytes]], bytes | None]:
        self._check_open(reads=True, writes=delete)
        command = "BPF_MAP_LOOKUP_AND_DELETE_BATCH" if delete else "BPF_MAP_LOOKUP_BATCH"
        self._check_batch(LOOKUP_AND_DELETE if delete else LOOKUP, command)
        found: list[tuple[bytes, bytes]] = []
        while len(found) < count:
            position = self.next_key_bytes(position)
            if position is None:
                break
            try:
                found.append((position, self._read(position)))
            except KeyNotFound:  # an empty slot of an array of maps
                continue
            if delete:
                self.delete_bytes(position)
        return found, position

    def _write_batch(self, pairs: list[tuple[bytes, bytes]], flags: int) -> None:
        command = "BPF_MAP_UPDATE_BATCH"
        self._check_open(writes=True)
        self._check_batch(UPDATE, command)
        if flags:
            raise self._refusal(KernelError, EINVAL, "a batch takes no flags", command)
        for done, (key, value) in enumerate(pairs):
            try:
                self._write(key, value, ANY)
            except KernelError as error:
                raise self._stopped(error, key, done, len(pairs), command) from None

    def _delete_batch(self, keys: list[bytes]) -> None:
        command = "BPF_MAP_DELETE_BATCH"
        self._check_open(writes=True)
        self._check_batch(DELETE, command)
        for done, key in enumerate(keys):
            try:
                self.delete_bytes(key)
            except KernelError as error:
                raise self._stopped(error, key, done, len(keys), command) from None

    def freeze(self) -> None:
        """Let user space change the map no more; programs still may. It cannot be undone."""
        self._check_open(writes=True)
        self._frozen = True

    def fileno(self) -> int:
        """Raises OperandError: a map of the vm has no file descriptor."""
        if self._closed:
            raise ClosedError(f"map {self.name!r} is closed")
        raise OperandError(
            f"map {self.name!r} is one of the vm and has no file descriptor; for the kernel make it with "
            f"ebpfasm.Map.create",
            field="map",
            value=self,
        )

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed

    def close(self) -> None:
        """Give up the map; programs that use it keep it. Closing again does nothing."""
        self._closed = True

    def __enter__(self) -> Self:
        self._check_open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<vm {type(self).__name__} {self.name!r}{': closed' if self._closed else ''}>"

    # What helpers call for a program. Values are those of one CPU.

    def lookup(self, key: bytes, cpu: int = 0) -> Any:
        """The live value under ``key``, of ``cpu`` where there is one for each; None where there is none.

        Writing into the bytearray changes the map. Of an LRU map the entry counts as used.
        """
        raise self._unsupported("BPF_MAP_LOOKUP_ELEM")

    def update_bytes(self, key: bytes, value: bytes, flags: int = 0, cpu: int = 0) -> None:
        """Write the entry under ``key``; of a per-CPU map the value of ``cpu`` alone.

        Raises:
            KernelError: with the errno the helper returns.
        """
        raise self._unsupported("BPF_MAP_UPDATE_ELEM")

    def delete_bytes(self, key: bytes) -> None:
        """Remove the entry under ``key``.

        Raises:
            KernelError: with the errno the helper returns.
        """
        raise self._unsupported("BPF_MAP_DELETE_ELEM")

    def next_key_bytes(self, key: bytes | None) -> bytes | None:
        """The key after ``key``; the first one after None and after a key that is gone; None after the last."""
        raise self._unsupported("BPF_MAP_GET_NEXT_KEY")

    # What a type brings besides. Values are those of all CPUs, as user space has them.

    def _read(self, key: bytes) -> bytes:
        """The value under ``key``; that user space looks does not count as use."""
        raise self._unsupported("BPF_MAP_LOOKUP_ELEM")

    def _write(self, key: bytes, value: bytes, flags: int) -> None:
        """Write the entry under ``key``."""
        self.update_bytes(key, value, flags)

    def _take(self, key: bytes) -> bytes:
        """Read and remove the entry under ``key``."""
        raise self._unsupported("BPF_MAP_LOOKUP_AND_DELETE_ELEM")

    # Refusals

    def _check_open(self, *, reads: bool = False, writes: bool = False) -> None:
        if self._closed:
            raise ClosedError(f"map {self.name!r} is closed")
        if reads and not self._user_reads:
            raise self._refusal(PermissionDenied, EPERM, "user space may not read it (MapFlag.WRONLY)")
        if writes and self._frozen:
            raise self._refusal(PermissionDenied, EPERM, "the map is frozen")
        if writes and not self._user_writes:
            raise self._refusal(PermissionDenied, EPERM, "user space may not write it (MapFlag.RDONLY)")

    def _check_batch(self, wanted: int, command: str) -> None:
        if not self.BATCHES & wanted:
            raise self._unsupported(command)

    def _check_update_flags(self, flags: int) -> None:
        if flags not in {ANY, NOEXIST, EXIST}:
            reason = f"flags must be one of UpdateFlag.ANY, NOEXIST and EXIST, not {flags:#x}"
            raise self._refusal(KernelError, EINVAL, reason, "BPF_MAP_UPDATE_ELEM")

    def _absent(self, command: str = "BPF_MAP_LOOKUP_ELEM") -> KeyNotFound:
        return KeyNotFound(ENOENT, f"map {self.name!r}: there is no such entry", command=command)

    def _refusal(self, kind: type[KernelError], number: int, reason: str, command: str = "") -> KernelError:
        return kind(number, f"map {self.name!r}: {reason}", command=command)

    def _unsupported(self, command: str) -> NotSupported:
        message = f"map {self.name!r}: {self.KIND} does not know {command} (ENOTSUPP)"
        return NotSupported(ENOTSUPP, message, command=command, feature=command)

    def _stopped(self, error: KernelError, key: bytes, done: int, count: int, command: str) -> KernelError:
        """The error of one element of a batch, with how many were done before it."""
        told = self._explained(error, self._key.decode(key))
        message = f"{told} (after {done} of {count} elements)" if done else str(told)
        return type(told)(told.errno or 0, message, command=command)

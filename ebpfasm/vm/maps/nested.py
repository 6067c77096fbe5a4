"""Maps of maps."""

from __future__ import annotations

import sys
from errno import E2BIG, EBADF, EINVAL

from ebpfasm.errors import KernelError, KeyNotFound, OperandError
from ebpfasm.uapi import MapFlag, MapType
from ebpfasm.vm.maps.arrays import next_index
from ebpfasm.vm.maps.hashes import Hash, check_hash
from ebpfasm.vm.maps.map import ANY, LIVING, LOOKUP, UPDATE, Map
from ebpfasm.vm.maps.program_array import check_references
from ebpfasm.vm.maps.wanted import ENOTSUPP, Wanted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["ArrayOfMaps", "HashOfMaps"]


class _Outer(Map):
    """What the maps of maps have in common: a value is a `Map`, which user space reads as its id.

    The map given when it was made says what kind it takes (kernel/bpf/map_in_map.c).
    """

    __slots__ = ()

    _inner: tuple[int, ...]

    def _encoded(self, value: Any) -> bytes:
        if not isinstance(value, Map):
            message = f"map {self.name!r}: a value must be a map of the vm, not {value!r}"
            raise OperandError(message, field="value", value=value)
        return _number(value)

    def _referred(self, value: bytes) -> Map:
        """The map a value stands for; raises KernelError where it is not of the kind the map takes."""
        inner = LIVING.get(int.from_bytes(value, sys.byteorder))
        command = "BPF_MAP_UPDATE_ELEM"
        if inner is None:
            raise self._refusal(KernelError, EBADF, "there is no such map to put in", command)
        if _kind(inner) != self._inner:
            reason = f"{inner.KIND} {inner.name!r} differs from the inner map it was made with"
            raise self._refusal(KernelError, EINVAL, reason, command)
        return inner


class ArrayOfMaps(_Outer):
    """An array of maps; a slot may be empty."""

    __slots__ = ("_inner", "_maps")

    KIND = "an array of maps"
    BATCHES = LOOKUP | UPDATE

    def __init__(self, wanted: Wanted, key: object = None, value: object = None) -> None:
        super().__init__(wanted, key, value)
        self._inner = _kind(wanted.inner_map)
        self._maps: dict[int, Map] = {}

    @classmethod
    def check(cls, wanted: Wanted) -> None:
        """Refuse what array_of_map_alloc() in kernel/bpf/arraymap.c does."""
        check_references(wanted)
        _check_inner(wanted)

    def lookup(self, key: bytes, cpu: int = 0) -> Map | None:
        """The map in a slot, or None."""
        return self._maps.get(int.from_bytes(key, sys.byteorder))

    def update_bytes(self, key: bytes, value: bytes, flags: int = 0, cpu: int = 0) -> None:
        """Put the map of this id into a slot."""
        command = "BPF_MAP_UPDATE_ELEM"
        if flags != ANY:
            raise self._refusal(KernelError, EINVAL, f"flags can only be UpdateFlag.ANY, not {flags:#x}", command)
        index = int.from_bytes(key, sys.byteorder)
        if index >= self.max_entries:
            raise self._refusal(KernelError, E2BIG, "the index is beyond the array", command)
        self._maps[index] = self._referred(value)

    def delete_bytes(self, key: bytes) -> None:
        """Empty a slot."""
        index = int.from_bytes(key, sys.byteorder)
        if index >= self.max_entries:
            raise self._refusal(KeyNotFound, E2BIG, "the index is beyond the array", "BPF_MAP_DELETE_ELEM")
        if self._maps.pop(index, None) is None:
            raise self._absent("BPF_MAP_DELETE_ELEM")

    def next_key_bytes(self, key: bytes | None) -> bytes | None:
        """The index after ``key``, of a filled slot or not."""
        return next_index(self, key)

    def _read(self, key: bytes) -> bytes:
        inner = self.lookup(key)
        if inner is None:
            raise self._absent()
        return _number(inner)


class HashOfMaps(_Outer, Hash):
    """A hash of maps."""

    __slots__ = ("_inner",)

    KIND = "a hash of maps"

    def __init__(self, wanted: Wanted, key: object = None, value: object = None) -> None:
        super().__init__(wanted, key, value)
        self._inner = _kind(wanted.inner_map)

    @classmethod
    def check(cls, wanted: Wanted) -> None:
        """Refuse what fd_htab_map_alloc_check() in kernel/bpf/hashtab.c does."""
        wanted.require(wanted.value_size == 4, f"the values of this map type have 4 bytes, not {wanted.value_size}")
        check_hash(wanted, lru=False, per_cpu=False)
        _check_inner(wanted)

    def update_bytes(self, key: bytes, value: bytes, flags: int = 0, cpu: int = 0) -> None:
        """Put the map of this id under ``key``."""
        inner = self._referred(value)
        self._admit(key, flags)
        self._cells[key] = inner

    def _take(self, key: bytes) -> bytes:
        raise self._unsupported("BPF_MAP_LOOKUP_AND_DELETE_ELEM")

    def _shown(self, cell: Any) -> bytes:
        return _number(cell)


def _number(map: Map) -> bytes:
    return map.id.to_bytes(4, sys.byteorder)


def _kind(map: Map | None) -> tuple[int, ...]:
    """What maps must have in common to take each other's place (bpf_map_meta_equal, array_map_meta_equal)."""
    assert map is not None, "checked when the outer map was made"
    fixed = map.type == MapType.ARRAY and not map.flags & MapFlag.INNER_MAP
    return map.type, map.key_size, map.value_size, map.flags, map.max_entries if fixed else 0


def _check_inner(wanted: Wanted) -> None:
    """Refuse what bpf_map_meta_alloc() does."""
    inner = wanted.inner_map
    wanted.require(isinstance(inner, Map), f"it needs a map of the vm as inner_map, not {inner!r}")
    assert inner is not None
    wanted.require(not isinstance(inner, _Outer), f"{inner.KIND} cannot be the inner map of another")
    wanted.require(inner.type != MapType.PROG_ARRAY, "a program array cannot be an inner map", ENOTSUPP)

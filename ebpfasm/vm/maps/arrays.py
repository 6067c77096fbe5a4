"""Arrays, whose entries are there from the start: made when first asked for, zero until then."""

from __future__ import annotations

import sys
from errno import E2BIG, EEXIST, EINVAL

from ebpfasm.errors import KernelError, KeyExists
from ebpfasm.uapi import MapFlag, MapType
from ebpfasm.vm.maps.map import LOCK, LOOKUP, NOEXIST, UPDATE, Map
from ebpfasm.vm.maps.wanted import Wanted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["Array", "PerCpuArray", "check_array", "next_index"]

LARGEST_VALUE = (1 << 31) - 1
FLAGS = (
    MapFlag.NUMA_NODE | MapFlag.MMAPABLE | MapFlag.INNER_MAP
    | MapFlag.RDONLY | MapFlag.WRONLY | MapFlag.RDONLY_PROG | MapFlag.WRONLY_PROG
)  # fmt: skip


def check_array(wanted: Wanted, flags: int) -> None:
    """Refuse what array_map_alloc_check() in kernel/bpf/arraymap.c does."""
    wanted.require(wanted.max_entries > 0, "an array must have an entry")
    wanted.require(wanted.key_size == 4, f"the keys of an array have 4 bytes, not {wanted.key_size}")
    wanted.require(wanted.value_size > 0, "values must have a size")
    wanted.require_flags(flags)
    wanted.require(wanted.value_size <= LARGEST_VALUE, f"a value has at most {LARGEST_VALUE} bytes", E2BIG)


def next_index(map: Map, key: bytes | None) -> bytes | None:
    """The index after ``key``, 0 after None and after an index beyond the array, None after the last."""
    index = -1 if key is None else int.from_bytes(key, sys.byteorder)
    if index == map.max_entries - 1:
        return None
    return (index + 1 if index < map.max_entries else 0).to_bytes(4, sys.byteorder)


class Array(Map):
    """An array of values (kernel/bpf/arraymap.c)."""

    __slots__ = ("_cells",)

    KIND = "an array"
    BATCHES = LOOKUP | UPDATE

    _cells: dict[bytes, Any]

    def __init__(self, wanted: Wanted, key: object = None, value: object = None) -> None:
        super().__init__(wanted, key, value)
        self._cells = {}

    @classmethod
    def check(cls, wanted: Wanted) -> None:
        """Refuse what the kernel would not make."""
        check_array(wanted, FLAGS)

    def lookup(self, key: bytes, cpu: int = 0) -> bytearray | None:
        """The live value of an entry; None beyond the array."""
        cell: bytearray | None = self._cells.get(key)
        if cell is None and self._has(key):
            cell = self._cells[key] = bytearray(self.value_size)
        return cell

    def update_bytes(self, key: bytes, value: bytes, flags: int = 0, cpu: int = 0) -> None:
        """Write an entry, in place."""
        self._check_update(key, flags)
        cell = self._cells.get(key)
        if cell is None:
            self._cells[key] = bytearray(value)
        else:
            cell[:] = value

    def delete_bytes(self, key: bytes) -> None:
        """Raises KernelError (EINVAL): entries of an array cannot be deleted."""
        raise self._refusal(KernelError, EINVAL, "entries of an array cannot be deleted", "BPF_MAP_DELETE_ELEM")

    def next_key_bytes(self, key: bytes | None) -> bytes | None:
        """The index after ``key``."""
        return next_index(self, key)

    def _read(self, key: bytes) -> bytes:
        cell = self._cells.get(key)
        if cell is not None:
            return bytes(cell)
        if self._has(key):
            return bytes(self._value_bytes)
        raise self._absent()

    def _has(self, key: bytes) -> bool:
        return int.from_bytes(key, sys.byteorder) < self.max_entries

    def _check_update(self, key: bytes, flags: int) -> None:
        # In the order of array_map_update_elem(); LOCK comes last, as it takes a value with a spin lock.
        command = "BPF_MAP_UPDATE_ELEM"
        self._check_update_flags(flags & ~LOCK)
        if not self._has(key):
            raise self._refusal(KernelError, E2BIG, "the index is beyond the array", command)
        if flags & NOEXIST:
            raise self._refusal(KeyExists, EEXIST, "all entries of an array are there", command)
        self._check_update_flags(flags)


class PerCpuArray(Array):
    """An array with values for each CPU."""

    __slots__ = ()

    KIND = "a per-CPU array"

    @classmethod
    def check(cls, wanted: Wanted) -> None:
        """Refuse what the kernel would not make."""
        assert wanted.type == MapType.PERCPU_ARRAY
        check_array(wanted, FLAGS & ~(MapFlag.NUMA_NODE | MapFlag.MMAPABLE | MapFlag.INNER_MAP))
        wanted.require_per_cpu_size()

    def lookup(self, key: bytes, cpu: int = 0) -> bytearray | None:
        """The live value of an entry for ``cpu``; None beyond the array and the CPUs."""
        cells = self._cells.get(key)
        if cells is None:
            if not self._has(key):
                return None
            cells = self._cells[key] = [bytearray(self.value_size) for _ in range(self.cpus)]
        cell: bytearray | None = cells[cpu] if cpu < self.cpus else None
        return cell

    def update_bytes(self, key: bytes, value: bytes, flags: int = 0, cpu: int = 0) -> None:
        """Write an entry for ``cpu``."""
        self._check_update(key, flags)
        cell = self.lookup(key, cpu)
        if cell is not None:
            cell[:] = value

    def _read(self, key: bytes) -> bytes:
        cells = self._cells.get(key)
        return super()._read(key) if cells is None else joined(cells)

    def _write(self, key: bytes, value: bytes, flags: int) -> None:
        self._check_update(key, flags)
        self.lookup(key)
        spread(value, self._cells[key])


def joined(cells: list[bytearray]) -> bytes:
    """The values of all CPUs as user space has them: each rounded up to 8 bytes."""
    return b"".join(bytes(cell) + bytes(-len(cell) % 8) for cell in cells)


def spread(value: bytes, cells: list[bytearray]) -> None:
    """Write what `joined` gives, in place."""
    step = len(value) // len(cells)
    for cpu, cell in enumerate(cells):
        cell[:] = value[cpu * step : cpu * step + len(cell)]

"""Hashes: plain, per CPU, and those that give up the least recently used entry when they are full."""

from __future__ import annotations

from collections import OrderedDict
from errno import E2BIG, EEXIST

from ebpfasm.errors import KernelError, KeyExists
from ebpfasm.uapi import MapFlag
from ebpfasm.vm.maps.arrays import joined, spread
from ebpfasm.vm.maps.key_order import KeyOrder
from ebpfasm.vm.maps.map import DELETE, EXIST, LOOKUP, LOOKUP_AND_DELETE, NOEXIST, UPDATE, Map
from ebpfasm.vm.maps.wanted import ACCESS, ENOTSUPP, LARGEST_ALLOCATION, Wanted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["Hash", "LruHash", "LruPerCpuHash", "PerCpuHash", "check_hash"]

FLAGS = MapFlag.NO_PREALLOC | MapFlag.NO_COMMON_LRU | MapFlag.NUMA_NODE | MapFlag.ZERO_SEED | ACCESS
ELEMENT = 48  # sizeof(struct htab_elem)
MOST_ENTRIES = 1 << 27  # as many buckets as fit into 32 bits of memory, 16 bytes each


def check_hash(wanted: Wanted, *, lru: bool, per_cpu: bool) -> None:
    """Refuse what htab_map_alloc_check() and htab_map_alloc() in kernel/bpf/hashtab.c do, in their order."""
    wanted.require_flags(FLAGS)
    own_lists = wanted.flags & MapFlag.NO_COMMON_LRU
    wanted.require(lru or not own_lists, "NO_COMMON_LRU is for LRU maps")
    wanted.require(
        not (lru and wanted.flags & MapFlag.NO_PREALLOC), "an LRU map does not go without preallocation", ENOTSUPP
    )
    wanted.require(
        not (wanted.flags & MapFlag.NUMA_NODE and (per_cpu or own_lists)), "NUMA_NODE is not for what is per CPU"
    )
    wanted.require_sizes()
    largest = LARGEST_ALLOCATION - ELEMENT - 1
    wanted.require(
        wanted.key_size + wanted.value_size <= largest, f"key and value have at most {largest} bytes together", E2BIG
    )
    if per_cpu:
        wanted.require_per_cpu_size()
    if own_lists:  # each CPU's list has the same length
        wanted.max_entries = -(-wanted.max_entries // wanted.cpus) * wanted.cpus
    wanted.require(wanted.max_entries <= MOST_ENTRIES, f"a hash holds at most {MOST_ENTRIES} entries", E2BIG)


class Hash(Map):
    """A hash of values (kernel/bpf/hashtab.c)."""

    __slots__ = ("_cells", "_order")

    KIND = "a hash"
    BATCHES = LOOKUP | LOOKUP_AND_DELETE | UPDATE | DELETE
    LRU = False
    PER_CPU = False

    _cells: dict[bytes, Any]
    _order: KeyOrder | None

    def __init__(self, wanted: Wanted, key: object = None, value: object = None) -> None:
        super().__init__(wanted, key, value)
        self._cells = {}
        self._order = None  # made when the map is first walked

    @classmethod
    def check(cls, wanted: Wanted) -> None:
        """Refuse what the kernel would not make."""
        check_hash(wanted, lru=cls.LRU, per_cpu=cls.PER_CPU)

    def lookup(self, key: bytes, cpu: int = 0) -> Any:
        """The live value under ``key``, or None."""
        return self._cells.get(key)

    def update_bytes(self, key: bytes, value: bytes, flags: int = 0, cpu: int = 0) -> None:
        """Write the entry under ``key``; who holds the value that was there keeps it as it was."""
        self._admit(key, flags)
        self._cells[key] = bytearray(value)

    def delete_bytes(self, key: bytes) -> None:
        """Remove the entry under ``key``."""
        if self._cells.pop(key, None) is None:
            raise self._absent("BPF_MAP_DELETE_ELEM")

    def next_key_bytes(self, key: bytes | None) -> bytes | None:
        """The key after ``key``, in the order they came."""
        if self._order is None:
            self._order = KeyOrder(self._cells)
        return self._order.after(key, self._cells)

    def _read(self, key: bytes) -> bytes:
        cell = self._cells.get(key)
        if cell is None:
            raise self._absent()
        return self._shown(cell)

    def _take(self, key: bytes) -> bytes:
        cell = self._cells.pop(key, None)
        if cell is None:
            raise self._absent("BPF_MAP_LOOKUP_AND_DELETE_ELEM")
        return self._shown(cell)

    def _shown(self, cell: Any) -> bytes:
        return bytes(cell)

    def _admit(self, key: bytes, flags: int) -> bool:
        """Whether there is an entry under ``key``; raises where the flags or the map do not allow the update."""
        command = "BPF_MAP_UPDATE_ELEM"
        self._check_update_flags(flags)
        if key in self._cells:
            if flags == NOEXIST:
                raise self._refusal(KeyExists, EEXIST, "there is such an entry already", command)
            return True
        if flags == EXIST:
            raise self._absent(command)
        if len(self._cells) >= self.max_entries:
            self._make_room()
        if self._order is not None:
            self._order.add(key)
        return False

    def _make_room(self) -> None:
        raise self._refusal(KernelError, E2BIG, "the map is full", "BPF_MAP_UPDATE_ELEM")


class PerCpuHash(Hash):
    """A hash with values for each CPU."""

    __slots__ = ()

    KIND = "a per-CPU hash"
    PER_CPU = True

    def lookup(self, key: bytes, cpu: int = 0) -> bytearray | None:
        """The live value under ``key`` for ``cpu``, or None."""
        cells = self._cells.get(key)
        return cells[cpu] if cells is not None and cpu < self.cpus else None

    def update_bytes(self, key: bytes, value: bytes, flags: int = 0, cpu: int = 0) -> None:
        """Write the entry under ``key`` for ``cpu``, in place; in a new one the other CPUs have zeros."""
        self._cells_for(key, flags)[cpu][:] = value

    def _write(self, key: bytes, value: bytes, flags: int) -> None:
        spread(value, self._cells_for(key, flags))

    def _cells_for(self, key: bytes, flags: int) -> list[bytearray]:
        if not self._admit(key, flags):
            self._cells[key] = [bytearray(self.value_size) for _ in range(self.cpus)]
        cells: list[bytearray] = self._cells[key]
        return cells

    def _shown(self, cell: Any) -> bytes:
        return joined(cell)


class _LeastRecentlyUsed(Hash):
    """What makes an LRU map of a hash: its entries stand in the order of their last use."""

    __slots__ = ()

    LRU = True

    _cells: OrderedDict[bytes, Any]

    def __init__(self, wanted: Wanted, key: object = None, value: object = None) -> None:
        super().__init__(wanted, key, value)
        self._cells = OrderedDict()

    def lookup(self, key: bytes, cpu: int = 0) -> Any:
        """The live value under ``key``, or None; the entry counts as used."""
        cell = super().lookup(key, cpu)
        if cell is not None:
            self._cells.move_to_end(key)
        return cell

    def _admit(self, key: bytes, flags: int) -> bool:
        there = super()._admit(key, flags)
        if there:
            self._cells.move_to_end(key)
        return there

    def _make_room(self) -> None:
        self._cells.popitem(last=False)


class LruHash(_LeastRecentlyUsed):
    """A hash that gives up the least recently used entry when it is full."""

    __slots__ = ()

    KIND = "an LRU hash"


class LruPerCpuHash(_LeastRecentlyUsed, PerCpuHash):
    """An LRU hash with values for each CPU."""

    __slots__ = ()

    KIND = "an LRU per-CPU hash"

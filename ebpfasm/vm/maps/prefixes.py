"""Tries, looked up by the longest prefix that matches."""

from __future__ import annotations

import sys
from bisect import bisect_right, insort
from errno import EEXIST, EINVAL, ENOSPC

from ebpfasm.errors import KernelError, KeyExists
from ebpfasm.uapi import MapFlag
from ebpfasm.vm.maps.map import DELETE, EXIST, LOOKUP, NOEXIST, UPDATE, Map
from ebpfasm.vm.maps.wanted import ACCESS, LARGEST_ALLOCATION, Wanted

__all__ = ["PrefixTrie"]

LENGTH = 4  # a key begins with the prefix's length in bits, a u32; what follows counts from the highest bit
MOST_DATA = 256
LARGEST_VALUE = LARGEST_ALLOCATION - MOST_DATA - 24  # less sizeof(struct lpm_trie_node)


class PrefixTrie(Map):
    """An LPM trie (kernel/bpf/lpm_trie.c), kept as one table for each length of prefix."""

    __slots__ = ("_count", "_order", "_tables", "_width")

    KIND = "a trie"
    BATCHES = LOOKUP | UPDATE | DELETE

    _tables: dict[int, dict[int, tuple[bytes, bytearray]]]
    _order: list[tuple[int, int]] | None

    def __init__(self, wanted: Wanted, key: object = None, value: object = None) -> None:
        super().__init__(wanted, key, value)
        self._width = (self.key_size - LENGTH) * 8
        # By length, the longest first: by the bits of the prefix, the key as it was written, and the value.
        self._tables = {}
        self._count = 0
        self._order = None  # made when the map is first walked

    @classmethod
    def check(cls, wanted: Wanted) -> None:
        """Refuse what trie_alloc() does."""
        wanted.require(wanted.max_entries > 0, "a map must have room for an entry")
        wanted.require(bool(wanted.flags & MapFlag.NO_PREALLOC), "a trie wants MapFlag.NO_PREALLOC")
        wanted.require_flags(MapFlag.NO_PREALLOC | MapFlag.NUMA_NODE | ACCESS)
        wanted.require(
            LENGTH < wanted.key_size <= LENGTH + MOST_DATA,
            f"the keys of a trie have {LENGTH + 1}..{LENGTH + MOST_DATA} bytes, not {wanted.key_size}",
        )
        wanted.require(
            0 < wanted.value_size <= LARGEST_VALUE,
            f"the values of a trie have 1..{LARGEST_VALUE} bytes, not {wanted.value_size}",
        )

    def lookup(self, key: bytes, cpu: int = 0) -> bytearray | None:
        """The live value under the longest prefix of ``key``, or None."""
        most = int.from_bytes(key[:LENGTH], sys.byteorder)
        if most > self._width:
            return None
        bits = int.from_bytes(key[LENGTH:], "big")
        for length, table in self._tables.items():
            if length <= most:
                found = table.get(bits >> self._width - length)
                if found is not None:
                    return found[1]
        return None

    def update_bytes(self, key: bytes, value: bytes, flags: int = 0, cpu: int = 0) -> None:
        """Write the entry of a prefix; who holds the value that was there keeps it as it was."""
        command = "BPF_MAP_UPDATE_ELEM"
        self._check_update_flags(flags)
        length, bits = self._prefix(key, command)
        table = self._tables.get(length, {})
        if bits in table:
            if flags == NOEXIST:
                raise self._refusal(KeyExists, EEXIST, "there is such an entry already", command)
        else:
            if flags == EXIST:
                raise self._absent(command)
            if self._count == self.max_entries:
                reason = f"it is full: it can hold {self.max_entries} entries"
                raise self._refusal(KernelError, ENOSPC, reason, command)
            self._count += 1
            if length not in self._tables:
                self._tables[length] = table
                self._tables = dict(sorted(self._tables.items(), reverse=True))
            if self._order is not None:
                insort(self._order, self._place(length, bits))
        table[bits] = key, bytearray(value)

    def delete_bytes(self, key: bytes) -> None:
        """Remove the entry of exactly this prefix."""
        command = "BPF_MAP_DELETE_ELEM"
        length, bits = self._prefix(key, command)
        table = self._tables.get(length, {})
        if table.pop(bits, None) is None:
            raise self._absent(command)
        self._count -= 1
        if not table:
            del self._tables[length]
        if self._order is not None:
            del self._order[bisect_right(self._order, self._place(length, bits)) - 1]

    def next_key_bytes(self, key: bytes | None) -> bytes | None:
        """The key after ``key``: the more specific before the less, as trie_get_next_key() has them."""
        if self._order is None:
            self._order = sorted(self._place(length, bits) for length, table in self._tables.items() for bits in table)
        place = 0
        if key is not None and int.from_bytes(key[:LENGTH], sys.byteorder) <= self._width:
            length, bits = self._prefix(key, "BPF_MAP_GET_NEXT_KEY")
            if bits in self._tables.get(length, {}):
                place = bisect_right(self._order, self._place(length, bits))
        if place == len(self._order):
            return None
        last, shorter = self._order[place]
        return self._tables[-shorter][last >> self._width + shorter][0]

    def _read(self, key: bytes) -> bytes:
        cell = self.lookup(key)
        if cell is None:
            raise self._absent()
        return bytes(cell)

    def _prefix(self, key: bytes, command: str) -> tuple[int, int]:
        """Length and bits of the prefix a key stands for."""
        length = int.from_bytes(key[:LENGTH], sys.byteorder)
        if length > self._width:
            reason = f"a prefix has at most {self._width} bits, not {length}"
            raise self._refusal(KernelError, EINVAL, reason, command)
        return length, int.from_bytes(key[LENGTH:], "big") >> self._width - length

    def _place(self, length: int, bits: int) -> tuple[int, int]:
        """Where a prefix stands when the trie is walked children first: the last address in it, the longer first."""
        free = self._width - length
        return bits << free | (1 << free) - 1, -length

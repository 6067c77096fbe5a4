"""The types of maps the vm has."""

from __future__ import annotations

from errno import EINVAL

from ebpfasm.errors import NotSupported
from ebpfasm.uapi import MapType
from ebpfasm.vm.maps.arrays import Array, PerCpuArray
from ebpfasm.vm.maps.hashes import Hash, LruHash, LruPerCpuHash, PerCpuHash
from ebpfasm.vm.maps.map import Map
from ebpfasm.vm.maps.nested import ArrayOfMaps, HashOfMaps
from ebpfasm.vm.maps.prefixes import PrefixTrie
from ebpfasm.vm.maps.program_array import ProgramArray
from ebpfasm.vm.maps.queues import Queue, Stack
from ebpfasm.vm.maps.ring_buffer import RingBuffer
from ebpfasm.vm.maps.wanted import ENOTSUPP, Wanted

__all__ = ["KINDS", "kind_of"]

KINDS: dict[int, type[Map]] = {
    MapType.HASH: Hash,
    MapType.ARRAY: Array,
    MapType.PROG_ARRAY: ProgramArray,
    MapType.PERCPU_HASH: PerCpuHash,
    MapType.PERCPU_ARRAY: PerCpuArray,
    MapType.LRU_HASH: LruHash,
    MapType.LRU_PERCPU_HASH: LruPerCpuHash,
    MapType.LPM_TRIE: PrefixTrie,
    MapType.ARRAY_OF_MAPS: ArrayOfMaps,
    MapType.HASH_OF_MAPS: HashOfMaps,
    MapType.QUEUE: Queue,
    MapType.STACK: Stack,
    MapType.RINGBUF: RingBuffer,
}


def kind_of(wanted: Wanted) -> type[Map]:
    """The class of a type of map.

    Raises:
        NotSupported: the kernel has it, the vm does not.
        KernelError: the kernel has no such type.
    """
    kind = KINDS.get(wanted.type)
    if kind is not None:
        return kind
    try:
        name = MapType(wanted.type).name
    except ValueError:
        name = "UNSPEC"
    if name == "UNSPEC":
        raise wanted.refusal(EINVAL, f"there is no map type {wanted.type}")
    known = ", ".join(sorted(MapType(number).name for number in KINDS))
    message = f"the vm has no maps of type {name}; it has {known}"
    raise NotSupported(ENOTSUPP, message, command="BPF_MAP_CREATE", feature=name)

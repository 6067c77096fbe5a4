"""Helpers that read and change maps."""

from __future__ import annotations

from errno import EINVAL

from ebpfasm.errors import KernelError
from ebpfasm.uapi.map_type import MapType
from ebpfasm.vm.helpers.arguments import map_of
from ebpfasm.vm.memory import FIRST_NOT_FRAME, SHIFT, WITHIN, Fault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ebpfasm.vm.machine import Machine

__all__ = [
    "for_each_map_elem",
    "map_delete_elem",
    "map_lookup_elem",
    "map_lookup_percpu_elem",
    "map_peek_elem",
    "map_pop_elem",
    "map_push_elem",
    "map_update_elem",
    "value_address",
]

# check_map_func_compatibility(), kernel/bpf/verifier.c
PER_CPU = frozenset({MapType.PERCPU_ARRAY, MapType.PERCPU_HASH, MapType.LRU_PERCPU_HASH})
ELEMENTS = PER_CPU | {MapType.ARRAY, MapType.HASH, MapType.LRU_HASH}
KEYED = ELEMENTS | {MapType.LPM_TRIE}
OF_MAPS = frozenset({MapType.ARRAY_OF_MAPS, MapType.HASH_OF_MAPS})
LOOKUPS = "lookups"
"""Of each map that was looked into, by its address: how to, the key's size, and where its values are."""
QUEUES = frozenset({MapType.QUEUE, MapType.STACK})


def map_lookup_elem(machine: Machine, r1: int, r2: int) -> int:
    """``(map, key)``: the address of the value under a key, or 0."""
    # The helper that programs call most: what is known of a map and its values is kept, and a key on the stack,
    # where nearly all are, is taken from there without a call.
    try:
        lookup, size, addresses = machine.state[LOOKUPS][r1]
    except KeyError:
        return _first_lookup(machine, r1, r2)
    memory = machine.memory
    key = b""
    if r2 < FIRST_NOT_FRAME:
        region = memory.regions[r2 >> SHIFT]
        start = r2 & WITHIN
        if region is not None and region.written is not None and 0 not in region.written[start : start + size]:
            key = region.views[1][start : start + size].tobytes()
    if len(key) != size:
        key = memory.read(r2, size)
    cell = lookup(key, machine.cpu)
    if cell is None:
        return 0
    address: int = addresses.get(id(cell), 0)  # the run's memory keeps what has an address, so ids stay
    if not address:
        address = addresses[id(cell)] = value_address(machine, memory.map_at(r1), cell)
    return address


def _first_lookup(machine: Machine, r1: int, r2: int) -> int:
    map = map_of(machine, r1, KEYED | OF_MAPS, "bpf_map_lookup_elem")
    if map.type in OF_MAPS:
        inner = map.lookup(machine.memory.read(r2, map.key_size), machine.cpu)
        return 0 if inner is None else machine.memory.map_handle(inner)
    machine.state.setdefault(LOOKUPS, {})[r1] = map.lookup, map.key_size, {}
    return map_lookup_elem(machine, r1, r2)


def map_lookup_percpu_elem(machine: Machine, r1: int, r2: int, r3: int) -> int:
    """``(map, key, cpu)``: the address of the value of a CPU under a key, or 0."""
    map = map_of(machine, r1, PER_CPU, "bpf_map_lookup_percpu_elem")
    cell = map.lookup(machine.memory.read(r2, map.key_size), r3 & 0xFFFFFFFF)
    return 0 if cell is None else value_address(machine, map, cell)


def value_address(machine: Machine, map: Any, cell: bytearray) -> int:
    """The address of a live value of a map."""
    address = machine.memory.addresses.get(id(cell))  # most are asked for again and again
    if address is not None:
        return address
    return machine.memory.address_of(
        cell, f"value of map {map.name!r}", writable=map.program_writes, readable=map.program_reads
    )


def map_update_elem(machine: Machine, r1: int, r2: int, r3: int, r4: int) -> int:
    """``(map, key, value, flags)``: write an entry."""
    memory = machine.memory
    map = map_of(machine, r1, KEYED, "bpf_map_update_elem")
    _check_writes(map)
    key, value = memory.read(r2, map.key_size), memory.read(r3, map.value_size)
    try:
        map.update_bytes(key, value, r4, machine.cpu)
    except KernelError as error:
        return -(error.errno or EINVAL)
    return 0


def map_delete_elem(machine: Machine, r1: int, r2: int) -> int:
    """``(map, key)``: delete an entry."""
    map = map_of(machine, r1, KEYED, "bpf_map_delete_elem")
    _check_writes(map)
    try:
        map.delete_bytes(machine.memory.read(r2, map.key_size))
    except KernelError as error:
        return -(error.errno or EINVAL)
    return 0


def map_push_elem(machine: Machine, r1: int, r2: int, r3: int) -> int:
    """``(map, value, flags)``: put a value into a queue or onto a stack."""
    map = map_of(machine, r1, QUEUES, "bpf_map_push_elem")
    _check_writes(map)
    try:
        map.push(machine.memory.read(r2, map.value_size), r3)
    except KernelError as error:
        return -(error.errno or EINVAL)
    return 0


def map_pop_elem(machine: Machine, r1: int, r2: int) -> int:
    """``(map, value)``: take the next value of a queue or stack; where there is none, the value is zeros."""
    return _next(machine, r1, r2, "bpf_map_pop_elem")


def map_peek_elem(machine: Machine, r1: int, r2: int) -> int:
    """``(map, value)``: the next value of a queue or stack, which stays there."""
    return _next(machine, r1, r2, "bpf_map_peek_elem")


def _next(machine: Machine, r1: int, r2: int, helper: str) -> int:
    map = map_of(machine, r1, QUEUES, helper)
    take = helper == "bpf_map_pop_elem"
    if take:
        _check_writes(map)
    try:
        value = map.take() if take else map.peek()
    except KernelError as error:
        machine.memory.write(r2, bytes(map.value_size))
        return -(error.errno or EINVAL)
    machine.memory.write(r2, value)
    return 0


def for_each_map_elem(machine: Machine, r1: int, r2: int, r3: int, r4: int) -> int:
    """``(map, callback, ctx, flags)``: call ``callback(map, key, value, ctx)`` for each entry until it returns 1;
    returns how many it was called for."""
    map = map_of(machine, r1, ELEMENTS, "bpf_for_each_map_elem")
    if r4:
        return -EINVAL
    called = 0
    for key in list(_keys(map)):  # what a callback deletes or adds must not lead back to the first one
        cell = map.lookup(key, machine.cpu)
        if cell is None:
            continue
        copy = bytearray(key)
        address = machine.memory.address_of(copy, f"key of map {map.name!r}", writable=False)
        called += 1
        stop = machine.call(r2, r1, address, value_address(machine, map, cell), r3)
        machine.memory.forget(copy)
        if check_callback(stop):
            break
    return called


def _keys(map: Any) -> Iterator[bytes]:
    key = map.next_key_bytes(None)
    while key is not None:
        yield key
        key = map.next_key_bytes(key)


def check_callback(result: int) -> int:
    """What a callback of an iteration returned, which the verifier limits to 0 and 1."""
    if result > 1:
        raise Fault(f"calls a function that returns {result:#x}; a callback must return 0, to go on, or 1, to stop")
    return result


def _check_writes(map: Any) -> None:
    if not map.program_writes:
        raise Fault(f"writes to map {map.name!r}, which programs may only read (MapFlag.RDONLY_PROG)")

"""Maps of the vm without a kernel: what they are, what helpers see of them, and what they cost."""

from __future__ import annotations

import struct
import sys
import tracemalloc
from collections.abc import Callable
from errno import E2BIG, EEXIST, EINVAL, ENOENT, ENOSPC, EPERM
from typing import Any

import pytest

from ebpfasm import MapFlag, MapType, UpdateFlag
from ebpfasm.errors import (
    ClosedError,
    KernelError,
    KeyExists,
    KeyNotFound,
    NotSupported,
    OperandError,
    PermissionDenied,
)
from ebpfasm.vm.maps import Map, ProgramArray, RingBuffer
from ebpfasm.vm.maps.key_order import KeyOrder
from ebpfasm.vm.maps.kinds import KINDS
from ebpfasm.vm.maps.wanted import ENOTSUPP

HASHES = [MapType.HASH, MapType.PERCPU_HASH, MapType.LRU_HASH, MapType.LRU_PERCPU_HASH]


def create(type: int, **members: Any) -> Map:
    """Return a map of 4-byte keys and values and 4 entries, unless told otherwise."""
    return Map.create(type, **({"key_size": 4, "value_size": 4, "max_entries": 4} | members))


def u32(number: int) -> bytes:
    return number.to_bytes(4, sys.byteorder)


def prefix(length: int, *data: int) -> bytes:
    return u32(length) + bytes(data)


# making


def test_a_map_tells_what_it_is() -> None:
    flags = MapFlag.NO_PREALLOC | MapFlag.RDONLY
    made = create(MapType.HASH, key_size=2, value_size=12, max_entries=7, flags=flags, name="pod0")
    assert (made.type, made.key_size, made.value_size, made.max_entries) == (MapType.HASH, 2, 12, 7)
    assert (made.flags, made.name) == (MapFlag.NO_PREALLOC, "pod0"), "RDONLY is of the descriptor"
    assert repr(made) == "<vm Hash 'pod0'>"
    assert made.id != create(MapType.HASH).id


def test_types_with_more_to_them_come_as_their_class() -> None:
    assert isinstance(create(MapType.PROG_ARRAY), ProgramArray)
    assert isinstance(create(MapType.RINGBUF, key_size=0, value_size=0, max_entries=4096), RingBuffer)


@pytest.mark.parametrize(
    ("members", "number", "reason"),
    [
        ({"type": MapType.ARRAY, "key_size": 8}, EINVAL, "EINVAL: the keys of an array have 4 bytes, not 8"),
        ({"type": MapType.HASH, "max_entries": 0}, EINVAL, "EINVAL: a map must have room for an entry"),
        ({"type": MapType.LPM_TRIE, "key_size": 8}, EINVAL, "EINVAL: a trie wants MapFlag.NO_PREALLOC"),
        ({"type": MapType.LRU_HASH, "flags": 1}, ENOTSUPP, "ENOTSUPP: an LRU map does not go without preallocation"),
        ({"type": MapType.PERCPU_ARRAY, "value_size": 32769}, E2BIG, "E2BIG: values of a per-CPU map have at most"),
        ({"type": MapType.HASH, "flags": 1 << 31}, EINVAL, "EINVAL: this map type does not take flags 0x80000000"),
        ({"type": MapType.ARRAY_OF_MAPS}, EINVAL, "EINVAL: it needs a map of the vm as inner_map, not None"),
        ({"type": 9999}, EINVAL, "EINVAL: there is no map type 9999"),
        ({"type": 0}, EINVAL, "EINVAL: there is no map type 0"),
    ],
)
def test_what_is_not_made(members: dict[str, Any], number: int, reason: str) -> None:
    with pytest.raises(KernelError) as caught:
        create(**({"name": "pod0"} | members))
    assert reason in str(caught.value)
    assert str(caught.value).startswith(f"BPF_MAP_CREATE 'pod0' (type {int(members['type'])}, key ")
    assert (caught.value.errno, caught.value.command) == (number, "BPF_MAP_CREATE")


@pytest.mark.parametrize("size", [0, 2048, 4095, 4097, 12288])
def test_a_ring_buffer_of_no_power_of_two_pages(size: int) -> None:
    with pytest.raises(KernelError, match="the size of a ring buffer is a power of two, 4096 or more") as caught:
        create(MapType.RINGBUF, key_size=0, value_size=0, max_entries=size)
    assert caught.value.errno == EINVAL


@pytest.mark.parametrize("type", sorted(set(MapType) - set(KINDS) - {MapType.UNSPEC}))
def test_types_the_vm_does_not_have(type: MapType) -> None:
    with pytest.raises(NotSupported, match=rf"the vm has no maps of type {type.name}; it has ARRAY, ") as caught:
        create(type)
    assert caught.value.feature == type.name


@pytest.mark.parametrize("member", ["key_size", "value_size", "max_entries", "flags", "numa_node"])
@pytest.mark.parametrize("value", [-1, 1 << 32, 4.5, "4"])
def test_a_number_that_does_not_fit(member: str, value: Any) -> None:
    with pytest.raises(OperandError) as caught:
        create(MapType.HASH, value=bytes, key=bytes, **{member: value})
    wanted = {"flags": "map_flags"}.get(member, member)
    assert str(caught.value) == f"BPF_MAP_CREATE: {wanted} does not take {value!r}"


def test_a_name_and_cpus_that_cannot_be() -> None:
    with pytest.raises(OperandError, match="name: must be at most 15"):
        create(MapType.ARRAY, name="sixteen_letters_")
    for cpus in (0, True, 1.0):
        with pytest.raises(OperandError, match="cpus must be an int from 1 up, not "):
            create(MapType.PERCPU_ARRAY, cpus=cpus)


# as a dictionary


def test_a_hash_is_a_dictionary() -> None:
    made = create(MapType.HASH, name="pod0", key="=HH")
    made[1, 2] = 10
    made.update((3, 4), 20, UpdateFlag.NOEXIST)
    assert made[1, 2] == 10
    assert (3, 4) in made
    assert list(made.items()) == [((1, 2), 10), ((3, 4), 20)]
    assert made.pop((1, 2)) == 10
    with pytest.raises(KeyNotFound, match=r"^map 'pod0': there is no entry under \(1, 2\)$"):
        made[1, 2]
    with pytest.raises(KeyExists, match=r"^map 'pod0': there is an entry under \(3, 4\) already$"):
        made.update((3, 4), 0, UpdateFlag.NOEXIST)
    made.update_batch([((index, 0), index) for index in range(3)])
    assert sorted(made.lookup_batch(delete=True)) == [((0, 0), 0), ((1, 0), 1), ((2, 0), 2), ((3, 4), 20)]
    assert list(made) == []


def test_a_full_hash() -> None:
    made = create(MapType.HASH, max_entries=1, name="pod0")
    made[1] = 0
    with pytest.raises(KernelError, match=r"^map 'pod0': it is full: it can hold 1 entries$") as caught:
        made[2] = 0
    assert caught.value.errno == E2BIG
    made[1] = 5
    assert dict(made.items()) == {1: 5}


def test_a_full_trie() -> None:
    made = create(MapType.LPM_TRIE, key_size=5, max_entries=1, flags=MapFlag.NO_PREALLOC, name="routes", key=bytes)
    made[prefix(8, 1)] = 0
    with pytest.raises(KernelError, match=r"^map 'routes': it is full: it can hold 1 entries$") as caught:
        made[prefix(8, 2)] = 0
    assert caught.value.errno == ENOSPC


def test_an_index_beyond_an_array() -> None:
    made = create(MapType.ARRAY, name="counts")
    with pytest.raises(KernelError, match=r"^map 'counts': index 4 is beyond its 4 entries \(0\.\.3\)$"):
        made[4] = 1
    with pytest.raises(KeyNotFound, match="map 'counts': there is no entry under 4"):
        made[4]
    with pytest.raises(KernelError, match="map 'counts': entries of an array cannot be deleted"):
        del made[0]


def test_a_batch_that_stops_on_the_way_says_where() -> None:
    made = create(MapType.HASH, max_entries=2, name="pod0")
    with pytest.raises(KernelError) as caught:
        made.update_batch([(1, 1), (2, 2), (3, 3)])
    assert str(caught.value) == "map 'pod0': it is full: it can hold 2 entries (after 2 of 3 elements)"
    with pytest.raises(KeyNotFound) as absent:
        made.delete_batch([1, 5])
    assert str(absent.value) == "map 'pod0': there is no entry under 5 (after 1 of 2 elements)"
    with pytest.raises(KeyNotFound, match=r"there is no entry under 5$"):
        made.delete_batch([5])
    with pytest.raises(KernelError, match="a batch takes no flags"):
        made.update_batch([(2, 2)], UpdateFlag.NOEXIST)


def test_a_frozen_map_is_frozen_for_user_space_alone() -> None:
    made = create(MapType.ARRAY)
    made.freeze()
    with pytest.raises(PermissionDenied, match="the map is frozen") as caught:
        made[0] = 1
    assert caught.value.errno == EPERM
    made.update_bytes(u32(0), u32(7))
    assert made[0] == 7


def test_flags_for_user_space_and_for_programs() -> None:
    readable = create(MapType.HASH, flags=MapFlag.RDONLY)
    with pytest.raises(PermissionDenied, match="user space may not write it"):
        readable[1] = 1
    writable = create(MapType.HASH, flags=MapFlag.WRONLY)
    writable[1] = 1
    with pytest.raises(PermissionDenied, match="user space may not read it"):
        writable[1]
    for flags, reads, writes in (
        (0, True, True),
        (MapFlag.RDONLY_PROG, True, False),
        (MapFlag.WRONLY_PROG, False, True),
    ):
        made = create(MapType.ARRAY, flags=flags)
        assert (made.program_reads, made.program_writes) == (reads, writes)


def test_a_map_of_the_vm_has_no_descriptor() -> None:
    made = create(MapType.ARRAY, name="pod0")
    with pytest.raises(OperandError, match="map 'pod0' is one of the vm and has no file descriptor"):
        made.fileno()


@pytest.mark.parametrize(
    "use",
    [
        lambda made: made[1],
        lambda made: made.__setitem__(1, 1),
        lambda made: made.__delitem__(1),
        lambda made: 1 in made,
        lambda made: made.pop(1),
        list,
        lambda made: made.lookup_batch(),
        lambda made: made.update_batch([(1, 1)]),
        lambda made: made.delete_batch([1]),
        lambda made: made.freeze(),
        lambda made: made.fileno(),
        lambda made: made.__enter__(),
    ],
)
def test_a_closed_map(use: Callable[[Map], object]) -> None:
    with create(MapType.HASH, name="pod0") as made:
        made[1] = 5
        assert not made.closed
    assert made.closed
    with pytest.raises(ClosedError, match=r"^map 'pod0' is closed$"):
        use(made)
    assert made.lookup(u32(1)) == u32(5), "programs that use it keep it"


# what helpers see


@pytest.mark.parametrize("type", [MapType.ARRAY, MapType.PERCPU_ARRAY, *HASHES])
def test_a_value_is_live(type: MapType) -> None:
    made = create(type)
    made.update_bytes(u32(1), u32(5))
    cell = made.lookup(u32(1))
    assert cell == u32(5)
    assert made.lookup(u32(1)) is cell
    cell[:] = u32(6)
    assert made[1] in (6, [6])
    assert len(cell) == 4


def test_entries_of_an_array_are_there_from_the_start() -> None:
    made = create(MapType.ARRAY, value_size=12)
    cell = made.lookup(u32(3))
    assert cell == bytes(12)
    cell[0] = 1
    assert made[3] == b"\1" + bytes(11)
    assert made.lookup(u32(4)) is None


@pytest.mark.parametrize("type", [MapType.HASH, MapType.LRU_HASH])
def test_an_update_leaves_a_value_in_hand_as_it_was(type: MapType) -> None:
    # htab_map_update_elem() puts a new element in place of the old one.
    made = create(type)
    made[1] = 5
    held = made.lookup(u32(1))
    made.update_bytes(u32(1), u32(6))
    assert held == u32(5)
    assert made[1] == 6


@pytest.mark.parametrize("type", [MapType.ARRAY, MapType.PERCPU_ARRAY, MapType.PERCPU_HASH, MapType.LRU_PERCPU_HASH])
def test_an_update_in_place_is_seen_by_who_holds_the_value(type: MapType) -> None:
    made = create(type)
    made.update_bytes(u32(1), u32(5))
    held = made.lookup(u32(1))
    made.update_bytes(u32(1), u32(6))
    assert held == u32(6)


def test_each_cpu_has_its_own_value() -> None:
    for type in (MapType.PERCPU_ARRAY, MapType.PERCPU_HASH):
        made = create(type, cpus=3)
        made.update_bytes(u32(1), u32(7), cpu=1)
        assert made[1] == [0, 7, 0], "a new entry has zeros for the other CPUs"
        made.update_bytes(u32(1), u32(9), cpu=2)
        made.lookup(u32(1), 0)[:] = u32(5)
        assert made[1] == [5, 7, 9]
        assert made.lookup(u32(1), 3) is None
        made[1] = [1, 2, 3]
        assert [made.lookup(u32(1), cpu) for cpu in range(3)] == [u32(1), u32(2), u32(3)]
        with pytest.raises(OperandError, match="value must be a list of 3"):
            made[1] = [1]


def test_there_is_one_cpu_unless_told_otherwise() -> None:
    assert create(MapType.PERCPU_ARRAY)[0] == [0]


def test_errors_for_helpers_have_the_kernels_numbers() -> None:
    made = create(MapType.HASH, max_entries=1)
    made.update_bytes(u32(1), u32(1))
    for ask, number in (
        (lambda: made.update_bytes(u32(1), u32(1), 1), EEXIST),
        (lambda: made.update_bytes(u32(2), u32(1), 2), ENOENT),
        (lambda: made.update_bytes(u32(2), u32(1)), E2BIG),
        (lambda: made.update_bytes(u32(1), u32(1), 4), EINVAL),
        (lambda: made.delete_bytes(u32(2)), ENOENT),
    ):
        with pytest.raises(KernelError) as caught:
            ask()
        assert caught.value.errno == number


# LRU


@pytest.mark.parametrize("type", [MapType.LRU_HASH, MapType.LRU_PERCPU_HASH])
def test_the_least_recently_used_entry_is_given_up(type: MapType) -> None:
    made = create(type, max_entries=3)
    for key in (1, 2, 3):
        made.update_bytes(u32(key), u32(key))
    made.lookup(u32(1))  # used by a program
    assert made[2] in (2, [2])  # seen by user space, which is no use
    made.update_bytes(u32(4), u32(4))
    assert sorted(made) == [1, 3, 4]
    made.update_bytes(u32(3), u32(9))
    made.update_bytes(u32(5), u32(5))
    assert sorted(made) == [3, 4, 5]


# tries


def test_the_longest_prefix_is_found() -> None:
    made = create(MapType.LPM_TRIE, key_size=8, flags=MapFlag.NO_PREALLOC, key="=I4s")
    made[0, bytes(4)] = 0
    made[8, bytes([10, 0, 0, 0])] = 8
    made[24, bytes([10, 0, 1, 0])] = 24
    assert made[32, bytes([10, 0, 1, 9])] == 24
    assert made[23, bytes([10, 0, 1, 9])] == 8, "no prefix longer than the key's"
    assert made[32, bytes([11, 0, 0, 1])] == 0
    del made[0, bytes(4)]
    assert (32, bytes([11, 0, 0, 1])) not in made
    assert made.lookup(prefix(33, 10, 0, 1, 9)) is None
    assert made.lookup(prefix(32, 10, 0, 1, 9)) is made.lookup(prefix(24, 10, 0, 1, 77))


def test_a_trie_is_walked_from_the_specific_to_the_general() -> None:
    made = create(MapType.LPM_TRIE, key_size=8, flags=MapFlag.NO_PREALLOC, key=bytes)
    # The example of kernel/bpf/lpm_trie.c.
    wide, low, middle, high = (
        prefix(16, 192, 168, 0, 0),
        prefix(24, 192, 168, 0, 0),
        prefix(24, 192, 168, 1, 0),
        prefix(24, 192, 168, 128, 0),
    )
    for key in (wide, low, high, middle):
        made[key] = 0
    assert list(made) == [low, middle, high, wide]
    assert made.next_key_bytes(prefix(24, 192, 168, 1, 200)) == high, "bits beyond the prefix do not count"
    assert made.next_key_bytes(prefix(24, 10, 0, 0, 0)) == low, "from the start after a key that is not there"
    del made[middle]
    made[prefix(24, 192, 168, 0, 7)] = 0
    assert list(made) == [prefix(24, 192, 168, 0, 7), high, wide], "the key is as it was last written"


# queues


def test_queues_and_stacks_for_helpers() -> None:
    for type, order in ((MapType.QUEUE, [1, 2, 3]), (MapType.STACK, [3, 2, 1])):
        made: Any = create(type, key_size=0, max_entries=3)
        for number in (0, 1, 2):
            made.push(u32(number))
        with pytest.raises(KernelError) as caught:
            made.push(u32(3))
        assert caught.value.errno == E2BIG
        made.push(u32(3), UpdateFlag.EXIST)
        assert made.peek() == u32(order[0])
        assert [made.take() for _ in range(3)] == [u32(number) for number in order]
        with pytest.raises(KeyNotFound):
            made.take()


# walking


def test_a_walk_meets_every_key_that_stays_whatever_is_deleted() -> None:
    made = create(MapType.HASH, max_entries=2000)
    made.update_batch((key, key) for key in range(2000))
    seen = []
    for key in made:
        seen.append(key)
        for gone in (key, key + 1000):
            if gone in made and gone not in {5, 1500}:
                del made[gone]
    assert len(seen) == len(set(seen))
    assert {5, 1500} <= set(seen)
    assert sorted(made) == [5, 1500]


def test_an_order_of_keys_holds_while_keys_come_and_go() -> None:
    live: dict[bytes, object] = {bytes([number]): None for number in range(4)}
    order = KeyOrder(live)
    assert order.after(None, live) == b"\0"
    del live[b"\0"], live[b"\2"]
    assert order.after(None, live) == order.after(b"\0", live) == b"\1"
    assert order.after(b"\1", live) == b"\3"
    assert order.after(b"\3", live) is None
    live[b"\0"] = None
    order.add(b"\0")
    assert order.after(None, live) == b"\0", "a key that comes again stands where it stood"
    live[b"\7"] = None
    order.add(b"\7")
    assert order.after(b"\3", live) == b"\7"


def test_an_order_of_keys_forgets_those_that_are_gone() -> None:
    live: dict[bytes, object] = {struct.pack("=I", number): None for number in range(1000)}
    order = KeyOrder(live)
    for number in range(999):
        del live[struct.pack("=I", number)]
    assert order.after(None, live) == struct.pack("=I", 999)
    assert len(order._keys) == 1


def test_a_large_array_takes_memory_only_for_what_is_used() -> None:
    tracemalloc.start()
    try:
        made = create(MapType.ARRAY, value_size=64, max_entries=1_000_000)
        made[999_999] = b"x" * 64
        assert made[5] == bytes(64)
        assert tracemalloc.get_traced_memory()[0] < 100_000
    finally:
        tracemalloc.stop()

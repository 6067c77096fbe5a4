"""Maps as dictionaries: arrays, hashes, per-CPU values, batches, and everything that can go wrong."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from errno import E2BIG, EINVAL, ENOENT
from pathlib import Path
from typing import Any

import pytest

from ebpfasm import Map, MapFlag, MapType, Program, ProgramArray, UpdateFlag
from ebpfasm.errors import (
    ClosedError,
    EbpfError,
    KernelError,
    KeyExists,
    KeyNotFound,
    NotSupported,
    OperandError,
    PermissionDenied,
)
from ebpfasm.kernel.machine import possible_cpus
from tests.net import refusal_as_nobody

pytestmark = pytest.mark.needs_kernel

Create = Callable[..., Map]
NO_ID = 0x7FFFFFFF


def descriptors() -> set[str]:
    """Return the open file descriptors of this process."""
    return set(os.listdir("/proc/self/fd"))


# making and finding


def test_a_map_tells_what_it_is(create: Create) -> None:
    made = create(MapType.HASH, key_size=2, value_size=12, max_entries=7, flags=MapFlag.NO_PREALLOC, name="pod0")
    assert type(made) is Map
    assert (made.type, made.key_size, made.value_size, made.max_entries) == (MapType.HASH, 2, 12, 7)
    assert (made.flags, made.name) == (MapFlag.NO_PREALLOC, "pod0")
    assert (made.info.type, made.info.name, made.info.id) == (MapType.HASH, "pod0", made.id)
    assert repr(made) == f"<Map 'pod0': fd {made.fileno()}>"


def test_a_program_array_comes_as_one(create: Create) -> None:
    assert type(create(MapType.PROG_ARRAY)) is ProgramArray


def test_a_map_is_found_by_its_id_and_by_its_pin(create: Create, bpffs: Path) -> None:
    made = create(MapType.HASH, key_size=6, name="pod0")
    made[b"abcdef"] = 5
    made.pin(bpffs / "pod0")
    for found in (Map.from_id(made.id), Map.from_pin(bpffs / "pod0"), Map.from_pin(str(bpffs / "pod0"))):
        with found:
            assert (found.id, found.name, found.fileno()) != (made.id, made.name, made.fileno())
            assert (found.id, found.key_size, found.max_entries) == (made.id, 6, 4)
            assert found[b"abcdef"] == 5


def test_a_codec_may_be_given_to_a_map_that_is_found(create: Create, bpffs: Path) -> None:
    made = create(MapType.HASH, key_size=6)
    made.pin(bpffs / "pod0")
    with Map.from_id(made.id, key="!IH", value=bytes) as found:
        found[1, 2] = b"abcd"
        assert dict(found.items()) == {(1, 2): b"abcd"}
    with Map.from_pin(bpffs / "pod0", key="!IH") as found:
        assert list(found) == [(1, 2)]


def test_an_id_there_is_not() -> None:
    with pytest.raises(KernelError, match=f"BPF_MAP_GET_FD_BY_ID of id {NO_ID}: ENOENT: there is no map with that id"):
        Map.from_id(NO_ID)
    with pytest.raises(OperandError, match="start_id does not take -1"):
        Map.from_id(-1)


def test_a_pin_there_is_not(bpffs: Path, tmp_path: Path) -> None:
    with pytest.raises(KernelError, match="nothing is pinned there"):
        Map.from_pin(bpffs / "pod0")
    with pytest.raises(KernelError, match="is not on a bpf file system"):
        Map.from_pin(tmp_path / "pod0")


def test_a_pin_of_something_else(load: Callable[..., Program], bpffs: Path) -> None:
    load().pin(bpffs / "program")
    before = descriptors()
    with pytest.raises(KernelError, match=r"file descriptor \d+ is not a map but program") as caught:
        Map.from_pin(bpffs / "program")
    assert caught.value.errno == EINVAL
    assert descriptors() == before


def test_a_codec_that_does_not_fit_leaves_nothing_open(create: Create) -> None:
    made = create(MapType.HASH)
    before = descriptors()
    with pytest.raises(OperandError, match="key: format '!IH' has 6 bytes, the map's key 4"):
        Map.create(MapType.HASH, key_size=4, value_size=4, max_entries=1, key="!IH")
    with pytest.raises(OperandError, match="value: a codec is None, bytes, a struct format"):
        Map.from_id(made.id, value=5)
    assert descriptors() == before


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"type": MapType.ARRAY, "key_size": 8}, "EINVAL: the map type does not go with these sizes"),
        ({"type": MapType.PROG_ARRAY, "value_size": 8}, "a program array wants 4-byte keys and values"),
        ({"type": MapType.HASH, "max_entries": 0}, "EINVAL"),
        ({"type": 9999}, r"BPF_MAP_CREATE 'pod0' \(type 9999, key 4, value 4 bytes, 4 entries\): EINVAL"),
        ({"type": MapType.ARRAY, "flags": MapFlag.NO_PREALLOC}, "EINVAL"),
    ],
    ids=lambda value: "" if isinstance(value, str) else repr(value),
)
def test_what_the_kernel_will_not_make(create: Create, members: dict[str, Any], message: str) -> None:
    with pytest.raises(KernelError, match=message) as caught:
        create(**({"name": "pod0"} | members))
    assert (caught.value.errno, caught.value.command) == (EINVAL, "BPF_MAP_CREATE")
    assert isinstance(caught.value, (EbpfError, OSError))


@pytest.mark.parametrize("member", ["key_size", "value_size", "max_entries", "flags", "numa_node"])
@pytest.mark.parametrize("value", [-1, 1 << 32, 4.5, "4"])
def test_a_number_that_does_not_fit(create: Create, member: str, value: Any) -> None:
    with pytest.raises(OperandError) as caught:
        create(MapType.ARRAY, **{member: value})
    wanted = {"flags": "map_flags"}.get(member, member)
    assert str(caught.value) == f"BPF_MAP_CREATE: {wanted} does not take {value!r}"
    assert (caught.value.field, caught.value.value) == (wanted, value)


@pytest.mark.parametrize("name", ["sixteen_letters_", "pod 0", "pod/0", "pöd"])
def test_a_name_the_kernel_does_not_take(create: Create, name: str) -> None:
    with pytest.raises(OperandError, match=r"name: must be at most 15 of the characters A-Z a-z 0-9 _ and ., not"):
        create(MapType.ARRAY, name=name)


def test_without_privileges_the_capability_is_named(create: Create) -> None:
    create(MapType.LRU_HASH)  # so that all is imported that the child will need
    told = refusal_as_nobody(lambda: create(MapType.LRU_HASH, name="pod0"))
    assert told.startswith("PermissionDenied: BPF_MAP_CREATE 'pod0' ")
    assert "EPERM: needs CAP_BPF; this process lacks CAP_BPF; kernel.unprivileged_bpf_disabled is " in told


def test_without_privileges_there_is_no_finding_by_id(create: Create) -> None:
    made = create(MapType.ARRAY)
    Map.from_id(made.id).close()
    told = refusal_as_nobody(lambda: Map.from_id(made.id))
    assert told.startswith(f"PermissionDenied: BPF_MAP_GET_FD_BY_ID of id {made.id}: EPERM: needs CAP_SYS_ADMIN; ")


# hashes


def test_a_hash_is_a_dictionary(create: Create) -> None:
    made = create(MapType.HASH, name="pod0")
    made[1] = 10
    made[2] = 20
    assert (made[1], made[2]) == (10, 20)
    made[1] = 11
    assert made[1] == 11
    assert 1 in made
    assert 3 not in made
    assert sorted(made) == sorted(made.keys()) == [1, 2]
    assert sorted(made.items()) == [(1, 11), (2, 20)]
    assert sorted(made.values()) == [11, 20]
    assert made.get(2) == 20
    assert made.get(3) is None
    assert made.get(3, "none") == "none"
    del made[1]
    assert list(made) == [2]
    assert made.pop(2) == 20
    assert list(made) == []


def test_a_key_there_is_not(create: Create) -> None:
    made = create(MapType.HASH, name="pod0")
    for ask in (made.__getitem__, made.__delitem__, made.pop, lambda key: made.update(key, 1, UpdateFlag.EXIST)):
        with pytest.raises(KeyNotFound) as caught:
            ask(7)
        assert str(caught.value) == "map 'pod0': there is no entry under 7"
        assert caught.value.errno == ENOENT
        assert isinstance(caught.value, (KeyError, OSError, KernelError))


def test_flags_say_whether_the_entry_may_be_there(create: Create) -> None:
    made = create(MapType.HASH, name="pod0")
    made.update(1, 1, UpdateFlag.NOEXIST)
    with pytest.raises(KeyExists, match=r"^map 'pod0': there is an entry under 1 already$"):
        made.update(1, 2, UpdateFlag.NOEXIST)
    made.update(1, 3, UpdateFlag.EXIST)
    made.update(2, 4)
    assert dict(made.items()) == {1: 3, 2: 4}


def test_a_full_hash(create: Create) -> None:
    made = create(MapType.HASH, max_entries=2, name="pod0")
    made[1] = made[2] = 0
    with pytest.raises(KernelError) as caught:
        made[3] = 0
    assert str(caught.value) == "map 'pod0': it is full: it can hold 2 entries"
    assert caught.value.errno == E2BIG
    made[1] = 5
    del made[2]
    made[3] = 6
    assert dict(made.items()) == {1: 5, 3: 6}


def test_keys_and_values_of_other_sizes_are_bytes(create: Create) -> None:
    made = create(MapType.HASH, key_size=3, value_size=5)
    made[b"abc"] = bytearray(b"12345")
    assert dict(made.items()) == {b"abc": b"12345"}


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        (b"ab", b"12345", "key must be 3 bytes long, not 2"),
        (b"abcd", b"12345", "key must be 3 bytes long, not 4"),
        (5, b"12345", "key must be 3 bytes, not int 5"),
        (b"abc", b"1234", "value must be 5 bytes long, not 4"),
        (b"abc", "12345", "value must be 5 bytes, not str '12345'"),
        (b"abc", None, "value must be 5 bytes, not NoneType None"),
    ],
)
def test_keys_and_values_of_wrong_sizes(create: Create, key: Any, value: Any, message: str) -> None:
    made = create(MapType.HASH, key_size=3, value_size=5)
    with pytest.raises(OperandError) as caught:
        made[key] = value
    assert str(caught.value) == message
    with pytest.raises(OperandError):
        made.update_batch([(b"abc", b"12345"), (key, value)])
    assert list(made) == [], "nothing is written when anything is wrong"


def test_codecs(create: Create) -> None:
    class Words:
        def encode(self, value: str) -> bytes:
            return value.encode().ljust(8, b"\0")

        def decode(self, data: bytes) -> str:
            return data.rstrip(b"\0").decode()

    made = create(MapType.HASH, key_size=6, value_size=8, key="!IH", value=Words())
    made[0x0A000001, 80] = "web"
    assert dict(made.items()) == {(0x0A000001, 80): "web"}
    assert made.lookup_batch() == [((0x0A000001, 80), "web")]
    with Map.from_id(made.id) as raw:
        assert dict(raw.items()) == {bytes.fromhex("0a0000010050"): int.from_bytes(b"web\0\0\0\0\0", "little")} or (
            raw[bytes.fromhex("0a0000010050")] == int.from_bytes(b"web\0\0\0\0\0", "big")
        )


def test_a_trie_by_the_longest_prefix(create: Create) -> None:
    made = create(MapType.LPM_TRIE, key_size=8, key="=I4s", flags=MapFlag.NO_PREALLOC)
    made[8, bytes([10, 0, 0, 0])] = 1
    made[24, bytes([10, 0, 1, 0])] = 2
    assert made[32, bytes([10, 0, 1, 9])] == 2
    assert made[32, bytes([10, 9, 9, 9])] == 1
    assert (32, bytes([11, 0, 0, 1])) not in made
    assert sorted(made) == [(8, bytes([10, 0, 0, 0])), (24, bytes([10, 0, 1, 0]))]


def test_a_queue(create: Create) -> None:
    made = create(MapType.QUEUE, key_size=0)
    for number in (5, 6):
        made.update(b"", number)
    assert [made.pop(b""), made.pop(b"")] == [5, 6]
    with pytest.raises(KeyNotFound):
        made.pop(b"")


def test_a_map_of_maps(create: Create) -> None:
    inner = create(MapType.ARRAY, max_entries=2, name="inner")
    outer = create(MapType.HASH_OF_MAPS, inner_map=inner, name="outer")
    outer[1] = inner.fileno()
    assert outer[1] == inner.id
    assert list(outer) == [1], "it is a hash: its keys are those of its entries"
    outer.update_batch([(key, inner.fileno()) for key in (2, 3, 4)])
    with pytest.raises(KernelError, match="it is full: it can hold 4 entries"):
        outer[5] = inner.fileno()


# walking


COUNT = 500


def test_entries_may_be_deleted_on_the_way(create: Create) -> None:
    made = create(MapType.HASH, max_entries=COUNT)
    made.update_batch((key, key) for key in range(COUNT))
    seen = []
    for key in made:
        seen.append(key)
        del made[key]
    assert sorted(seen) == list(range(COUNT)), "each key came, and came once"
    assert list(made) == []


def test_other_entries_may_be_deleted_and_changed_on_the_way(create: Create) -> None:
    made = create(MapType.HASH, max_entries=COUNT)
    made.update_batch((key, key) for key in range(COUNT))
    seen = []
    for key in made:
        seen.append(key)
        made[key] = 0
        for other in (key ^ 1, key ^ 2):
            if other in made and other not in seen:
                del made[other]
    assert len(seen) == len(set(seen))
    assert set(made) <= set(seen)
    assert set(made.values()) == {0}


def test_entries_may_be_added_on_the_way_and_it_ends(create: Create) -> None:
    made = create(MapType.HASH, max_entries=2 * COUNT)
    made.update_batch((key, key) for key in range(COUNT))
    seen = []
    for key in made:
        seen.append(key)
        if key < COUNT:
            made[key + COUNT] = 0
    assert len(seen) == len(set(seen))
    assert set(range(COUNT)) <= set(seen)


def test_items_leaves_out_what_vanishes(create: Create) -> None:
    made = create(MapType.HASH)
    made[1] = made[2] = made[3] = 0
    found = []
    for key, _ in made.items():
        found.append(key)
        for other in {1, 2, 3} - {key}:
            if other in made:
                del made[other]
    assert len(found) == 1


# arrays


def test_an_array_has_all_its_entries_from_the_start(create: Create) -> None:
    made = create(MapType.ARRAY, value_size=8)
    assert dict(made.items()) == {0: 0, 1: 0, 2: 0, 3: 0}
    made[3] = -1
    assert made[3] == 0xFFFF_FFFF_FFFF_FFFF
    assert 4 not in made
    assert made.get(4) is None


def test_an_index_beyond_the_array(create: Create) -> None:
    made = create(MapType.ARRAY, name="counts")
    with pytest.raises(KernelError) as caught:
        made[4] = 1
    assert str(caught.value) == "map 'counts': index 4 is beyond its 4 entries (0..3)"
    with pytest.raises(KeyNotFound, match="map 'counts': there is no entry under 4"):
        made[4]
    with pytest.raises(KeyNotFound, match="map 'counts': there is no entry under -1"):
        made[-1]


def test_entries_of_an_array_cannot_be_deleted(create: Create) -> None:
    made = create(MapType.ARRAY)
    with pytest.raises(KernelError, match=r"EINVAL: .*\(those of an array cannot\)"):
        del made[0]
    with pytest.raises(NotSupported):
        made.pop(0)


@pytest.mark.parametrize(("codec", "keys"), [(bytes, [struct.pack("=I", n) for n in range(4)]), ("=I", [0, 1, 2, 3])])
def test_an_array_is_walked_in_the_terms_of_its_codec(create: Create, codec: Any, keys: list[Any]) -> None:
    made = create(MapType.ARRAY, key=codec)
    made[keys[2]] = 5
    assert list(made) == keys
    assert dict(made.items()) == dict.fromkeys(keys, 0) | {keys[2]: 5}


def test_a_frozen_map_can_be_read_only(create: Create) -> None:
    made = create(MapType.ARRAY)
    made[1] = 5
    made.freeze()
    with pytest.raises(PermissionDenied, match="the map is frozen"):
        made[1] = 6
    assert made[1] == 5


# per-CPU maps


@pytest.mark.parametrize("type", [MapType.PERCPU_ARRAY, MapType.PERCPU_HASH, MapType.LRU_PERCPU_HASH])
def test_a_per_cpu_map_has_a_value_for_each_cpu(create: Create, type: MapType) -> None:
    made = create(type, max_entries=64)
    cpus = possible_cpus()
    values = [100 + cpu for cpu in range(cpus)]
    made[1] = values
    assert made[1] == values
    made.update(1, tuple(reversed(values)))
    assert made[1] == values[::-1]
    assert dict(made.lookup_batch())[1] == values[::-1]
    made.update_batch([(2, values), (3, values)])
    assert (made[2], made[3]) == (values, values)


def test_values_of_a_per_cpu_map_may_have_any_size(create: Create) -> None:
    made = create(MapType.PERCPU_ARRAY, value_size=12)
    values = [bytes([cpu]) * 12 for cpu in range(possible_cpus())]
    made[0] = values
    assert made[0] == values
    assert made[1] == [bytes(12)] * possible_cpus()
    with pytest.raises(OperandError, match="value must be 12 bytes long, not 11"):
        made[0] = [bytes(11)] * possible_cpus()


@pytest.mark.parametrize("value", [5, [1] * 1000, b"\0" * 8])
def test_what_is_no_value_of_a_per_cpu_map(create: Create, value: Any) -> None:
    with pytest.raises(OperandError, match=f"value must be a list of {possible_cpus()}, one for each possible CPU"):
        create(MapType.PERCPU_ARRAY)[0] = value


# batches


@pytest.mark.parametrize("count", [1, 100, 5000])
def test_all_entries_at_once(create: Create, count: int) -> None:
    made = create(MapType.HASH, max_entries=count)
    entries = {key: key * 3 & 0xFFFFFFFF for key in range(count)}
    made.update_batch(entries.items())
    read = made.lookup_batch()
    assert len(read) == count
    assert dict(read) == entries
    assert dict(made.lookup_batch(delete=True)) == entries
    assert made.lookup_batch() == []


def test_an_array_at_once(create: Create) -> None:
    made = create(MapType.ARRAY, max_entries=10)
    made.update_batch((key, key * 2) for key in range(10))
    assert made.lookup_batch() == [(key, key * 2) for key in range(10)]


def test_nothing_at_once(create: Create) -> None:
    made = create(MapType.HASH)
    made.update_batch([])
    made.delete_batch([])
    assert made.lookup_batch() == []


def test_many_are_deleted_at_once(create: Create) -> None:
    made = create(MapType.HASH, max_entries=10)
    made.update_batch((key, 0) for key in range(10))
    made.delete_batch(range(0, 10, 2))
    assert sorted(made) == [1, 3, 5, 7, 9]
    with pytest.raises(KeyNotFound, match=r"after 1 of 3 elements"):
        made.delete_batch([1, 2, 3])
    assert sorted(made) == [3, 5, 7, 9]


def test_a_batch_that_stops_on_the_way_says_where(create: Create) -> None:
    made = create(MapType.HASH, max_entries=2)
    with pytest.raises(KernelError, match=r"E2BIG.*after 2 of 3 elements"):
        made.update_batch([(1, 1), (2, 2), (3, 3)])
    with pytest.raises(KernelError, match="EINVAL"):  # generic_map_update_batch() takes no flag but LOCK
        made.update_batch([(1, 5)], UpdateFlag.NOEXIST)
    assert dict(made.items()) == {1: 1, 2: 2}


def test_a_map_type_without_batches(create: Create) -> None:
    with pytest.raises(NotSupported, match="BPF_MAP_LOOKUP_BATCH"):
        create(MapType.PROG_ARRAY).lookup_batch()
    with pytest.raises(NotSupported, match="BPF_MAP_LOOKUP_AND_DELETE_BATCH"):
        create(MapType.ARRAY).lookup_batch(delete=True)


# closed maps


@pytest.mark.parametrize(
    "use",
    [
        lambda made: made[1],
        lambda made: made.__setitem__(1, 1),
        lambda made: made.__delitem__(1),
        lambda made: 1 in made,
        lambda made: made.get(1),
        lambda made: made.pop(1),
        lambda made: made.update(1, 1),
        list,
        lambda made: list(made.items()),
        lambda made: made.lookup_batch(),
        lambda made: made.update_batch([(1, 1)]),
        lambda made: made.delete_batch([1]),
        lambda made: made.freeze(),
        lambda made: made.info,
        lambda made: made.id,
        lambda made: made.fileno(),
        lambda made: made.pin("/pod0"),
    ],
)
def test_a_closed_map(create: Create, use: Callable[[Map], object]) -> None:
    made = create(MapType.HASH, name="pod0")
    made.close()
    with pytest.raises(ClosedError, match=r"^map 'pod0' is closed$"):
        use(made)


def test_a_map_that_is_closed_while_it_is_walked(create: Create) -> None:
    made = create(MapType.HASH)
    made[1] = made[2] = 0
    keys = iter(made)
    next(keys)
    made.close()
    with pytest.raises(ClosedError):
        list(keys)

"""Maps of the vm against those of the kernel: whatever is done to both, they answer the same."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from errno import EINVAL, EPERM
from typing import Any

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from ebpfasm import MapFlag, MapType
from ebpfasm.errors import KernelError, KeyExists, KeyNotFound
from ebpfasm.kernel.machine import possible_cpus
from ebpfasm.testing.privileges import older
from ebpfasm.vm.maps.arrays import Array
from ebpfasm.vm.maps.hashes import Hash, LruHash
from ebpfasm.vm.maps.prefixes import PrefixTrie
from ebpfasm.vm.maps.queues import Queue
from tests.effort import share
from tests.vm.maps.pairs import Answer, Pair, agree, answer

pytestmark = pytest.mark.needs_kernel

Shape = dict[str, Any]
NO_PREALLOC = MapFlag.NO_PREALLOC
ORDERED = {MapType.ARRAY, MapType.PERCPU_ARRAY, MapType.LPM_TRIE}
"""Types whose keys come in the kernel's order in the vm as well."""

# fmt: off
ARRAYS: list[Shape] = [
    {"type": MapType.ARRAY, "key_size": 4, "value_size": 4, "max_entries": 4},
    {"type": MapType.ARRAY, "key_size": 4, "value_size": 12, "max_entries": 3},
    {"type": MapType.ARRAY, "key_size": 4, "value_size": 1, "max_entries": 3, "flags": MapFlag.WRONLY_PROG},
    {"type": MapType.PERCPU_ARRAY, "key_size": 4, "value_size": 8, "max_entries": 4},
    {"type": MapType.PERCPU_ARRAY, "key_size": 4, "value_size": 5, "max_entries": 2},
]
HASHES: list[Shape] = [
    {"type": MapType.HASH, "key_size": 4, "value_size": 4, "max_entries": 3},
    {"type": MapType.HASH, "key_size": 1, "value_size": 2, "max_entries": 100},
    {"type": MapType.HASH, "key_size": 3, "value_size": 12, "max_entries": 3, "flags": NO_PREALLOC},
    {"type": MapType.HASH, "key_size": 8, "value_size": 8, "max_entries": 1, "flags": MapFlag.RDONLY_PROG},
    {"type": MapType.HASH, "key_size": 4, "value_size": 4, "max_entries": 3, "flags": MapFlag.WRONLY},
    {"type": MapType.HASH, "key_size": 4, "value_size": 4, "max_entries": 3, "flags": MapFlag.RDONLY},
    {"type": MapType.PERCPU_HASH, "key_size": 4, "value_size": 4, "max_entries": 3},
    {"type": MapType.PERCPU_HASH, "key_size": 3, "value_size": 9, "max_entries": 3, "flags": NO_PREALLOC},
    # So large that the kernel has no reason to give up an entry.
    {"type": MapType.LRU_HASH, "key_size": 4, "value_size": 4, "max_entries": 4000},
    {"type": MapType.LRU_PERCPU_HASH, "key_size": 4, "value_size": 4, "max_entries": 4000},
]
TRIES: list[Shape] = [
    {"type": MapType.LPM_TRIE, "key_size": 4 + data, "value_size": 4, "max_entries": 6, "flags": NO_PREALLOC}
    for data in (1, 3, 4, 8, 16)
]
KEYLESS: list[Shape] = [
    {"type": MapType.RINGBUF, "key_size": 0, "value_size": 0, "max_entries": 4096},
]
QUEUES: list[Shape] = [
    {"type": MapType.QUEUE, "key_size": 0, "value_size": 4, "max_entries": 3},
    {"type": MapType.STACK, "key_size": 0, "value_size": 5, "max_entries": 3},
]
# fmt: on


def keys_of(shape: Shape) -> st.SearchStrategy[Any]:
    """Return keys, few enough to meet again; bytes and ints, and some beyond an array."""
    size = shape["key_size"]
    if shape["type"] == MapType.LPM_TRIE:
        bits = (size - 4) * 8
        lengths = st.one_of(st.integers(0, bits), st.sampled_from([0, 1, 7, 8, bits, bits + 1, 1 << 31]))
        data = st.lists(st.sampled_from([0, 0x80, 0xFF, 0x0A]), min_size=size - 4, max_size=size - 4).map(bytes)
        return st.builds(lambda length, rest: length.to_bytes(4, sys.byteorder) + rest, lengths, data)
    if size == 0:
        return st.just(b"")
    numbers = st.sampled_from([0, 1, 2, 3, 4, 5, -1])
    as_bytes = numbers.map(lambda number: (number % (1 << size * 8)).to_bytes(size, sys.byteorder))
    return numbers | as_bytes if size in {1, 2, 4, 8} else as_bytes


def values_of(shape: Shape) -> st.SearchStrategy[Any]:
    """Return values, one for each CPU where there are so many."""
    size = shape["value_size"]
    one: st.SearchStrategy[Any] = st.binary(min_size=size, max_size=size)
    if size in {1, 2, 4, 8}:
        one = st.integers(-(1 << size * 8 - 1), (1 << size * 8) - 1)
    if "PERCPU" in MapType(shape["type"]).name:
        return st.lists(one, min_size=possible_cpus(), max_size=possible_cpus())
    return one


FLAGS = st.sampled_from([0, 0, 0, 1, 2, 1, 2, 3, 4, 5, 8, 1 << 63])


class SideBySide(RuleBasedStateMachine):
    """Does the same to both maps and compares all answers."""

    shapes: list[Shape] = ARRAYS
    pair: Pair
    frozen = False

    @initialize(data=st.data())
    def make(self, data: st.DataObject) -> None:
        self.shape = data.draw(st.sampled_from(self.shapes), "shape")
        members = {name: value for name, value in self.shape.items() if name != "type"}
        self.pair = Pair(self.shape["type"], **members)
        self.keys, self.values = keys_of(self.shape), values_of(self.shape)

    def teardown(self) -> None:
        if hasattr(self, "pair"):
            self.pair.close()

    def sorted_as_needed(self, found: Any) -> Any:
        """Return what a walk found, without its order where that is the map's own."""
        return list(found) if self.shape["type"] in ORDERED else sorted(found, key=repr)

    @rule(data=st.data())
    def put(self, data: st.DataObject) -> None:
        key, value = data.draw(self.keys), data.draw(self.values)
        self.pair.ask(lambda map: map.__setitem__(key, value))

    @rule(data=st.data(), flags=FLAGS)
    def write(self, data: st.DataObject, flags: int) -> None:
        key, value = data.draw(self.keys), data.draw(self.values)
        self.pair.ask(lambda map: map.update(key, value, flags))

    @rule(data=st.data())
    def read(self, data: st.DataObject) -> None:
        key = data.draw(self.keys)
        self.pair.ask(lambda map: map[key])
        self.pair.ask(lambda map: key in map)
        self.pair.ask(lambda map: map.get(key, "none"))

    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        key = data.draw(self.keys)
        self.pair.ask(lambda map: map.__delitem__(key))

    @rule(data=st.data())
    def pop(self, data: st.DataObject) -> None:
        key = data.draw(self.keys)
        self.pair.ask(lambda map: map.pop(key))

    @rule()
    def walk(self) -> None:
        self.pair.ask(self.sorted_as_needed)
        self.pair.ask(lambda map: self.sorted_as_needed(map.items()))

    @rule(data=st.data())
    def step(self, data: st.DataObject) -> None:
        key = data.draw(self.keys)
        raw = self.pair.vm._key.encode(key)
        if self.shape["type"] in ORDERED:
            self.pair.ask(lambda map: map._next_key(raw))
        elif answer(lambda map: map[key], self.pair.vm)[0] == "error":
            self.pair.ask(lambda map: map._next_key(raw) is None)

    @rule(data=st.data())
    def delete_while_walking(self, data: st.DataObject) -> None:
        doomed = data.draw(st.lists(self.keys.filter(lambda key: not isinstance(key, int)), max_size=4))

        def walk(map: Any) -> Any:
            seen = []
            for key in map:
                seen.append(key)
                if map._key.encode(key) in doomed:
                    del map[key]
            return self.sorted_as_needed(seen)

        self.pair.ask(walk)
        self.pair.ask(self.sorted_as_needed)

    @rule(delete=st.booleans())
    def read_all(self, delete: bool) -> None:
        self.pair.ask(lambda map: self.sorted_as_needed(map.lookup_batch(delete=delete)))

    @rule(data=st.data(), flags=st.sampled_from([0, 0, 0, 1, 2, 4]))
    def write_many(self, data: st.DataObject, flags: int) -> None:
        entries = data.draw(st.lists(st.tuples(self.keys, self.values), max_size=5))
        self.pair.ask(lambda map: map.update_batch(entries, flags))

    @rule(data=st.data())
    def delete_many(self, data: st.DataObject) -> None:
        doomed = data.draw(st.lists(self.keys, max_size=3))
        self.pair.ask(lambda map: map.delete_batch(doomed))

    @precondition(lambda self: not self.frozen)
    @rule(really=st.integers(0, 7))
    def freeze(self, really: int) -> None:
        if not really:
            self.frozen = True
            self.pair.ask(lambda map: map.freeze())
            if not older(os.uname().release, "6.12"):  # Linux 6.1 answers EBUSY
                self.pair.ask(lambda map: map.freeze())


examples = settings(deadline=None, max_examples=share(60), stateful_step_count=40)
# One for each family: of one for all, a family would get few examples.


class HashesSideBySide(SideBySide):
    shapes = HASHES


class TriesSideBySide(SideBySide):
    shapes = TRIES


class KeylessSideBySide(SideBySide):
    """Everything that maps without keys refuse, and how."""

    shapes = KEYLESS + QUEUES


class QueuesSideBySide(RuleBasedStateMachine):
    """What queues and stacks are for; in the other machine hardly anything would ever wait in one."""

    shapes = QUEUES

    @initialize(data=st.data())
    def make(self, data: st.DataObject) -> None:
        shape = data.draw(st.sampled_from(self.shapes), "shape")
        self.pair = Pair(shape["type"], **{name: value for name, value in shape.items() if name != "type"})
        self.values = values_of(shape)

    def teardown(self) -> None:
        if hasattr(self, "pair"):
            self.pair.close()

    @rule(data=st.data(), flags=st.sampled_from([0, 0, 2]))
    def push(self, data: st.DataObject, flags: int) -> None:
        value = data.draw(self.values)
        self.pair.ask(lambda map: map.update(b"", value, flags))

    @rule()
    def pop(self) -> None:
        self.pair.ask(lambda map: map[b""])
        self.pair.ask(lambda map: map.pop(b""))


MACHINES = [SideBySide, HashesSideBySide, TriesSideBySide, KeylessSideBySide, QueuesSideBySide]


@pytest.mark.parametrize("machine", MACHINES)
def test_the_same_answers(machine: type[RuleBasedStateMachine]) -> None:
    run_state_machine_as_test(machine, settings=examples)  # type: ignore[no-untyped-call]


# that the comparison can fail


def ignores_flags(self: Any, flags: int) -> None:
    """Take any flags."""


def takes_one_too_many(self: Any) -> None:
    """Let a full hash grow."""


def deletes_quietly(self: Any, key: bytes) -> None:
    self._cells.pop(key, None)


def finds_any_prefix(self: Any, key: bytes, cpu: int = 0) -> bytearray | None:
    return next((found for table in self._tables.values() for _, found in table.values()), None)


def goes_on_from_the_end(self: Any, key: bytes | None) -> bytes | None:
    return None if key is None else (int.from_bytes(key, sys.byteorder) + 1 & 0xFFFFFFFF).to_bytes(4, sys.byteorder)


def is_a_stack(self: Any) -> bytes:
    self.peek()
    return bytes(self._waiting.pop())


strict = settings(examples, max_examples=200, phases=[Phase.generate], database=None, derandomize=True)


@pytest.mark.parametrize(
    ("machine", "shapes", "kind", "method", "wrong"),
    [
        (SideBySide, HASHES[:1], Hash, "_check_update_flags", ignores_flags),
        (SideBySide, HASHES[:1], Hash, "_make_room", takes_one_too_many),
        (SideBySide, HASHES[:1], Hash, "delete_bytes", deletes_quietly),
        (SideBySide, TRIES[:1], PrefixTrie, "lookup", finds_any_prefix),
        (SideBySide, ARRAYS[:1], Array, "next_key_bytes", goes_on_from_the_end),
        (QueuesSideBySide, QUEUES[:1], Queue, "take", is_a_stack),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_wrong_map_is_caught(
    monkeypatch: pytest.MonkeyPatch,
    machine: type[RuleBasedStateMachine],
    shapes: list[Shape],
    kind: type,
    method: str,
    wrong: Callable[..., object],
) -> None:
    monkeypatch.setattr(kind, method, wrong)
    with pytest.raises(AssertionError, match="the vm answers"):
        run_state_machine_as_test(  # type: ignore[no-untyped-call]
            type("Wrong", (machine,), {"shapes": shapes}), settings=strict
        )


# maps that give up entries


class LruSideBySide(RuleBasedStateMachine):
    """Full LRU maps: only what does not depend on which entry is given up, or when."""

    MOST = 4

    @initialize(per_cpu=st.booleans())
    def make(self, per_cpu: bool) -> None:
        self.type = MapType.LRU_PERCPU_HASH if per_cpu else MapType.LRU_HASH
        self.pair = Pair(self.type, key_size=4, value_size=4, max_entries=self.MOST)
        self.written: dict[int, Any] = {}

    def teardown(self) -> None:
        if hasattr(self, "pair"):
            self.pair.close()

    @rule(key=st.integers(0, 9), number=st.integers(0, 99), flags=st.sampled_from([0, 0, 0, 1, 2]))
    def write(self, key: int, number: int, flags: int) -> None:
        value = [number + cpu for cpu in range(possible_cpus())] if self.type == MapType.LRU_PERCPU_HASH else number
        outcomes = []
        for map in (self.pair.kernel, self.pair.vm):
            there = key in map
            told = answer(lambda map: map.update(key, value, flags), map)
            if told[0] == "value":
                # The kernel makes room before it looks at the flags, so it may have given up this very entry.
                assert flags != 2 or there
                assert map[key] == value
            else:
                kind = KeyExists if flags == 1 else KeyNotFound
                assert told[1][0] == kind.__name__
                assert flags == 2 or there
            outcomes.append(told[0])
        if "value" in outcomes:
            self.written.setdefault(key, []).append(value)

    @rule(key=st.integers(0, 9))
    def delete(self, key: int) -> None:
        for map in (self.pair.kernel, self.pair.vm):
            there = key in map
            assert (answer(lambda map: map.__delitem__(key), map)[0] == "value") == there
            assert key not in map

    @rule()
    def walk(self) -> None:
        for map in (self.pair.kernel, self.pair.vm):
            entries = list(map.items())
            assert len(entries) <= self.MOST
            assert len({key for key, _ in entries}) == len(entries)
            assert all(value in self.written[key] for key, value in entries)
            assert sorted(map.lookup_batch()) == sorted(entries)

    @rule(data=st.data())
    def never_full(self, data: st.DataObject) -> None:
        value = [1] * possible_cpus() if self.type == MapType.LRU_PERCPU_HASH else 1
        for key in data.draw(st.lists(st.integers(0, 9), max_size=10)):
            self.pair.ask(lambda map, key=key: map.update(key, value))  # type: ignore[misc]
            self.written.setdefault(key, []).append(value)


def test_lru_maps_keep_what_they_promise() -> None:
    run_state_machine_as_test(LruSideBySide, settings=examples)  # type: ignore[no-untyped-call]


def test_an_lru_map_that_refuses_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LruHash, "_make_room", Hash._make_room)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(LruSideBySide, settings=strict)  # type: ignore[no-untyped-call]


def test_answers_tell_errors_apart() -> None:
    def refused(number: int) -> Answer:
        def ask(_: object) -> None:
            raise KernelError(number, "no")

        return answer(ask, None)

    assert agree(refused(EINVAL), refused(EINVAL))
    assert not agree(refused(EINVAL), refused(EPERM))
    assert not agree(answer(lambda _: None, None), refused(EINVAL))

"""Entries over a dictionary of bytes: all that maps do is made of the few calls a kind of map brings."""

from __future__ import annotations

from errno import E2BIG, EEXIST, ENOENT, EPERM
from typing import Any

import pytest

from ebpfasm.errors import KernelError, KeyExists, KeyNotFound, OperandError
from ebpfasm.values.codecs import codec_for, value_codec_for
from ebpfasm.values.entries import Entries

HASH, ARRAY, PERCPU_HASH = 1, 2, 5


class Memory(Entries):
    """A map that keeps its bytes in a dictionary and counts the calls."""

    def __init__(self, type: int = HASH, max_entries: int = 4) -> None:
        self.name = "pod0"
        self.type = type
        self.key_size, self.value_size, self.max_entries, self.flags = 4, 4, max_entries, 0
        self._key = codec_for(None, 4, "key")
        self._value, _ = value_codec_for(None, type, 4, lambda: 2)
        self.data: dict[bytes, bytes] = {}
        self.refusal: KernelError | None = None
        self.batch = 2

    def _lookup(self, key: bytes) -> bytes:
        if key not in self.data:
            raise KeyNotFound(ENOENT, "no")
        return self.data[key]

    def _update(self, key: bytes, value: bytes, flags: int) -> None:
        if self.refusal:
            raise self.refusal
        self.data[key] = value

    def _delete(self, key: bytes) -> None:
        if self.data.pop(key, None) is None:
            raise KeyNotFound(ENOENT, "no")

    def _pop(self, key: bytes) -> bytes:
        value = self._lookup(key)
        self._delete(key)
        return value

    def _write_batch(self, pairs: list[tuple[bytes, bytes]], flags: int) -> None:
        for key, value in pairs:
            self._update(key, value, flags)

    def _delete_batch(self, keys: list[bytes]) -> None:
        for key in keys:
            self._delete(key)

    def _next_key(self, key: bytes | None) -> bytes | None:
        keys = sorted(self.data)
        later = keys if key not in self.data else keys[keys.index(key) + 1 :]
        return later[0] if later else None

    def _read_batch(self, position: bytes | None, count: int, delete: bool) -> Any:
        start = int.from_bytes(position or b"\0", "big")
        pairs = sorted(self.data.items())[start : start + self.batch]
        after = start + self.batch
        return pairs, after.to_bytes(4, "big") if after < len(self.data) else None


def test_a_value_goes_through_the_codecs() -> None:
    made = Memory()
    made[1] = 10
    made.update(b"\2\0\0\0", b"\3\0\0\0")
    assert made.get(1) == 10
    assert made.get(7, "none") == "none"
    assert 1 in made
    assert 7 not in made
    assert set(map(type, made.data)) == {bytes}
    with pytest.raises(OperandError, match="key must be an int or 4 bytes"):
        made["one"]


@pytest.mark.parametrize(
    ("type", "error", "text"),
    [
        (HASH, KernelError(E2BIG, "x"), "map 'pod0': it is full: it can hold 4 entries"),
        (ARRAY, KernelError(E2BIG, "x"), "map 'pod0': index 9 is beyond its 4 entries (0..3)"),
        (HASH, KeyExists(EEXIST, "x"), "map 'pod0': there is an entry under 9 already"),
        (HASH, KeyNotFound(ENOENT, "x"), "map 'pod0': there is no entry under 9"),
        (HASH, KernelError(EPERM, "as it was"), "as it was"),
    ],
)
def test_an_error_is_told_in_terms_of_the_map(type: int, error: KernelError, text: str) -> None:
    made = Memory(type)
    made.refusal = error
    with pytest.raises(KernelError) as caught:
        made[9] = 0
    assert str(caught.value) == text
    assert (caught.value.errno, caught.value.__class__) == (error.errno, error.__class__)


def test_a_walk_gives_each_key_once_though_it_starts_again() -> None:
    made = Memory(max_entries=10)
    for key in range(5):
        made[key] = key
    seen = []
    for key in made:
        seen.append(key)
        made.data.pop(key.to_bytes(4, "little"), None) or made.data.pop(key.to_bytes(4, "big"), None)
    assert sorted(seen) == list(range(5))


def test_items_leaves_out_what_vanishes() -> None:
    made = Memory()
    made[1] = made[2] = 0
    found = []
    for key, _ in made.items():
        found.append(key)
        made.data.clear()
    assert len(found) == 1


def test_the_keys_of_an_array_are_its_indices() -> None:
    made = Memory(ARRAY)
    assert list(made) == [0, 1, 2, 3]
    assert list(made.items()) == []


def test_batches_are_read_to_the_end() -> None:
    made = Memory(max_entries=8)
    for key in range(5):
        made[key] = key * 2
    assert sorted(made.lookup_batch()) == [(key, key * 2) for key in range(5)]


def test_the_value_of_a_per_cpu_map_is_a_list() -> None:
    made = Memory(PERCPU_HASH)
    made[1] = [7, 8]
    assert made[1] == [7, 8]
    assert len(made.data.popitem()[1]) == 16


def test_cpus_are_only_counted_for_per_cpu_maps() -> None:
    def never() -> int:
        raise AssertionError

    assert value_codec_for(None, HASH, 4, never)[1] == 4
    assert value_codec_for(None, PERCPU_HASH, 5, lambda: 3)[1] == 24


def test_entries_are_taken_out_and_written_in_batches() -> None:
    made = Memory()
    made.update_batch({1: 10, 2: 20, 3: 30}.items())
    assert made.pop(1) == 10
    made.delete_batch([3])
    assert dict(made.items()) == {2: 20}
    del made[2]
    for taking in (lambda: made.pop(2), lambda: made.__delitem__(2)):
        with pytest.raises(KeyNotFound, match="map 'pod0': there is no entry under 2"):
            taking()


def test_a_kind_of_map_must_bring_every_call() -> None:
    class Half(Entries):
        def _lookup(self, key: bytes) -> bytes:
            return key

    with pytest.raises(TypeError, match="_delete_batch"):
        Half()  # type: ignore[abstract]

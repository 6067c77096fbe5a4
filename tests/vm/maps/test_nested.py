"""Maps of maps of the vm."""

from __future__ import annotations

from errno import E2BIG, EINVAL

import pytest

from ebpfasm import MapType
from ebpfasm.errors import KernelError, KeyNotFound, OperandError
from ebpfasm.vm.maps import Map

OUTER = [MapType.ARRAY_OF_MAPS, MapType.HASH_OF_MAPS]


def inner(max_entries: int = 2) -> Map:
    return Map.create(MapType.ARRAY, key_size=4, value_size=4, max_entries=max_entries, name="inner")


@pytest.fixture(params=OUTER)
def outer(request: pytest.FixtureRequest) -> Map:
    return Map.create(request.param, key_size=4, value_size=4, max_entries=2, inner_map=inner(), name="outer")


def test_a_program_finds_the_map_and_user_space_its_id(outer: Map) -> None:
    held = inner()
    outer[1] = held
    assert outer[1] == held.id
    assert outer.lookup(outer._key.encode(1)) is held
    assert outer.lookup(outer._key.encode(0)) is None
    assert list(outer.items()) == outer.lookup_batch() == [(1, held.id)]
    del outer[1]
    with pytest.raises(KeyNotFound):
        outer[1]


def test_what_is_put_in_is_kept(outer: Map) -> None:
    outer[0] = inner()
    kept = outer.lookup(outer._key.encode(0))
    assert kept is not None
    assert kept.id == outer[0]


def test_a_map_that_differs_from_the_first(outer: Map) -> None:
    with pytest.raises(KernelError, match="an array 'inner' differs from the inner map it was made with") as caught:
        outer[0] = inner(3)
    assert caught.value.errno == EINVAL


@pytest.mark.parametrize("thing", [None, 5, "inner"])
def test_what_is_no_map(outer: Map, thing: object) -> None:
    with pytest.raises(OperandError, match=f"map 'outer': a value must be a map of the vm, not {thing!r}"):
        outer[0] = thing


def test_there_is_only_so_much_room(outer: Map) -> None:
    outer[0], outer[1] = inner(), inner()
    with pytest.raises(KernelError) as caught:
        outer[2] = inner()
    assert caught.value.errno == E2BIG

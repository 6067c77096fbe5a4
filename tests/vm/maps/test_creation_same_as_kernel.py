"""What the kernel will not make, the vm will not make, with the same errno."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ebpfasm import Map as KernelMap
from ebpfasm import MapFlag, MapType
from ebpfasm.kernel.machine import possible_cpus
from ebpfasm.vm.maps import Map as VmMap
from ebpfasm.vm.maps.kinds import KINDS
from tests.effort import share
from tests.vm.maps.pairs import Answer, agree, answer

pytestmark = pytest.mark.needs_kernel

U32 = (1 << 32) - 1
SOUND: dict[int, dict[str, int]] = {
    MapType.LPM_TRIE: {"key_size": 8, "value_size": 4, "max_entries": 2, "flags": MapFlag.NO_PREALLOC},
    MapType.QUEUE: {"key_size": 0, "value_size": 4, "max_entries": 2},
    MapType.STACK: {"key_size": 0, "value_size": 4, "max_entries": 2},
    MapType.RINGBUF: {"key_size": 0, "value_size": 0, "max_entries": 4096},
}
"""Arguments that are right for a type; others take keys and values of 4 bytes."""
NEXT_TO = {"key_size": 4, "value_size": 4, "max_entries": 2, "flags": 0}
OTHER: dict[str, st.SearchStrategy[int]] = {
    "key_size": st.sampled_from([0, 1, 3, 4, 5, 8, 260, 261, 4_194_251, 4_194_252, 1 << 31, U32]),
    "value_size": st.sampled_from(
        [0, 1, 4, 8, 32_768, 32_769, 4_194_024, 4_194_025, 4_194_304, 4_194_305, 1 << 31, U32]
    ),
    "max_entries": st.sampled_from([0, 1, 3, 4095, 4096, 8192, 12288]),
    "flags": st.integers(0, 31).map(lambda bit: 1 << bit)
    | st.lists(st.sampled_from(list(MapFlag)), max_size=3).map(lambda flags: sum(set(flags))),
    "numa_node": st.sampled_from([0, 9999]),
    "map_extra": st.sampled_from([0, 1]),
}
MOST_BYTES = 1 << 26  # that the kernel may really be asked to make


@st.composite
def creations(draw: st.DrawFn) -> tuple[int, dict[str, int]]:
    """Return a type with arguments that are right, but for one to three."""
    type = draw(st.sampled_from(sorted(KINDS)))
    members = dict(NEXT_TO | SOUND.get(type, {}))
    changed = draw(st.lists(st.sampled_from(sorted(OTHER)), max_size=3, unique=True))
    members |= {name: draw(OTHER[name]) for name in changed}
    if (members["key_size"] + members["value_size"]) * members["max_entries"] > MOST_BYTES:
        members["max_entries"] = 2
    return type, members


def tried(maps: Any, type: int, **members: Any) -> Answer:
    """Return what comes of making a map: what it says of itself, or the error."""

    def make(_: object) -> object:
        inner_sizes = {"key_size": 4, "value_size": 4, "max_entries": 1}
        with maps.create(MapType.ARRAY, **inner_sizes) as inner:
            nests = type in {MapType.ARRAY_OF_MAPS, MapType.HASH_OF_MAPS}
            with maps.create(type, **members, inner_map=inner if nests else None) as made:
                return made.type, made.key_size, made.value_size, made.max_entries, made.flags, made.name

    return answer(make, None)


class OnCpus:
    """The vm's maps, for as many CPUs as this machine's kernel has them for."""

    @staticmethod
    def create(type: int, **members: Any) -> VmMap:
        return VmMap.create(type, **members, cpus=possible_cpus())


@given(creation=creations())
@settings(deadline=None, max_examples=share(400))
@example(creation=(MapType.HASH, {"key_size": 4, "value_size": 4, "max_entries": (1 << 27) + 1, "flags": 1}))
@example(creation=(MapType.LRU_HASH, {"key_size": 0, "value_size": 4, "max_entries": 1, "flags": 1}))
@example(creation=(MapType.LRU_HASH, {"key_size": 4, "value_size": 4, "max_entries": 5, "flags": 2}))
@example(creation=(MapType.ARRAY, {"key_size": 4, "value_size": 4, "max_entries": 1, "flags": MapFlag.RDONLY}))
@example(creation=(0, {"key_size": 4, "value_size": 4, "max_entries": 1}))
@example(creation=(9999, {"key_size": 4, "value_size": 4, "max_entries": 1}))
def test_the_same_maps_are_refused(creation: tuple[int, dict[str, int]]) -> None:
    type, members = creation
    kernel, vm = tried(KernelMap, type, **members), tried(OnCpus, type, **members)
    assert agree(kernel, vm), f"the vm answers {vm}, the kernel {kernel}"


@pytest.mark.parametrize("type", sorted(KINDS))
def test_each_type_has_arguments_that_are_right(type: int) -> None:
    assert tried(KernelMap, type, **(NEXT_TO | SOUND.get(type, {})))[0] == "value"
    assert tried(OnCpus, type, **(NEXT_TO | SOUND.get(type, {})))[0] == "value"


@pytest.mark.parametrize("inner", sorted(KINDS))
@pytest.mark.parametrize("outer", [MapType.ARRAY_OF_MAPS, MapType.HASH_OF_MAPS])
def test_the_same_maps_can_be_inner_ones(outer: int, inner: int) -> None:
    def nest(maps: Any) -> Answer:
        def make(_: object) -> None:
            plain = {"key_size": 4, "value_size": 4, "max_entries": 1}
            with (
                maps.create(MapType.ARRAY, **plain) as innermost,
                maps.create(inner, **(NEXT_TO | SOUND.get(inner, {})), inner_map=innermost) as middle,
            ):
                maps.create(outer, **plain, inner_map=middle).close()

        return answer(make, None)

    assert agree(nest(KernelMap), nest(OnCpus))

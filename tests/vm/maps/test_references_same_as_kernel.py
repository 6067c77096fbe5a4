"""Maps that hold programs and maps, in the vm and in the kernel: the same answers."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from ebpfasm import AttachType, MapFlag, MapType, Program, ProgramType
from ebpfasm.asm import R0, Mov, Return
from ebpfasm.errors import OperandError
from tests.effort import share
from tests.vm.maps.pairs import Pair
from tests.vm.maps.programs import Stand

pytestmark = pytest.mark.needs_kernel

# Few: the kernel waits for its programs to be done with a map of maps whenever one is written.
examples = settings(deadline=None, max_examples=share(25), stateful_step_count=30)
# fmt: off
PROGRAMS: list[dict[str, Any]] = [
    {"type": ProgramType.SCHED_CLS, "name": "one"},
    {"type": ProgramType.SCHED_CLS, "name": "two"},
    {"type": ProgramType.SCHED_CLS, "name": "egress", "expected_attach_type": AttachType.TCX_EGRESS},
    {"type": ProgramType.XDP, "name": "dropper"},
]
INNERS: list[dict[str, Any]] = [
    {"type": MapType.ARRAY, "key_size": 4, "value_size": 4, "max_entries": 2},
    {"type": MapType.ARRAY, "key_size": 4, "value_size": 4, "max_entries": 2},
    {"type": MapType.ARRAY, "key_size": 4, "value_size": 4, "max_entries": 3},
    {"type": MapType.ARRAY, "key_size": 4, "value_size": 8, "max_entries": 2},
    {"type": MapType.ARRAY, "key_size": 4, "value_size": 4, "max_entries": 2, "flags": MapFlag.INNER_MAP},
    {"type": MapType.ARRAY, "key_size": 4, "value_size": 4, "max_entries": 3, "flags": MapFlag.INNER_MAP},
    {"type": MapType.HASH, "key_size": 4, "value_size": 4, "max_entries": 2},
    {"type": MapType.HASH, "key_size": 4, "value_size": 4, "max_entries": 5},
    {"type": MapType.HASH, "key_size": 4, "value_size": 4, "max_entries": 5, "flags": MapFlag.RDONLY_PROG},
]
# fmt: on


class References(RuleBasedStateMachine):
    """Holds the same objects in both; an id is compared by the object it is of."""

    pair: Pair
    keys = st.sampled_from([0, 1, 2, -1])

    def __init__(self) -> None:
        super().__init__()
        self.undo = ExitStack()
        self.objects: list[tuple[Any, Any]] = []
        """What may be put in: for the kernel's map, and for the vm's."""

    def teardown(self) -> None:
        self.undo.close()

    def given(self, index: int, map: Any) -> Any:
        """Return one of the objects as a map takes it."""
        return self.objects[index][map is self.pair.vm]

    def named(self, map: Any) -> dict[int, int]:
        """Return which of the objects each id is of."""
        return {pair[map is self.pair.vm].id: index for index, pair in enumerate(self.objects)}

    @rule(key=keys, index=st.integers(0, 8), flags=st.sampled_from([0, 0, 0, 0, 1, 2, 3, 4]))
    def write(self, key: int, index: int, flags: int) -> None:
        index %= len(self.objects)
        self.pair.ask(lambda map: map.update(key, self.given(index, map), flags))

    @rule(key=keys)
    def read(self, key: int) -> None:
        self.pair.ask(lambda map: self.named(map)[map[key]])
        self.pair.ask(lambda map: key in map)

    @rule(key=keys)
    def delete(self, key: int) -> None:
        self.pair.ask(lambda map: map.__delitem__(key))

    @rule(key=keys)
    def pop(self, key: int) -> None:
        self.pair.ask(lambda map: map.pop(key))

    @rule()
    def walk(self) -> None:
        self.pair.ask(sorted)
        self.pair.ask(lambda map: sorted((key, self.named(map)[value]) for key, value in map.items()))

    @rule(delete=st.booleans())
    def read_all(self, delete: bool) -> None:
        def read(map: Any) -> object:
            return sorted((key, self.named(map)[value]) for key, value in map.lookup_batch(delete=delete))

        self.pair.ask(read)

    @rule(index=st.integers(0, 8), key=keys)
    def write_many(self, index: int, key: int) -> None:
        index %= len(self.objects)
        self.pair.ask(lambda map: map.update_batch([(0, self.given(0, map)), (key, self.given(index, map))]))

    @rule(key=keys)
    def delete_many(self, key: int) -> None:
        self.pair.ask(lambda map: map.delete_batch([key]))


class ProgramArrays(References):
    @initialize()
    def make(self) -> None:
        self.pair = Pair(MapType.PROG_ARRAY, key_size=4, value_size=4, max_entries=2, name="pod0")
        self.undo.callback(self.pair.close)
        for members in PROGRAMS:
            self.objects.append((self.undo.enter_context(_load(**members)), Stand(**members)))

    @rule()
    def owner(self) -> None:
        self.pair.ask(lambda map: map.owner_type)

    @rule(thing=st.sampled_from([None, "program", True, 1.0]))
    def no_program(self, thing: object) -> None:
        for map in (self.pair.kernel, self.pair.vm):
            with pytest.raises(OperandError, match="a slot takes a "):
                map[0] = thing


def _load(type: int, **members: Any) -> Program:
    return Program.load(type, [Mov.Imm(R0, 0), Return()], **members)


class MapsOfMaps(References):
    @initialize(hashed=st.booleans(), like=st.integers(0, len(INNERS) - 1))
    def make(self, hashed: bool, like: int) -> None:
        inners = [Pair(**members) for members in INNERS]
        for inner in inners:
            self.undo.callback(inner.close)
        self.objects = [(inner.kernel, inner.vm) for inner in inners]
        type = MapType.HASH_OF_MAPS if hashed else MapType.ARRAY_OF_MAPS
        self.pair = Pair(type, key_size=4, value_size=4, max_entries=2, inner=inners[like])
        self.undo.callback(self.pair.close)

    def given(self, index: int, map: Any) -> Any:
        thing = super().given(index, map)
        return thing if map is self.pair.vm else thing.fileno()


@pytest.mark.parametrize("machine", [ProgramArrays, MapsOfMaps])
def test_the_same_answers(machine: type[References]) -> None:
    run_state_machine_as_test(machine, settings=examples)  # type: ignore[no-untyped-call]

"""Program arrays of the vm."""

from __future__ import annotations

import struct
from errno import E2BIG, EINVAL
from typing import Any

import pytest

from ebpfasm import AttachType, MapType, ProgramType
from ebpfasm.errors import ClosedError, KernelError, KeyNotFound, NotSupported, OperandError
from ebpfasm.vm.maps import Map, ProgramArray
from tests.vm.maps.programs import Stand


@pytest.fixture
def slots() -> ProgramArray:
    made = Map.create(MapType.PROG_ARRAY, key_size=4, value_size=4, max_entries=2, name="pod0")
    assert isinstance(made, ProgramArray)
    return made


def test_a_slot_holds_a_program(slots: ProgramArray) -> None:
    one, two = Stand(), Stand()
    slots[0] = one
    assert slots[0] == one.id
    assert slots.program_at(0) is one
    slots.update(0, two)
    assert slots.program_at(0) is two
    slots[struct.pack("=I", 1)] = one
    assert list(slots.items()) == [(0, two.id), (1, one.id)]
    del slots[0]
    assert slots.program_at(0) is None
    assert list(slots) == [1]


def test_an_empty_slot_is_a_missing_key(slots: ProgramArray) -> None:
    for ask in (slots.__getitem__, slots.__delitem__):
        with pytest.raises(KeyNotFound, match=r"^map 'pod0': there is no entry under 1$"):
            ask(1)
    assert slots.program_at(7) is None
    assert slots.lookup(bytes(4)) is None


@pytest.mark.parametrize("thing", [None, "program", 3, object()], ids=["none", "text", "number", "object"])
def test_what_is_no_program(slots: ProgramArray, thing: Any) -> None:
    with pytest.raises(OperandError) as caught:
        slots[0] = thing
    advice = "; to empty a slot: del array[index]" if thing is None else ""
    assert str(caught.value) == f"map 'pod0': a slot takes a program of the vm, not {thing!r}{advice}"
    assert list(slots) == []


def test_an_index_beyond_the_array(slots: ProgramArray) -> None:
    with pytest.raises(KernelError, match=r"^map 'pod0': index 2 is beyond its 2 entries \(0\.\.1\)$") as caught:
        slots[2] = Stand()
    assert caught.value.errno == E2BIG
    for index in (-1, 1 << 32):
        with pytest.raises(OperandError, match=rf"^map 'pod0': index must be an int in 0\.\.1, not {index}$"):
            slots[index] = Stand()
    assert slots.owner_type is None


def test_flags_and_batches_are_not_for_program_arrays(slots: ProgramArray) -> None:
    with pytest.raises(OperandError, match=r"flags of a program array can only be UpdateFlag\.ANY, not 1"):
        slots.update(0, Stand(), 1)
    with pytest.raises(OperandError, match=r"flags of a program array can only be UpdateFlag\.ANY, not 1"):
        slots.update_batch([(0, Stand())], 1)
    with pytest.raises(NotSupported, match="a program array does not know BPF_MAP_LOOKUP_BATCH"):
        slots.lookup_batch()


def test_many_slots_at_once(slots: ProgramArray) -> None:
    one, two = Stand(), Stand()
    slots.update_batch({0: one, 1: two}.items())
    assert (slots.program_at(0), slots.program_at(1)) == (one, two)
    with pytest.raises(OperandError, match=r"index must be an int in 0\.\.1, not -1"):
        slots.update_batch([(0, two), (-1, one)])
    assert slots.program_at(0) is one
    with pytest.raises(KernelError, match=r"index 2 is beyond its 2 entries \(0\.\.1\) \(slot 2, after 1 of 2\)$"):
        slots.update_batch([(0, two), (2, one)])
    assert slots.program_at(0) is two


def test_the_first_program_says_what_the_others_must_be(slots: ProgramArray) -> None:
    assert slots.owner_type is None
    slots[0] = Stand(ProgramType.XDP)
    assert slots.owner_type == ProgramType.XDP
    with pytest.raises(KernelError) as caught:
        slots[1] = Stand(ProgramType.SCHED_CLS, "second")
    assert caught.value.errno == EINVAL
    assert str(caught.value) == (
        "map 'pod0': the array is owned by programs of type XDP, and program 'second' is of type SCHED_CLS"
    )
    with pytest.raises(KernelError, match="was loaded with another expected_attach_type"):
        slots[1] = Stand(ProgramType.XDP, "third", AttachType.XDP_DEVMAP)
    del slots[0]
    with pytest.raises(KernelError):
        slots[0] = Stand(ProgramType.SCHED_CLS)


def test_a_program_that_uses_the_array_claims_it(slots: ProgramArray) -> None:
    slots.claim(Stand(ProgramType.SCHED_CLS))
    with pytest.raises(KernelError, match="owned by programs of type SCHED_CLS"):
        slots[0] = Stand(ProgramType.XDP)
    with pytest.raises(KernelError, match="owned by programs of type SCHED_CLS"):
        slots.claim(Stand(ProgramType.XDP))
    slots[0] = Stand(ProgramType.SCHED_CLS)


def test_closing_the_array_empties_it(slots: ProgramArray) -> None:
    slots[0] = Stand()
    slots.close()
    assert slots.program_at(0) is None
    for use in (lambda: slots[0], lambda: slots.__setitem__(0, Stand()), lambda: list(slots)):
        with pytest.raises(ClosedError, match=r"^map 'pod0' is closed$"):
            use()

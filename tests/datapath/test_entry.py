"""The entry stub: the seed function's bytes, what it takes for a map, and what the kernel makes of it."""

from __future__ import annotations

import os

import pytest

from ebpfasm import Map, MapType, Program, ProgramType
from ebpfasm.datapath import entry_stub
from ebpfasm.errors import ClosedError, OperandError, SymbolError
from tests.datapath.packets import OK, SHOT, returning

PACKET = bytes(64)

live = [pytest.mark.needs_kernel, pytest.mark.needs_netns]


def program_array(slots: int = 1) -> Map:
    return Map.create(MapType.PROG_ARRAY, key_size=4, value_size=4, max_entries=slots, name="slots")


def test_the_seed() -> None:
    stub = entry_stub(0xAABBCCDD)
    assert stub.encode("little").hex(" ", 8) == (
        "18120000ddccbbaa 0000000000000000 b703000000000000 850000000c000000 b700000000000000 9500000000000000"
    )
    assert stub.encode("big").hex(" ", 8) == (
        "18210000aabbccdd 0000000000000000 b730000000000000 850000000000000c b700000000000000 9500000000000000"
    )
    assert stub.units == 6


def test_index_and_miss_have_their_place() -> None:
    assert entry_stub(3, 0x01020304, miss=2).encode("little").hex(" ", 8) == (
        "1812000003000000 0000000000000000 b703000004030201 850000000c000000 b700000002000000 9500000000000000"
    )
    for number in (-(2**31), 2**31 - 1):
        code = entry_stub(3, number, miss=number).encode("little")
        assert code[20:24] == code[36:40] == number.to_bytes(4, "little", signed=True)


def test_whatever_has_a_descriptor_names_the_array() -> None:
    class Array:
        def fileno(self) -> int:
            return 7

    by_number = entry_stub(7).encode()
    assert entry_stub(Array()).encode() == by_number
    named = entry_stub("slots")
    assert str(named).splitlines()[0].strip() == "r2 = slots ll"
    assert named.bind(slots=Array()).encode() == by_number


def test_the_name_must_be_bound() -> None:
    with pytest.raises(SymbolError, match=r"map 'slots'.* is not bound"):
        entry_stub("slots").encode()


@pytest.mark.parametrize("slots", [None, 1.5, True, b"slots", object(), -1, 1 << 32])
def test_what_is_no_map(slots: object) -> None:
    with pytest.raises(OperandError, match=r"LoadMapPtr: (a map is|map fd must be)"):
        entry_stub(slots)  # type: ignore[arg-type]


@pytest.mark.parametrize("field", ["index", "miss"])
@pytest.mark.parametrize("number", [2**31, -(2**31) - 1, "0", None, True])
def test_what_is_no_number_for_it(field: str, number: int) -> None:
    with pytest.raises(OperandError, match="immediate must be"):
        entry_stub(7, **{field: number})


class TestInTheKernel:
    pytestmark = live

    def test_it_hands_over_to_the_slot_or_gives_its_verdict(self) -> None:
        with program_array(2) as slots, returning(5) as program:
            for index, miss in ((0, OK), (1, SHOT), (2, 7), (-1, 7)):
                with Program.load(ProgramType.SCHED_CLS, entry_stub(slots, index, miss=miss)) as entry:
                    assert entry.test_run(PACKET).retval == miss
                    if 0 <= index < 2:
                        slots[index] = program
                        assert entry.test_run(PACKET).retval == 5
                        del slots[index]
                        assert entry.test_run(PACKET).retval == miss

    def test_the_program_keeps_the_array(self) -> None:
        slots = program_array()
        stub = entry_stub(slots)
        with Program.load(ProgramType.SCHED_CLS, stub, name="entry") as entry:
            number = slots.id
            assert entry.info.map_ids == (number,)
            slots.close()
            with Map.from_id(number) as again:
                assert again.max_entries == 1

    def test_a_closed_array(self) -> None:
        with program_array() as slots:
            stub = entry_stub(slots)
        with pytest.raises(ClosedError, match="map 'slots' is closed"):
            Program.load(ProgramType.SCHED_CLS, stub)

    def test_a_descriptor_of_something_else(self) -> None:
        with open(os.devnull) as file, pytest.raises(Exception, match=r"(?s)fd \d+ is not pointing to valid bpf_map"):
            Program.load(ProgramType.SCHED_CLS, entry_stub(file))

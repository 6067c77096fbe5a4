"""Program arrays: what a slot takes, what it says to the rest, and when the kernel empties it."""

from __future__ import annotations

import enum
import gc
import struct
import time
from collections.abc import Callable
from errno import E2BIG, EINVAL
from pathlib import Path
from typing import Any

import pytest

from ebpfasm import AttachType, Map, MapType, Program, ProgramArray, ProgramType, write_slots
from ebpfasm.datapath import entry_stub
from ebpfasm.errors import ClosedError, KernelError, KeyNotFound, NotSupported, OperandError

pytestmark = pytest.mark.needs_kernel

PACKET = bytes(64)
Load = Callable[..., Program]
PATIENCE_S = 10.0  # the kernel empties an array from a work queue, some time after its last user is gone


@pytest.fixture
def slots(create: Callable[..., Map]) -> ProgramArray:
    made = create(MapType.PROG_ARRAY, max_entries=2, name="pod0")
    assert isinstance(made, ProgramArray)
    return made


@pytest.fixture
def stub(slots: ProgramArray) -> Any:
    with Program.load(ProgramType.SCHED_CLS, entry_stub(slots, miss=99), name="entry") as loaded:
        yield loaded


def verdict(program: Program) -> int:
    return program.test_run(PACKET).retval


# slots


def test_a_slot_changes_what_runs(slots: ProgramArray, stub: Program, load: Load) -> None:
    assert verdict(stub) == 99
    one, two = load(1, name="one"), load(2, name="two")
    slots[0] = one
    assert verdict(stub) == 1
    slots[0] = two
    assert verdict(stub) == 2
    del slots[0]
    assert verdict(stub) == 99


def test_each_index_is_a_slot_of_its_own(slots: ProgramArray, load: Load) -> None:
    slots[1] = load(5)
    with Program.load(ProgramType.SCHED_CLS, entry_stub(slots, 1)) as second:
        assert verdict(second) == 5
    with Program.load(ProgramType.SCHED_CLS, entry_stub(slots, 7, miss=98)) as beyond:
        assert verdict(beyond) == 98


def test_a_slot_takes_a_program_anything_with_fileno_and_a_descriptor(slots: ProgramArray, load: Load) -> None:
    class Holder:
        def __init__(self, program: Program) -> None:
            self.fileno = program.fileno

    program = load(1)
    for given in (program, Holder(program), program.fileno()):
        slots[0] = given
        assert slots[0] == program.id
        slots.update(1, given)
        assert slots[1] == program.id
        del slots[0], slots[1]


def test_a_program_may_be_closed_once_it_is_in(slots: ProgramArray, stub: Program, load: Load) -> None:
    program = load(3)
    slots[0] = program
    identity = program.id
    program.close()
    assert verdict(stub) == 3
    with Program.from_id(slots[0]) as again:
        assert again.id == identity


def test_an_empty_slot_is_a_missing_key(slots: ProgramArray, load: Load) -> None:
    for ask in (slots.__getitem__, slots.__delitem__):
        with pytest.raises(KeyNotFound) as caught:
            ask(1)
        assert str(caught.value) == "map 'pod0': there is no entry under 1"
    assert 1 not in slots
    assert slots.get(1) is None
    assert list(slots) == list(slots.items()) == []
    program = load()
    slots[1] = program
    assert list(slots) == [1]
    assert list(slots.items()) == [(1, program.id)]
    assert list(slots.values()) == [program.id]


def test_indices_may_be_given_as_bytes_and_enums(slots: ProgramArray, load: Load) -> None:
    class Slot(enum.IntEnum):
        EGRESS = 1

    slots[Slot.EGRESS] = load()
    assert list(slots) == [1]
    slots[struct.pack("=I", 0)] = load()
    assert list(slots) == [0, 1]


def test_the_keys_are_in_the_terms_of_the_codec(create: Callable[..., Map], load: Load) -> None:
    class Names:
        ALL = ("ingress", "egress")

        def encode(self, value: str) -> bytes:
            return struct.pack("=I", self.ALL.index(value))

        def decode(self, data: bytes) -> str:
            return self.ALL[struct.unpack("=I", data)[0]]

    program = load()
    for key, codec in (
        ("egress", Names()),
        (1, "=I"),
        (struct.pack("=I", 1), bytes),
        (1 << 24, ">I" if LITTLE else "<I"),
    ):
        with create(MapType.PROG_ARRAY, max_entries=2, key=codec) as slots:
            slots[key] = program
            assert list(slots) == [key]
            assert slots[key] == program.id
            with Map.from_id(slots.id) as plain:
                assert list(plain) == [1]


LITTLE = struct.pack("=H", 1) == b"\1\0"


def test_an_array_is_found_again_as_one(slots: ProgramArray, load: Load, bpffs: Path) -> None:
    slots[0] = load()
    slots.pin(bpffs / "slots")
    for found in (Map.from_id(slots.id), Map.from_pin(bpffs / "slots"), ProgramArray.from_pin(bpffs / "slots")):
        with found:
            assert type(found) is ProgramArray
            assert found[0] == slots[0]


# what a slot does not take


@pytest.mark.parametrize("thing", [None, "program", b"\3\0\0\0", True, 1.0, [3]], ids=repr)
def test_what_is_no_program(slots: ProgramArray, thing: object) -> None:
    for put in (slots.__setitem__, slots.update):
        with pytest.raises(OperandError) as caught:
            put(0, thing)
        advice = "; to empty a slot: del array[index]" if thing is None else ""
        assert str(caught.value) == (
            f"map 'pod0': a slot takes a Program, an object with fileno() or a file descriptor, not {thing!r}{advice}"
        )
        assert (caught.value.field, caught.value.value) == ("value", thing)
    assert list(slots) == []


def test_a_descriptor_of_something_else(slots: ProgramArray, tmp_path: Path) -> None:
    with (tmp_path / "file").open("w") as file, pytest.raises(KernelError) as caught:
        slots[0] = file
    assert str(caught.value) == (
        f"map 'pod0': a slot takes a program, and file descriptor {file_number(caught)} is {tmp_path / 'file'}"
    )
    with pytest.raises(KernelError) as caught:
        slots[0] = slots
    assert str(caught.value) == f"map 'pod0': a slot takes a program, and file descriptor {slots.fileno()} is a map"
    with pytest.raises(KernelError, match="file descriptor 1048575 is not open"):
        slots[0] = 1048575


def file_number(caught: pytest.ExceptionInfo[KernelError]) -> str:
    """Return the descriptor that a message is about."""
    return str(caught.value).partition("descriptor ")[2].partition(" ")[0]


@pytest.mark.parametrize("number", [-1, 1 << 31, 1 << 32])
def test_a_number_that_is_no_descriptor(slots: ProgramArray, number: int) -> None:
    with pytest.raises(
        (OperandError, KernelError), match=r"^map 'pod0': a (slot takes a program, and )?file descriptor"
    ):
        slots[0] = number


def test_an_index_beyond_the_array(slots: ProgramArray, load: Load) -> None:
    program = load()
    with pytest.raises(KernelError) as caught:
        slots[2] = program
    assert str(caught.value) == "map 'pod0': index 2 is beyond its 2 entries (0..1)"
    assert caught.value.errno == E2BIG
    for index in (-1, 1 << 32):
        with pytest.raises(OperandError) as refused:
            slots[index] = program
        assert str(refused.value) == f"map 'pod0': index must be an int in 0..1, not {index}"
        assert (refused.value.field, refused.value.low, refused.value.high) == ("key", 0, 1)
    with pytest.raises(KeyNotFound, match="map 'pod0': index 2 is beyond its 2 entries"):
        del slots[2]


@pytest.mark.parametrize("index", ["0", None, True, 0.0, b"\0"], ids=repr)
def test_what_is_no_index(slots: ProgramArray, load: Load, index: Any) -> None:
    with pytest.raises(OperandError, match=r"^key must be "):
        slots[index] = load()


@pytest.mark.parametrize("flags", [1, 2, 4])
def test_flags_are_not_for_program_arrays(slots: ProgramArray, load: Load, flags: int) -> None:
    with pytest.raises(OperandError) as caught:
        slots.update(0, load(), flags)
    assert str(caught.value) == f"map 'pod0': flags of a program array can only be UpdateFlag.ANY, not {flags}"
    assert (caught.value.field, caught.value.value) == ("flags", flags)


def test_the_kernels_batches_are_not_for_program_arrays(slots: ProgramArray) -> None:
    with pytest.raises(NotSupported, match="BPF_MAP_LOOKUP_BATCH"):
        slots.lookup_batch()
    with pytest.raises(NotSupported, match="BPF_MAP_DELETE_BATCH"):
        slots.delete_batch([0])


# many slots


def test_many_slots_of_one_array(create: Callable[..., Map], load: Load) -> None:
    made = create(MapType.PROG_ARRAY, max_entries=100, name="many")
    programs = [load(verdict) for verdict in range(3)]
    wanted = {index: programs[index % 3] for index in range(0, 100, 7)}
    made.update_batch(wanted.items())
    assert dict(made.items()) == {index: program.id for index, program in wanted.items()}
    made.update_batch(enumerate([programs[0], programs[1].fileno()]))
    assert (made[0], made[1]) == (programs[0].id, programs[1].id)
    made.update_batch([])


def test_one_slot_of_many_arrays(create: Callable[..., Map], load: Load) -> None:
    arrays = [array(create, f"pod{number}") for number in range(20)]
    one, two = load(1), load(2)
    write_slots((slots, number % 2, two if number % 3 else one) for number, slots in enumerate(arrays))
    for number, slots in enumerate(arrays):
        assert dict(slots.items()) == {number % 2: (two if number % 3 else one).id}
    write_slots([])


def test_many_slots_in_the_terms_of_each_codec(create: Callable[..., Map], slots: ProgramArray, load: Load) -> None:
    class Zones:
        def encode(self, zone: str) -> bytes:
            return struct.pack("=I", int(zone.removeprefix("zone")))

        def decode(self, data: bytes) -> str:
            return f"zone{struct.unpack('=I', data)[0]}"

    named = array(create, key=Zones())
    program = load()
    named.update_batch({"zone1": program}.items())
    write_slots([(named, "zone2", program), (slots, 1, program), (slots, b"\0\0\0\0", program)])
    assert list(named) == ["zone1", "zone2"]
    assert list(slots) == [0, 1]


@pytest.mark.parametrize(
    ("index", "program", "message"),
    [
        (-1, 3, "map 'pod0': index must be an int in 0..1, not -1"),
        (1 << 32, 3, "map 'pod0': index must be an int in 0..1, not 4294967296"),
        (1, -1, "map 'pod0': a file descriptor is 0..2147483647, not -1"),
        (1, None, "map 'pod0': a slot takes a Program, an object with fileno() or a file descriptor, not None"),
        (True, 3, "key must be an int or 4 bytes, not bool True"),
        ("1", 3, "key must be an int or 4 bytes, not str '1'"),
    ],
)
def test_nothing_is_written_when_one_of_many_can_mean_nothing(
    slots: ProgramArray, load: Load, index: Any, program: Any, message: str
) -> None:
    for write in (
        lambda: slots.update_batch([(0, load()), (index, program)]),
        lambda: write_slots([(slots, 0, load()), (slots, index, program)]),
    ):
        with pytest.raises(OperandError) as caught:
            write()
        assert str(caught.value).startswith(message)
        assert list(slots) == []


def test_closed_arrays_and_programs_among_many(create: Callable[..., Map], slots: ProgramArray, load: Load) -> None:
    other, program = array(create), load()
    other.close()
    with pytest.raises(ClosedError):
        write_slots([(slots, 0, program), (other, 0, program)])
    gone = load()
    gone.close()
    with pytest.raises(ClosedError):
        slots.update_batch([(0, program), (1, gone)])
    nonsense: Any = 5
    with pytest.raises(OperandError, match="each write is of a ProgramArray, an index and a program, not of 5"):
        write_slots([(slots, 0, program), (nonsense, 0, program)])
    assert list(slots) == []


def test_the_write_that_the_kernel_refuses_is_named_with_what_was_written(
    create: Callable[..., Map], slots: ProgramArray, load: Load
) -> None:
    program, xdp = load(), load(2, ProgramType.XDP, name="dropper")
    with pytest.raises(KernelError) as caught:
        slots.update_batch([(0, program), (2, program), (1, program)])
    assert str(caught.value) == "map 'pod0': index 2 is beyond its 2 entries (0..1) (slot 2, after 1 of 3)"
    assert caught.value.errno == E2BIG
    assert list(slots) == [0]
    other = array(create, "pod1")
    with pytest.raises(KernelError) as caught:
        write_slots([(other, 0, program), (slots, 1, program), (other, 1, xdp), (other, 2, program)])
    assert str(caught.value) == (
        "map 'pod1': the array is owned by programs of type SCHED_CLS, and program 'dropper' is of type XDP"
        " (slot 1, after 2 of 4)"
    )
    assert (list(slots), list(other)) == ([0, 1], [0])


def array(create: Callable[..., Map], name: str = "", **members: Any) -> ProgramArray:
    made = create(MapType.PROG_ARRAY, name=name, **members)
    assert isinstance(made, ProgramArray)
    return made


def test_a_program_of_another_type(slots: ProgramArray, stub: Program, load: Load) -> None:
    with pytest.raises(KernelError) as caught:
        slots[0] = load(2, ProgramType.XDP, name="dropper")
    assert str(caught.value) == (
        "map 'pod0': the array is owned by programs of type SCHED_CLS, and program 'dropper' is of type XDP"
    )
    assert caught.value.errno == EINVAL
    assert list(slots) == []


def test_the_owner_is_the_first_program(slots: ProgramArray, load: Load) -> None:
    assert slots.owner_type is None
    slots[0] = load(2, ProgramType.XDP, name="first")
    assert slots.owner_type == ProgramType.XDP
    with pytest.raises(KernelError, match="owned by programs of type XDP, and program 'second' is of type SCHED_CLS"):
        slots[1] = load(0, name="second")


def test_a_program_for_another_attach_type(slots: ProgramArray, load: Load) -> None:
    slots[0] = load(0, name="first")
    egress = load(0, name="second", expected_attach_type=AttachType.TCX_EGRESS)
    try:
        slots[1] = egress
    except KernelError as error:
        assert str(error) == (  # noqa: PT017 - older kernels take it
            "map 'pod0': program 'second' was loaded with another expected_attach_type (or for another device) than "
            "the array's first; load all programs of an array with expected_attach_type 0"
        )
    else:
        assert slots[1] == egress.id, "kernels before 6.18 do not mind (commit 4540aed51b12)"


def test_closed_arrays_and_programs(slots: ProgramArray, load: Load) -> None:
    program = load(name="late")
    program.close()
    with pytest.raises(ClosedError, match=r"^program 'late' is closed$"):
        slots[0] = program
    slots.close()
    for use in (
        lambda: slots.__setitem__(0, load()),
        lambda: slots.update(0, load()),
        lambda: slots[0],
        lambda: slots.owner_type,
        lambda: list(slots),
    ):
        with pytest.raises(ClosedError, match=r"^map 'pod0' is closed$"):
            use()


# how long the slots stay filled


def comes_to(program: Program, wanted: int) -> bool:
    """Wait until a program returns a number; False when it does not in time."""
    deadline = time.monotonic() + PATIENCE_S
    while verdict(program) != wanted:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def test_the_array_is_emptied_when_its_last_descriptor_goes(slots: ProgramArray, stub: Program, load: Load) -> None:
    identity = slots.id
    slots[0] = load(7)
    assert verdict(stub) == 7
    slots.close()
    assert comes_to(stub, 99), "the loaded stub refers to the array, and that does not keep the slots"
    with Map.from_id(identity) as still_there:
        assert list(still_there) == []


def test_another_descriptor_keeps_the_slots(slots: ProgramArray, stub: Program, load: Load) -> None:
    slots[0] = load(7)
    with Map.from_id(slots.id):
        slots.close()
        emptied_meanwhile(load)
        assert verdict(stub) == 7


def test_a_pin_keeps_the_slots(slots: ProgramArray, stub: Program, load: Load, bpffs: Path) -> None:
    slots[0] = load(7)
    slots.pin(bpffs / "slots")
    slots.close()
    emptied_meanwhile(load)
    assert verdict(stub) == 7
    slots.unpin()
    assert comes_to(stub, 99), "the pin was what kept them"


def emptied_meanwhile(load: Load) -> None:
    """Wait until another array, given up now, is emptied: by then the kernel has done so with those before."""
    other = Map.create(MapType.PROG_ARRAY, key_size=4, value_size=4, max_entries=1, name="other")
    with Program.load(ProgramType.SCHED_CLS, entry_stub(other, miss=98)) as program:
        other[0] = load(6)
        other.close()
        assert comes_to(program, 98)


def test_a_program_keeps_the_map_object_it_was_built_with(load: Load) -> None:
    def made() -> Program:
        slots = Map.create(MapType.PROG_ARRAY, key_size=4, value_size=4, max_entries=1, name="kept")
        slots[0] = load(7)
        return Program.load(ProgramType.SCHED_CLS, entry_stub(slots, miss=99))

    held = [made()]
    gc.collect()  # which would close the array if nobody held it, and warn
    emptied_meanwhile(load)
    assert verdict(held[0]) == 7
    held[0].close()
    with pytest.warns(ResourceWarning, match="map 'kept'"):
        drop(held)


def drop(held: list[Program]) -> None:
    """Give up the last reference to what the list holds."""
    held.clear()
    gc.collect()

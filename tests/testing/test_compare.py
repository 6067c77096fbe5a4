"""`assert_same_as_kernel`: what it compares, and what it says when the two differ."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest

from ebpfasm import Instructions, MapType, ProgramType, vm
from ebpfasm import Map as KernelMap
from ebpfasm.asm import (
    JGT,
    R0,
    R1,
    R2,
    R3,
    R6,
    RFP,
    Add,
    Byte,
    DWord,
    FnMapLookupElem,
    FnTailCall,
    JEq,
    Label,
    LoadMapPtr,
    LoadMem,
    Mov,
    Return,
    StoreImm,
    StoreMem,
    Word,
    table,
)  # fmt: skip
from ebpfasm.errors import KernelError, OperandError, VerifierError
from ebpfasm.testing import MapSpec, assert_same_as_kernel
from ebpfasm.testing.compare import Outcome, context_bytes, differences
from ebpfasm.testing.specs import spec_of

needs_kernel = pytest.mark.needs_kernel

PACKET = bytes(range(14)) + b"payload"
COUNTER = MapSpec(MapType.ARRAY, key_size=4, value_size=8, max_entries=1, entries={0: 41})


def counting(counter: Any = "counter", key: int = 0, end: str = "end") -> list[Any]:
    """Add 1 to an entry, if it is there, and return what it was."""
    return [
        StoreImm(RFP, -4, key, Word),
        Mov.Reg(R2, RFP),
        Add.Imm(R2, -4),
        LoadMapPtr(R1, counter),
        FnMapLookupElem.Call(),
        Mov.Reg(R6, R0),
        Mov.Imm(R0, 0),
        JEq.Imm(R6, 0, end),
        LoadMem(R0, R6, 0, DWord),
        Mov.Reg(R1, R0),
        Add.Imm(R1, 1),
        StoreMem(R6, 0, R1, DWord),
        Label("end"),
        Return(),
    ]


@needs_kernel
def test_what_the_kernel_made_of_it_comes_back() -> None:
    outcome = assert_same_as_kernel([Mov.Imm(R0, 7), Return()], PACKET)
    assert (outcome.retval, outcome.data, outcome.maps) == (7, PACKET, {})
    assert repr(outcome) == "<Outcome retval 7, 21 bytes of data, maps none>"


@needs_kernel
def test_maps_are_described_once() -> None:
    outcome = assert_same_as_kernel(counting(), maps={"counter": COUNTER})
    assert outcome.retval == 41
    assert outcome.maps == {"counter": {0: 42}}


@needs_kernel
def test_maps_of_the_vm_are_what_both_begin_with() -> None:
    counter = vm.Map.create(MapType.ARRAY, key_size=4, value_size=8, max_entries=2, name="mine")
    counter[1] = 9
    assert assert_same_as_kernel(counting(key=1), maps={"counter": counter}).maps == {"counter": {0: 0, 1: 10}}
    assert assert_same_as_kernel(counting(counter, key=1)).maps == {"mine": {0: 0, 1: 10}}
    assert counter[1] == 9, "what is given stays as it is"


@needs_kernel
def test_maps_of_the_kernel_too() -> None:
    with KernelMap.create(MapType.HASH, key_size=4, value_size=8, max_entries=2, name="mine") as counter:
        counter[5] = 1
        assert assert_same_as_kernel(counting(counter, key=5)).maps == {"mine": {5: 2}}
        assert counter[5] == 1


@needs_kernel
def test_two_maps_of_one_name() -> None:
    made = [vm.Map.create(MapType.ARRAY, key_size=4, value_size=8, max_entries=1, name="m") for _ in range(2)]
    made[1][0] = 5
    program = [*counting(made[0])[:-2], Label("end"), *counting(made[1], end="last")[:-2], Label("last"), Return()]
    assert assert_same_as_kernel(program).maps == {"m": {0: 1}, "m_2": {0: 6}}


@needs_kernel
@pytest.mark.parametrize("type", [MapType.PERCPU_ARRAY, MapType.PERCPU_HASH, MapType.LRU_HASH, MapType.LRU_PERCPU_HASH])
def test_other_types_of_maps(type: MapType) -> None:
    spec = MapSpec(type, key_size=4, value_size=8, max_entries=4, entries={1: 6})
    outcome = assert_same_as_kernel(counting(key=1), maps={"counter": spec})
    assert outcome.retval == 6
    entry = outcome.maps["counter"][1]
    assert (sorted(entry)[-1] if isinstance(entry, list) else entry) == 7


TAIL = [Mov.Reg(R6, R1), LoadMapPtr(R2, "slots"), Mov.Imm(R3, 1), FnTailCall.Call(), Mov.Imm(R0, 1), Return()]


@needs_kernel
def test_programs_in_slots() -> None:
    spec = MapSpec(MapType.PROG_ARRAY, key_size=4, value_size=4, max_entries=2, entries={1: Instructions(counting())})
    outcome = assert_same_as_kernel(TAIL, maps={"slots": spec, "counter": COUNTER})
    assert outcome.retval == 41
    assert outcome.maps == {"slots": {1: "a program"}, "counter": {0: 42}}


@needs_kernel
def test_a_program_array_of_the_vm() -> None:
    slots = vm.Map.create(MapType.PROG_ARRAY, key_size=4, value_size=4, max_entries=2, name="slots")
    slots[1] = vm.Program.load(ProgramType.SCHED_CLS, [Mov.Imm(R0, 5), Return()])
    assert assert_same_as_kernel(TAIL, maps={"slots": slots}).retval == 5


@needs_kernel
def test_contexts() -> None:
    mark = [LoadMem(R0, R1, 8, Word), Mov.Imm(R2, 9), StoreMem(R1, 32, R2, Word), Return()]
    outcome = assert_same_as_kernel(mark, ctx=vm.SkBuff(mark=77, cb=[1, 2, 3]))
    assert outcome.retval == 77
    assert vm.SkBuff.read(outcome.ctx)["priority"] == 9
    assert vm.SkBuff.read(outcome.ctx)["cb[2]"] == 3
    raw = context_bytes(vm.SkBuff(mark=78), PACKET)
    assert assert_same_as_kernel(mark, ctx=raw).retval == 78


@needs_kernel
def test_xdp() -> None:
    last_of_header = [
        LoadMem(R2, R1, 0, Word),
        LoadMem(R3, R1, 4, Word),
        Mov.Imm(R0, 0),
        Mov.Reg(R6, R2),
        Add.Imm(R6, 14),
        JGT.Reg(R6, R3, "end"),
        LoadMem(R0, R2, 13, Byte),
        Label("end"),
        Return(),
    ]
    for ctx in (None, vm.XdpMd(), vm.XdpMd(linear=len(PACKET))):
        assert assert_same_as_kernel(last_of_header, PACKET, ctx=ctx, type=ProgramType.XDP).retval == 13


@needs_kernel
def test_what_the_verifier_refuses() -> None:
    with pytest.raises(VerifierError, match="R2 !read_ok"):
        assert_same_as_kernel([Mov.Reg(R0, R2), Return()])


@needs_kernel
def test_what_both_refuse_is_refused() -> None:
    with pytest.raises(KernelError, match="EINVAL"):
        assert_same_as_kernel([Mov.Imm(R0, 0), Return()], b"short")


@needs_kernel
def test_a_map_that_is_not_there() -> None:
    with pytest.raises(OperandError, match="the program refers to a map 'counter', and maps has none of that name"):
        assert_same_as_kernel(counting(), maps={"other": COUNTER})


@pytest.fixture
def wrong_add(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the vm add one too many."""
    form = next(form for form in table.Add.forms if form.name == "Add.Imm")
    monkeypatch.setattr(form, "meaning", "dst = dst + value + (1 if value > 0 else 0)")


@needs_kernel
@pytest.mark.usefixtures("wrong_add")
def test_a_difference_is_told_with_both_results_and_the_listing() -> None:
    with pytest.raises(AssertionError) as caught:
        assert_same_as_kernel([Mov.Imm(R0, 1), Add.Imm(R0, 2), Return()], PACKET, ctx=vm.SkBuff(mark=1))
    lines = str(caught.value).splitlines()
    assert lines[:4] == ["vm and kernel do not do the same:", "  retval", "    vm      0x4", "    kernel  0x3"]
    assert f"data = bytes.fromhex({PACKET.hex()!r})" in lines
    assert any(line == "ctx = bytes.fromhex('000000000000000001').ljust(192, bytes(1))" for line in lines)
    assert any(line.endswith("r0 += 2") for line in lines)
    assert lines[-1] == "Instructions([Mov.Imm(R0, 1), Add.Imm(R0, 2), Return()])"


@needs_kernel
@pytest.mark.usefixtures("wrong_add")
def test_a_difference_in_a_map_is_told() -> None:
    with pytest.raises(AssertionError, match=r"  map counter\[0\]\n    vm      43\n    kernel  42\n") as caught:
        assert_same_as_kernel(counting(), maps={"counter": COUNTER})
    assert "maps['counter'] = MapSpec(MapType.ARRAY, key_size=4, value_size=8, max_entries=1, entries={0: 41})" in str(
        caught.value
    )


@needs_kernel
def test_what_only_the_vm_stops_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    form = next(form for form in table.Add.forms if form.name == "Add.Imm")
    monkeypatch.setattr(form, "meaning", "dst = load(dst + value, 8)")
    with pytest.raises(AssertionError, match=r"  outcome\n    vm      VmError: unit 1[^Z]*    kernel  retval 0x3"):
        assert_same_as_kernel([Mov.Imm(R0, 1), Add.Imm(R0, 2), Return()])


# what is made of two outcomes


def outcome(retval: int = 0, data: bytes = b"", ctx: bytes = b"", **maps: dict[Any, Any]) -> Outcome:
    return Outcome(retval, data, ctx, maps)


@pytest.mark.parametrize(
    ("here", "kernel", "found"),
    [
        (outcome(1), outcome(1), []),
        (outcome(1), outcome(2), [("retval", "0x1", "0x2")]),
        (outcome(data=b"abc"), outcome(data=b"abd"), [("data", "at 2: 63", "at 2: 64")]),
        (outcome(data=b"abc"), outcome(data=b"ab"), [("data", "3 bytes", "2 bytes")]),
        (outcome(ctx=b"\1"), outcome(ctx=b"\2"), [("ctx", "at 0: 01", "at 0: 02")]),
        (outcome(m={1: 2}), outcome(m={}), [("map m[1]", "2", "None")]),
        (outcome(m={1: 2}), outcome(m={1: 3}), [("map m[1]", "2", "3")]),
    ],
)
def test_differences(here: Outcome, kernel: Outcome, found: list[tuple[str, str, str]]) -> None:
    assert differences(here, kernel) == found


def test_of_an_lru_map_only_common_entries_count() -> None:
    here = Outcome(0, b"", b"", {"m": {1: 1, 2: 2}}, lru=frozenset({"m"}))
    kernel = Outcome(0, b"", b"", {"m": {2: 3, 4: 4}}, lru=frozenset({"m"}))
    assert differences(here, kernel) == [("map m[2]", "2", "3")]


def stopped(error: KernelError) -> Outcome:
    return Outcome(None, b"", b"", {}, stopped=error)


def test_two_refusals_are_the_same_if_their_numbers_are() -> None:
    assert differences(stopped(KernelError(22, "a")), stopped(KernelError(22, "b"))) == []
    (found,) = differences(stopped(KernelError(22, "a")), stopped(KernelError(7, "b")))
    assert found == ("outcome", "KernelError: a", "KernelError: b")
    assert repr(stopped(KernelError(22, "a"))).startswith("<Outcome stopped by KernelError(22")


# descriptions of maps


def test_a_description_is_what_makes_it() -> None:
    names: dict[str, Callable[..., object]] = {"MapSpec": MapSpec}
    for spec in (COUNTER, MapSpec(MapType.LPM_TRIE, key_size=8, value_size=8, max_entries=4, flags=1)):
        again = eval(repr(spec), names | {"MapType": MapType})
        assert again == spec
        assert hash(again) == hash(spec)
    assert MapSpec(MapType.ARRAY, key_size=4, value_size=8, max_entries=2, entries={0: 41}) != COUNTER
    assert COUNTER != 1
    assert repr(MapSpec(2, key_size=4, value_size=8, max_entries=1)).startswith("MapSpec(2, ")


def test_what_cannot_be_described() -> None:
    with pytest.raises(OperandError, match="a MapSpec or a map must be given, not 5"):
        spec_of(5)
    ring = vm.Map.create(MapType.RINGBUF, key_size=0, value_size=0, max_entries=4096, name="events")
    with pytest.raises(OperandError, match="the entries of map 'events', of type 27, cannot be listed"):
        spec_of(ring)


def test_a_map_with_a_codec_is_described_as_bytes() -> None:
    made = vm.Map.create(MapType.HASH, key_size=4, value_size=2, max_entries=2, key="!HH", value="!H")
    made[1, 2] = 3
    spec = spec_of(made)
    same = spec.made(vm.Map, "same")
    for key, value in spec.entries.items():
        same[key] = value
    ((key, value),) = same.lookup_batch()
    assert key.to_bytes(4, sys.byteorder) == b"\0\1\0\2"
    assert value.to_bytes(2, sys.byteorder) == b"\0\3"


def test_a_per_cpu_map_is_described_with_all_its_values() -> None:
    made = vm.Map.create(MapType.PERCPU_HASH, key_size=4, value_size=4, max_entries=2, cpus=2)
    made[7] = [1, 2]
    assert spec_of(made).entries == {7: [1, 2]}


@pytest.mark.parametrize("type", [MapType.QUEUE, MapType.RINGBUF])
def test_maps_whose_entries_cannot_be_listed(type: MapType) -> None:
    with pytest.raises(OperandError, match="cannot be listed"):
        MapSpec(type, key_size=0, value_size=4, max_entries=4096)


@pytest.mark.needs_kernel
def test_the_context_may_be_any_bytes() -> None:
    assert_same_as_kernel([LoadMem(R0, R1, 8, Word), Return()], bytes(64), ctx=bytearray(192))

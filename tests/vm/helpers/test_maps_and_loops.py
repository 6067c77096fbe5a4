"""Helpers for maps, ring buffers, loops and tail calls, against the kernel's."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest

from ebpfasm import Map, Program, asm, vm
from ebpfasm.asm import R0, R1, R2, R3, R4, R6, R7, R8, R9, R10, DWord, Instruction, Instructions, Word
from ebpfasm.errors import VerifierError, VmError
from ebpfasm.kernel.machine import possible_cpus
from ebpfasm.uapi import MapFlag, MapType, ProgramType
from tests.vm.sides import PACKETS, Stack, argument_in, begin, call_plain
from tests.vm.sides import taken_in as r7_takes_in

CLS = ProgramType.SCHED_CLS
PACKET = PACKETS["IPv4"]
KEYED = [MapType.HASH, MapType.ARRAY, MapType.PERCPU_HASH, MapType.PERCPU_ARRAY, MapType.LRU_HASH, MapType.LPM_TRIE]
END = [asm.Mov.Reg(R0, R7), asm.Return()]
Build = Callable[[Any], list[Instruction]]


def map_of(make: Any, type: int, **more: Any) -> Any:
    """Return a map of a type, with 4 entries of 8 bytes under keys of 4, or 8 where 4 are a prefix's length."""
    sizes = {"key_size": 8 if type == MapType.LPM_TRIE else 4, "value_size": 8, "max_entries": 4, "name": "values"}
    if type in {MapType.QUEUE, MapType.STACK}:
        sizes["key_size"] = 0
    if type == MapType.RINGBUF:
        sizes |= {"key_size": 0, "value_size": 0, "max_entries": 4096}
    if type == MapType.LPM_TRIE:
        sizes["flags"] = MapFlag.NO_PREALLOC
    return make.create(type, **(sizes | more))


def vm_map(type: int, **more: Any) -> Any:
    """Return a map of the vm, for as many CPUs as the kernel has."""
    return map_of(vm.Map, type, **more, cpus=possible_cpus())


def assert_same(type: int, build: Build, **more: Any) -> Any:
    """Run a program with a map on both sides; return the answer and the maps."""
    with map_of(Map, type, **more) as kernel_map:
        try:
            with Program.load(CLS, Instructions(build(kernel_map))) as program:
                kernel: Any = program.test_run(PACKET).retval
        except VerifierError:
            kernel = "refused"
        for run in (vm.run, vm.interpret):
            ours_map = vm_map(type, **more)
            try:
                ours: Any = run(Instructions(build(ours_map)), PACKET, ctx=vm.SkBuff()).retval
            except VmError:
                ours = "refused"
            assert ours == kernel, f"the vm ({run.__name__}) {ours}, the kernel {kernel}"
            if type not in {MapType.QUEUE, MapType.STACK, MapType.RINGBUF}:
                left, there = dict(ours_map.items()), dict(kernel_map.items())
                if type not in {MapType.PERCPU_ARRAY, MapType.PERCPU_HASH}:  # the kernel runs on any CPU
                    assert left == there
    return kernel


def with_map(helper: Any, map: Any, *arguments: int) -> list[Instruction]:
    """Call a helper with a map as its first argument, and take in the result."""
    program: list[Instruction] = []
    for register, argument in zip((R2, R3, R4), arguments, strict=False):
        program += argument_in(register, argument)
    return [*program, asm.LoadMapPtr(R1, map), helper.Call(), *r7_takes_in()]


def key(number: int) -> list[Instruction]:
    """Put a key onto the stack."""
    return [asm.StoreImm(R10, -64, number, Word), asm.StoreImm(R10, -60, 0, Word)]


def looked_up(map: Any) -> list[Instruction]:
    """Look a value up, take it in, and add 1 to it."""
    return [
        asm.Mov.Reg(R2, R10),
        asm.Add.Imm(R2, -64),
        asm.LoadMapPtr(R1, map),
        asm.FnMapLookupElem.Call(),
        asm.JEq.Imm(R0, 0, 5),
        asm.LoadMem(R8, R0, 0, DWord),
        *r7_takes_in(R8),
        asm.Add.Imm(R8, 1),
        asm.StoreMem(R0, 0, R8, DWord),
        asm.Mul.Imm(R7, 7),
    ]


@pytest.mark.needs_kernel
@pytest.mark.parametrize("type", KEYED)
def test_lookup_update_and_delete(type: int) -> None:
    def build(map: Any) -> list[Instruction]:
        program = begin()
        for number in (1, 9, 2, 1):
            for flags in (0, 1, 2, 3, 8):
                program += [*key(number), *with_map(asm.FnMapUpdateElem, map, Stack(-64), Stack(-40), flags)]
                program += looked_up(map)
        for number in (1, 7, 1):
            program += [*key(number), *with_map(asm.FnMapDeleteElem, map, Stack(-64)), *looked_up(map)]
        return program + END

    # Of a small LRU map the kernel may drop entries before it is full: each CPU takes free ones in bunches.
    room = {"max_entries": 4096} if type == MapType.LRU_HASH else {}
    assert assert_same(type, build, **room) != "refused"


@pytest.mark.needs_kernel
def test_a_full_map() -> None:
    def build(map: Any) -> list[Instruction]:
        program = begin()
        for number in range(6):
            program += [*key(number), *with_map(asm.FnMapUpdateElem, map, Stack(-64), Stack(-40), 0)]
        return program + END

    assert_same(MapType.HASH, build)


@pytest.mark.needs_kernel
@pytest.mark.parametrize("type", [MapType.QUEUE, MapType.STACK])
def test_queues_and_stacks(type: int) -> None:
    def build(map: Any) -> list[Instruction]:
        program = begin()
        for number in range(6):
            program += [asm.StoreImm(R10, -32, number, DWord)]
            program += with_map(asm.FnMapPushElem, map, Stack(-32), 2 if number == 5 else 0)
        for helper in [asm.FnMapPeekElem, *[asm.FnMapPopElem] * 5, asm.FnMapPeekElem]:
            program += [*with_map(helper, map, Stack(-24)), asm.LoadMem(R8, R10, -24, DWord), *r7_takes_in(R8)]
        return program + END

    assert assert_same(type, build) != "refused"


@pytest.mark.needs_kernel
@pytest.mark.parametrize("type", [*KEYED, MapType.QUEUE, MapType.RINGBUF, MapType.PROG_ARRAY])
@pytest.mark.parametrize(
    "helper",
    [
        asm.FnMapLookupElem, asm.FnMapUpdateElem, asm.FnMapDeleteElem, asm.FnMapPushElem, asm.FnRingbufOutput,
        asm.FnMapLookupPercpuElem,
    ],
)  # fmt: skip
def test_the_type_of_a_map_must_fit_the_helper(helper: Any, type: int) -> None:
    more = {"value_size": 4} if type == MapType.PROG_ARRAY else {}
    arguments = (
        [0] if helper is asm.FnMapLookupPercpuElem else [8, 0] if helper is asm.FnRingbufOutput else [Stack(-32), 0]
    )

    def build(map: Any) -> list[Instruction]:
        called = with_map(helper, map, Stack(-64), *arguments)[: -len(r7_takes_in())]  # an address is no number
        return [*begin(), *called, asm.Mov.Imm(R0, 0), asm.Return()]

    if type != MapType.PROG_ARRAY:
        assert_same(type, build, **more)
        return
    with pytest.raises(VmError):
        vm.run(Instructions(build(vm.Map.create(type, key_size=4, value_size=4, max_entries=1))))


@pytest.mark.needs_kernel
def test_what_programs_may_only_read_or_write() -> None:
    def update(map: Any) -> list[Instruction]:
        return [*begin(), *key(0), *with_map(asm.FnMapUpdateElem, map, Stack(-64), Stack(-40), 0), *END]

    def write(map: Any) -> list[Instruction]:
        return [*begin(), *key(0), *looked_up(map), *END]

    for flags in (MapFlag.RDONLY_PROG, MapFlag.WRONLY_PROG):
        for build in (update, write):
            assert_same(MapType.ARRAY, build, flags=flags)


def with_callback(helper: Any, *arguments: Any) -> Instructions:
    """Return a program that calls a helper with a callback: it adds its first 4 bytes in R1 or at R2 to its context,
    and stops when they are 3. The context is the packet."""
    count, flags = arguments[-2:]
    first = [asm.LoadImm(R1, count, DWord)] if isinstance(count, int) else [asm.LoadMapPtr(R1, count)]
    number = [] if isinstance(count, int) else [asm.LoadMem(R1, R2, 0, Word), asm.Mov.Reg(R2, R4)]
    return Instructions([
        asm.Mov.Reg(R3, R1), asm.LoadFunc(R2, "callback"), asm.Mov.Imm(R4, flags), *first, helper.Call(), asm.Return(),
        asm.Mov.Imm(R0, 0).with_symbol("callback"), *number, asm.LoadMem(R3, R2, 0, DWord), asm.Add.Reg(R3, R1),
        asm.StoreMem(R2, 0, R3, DWord), asm.JNE.Imm(R1, 3, 1), asm.Mov.Imm(R0, 1), asm.Return(),
    ])  # fmt: skip


@pytest.mark.parametrize("run", [vm.run, vm.interpret])
@pytest.mark.parametrize(
    ("count", "flags", "answer", "total"),
    [
        (0, 0, 0, 0),
        (3, 0, 3, 0 + 1 + 2),
        (4, 0, 4, 0 + 1 + 2 + 3),
        (9, 0, 4, 0 + 1 + 2 + 3),
        ((1 << 23) + 1, 0, -7, 0),
        (1 << 32, 0, 0, 0),
        (1, 1, -22, 0),
    ],
)
def test_loop(run: Any, count: int, flags: int, answer: int, total: int) -> None:
    """As bpf_loop() in kernel/bpf/bpf_iter.c has it; a kernel takes callbacks only in programs with BTF."""
    result = run(with_callback(asm.FnLoop, count, flags), bytes(8))
    assert result.r0 == answer & 0xFFFFFFFFFFFFFFFF
    assert int.from_bytes(result.data, sys.byteorder) == total


@pytest.mark.parametrize("run", [vm.run, vm.interpret])
@pytest.mark.parametrize(
    ("type", "keys", "flags", "answer", "total"),
    [
        (MapType.ARRAY, [], 0, 4, 0 + 1 + 2 + 3),
        (MapType.HASH, [], 0, 0, 0),
        (MapType.HASH, [5, 7], 0, 2, 12),
        (MapType.HASH, [3], 0, 1, 3),
        (MapType.PERCPU_HASH, [5, 7], 0, 2, 12),
        (MapType.HASH, [5, 7], 1, -22, 0),
    ],
)
def test_for_each_map_elem(run: Any, type: int, keys: list[int], flags: int, answer: int, total: int) -> None:
    map = map_of(vm.Map, type)
    for each in keys:
        map[each] = [0] if type == MapType.PERCPU_HASH else 0
    result = run(with_callback(asm.FnForEachMapElem, map, flags), bytes(8))
    assert result.r0 == answer & 0xFFFFFFFFFFFFFFFF
    assert int.from_bytes(result.data, sys.byteorder) == total


def test_a_callback_returns_0_or_1() -> None:
    program = Instructions([
        asm.LoadFunc(R2, "callback"), asm.Mov.Imm(R1, 1), asm.Mov.Imm(R3, 0), asm.Mov.Imm(R4, 0), asm.FnLoop.Call(),
        asm.Return(), asm.Mov.Imm(R0, 2).with_symbol("callback"), asm.Return(),
    ])  # fmt: skip
    with pytest.raises(VmError) as caught:
        vm.run(program)
    assert "a callback must return 0, to go on, or 1, to stop" in caught.value.reason


@pytest.mark.needs_kernel
def test_ring_buffers() -> None:
    def build(ring: Any) -> list[Instruction]:
        program = begin()
        for size, flags in ((8, 0), (0, 0), (64, 1), (64, 2), (8, 4), (3, 0)):
            program += with_map(asm.FnRingbufOutput, ring, Stack(-64), size, flags)
        for size, flags, settle in (
            (24, 0, asm.FnRingbufSubmit), (24, 1, asm.FnRingbufSubmit), (40, 0, asm.FnRingbufDiscard),
            (3000, 0, asm.FnRingbufSubmit), (3000, 0, asm.FnRingbufSubmit), (1 << 28, 0, asm.FnRingbufSubmit),
        ):  # fmt: skip
            program += [
                asm.LoadImm(R2, size, DWord), asm.Mov.Imm(R3, flags), asm.LoadMapPtr(R1, ring),
                asm.FnRingbufReserve.Call(), asm.JEq.Imm(R0, 0, 5), asm.StoreImm(R0, 0, 77, DWord),
                asm.Mov.Reg(R1, R0), asm.Mov.Imm(R2, 0), settle.Call(), *r7_takes_in(R10)[:1],
            ]  # fmt: skip
        for what in range(6):
            program += with_map(asm.FnRingbufQuery, ring, what)
        return program + END

    assert assert_same(MapType.RINGBUF, build) != "refused"


def test_user_space_reads_what_was_submitted() -> None:
    ring = vm_map(MapType.RINGBUF)
    program = Instructions([
        *begin(),
        *with_map(asm.FnRingbufOutput, ring, Stack(-64), 3, 0),
        *with_map(asm.FnRingbufOutput, ring, Stack(-56), 2, 0),
        *END,
    ])  # fmt: skip
    vm.run(program)
    assert [len(record) for record in ring.records()] == [3, 2]


def test_a_record_is_settled_once() -> None:
    ring = vm_map(MapType.RINGBUF)
    program = Instructions([
        asm.Mov.Imm(R2, 8), asm.Mov.Imm(R3, 0), asm.LoadMapPtr(R1, ring), asm.FnRingbufReserve.Call(),
        asm.Mov.Reg(R9, R0), asm.Mov.Reg(R1, R9), asm.Mov.Imm(R2, 0), asm.FnRingbufSubmit.Call(),
        asm.Mov.Reg(R1, R9), asm.Mov.Imm(R2, 0), asm.FnRingbufSubmit.Call(), asm.Mov.Imm(R0, 0), asm.Return(),
    ])  # fmt: skip
    with pytest.raises(VmError) as caught:
        vm.run(program)
    assert caught.value.reason.endswith("which is not the address of a record it reserved")


def test_time_and_chance_can_be_set() -> None:
    def value(helper: Any, **options: Any) -> int:
        return vm.run(Instructions([helper.Call(), asm.Return()]), **options).r0

    for helper in (asm.FnKtimeGetNs, asm.FnKtimeGetBootNs, asm.FnKtimeGetCoarseNs):
        assert value(helper, clock=lambda: 123) == 123
    assert value(asm.FnGetSmpProcessorId, cpu=3) == 3
    assert value(asm.FnGetNumaNodeId) == 0
    assert value(asm.FnGetPrandomU32, seed=1) == value(asm.FnGetPrandomU32, seed=1) < 1 << 32
    assert value(asm.FnGetPrandomU32, seed=1) != value(asm.FnGetPrandomU32, seed=2)


@pytest.mark.parametrize(
    ("program", "message"),
    [
        (
            [asm.Mov.Reg(R6, R10), *call_plain(asm.FnMapLookupElem, 5, Stack(-8))],
            "0x5 is not the address of a map",
        ),
        (
            [*begin(), asm.Mov.Imm(R6, 7), asm.Mov.Reg(R1, R6), asm.Mov.Imm(R2, 0), asm.FnSkbPullData.Call()],
            "passes 0x7 where the context belongs, whose address is 0x90000000",
        ),
        (
            [*begin(), *call_plain(asm.FnTracePrintk, Stack(-64), 0, 0, 0, 0)],
            "passes 0x0 as a size in r2, which must be in 1..536870911",
        ),
        (
            [*begin(), asm.Mov.Reg(R1, R6), asm.FnXdpGetBuffLen.Call()],
            "calls bpf_xdp_get_buff_len, which programs of type SCHED_CLS cannot use",
        ),
    ],
)
def test_arguments_the_verifier_would_refuse_are_named(program: list[Instruction], message: str) -> None:
    with pytest.raises(VmError) as caught:
        vm.run(Instructions([*program, asm.Mov.Imm(R0, 0), asm.Return()]), PACKET, ctx=vm.SkBuff())
    assert caught.value.reason == message

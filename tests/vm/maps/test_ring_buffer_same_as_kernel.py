"""A ring buffer of the vm and one of the kernel, written by a program: the same room, the same records."""

from __future__ import annotations

import mmap
import struct

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from ebpfasm import Map as KernelMap
from ebpfasm import MapType, Program, ProgramType
from ebpfasm.asm import R1, R2, R3, R4, FnRingbufOutput, LoadMapPtr, LoadMapValue, Mov, Return
from ebpfasm.errors import KernelError
from ebpfasm.vm.maps import Map as VmMap
from ebpfasm.vm.maps import Record, RingBuffer
from tests.effort import share

pytestmark = pytest.mark.needs_kernel

PAGE = 4096
SIZES = [0, 1, 7, 8, 9, 100, 1000, PAGE // 2, PAGE - 25, PAGE - 16, PAGE - 15, PAGE - 8, PAGE - 7, PAGE]
SOURCE = bytes(index % 251 for index in range(PAGE))
BUSY, DISCARDED = 1 << 31, 1 << 30
PACKET = bytes(14)


class KernelRing:
    """A ring buffer of the kernel, its pages, and a program for each way of writing to it."""

    def __init__(self) -> None:
        self.map = KernelMap.create(MapType.RINGBUF, key_size=0, value_size=0, max_entries=PAGE)
        self.source = KernelMap.create(MapType.ARRAY, key_size=4, value_size=PAGE, max_entries=1, value=bytes)
        self.source[0] = SOURCE
        fd = self.map.fileno()
        self.consumer = mmap.mmap(fd, PAGE, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE, offset=0)
        self.produced = mmap.mmap(fd, 3 * PAGE, mmap.MAP_SHARED, mmap.PROT_READ, offset=PAGE)
        self.programs: dict[tuple[int, int], Program] = {}

    def close(self) -> None:
        for thing in (*self.programs.values(), self.consumer, self.produced, self.source, self.map):
            thing.close()

    def output(self, size: int, flags: int) -> int:
        """Run a program that writes ``size`` bytes; return what the helper returned."""
        program = self.programs.get((size, flags))
        if program is None:
            code = [
                LoadMapPtr(R1, self.map),
                LoadMapValue(R2, self.source, 0),
                Mov.Imm(R3, size),
                Mov.Imm(R4, flags),
                FnRingbufOutput.Call(),
                Return(),
            ]
            program = self.programs[size, flags] = Program.load(ProgramType.SCHED_CLS, code)
        (number,) = struct.unpack("=i", struct.pack("=I", program.test_run(PACKET).retval))
        return int(number)

    def positions(self) -> tuple[int, int]:
        """Return the positions of consumer and producer."""
        return struct.unpack_from("=Q", self.consumer)[0], struct.unpack_from("=Q", self.produced)[0]

    def records(self) -> list[bytes]:
        """Consume what is there, as libbpf does."""
        found = []
        at, end = self.positions()
        while at < end:
            start = PAGE + at % PAGE
            (length,) = struct.unpack_from("=I", self.produced, start)
            assert not length & BUSY
            size = length & ~DISCARDED
            if not length & DISCARDED:
                found.append(self.produced[start + 8 : start + 8 + size])
            at += (size + 8 + 7) // 8 * 8
        struct.pack_into("=Q", self.consumer, 0, at)
        return found


class RingsSideBySide(RuleBasedStateMachine):
    @initialize()
    def make(self) -> None:
        self.kernel = KernelRing()
        ring = VmMap.create(MapType.RINGBUF, key_size=0, value_size=0, max_entries=PAGE)
        assert isinstance(ring, RingBuffer)
        self.vm = ring

    def teardown(self) -> None:
        if hasattr(self, "kernel"):
            self.kernel.close()

    def compare_positions(self) -> None:
        assert (self.vm.consumer_position, self.vm.producer_position) == self.kernel.positions()

    @rule(size=st.sampled_from(SIZES), flags=st.sampled_from([0, 0, 0, 1, 2, 3, 4, 8]))
    def output(self, size: int, flags: int) -> None:
        answer = 0
        try:
            self.vm.output(SOURCE[:size], flags)
        except KernelError as error:
            answer = -(error.errno or 0)
        assert answer == self.kernel.output(size, flags)
        self.compare_positions()

    @rule()
    def consume(self) -> None:
        assert self.vm.records() == self.kernel.records()
        self.compare_positions()


examples = settings(deadline=None, max_examples=share(25), stateful_step_count=25)


def test_the_same_records_in_the_same_room() -> None:
    run_state_machine_as_test(RingsSideBySide, settings=examples)  # type: ignore[no-untyped-call]


def test_a_ring_that_gets_quite_full_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    reserve = RingBuffer.reserve

    def roomier(self: RingBuffer, size: int, flags: int = 0) -> Record | None:
        self.max_entries += 1
        try:
            return reserve(self, size, flags)
        finally:
            self.max_entries -= 1

    monkeypatch.setattr(RingBuffer, "reserve", roomier)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(  # type: ignore[no-untyped-call]
            RingsSideBySide,
            settings=settings(examples, max_examples=25, phases=[Phase.generate], database=None, derandomize=True),
        )

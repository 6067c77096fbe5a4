"""Ring buffers: records from programs to user space, in order."""

from __future__ import annotations

from collections import deque
from errno import EAGAIN, EINVAL

from ebpfasm.errors import KernelError, OperandError
from ebpfasm.uapi import MapFlag
from ebpfasm.vm.maps.map import Map
from ebpfasm.vm.maps.wanted import Wanted

__all__ = ["Record", "RingBuffer"]

PAGE = 4096
HEADER = 8  # BPF_RINGBUF_HDR_SZ
LARGEST_RECORD = ((1 << 32) - 1) // 4  # RINGBUF_MAX_RECORD_SZ
WAKEUPS = 1 | 2  # BPF_RB_NO_WAKEUP, BPF_RB_FORCE_WAKEUP: nobody sleeps here
BUSY, SUBMITTED, DISCARDED = range(3)


class Record(bytearray):
    """A reserved record: its bytes, and the ring buffer it is in."""

    __slots__ = ("ring", "state")

    ring: RingBuffer
    state: int


class RingBuffer(Map):
    """A ring buffer (kernel/bpf/ringbuf.c) of ``max_entries`` bytes; `records` is what user space reads."""

    __slots__ = ("_records", "consumer_position", "producer_position")

    KIND = "a ring buffer"

    consumer_position: int
    """Bytes consumed since it was made."""
    producer_position: int
    """Bytes reserved since it was made."""

    def __init__(self, wanted: Wanted, key: object = None, value: object = None) -> None:
        super().__init__(wanted, key, value)
        self._records: deque[Record] = deque()
        self.consumer_position = self.producer_position = 0

    @classmethod
    def check(cls, wanted: Wanted) -> None:
        """Refuse what ringbuf_map_alloc() does; pages have 4096 bytes."""
        wanted.require_flags(MapFlag.NUMA_NODE)
        wanted.require(wanted.key_size == wanted.value_size == 0, "a ring buffer has no keys and values: sizes are 0")
        size = wanted.max_entries
        wanted.require(
            size >= PAGE and not size & size - 1,
            f"the size of a ring buffer is a power of two, {PAGE} or more, not {size}",
        )

    def reserve(self, size: int, flags: int = 0) -> Record | None:
        """Room for a record of ``size`` bytes, to be given to `submit` or `discard`; None where there is none.

        A record takes 8 bytes more, rounded up to 8, and the buffer never gets quite full.
        """
        taken = _room(size)
        if flags or size > LARGEST_RECORD:
            return None
        if self.producer_position + taken - self.consumer_position > self.max_entries - 1:
            return None
        record = Record(size)
        record.ring, record.state = self, BUSY
        self.producer_position += taken
        self._records.append(record)
        return record

    def submit(self, record: bytearray, flags: int = 0) -> None:
        """Let user space have the record."""
        self._settle(record, SUBMITTED)

    def discard(self, record: bytearray, flags: int = 0) -> None:
        """Let user space pass over the record."""
        self._settle(record, DISCARDED)

    def output(self, data: bytes, flags: int = 0) -> None:
        """Write a record.

        Raises:
            KernelError: EINVAL for unknown flags, EAGAIN where there is no room.
        """
        command = "bpf_ringbuf_output"
        if flags & ~WAKEUPS:
            raise self._refusal(KernelError, EINVAL, f"flags can only be {WAKEUPS:#x}, not {flags:#x}", command)
        record = self.reserve(len(data))
        if record is None:
            raise self._refusal(KernelError, EAGAIN, f"there is no room for {len(data)} bytes", command)
        record[:] = data
        record.state = SUBMITTED

    def records(self) -> list[bytes]:
        """Consume what was submitted, in the order of reservation; it ends before one that is still reserved."""
        self._check_open(reads=True)
        found = []
        while self._records and self._records[0].state != BUSY:
            record = self._records.popleft()
            self.consumer_position += _room(len(record))
            if record.state == SUBMITTED:
                found.append(bytes(record))
        return found

    def _settle(self, record: bytearray, state: int) -> None:
        if not isinstance(record, Record) or record.ring is not self or record.state != BUSY:
            message = f"map {self.name!r}: this is no reserved record of the ring buffer"
            raise OperandError(message, field="record", value=record)
        record.state = state


def _room(size: int) -> int:
    """How many bytes of the buffer a record takes."""
    return (size + HEADER + 7) // 8 * 8

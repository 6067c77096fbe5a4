"""Ring buffers of the vm: reserving, giving back, and waiting for what comes first."""

from __future__ import annotations

from errno import EAGAIN, EINVAL

import pytest

from ebpfasm import MapType
from ebpfasm.errors import ClosedError, KernelError, NotSupported, OperandError
from ebpfasm.vm.maps import Map, Record, RingBuffer


@pytest.fixture
def ring() -> RingBuffer:
    made = Map.create(MapType.RINGBUF, key_size=0, value_size=0, max_entries=4096, name="events")
    assert isinstance(made, RingBuffer)
    return made


def reserved(ring: RingBuffer, size: int) -> Record:
    record = ring.reserve(size)
    assert record is not None
    return record


def test_records_come_in_order(ring: RingBuffer) -> None:
    ring.output(b"one")
    ring.output(b"")
    ring.output(b"three", 1 | 2)
    assert ring.records() == [b"one", b"", b"three"]
    assert ring.records() == []


def test_a_reserved_record_is_written_before_it_is_given(ring: RingBuffer) -> None:
    record = reserved(ring, 4)
    assert record == bytes(4)
    assert record.ring is ring
    record[:] = b"abcd"
    assert ring.records() == []
    ring.submit(record)
    assert ring.records() == [b"abcd"]


def test_what_is_still_reserved_holds_up_what_comes_after(ring: RingBuffer) -> None:
    first, second = reserved(ring, 1), reserved(ring, 1)
    ring.output(b"third")
    ring.submit(second)
    assert ring.records() == []
    ring.discard(first)
    assert ring.records() == [b"\0", b"third"]


def test_a_record_takes_eight_bytes_more_and_the_buffer_is_never_quite_full(ring: RingBuffer) -> None:
    assert ring.reserve(4089) is None
    assert ring.reserve(4088) is None
    ring.output(bytes(4080 - 1))
    assert (ring.consumer_position, ring.producer_position) == (0, 4088)
    with pytest.raises(KernelError, match="map 'events': there is no room for 0 bytes") as caught:
        ring.output(b"")
    assert caught.value.errno == EAGAIN
    assert len(ring.records()) == 1
    assert ring.consumer_position == 4088
    ring.output(bytes(4080))


def test_what_is_reserved_takes_room_until_it_was_passed_over(ring: RingBuffer) -> None:
    record = reserved(ring, 4080)
    ring.discard(record)
    assert ring.reserve(4080) is None
    assert ring.records() == []
    assert ring.reserve(4080) is not None


def test_flags(ring: RingBuffer) -> None:
    assert ring.reserve(4, 1) is None
    with pytest.raises(KernelError, match="flags can only be 0x3, not 0x4") as caught:
        ring.output(b"", 4)
    assert caught.value.errno == EINVAL
    assert ring.producer_position == 0


def test_only_a_reserved_record_can_be_given_back_and_only_once(ring: RingBuffer) -> None:
    record = reserved(ring, 4)
    ring.submit(record)
    other = Map.create(MapType.RINGBUF, key_size=0, value_size=0, max_entries=4096)
    assert isinstance(other, RingBuffer)
    for wrong in (record, bytearray(4), reserved(other, 4)):
        for give in (ring.submit, ring.discard):
            with pytest.raises(OperandError, match="map 'events': this is no reserved record of the ring buffer"):
                give(wrong)


def test_a_ring_buffer_has_no_entries(ring: RingBuffer) -> None:
    for use in (lambda: ring[b""], lambda: ring.__setitem__(b"", b""), lambda: list(ring), lambda: ring.pop(b"")):
        with pytest.raises(NotSupported, match="map 'events': a ring buffer does not know BPF_MAP_"):
            use()
    ring.close()
    with pytest.raises(ClosedError):
        ring.records()

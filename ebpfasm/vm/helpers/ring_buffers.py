"""Helpers for ring buffers."""

from __future__ import annotations

from errno import EAGAIN

from ebpfasm.errors import KernelError
from ebpfasm.uapi.map_type import MapType
from ebpfasm.vm.helpers.arguments import check_size, map_of
from ebpfasm.vm.memory import Fault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ebpfasm.vm.machine import Machine

__all__ = ["ringbuf_discard", "ringbuf_output", "ringbuf_query", "ringbuf_reserve", "ringbuf_submit", "unreleased"]

RINGS = frozenset({MapType.RINGBUF})
RESERVED = "records of ring buffers"


def ringbuf_output(machine: Machine, r1: int, r2: int, r3: int, r4: int) -> int:
    """``(ringbuf, data, size, flags)``: add a record."""
    ring = map_of(machine, r1, RINGS, "bpf_ringbuf_output")
    check_size("r3", r3, zero=True)
    data = machine.memory.read(r2, r3)
    try:
        ring.output(data, r4)
    except KernelError as error:
        return -(error.errno or EAGAIN)
    return 0


def ringbuf_reserve(machine: Machine, r1: int, r2: int, r3: int) -> int:
    """``(ringbuf, size, flags)``: the address of room for a record, or 0. It must be submitted or discarded."""
    ring = map_of(machine, r1, RINGS, "bpf_ringbuf_reserve")
    check_size("r2", r2, zero=True)
    record = ring.reserve(r2, r3)
    if record is None:
        return 0
    machine.state.setdefault(RESERVED, []).append((record, ring))
    return machine.memory.address_of(record, f"record of ring buffer {ring.name!r}")


def ringbuf_submit(machine: Machine, r1: int, r2: int) -> int:
    """``(record, flags)``: give a reserved record to user space."""
    record, ring = _released(machine, r1)
    ring.submit(record, r2)
    return 0


def ringbuf_discard(machine: Machine, r1: int, r2: int) -> int:
    """``(record, flags)``: give up a reserved record."""
    record, ring = _released(machine, r1)
    ring.discard(record, r2)
    return 0


def _released(machine: Machine, address: int) -> tuple[bytearray, Any]:
    reserved: list[tuple[bytearray, Any]] = machine.state.get(RESERVED, [])
    cell = machine.memory.cell_at(address)
    for index, (record, ring) in enumerate(reserved):
        if record is cell:
            del reserved[index]
            machine.memory.forget(record)
            return record, ring
    raise Fault(f"passes {address:#x}, which is not the address of a record it reserved", address)


def unreleased(machine: Machine) -> str | None:
    """What is wrong if a program ends now, or calls another in its place: a record it still holds. None if nothing."""
    reserved = machine.state.get(RESERVED)
    if not reserved:
        return None
    record, ring = reserved[0]
    return f"ends with a record of {len(record)} bytes of ring buffer {ring.name!r} neither submitted nor discarded"


def ringbuf_query(machine: Machine, r1: int, r2: int) -> int:
    """``(ringbuf, what)``: 0: bytes that wait, 1: the buffer's size, 2 and 3: where consumer and producer are."""
    ring = map_of(machine, r1, RINGS, "bpf_ringbuf_query")
    consumer, producer = ring.consumer_position, ring.producer_position
    answers = (producer - consumer, ring.max_entries, consumer, producer)
    return int(answers[r2]) if r2 < len(answers) else 0

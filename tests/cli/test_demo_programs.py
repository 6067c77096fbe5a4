"""The programs of the demo, run by the kernel on packets made here."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator

import pytest

from ebpfasm import Map, MapType, Program, ProgramType
from ebpfasm.cli.demo import programs

pytestmark = pytest.mark.needs_kernel

ETHERNET = bytes(12)
ARP = ETHERNET + b"\x08\x06" + bytes(28)


def ipv4(destination: str) -> bytes:
    header = struct.pack("!B8xB2x4s4s", 0x45, 17, socket.inet_aton("10.0.0.2"), socket.inet_aton(destination))
    return ETHERNET + b"\x08\x00" + header + bytes(8)


@pytest.fixture
def counter() -> Iterator[Map]:
    with Map.create(MapType.ARRAY, key_size=4, value_size=8, max_entries=1) as made:
        yield made


@pytest.fixture
def counts() -> Iterator[Map]:
    with Map.create(MapType.HASH, key_size=4, value_size=8, max_entries=2, key=bytes) as made:
        yield made


@pytest.mark.parametrize("verdict", [programs.TC_ACT_OK, programs.TC_ACT_SHOT])
def test_ipv4_is_counted_and_judged(verdict: int, counter: Map) -> None:
    with Program.load(ProgramType.SCHED_CLS, programs.counting(counter, verdict)) as program:
        for _ in range(3):
            assert program.test_run(ipv4("10.0.1.2")).retval == verdict
    assert counter[0] == 3


@pytest.mark.parametrize("verdict", [programs.TC_ACT_OK, programs.TC_ACT_SHOT])
def test_everything_else_passes_uncounted(verdict: int, counter: Map) -> None:
    with Program.load(ProgramType.SCHED_CLS, programs.counting(counter, verdict)) as program:
        assert program.test_run(ARP).retval == programs.TC_ACT_OK
    assert counter[0] == 0


def test_counting_by_destination(counts: Map) -> None:
    with Program.load(ProgramType.SCHED_CLS, programs.count_by_destination(counts)) as program:
        for destination in ("10.0.1.2", "10.0.1.3", "10.0.1.2"):
            assert program.test_run(ipv4(destination)).retval == programs.TC_ACT_OK
        assert program.test_run(ARP).retval == programs.TC_ACT_OK
    assert dict(counts.items()) == {b"\x0a\x00\x01\x02": 2, b"\x0a\x00\x01\x03": 1}


def test_a_full_map_lets_pass(counts: Map) -> None:
    with Program.load(ProgramType.SCHED_CLS, programs.count_by_destination(counts)) as program:
        for last in (1, 2, 3):
            assert program.test_run(ipv4(f"10.0.1.{last}")).retval == programs.TC_ACT_OK
    assert len(list(counts)) == 2


def test_the_verdicts_of_passing() -> None:
    with Program.load(ProgramType.SCHED_CLS, programs.passing()) as program:
        assert program.test_run(ipv4("10.0.1.2")).retval == programs.TC_ACT_OK

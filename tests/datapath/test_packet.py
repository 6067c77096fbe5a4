"""Blocks that find headers: what they find in packets of all shapes, in the vm and in the kernel."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

import pytest

from ebpfasm import Instructions, Program, ProgramType, vm
from ebpfasm.asm import R0, R1, R6, R7, RFP, DWord, LoadMem, LSh, Mov, Or, Return, StoreMem, Word
from ebpfasm.datapath.packet import KEY, MOST_TAGS, destination, network_header
from tests.datapath import frames
from tests.datapath.frames import ARP, IPV4, IPV6, SERVICE_VLAN, VLAN, ethernet

NOT_IP, MALFORMED = 1000, 1001
CB = 48
PACKET4 = frames.ipv4("10.1.2.3", "192.0.2.77", frames.TCP, frames.ports(1, 2))
PACKET6 = frames.ipv6("fd00::1", "2001:db8::1:2", frames.TCP, frames.ports(1, 2))

HEADERS = {
    "IPv4": (ethernet(IPV4, PACKET4), 14),
    "IPv6": (ethernet(IPV6, PACKET6), 14),
    "IPv4 behind a tag": (ethernet(IPV4, PACKET4, (VLAN,)), 18),
    "IPv6 behind two tags": (ethernet(IPV6, PACKET6, (SERVICE_VLAN, VLAN)), 22),
    "as many tags as there may be": (ethernet(IPV4, PACKET4, (VLAN,) * MOST_TAGS), 14 + 4 * MOST_TAGS),
    "one tag too many": (ethernet(IPV4, PACKET4, (VLAN,) * (MOST_TAGS + 1)), MALFORMED),
    "many tags": (ethernet(IPV4, PACKET4, (SERVICE_VLAN,) * 30), MALFORMED),
    "ARP": (ethernet(ARP, bytes(28)), NOT_IP),
    "ARP behind a tag": (ethernet(ARP, bytes(28), (VLAN,)), NOT_IP),
    "ARP behind all tags": (ethernet(ARP, bytes(28), (VLAN,) * MOST_TAGS), NOT_IP),
    "802.3 with a length": (ethernet(40, bytes(40)), NOT_IP),
    "a header alone": (ethernet(0x1234, b""), NOT_IP),
    "a tag cut short": (ethernet(VLAN, b"\0\1\x08"), MALFORMED),
    "a tag missing": (ethernet(VLAN, b""), MALFORMED),
    "the second tag cut short": (ethernet(VLAN, b"\0\1", (VLAN,)), MALFORMED),
}

FIND = Instructions(
    [
        Mov.Reg(R6, R1),
        network_header("a_", not_ip="not_ip", malformed="malformed"),
        Mov.Reg(R0, R7),
        Return(),
        Mov.Imm(R0, NOT_IP).with_symbol("not_ip"),
        Return(),
        Mov.Imm(R0, MALFORMED).with_symbol("malformed"),
        Return(),
    ]
)

SHOW_KEY = Instructions(
    [
        Mov.Reg(R6, R1),
        network_header("a_", not_ip="out", malformed="out"),
        destination("a_", truncated="out"),
        *(
            item
            for at in range(0, 20, 4)
            for item in (LoadMem(R0, RFP, KEY + at, Word), StoreMem(R6, CB + at, R0, Word))
        ),
        LoadMem(R0, RFP, KEY, Word),
        Return(),
        Mov.Imm(R0, MALFORMED).with_symbol("out"),
        Return(),
    ]
)


def key_of(found: Any) -> tuple[int, bytes]:
    return found.retval, found.ctx[CB + 4 : CB + 20]


@pytest.mark.parametrize("name", HEADERS)
def test_the_network_header_in_the_vm(name: str) -> None:
    packet, place = HEADERS[name]
    for run in (vm.run, vm.interpret):
        assert run(FIND, packet, ctx=vm.SkBuff()).retval == place


@pytest.mark.needs_kernel
def test_the_network_header_in_the_kernel() -> None:
    with Program.load(ProgramType.SCHED_CLS, FIND) as program:
        for name, (packet, place) in HEADERS.items():
            assert program.test_run(packet).retval == place, name


@pytest.mark.parametrize(
    ("said", "ethertype", "place"),
    [
        (IPV4, ARP, MALFORMED),
        (IPV6, IPV4, MALFORMED),
        (IPV4, VLAN, MALFORMED),
        (IPV6, 40, MALFORMED),
        (ARP, IPV4, 14),
        (0x0004, 40, NOT_IP),
        (0, IPV6, 14),
    ],
)
def test_what_the_sender_says_it_is_counts_too(said: int, ethertype: int, place: int) -> None:
    packet = ethernet(ethertype, PACKET4)
    assert vm.run(FIND, packet, ctx=vm.SkBuff(protocol=said << 8 & 0xFF00 | said >> 8)).retval == place


ADDRESSES = {
    "IPv4": (ethernet(IPV4, PACKET4), bytes(10) + b"\xff\xff" + ip_address("192.0.2.77").packed),
    "IPv6": (ethernet(IPV6, PACKET6), ip_address("2001:db8::1:2").packed),
    "IPv4 behind tags": (
        ethernet(IPV4, PACKET4, (SERVICE_VLAN, VLAN)),
        bytes(10) + b"\xff\xff" + ip_address("192.0.2.77").packed,
    ),
    "IPv6 behind a tag": (ethernet(IPV6, PACKET6, (VLAN,)), ip_address("2001:db8::1:2").packed),
}


@pytest.mark.parametrize("name", ADDRESSES)
def test_the_destination_in_the_vm(name: str) -> None:
    packet, address = ADDRESSES[name]
    assert key_of(vm.run(SHOW_KEY, packet, ctx=vm.SkBuff())) == (128, address)


@pytest.mark.needs_kernel
def test_the_destination_in_the_kernel() -> None:
    with Program.load(ProgramType.SCHED_CLS, SHOW_KEY) as program:
        for name, (packet, address) in ADDRESSES.items():
            assert key_of(program.test_run(packet, ctx=bytes(192))) == (128, address), name


@pytest.mark.parametrize(("packet", "enough"), [(ethernet(IPV4, PACKET4), 34), (ethernet(IPV6, PACKET6), 54)])
def test_a_packet_that_ends_before_the_address_does(packet: bytes, enough: int) -> None:
    for size in range(14, len(packet)):
        found = vm.run(SHOW_KEY, packet[:size], ctx=vm.SkBuff()).retval
        assert found == (128 if size >= enough else MALFORMED)


def test_blocks_with_other_prefixes_go_together() -> None:
    twice = Instructions(
        [
            Mov.Reg(R6, R1),
            network_header("a_", not_ip="out", malformed="out"),
            StoreMem(RFP, -32, R7, DWord),
            network_header("b_", not_ip="out", malformed="out"),
            LoadMem(R0, RFP, -32, DWord),
            LSh.Imm(R0, 8),
            Or.Reg(R0, R7),
            Return(),
            Mov.Imm(R0, 0).with_symbol("out"),
            Return(),
        ]
    )
    assert vm.run(twice, HEADERS["IPv4 behind a tag"][0], ctx=vm.SkBuff()).retval == 18 << 8 | 18

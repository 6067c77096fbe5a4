"""Packets of all shapes, read whole: protocol, ports, types, fragments, and what is not to be read."""

from __future__ import annotations

from typing import Any

import pytest

import ebpfasm
from ebpfasm import Instruction, Instructions, ProgramType, vm
from ebpfasm.asm import R0, R1, R6, R7, R8, DWord, Ja, JEq, Label, LoadImm, LSh, Mov, Or, Register, Return
from ebpfasm.datapath.headers import KNOWN, NO_PORT, PROTOCOL_SHIFT, ipv4_headers, ipv6_headers
from ebpfasm.datapath.packet import IPV4, network_header
from tests.datapath import frames
from tests.datapath.frames import (
    AH,
    ESP,
    FRAGMENT,
    HOP_BY_HOP,
    ICMP,
    ICMPV6,
    NO_NEXT,
    OPTIONS,
    ROUTING,
    SCTP,
    TCP,
    UDP,
    authentication,
    ethernet,
    extension,
    fragment_header,
    icmp,
    ports,
)  # fmt: skip

NOT_IP, MALFORMED = "not IP", "malformed"
A4, B4, A6, B6 = "10.0.0.1", "10.0.0.2", "fd00::1", "fd00::2"


def reading(*show: Instruction) -> Instructions:
    """A program that shows what it finds; bit 31 of R7 is then whether it is a later fragment."""
    return Instructions(
        [
            Mov.Reg(R6, R1),
            network_header("", not_ip="not_ip", malformed="malformed"),
            JEq.Imm(R8, IPV4, "ipv4"),
            ipv6_headers("ipv6_", malformed="malformed", fragment="fragment"),
            Label("show"),
            *show,
            Return(),
            LoadImm(R0, 1 << 31, DWord).with_symbol("fragment"),
            Or.Reg(R7, R0),
            Ja.Label("show"),
            Label("ipv4"),
            ipv4_headers("ipv4_", malformed="malformed", fragment="fragment"),
            Ja.Label("show"),
            Mov.Imm(R0, -1).with_symbol("not_ip"),
            Return(),
            Mov.Imm(R0, -2).with_symbol("malformed"),
            Return(),
        ]
    )


BOTH = vm.Program.load(ProgramType.SCHED_CLS, reading(Mov.Reg(R0, R7), LSh.Imm(R0, 32), Or.Reg(R0, R8)))


def read(packet: bytes) -> Any:
    """What is found: protocol, source port, what the selector knows besides, whether it is a later fragment."""
    found = BOTH.test_run(packet, ctx=vm.SkBuff()).r0
    if found >= (1 << 64) - 2:
        return MALFORMED if found & 1 == 0 else NOT_IP
    selector, source = found & 0xFFFFFFFF, found >> 32 & 0x7FFFFFFF
    known = selector & 0xFFFF if selector & KNOWN else None
    return selector >> PROTOCOL_SHIFT, None if source == NO_PORT else source, known, bool(found >> 63)


def in4(protocol: int, payload: bytes, **more: Any) -> bytes:
    return ethernet(frames.IPV4, frames.ipv4(A4, B4, protocol, payload, **more))


def in6(protocol: int, payload: bytes, **more: Any) -> bytes:
    return ethernet(frames.IPV6, frames.ipv6(A6, B6, protocol, payload, **more))


SEGMENT = ports(40000, 443)
FOUND = (TCP, 40000, 443, False)

# fmt: off
PACKETS: dict[str, tuple[bytes, Any]] = {
    "TCP": (in4(TCP, SEGMENT), FOUND),
    "UDP": (in4(UDP, ports(53, 65535, 8)), (UDP, 53, 65535, False)),
    "SCTP": (in4(SCTP, ports(0, 1, 12)), (SCTP, 0, 1, False)),
    "ICMP": (in4(ICMP, icmp(3, 4)), (ICMP, None, 3 << 8 | 4, False)),
    "ICMPv6 in IPv4 has no type": (in4(ICMPV6, icmp(128)), (ICMPV6, None, None, False)),
    "a protocol without ports": (in4(47, b""), (47, None, None, False)),
    "options": (in4(TCP, SEGMENT, options=bytes(40)), FOUND),
    "options that look like ports": (in4(TCP, SEGMENT, options=ports(1, 2, 4)), FOUND),
    "a header of 16 bytes": (in4(TCP, SEGMENT, ihl=4), MALFORMED),
    "no header": (in4(TCP, SEGMENT, ihl=0), MALFORMED),
    "options cut short": (in4(47, b"", ihl=6), MALFORMED),
    "options beyond the claimed length": (in4(47, bytes(8), options=bytes(8), total=27), MALFORMED),
    "another version": (in4(TCP, SEGMENT, version=6), MALFORMED),
    "ports cut short": (in4(TCP, SEGMENT[:3]), MALFORMED),
    "ports and no more": (in4(TCP, SEGMENT[:4]), FOUND),
    "ports beyond the claimed length": (in4(TCP, SEGMENT, total=23), MALFORMED),
    "claims more than there is": (in4(TCP, SEGMENT, total=41), MALFORMED),
    "claims less than there is": (in4(TCP, SEGMENT + bytes(6), total=40), FOUND),
    "claims nothing, as larger ones do": (in4(TCP, SEGMENT, total=0), FOUND),
    "claims less than a header": (in4(47, SEGMENT, total=19), MALFORMED),
    "type cut short": (in4(ICMP, b"\x08\0\0"), MALFORMED),
    "may not be fragmented": (in4(TCP, SEGMENT, fragment=0x4000), FOUND),
    "the first fragment": (in4(TCP, SEGMENT, fragment=0x2000), FOUND),
    "the first fragment, with ports cut short": (in4(TCP, SEGMENT[:2], fragment=0x2000), MALFORMED),
    "the second fragment": (in4(TCP, SEGMENT, fragment=0x2003), (TCP, None, None, True)),
    "the last fragment": (in4(UDP, b"x", fragment=0x1FFF), (UDP, None, None, True)),
    "a later fragment of ICMP": (in4(ICMP, icmp(8), fragment=1), (ICMP, None, None, True)),
    "a later fragment of ICMPv6 in IPv4": (in4(ICMPV6, icmp(8), fragment=1), (ICMPV6, None, None, True)),
    "IPv6: TCP": (in6(TCP, SEGMENT), FOUND),
    "IPv6: ICMPv6": (in6(ICMPV6, icmp(128, 7)), (ICMPV6, None, 128 << 8 | 7, False)),
    "IPv6: ICMP has no type": (in6(ICMP, icmp(8)), (ICMP, None, None, False)),
    "IPv6: another version": (in6(TCP, SEGMENT, version=4), MALFORMED),
    "IPv6: ESP ends it": (in6(ESP, bytes([TCP]) * 8), (ESP, None, None, False)),
    "IPv6: nothing follows": (in6(NO_NEXT, bytes([TCP]) * 8), (NO_NEXT, None, None, False)),
    "IPv6: no payload": (in6(NO_NEXT, b""), (NO_NEXT, None, None, False)),
    "IPv6: one of each": (
        in6(HOP_BY_HOP, extension(ROUTING) + extension(FRAGMENT, 2) + fragment_header(AH) + authentication(OPTIONS)
            + extension(135) + extension(139, 1) + extension(140) + extension(TCP) + SEGMENT), FOUND),
    "IPv6: one more than that": (
        in6(HOP_BY_HOP, extension(ROUTING) * 8 + extension(TCP) + SEGMENT), MALFORMED),
    "IPv6: a chain that does not end": (in6(OPTIONS, extension(OPTIONS) * 40), MALFORMED),
    "IPv6: authentication in words": (in6(AH, authentication(UDP, 1) + ports(7, 8, 8)), (UDP, 7, 8, False)),
    "IPv6: the longest extension": (in6(OPTIONS, extension(TCP, 255) + SEGMENT), FOUND),
    "IPv6: an extension cut short": (in6(OPTIONS, extension(TCP, 3)[:20]), MALFORMED),
    "IPv6: an extension cut to a byte": (in6(OPTIONS, b"\6"), MALFORMED),
    "IPv6: an extension longer than the packet": (in6(OPTIONS, extension(NO_NEXT, 3)[:20]), MALFORMED),
    "IPv6: ports cut short": (in6(OPTIONS, extension(TCP) + SEGMENT[:3]), MALFORMED),
    "IPv6: ports beyond the claimed length": (in6(OPTIONS, extension(TCP) + SEGMENT, length=11), MALFORMED),
    "IPv6: claims more than there is": (in6(TCP, SEGMENT, length=21), MALFORMED),
    "IPv6: claims nothing, as larger ones do": (in6(TCP, SEGMENT, length=0), FOUND),
    "IPv6: a fragment that is all": (in6(FRAGMENT, fragment_header(TCP) + SEGMENT), FOUND),
    "IPv6: the first fragment": (in6(FRAGMENT, fragment_header(TCP, 0, True) + SEGMENT), FOUND),
    "IPv6: the first fragment, with ports cut short": (
        in6(FRAGMENT, fragment_header(TCP, 0, True) + SEGMENT[:3]), MALFORMED),
    "IPv6: the second fragment": (
        in6(FRAGMENT, fragment_header(TCP, 1, True) + SEGMENT), (TCP, None, None, True)),
    "IPv6: the last fragment": (in6(FRAGMENT, fragment_header(UDP, 8191) + b"x"), (UDP, None, None, True)),
    "IPv6: a later fragment whose headers are not known": (
        in6(FRAGMENT, fragment_header(OPTIONS, 1) + extension(TCP) + SEGMENT), (OPTIONS, None, None, True)),
    "IPv6: a fragment header cut short": (in6(FRAGMENT, fragment_header(TCP)[:3]), MALFORMED),
    "IPv6: a fragment header cut short behind its offset": (in6(FRAGMENT, fragment_header(TCP, 1)[:7]), MALFORMED),
    "IPv6: a fragment in a fragment": (
        in6(FRAGMENT, fragment_header(FRAGMENT) + fragment_header(TCP, 2) + SEGMENT), (TCP, None, None, True)),
    "ARP": (ethernet(frames.ARP, bytes(28)), NOT_IP),
}
# fmt: on


@pytest.mark.parametrize("name", PACKETS)
def test_what_is_found_in_the_vm(name: str) -> None:
    packet, found = PACKETS[name]
    assert read(packet) == found


@pytest.mark.parametrize("name", [name for name in PACKETS if not name.startswith("ARP")])
def test_behind_tags_it_is_the_same(name: str) -> None:
    packet, found = PACKETS[name]
    ethertype = int.from_bytes(packet[12:14])
    assert read(ethernet(ethertype, packet[14:], (frames.SERVICE_VLAN, frames.VLAN))) == found


@pytest.mark.parametrize("name", ["TCP", "options", "IPv6: TCP", "IPv6: one of each", "ICMP", "IPv6: ICMPv6"])
def test_cut_anywhere_it_is_malformed(name: str) -> None:
    packet, _ = PACKETS[name]
    for size in range(14, len(packet)):
        assert read(packet[:size]) == MALFORMED, size


@pytest.mark.needs_kernel
@pytest.mark.parametrize("register", [R7, R8])
def test_the_kernel_finds_the_same(register: Register) -> None:
    code = reading(Mov.Reg(R0, register))
    with ebpfasm.Program.load(ProgramType.SCHED_CLS, code) as program:
        in_vm = vm.Program.load(ProgramType.SCHED_CLS, code)
        for name, (packet, _) in PACKETS.items():
            assert program.test_run(packet).retval == in_vm.test_run(packet).retval, name

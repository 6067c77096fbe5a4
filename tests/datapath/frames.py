"""Packets made for tests, from their Ethernet header on; nothing here knows how the library reads them."""

from __future__ import annotations

import struct
from ipaddress import ip_address

IPV4, IPV6, ARP, VLAN, SERVICE_VLAN = 0x0800, 0x86DD, 0x0806, 0x8100, 0x88A8
TCP, UDP, ICMP, ICMPV6, SCTP = 6, 17, 1, 58, 132
WITH_PORTS = (TCP, UDP, 33, SCTP, 136)
HOP_BY_HOP, ROUTING, FRAGMENT, ESP, AH, NO_NEXT, OPTIONS, MOBILITY = 0, 43, 44, 50, 51, 59, 60, 135


def ethernet(ethertype: int, payload: bytes, tags: tuple[int, ...] = ()) -> bytes:
    """A frame to the interface itself; ``tags`` are the EtherTypes of the tags before the packet's own."""
    types = (*tags, ethertype)
    between = b"".join(struct.pack("!HH", 0x2005, following) for following in types[1:])
    return bytes(6) + bytes.fromhex("0200000000aa") + struct.pack("!H", types[0]) + between + payload


def ipv4(
    source: str, destination: str, protocol: int, payload: bytes, *, options: bytes = b"", fragment: int = 0,
    version: int = 4, ihl: int | None = None, total: int | None = None,
) -> bytes:  # fmt: skip
    """An IPv4 packet; ``fragment`` is the word of flags and offset, ``ihl`` and ``total`` what it claims."""
    words = 5 + len(options) // 4 if ihl is None else ihl
    length = 20 + len(options) + len(payload) if total is None else total
    fixed = struct.pack("!BBHHHBBH", version << 4 | words, 0, length, 7, fragment, 64, protocol, 0)
    return fixed + ip_address(source).packed + ip_address(destination).packed + options + payload


def ipv6(
    source: str, destination: str, protocol: int, payload: bytes, *, hops: int = 64, version: int = 6,
    length: int | None = None,
) -> bytes:  # fmt: skip
    """An IPv6 packet; extension headers are part of ``payload``, ``protocol`` is the first one's number."""
    fixed = struct.pack("!IHBB", version << 28, len(payload) if length is None else length, protocol, hops)
    return fixed + ip_address(source).packed + ip_address(destination).packed + payload


def extension(following: int, units: int = 0) -> bytes:
    """An extension header of 8 + 8·units bytes."""
    return bytes([following, units]) + bytes(6 + 8 * units)


def authentication(following: int, words: int = 4) -> bytes:
    """An authentication header, whose length is in words of 4 bytes, less 2."""
    return bytes([following, words]) + bytes(4 * (words + 2) - 2)


def fragment_header(following: int, offset: int = 0, more: bool = False) -> bytes:
    """An IPv6 fragment header; ``offset`` is in units of 8 bytes."""
    return struct.pack("!BBHI", following, 0, offset << 3 | more, 7)


def ports(source: int, destination: int, length: int = 20) -> bytes:
    """The beginning of TCP, UDP …"""
    return struct.pack("!HH", source, destination) + bytes(length - 4)


def icmp(type: int, code: int = 0) -> bytes:
    """ICMP of either family."""
    return bytes([type, code]) + bytes(6)


def tcp4(source: str = "10.0.0.1", destination: str = "10.0.0.2", to: int = 80, by: int = 40000) -> bytes:
    """A frame with a TCP segment in IPv4."""
    return ethernet(IPV4, ipv4(source, destination, TCP, ports(by, to)))


def tcp6(source: str = "fd00::1", destination: str = "fd00::2", to: int = 80, by: int = 40000) -> bytes:
    """A frame with a TCP segment in IPv6."""
    return ethernet(IPV6, ipv6(source, destination, TCP, ports(by, to)))

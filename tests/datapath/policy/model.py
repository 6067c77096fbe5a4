"""The plain model of policies: what becomes of a packet, worked out from its bytes with nothing of the library's.

It reads rules by their attributes and packets by the RFCs. Whatever a program does with a packet must be what `judge`
says of it.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any, NamedTuple

TAGS = (0x8100, 0x88A8)
WITH_PORTS = (6, 17, 33, 132, 136)
EIGHTS = (0, 43, 60, 135, 139, 140)


class Malformed(Exception):
    """The packet is cut short, or not as it should be."""


class NotIp(Exception):
    """The packet is of another protocol."""


class Packet(NamedTuple):
    """What a policy can ask of a packet; None where the packet does not have it, or not in these bytes."""

    source: IPv4Address | IPv6Address
    destination: IPv4Address | IPv6Address
    protocol: int
    later_fragment: bool
    hop_limit: int
    source_port: int | None = None
    port: int | None = None
    type: int | None = None
    code: int | None = None


class Judgement(NamedTuple):
    """Verdict, the counter it counts in (a rule's index, or a name), and whether it counts as a later fragment too."""

    allowed: bool
    counter: int | str
    fragment: bool = False


def judge(policy: Any, direction: str, frame: bytes, said: int | None = None) -> Judgement:
    """What becomes of a frame; ``said`` is the EtherType that its sender told besides, if another than the frame's."""
    try:
        packet = read(frame, said)
    except NotIp:
        return Judgement(True, "not_ip")
    except Malformed:
        return Judgement(False, "malformed")
    if (
        packet.source.version == 6
        and packet.protocol == 58
        and packet.type in (133, 134, 135, 136, 137)
        and packet.hop_limit == 255
    ):
        return Judgement(True, "neighbour")
    for index, rule in enumerate(rule for rule in policy.rules if rule.direction == direction):
        if matches(rule, packet):
            return Judgement(rule.action == "allow", index, packet.later_fragment)
    default = policy.ingress if direction == "ingress" else policy.egress
    return Judgement(default == "allow", "default", packet.later_fragment)


def matches(rule: Any, packet: Packet) -> bool:
    """Whether a packet fits everything a rule says."""
    peer = packet.source if rule.direction == "ingress" else packet.destination
    if rule.peers and not any(peer.version == prefix.version and peer in prefix for prefix in rule.peers):
        return False
    if rule.protocol is not None and rule.protocol != packet.protocol:
        return False
    if packet.source.version != {1: 4, 58: 6}.get(rule.protocol, packet.source.version):
        return False
    for ranges, port in ((rule.ports, packet.port), (rule.source_ports, packet.source_port)):
        if ranges and (port is None or not any(low <= port <= high for low, high in ranges)):
            return False
    if rule.icmp_type is not None and rule.icmp_type != packet.type:
        return False
    return rule.icmp_code is None or rule.icmp_code == packet.code


def read(frame: bytes, said: int | None) -> Packet:
    """Take a frame apart."""
    ethertype, rest = int.from_bytes(frame[12:14]), frame[14:]
    if said is not None and said != ethertype and said in (0x0800, 0x86DD):
        raise Malformed
    tags = 0
    while ethertype in TAGS:
        tags += 1
        if tags > 4 or len(rest) < 4:
            raise Malformed
        ethertype, rest = int.from_bytes(rest[2:4]), rest[4:]
    if ethertype == 0x0800:
        return read_ipv4(rest)
    if ethertype == 0x86DD:
        return read_ipv6(rest)
    raise NotIp


def read_ipv4(packet: bytes) -> Packet:
    if len(packet) < 20 or packet[0] >> 4 != 4 or packet[0] & 15 < 5:
        raise Malformed
    total = int.from_bytes(packet[2:4]) or len(packet)
    if total > len(packet):
        raise Malformed
    begin = (packet[0] & 15) * 4
    if begin > total:
        raise Malformed
    later = int.from_bytes(packet[6:8]) & 0x1FFF != 0
    found = Packet(ip_address(packet[12:16]), ip_address(packet[16:20]), packet[9], later, packet[8])
    return found if later else with_transport(found, packet[begin:total])


def read_ipv6(packet: bytes) -> Packet:
    if len(packet) < 40 or packet[0] >> 4 != 6:
        raise Malformed
    length = int.from_bytes(packet[4:6]) or len(packet) - 40
    if length > len(packet) - 40:
        raise Malformed
    protocol, rest, headers, claimed = packet[6], packet[40:], 0, length
    while protocol in (*EIGHTS, 44, 51):
        headers += 1
        if headers > 8:
            raise Malformed
        needed = 4 if protocol == 44 else 2
        if len(rest) < needed:
            raise Malformed
        following = rest[0]
        if protocol == 44:
            size = 8
        elif protocol == 51:
            size = 4 * (rest[1] + 2)
        else:
            size = 8 * (rest[1] + 1)
        if protocol == 44 and int.from_bytes(rest[2:4]) & 0xFFF8:
            if size > claimed:
                raise Malformed
            return Packet(ip_address(packet[8:24]), ip_address(packet[24:40]), following, True, packet[7])
        protocol, rest, claimed = following, rest[size:], claimed - size
    if claimed < 0:
        raise Malformed
    found = Packet(ip_address(packet[8:24]), ip_address(packet[24:40]), protocol, False, packet[7])
    return with_transport(found, rest[:claimed])


def with_transport(packet: Packet, rest: bytes) -> Packet:
    if packet.protocol in WITH_PORTS:
        if len(rest) < 4:
            raise Malformed
        return packet._replace(source_port=int.from_bytes(rest[:2]), port=int.from_bytes(rest[2:4]))
    if packet.protocol == {4: 1, 6: 58}[packet.source.version]:
        if len(rest) < 4:
            raise Malformed
        return packet._replace(type=rest[0], code=rest[1])
    return packet

"""Policies and packets made by chance, out of few addresses and ports so that they meet.

Whoever chooses is a ``random.Random``: a seeded one for thousands of packets, or hypothesis's, which finds the least
packet that goes wrong.
"""

from __future__ import annotations

from random import Random
from typing import Any

from ebpfasm.datapath.policy.policy import Policy
from ebpfasm.datapath.policy.rule import Rule
from tests.datapath import frames
from tests.datapath.frames import AH, ESP, FRAGMENT, HOP_BY_HOP, ICMP, ICMPV6, IPV4, IPV6, MOBILITY, NO_NEXT, OPTIONS

__all__ = ["make_packet", "make_policy", "make_rule"]

ADDRESSES4 = ("10.0.0.1", "10.0.0.2", "10.1.255.255", "192.0.2.7", "255.255.255.255", "0.0.0.0")
ADDRESSES6 = ("fd00::1", "fd00::2", "fd00:0:0:1::1", "2001:db8:ffff::7", "::", "::ffff:10.0.0.1", "ff02::1:ff00:1")
PREFIXES4 = ("0.0.0.0/0", "10.0.0.0/8", "10.0.0.0/31", "10.0.0.1", "10.1.128.0/17", "192.0.2.0/24", "128.0.0.0/1")
PREFIXES6 = ("::/0", "fd00::/8", "fd00::/64", "fd00::1", "fd00::/127", "2001:db8::/33", "2001:db8:ffff::/48", "::/96")
PORTS = (0, 1, 22, 53, 79, 80, 81, 443, 8080, 32768, 65534, 65535)
TYPES = (0, 3, 8, 128, 129, 132, 133, 135, 137, 138, 255)
CODES = (0, 1, 4, 255)
PROTOCOLS = (1, 2, 6, 17, 33, 47, 50, 51, 58, 60, 132, 136, 253)
VERDICTS = ("allow", "deny")


def make_policy(random: Random, most: int = 8) -> Policy:
    """A policy of at most so many rules."""
    rules = [make_rule(random) for _ in range(random.randint(0, most))]
    return Policy(rules, ingress=random.choice(VERDICTS), egress=random.choice(VERDICTS))


def make_rule(random: Random) -> Rule:
    """A rule; few say everything, so that packets get past some and meet others."""
    protocol = random.choice((None, *PROTOCOLS, 6, 6, 17, 17, 1, 58))
    prefixes = {1: PREFIXES4, 58: PREFIXES6}.get(protocol or 0, PREFIXES4 + PREFIXES6)
    fields: dict[str, Any] = {}
    if protocol in frames.WITH_PORTS:
        if random.randint(0, 1):
            fields["ports"] = _ranges(random)
        if not random.randint(0, 3):
            fields["source_ports"] = _ranges(random)
    elif protocol in (1, 58) and random.randint(0, 2):
        fields["icmp_type"] = random.choice(TYPES)
        if random.randint(0, 1):
            fields["icmp_code"] = random.choice(CODES)
    return Rule(
        random.choice(VERDICTS),
        random.choice(("ingress", "egress")),
        peers=[random.choice(prefixes) for _ in range(random.choice((0, 0, 1, 1, 2, 3)))],
        protocol=protocol,
        **fields,
    )


def _ranges(random: Random) -> list[Any]:
    found: list[Any] = []
    for _ in range(random.choice((1, 1, 2, 3))):
        low, high = sorted((random.choice(PORTS), random.choice(PORTS)))
        found.append(random.choice((low, (low, high))))
    return found


def make_packet(random: Random) -> bytes:
    """A frame; usually what it seems, sometimes cut short or with a byte changed."""
    protocol, payload = _transport(random)
    wrong = not random.randint(0, 9)
    if random.randint(0, 1):
        ethertype, packet = IPV4, frames.ipv4(
            random.choice(ADDRESSES4), random.choice(ADDRESSES4), protocol, payload,
            options=bytes(4 * random.choice((0, 0, 0, 1, 5, 10))),
            fragment=random.choice((0, 0, 0, 0x4000, 0x2000, 0x2001, 1, 0x1FFF, 0x8000)),
            version=random.choice((4, 6, 0)) if wrong else 4,
            ihl=random.choice((None, 0, 4, 5, 15)) if wrong else None,
            total=random.choice((None, 0, 19, 20, 23, 24, 200)) if wrong else None,
        )  # fmt: skip
    else:
        protocol, payload = _extended(random, protocol, payload)
        ethertype, packet = IPV6, frames.ipv6(
            random.choice(ADDRESSES6), random.choice(ADDRESSES6), protocol, payload,
            hops=random.choice((64, 254, 255, 255)), version=random.choice((6, 4, 7)) if wrong else 6,
            length=random.choice((None, 0, 1, 3, 4, 8, 500)) if wrong else None,
        )  # fmt: skip
    if not random.randint(0, 19):
        ethertype = random.choice((frames.ARP, 0x0040, IPV4, IPV6))
    tags = [random.choice((frames.VLAN, frames.SERVICE_VLAN)) for _ in range(random.choice((0, 0, 0, 1, 2, 4, 5)))]
    frame = frames.ethernet(ethertype, packet, tuple(tags)) + bytes(random.choice((0, 0, 6)))
    if not random.randint(0, 4):
        frame = frame[: random.randint(14, len(frame))]
    if not random.randint(0, 9):
        at = random.randint(12, len(frame) - 1)
        frame = frame[:at] + bytes([random.randint(0, 255)]) + frame[at + 1 :]
    return frame


def _transport(random: Random) -> tuple[int, bytes]:
    """A protocol and what its packets begin with."""
    kind = random.choice(("ports", "ports", "icmp", "icmpv6", "other"))
    if kind == "ports":
        beginning = frames.ports(random.choice(PORTS), random.choice(PORTS), random.randint(4, 24))
        return random.choice(frames.WITH_PORTS), beginning
    if kind == "other":
        return random.choice((*PROTOCOLS, ESP, NO_NEXT, 4)), bytes(random.randint(0, 12))
    return {"icmp": ICMP, "icmpv6": ICMPV6}[kind], frames.icmp(random.choice(TYPES), random.choice(CODES))


def _extended(random: Random, protocol: int, payload: bytes) -> tuple[int, bytes]:
    """The same behind extension headers."""
    for _ in range(random.choice((0, 0, 0, 0, 1, 1, 2, 3, 7, 8, 9, 10))):
        kind = random.choice((HOP_BY_HOP, frames.ROUTING, OPTIONS, MOBILITY, 139, 140, AH, FRAGMENT))
        if kind == AH:
            payload = frames.authentication(protocol, random.randint(1, 5)) + payload
        elif kind == FRAGMENT:
            offset = random.choice((0, 0, 0, 0, 1, 185, 8191))
            payload = frames.fragment_header(protocol, offset, bool(random.randint(0, 1))) + payload
        else:
            payload = frames.extension(protocol, random.randint(0, 2)) + payload
        protocol = kind
    return protocol, payload

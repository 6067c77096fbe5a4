"""Protocols that rules name: their numbers, and what their packets can be told apart by besides."""

from __future__ import annotations

from ebpfasm.datapath.headers import ICMP, ICMPV6, WITH_PORTS

__all__ = ["BY_NAME", "FAMILY", "NAMES", "has_ports", "is_icmp", "name_of"]

# fmt: off
BY_NAME = {
    "icmp":      ICMP,
    "igmp":      2,
    "ipip":      4,
    "tcp":       6,
    "udp":       17,
    "dccp":      33,
    "ipv6":      41,
    "gre":       47,
    "esp":       50,
    "ah":        51,
    "icmpv6":    ICMPV6,
    "ospf":      89,
    "vrrp":      112,
    "sctp":      132,
    "udplite":   136,
}
# fmt: on
"""IANA's protocol numbers, by the names of ``/etc/protocols``, ``icmpv6`` instead of ``ipv6-icmp``."""

NAMES = {number: name for name, number in BY_NAME.items()}
FAMILY = {ICMP: 4, ICMPV6: 6}
"""The protocols that exist in one family only, and which."""


def name_of(protocol: int) -> str:
    """How a rule's text names a protocol: ``tcp``, or ``protocol 99``."""
    return NAMES.get(protocol, f"protocol {protocol}")


def has_ports(protocol: int | None) -> bool:
    """Whether its packets have ports."""
    return protocol in WITH_PORTS


def is_icmp(protocol: int | None) -> bool:
    """Whether its packets have a type and a code."""
    return protocol in FAMILY

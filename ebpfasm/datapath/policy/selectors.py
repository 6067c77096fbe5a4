"""What a rule asks of protocol, ports and ICMP type, as ranges of the numbers that `ebpfasm.datapath.headers` finds."""

from __future__ import annotations

from ebpfasm.datapath.headers import KNOWN, PROTOCOL_SHIFT
from ebpfasm.datapath.policy.protocols import FAMILY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ebpfasm.datapath.policy.rule import Range, Rule

__all__ = ["FAMILIES", "NEIGHBOUR_DISCOVERY", "applies", "merged", "selectors"]

FAMILIES = (4, 6)
NEIGHBOUR_DISCOVERY = (58 << PROTOCOL_SHIFT | KNOWN | 133 << 8, 58 << PROTOCOL_SHIFT | KNOWN | 137 << 8 | 0xFF)
"""Router and neighbour solicitations and advertisements, and redirects (RFC 4861 §4)."""


def applies(rule: Rule, family: int) -> bool:
    """Whether packets of a family, 4 or 6, can match the rule."""
    if rule.protocol is not None and FAMILY.get(rule.protocol, family) != family:
        return False
    return not rule.peers or any(peer.version == family for peer in rule.peers)


def selectors(rule: Rule) -> tuple[Range, ...]:
    """The ranges of selectors, one of which fits; none if all do."""
    if rule.protocol is None:
        return ()
    protocol = rule.protocol << PROTOCOL_SHIFT
    if rule.icmp_type is not None:
        low = protocol | KNOWN | rule.icmp_type << 8
        return ((low, low | 0xFF),) if rule.icmp_code is None else ((low | rule.icmp_code,) * 2,)
    if rule.ports:
        return tuple((protocol | KNOWN | low, protocol | KNOWN | high) for low, high in merged(rule.ports))
    if rule.source_ports:  # those are found where the destination port is
        return ((protocol | KNOWN, protocol | KNOWN | 0xFFFF),)
    return ((protocol, protocol | KNOWN | 0xFFFF),)


def merged(ranges: Iterable[Range]) -> list[Range]:
    """The same numbers in as few ranges as possible, in their order."""
    found: list[Range] = []
    for low, high in sorted(ranges):
        if found and low <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(high, found[-1][1]))
        else:
            found.append((low, high))
    return found

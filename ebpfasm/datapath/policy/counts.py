"""What a policy counts: packets and bytes of each rule, and of what no rule decides."""

from __future__ import annotations

from enum import IntEnum

from ebpfasm.datapath.counters import Counted, read_counters

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ebpfasm.datapath.policy.rule import Rule

__all__ = ["FIRST_RULE", "Count", "Counts", "read_counts"]


class Count(IntEnum):
    """Where in the map of counters is what; rules come behind, from `FIRST_RULE` on.

    Each packet counts once among them, a later fragment as `FRAGMENT` in addition.
    """

    DEFAULT = 0
    """No rule matched: the default verdict."""
    MALFORMED = 1
    """Cut short, or too many headers; dropped."""
    FRAGMENT = 2
    """A fragment that is not the first, whatever its verdict."""
    NEIGHBOUR = 3
    """IPv6 neighbour discovery, which always passes: without it no address of IPv6 is reached."""
    NOT_IP = 4
    """Neither IPv4 nor IPv6, such as ARP; it passes."""


FIRST_RULE = len(Count)


class Counts:
    """The counters of a policy at one moment.

    Attributes:
        rules: a pair of each rule and its `Counted`, in the rules' order.
        default, malformed, fragment, neighbour, not_ip: as `Count` says.
    """

    __slots__ = ("default", "fragment", "malformed", "neighbour", "not_ip", "rules")

    def __init__(self, fixed: list[Counted], rules: tuple[tuple[Rule, Counted], ...]) -> None:
        self.default, self.malformed, self.fragment, self.neighbour, self.not_ip = fixed
        self.rules = rules

    @property
    def packets(self) -> int:
        """All packets that were judged."""
        others = (self.default, self.malformed, self.neighbour, self.not_ip)
        return sum(counted.packets for counted in (*others, *(counted for _, counted in self.rules)))

    def __str__(self) -> str:
        """A table: packets, bytes, and the rule or what else they were."""
        lines = [(counted, str(rule)) for rule, counted in self.rules]
        lines += [(getattr(self, count.name.lower()), f"({count.name.lower().replace('_', ' ')})") for count in Count]
        return "\n".join(f"{counted.packets:12} {counted.bytes:15}  {what}" for counted, what in lines)

    def __repr__(self) -> str:
        return f"<Counts of {self.packets} packets, {len(self.rules)} rules>"


def read_counts(counters: Any, rules: dict[int, Rule]) -> Counts:
    """Read a policy's counters.

    Args:
        counters: the map.
        rules: each rule by the index of its counter, in the rules' order.
    """
    found = read_counters(counters)
    return Counts(found[:FIRST_RULE], tuple((rule, found[index]) for index, rule in rules.items()))

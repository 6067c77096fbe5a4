"""Rules as entries of a map, which the program of `ebpfasm.datapath.policy.walk` compares with a packet one by one.

An entry asks for one prefix, one range of selectors and one of source ports; a rule of several takes an entry for
each combination. All numbers are of 32 bits, in the machine's byte order; addresses are as in packets. The last entry
matches every packet: it is the default verdict.
"""

from __future__ import annotations

from itertools import product
from struct import Struct

from ebpfasm.datapath.policy.counts import Count
from ebpfasm.datapath.policy.selectors import FAMILIES, applies, merged, selectors
from ebpfasm.errors import OperandError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ebpfasm.datapath.policy.policy import Policy
    from ebpfasm.datapath.policy.rule import Direction, Rule

__all__ = ["ADDRESS_SIZE", "ENTRY_SIZE", "INDEX", "SELECTOR", "SOURCE", "VERDICT", "entries", "value_size"]

ADDRESS_SIZE = {4: 4, 6: 16}
"""An entry begins with an address and a mask of so many bytes each."""
NUMBERS = Struct("=6I")
SELECTOR, SOURCE, INDEX, VERDICT = 0, 8, 16, 20
"""What follows them, by its offset there: lowest selector and how far the highest is from it, the same of source ports,
the counter's index, and 1 to allow or 0 to deny."""
ENTRY_SIZE = {family: 2 * size + NUMBERS.size for family, size in ADDRESS_SIZE.items()}
EVERY = (0, 0xFFFFFFFF)


def value_size(capacity: int) -> int:
    """How many bytes the entries of a family take at most, the default's included."""
    return (capacity + 1) * max(ENTRY_SIZE.values())


def entries(policy: Policy, direction: Direction, indices: list[int], capacity: int) -> dict[int, bytes]:
    """The entries of each family, as bytes of `value_size`.

    Args:
        indices: of the counter of each rule of the direction.
        capacity: how many entries there may be in a family, besides the default.

    Raises:
        OperandError: there are more.
    """
    default = policy.default(direction)
    found: dict[int, bytes] = {}
    for family in FAMILIES:
        lines = [
            line
            for rule, index in zip(policy.of(direction), indices, strict=True)
            if applies(rule, family)
            for line in _of_rule(rule, family, index)
        ]
        if len(lines) > capacity:
            raise OperandError(
                f"policy: its {direction} rules take {len(lines)} entries of IPv{family}, and the table has {capacity}",
                field="policy", value=policy, low=0, high=capacity,
            )  # fmt: skip
        nobody = bytes(2 * ADDRESS_SIZE[family])
        lines.append(nobody + NUMBERS.pack(*EVERY, *EVERY, Count.DEFAULT, default == "allow"))
        found[family] = b"".join(lines).ljust(value_size(capacity), b"\0")
    return found


def _of_rule(rule: Rule, family: int, index: int) -> list[bytes]:
    size = ADDRESS_SIZE[family]
    peers = [
        peer.network_address.packed + peer.netmask.packed for peer in rule.peers if peer.version == family
    ] or [bytes(2 * size)]  # fmt: skip
    wanted = [(low, high - low) for low, high in selectors(rule)] or [EVERY]
    sources = [(low, high - low) for low, high in merged(rule.source_ports)] or [EVERY]
    return [
        peer + NUMBERS.pack(*selector, *source, index, rule.action == "allow")
        for peer, selector, source in product(peers, wanted, sources)
    ]

"""The compiler: a policy's rules of one direction as a program of straight comparisons.

IPv4 packets do not walk rules that only IPv6 can match, nor the other way round. A rule compares the peer first, then
the selector, which is protocol and destination port in one, and the source port last.
"""

from __future__ import annotations

from ebpfasm.asm.program import Instructions
from ebpfasm.asm.register import BE, R0, R2, R3, R4, R5, R7, R8, R9, RFP, Word
from ebpfasm.asm.table import HostTo, Ja, LoadMem, Mov, Or
from ebpfasm.datapath.headers import ADDRESSES, HEADER
from ebpfasm.datapath.policy import frame
from ebpfasm.datapath.policy.counts import FIRST_RULE, Count
from ebpfasm.datapath.policy.frame import ALLOW, DENY
from ebpfasm.datapath.policy.rule import PEER
from ebpfasm.datapath.policy.scan import ALL, Comparison, Scan
from ebpfasm.datapath.policy.selectors import FAMILIES, applies, merged, selectors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ipaddress import IPv4Network, IPv6Network

    from ebpfasm.asm.wide import HasFileno
    from ebpfasm.datapath.policy.policy import Policy
    from ebpfasm.datapath.policy.rule import Action, Direction, Rule
    from ebpfasm.datapath.policy.scan import Group, Item

__all__ = ["Compiled", "compiled"]

WORDS = {4: (R2,), 6: (R2, R3, R4, R5)}
"""The registers that hold the peer's address, 32 bits in each, the first bits first."""
VERDICT = {"allow": ALLOW, "deny": DENY}
REACH = 0x7FFF
"""How many units a conditional jump leads at most (16 bits of ``off``)."""


TELLING = 16
"""Bits of the last word of an IPv6 prefix that are worth to be compared before the words before."""


class Compiled:
    """A policy's program of one direction.

    Attributes:
        policy, direction: what it was compiled from.
        rules: the rules, by the index of their counter.
        instructions: the program, of type SCHED_CLS.
    """

    __slots__ = ("direction", "instructions", "policy", "rules")

    def __init__(
        self, policy: Policy, direction: Direction, rules: dict[int, Rule], instructions: Instructions
    ) -> None:
        self.policy = policy
        self.direction = direction
        self.rules = rules
        self.instructions = instructions

    @property
    def counters(self) -> int:
        """How many counters its map must have."""
        return FIRST_RULE + len(self.rules)

    def listing(self, *, arrows: bool = True) -> str:
        """The program for people, each rule beside its code."""
        return self.instructions.listing(arrows=arrows)

    def __repr__(self) -> str:
        return f"<Compiled {self.direction} of {len(self.rules)} rules, {self.instructions.units} units>"


def compiled(
    policy: Policy, direction: Direction, counts: int | str | HasFileno, then: Instructions | None = None
) -> Compiled:
    """Compile the rules of a direction.

    The program returns TC_ACT_OK (0) or TC_ACT_SHOT (2). Packets that are not IP pass, and so does IPv6 neighbour
    discovery, whatever the rules say; what is malformed is dropped. All of it is counted
    (`ebpfasm.datapath.policy.counts`).

    Args:
        policy: the policy.
        direction: ``"ingress"`` or ``"egress"``.
        counts: the map of `counters`, at least as many as the result says, or a name to bind later.
        then: what an allowed packet goes on with, such as `deliver_block`: it finds the context in R6 and
            nothing else, and ends the program. Without it the packet passes.

    A rule takes 3 to 20 units for each family, and some more for each further peer and range. Where that makes more
    than 32,767, some jumps become long ones, which Linux has from 6.6 on.

    Raises:
        OperandError: there is no such direction.
    """
    rules = policy.of(direction)
    default = policy.default(direction)
    ipv4, ipv6 = (Instructions(_family(rules, default, family, direction)) for family in FAMILIES)
    program = frame.framed(counts, ipv4, ipv6, then)
    if program.units > REACH:
        program = program.relaxed()
    return Compiled(policy, direction, {FIRST_RULE + index: rule for index, rule in enumerate(rules)}, program)


def _family(rules: tuple[Rule, ...], default: Action, family: int, direction: Direction) -> list[Item]:
    """The peer's address in registers, and the rules that packets of a family can match."""
    address = HEADER + ADDRESSES[family][PEER[direction]]
    items: list[Item] = []
    for number, register in enumerate(WORDS[family]):
        items += [
            LoadMem(register, RFP, address + 4 * number, Word),
            HostTo(BE, register, Word).with_comment(f"the {PEER[direction]}" if number == 0 else None),
            Or.Reg(register, R0),
        ]
    scan = Scan(f"ipv{family}")
    for index, rule in enumerate(rules):
        if not applies(rule, family):
            continue
        groups = [group for group in _groups(rule, family) if group and all(group)]
        verdict = [Mov.Imm(R9, FIRST_RULE + index), Ja.Label(VERDICT[rule.action])]
        scan.add(f"rule_{index + 1}", f"{index + 1}: {rule}", groups, verdict)
        if not groups:  # all packets match: what follows would never run, which the verifier refuses
            break
    else:
        scan.add(
            "default", f"default {direction} {default}", [], [Mov.Imm(R9, Count.DEFAULT), Ja.Label(VERDICT[default])]
        )
    return items + scan.items()


def _groups(rule: Rule, family: int) -> list[Group]:
    """What a rule asks: in each group one alternative, which is some comparisons, or none if every packet fits."""
    return [
        [_prefix(peer) for peer in rule.peers if peer.version == family],
        [[Comparison(R8, ALL, low, high)] for low, high in selectors(rule)],
        [[Comparison(R7, ALL, low, high)] for low, high in merged(rule.source_ports)],
    ]


def _prefix(peer: IPv4Network | IPv6Network) -> list[Comparison]:
    """Whether the peer's address has a prefix, word by word; what tells most prefixes apart comes first."""
    value, length = int(peer.network_address), peer.prefixlen
    found = []
    for number, register in enumerate(WORDS[peer.version]):
        bits = min(max(length - 32 * number, 0), 32)
        if bits:
            word = value >> (peer.max_prefixlen - 32 * (number + 1)) & ALL
            found.append((bits >= TELLING, number, Comparison(register, ALL << (32 - bits) & ALL, word, word)))
    return [comparison for _, _, comparison in sorted(found, reverse=True)]

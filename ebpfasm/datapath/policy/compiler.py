"""The compiler: a policy's rules of one direction as a program of straight comparisons.

IPv4 packets do not walk rules that only IPv6 can match, nor the other way round. A rule compares the peer first, then
the source port, and last the selector, which is protocol and destination port in one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ebpfasm.asm.instruction import Instruction
from ebpfasm.asm.program import Instructions, Label
from ebpfasm.asm.register import BE, R0, R1, R2, R3, R4, R5, R7, R8, R9, RFP, Word
from ebpfasm.asm.table import JGT, JLE, JNE, And, HostTo, Ja, JEq, LoadMem, Mov, Or, Sub
from ebpfasm.datapath.headers import ADDRESSES, HEADER
from ebpfasm.datapath.policy import frame
from ebpfasm.datapath.policy.counts import FIRST_RULE, Count
from ebpfasm.datapath.policy.frame import ALLOW, DENY
from ebpfasm.datapath.policy.rule import PEER
from ebpfasm.datapath.policy.selectors import FAMILIES, applies, merged, selectors

if TYPE_CHECKING:
    from ipaddress import IPv4Network, IPv6Network

    from ebpfasm.asm.register import Register
    from ebpfasm.asm.wide import HasFileno
    from ebpfasm.datapath.policy.policy import Policy
    from ebpfasm.datapath.policy.rule import Action, Direction, Rule

    Item = Instruction | Label | Instructions

__all__ = ["Compiled", "compiled"]

WORDS = {4: (R2,), 6: (R2, R3, R4, R5)}
"""The registers that hold the peer's address, 32 bits in each, the first bits first."""
VERDICT = {"allow": ALLOW, "deny": DENY}
ALL = 0xFFFF_FFFF


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

    The program returns TC_ACT_OK (0) or TC_ACT_SHOT (2). Packets that are not IP pass, and IPv6 neighbour discovery
    does whatever the rules say; what is malformed is dropped. All of it is counted (`ebpfasm.datapath.policy.counts`).

    Args:
        policy: the policy.
        direction: ``"ingress"`` or ``"egress"``.
        counts: the map of `counters`, at least as many as the result says, or a name to bind later.
        then: what an allowed packet goes on with, such as `deliver_block`: it finds the context in R6 and
            nothing else, and ends the program. Without it the packet passes.

    A rule takes 3 to 15 units for each family, and one more for each further port. Where that makes more than
    32,767, some jumps become long ones, which Linux has from 6.6 on.

    Raises:
        OperandError: there is no such direction.
    """
    rules = policy.of(direction)
    default = policy.default(direction)
    ipv4, ipv6 = (Instructions(_family(rules, default, family, direction)) for family in FAMILIES)
    program = frame.framed(counts, ipv4, ipv6, then)
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
    for index, rule in enumerate(rules):
        if not applies(rule, family):
            continue
        code = _Code(rule, family, index)
        items += code.items
        if not code.asks:  # all packets match: what follows would never run, which the verifier refuses
            return items
    items.append(
        Mov.Imm(R9, Count.DEFAULT).with_symbol(f"ipv{family}_default").with_comment(f"default {direction} {default}")
    )
    items.append(Ja.Label(VERDICT[default]))
    return items


class _Test(NamedTuple):
    """Whether ``register & mask`` is in ``low..high``, all of 32 bits."""

    register: Register
    mask: int
    low: int
    high: int

    def code(self, label: str, *, jump_if: bool, learn: bool) -> list[Instruction]:
        """Go to a label if it is so, or if it is not.

        Args:
            learn: whether the verifier may learn from it: where the rule matches now, or the packet is past it.
        """
        span = self.high - self.low
        if learn and self.mask == ALL and span == 0:
            return [(JEq if jump_if else JNE).Imm32(self.register, self.low, label)]
        items = [Mov.Reg32(R1, self.register)]
        if self.mask != ALL:
            items.append(And.Imm32(R1, self.mask))
        if span == 0:
            return [*items, (JEq if jump_if else JNE).Imm32(R1, self.low, label)]
        if self.low:
            items.append(Sub.Imm32(R1, self.low))
        return [*items, (JLE if jump_if else JGT).Imm32(R1, span, label)]


class _Code:
    """The code of one rule in one family; a packet that does not match goes on behind it."""

    def __init__(self, rule: Rule, family: int, index: int) -> None:
        self._name = f"ipv{family}_rule_{index + 1}"
        self.items: list[Item] = []
        groups = {
            "peer": [_prefix(peer) for peer in rule.peers if peer.version == family],
            "source": [[_Test(R7, ALL, low, high)] for low, high in merged(rule.source_ports)],
            "selector": [[_Test(R8, ALL, low, high)] for low, high in selectors(rule)],
        }
        asked = {name: group for name, group in groups.items() if group and all(group)}
        for name, group in asked.items():
            self._any_of(name, group, last=name == list(asked)[-1])
        self.asks = bool(asked)
        self.items += [Mov.Imm(R9, FIRST_RULE + index), Ja.Label(VERDICT[rule.action])]
        first = self.items[0]
        assert isinstance(first, Instruction)
        self.items[0] = first.with_symbol(self._name).with_comment(f"{index + 1}: {rule}")
        if asked:
            self.items.append(Label(f"{self._name}_not"))

    def _any_of(self, name: str, group: list[list[_Test]], *, last: bool) -> None:
        """Go on if all tests of one of the alternatives hold, else leave the rule."""
        fits = f"{self._name}_{name}"
        for number, tests in enumerate(group, 1):
            final = number == len(group)
            otherwise = f"{self._name}_not" if final else f"{fits}_{number}_not"
            for test in tests[:-1]:
                self.items += test.code(otherwise, jump_if=False, learn=False)
            if final:
                self.items += tests[-1].code(otherwise, jump_if=False, learn=last)
            else:
                self.items += tests[-1].code(fits, jump_if=True, learn=last)
                if len(tests) > 1:
                    self.items.append(Label(otherwise))
        if len(group) > 1:
            self.items.append(Label(fits))


def _prefix(peer: IPv4Network | IPv6Network) -> list[_Test]:
    """Whether the peer's address has a prefix, word by word; no test for a prefix of no bits."""
    value, length = int(peer.network_address), peer.prefixlen
    tests = []
    for number, register in enumerate(WORDS[peer.version]):
        bits = min(max(length - 32 * number, 0), 32)
        if bits:
            word = value >> (peer.max_prefixlen - 32 * (number + 1)) & ALL
            tests.append(_Test(register, ALL << (32 - bits) & ALL, word, word))
    return tests

"""What every policy program does before it looks at rules, and after: headers, what always passes, counters, verdict.

======  =====================================================================================================
R6      the context
R7, R8  in their lower halves source port and selector (`ebpfasm.datapath.headers`); the upper are not 0
R0      ``1 << 32``
======  =====================================================================================================

Rules find these and, on the stack, the network header; R1 to R5 and R9 are free. What matches puts its counter's
index into R9 and goes to `ALLOW` or `DENY`.

The upper halves are for the verifier. It walks a program once for all it may know of the registers, and from each
comparison it learns something: with a thousand rules that would be a thousand ways through the rules that follow.
A comparison therefore works on a 32-bit copy of a register whose upper half is another, of which the verifier
learns nothing for the register itself (``sync_linked_regs()`` in kernel/bpf/verifier.c).
"""

from __future__ import annotations

from ebpfasm.asm.program import Instructions, Label
from ebpfasm.asm.register import R0, R1, R6, R7, R8, R9, RFP, Byte, DWord
from ebpfasm.asm.table import JGT, JNE, Ja, JEq, LoadImm, LoadMem, Mov, Or, Return, Sub
from ebpfasm.datapath.counters import count_block
from ebpfasm.datapath.headers import HEADER, HOP_LIMIT, ipv4_headers, ipv6_headers
from ebpfasm.datapath.packet import IPV4, network_header
from ebpfasm.datapath.policy.counts import Count
from ebpfasm.datapath.policy.selectors import NEIGHBOUR_DISCOVERY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ebpfasm.asm.instruction import Instruction
    from ebpfasm.asm.wide import HasFileno

    MapLike = int | str | HasFileno

__all__ = ["ALLOW", "DENY", "framed"]

OK, SHOT = 0, 2
"""TC_ACT_OK and TC_ACT_SHOT of <linux/pkt_cls.h>."""

ALLOW, DENY = "allow", "deny"
"""The labels a verdict goes to, with the counter's index in R9."""
RULES = {4: "ipv4_rules", 6: "ipv6_rules"}
"""The labels where the rules of each family begin."""
ON_LINK = 255
"""The hop limit of what no router has forwarded, which neighbour discovery must have (RFC 4861 §7.1)."""


def framed(counts: MapLike, ipv4: Instructions, ipv6: Instructions, then: Instructions | None) -> Instructions:
    """The whole program around the rules of both families, with the context in R1.

    Args:
        counts: the map of counters, of `Count` and the rules'.
        ipv4, ipv6: the rules; packets must not get to their ends.
        then: what an allowed packet goes on with: it finds the context in R6, and ends the program. None lets the
            packet pass.
    """
    low, high = NEIGHBOUR_DISCOVERY
    return Instructions(
        [
            Mov.Reg(R6, R1),
            network_header("", not_ip="not_ip", malformed="malformed"),
            JEq.Imm(R8, IPV4, "ipv4"),
            ipv6_headers("ipv6_", malformed="malformed", fragment="ipv6_fragment"),
            LoadMem(R1, RFP, HEADER + HOP_LIMIT, Byte),
            JNE.Imm(R1, ON_LINK, RULES[6]),
            Mov.Reg32(R1, R8),
            Sub.Imm32(R1, low),
            JGT.Imm32(R1, high - low, RULES[6]),
            Mov.Imm(R9, Count.NEIGHBOUR).with_comment("neighbour discovery always passes"),
            Ja.Label("pass"),
            *_fragment("ipv6", counts),
            Ja.Label(RULES[6]),
            Label("ipv4"),
            ipv4_headers("ipv4_", malformed="malformed", fragment="ipv4_fragment"),
            Ja.Label(RULES[4]),
            *_fragment("ipv4", counts),
            Ja.Label(RULES[4]),
            Label(RULES[6]),
            *_hidden(),
            ipv6,
            # Here, so that no more than the rules of one family are between them and the rules.
            _ways_out(counts, then, allows=any(item.reference == ALLOW for rules in (ipv4, ipv6) for item in rules)),
            Label(RULES[4]),
            *_hidden(),
            ipv4,
        ]
    )


def _ways_out(counts: MapLike, then: Instructions | None, *, allows: bool) -> Instructions:
    """The verdicts, the counter in R9, and what an allowed packet goes on with.

    Args:
        allows: whether there is such a packet: the verifier refuses what never runs.
    """
    test: list[Instruction] = []
    go_on: list[Label | Instructions] = []
    if then is not None and allows:
        test = [JEq.Imm(R8, 1, "then")]
        go_on = [Label("then"), then]
    return Instructions(
        [
            Mov.Imm(R9, Count.NOT_IP).with_symbol("not_ip").with_comment("such as ARP: passes"),
            Mov.Imm(R8, 0).with_symbol("pass"),
            Mov.Imm(R7, OK),
            Ja.Label("count"),
            Mov.Imm(R9, Count.MALFORMED).with_symbol("malformed"),
            Mov.Imm(R8, 0).with_symbol(DENY),
            Mov.Imm(R7, SHOT),
            *([Ja.Label("count"), Mov.Imm(R8, 1).with_symbol(ALLOW), Mov.Imm(R7, OK)] if allows else []),
            Label("count"),
            count_block("", counts, R9),
            *test,
            Mov.Reg(R0, R7),
            Return(),
            *go_on,
        ]
    )


def _hidden() -> list[Instruction]:
    """Give R7 and R8 their upper halves, and leave in R0 what does it to other registers."""
    return [
        LoadImm(R0, 1 << 32, DWord).with_comment("hides from the verifier what it learns of a copy"),
        Or.Reg(R7, R0),
        Or.Reg(R8, R0),
    ]


def _fragment(family: str, counts: MapLike) -> list[Instruction | Instructions]:
    """Count a fragment that is not the first, besides what the rules make of it."""
    return [
        Mov.Imm(R9, Count.FRAGMENT).with_symbol(f"{family}_fragment"),
        count_block(f"{family}_fragment_", counts, R9),
    ]

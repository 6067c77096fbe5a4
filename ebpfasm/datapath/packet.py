"""Code blocks that find headers and addresses in a packet, to build programs of traffic control (SCHED_CLS) from.

Each function returns instructions whose labels begin with ``prefix``, so that blocks can be joined; a block goes on
after its last instruction, or leaves for a label that the caller names. Bytes are read with ``bpf_skb_load_bytes``,
which also reaches those outside the linear part of a packet.

========  =============================================================================================
register  what a block finds and leaves there
========  =============================================================================================
R6        the context, before every block; no block changes it
R7        `network_header`: the network header's offset in bytes from the beginning of the packet
R8        `network_header`: the EtherType, `IPV4` or `IPV6`
R9        left alone by `network_header` and `destination`
R0 … R5   anything
========  =============================================================================================

Below the frame pointer: `KEY` to 0 is `destination`'s, `SCRATCH` (4 bytes) is for every block.
"""

from __future__ import annotations

from ebpfasm.asm.helpers import FnSkbLoadBytes
from ebpfasm.asm.program import Instructions, Label
from ebpfasm.asm.register import BE, R0, R1, R2, R3, R4, R6, R7, R8, RFP, DWord, Half, Word
from ebpfasm.asm.table import JLE, JNE, Add, HostTo, Ja, JEq, LoadMem, Mov, StoreImm

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ebpfasm.asm.instruction import Instruction

__all__ = [
    "IPV4", "IPV6", "KEY", "KEY_SIZE", "MOST_TAGS", "SCRATCH", "destination", "load_bytes", "network_header",
]  # fmt: skip

IPV4, IPV6 = 0x0800, 0x86DD
"""ETH_P_IP and ETH_P_IPV6 of <linux/if_ether.h>."""
VLAN, SERVICE_VLAN = 0x8100, 0x88A8
"""ETH_P_8021Q and ETH_P_8021AD: the tags that eth_type_vlan() of the kernel knows."""

ETHERTYPE = 12
"""Where the EtherType is in an Ethernet header of 14 bytes; a tag puts 4 bytes before it."""
MOST_TAGS = 4
"""More tags than these in a packet's bytes are as good as cut short."""

KEY = -20
"""The key of an address: 4 bytes of prefix length, in the machine's byte order, and 16 of address."""
KEY_SIZE = 20
SCRATCH = -24

PROTOCOL = 16
"""offsetof(struct __sk_buff, protocol)"""
IPV4_DESTINATION, IPV6_DESTINATION = 16, 24
"""offsetof(struct iphdr, daddr) and offsetof(struct ipv6hdr, daddr)"""


def load_bytes(offset: int, to: int, size: int, missing: str) -> list[Instruction]:
    """Copy ``size`` bytes of the packet from R7 + ``offset`` to the stack at ``to``; without them go to ``missing``."""
    return [
        Mov.Reg(R1, R6),
        Mov.Reg(R2, R7),
        *([Add.Imm(R2, offset)] if offset else []),
        Mov.Reg(R3, RFP),
        Add.Imm(R3, to),
        Mov.Imm(R4, size),
        FnSkbLoadBytes.Call(),
        JNE.Imm(R0, 0, missing),
    ]


def network_header(prefix: str, *, not_ip: str, malformed: str) -> Instructions:
    """Find the network header behind the Ethernet header and the tags (802.1Q, 802.1ad) in the packet's bytes.

    A tag that a device took off on receiving is no longer in them. Whoever sends through a packet socket says what
    the packet is besides the EtherType (``skb->protocol``), and parts of the kernel go by that: the receiving end of an
    IPVLAN in mode L3, for one. So a packet that is IP by the one and not by the other is malformed.

    Args:
        prefix: of the block's labels.
        not_ip: the label for packets that are neither IPv4 nor IPv6.
        malformed: the label for those that end within a tag, have more than `MOST_TAGS`, or are not what the sender
            says.
    """
    found, tag, untagged = f"{prefix}network", f"{prefix}tag", f"{prefix}untagged"
    return Instructions(
        [
            Mov.Imm(R7, ETHERTYPE),
            *load_bytes(0, SCRATCH, 2, malformed),
            LoadMem(R8, RFP, SCRATCH, Half),
            HostTo(BE, R8, Half).with_comment("EtherType"),
            LoadMem(R1, R6, PROTOCOL, Word),
            HostTo(BE, R1, Half).with_comment("what the sender says it is"),
            JEq.Reg(R1, R8, untagged),
            JEq.Imm(R1, IPV4, malformed),
            JEq.Imm(R1, IPV6, malformed),
            Add.Imm(R7, 2).with_symbol(untagged),
            JEq.Imm(R8, IPV4, found),
            JEq.Imm(R8, IPV6, found),
            Label(tag),
            JEq.Imm(R8, VLAN, f"{tag}ged"),
            JNE.Imm(R8, SERVICE_VLAN, not_ip),
            Label(f"{tag}ged"),
            *load_bytes(2, SCRATCH, 2, malformed),
            LoadMem(R8, RFP, SCRATCH, Half),
            HostTo(BE, R8, Half).with_comment("the EtherType behind the tag"),
            Add.Imm(R7, 4),
            JEq.Imm(R8, IPV4, found),
            JEq.Imm(R8, IPV6, found),
            JLE.Imm(R7, ETHERTYPE + 2 + 4 * (MOST_TAGS - 1), tag),
            # One more tag would be one too many; anything else is just no IP.
            JEq.Imm(R8, VLAN, malformed),
            JEq.Imm(R8, SERVICE_VLAN, malformed),
            Ja.Label(not_ip),
            Label(found),
        ]
    )


def destination(prefix: str, *, truncated: str) -> Instructions:
    """Put the destination's address as a key of `KEY_SIZE` bytes onto the stack at `KEY`; R7 and R8 are as found.

    The prefix length is that of an address, 128. An IPv4 address is IPv4-mapped: ``::ffff:192.0.2.1``.

    Args:
        prefix: of the block's labels.
        truncated: the label for packets that end before the address does.
    """
    ipv4, done = f"{prefix}destination_ipv4", f"{prefix}destination"
    return Instructions(
        [
            StoreImm(RFP, KEY, 128, Word),
            JEq.Imm(R8, IPV4, ipv4),
            *load_bytes(IPV6_DESTINATION, KEY + 4, 16, truncated),
            Ja.Label(done),
            StoreImm(RFP, KEY + 4, 0, DWord).with_symbol(ipv4),
            StoreImm(RFP, KEY + 12, 0, Half),
            StoreImm(RFP, KEY + 14, -1, Half).with_comment("::ffff:"),
            *load_bytes(IPV4_DESTINATION, KEY + 16, 4, truncated),
            Label(done),
        ]
    )

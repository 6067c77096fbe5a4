"""Code blocks that read a whole packet for policies: from its network header to ports, ICMP type or fragment.

They go on where `ebpfasm.datapath.packet.network_header` ends, one for each family, and never misread: what is cut
short, claims to be longer than it is, or has more headers than they follow leaves as malformed; a fragment that is
not the first has no ports, whatever bytes stand in their place.

=========  ============================================================================================
register   what `ipv4_headers` and `ipv6_headers` leave there
=========  ============================================================================================
R6         the context, as before
R7         the source port, or `NO_PORT` where there is none
R8         the *selector*: protocol, and destination port or ICMP type and code, as one number
R0-R5, R9  anything
=========  ============================================================================================

Of a selector bits 17 to 24 are the protocol, bit 16 (`KNOWN`) says that the lower 16 are known: the destination port,
or type · 256 + code. So one range of selectors is what "TCP to ports 8000-8100" or "any UDP" means. ICMP in IPv6 and
ICMPv6 in IPv4 are only numbers, of which nothing more is known.

Below the frame pointer: the network header's fixed part from `HEADER` on, with both addresses; the 4 bytes at
`TRANSPORT` and 8 at `END` are theirs.
"""

from __future__ import annotations

from ebpfasm.asm.program import Instructions, Label
from ebpfasm.asm.register import BE, R1, R2, R6, R7, R8, R9, RFP, Byte, DWord, Half, Word
from ebpfasm.asm.table import (
    JGE,
    JGT,
    JLE,
    JLT,
    JNE,
    Add,
    And,
    HostTo,
    Ja,
    JEq,
    LoadMem,
    LSh,
    Mov,
    Or,
    RSh,
    StoreMem,
)  # fmt: skip
from ebpfasm.datapath.packet import SCRATCH, load_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ebpfasm.asm.instruction import Instruction

__all__ = [
    "ADDRESSES", "HEADER", "HOP_LIMIT", "ICMP", "ICMPV6", "KNOWN",
    "MOST_EXTENSIONS", "NO_PORT", "PROTOCOL_SHIFT", "WITH_PORTS", "ipv4_headers", "ipv6_headers",
]  # fmt: skip

HEADER = -64
TRANSPORT = -68
END = -80
"""Where the packet ends by what its network header says of its length."""

LEN = 0
"""offsetof(struct __sk_buff, len)"""

# <linux/in.h>, <linux/in6.h>
ICMP, TCP, UDP, DCCP, ICMPV6, SCTP, UDPLITE = 1, 6, 17, 33, 58, 132, 136
HOP_BY_HOP, ROUTING, FRAGMENT, AUTHENTICATION, OPTIONS, MOBILITY, HIP, SHIM6 = 0, 43, 44, 51, 60, 135, 139, 140
WITH_PORTS = (TCP, UDP, DCCP, SCTP, UDPLITE)
"""The protocols whose headers begin with the source and the destination port."""
SAME_SHAPE = (HOP_BY_HOP, ROUTING, OPTIONS, MOBILITY, HIP, SHIM6)
"""Extension headers that begin with the next header's number and their own length in 8 bytes, less the first 8."""

MOST_EXTENSIONS = 8
"""A packet with more extension headers than these is malformed."""

PROTOCOL_SHIFT = 17
KNOWN = 1 << 16
NO_PORT = 1 << 16

# struct iphdr, struct ipv6hdr
IPV4_LENGTH, IPV4_FRAGMENT, IPV4_PROTOCOL = 2, 6, 9
IPV4_SIZE, IPV6_SIZE = 20, 40
ADDRESSES = {4: {"source": 12, "destination": 16}, 6: {"source": 8, "destination": 24}}
"""Where in the header of each family the addresses are."""
IPV6_LENGTH, IPV6_NEXT, HOP_LIMIT = 4, 6, 7
OFFSET_MASK = 0x1FFF
"""IP_OFFSET of <net/ip.h>: the word's upper three bits are flags."""
IPV6_OFFSET_MASK = 0xFFF8
"""IP6_OFFSET of <net/ipv6.h>: the lower three bits are a flag and reserved."""


def ipv4_headers(prefix: str, *, malformed: str, fragment: str) -> Instructions:
    """Read the packet from its IPv4 header on; R7 is that header's offset, as `network_header` found it.

    Args:
        prefix: of the block's labels.
        malformed: the label for packets with a wrong version, a header of less than 20 bytes, or cut short.
        fragment: the label for fragments other than the first. R7 and R8 are set for them, too.
    """
    return Instructions(
        [
            *load_bytes(0, HEADER, IPV4_SIZE, malformed),
            LoadMem(R9, RFP, HEADER, Byte),
            Mov.Reg(R1, R9),
            RSh.Imm(R1, 4),
            JNE.Imm(R1, 4, malformed).with_comment("version"),
            And.Imm(R9, 15),
            LSh.Imm(R9, 2),
            JLT.Imm(R9, IPV4_SIZE, malformed).with_comment("length of the header with its options"),
            LoadMem(R1, RFP, HEADER + IPV4_LENGTH, Half),
            HostTo(BE, R1, Half),
            *_end(prefix, malformed),
            Add.Reg(R7, R9).with_comment("the header behind"),
            LoadMem(R8, RFP, HEADER + IPV4_PROTOCOL, Byte),
            LoadMem(R9, RFP, HEADER + IPV4_FRAGMENT, Half),
            HostTo(BE, R9, Half),
            And.Imm(R9, OFFSET_MASK),
            *_transport(prefix, ICMP, malformed, fragment),
        ]
    )


def ipv6_headers(prefix: str, *, malformed: str, fragment: str) -> Instructions:
    """Read the packet from its IPv6 header on; R7 is that header's offset, as `network_header` found it.

    Extension headers are followed up to the protocol. It can stay unknown to fragments other than the first, whose
    fragment header names an extension header; no packet has that number for a protocol.

    Args:
        prefix: of the block's labels.
        malformed: the label for packets with a wrong version, more than `MOST_EXTENSIONS`, or cut short.
        fragment: the label for fragments other than the first. R7 and R8 are set for them, too.
    """
    each, following, transport = f"{prefix}extension", f"{prefix}next", f"{prefix}transport"
    same_shape, authentication, fragmented = f"{prefix}same_shape", f"{prefix}authentication", f"{prefix}fragmented"
    return Instructions(
        [
            *load_bytes(0, HEADER, IPV6_SIZE, malformed),
            LoadMem(R1, RFP, HEADER, Byte),
            RSh.Imm(R1, 4),
            JNE.Imm(R1, 6, malformed).with_comment("version"),
            LoadMem(R1, RFP, HEADER + IPV6_LENGTH, Half),
            HostTo(BE, R1, Half),
            JEq.Imm(R1, 0, f"{prefix}jumbo"),
            Add.Imm(R1, IPV6_SIZE).with_comment("what is counted is behind the header"),
            Label(f"{prefix}jumbo"),
            *_end(prefix, malformed),
            LoadMem(R8, RFP, HEADER + IPV6_NEXT, Byte),
            Add.Imm(R7, IPV6_SIZE).with_comment("the header behind"),
            Mov.Imm(R9, 0).with_comment("extension headers so far"),
            *(JEq.Imm(R8, usual, f"{prefix}whole") for usual in (TCP, UDP, ICMPV6)),
            Label(each),
            *(JEq.Imm(R8, header, same_shape) for header in SAME_SHAPE),
            JEq.Imm(R8, FRAGMENT, fragmented),
            JEq.Imm(R8, AUTHENTICATION, authentication),
            Ja.Label(f"{prefix}whole"),
            Label(same_shape),
            *_extension(2, malformed),
            Add.Imm(R1, 1),
            LSh.Imm(R1, 3),
            Ja.Label(following),
            Label(authentication),
            *_extension(2, malformed),
            Add.Imm(R1, 2),
            LSh.Imm(R1, 2).with_comment("RFC 4302 §2.2: in words, less 2"),
            Ja.Label(following),
            Label(fragmented),
            *_extension(4, malformed),
            LoadMem(R1, RFP, SCRATCH + 2, Half),
            HostTo(BE, R1, Half),
            And.Imm(R1, IPV6_OFFSET_MASK),
            JNE.Imm(R1, 0, f"{prefix}part"),
            Mov.Imm(R1, 8),
            Label(following),
            Add.Reg(R7, R1),
            Add.Imm(R9, 1),
            JLE.Imm(R9, MOST_EXTENSIONS, each),
            Ja.Label(malformed),
            Label(f"{prefix}part"),
            Add.Imm(R7, 8),
            Mov.Imm(R9, 1),
            Ja.Label(transport),
            Mov.Imm(R9, 0).with_symbol(f"{prefix}whole"),
            Label(transport),
            *_transport(prefix, ICMPV6, malformed, fragment),
        ]
    )


def _end(prefix: str, malformed: str) -> list[Instruction | Label]:
    """Keep where the packet ends that says to have R1 bytes from R7 on, if it has them.

    0 says nothing: so are packets larger than the field, which the kernel has before they are cut for the wire.
    """
    return [
        LoadMem(R2, R6, LEN, Word),
        StoreMem(RFP, END, R2, DWord),
        JEq.Imm(R1, 0, f"{prefix}length"),
        Add.Reg(R1, R7),
        JGT.Reg(R1, R2, malformed).with_comment("claims more than there is"),
        StoreMem(RFP, END, R1, DWord),
        Label(f"{prefix}length"),
    ]


def _extension(size: int, malformed: str) -> list[Instruction]:
    """Read the beginning of an extension header, of which there may be one more: R8 is the next one, R1 the length."""
    return [
        JGE.Imm(R9, MOST_EXTENSIONS, malformed),
        *load_bytes(0, SCRATCH, size, malformed),
        LoadMem(R8, RFP, SCRATCH, Byte),
        LoadMem(R1, RFP, SCRATCH + 1, Byte),
    ]


def _transport(prefix: str, icmp: int, malformed: str, fragment: str) -> list[Instruction | Label]:
    """Make the selector: R7 is the offset behind the network headers, R8 the protocol, R9 not 0 in a later fragment."""
    plain, ports, whole, done = (f"{prefix}{name}" for name in ("plain", "ports", "icmp", "done"))

    def four_bytes() -> list[Instruction]:
        return [
            LoadMem(R1, RFP, END, DWord),
            Mov.Reg(R2, R7),
            Add.Imm(R2, 4),
            JGT.Reg(R2, R1, malformed),
            *load_bytes(0, TRANSPORT, 4, malformed),
            LSh.Imm(R8, PROTOCOL_SHIFT),
            Or.Imm(R8, KNOWN),
        ]

    return [
        JNE.Imm(R9, 0, plain),
        *(JEq.Imm(R8, protocol, ports) for protocol in WITH_PORTS),
        JEq.Imm(R8, icmp, whole),
        Label(plain),
        LoadMem(R1, RFP, END, DWord),
        JGT.Reg(R7, R1, malformed),
        Mov.Imm(R7, NO_PORT),
        LSh.Imm(R8, PROTOCOL_SHIFT),
        JNE.Imm(R9, 0, fragment),
        Ja.Label(done),
        Label(whole),
        *four_bytes(),
        LoadMem(R1, RFP, TRANSPORT, Half),
        HostTo(BE, R1, Half).with_comment("type and code"),
        Or.Reg(R8, R1),
        Mov.Imm(R7, NO_PORT),
        Ja.Label(done),
        Label(ports),
        *four_bytes(),
        LoadMem(R7, RFP, TRANSPORT, Half),
        HostTo(BE, R7, Half).with_comment("source port"),
        LoadMem(R1, RFP, TRANSPORT + 2, Half),
        HostTo(BE, R1, Half).with_comment("destination port"),
        Or.Reg(R8, R1),
        Label(done),
    ]

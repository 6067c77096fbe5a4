"""The program that walks rules held in a map; it is the same whatever the rules are.

The map is an array of one map: whoever replaces the rules puts another inner map into its slot, so that a packet
meets all the old ones or all the new ones. The inner map is an array of the entries of IPv4 and those of IPv6.
"""

from __future__ import annotations

from ebpfasm.asm.helpers import FnMapLookupElem
from ebpfasm.asm.program import Instructions
from ebpfasm.asm.register import R0, R1, R2, R3, R4, R5, R7, R8, R9, RFP, DWord, Word
from ebpfasm.asm.table import (
    JGT,
    JLE,
    JNE,
    Add,
    And,
    Ja,
    JEq,
    LoadMapPtr,
    LoadMem,
    Mov,
    StoreImm,
    Sub,
)  # fmt: skip
from ebpfasm.datapath.headers import ADDRESSES, HEADER
from ebpfasm.datapath.policy import frame
from ebpfasm.datapath.policy.counts import Count
from ebpfasm.datapath.policy.entries import ADDRESS_SIZE, ENTRY_SIZE, INDEX, SELECTOR, SOURCE, VERDICT
from ebpfasm.datapath.policy.frame import ALLOW, DENY
from ebpfasm.datapath.policy.rule import PEER
from ebpfasm.datapath.policy.selectors import FAMILIES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ebpfasm.asm.instruction import Instruction
    from ebpfasm.asm.register import Register
    from ebpfasm.asm.wide import HasFileno
    from ebpfasm.datapath.policy.rule import Direction

    MapLike = int | str | HasFileno

__all__ = ["INNER_KEY", "walking"]

INNER_KEY = {4: 0, 6: 1}
"""Where in the inner map the entries of a family are."""
KEY = -4
WORDS = {4: ((R2, Word),), 6: ((R2, DWord), (R3, DWord))}
"""The registers that hold the peer's address, as it is in the packet."""


def walking(
    rules: MapLike, counts: MapLike, capacity: int, direction: Direction, then: Instructions | None = None
) -> Instructions:
    """The program of a direction that walks the entries in ``rules``.

    It does what a compiled policy does (`ebpfasm.datapath.policy.compiler.compiled`).

    Args:
        rules: the array of one inner map of entries.
        counts: the map of counters.
        capacity: how many entries a family has at most, besides the default.
        then: what an allowed packet goes on with.
    """
    ipv4, ipv6 = (Instructions(_family(rules, capacity, family, direction)) for family in FAMILIES)
    return frame.framed(counts, ipv4, ipv6, then)


def _family(rules: MapLike, capacity: int, family: int, direction: Direction) -> list[Instruction]:
    size = ADDRESS_SIZE[family]
    entry, following, none = (f"ipv{family}_{name}" for name in ("entry", "entry_not", "no_entry"))
    address = HEADER + ADDRESSES[family][PEER[direction]]
    numbers = 2 * size
    items = [
        StoreImm(RFP, KEY, 0, Word),
        LoadMapPtr(R1, rules),
        *_lookup(none),
        StoreImm(RFP, KEY, INNER_KEY[family], Word),
        Mov.Reg(R1, R0),
        *_lookup(none),
        Mov.Reg(R9, R0).with_comment("the first entry"),
    ]
    step = size // len(WORDS[family])
    for number, (register, word) in enumerate(WORDS[family]):
        items.append(LoadMem(register, RFP, address + step * number, word))
    items.append(Mov.Imm(R5, 0))
    first = len(items)
    for number, (register, word) in enumerate(WORDS[family]):
        items += [
            LoadMem(R1, R9, size + step * number, word),
            And.Reg(R1, register),
            LoadMem(R4, R9, step * number, word),
            JNE.Reg(R1, R4, following),
        ]
    items[first] = items[first].with_symbol(entry).with_comment("peer & mask, and the address it must be")
    items += [
        *_within(R8, numbers + SELECTOR, following, "selector"),
        *_within(R7, numbers + SOURCE, following, "source port"),
        LoadMem(R1, R9, numbers + VERDICT, Word),
        LoadMem(R9, R9, numbers + INDEX, Word),
        JEq.Imm(R1, 0, DENY),
        Ja.Label(ALLOW),
        Add.Imm(R9, ENTRY_SIZE[family]).with_symbol(following),
        Add.Imm(R5, 1),
        JLE.Imm(R5, capacity, entry),
        # Never so, since the last entry matches; but the verifier cannot know that.
        Mov.Imm(R9, Count.DEFAULT).with_symbol(none),
        Ja.Label(DENY),
    ]
    return items


def _lookup(none: str) -> list[Instruction]:
    return [Mov.Reg(R2, RFP), Add.Imm(R2, KEY), FnMapLookupElem.Call(), JEq.Imm(R0, 0, none)]


def _within(register: Register, offset: int, otherwise: str, what: str) -> list[Instruction]:
    """Go to ``otherwise`` unless the register's lower half is in the range at an offset of the entry."""
    return [
        Mov.Reg32(R1, register).with_comment(what),
        LoadMem(R4, R9, offset, Word),
        Sub.Reg32(R1, R4),
        LoadMem(R4, R9, offset + 4, Word),
        JGT.Reg(R1, R4, otherwise),
    ]

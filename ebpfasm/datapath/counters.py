"""Counters that programs of the datapath keep: packets and bytes by what became of them, for each CPU."""

from __future__ import annotations

from ebpfasm.asm.helpers import FnMapLookupElem
from ebpfasm.asm.program import Instructions, Label
from ebpfasm.asm.register import R0, R1, R2, R6, RFP, DWord, Word
from ebpfasm.asm.table import Add, JEq, LoadMapPtr, LoadMem, Mov, StoreMem
from ebpfasm.objects.maps import Map

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NamedTuple

    from ebpfasm.asm.wide import HasFileno

    class Counted(NamedTuple):
        """Packets and their bytes, on all CPUs."""

        packets: int
        bytes: int
else:
    from collections import namedtuple

    Counted = namedtuple("Counted", ("packets", "bytes"))

__all__ = ["Counted", "count_block", "create_counters", "read_counters"]

PERCPU_ARRAY = 6
"""MapType.PERCPU_ARRAY; uapi would cost the import of enum."""
COUNTER_SIZE = 16
LEN = 0
"""offsetof(struct __sk_buff, len)"""
INDEX = -4
"""Where on the stack the block keeps the counter's index."""


def create_counters(name: str, count: int) -> Map:
    """Make the map of so many counters.

    Args:
        name: ``cnt_`` and what they belong to, by which they are found in the kernel; at most 15 characters.
        count: how many.

    Raises:
        OperandError: the name or number cannot be.
        PermissionDenied: CAP_BPF is missing.
    """
    return Map.create(
        PERCPU_ARRAY, key_size=4, value_size=COUNTER_SIZE, max_entries=count, name=name, value="=QQ"
    )  # fmt: skip


def count_block(prefix: str, counters: int | str | HasFileno, index: int) -> Instructions:
    """Count the packet: R6 is the context, register ``index`` (7, 8 or 9) the counter's number; R0 to R5 are lost.

    Args:
        prefix: of the block's labels.
        counters: the map, or a name to bind later.
        index: the register. A number beyond the map is not counted.
    """
    return Instructions(
        [
            StoreMem(RFP, INDEX, index, Word),
            LoadMapPtr(R1, counters),
            Mov.Reg(R2, RFP),
            Add.Imm(R2, INDEX),
            FnMapLookupElem.Call(),
            JEq.Imm(R0, 0, f"{prefix}counted"),
            LoadMem(R1, R0, 0, DWord),
            Add.Imm(R1, 1).with_comment("packets"),
            StoreMem(R0, 0, R1, DWord),
            LoadMem(R1, R0, 8, DWord),
            LoadMem(R2, R6, LEN, Word),
            Add.Reg(R1, R2).with_comment("bytes"),
            StoreMem(R0, 8, R1, DWord),
            Label(f"{prefix}counted"),
        ]
    )


def read_counters(counters: Any) -> list[Counted]:
    """All counters of the map, each added up over the CPUs.

    They are read one after the other while programs count, so they belong to slightly different moments.
    """
    return [added_up(counters[index]) for index in range(counters.max_entries)]


def added_up(values: list[tuple[int, int]]) -> Counted:
    """One counter out of its values on each CPU."""
    return Counted(sum(packets for packets, _ in values), sum(length for _, length in values))

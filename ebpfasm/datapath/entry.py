"""The entry stub: five instructions that hand each packet to whatever program is in a slot."""

from __future__ import annotations

from ebpfasm.asm.helpers import FnTailCall
from ebpfasm.asm.program import Instructions
from ebpfasm.asm.register import R0, R2, R3
from ebpfasm.asm.table import LoadMapPtr, Mov, Return

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ebpfasm.asm.wide import HasFileno

__all__ = ["entry_stub"]


def entry_stub(slots: int | str | HasFileno, index: int = 0, *, miss: int = 0) -> Instructions:
    """The program to attach once, so that what runs can be changed by writing a slot.

    It is the entry program of Cilium's IPVLAN connector: R1 is still the context, R2 the program
    array, R3 the index; the helper does not come back unless the slot is empty.

    Args:
        slots: the program array: an fd, a `Map`, anything with ``fileno()``, or a name to bind later.
        index: which slot, -2³¹..2³¹-1 (the kernel reads it as unsigned).
        miss: the verdict when the slot is empty. 0 is TC_ACT_OK: the packet passes; 2 (TC_ACT_SHOT)
            would drop it.

    Returns:
        The program, six units long, which is 48 bytes once encoded.

    Raises:
        OperandError: ``slots`` is no map, or a number does not fit.
    """
    return Instructions(
        [
            LoadMapPtr(R2, slots),
            Mov.Imm(R3, index),
            FnTailCall.Call(),
            Mov.Imm(R0, miss),
            Return(),
        ]
    )

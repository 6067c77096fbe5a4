"""The small programs of a node, and what delivery at one of its hooks consists of."""

from __future__ import annotations

from typing import NamedTuple

from ebpfasm.asm.program import Instructions
from ebpfasm.asm.register import R0, R1, R6
from ebpfasm.asm.table import Mov, Return
from ebpfasm.objects.programs import Program

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ebpfasm.datapath.clsact_link import ClsactLink
    from ebpfasm.datapath.connectors.connector import Hook
    from ebpfasm.objects.links import Link
    from ebpfasm.objects.maps import Map

__all__ = ["SCHED_CLS", "Delivery", "load_allow", "load_onward", "object_name"]

SCHED_CLS = 3  # ProgramType.SCHED_CLS


class Delivery(NamedTuple):
    """The program that calls the receivers' policies at one of the host's hooks."""

    hook: Hook
    program: Program
    counts: Map
    """What it did with how many packets, by `Count`."""
    link: Link | ClsactLink


def load_allow() -> Program:
    """Load the ingress policy of a pod to which everything may be sent."""
    return Program.load(SCHED_CLS, Instructions([Mov.Imm(R0, 0), Return()]), name="policy_allow")


def load_onward(block: Instructions) -> Program:
    """Load what pods without an egress policy run: a node's block for what a sender's program does last."""
    return Program.load(SCHED_CLS, Instructions([Mov.Reg(R6, R1)]) + block, name="policy_none")


def object_name(prefix: str, device: str) -> str:
    """A name for the kernel that has the device's in it: of 15 characters, and a device's may have any others."""
    allowed = (each if each.isascii() and each.isalnum() else "_" for each in device)
    return f"{prefix}{''.join(allowed)}"[:15]

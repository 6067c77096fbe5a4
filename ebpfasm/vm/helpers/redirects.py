"""Helpers that send a packet elsewhere: the run's result says where to."""

from __future__ import annotations

from ebpfasm.uapi.program_type import ProgramType
from ebpfasm.vm.helpers.arguments import check_size, signed32

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ebpfasm.vm.machine import Machine

__all__ = ["redirect", "redirect_neigh", "redirect_peer"]

TC_ACT_SHOT, TC_ACT_REDIRECT = 2, 7
XDP_ABORTED, XDP_REDIRECT = 0, 4
# net/core/filter.c: BPF_F_INGRESS is the user's; the others are how the kernel notes which helper it was.
INGRESS, NEIGH, PEER, NEXTHOP = 1, 1 << 16, 1 << 17, 1 << 18
NEIGHBOUR = 20
"""sizeof(struct bpf_redir_neigh)."""


def redirect(machine: Machine, r1: int, r2: int) -> int:
    """``(ifindex, flags)``: out of an interface, or with BPF_F_INGRESS into it; the program must return the result."""
    if machine.program_type == ProgramType.XDP:
        if r2:
            return XDP_ABORTED
        machine.redirect = (r1 & 0xFFFFFFFF, 0)
        return XDP_REDIRECT
    if r2 & ~INGRESS:
        return TC_ACT_SHOT
    machine.redirect = (r1 & 0xFFFFFFFF, r2)
    return TC_ACT_REDIRECT


def redirect_peer(machine: Machine, r1: int, r2: int) -> int:
    """``(ifindex, flags)``: to the peer of an interface, in its network namespace; the result's flags are 1 << 17."""
    if r2:
        return TC_ACT_SHOT
    machine.redirect = (r1 & 0xFFFFFFFF, PEER)
    return TC_ACT_REDIRECT


def redirect_neigh(machine: Machine, r1: int, r2: int, r3: int, r4: int) -> int:
    """``(ifindex, next_hop, size, flags)``: with the address of a neighbour; the result's flags are 1 << 16, and
    1 << 18 with a next hop."""
    check_size("r3", r3, zero=True)
    machine.memory.read(r2, r3)
    size = signed32(r3)
    if r4 or 0 < size < NEIGHBOUR:
        return TC_ACT_SHOT
    machine.redirect = (r1 & 0xFFFFFFFF, NEIGH | (NEXTHOP if size else 0))
    return TC_ACT_REDIRECT

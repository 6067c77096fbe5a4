"""What the verifier makes sure of before a helper is called."""

from __future__ import annotations

from ebpfasm.vm.memory import CONTEXT, SHIFT, Fault
from ebpfasm.vm.skb import Skb
from ebpfasm.vm.xdp_md import Xdp

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ebpfasm.vm.machine import Machine

__all__ = ["check_size", "map_of", "signed32", "skb_of", "xdp_of"]

CONTEXT_ADDRESS = CONTEXT << SHIFT
BPF_MAX_VAR_SIZ = 1 << 29
"""The most bytes a helper takes (include/linux/bpf_verifier.h)."""


def skb_of(machine: Machine, ctx: int) -> Skb:
    """The packet and ``__sk_buff`` of a run, where a register holds the address of the context."""
    skb = machine.state.get("context")
    if not isinstance(skb, Skb):
        raise Fault("calls a helper for programs whose context is a __sk_buff; give the run one: ctx=SkBuff()")
    _check_context(ctx)
    return skb


def xdp_of(machine: Machine, ctx: int) -> Xdp:
    """The packet and ``xdp_md`` of a run, where a register holds the address of the context."""
    xdp = machine.state.get("context")
    if not isinstance(xdp, Xdp):
        raise Fault("calls a helper for XDP programs; give the run their context: ctx=XdpMd()")
    _check_context(ctx)
    return xdp


def _check_context(ctx: int) -> None:
    if ctx != CONTEXT_ADDRESS:
        raise Fault(f"passes {ctx:#x} where the context belongs, whose address is {CONTEXT_ADDRESS:#x}", ctx)


def map_of(machine: Machine, address: int, types: frozenset[int], helper: str) -> Any:
    """The map whose address is in a register, which must be of one of the types."""
    map = machine.memory.map_at(address)
    if map.type not in types:
        raise Fault(f"passes map {map.name!r}, {map.KIND}, to {helper}, which does not take such maps", address)
    return map


def check_size(register: str, size: int, *, zero: bool = False) -> None:
    """Refuse a size that cannot be one."""
    if size >= BPF_MAX_VAR_SIZ or not (size or zero):
        low = 0 if zero else 1
        raise Fault(f"passes {size:#x} as a size in {register}, which must be in {low}..{BPF_MAX_VAR_SIZ - 1}")


def signed32(value: int) -> int:
    """The low 32 bits of a register as a signed number."""
    return (value & 0xFFFFFFFF ^ 0x80000000) - 0x80000000

"""What programs of each type find in R1, and legacy packet access."""

from __future__ import annotations

from errno import EOPNOTSUPP

from ebpfasm.errors import NotSupported, OperandError
from ebpfasm.uapi.program_type import ProgramType
from ebpfasm.vm.memory import Fault
from ebpfasm.vm.sk_buff import SkBuff
from ebpfasm.vm.sk_buff_fields import RIGHTS
from ebpfasm.vm.skb import Skb
from ebpfasm.vm.xdp_md import XdpMd

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ebpfasm.vm.machine import Machine

__all__ = ["SkBuff", "XdpMd", "context_for", "packet_load"]

# <linux/filter.h>: offsets that count from a header instead of the data. What SKF_AD_OFF means in classic BPF, the
# kernel's conversion to eBPF does away with; here it is only an offset far beyond the network header.
SKF_NET_OFF, SKF_LL_OFF = -0x100000, -0x200000

LEGACY = frozenset({ProgramType.SOCKET_FILTER, ProgramType.SCHED_CLS, ProgramType.SCHED_ACT})


def context_for(program_type: int, ctx: bytes | SkBuff | XdpMd | None) -> SkBuff | XdpMd:
    """What BPF_PROG_TEST_RUN gives to a program.

    Args:
        program_type: a `ProgramType`.
        ctx: the kernel's bytes for the context, or the context itself, or None.

    Raises:
        NotSupported: the vm has no context for programs of this type.
        KernelError: the kernel refuses the bytes.
        OperandError: it is a context of another type.
    """
    if program_type == ProgramType.XDP:
        if isinstance(ctx, XdpMd):
            return ctx
        if not isinstance(ctx, SkBuff):
            return XdpMd.from_bytes(bytes(ctx or b""))
    elif program_type in RIGHTS:
        if isinstance(ctx, SkBuff):
            return ctx.for_type(program_type)
        if not isinstance(ctx, XdpMd):
            return SkBuff.from_bytes(bytes(ctx or b""), program_type=program_type)
    else:
        known = ", ".join(sorted(ProgramType(each).name for each in (*RIGHTS, ProgramType.XDP)))
        raise NotSupported(
            EOPNOTSUPP,
            f"test_run: the vm has no context for programs of type {_name(program_type)}, only for {known}",
            command="BPF_PROG_TEST_RUN",
            feature=f"context of {_name(program_type)}",
        )
    raise OperandError(
        f"test_run: ctx must not be a {type(ctx).__name__} for a program of type {_name(program_type)}",
        field="ctx",
        value=ctx,
    )


def packet_load(machine: Machine, offset: int, size: int) -> int | None:
    """What LD_ABS and LD_IND load: 1, 2 or 4 bytes of the packet in network byte order (bpf_skb_load_helper_8() and
    those beside it, net/core/filter.c).

    Args:
        offset: the kernel takes its low 32 bits as a signed number. Below 0 it counts from SKF_NET_OFF to the network
            header, or from SKF_LL_OFF to the link layer's.
        size: how many bytes.

    Returns:
        the number, or None where there are no such bytes: then the program ends and returns 0.

    Raises:
        Fault: programs of this type do not have that.
    """
    offset = (offset & 0xFFFFFFFF ^ 0x80000000) - 0x80000000
    skb = machine.state.get("context")
    if isinstance(skb, Skb) and skb.access.program_type in LEGACY:
        if offset < 0:
            if offset >= SKF_NET_OFF:
                offset += skb.net - SKF_NET_OFF
            elif offset >= SKF_LL_OFF:
                offset += skb.mac - SKF_LL_OFF
            else:
                return None
        found = skb.at(offset, size)
    elif skb is not None:
        kinds = ", ".join(sorted(ProgramType(each).name for each in LEGACY))
        raise Fault(f"is for programs of type {kinds} (may_access_skb() in kernel/bpf/verifier.c)")
    else:
        packet = machine.packet or b""
        found = bytes(packet[offset : offset + size]) if 0 <= offset <= len(packet) - size else None
    return None if found is None else int.from_bytes(found)


def _name(program_type: int) -> str:
    try:
        return ProgramType(program_type).name
    except ValueError:
        return str(program_type)

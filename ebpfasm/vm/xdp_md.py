"""The context of XDP programs: ``struct xdp_md``."""

from __future__ import annotations

import struct
from errno import E2BIG, EINVAL, ENOMEM

from ebpfasm.errors import OperandError
from ebpfasm.uapi.program_type import ProgramType
from ebpfasm.vm.access import Access, Structure
from ebpfasm.vm.memory import PACKET, SHIFT
from ebpfasm.vm.sk_buff import refused
from ebpfasm.vm.skb import ETH_HLEN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Self

    from ebpfasm.vm.machine import Machine

__all__ = ["Xdp", "XdpMd"]

XDP_MD = Structure(
    "xdp_md",
    ("data", 4, 1),
    ("data_end", 4, 1),
    ("data_meta", 4, 1),
    ("ingress_ifindex", 4, 1),
    ("rx_queue_index", 4, 1),
    ("egress_ifindex", 4, 1),
)
FIELDS = struct.Struct("=6I")

# xdp_is_valid_access(), net/core/filter.c. `egress_ifindex` is for programs that a devmap runs.
ACCESS = Access(
    XDP_MD,
    ProgramType.XDP,
    dict.fromkeys(("data", "data_end", "data_meta", "ingress_ifindex", "rx_queue_index"), 4),
    {},
)

FRAME = 4096
"""PAGE_SIZE: what a test run puts the first part of a packet into, and how much each further part has."""
HEADROOM = 256
"""XDP_PACKET_HEADROOM, before the metadata and the packet."""
TAILROOM = 320
"""struct skb_shared_info, after the packet."""
OCCUPIED = 40
"""struct xdp_frame, at the beginning of the headroom."""
MOST_FRAGMENTS = 17
"""MAX_SKB_FRAGS."""
LOOPBACK = 1


class XdpMd:
    """An ``xdp_md`` for a program to be run with: ``run(program, packet, ctx=XdpMd(ingress_ifindex=3))``.

    After a run, the result's ``ctx`` has the length of the metadata as ``data`` and that of metadata and packet as
    ``data_end``, as after a test run in the kernel.

    Args:
        metadata: how many bytes at the beginning of the data are metadata: 0..216, a multiple of 4.
        linear: how many bytes, metadata and all, the program can reach directly; the others are in fragments. By
            default as many as the kernel has place for: 3520 and the metadata.
        ingress_ifindex: the interface the packet came from.
        rx_queue_index: the queue it came from.

    Raises:
        OperandError: a number is out of its range.
    """

    program_type = ProgramType.XDP

    def __init__(
        self, *, metadata: int = 0, linear: int | None = None, ingress_ifindex: int = LOOPBACK, rx_queue_index: int = 0
    ) -> None:
        if metadata % 4 or not 0 <= metadata <= HEADROOM - OCCUPIED:
            raise OperandError(
                f"XdpMd: metadata must be a multiple of 4 in 0..{HEADROOM - OCCUPIED}, not {metadata!r}",
                field="metadata",
                value=metadata,
            )
        for field, value in (("ingress_ifindex", ingress_ifindex), ("rx_queue_index", rx_queue_index)):
            if not 0 <= value <= 0xFFFFFFFF:
                raise OperandError(
                    f"XdpMd: {field} must be in 0..{0xFFFFFFFF}, not {value!r}", field=field, value=value
                )
        self.metadata = metadata
        self.linear = linear
        self.ingress_ifindex = ingress_ifindex
        self.rx_queue_index = rx_queue_index
        self._ctx: tuple[int, ...] | None = (0, 0, 0, ingress_ifindex, rx_queue_index, 0)

    @classmethod
    def from_bytes(cls, ctx: bytes) -> Self:
        """What BPF_PROG_TEST_RUN makes of the bytes of an ``xdp_md``; of none, as if there was no context.

        Raises:
            KernelError: the kernel would not take them (bpf_prog_test_run_xdp(), net/bpf/test_run.c).
        """
        if not ctx:
            new = cls()
            new._ctx = None
            return new
        if any(ctx[FIELDS.size :]):
            raise refused(E2BIG, f"the context has {len(ctx)} bytes, and some beyond {FIELDS.size} are not 0")
        data, end, meta, ifindex, queue, egress = fields = FIELDS.unpack(ctx[: FIELDS.size].ljust(FIELDS.size, b"\0"))
        if meta or egress:
            raise refused(EINVAL, f"xdp_md.{'data_meta' if meta else 'egress_ifindex'} must be 0")
        if data > end or data % 4 or data > HEADROOM - OCCUPIED:
            raise refused(
                EINVAL,
                f"xdp_md.data, the length of the metadata, must be a multiple of 4 in 0..{HEADROOM - OCCUPIED} "
                f"and not beyond data_end, {end}; it is {data}",
            )
        if queue and ifindex in (0, LOOPBACK):
            raise refused(EINVAL, f"xdp_md.rx_queue_index must be 0 with ingress_ifindex {ifindex}, not {queue}")
        new = cls(metadata=data, linear=end, ingress_ifindex=ifindex or LOOPBACK, rx_queue_index=queue)
        new._ctx = fields
        return new

    def enter(self, machine: Machine, data: bytes) -> int:
        """Put packet and context into the memory of a run; returns R1.

        Raises:
            KernelError: the kernel would refuse the packet in a test run.
        """
        size = len(data)
        if size - self.metadata < ETH_HLEN:
            with_metadata = f" after {self.metadata} bytes of metadata" if self.metadata else ""
            raise refused(EINVAL, f"a packet must have at least {ETH_HLEN} bytes{with_metadata}, and has {size}")
        if self.linear is not None and self.linear > size:
            raise refused(EINVAL, f"xdp_md.data_end must be in 0..{size}, the length of the data, not {self.linear}")
        linear = min(size if self.linear is None else self.linear, FRAME - TAILROOM - HEADROOM + self.metadata)
        if size > linear + MOST_FRAGMENTS * FRAME:
            raise refused(ENOMEM, f"a packet must have at most {linear + MOST_FRAGMENTS * FRAME} bytes, not {size}")
        xdp = Xdp(data, linear, self.metadata, self.ingress_ifindex, self.rx_queue_index)
        machine.packet = xdp.packet
        machine.memory.place(PACKET, "packet", xdp.packet)
        if machine.program_type is None:
            machine.program_type = self.program_type
        machine.state["context"] = xdp
        return machine.set_context(xdp.ctx, writable=False)

    def leave(self, machine: Machine) -> tuple[bytes, bytes]:
        """The metadata and the packet, and the context, as the program left them."""
        xdp: Xdp = machine.state["context"]
        packet = bytes(xdp.packet) + b"".join(xdp.fragments)
        if self._ctx is None:
            return packet, b""
        return packet, FIELDS.pack(xdp.metadata, len(xdp.packet), *self._ctx[2:])


class Xdp:
    """The packet and the context of a run, as helpers see them.

    ``packet`` are metadata and the part of the packet that programs reach directly, ``metadata`` the length of the
    first, ``headroom`` what is before it, ``fragments`` the rest of the packet; ``ctx`` are the context's bytes.
    """

    __slots__ = ("ctx", "fragments", "headroom", "ingress_ifindex", "metadata", "packet", "rx_queue_index")

    def __init__(self, data: bytes, linear: int, metadata: int, ingress_ifindex: int, rx_queue_index: int) -> None:
        self.headroom = bytes(HEADROOM - metadata)
        self.packet = bytearray(data[:linear])
        self.fragments = [bytearray(data[start : start + FRAME]) for start in range(linear, len(data), FRAME)]
        self.metadata = metadata
        self.ingress_ifindex = ingress_ifindex
        self.rx_queue_index = rx_queue_index
        self.ctx = bytearray(FIELDS.size)
        self.resized()

    @property
    def size(self) -> int:
        """The length of the packet, fragments and all, without metadata (xdp_get_buff_len)."""
        return len(self.packet) - self.metadata + sum(map(len, self.fragments))

    def resized(self) -> None:
        """Tell the context where the packet is."""
        start = PACKET << SHIFT
        data, end = start + self.metadata, start + len(self.packet)
        FIELDS.pack_into(self.ctx, 0, data, end, start, self.ingress_ifindex, self.rx_queue_index, 0)

    def move_head(self, metadata_at: int, metadata: int, content: bytes) -> bool:
        """Let metadata begin at a place in the frame, and the packet after ``metadata`` bytes; False if it cannot.

        ``content`` is written to the place of the metadata.
        """
        if metadata_at < OCCUPIED:
            return False
        frame = bytearray(self.headroom + self.packet)
        frame[metadata_at : metadata_at + len(content)] = content
        self.headroom = bytes(frame[:metadata_at])
        self.packet[:] = frame[metadata_at:]
        self.metadata = metadata
        self.resized()
        return True

    def check(self, offset: int, size: int, writing: bool) -> None:
        """Raise `Fault` unless the program may read, or write, this part of the context."""
        ACCESS.check(offset, size, writing)

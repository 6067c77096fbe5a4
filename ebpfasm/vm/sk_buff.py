"""The context of programs that look at packets in sockets, in traffic control and in routes: ``struct __sk_buff``."""

from __future__ import annotations

import sys
from errno import E2BIG, EINVAL

from ebpfasm.errors import KernelError, OperandError
from ebpfasm.uapi.program_type import ProgramType
from ebpfasm.vm.memory import PACKET
from ebpfasm.vm.sk_buff_fields import SK_BUFF, access_of, link_layer_types, packet_writers
from ebpfasm.vm.skb import ETH_HLEN, Skb, link_protocol, network16

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Self, TypedDict, Unpack

    from ebpfasm.vm.machine import Machine
    from ebpfasm.vm.tunnel import Tunnel

    class Fields(TypedDict, total=False):
        """The fields a user may give: numbers as the program will read them."""

        pkt_type: int
        mark: int
        queue_mapping: int
        protocol: int
        vlan_present: int
        vlan_tci: int
        vlan_proto: int
        priority: int
        ingress_ifindex: int
        ifindex: int
        tc_index: int
        cb: Sequence[int]
        hash: int
        tc_classid: int
        napi_id: int
        family: int
        remote_ip4: int
        local_ip4: int
        remote_ip6: Sequence[int]
        local_ip6: Sequence[int]
        remote_port: int
        local_port: int
        tstamp: int
        wire_len: int
        gso_segs: int
        gso_size: int
        tstamp_type: int
        hwtstamp: int


__all__ = ["SkBuff", "refused"]

ETH_P_IP, ETH_P_IPV6 = 0x0800, 0x86DD
AF_INET, AF_INET6 = 2, 10
PACKET_HOST, PACKET_MULTICAST, PACKET_OTHERHOST = 0, 2, 3
LOOPBACK = 1
"""The interface of a packet that comes from nowhere: that of ``lo``, whose link-layer address is all zeros."""

MOST_DATA = 4096 - 64 - 320
"""PAGE_SIZE less NET_SKB_PAD and struct skb_shared_info (bpf_test_init(), net/bpf/test_run.c)."""
GSO_LEGACY_MAX_SIZE = 65536
GSO_MAX_SEGS = 65535

GIVEN_BY_THE_VM = frozenset({"len", "data", "data_end", "data_meta", "flow_keys", "sk"})
HALF = frozenset(
    {"queue_mapping", "protocol", "vlan_tci", "vlan_proto", "tc_index", "tc_classid", "gso_segs", "gso_size", "family"}
)
"""Fields that have 16 bits in the kernel's struct sk_buff, though 32 here."""

# convert___skb_to_skb() and convert_skb_to___skb(), net/bpf/test_run.c: what a test run takes and what it gives back.
TAKEN = (
    "mark", "priority", "ingress_ifindex", "ifindex", "cb", "tstamp", "wire_len", "gso_segs", "gso_size", "hwtstamp",
)  # fmt: skip
GIVEN_BACK = (
    "mark", "priority", "ingress_ifindex", "ifindex", "cb", "tstamp", "wire_len", "gso_segs", "hwtstamp",
)  # fmt: skip


class SkBuff:
    """A ``__sk_buff`` for a program to be run with: ``run(program, packet, ctx=SkBuff(mark=7))``.

    What is not given is as the kernel makes it of a packet that BPF_PROG_TEST_RUN brings: ``len`` and ``protocol`` of
    the packet, ``pkt_type`` of its destination's address (the interface has all zeros), ``ifindex`` 1, the rest 0.
    After a run, the result's ``ctx`` is the structure as the program left it, without the addresses of packet data;
    `read` takes it apart.

    Args:
        program_type: whose program it is; that decides what the program may read and write.
        tunnel: what the packet came through, for ``bpf_skb_get_tunnel_key``.
        fields: numbers as the program reads them, so ``protocol`` is in the packet's byte order; ``cb``,
            ``remote_ip6`` and ``local_ip6`` are sequences.

    Raises:
        OperandError: there is no such field, or the number does not fit.
    """

    def __init__(
        self,
        *,
        program_type: int = ProgramType.SCHED_CLS,
        tunnel: Tunnel | None = None,
        **fields: Unpack[Fields],
    ) -> None:
        self.program_type = program_type
        self.tunnel = tunnel
        self.fields: dict[str, tuple[int, ...]] = {}
        for name, value in fields.items():
            self.fields[name] = _checked(name, value)
        self._ctx: bytes | None = None
        self._as_kernel = False

    @classmethod
    def from_bytes(cls, ctx: bytes, *, program_type: int = ProgramType.SCHED_CLS) -> Self:
        """What BPF_PROG_TEST_RUN makes of the bytes of a ``__sk_buff``; of none, as if there was no context.

        Raises:
            KernelError: a field is not 0 that the kernel does not take, or there are bytes beyond the structure.
        """
        new = cls(program_type=program_type)
        new._as_kernel = True
        if ctx:
            if any(ctx[SK_BUFF.size :]):
                raise refused(E2BIG, f"the context has {len(ctx)} bytes, and some beyond {SK_BUFF.size} are not 0")
            ctx = ctx[: SK_BUFF.size].ljust(SK_BUFF.size, b"\0")
            given = cls.read(ctx)
            rest = bytearray(ctx)
            for name in TAKEN:
                start, size, count = SK_BUFF.places[name]
                rest[start : start + size * count] = bytes(size * count)
            if any(rest):
                offset = next(offset for offset, byte in enumerate(rest) if byte)
                name = SK_BUFF.field_at(offset) or f"byte {offset}"
                raise refused(EINVAL, f"__sk_buff.{name} must be 0; a test run takes {', '.join(TAKEN)}")
            if given["gso_segs"] > GSO_MAX_SEGS:
                raise refused(EINVAL, f"__sk_buff.gso_segs must be in 0..{GSO_MAX_SEGS}, not {given['gso_segs']}")
            new._ctx = bytes(ctx)
            new.fields = {name: _numbers(ctx, name) for name in TAKEN}
            new.fields["gso_size"] = (given["gso_size"] & 0xFFFF,)
            if new.fields["ifindex"] == (0,):
                del new.fields["ifindex"]
            if new.fields["wire_len"] == (0,):
                del new.fields["wire_len"]
        return new

    def for_type(self, program_type: int) -> SkBuff:
        """The same for a program of another type."""
        new = SkBuff(program_type=program_type, tunnel=self.tunnel)
        new.fields, new._ctx, new._as_kernel = self.fields, self._ctx, self._as_kernel
        return new

    @staticmethod
    def read(ctx: bytes) -> dict[str, int]:
        """The fields of a ``__sk_buff`` by name; ``cb``, ``remote_ip6`` and ``local_ip6`` as one number each entry:
        ``cb[0]``."""
        found = {}
        for name, (_, _, count) in SK_BUFF.places.items():
            for index, value in enumerate(_numbers(ctx, name)):
                found[name if count == 1 else f"{name}[{index}]"] = value
        return found

    def enter(self, machine: Machine, data: bytes) -> int:
        """Put packet and context into the memory of a run; returns R1.

        Raises:
            KernelError: the kernel would refuse the packet, in a test run.
            OperandError: there is no Ethernet header.
        """
        packet = bytearray(data)
        link_layer = self.program_type in link_layer_types
        skb = Skb(access_of(self.program_type), packet, link_layer=link_layer)
        skb.from_tunnel = self.tunnel
        protocol = self._look_at_packet(skb, data)
        if not link_layer:
            del packet[:ETH_HLEN]
        self._fill_in(skb, data, protocol)
        skb.resized()
        machine.packet = packet
        machine.memory.place(PACKET, "packet", packet, writable=self.program_type in packet_writers)
        if machine.program_type is None:
            machine.program_type = self.program_type
        machine.state["context"] = skb
        return machine.set_context(skb.ctx)

    def leave(self, machine: Machine) -> tuple[bytes, bytes]:
        """The packet and the context as the program left them."""
        skb: Skb = machine.state["context"]
        # bpf_prog_test_run_skb() puts an empty Ethernet header before a packet that was shown without its own.
        packet = bytes(skb.packet) if self.program_type in link_layer_types else bytes(ETH_HLEN) + skb.packet
        if self._as_kernel:
            if self._ctx is None:
                return packet, b""
            ctx = bytearray(self._ctx)
            for name in GIVEN_BACK:
                start, size, count = SK_BUFF.places[name]
                ctx[start : start + size * count] = skb.ctx[start : start + size * count]
            return packet, bytes(ctx)
        for name in ("data", "data_end", "data_meta"):
            skb.set(name, 0)
        return packet, bytes(skb.ctx)

    def _look_at_packet(self, skb: Skb, data: bytes) -> int:
        size = len(data)
        if size < ETH_HLEN:
            message = f"the packet must begin with an Ethernet header of {ETH_HLEN} bytes, and has {size}"
            if self._as_kernel:
                raise refused(EINVAL, message)
            raise OperandError(f"SkBuff: {message}", field="data", value=data)
        protocol = int.from_bytes(data[12:14])
        if self._as_kernel:
            if size > MOST_DATA:
                raise refused(EINVAL, f"the packet must have {ETH_HLEN}..{MOST_DATA} bytes, not {size}")
            least = {ETH_P_IP: 20, ETH_P_IPV6: 40}.get(protocol, 0)
            if size < ETH_HLEN + least:
                what = f"the packet's protocol is {protocol:#06x}, so it must have at least {ETH_HLEN + least} bytes"
                raise refused(EINVAL, f"{what}, not {size}")
            wire_len = self.fields.get("wire_len")
            if wire_len is not None and not len(skb.packet) - skb.pulled <= wire_len[0] <= GSO_LEGACY_MAX_SIZE:
                raise refused(
                    EINVAL,
                    f"__sk_buff.wire_len must be 0 or in {len(skb.packet) - skb.pulled}..{GSO_LEGACY_MAX_SIZE}, "
                    f"not {wire_len[0]}",
                )
        return protocol

    def _fill_in(self, skb: Skb, data: bytes, protocol: int) -> None:
        # eth_type_trans(), net/ethernet/eth.c. The kernel's loopback has no broadcast address: that is multicast, too.
        address = data[:6]
        skb.set("pkt_type", (PACKET_MULTICAST if address[0] & 1 else PACKET_OTHERHOST) if any(address) else PACKET_HOST)
        skb.set("ifindex", LOOPBACK)
        skb.set("protocol", network16(link_protocol(protocol, data[14:16])))
        # The socket of a test run is between the packet's addresses.
        if protocol == ETH_P_IP and len(data) >= ETH_HLEN + 20:
            skb.set("family", AF_INET)
            skb.put("local_ip4", data[26:30])
            skb.put("remote_ip4", data[30:34])
        elif protocol == ETH_P_IPV6 and len(data) >= ETH_HLEN + 40:
            skb.set("family", AF_INET6)
            skb.put("local_ip6", data[22:38])
            skb.put("remote_ip6", data[38:54])
        if not self._as_kernel or self._ctx is not None:
            skb.set("wire_len", len(skb.packet))
        for name, values in self.fields.items():
            size = SK_BUFF.places[name][1]
            skb.put(name, b"".join(value.to_bytes(size, sys.byteorder) for value in values))
        skb.queue_mapping = skb.get("queue_mapping")


def refused(errno: int, message: str) -> KernelError:
    """What the kernel says to a test run it does not take."""
    from errno import errorcode

    return KernelError(errno, f"BPF_PROG_TEST_RUN: {errorcode[errno]}: {message}", command="BPF_PROG_TEST_RUN")


def _numbers(ctx: bytes, name: str) -> tuple[int, ...]:
    start, size, count = SK_BUFF.places[name]
    return tuple(
        int.from_bytes(ctx[place : place + size], sys.byteorder) for place in range(start, start + size * count, size)
    )


def _checked(name: str, value: object) -> tuple[int, ...]:
    place = SK_BUFF.places.get(name)
    if place is None or name in GIVEN_BY_THE_VM:
        settable = ", ".join(each for each in SK_BUFF.places if each not in GIVEN_BY_THE_VM)
        raise OperandError(f"SkBuff: there is no field {name!r} to set; there are {settable}", field=name, value=value)
    _, size, count = place
    values = (value,) if count == 1 else tuple(value) if isinstance(value, (list, tuple)) else (None,)
    if len(values) > count:
        raise OperandError(f"SkBuff: {name} must have {count} numbers, not {len(values)}", field=name, value=value)
    high = 7 if name == "pkt_type" else 0xFFFF if name in HALF else (1 << size * 8) - 1
    numbers = []
    for each in values:
        if not isinstance(each, int) or isinstance(each, bool) or not 0 <= each <= high:
            what = "" if count == 1 else f" of {count} numbers, each"
            raise OperandError(
                f"SkBuff: {name} must be{what} in 0..{high}, not {value!r}", field=name, value=value, low=0, high=high
            )
        numbers.append(each)
    return tuple(numbers)

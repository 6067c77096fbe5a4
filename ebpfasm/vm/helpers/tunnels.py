"""Helpers that say through which tunnel a packet is to go, and through which one it came."""

from __future__ import annotations

import struct
import sys
from errno import EINVAL, EPROTO

from ebpfasm.vm.helpers.arguments import check_size, skb_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ipaddress import IPv4Address, IPv6Address

    from ebpfasm.vm.machine import Machine
    from ebpfasm.vm.tunnel import Tunnel

__all__ = ["skb_get_tunnel_key", "skb_set_tunnel_key"]

# struct bpf_tunnel_key: tunnel_id, remote, tos, ttl, ext or flags, label, local. An IPv4 address is a number, an IPv6
# address stands as in a packet. Older programs know less of the structure, up to one of its members.
KEY = struct.Struct("=I16sBB2sI16s")
WHOLE, TO_LOCAL, TO_LABEL, TO_EXT, TO_REST_OF_REMOTE = KEY.size, 28, 24, 22, 8
SIZES = {WHOLE, TO_LOCAL, TO_LABEL, TO_EXT, TO_REST_OF_REMOTE}

TUNINFO_IPV6, ZERO_CSUM_TX, DONT_FRAGMENT, SEQ_NUMBER, NO_TUNNEL_KEY = 1, 2, 4, 8, 16  # BPF_F_… of the set helper
TUNINFO_FLAGS = 16  # BPF_F_TUNINFO_FLAGS, of the get helper

# include/net/ip_tunnels.h; uapi/linux/if_tunnel.h
TUNNEL_CSUM, TUNNEL_KEY, TUNNEL_SEQ, TUNNEL_DONT_FRAGMENT, TUNNEL_NOCACHE = 1, 4, 8, 0x100, 0x2000
FLOW_LABEL = 0xFFFFF


def skb_set_tunnel_key(machine: Machine, r1: int, r2: int, r3: int, r4: int) -> int:
    """``(skb, key, size, flags)``: have a tunnel device that the packet is sent to use this key."""
    skb = skb_of(machine, r1)
    check_size("r3", r3)
    given = machine.memory.read(r2, r3)
    if r4 & ~(TUNINFO_IPV6 | ZERO_CSUM_TX | DONT_FRAGMENT | SEQ_NUMBER | NO_TUNNEL_KEY) or r3 not in SIZES:
        return -EINVAL
    number, remote, tos, ttl, ext, label, local = KEY.unpack(given.ljust(WHOLE, b"\0"))
    if any(ext) or (label and not r4 & TUNINFO_IPV6):
        return -EINVAL
    flags = TUNNEL_KEY | TUNNEL_CSUM | TUNNEL_NOCACHE
    if r4 & DONT_FRAGMENT:
        flags |= TUNNEL_DONT_FRAGMENT
    if r4 & ZERO_CSUM_TX:
        flags &= ~TUNNEL_CSUM
    if r4 & SEQ_NUMBER:
        flags |= TUNNEL_SEQ
    if r4 & NO_TUNNEL_KEY:
        flags &= ~TUNNEL_KEY
    ipv6 = bool(r4 & TUNINFO_IPV6)
    skb.to_tunnel = machine.tunnel = _tunnel(
        number, _address(remote, ipv6), _address(local, ipv6), tos, ttl, label & FLOW_LABEL, flags
    )
    return 0


def skb_get_tunnel_key(machine: Machine, r1: int, r2: int, r3: int, r4: int) -> int:
    """``(skb, key, size, flags)``: the key of the tunnel that the packet came through, or zeros and an error."""
    skb = skb_of(machine, r1)
    check_size("r3", r3)
    machine.memory.write(r2, bytes(r3))
    tunnel = skb.from_tunnel
    if skb.to_tunnel is not None:  # is in the same place, and its two ends are the other way round
        to = skb.to_tunnel
        tunnel = _tunnel(to.id, to.local, to.remote, to.tos, to.ttl, to.label, to.flags)
    if tunnel is None or r4 & ~(TUNINFO_IPV6 | TUNINFO_FLAGS):
        return -EINVAL
    ipv6 = tunnel.remote.version == 6
    if ipv6 != bool(r4 & TUNINFO_IPV6):
        return -EPROTO
    if r3 not in SIZES or (r3 == TO_REST_OF_REMOTE and ipv6):
        return -EINVAL
    remote, local = (
        address.packed if ipv6 else int(address).to_bytes(4, sys.byteorder).ljust(16, b"\0")
        for address in (tunnel.remote, tunnel.local)
    )
    ext = tunnel.flags.to_bytes(2) if r4 & TUNINFO_FLAGS else bytes(2)
    label = tunnel.label if ipv6 else 0
    machine.memory.write(r2, KEY.pack(tunnel.id, remote, tunnel.tos, tunnel.ttl, ext, label, local)[:r3])
    return 0


def _tunnel(
    id: int,
    remote: IPv4Address | IPv6Address,
    local: IPv4Address | IPv6Address,
    tos: int,
    ttl: int,
    label: int,
    flags: int,
) -> Tunnel:
    from ebpfasm.vm.tunnel import Tunnel  # with ipaddress, which most programs do without

    return Tunnel(id, remote, local, tos=tos, ttl=ttl, label=label, flags=flags)


def _address(member: bytes, ipv6: bool) -> IPv4Address | IPv6Address:
    """The address in a member of the structure."""
    from ipaddress import IPv4Address, IPv6Address

    return IPv6Address(member) if ipv6 else IPv4Address(int.from_bytes(member[:4], sys.byteorder))

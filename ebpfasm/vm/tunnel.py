"""The tunnel a packet came through, or is to be sent through: the kernel's ``struct ip_tunnel_info``."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

from ebpfasm.errors import OperandError

__all__ = ["Tunnel"]

HIGHEST = {"id": 0xFFFFFFFF, "tos": 0xFF, "ttl": 0xFF, "label": 0xFFFFF, "flags": 0xFFFF}


class Tunnel:
    """What a tunnel device adds to a packet, or took from it, as ``bpf_skb_set_tunnel_key`` and ``…get…`` have it.

    ``run(program, packet, ctx=SkBuff(tunnel=Tunnel(7, "192.0.2.1")))`` is a packet that came from a tunnel; the
    ``tunnel`` of a run's result is what the program set.

    Args:
        id: the tunnel's number: a VXLAN's VNI.
        remote: the address of the other end: a string or an address of `ipaddress`.
        local: that of this end, of the same family; all zeros unless it is given.
        tos, ttl: of the outer header; 0 leaves them to the device.
        label: the flow label of an outer IPv6 header.
        flags: ``TUNNEL_…`` of include/net/ip_tunnels.h, such as 4, which says that there is an ``id``.

    Raises:
        OperandError: an address is none, the two are not of one family, or a number does not fit.
    """

    __slots__ = ("flags", "id", "label", "local", "remote", "tos", "ttl")

    def __init__(
        self,
        id: int,
        remote: str | IPv4Address | IPv6Address,
        local: str | IPv4Address | IPv6Address | None = None,
        *,
        tos: int = 0,
        ttl: int = 0,
        label: int = 0,
        flags: int = 4,
    ) -> None:
        self.id = id
        self.remote = _address("remote", remote)
        self.local = _address("local", type(self.remote)(0) if local is None else local)
        self.tos = tos
        self.ttl = ttl
        self.label = label
        self.flags = flags
        if self.local.version != self.remote.version:
            raise OperandError(
                f"Tunnel: local must be of the family of remote ({self.remote}), not {local}",
                field="local",
                value=local,
            )
        for field, high in HIGHEST.items():
            value = getattr(self, field)
            if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= high:
                raise OperandError(
                    f"Tunnel: {field} must be in 0..{high}, not {value!r}", field=field, value=value, low=0, high=high
                )

    def __eq__(self, other: object) -> bool:
        return self._members() == other._members() if isinstance(other, Tunnel) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._members())

    def __repr__(self) -> str:
        return f"<Tunnel {self.id} to {self.remote}, flags {self.flags:#x}>"

    def _members(self) -> tuple[object, ...]:
        return tuple(getattr(self, name) for name in self.__slots__)


def _address(field: str, given: str | IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    try:
        return ip_address(given)
    except ValueError as error:
        raise OperandError(f"Tunnel: {field}: {error}", field=field, value=given) from None

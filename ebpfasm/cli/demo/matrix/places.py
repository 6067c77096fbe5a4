"""Who is there: a host with two pods, and a host outside; each in a namespace of its own, with services."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from ebpfasm.cli.demo.lab import PREFIX
from ebpfasm.kernel import netlink, netns, sysctl
from ebpfasm.kernel.interfaces import interfaces

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import ExitStack

__all__ = ["COLUMNS", "PLACES", "Column", "Network", "Place"]

MASTER, WIRE = "m0", "x0"
LOOPBACK = 1  # the index of lo in every namespace


class Place(NamedTuple):
    """A namespace with an address of each family, by which the others know it."""

    name: str
    ipv4: str
    ipv6: str
    services: tuple[int, ...]
    """The UDP ports it answers at."""

    def address(self, version: int) -> str:
        """Its address of that family, 4 or 6."""
        return self.ipv4 if version == 4 else self.ipv6


# Documentation's networks outside (RFC 5737, RFC 3849), private ones within (RFC 1918, RFC 4193).
HOST = Place("host", "10.0.0.1", "fd00::1", (53,))
WEB = Place("web", "10.0.0.11", "fd00::11", (80, 22))
DB = Place("db", "10.0.0.12", "fd00::12", (5432,))
OUTSIDE = Place("outside", "192.0.2.2", "2001:db8::2", (443,))
PLACES = (WEB, DB, HOST, OUTSIDE)
PODS = (WEB, DB)
ROUTER = ("192.0.2.1", "2001:db8::1")
"""The host's addresses outside."""
POD_NETWORKS = ("10.0.0.0/24", "fd00::/64")


class Column(NamedTuple):
    """A service of a place."""

    place: Place
    port: int


COLUMNS = tuple(Column(place, port) for place in PLACES for port in place.services)


class Network:
    """The four namespaces, and the wire between the host and the one outside; the pods' devices are the node's to make.

    Attributes:
        names: of the namespaces.
    """

    def __init__(self) -> None:
        self.names = tuple(f"{PREFIX}{os.getpid()}-{place.name}" for place in PLACES)
        self._named = dict(zip(PLACES, self.names, strict=True))
        self._master = 0

    def netns(self, place: Place) -> str:
        """The name of a place's namespace."""
        return self._named[place]

    def build(self, undo: ExitStack, check: Callable[[], None]) -> None:
        """Make it all; ``undo`` gets what removes it, ``check`` is called between the steps.

        Raises:
            KernelError: a step failed; PermissionDenied and NotSupported say what is missing.
        """
        undo.callback(self._remove)
        for name in self.names:
            netns.create(name)
            netlink.set_up(LOOPBACK, name)
            check()
        host, outside = self.netns(HOST), self.netns(OUTSIDE)
        for setting in (("ipv4", "ip_forward"), ("ipv6", "conf", "all", "forwarding")):
            sysctl.write(setting, 1, host)
        self._master, wire = netlink.create_veth(MASTER, WIRE, netns=host, peer_netns=outside)
        check()
        for address, length in zip(ROUTER, (24, 64), strict=True):
            netlink.add_address(self._master, f"{address}/{length}", host)
        for address, length in ((OUTSIDE.ipv4, 24), (OUTSIDE.ipv6, 64)):
            netlink.add_address(wire, f"{address}/{length}", outside)
        netlink.set_up(self._master, host)
        netlink.set_up(wire, outside)
        for network, router in zip(POD_NETWORKS, ROUTER, strict=True):
            netlink.add_route(network, via=router, netns=outside)
        check()

    def left(self) -> list[str]:
        """What is still there of it, in words."""
        named = set(netns.names())
        return [f"namespace {name}" for name in self.names if name in named]

    def _remove(self) -> None:
        there = set(netns.names())
        host = self.netns(HOST)
        if host in there and self._master and self._master in interfaces(host).values():
            netlink.delete_link(self._master, host)
        for name in self.names:
            if name in there:
                netns.delete(name)

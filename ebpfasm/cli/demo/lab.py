"""The network of the demo, in namespaces of its own: two pods, on IPVLAN or with a host that routes between them."""

from __future__ import annotations

import os

from ebpfasm.cli.demo.swaps import DESTINATIONS, SOURCE
from ebpfasm.errors import NotSupported
from ebpfasm.kernel import devices, netlink, netns
from ebpfasm.kernel.interfaces import interfaces

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import ExitStack

__all__ = ["Lab", "remove_stale"]

GATEWAYS = ("10.0.0.1", "10.0.1.1")
ADDRESSES = ((SOURCE,), DESTINATIONS)

PREFIX = "ebpfasm-demo-"
ROLES = ("host", "pod0", "pod1", "outside")
ALL_ROLES = frozenset({*ROLES, "web", "db"})
"""Of every demo's namespaces, those of the matrix too."""
MASTER, WIRE = "m0", "x0"


class Lab:
    """Some network namespaces, named after this process: nothing of it is in the machine's own.

    Args:
        kind: of the pods' devices: ``"ipvlan"``, ``"veth"``, or ``"auto"``: ipvlan where the kernel has it.

    Attributes:
        kind: as it turned out to be.
        names: of the namespaces.
        host, pod0, pod1, outside: each of them. A pod's device is ``eth0``. On veth its other end is with the host.
            On ipvlan, in mode l3, it is a slave of the host's ``m0``, which is wired to a host outside.
    """

    def __init__(self, kind: str = "auto") -> None:
        self.kind = kind
        self.names = tuple(f"{PREFIX}{os.getpid()}-{role}" for role in ROLES)
        self.host, self.pod0, self.pod1, self.outside = self.names
        self._devices: list[int] = []

    def build(self, undo: ExitStack, check: Callable[[], None]) -> None:
        """Make it all; ``undo`` gets what removes it, ``check`` is called between the steps.

        Raises:
            KernelError: a step failed; PermissionDenied and NotSupported say what is missing.
        """
        undo.callback(self._remove)
        for name in self.names:
            netns.create(name)
            check()
        if self.kind != "veth":
            self._connect_ipvlan()
        if self.kind == "veth":
            self._connect_veth()
            netns.run_in(self.host, _forward)
            netns.delete(self.outside)
            self.names = self.names[:-1]
        check()

    def _connect_ipvlan(self) -> None:
        """Make the pods' devices on ipvlan; if the kernel has none, nothing, where veth will do."""
        master, wire = netlink.create_veth(MASTER, WIRE, netns=self.host, peer_netns=self.outside)
        self._devices.append(master)
        try:
            for pod, addresses in zip((self.pod0, self.pod1), ADDRESSES, strict=True):
                slave = devices.create_ipvlan("eth0", master, mode="l3", netns=pod, master_netns=self.host)
                for address in addresses:
                    netlink.add_address(slave, f"{address}/24", pod)
                netlink.set_up(slave, pod)
                netlink.add_route("0.0.0.0/0", index=slave, netns=pod)
        except NotSupported:
            if self.kind == "ipvlan":
                raise
            self.kind = "veth"
            self._devices.remove(master)
            netlink.delete_link(master, self.host)
            return
        self.kind = "ipvlan"
        netlink.set_up(wire, self.outside)
        netlink.set_up(master, self.host)

    def _connect_veth(self) -> None:
        for pod, addresses, gateway in zip((self.pod0, self.pod1), ADDRESSES, GATEWAYS, strict=True):
            at_host, at_pod = netlink.create_veth(f"to-{pod[-4:]}", "eth0", netns=self.host, peer_netns=pod)
            self._devices.append(at_host)
            netlink.add_address(at_host, f"{gateway}/24", self.host)
            for address in addresses:
                netlink.add_address(at_pod, f"{address}/24", pod)
            netlink.set_up(at_host, self.host)
            netlink.set_up(at_pod, pod)
            netlink.add_route("0.0.0.0/0", via=gateway, netns=pod)

    def left(self) -> list[str]:
        """What is still there of it, in words."""
        named = set(netns.names())
        return [f"namespace {name}" for name in self.names if name in named]

    def _remove(self) -> None:
        there = set(netns.names())
        if self.host in there:
            for index in self._devices:
                if index in interfaces(self.host).values():
                    netlink.delete_link(index, self.host)  # its other end, or what hangs on it, goes with it
        for name in self.names:
            if name in there:
                netns.delete(name)


def remove_stale() -> list[str]:
    """Remove the namespaces of demo runs that were killed, and return their names.

    Of a dead process, that is; or of one with this process's number, which made none yet.
    """
    stale = []
    for name in netns.names():
        pid, _, role = name.removeprefix(PREFIX).partition("-")
        if name.startswith(PREFIX) and role in ALL_ROLES and pid.isdecimal() and _is_over(int(pid)):
            netns.delete(name)
            stale.append(name)
    return stale


def _is_over(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except (PermissionError, OverflowError):
        return False
    return pid == os.getpid()


def _forward() -> None:
    with open("/proc/sys/net/ipv4/ip_forward", "w") as sysctl:  # of the namespace of the thread that opens it
        sysctl.write("1")

"""Figures of connecting pods to a node: each against the same rtnetlink and bpf(2) steps made bare, nothing checked.

Both are done in a namespace that is the host's, for pods on veth pairs, with so many other pods connected; bare
through pyroute2 and ebpfasm's own call into bpf(2), with a socket in the host that stays open and one in each pod.
"""

from __future__ import annotations

import os
import resource
import socket
import struct
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Any

from ebpfasm import Map
from ebpfasm.datapath import entry_stub
from ebpfasm.datapath.addresses import AddressKey
from ebpfasm.datapath.connectors.veth import Veth
from ebpfasm.datapath.node import Node
from ebpfasm.errors import NotSupported
from ebpfasm.kernel import links, maps, netns, programs
from ebpfasm.kernel.libc import CLONE_NEWNET, setns
from ebpfasm.testing.network import namespaces, unique_name
from ebpfasm.testing.privileges import why_no_namespaces
from tests.bench.clock import Effort, Task, Times, in_turns
from tests.bench.table import Row, Target

__all__ = ["figures", "growth_line", "rows"]

BARE = "bare steps"
CONNECT = Target(1.5)
GROWTH = 0.2
"""How far the ratio with many pods may be from that with few."""

PROG_ARRAY, SCHED_CLS, TCX_INGRESS, TCX_EGRESS = 3, 3, 46, 47
GATEWAYS = ("169.254.1.1", "fe80::1")
MACS = ("02:00:00:00:00:01", "02:00:00:00:00:02")
ONLINK = 4  # RTNH_F_ONLINK
NODAD, NOPREFIXROUTE = 0x02, 0x200  # IFA_F_…
INET, INET6 = 2, 10
LICENSE = "GPL"


def figures(effort: Effort) -> list[tuple[str, Target | None]]:
    """The figures there are, and their targets."""
    return [
        (f"{what} a pod, {others:,} others there", target)
        for others in effort.pods
        for what, target in (("connect", CONNECT), ("disconnect", None))
    ]


def rows(effort: Effort, why_no_kernel: str) -> list[Row]:
    """Measure; where there is a reason not to, the rows carry it."""
    why_not = why_no_kernel or why_no_namespaces()
    if not why_not:
        try:
            measured = _measured(effort)
        except NotSupported as error:
            why_not = str(error)
    if why_not:
        return [Row(figure, None, BARE, None, target, why_not) for figure, target in figures(effort)]
    return [
        Row(figure, value, BARE, reference, target)
        for (figure, target), (value, reference) in zip(figures(effort), measured, strict=True)
    ]


def growth_line(measured: Sequence[Row]) -> str:
    """How the ratio of connecting with the most pods differs from that with the fewest."""
    ratios = [row.ratio for row in measured if row.figure.startswith("connect a pod")]
    if len(ratios) < 2 or ratios[0] is None or ratios[-1] is None:
        return "connect a pod: how its ratio grows with the pods there are was not measured"
    growth = ratios[-1] / ratios[0]
    missed = "" if abs(growth - 1) <= GROWTH else "  MISSED"
    return (
        f"connect a pod: the ratio with the most pods is {growth:.2f} times that with the fewest "
        f"(target: {1 - GROWTH:.1f} … {1 + GROWTH:.1f}){missed}"
    )


@dataclass
class Place:
    """A pod's namespace that is there, and what the pod is to have."""

    netns: str
    number: int
    connected: Any = None

    @property
    def addresses(self) -> tuple[str, str]:
        """IPv4 and IPv6."""
        return str(IPv4Address("10.0.0.0") + self.number), str(IPv6Address("fd00::") + self.number)


class Ours:
    """Pods connected by a `Node`."""

    def __init__(self, node: Node) -> None:
        self.node = node

    def connect(self, place: Place) -> Place:
        place.connected = self.node.connect(place.netns, place.addresses, id=place.number)
        return place

    def disconnect(self, place: Place) -> Place:
        place.connected.close()
        return place


class Bare:
    """Pods connected by the same steps in the same order, with the maps and programs of the same node."""

    def __init__(self, node: Node, host: Any) -> None:
        self.host = host
        self.host_fd = node.host.fileno()
        self.endpoints, self.policies = node.endpoints.fileno(), node.policies.fileno()
        self.allow, self.to_pod = node.allow.fileno(), node.delivery_to_pods().fileno()
        self.keys = AddressKey()
        with Map.create(PROG_ARRAY, key_size=4, value_size=4, max_entries=1) as slots:
            self.stub = bytearray(entry_stub(slots).encode())

    def connect(self, place: Place) -> Place:
        from pyroute2 import IPRoute  # type: ignore[import-untyped]

        host, number = self.host, place.number
        ipv4, ipv6 = place.addresses
        netns_fd = os.open(f"/run/netns/{place.netns}", os.O_RDONLY | os.O_CLOEXEC)
        slots = maps.map_create(PROG_ARRAY, 4, 4, 1, 0, f"pod{number}")
        struct.pack_into("=i", self.stub, 4, slots)
        entry = programs.prog_load(SCHED_CLS, bytes(self.stub), LICENSE, "entry")
        maps.update_u32(self.policies, number, self.allow)
        identity = struct.pack("=I", number)
        for address in (ipv4, ipv6):
            maps.update_elem(self.endpoints, self.keys.encode(address), identity, 1)
        name = f"bare{number:x}"
        host.link("add", ifname=name, kind="veth", peer={"ifname": "eth0", "net_ns_fd": netns_fd})
        index = socket.if_nametoindex(name)
        setns(netns_fd, CLONE_NEWNET)
        pod_index = socket.if_nametoindex("eth0")
        pod = IPRoute()
        setns(self.host_fd, CLONE_NEWNET)
        opened = [netns_fd, slots, entry]
        opened.append(links.link_create(entry, index, TCX_INGRESS))
        opened.append(links.link_create(self.to_pod, index, TCX_EGRESS))
        pod.addr("add", index=pod_index, address=ipv4, prefixlen=32, family=INET, flags=NOPREFIXROUTE)
        pod.addr("add", index=pod_index, address=ipv6, prefixlen=128, family=INET6, flags=NODAD | NOPREFIXROUTE)
        host.link("set", index=index, state="up", address=MACS[0])
        pod.link("set", index=pod_index, state="up", address=MACS[1])
        for gateway, family in zip(GATEWAYS, (INET, INET6), strict=True):
            pod.neigh("replace", ifindex=pod_index, dst=gateway, lladdr=MACS[0], family=family, state="permanent")
        for address, family in ((ipv4, INET), (ipv6, INET6)):
            host.neigh("replace", ifindex=index, dst=address, lladdr=MACS[1], family=family, state="permanent")
        for anywhere, gateway, family in (("0.0.0.0/0", GATEWAYS[0], INET), ("::/0", GATEWAYS[1], INET6)):
            pod.route("add", dst=anywhere, gateway=gateway, oif=pod_index, family=family, flags=ONLINK)
        for to, family in ((f"{ipv4}/32", INET), (f"{ipv6}/128", INET6)):
            host.route("add", dst=to, oif=index, family=family)
        pod.close()
        place.connected = index, opened
        return place

    def disconnect(self, place: Place) -> Place:
        from pyroute2 import IPRoute

        index, opened = place.connected
        setns(opened[0], CLONE_NEWNET)
        pod_index = socket.if_nametoindex("eth0")
        pod = IPRoute()
        setns(self.host_fd, CLONE_NEWNET)
        pod.link("set", index=pod_index, state="down")
        pod.close()
        for number in reversed(opened[2:]):
            os.close(number)
        self.host.link("del", index=index)
        for address in reversed(place.addresses):
            maps.delete_elem(self.endpoints, self.keys.encode(address))
        maps.delete_elem(self.policies, struct.pack("=I", place.number))
        for number in opened[:2]:
            os.close(number)
        return place


def _measured(effort: Effort) -> list[tuple[Times, Times]]:
    _allow_open_files()
    with namespaces() as make:
        return netns.run_in(make(), _measured_here, effort)


def _measured_here(effort: Effort) -> list[tuple[Times, Times]]:
    """Measure in the namespace this thread is in, which becomes the host's."""
    from pyroute2 import IPRoute

    found = []
    with ExitStack() as stack:
        node = stack.enter_context(Node.create(Veth(), capacity=65536))
        host = stack.enter_context(IPRoute())
        ours, bare = Ours(node), Bare(node, host)
        numbers = iter(range(1, 65536))
        there = 0
        for others in effort.pods:
            while there < others:
                place = stack.enter_context(_place(next(numbers)))
                ours.connect(place)
                there += 1
            times = in_turns(
                [task for each in (_connecting, _disconnecting) for task in (each(ours, numbers), each(bare, numbers))],
                effort.repetitions,
            )
            found += [(times[0], times[1]), (times[2], times[3])]
    return found


@contextmanager
def _place(number: int) -> Iterator[Place]:
    name = unique_name()
    netns.create(name)
    try:
        yield Place(name, number)
    finally:
        netns.delete(name)


def _new(numbers: Iterator[int]) -> Place:
    name = unique_name()
    netns.create(name)
    return Place(name, next(numbers))


def _connecting(side: Ours | Bare, numbers: Iterator[int]) -> Task:
    def finish(place: Place) -> None:
        side.disconnect(place)
        netns.delete(place.netns)

    return Task(side.connect, prepare=lambda: _new(numbers), finish=finish)


def _disconnecting(side: Ours | Bare, numbers: Iterator[int]) -> Task:
    return Task(
        side.disconnect, prepare=lambda: side.connect(_new(numbers)), finish=lambda place: netns.delete(place.netns)
    )


def _allow_open_files() -> None:
    """Each connected pod has five descriptors."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))

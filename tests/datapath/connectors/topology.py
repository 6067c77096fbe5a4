"""A host with a device to the world outside, that world, and pods on a connector; all in namespaces of a test."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from ipaddress import IPv4Interface, IPv6Interface, ip_interface
from typing import NamedTuple

from ebpfasm.datapath import attach_clsact
from ebpfasm.datapath.connectors.connector import Connector, Interface, Plugged, Site
from ebpfasm.datapath.steps import Steps
from ebpfasm.kernel import netlink
from ebpfasm.kernel.conversation import conversation
from ebpfasm.kernel.interfaces import ifindex, ifname
from ebpfasm.kernel.netns import NetNS, run_in
from ebpfasm.kernel.threads import in_thread
from tests.datapath.packets import DATAGRAM, MAGIC, PAYLOAD, PAYLOAD_IPV6, WAIT_S, Counter, counting
from tests.net import unique_name

INGRESS, EGRESS = 46, 47
SIDES = {INGRESS: "ingress", EGRESS: "egress"}
COUNT = 3  # datagrams sent over a path

MASTER = {4: "10.0.0.1/24", 6: "fd00::1/64"}
OUTSIDE = {4: "10.0.0.2/24", 6: "fd00::2/64"}
HOST = {4: "10.1.0.1/32", 6: "fd01::1/128"}
PODS = {4: "10.1.0.0/16", 6: "fd01::/64"}
POD = {"a": {4: "10.1.0.11/32", 6: "fd01::11/128"}, "b": {4: "10.1.0.12/32", 6: "fd01::12/128"}}
SWITCHED_HOST = {4: "10.0.0.100/32", 6: "fd00::100/128"}
SWITCHED_POD = {"a": {4: "10.0.0.11/24", 6: "fd00::11/64"}, "b": {4: "10.0.0.12/24", 6: "fd00::12/64"}}
"""The pods' and the host's addresses where they share the network of the master: mode l2."""


class Node(NamedTuple):
    """A host with a device ``m0`` whose other end, ``x0``, is outside."""

    host: NetNS
    outside: NetNS


class Connected(NamedTuple):
    """A pod on a connector."""

    netns: NetNS
    steps: Steps
    interface: Interface
    plugged: Plugged


@contextmanager
def node(make_namespace: Callable[[], str], *, mtu: int = 1500) -> Iterator[Node]:
    """Make host and outside; the host's default route goes outside, and the outside's routes to pods to the host."""
    with NetNS(make_namespace()) as host, NetNS(make_namespace()) as outside:
        index, outer = netlink.create_veth("m0", "x0", netns=host, peer_netns=outside, mtu=mtu)
        for place, its_index, addresses in ((host, index, MASTER), (outside, outer, OUTSIDE)):
            netlink.set_up(1, place)
            for version in (4, 6):
                netlink.add_address(its_index, addresses[version], place)
            netlink.set_up(its_index, place)
        for version, anywhere in ((4, "0.0.0.0/0"), (6, "::/0")):
            netlink.add_route(anywhere, via=alone(OUTSIDE[version]), index=index, netns=host)
            netlink.add_route(PODS[version], via=alone(MASTER[version]), index=outer, netns=outside)
        yield Node(host, outside)


def prepared(connector: Connector, steps: Steps, host: NetNS) -> Site:
    """Prepare a connector as a node does."""

    def prepare() -> Site:
        with steps:
            return connector.prepare(steps, host)

    return in_thread(prepare)


def connected(site: Site, netns: NetNS, interface: Interface, host: NetNS | None = None) -> Connected:
    """Plug and start a pod as a node does: over conversations where ``host`` is given."""
    steps = Steps(f"pod on {interface.name}", "pod")

    def connect() -> Plugged:
        with steps:
            if host is None:
                plugged = site.plug(steps, netns, interface)
                site.start(steps, netns, interface, plugged)
                return plugged
            with conversation(host) as talk, conversation(netns) as pod:
                plugged = site.plug(steps, pod, interface, host=talk)
                site.start(steps, pod, interface, plugged, host=talk)
            return plugged

    return Connected(netns, steps, interface, in_thread(connect))


@contextmanager
def pods(
    connector: Connector, host: NetNS, make_namespace: Callable[[], str], addresses: dict[str, dict[int, str]] = POD
) -> Iterator[dict[str, Connected]]:
    """Give the pods ``a`` and ``b`` on a connector; everything of it is taken down at the end."""
    with ExitStack() as undo:
        steps = Steps("site", "")
        site = prepared(connector, steps, host)
        undo.callback(in_thread, steps.undo_all)
        made = {}
        for name, its_addresses in addresses.items():
            netns = undo.enter_context(NetNS(make_namespace()))
            made[name] = connected(site, netns, interface(*its_addresses.values()))
            undo.callback(in_thread, made[name].steps.undo_all)
        yield made


def interface(*addresses: str, **options: object) -> Interface:
    """Return what a pod's eth0 is to be."""
    return Interface("eth0", tuple(ip_interface(address) for address in addresses), **options)  # type: ignore[arg-type]


def alone(address: str | IPv4Interface | IPv6Interface) -> str:
    return str(ip_interface(address).ip)


@contextmanager
def counters(places: dict[str, tuple[NetNS, int | str]], version: int) -> Iterator[dict[str, Counter]]:
    """Count the datagrams that pass both hooks of devices, each by its name and its side: ``"m0 ingress"``."""
    with ExitStack() as stack:
        found = {}
        for name, (netns, device) in places.items():
            index = device if isinstance(device, int) else ifindex(device, netns)
            for where, side in SIDES.items():
                counter = stack.enter_context(counting(payload=PAYLOAD if version == 4 else PAYLOAD_IPV6))
                stack.enter_context(attach_clsact(index, counter.program, where, netns=netns, name=unique_name()))
                found[f"{name} {side}"] = counter
        yield found


def seen(
    places: dict[str, tuple[NetNS, int | str]], sender: NetNS, receiver: NetNS, address: str, count: int = COUNT
) -> set[str]:
    """Send datagrams to an address, all of which must arrive; return which hooks have seen them, each of them once."""
    version = ip_interface(address).version
    with counters(places, version) as there:
        assert arrive(sender, receiver, address, count) == count
        hits = {name: counter.hits for name, counter in there.items()}
    assert set(hits.values()) <= {0, count}, hits
    return {name for name, number in hits.items() if number}


def arrive(sender: NetNS, receiver: NetNS, address: str, count: int = COUNT, wait_s: float = WAIT_S) -> int:
    """Send datagrams to an address; return how many arrive before none has for ``wait_s``."""
    destination = alone(address)
    family = socket.AF_INET if ip_interface(address).version == 4 else socket.AF_INET6

    def listening() -> socket.socket:
        opened = socket.socket(family, socket.SOCK_DGRAM)
        opened.bind((destination, 0))
        return opened

    with (
        run_in(receiver, listening) as there,
        run_in(sender, socket.socket, family, socket.SOCK_DGRAM) as here,
    ):
        there.settimeout(wait_s)
        arrived = 0
        for number in range(count):
            here.sendto(DATAGRAM.pack(MAGIC, number), there.getsockname()[:2])
            try:
                there.recv(64)
                arrived += 1
            except TimeoutError:
                break
        return arrived


def device_of(pod: Connected) -> tuple[NetNS, int | str]:
    return pod.netns, pod.plugged.ifindex


def name_of(host: NetNS, pod: Connected) -> str:
    """Return the name of a pod's other end."""
    return ifname(pod.plugged.host_ifindex or 0, host)

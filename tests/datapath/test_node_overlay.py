"""Nodes with an overlay between them: pods of one reach those of the other, policed at both ends."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import NamedTuple

import pytest

from ebpfasm.datapath import Endpoint, Ipvlan, Netkit, Node, Overlay, Policy, Veth
from ebpfasm.datapath.connectors.connector import Connector
from ebpfasm.datapath.delivery import Count as Delivered
from ebpfasm.datapath.tunnels import Count
from ebpfasm.errors import DatapathError
from ebpfasm.kernel import link_info, netlink
from ebpfasm.kernel.interfaces import interfaces
from ebpfasm.kernel.netns import run_in
from tests.datapath.reach import PORT, reaches

pytestmark = [pytest.mark.needs_kernel, pytest.mark.needs_netns, pytest.mark.needs_vxlan]

WIRE_MTU = 1500
PATIENCE_S = 20.0  # how long a stream may stand still
POD_PREFIXES = {1: ["10.1.0.0/16", "fd01::/64"], 2: ["10.2.0.0/16", "fd02::/64"]}
NODES = {1: ("192.0.2.1", "2001:db8::1"), 2: ("192.0.2.2", "2001:db8::2")}


class Pair(NamedTuple):
    """Two nodes, and a pod of each; all by the number of the node."""

    nodes: dict[int, Node]
    pods: dict[int, Endpoint]


def overlay_of(node: Node) -> dict[Count, int]:
    """What a node's overlay counted at all, in packets."""
    assert node.overlay is not None
    return {count: counted.packets for count, counted in node.overlay.counted().items() if counted.packets}


def addresses(number: int, pod: int = 1) -> tuple[str, str]:
    return f"10.{number}.0.{pod}", f"fd0{number}::{pod}"


CONNECTORS = [
    pytest.param(lambda: Veth(forwarding=True), id="veth"),
    pytest.param(lambda: Netkit(forwarding=True), id="netkit-l3", marks=pytest.mark.needs_netkit),
    pytest.param(lambda: Netkit(mode="l2", forwarding=True), id="netkit-l2", marks=pytest.mark.needs_netkit),
]


@pytest.fixture(params=CONNECTORS)
def connector(request: pytest.FixtureRequest) -> Connector:
    made: Connector = request.param()
    return made


@pytest.fixture(params=[4, 6], ids=["over IPv4", "over IPv6"])
def pair(connector: Connector, request: pytest.FixtureRequest, netns: Callable[[], str]) -> Iterator[Pair]:
    hosts = {number: netns() for number in NODES}
    indexes = netlink.create_veth("wire", "wire", netns=hosts[1], peer_netns=hosts[2], mtu=WIRE_MTU)
    for number, index in zip(hosts, indexes, strict=True):
        for address, length in zip(NODES[number], (24, 64), strict=True):
            netlink.add_address(index, f"{address}/{length}", hosts[number])
        netlink.set_up(index, hosts[number])
    for address in NODES[2]:
        assert reaches(hosts[1], hosts[2], address)
    with ExitStack() as stack:
        nodes = {
            number: stack.enter_context(
                Node.create(
                    connector,
                    netns=host,
                    overlay=Overlay("wire", vni=number, outer=request.param, forwarding=True),
                )
            )
            for number, host in hosts.items()
        }
        for number, other in ((1, 2), (2, 1)):
            site = nodes[number].overlay
            assert site is not None
            site.connect_node(POD_PREFIXES[other], NODES[other][request.param == 6], other)
        pods = {number: node.connect(netns(), addresses(number)) for number, node in nodes.items()}
        yield Pair(nodes, pods)


@pytest.mark.parametrize("family", [0, 1], ids=["IPv4", "IPv6"])
def test_pods_of_two_nodes_reach_each_other(pair: Pair, family: int) -> None:
    for number, other in ((1, 2), (2, 1)):
        assert reaches(pair.pods[number].netns, pair.pods[other].netns, addresses(other)[family])
    near, far = overlay_of(pair.nodes[1]), overlay_of(pair.nodes[2])
    assert near.keys() == far.keys() == {Count.SENT, Count.RECEIVED}
    assert (near[Count.SENT], far[Count.SENT]) == (far[Count.RECEIVED], near[Count.RECEIVED])


@pytest.mark.parametrize("family", [0, 1], ids=["IPv4", "IPv6"])
def test_each_packet_meets_both_policies_once(pair: Pair, family: int) -> None:
    sender, receiver = pair.pods[1], pair.pods[2]
    to, by = addresses(2)[family], addresses(1)[family]
    out = pair.nodes[1].compile(Policy.parse(f"allow egress to {to} udp port {PORT}\ndefault egress deny"), "egress")
    back = pair.nodes[2].compile(Policy.parse(f"allow ingress from {by} udp\ndefault ingress deny"), "ingress")
    with out, back:
        sender.set_egress(out)
        receiver.set_ingress(back)
        assert reaches(sender.netns, receiver.netns, to)
        sent, received = overlay_of(pair.nodes[1])[Count.SENT], overlay_of(pair.nodes[2])[Count.RECEIVED]
        assert [counted.packets for _, counted in out.counts().rules] == [sent]
        assert [counted.packets for _, counted in back.counts().rules] == [received]
        assert not reaches(sender.netns, receiver.netns, to, port=PORT + 1, expected=False)
        assert overlay_of(pair.nodes[1]) == {Count.SENT: sent}
        receiver.set_ingress(Policy.parse("default ingress deny"))
        assert not reaches(sender.netns, receiver.netns, to, expected=False)
        assert overlay_of(pair.nodes[2])[Count.RECEIVED] > received
        sender.set_egress(None)
        receiver.set_ingress(None)
        assert reaches(sender.netns, receiver.netns, to, port=PORT + 1)


@pytest.mark.parametrize("family", [0, 1], ids=["IPv4", "IPv6"])
def test_a_stream_whose_segments_the_device_cuts(pair: Pair, family: int) -> None:
    """TCP hands down pieces that are longer than any MTU, and takes them in joined together."""
    inet = (socket.AF_INET, socket.AF_INET6)[family]
    sent = bytes(range(256)) * 4096
    with (
        run_in(pair.pods[2].netns, socket.socket, inet, socket.SOCK_STREAM) as server,
        run_in(pair.pods[1].netns, socket.socket, inet, socket.SOCK_STREAM) as client,
    ):
        server.settimeout(PATIENCE_S)
        client.settimeout(PATIENCE_S)
        server.bind((addresses(2)[family], PORT))
        server.listen()
        client.connect((addresses(2)[family], PORT))
        accepted, _ = server.accept()
        with accepted:
            accepted.settimeout(PATIENCE_S)
            sending = threading.Thread(target=client.sendall, args=(sent,))
            sending.start()
            received = b""
            while len(received) < len(sent) and (piece := accepted.recv(1 << 16)):
                received += piece
            sending.join()
    assert received == sent
    site = pair.nodes[1].overlay
    assert site is not None
    counted = site.counted()[Count.SENT]
    assert counted.bytes / counted.packets > site.mtu, "they were cut behind the program"
    assert Count.TOO_LONG not in overlay_of(pair.nodes[1])


def test_pods_of_one_node_do_without_the_overlay(pair: Pair, netns: Callable[[], str]) -> None:
    node = pair.nodes[1]
    second = node.connect(netns(), addresses(1, 2))
    for address in addresses(1, 2):
        assert reaches(pair.pods[1].netns, second.netns, address)
    assert overlay_of(node) == {}
    assert reaches(second.netns, pair.pods[2].netns, addresses(2)[0])


def test_a_pod_that_is_not_there_and_one_without_a_policy(pair: Pair) -> None:
    one, other = pair.nodes[1], pair.nodes[2]
    gone = pair.pods[2]
    del other.policies[gone.id]
    assert not reaches(pair.pods[1].netns, gone.netns, addresses(2)[0], expected=False)
    assert other.counts()[Delivered.NO_POLICY].packets == overlay_of(other)[Count.RECEIVED]
    assert one.counts()[Delivered.NO_POLICY].packets == 0


def test_the_pods_mtu_is_the_overlays(pair: Pair) -> None:
    site = pair.nodes[1].overlay
    assert site is not None
    assert link_info.link_named("eth0", pair.pods[1].netns).mtu == site.mtu


def test_closing_leaves_nothing(pair: Pair) -> None:
    host = pair.nodes[1].host
    with host:
        there = interfaces(host.what.strip("'"))
        assert "ebpfasm_vxlan" in there
        name = host.what.strip("'")
        pair.nodes[1].close()
        assert set(interfaces(name)) == {"lo", "wire"}


@pytest.mark.needs_ipvlan
def test_ipvlan_pods_can_have_no_overlay(netns: Callable[[], str]) -> None:
    host = netns()
    index, peer = netlink.create_veth("wire", "peer", netns=host, peer_netns=host)
    netlink.set_up(index, host)
    netlink.set_up(peer, host)
    before = interfaces(host)
    with pytest.raises(DatapathError, match="cannot be redirected to the host's VXLAN device"):
        Node.create(Ipvlan("wire"), netns=host, overlay=Overlay("wire"))
    assert interfaces(host) == before

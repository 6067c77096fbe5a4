"""The overlay between two nodes: network namespaces that a veth wire joins, each with pods on veth pairs."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple

import pytest

from ebpfasm import AttachType, Instructions, Map, Program, ProgramType
from ebpfasm.asm import R0, R1, R6, R8, Mov, Return
from ebpfasm.datapath.counters import count_block, create_counters, read_counters
from ebpfasm.datapath.delivery import create_counts, create_endpoints, create_policies, delivery
from ebpfasm.datapath.overlay import Overlay, OverlaySite
from ebpfasm.datapath.steps import Steps
from ebpfasm.datapath.tc import attach
from ebpfasm.datapath.tunnels import Count
from ebpfasm.errors import DatapathError, KernelError, KeyNotFound, OperandError
from ebpfasm.kernel import devices, link_info, netlink, sysctl
from ebpfasm.kernel.interfaces import interfaces
from ebpfasm.kernel.netns import NetNS, run_in
from ebpfasm.kernel.threads import in_thread
from tests.datapath.packets import OK, WAIT_S
from tests.net import eventually

pytestmark = [pytest.mark.needs_kernel, pytest.mark.needs_netns, pytest.mark.needs_vxlan]

MakeNetNS = Callable[[], str]

WIRE_MTU = 1500
SOON_S = 0.2  # how long a datagram is waited for that should not come
RTN_LOCAL = 2  # linux/rtnetlink.h
GATEWAYS = ("169.254.1.1", "fe80::1")
SCHED_CLS = ProgramType.SCHED_CLS


class Pod(NamedTuple):
    netns: str
    addresses: dict[int, str]
    """By the version of IP."""
    host_ifindex: int
    policed: Map
    """Counts what its ingress policy saw."""


class Node:
    """A host with an overlay and, for each pod, what `ebpfasm.datapath.Node` will do: made here by hand."""

    def __init__(self, stack: ExitStack, make: MakeNetNS, number: int, overlay: Overlay) -> None:
        self.stack = stack
        self.make = make
        self.number = number
        self.host = make()
        self.overlay = overlay
        self.pods: list[Pod] = []

    def wire(self, index: int, addresses: tuple[str, ...]) -> None:
        """Bring the device to the other node up."""
        netlink.set_up(1, self.host)
        for address in addresses:
            netlink.add_address(index, address, self.host)
        netlink.set_up(index, self.host)

    def start(self) -> OverlaySite:
        """Prepare the overlay and attach delivery to it."""
        enter = self.stack.enter_context
        self.endpoints, self.policies, self.counts = (
            enter(create_endpoints(16)), enter(create_policies(16)), enter(create_counts()),
        )  # fmt: skip
        self.place = enter(NetNS(self.host))
        self.steps = Steps("node", "")
        self.stack.callback(lambda: in_thread(self.steps.undo_all))

        def build() -> OverlaySite:
            with self.steps:
                site = self.overlay.prepare(self.steps, self.place)
                code = site.delivery(self.endpoints, self.policies, self.counts)
                self.attach(code, site.hooks[0].ifindex, site.hooks[0].where, "deliver_overlay")
                site.start(self.steps)
            return site

        self.site: OverlaySite = in_thread(build)
        return self.site

    def attach(self, code: Instructions, ifindex: int, where: int, name: str) -> None:
        program = self.stack.enter_context(Program.load(SCHED_CLS, code, name=name))
        self.stack.enter_context(attach(ifindex, program, where, netns=self.host))

    def add_pod(self, egress: Instructions | None = None) -> Pod:
        """Connect a pod, with addresses 10.<node>.0.<n> and fd0<node>::<n>."""
        number, host, pod = len(self.pods) + 1, self.host, self.make()
        addresses = {4: f"10.{self.number}.0.{number}", 6: f"fd0{self.number}::{number}"}
        near, far = netlink.create_veth(f"lxc{number}", "eth0", netns=host, peer_netns=pod, mtu=WIRE_MTU)
        policed = self.stack.enter_context(create_counters("cnt_policy", 1))
        policy: list[Any] = [Mov.Reg(R6, R1), Mov.Imm(R8, 0), count_block("p_", policed, R8), Mov.Imm(R0, OK), Return()]
        with Program.load(SCHED_CLS, Instructions(policy), name="policy_in") as program:
            self.policies[number] = program
        to_pod = delivery(self.endpoints, self.policies, self.counts, skip_from=self.site.ifindex, missing="pass")
        self.attach(to_pod, near, AttachType.TCX_EGRESS, "deliver_to_pod")
        self.attach(egress or self.site.encapsulation(), near, AttachType.TCX_INGRESS, "policy_out")
        netlink.set_up(1, pod)
        netlink.set_up(far, pod)
        netlink.set_up(near, host)
        netlink.set_link(near, host, forwarding=True, rp_filter=0)
        mac, pod_mac = link_info.link(near, host).mac, link_info.link(far, pod).mac
        for version, gateway in zip(addresses, GATEWAYS, strict=True):
            address = addresses[version]
            length = {4: 32, 6: 128}[version]
            netlink.add_address(far, f"{address}/{length}", pod)
            netlink.add_neighbour(far, gateway, mac, pod)
            netlink.add_neighbour(near, address, pod_mac, host)
            netlink.add_route(f"{address}/{length}", index=near, netns=host)
            netlink.add_route({4: "0.0.0.0/0", 6: "::/0"}[version], via=gateway, index=far, onlink=True, netns=pod)
            self.endpoints[address] = number
        until_up(pod, far)
        until_up(host, near)
        until_local(pod, addresses[6])
        made = Pod(pod, addresses, near, policed)
        self.pods.append(made)
        return made


def until_up(place: str, index: int) -> None:
    """Wait until the kernel has taken note of a device's carrier: before, it sends no IPv6 through it."""

    def is_up() -> bool:
        def look(route: Any) -> bool:
            return bool(route.link("get", index=index)[0].get_attr("IFLA_OPERSTATE") == "UP")

        return netlink.ask(place, "RTM_GETLINK", "looking at a link", look)

    assert eventually(is_up)


def until_local(place: str, address: str) -> None:
    """Wait until packets to an IPv6 address are taken in: its route is added by a work of its own.

    That is so without duplicate address detection, too (addrconf_dad_start() in net/ipv6/addrconf.c).
    """

    def is_local() -> bool:
        def look(route: Any) -> bool:
            return bool(route.route("get", dst=address)[0]["type"] == RTN_LOCAL)

        return netlink.ask(place, "RTM_GETROUTE", "looking for a route", look)

    assert eventually(is_local)


class Nodes(NamedTuple):
    one: Node
    other: Node
    remotes: dict[int, tuple[str, str]]
    """The nodes' addresses on the wire, by the version of IP."""

    def join(self, version: int) -> None:
        """Tell each of the other's pods, over the given version of IP."""
        for node, peer, remote in (
            (self.one, self.other, self.remotes[version][1]), (self.other, self.one, self.remotes[version][0]),
        ):  # fmt: skip
            prefixes = [f"10.{peer.number}.0.0/16", f"fd0{peer.number}::/64"]
            node.site.connect_node(prefixes, remote, peer.overlay.vni)


@contextmanager
def two_nodes(make: MakeNetNS, first: Overlay, second: Overlay) -> Iterator[Nodes]:
    with ExitStack() as stack:
        one, other = Node(stack, make, 1, first), Node(stack, make, 2, second)
        near, far = netlink.create_veth("wire", "wire", netns=one.host, peer_netns=other.host, mtu=WIRE_MTU)
        one.wire(near, ("192.0.2.1/24", "2001:db8::1/64"))
        other.wire(far, ("192.0.2.2/24", "2001:db8::2/64"))
        until_up(one.host, near)
        until_up(other.host, far)
        one.start()
        other.start()
        yield Nodes(one, other, {4: ("192.0.2.1", "192.0.2.2"), 6: ("2001:db8::1", "2001:db8::2")})


@pytest.fixture
def nodes(netns: MakeNetNS) -> Iterator[Nodes]:
    """Give two nodes, joined by nothing yet but the wire, with a pod each."""
    overlay: dict[str, Any] = {"underlay": "wire", "outer": 6, "forwarding": True}
    with two_nodes(netns, Overlay(vni=7, **overlay), Overlay(vni=8, **overlay)) as made:
        made.one.add_pod()
        made.other.add_pod()
        yield made


FAMILIES = {4: socket.AF_INET, 6: socket.AF_INET6}
HEADERS = {4: 28, 6: 48}
"""Bytes of IP and UDP before a datagram's own."""


def udp(netns: str, version: int) -> socket.socket:
    made = run_in(netns, socket.socket, FAMILIES[version], socket.SOCK_DGRAM)
    made.settimeout(WAIT_S)
    return made


def exchange(sender: Pod, receiver: Pod, version: int, size: int = 100, *, expected: bool = True) -> bool:
    """Send a datagram and have it answered; return whether the answer comes, which it is given time for if expected."""
    with udp(sender.netns, version) as near, udp(receiver.netns, version) as far:
        far.bind((receiver.addresses[version], 0))
        near.connect(far.getsockname()[:2])
        far.settimeout(WAIT_S if expected else SOON_S)
        # The sender's own MTU is larger than the tunnel's; it must not cut the datagram to pieces.
        option = {4: (socket.IPPROTO_IP, 10, 2), 6: (socket.IPPROTO_IPV6, 23, 2)}[version]  # IP(V6)_MTU_DISCOVER, DO
        near.setsockopt(*option)
        near.send(bytes(size))
        try:
            data, source = far.recvfrom(65536)
            assert source[0] == sender.addresses[version]
            far.sendto(data, source)
            return len(near.recv(65536)) == size
        except TimeoutError:
            return False


def policed(pod: Pod) -> int:
    return read_counters(pod.policed)[0].packets


def counts(node: Node) -> dict[Count, int]:
    return {count: number.packets for count, number in node.site.counted().items() if number.packets}


@pytest.mark.parametrize("outer", [4, 6])
@pytest.mark.parametrize("inner", [4, 6])
def test_pods_of_two_nodes_reach_each_other(nodes: Nodes, inner: int, outer: int) -> None:
    nodes.join(outer)
    [one], [other] = nodes.one.pods, nodes.other.pods
    assert exchange(one, other, inner)
    assert (policed(one), policed(other)) == (1, 1), "each packet meets its receiver's policy once"
    assert exchange(other, one, inner)
    assert (policed(one), policed(other)) == (2, 2)
    for node in (nodes.one, nodes.other):
        assert counts(node) == {Count.SENT: 2, Count.RECEIVED: 2}
        assert node.site.counted()[Count.SENT].bytes == 2 * (14 + HEADERS[inner] + 100)


@pytest.mark.parametrize("inner", [4, 6])
def test_the_longest_packet_passes_and_one_byte_more_does_not(nodes: Nodes, inner: int) -> None:
    nodes.join(6)
    assert nodes.one.site.mtu == WIRE_MTU - 70
    longest = nodes.one.site.mtu - HEADERS[inner]
    [one], [other] = nodes.one.pods, nodes.other.pods
    assert exchange(one, other, inner, longest)
    assert not exchange(one, other, inner, longest + 1, expected=False)
    assert counts(nodes.one) == {Count.SENT: 1, Count.RECEIVED: 1, Count.TOO_LONG: 1}


@pytest.mark.parametrize("outer", [4, 6])
def test_the_longest_packet_fills_the_underlay(netns: MakeNetNS, outer: int) -> None:
    first, second = (Overlay("wire", outer=outer, forwarding=True) for _ in range(2))
    with two_nodes(netns, first, second) as nodes:
        nodes.join(outer)
        one, other = nodes.one.add_pod(), nodes.other.add_pod()
        for version in (4, 6):
            assert exchange(one, other, version, WIRE_MTU - {4: 50, 6: 70}[outer] - HEADERS[version])


def test_a_vni_that_is_not_the_nodes(nodes: Nodes) -> None:
    nodes.join(4)
    [one], [other] = nodes.one.pods, nodes.other.pods
    nodes.one.site.connect_node("10.2.0.0/16", nodes.remotes[4][1], 9)
    assert not exchange(one, other, 4, expected=False)
    assert counts(nodes.other) == {Count.UNKNOWN_VNI: 1}
    assert policed(other) == 0
    nodes.one.site.connect_node("10.2.0.1", nodes.remotes[6][1], 8)
    assert exchange(one, other, 4), "the longer prefix counts"


def test_without_a_tunnel_packets_go_on(nodes: Nodes) -> None:
    [one], [other] = nodes.one.pods, nodes.other.pods
    assert not exchange(one, other, 4, expected=False)
    assert (counts(nodes.one), counts(nodes.other)) == ({}, {})
    nodes.join(4)
    assert exchange(one, other, 4)
    nodes.one.site.disconnect_node("10.2.0.0/16", "fd02::/64")
    assert not exchange(one, other, 4, expected=False)
    assert counts(nodes.one) == {Count.SENT: 1, Count.RECEIVED: 1}


def test_a_node_that_has_moved(nodes: Nodes) -> None:
    nodes.join(4)
    [one], [other] = nodes.one.pods, nodes.other.pods
    nodes.one.site.connect_node(["10.2.0.0/16"], "192.0.2.9")
    assert not exchange(one, other, 4, expected=False)
    nodes.join(6)
    assert exchange(one, other, 4)


def test_pods_of_one_node_reach_each_other_through_the_host(nodes: Nodes) -> None:
    nodes.join(4)
    second = nodes.one.add_pod()
    for version in (4, 6):
        assert exchange(nodes.one.pods[0], second, version)
    assert (policed(second), policed(nodes.one.pods[0])) == (2, 2)
    assert counts(nodes.one) == {}
    assert exchange(second, nodes.other.pods[0], 4)
    assert policed(nodes.other.pods[0]) == 1


def test_a_policy_that_drops(nodes: Nodes) -> None:
    nodes.join(4)
    with Program.load(SCHED_CLS, [Mov.Imm(R0, 2), Return()], name="policy_deny") as deny:
        nodes.other.policies[1] = deny
    assert not exchange(nodes.one.pods[0], nodes.other.pods[0], 6, expected=False)
    assert counts(nodes.other) == {Count.RECEIVED: 1}


def test_forwarding_is_set_where_it_is_asked_for_and_restored(netns: MakeNetNS) -> None:
    everywhere = ("ipv6", "conf", "all", "forwarding")
    with two_nodes(netns, Overlay("wire", forwarding=True), Overlay("wire", device="vx0")) as nodes:
        one, other = nodes.one.host, nodes.other.host
        assert sysctl.read(("ipv4", "conf", "ebpfasm_vxlan", "forwarding"), one) == 1
        assert sysctl.read(everywhere, one) == 1
        assert sysctl.read(("ipv4", "conf", "vx0", "forwarding"), other) == 0
        assert sysctl.read(everywhere, other) == 0
    assert sysctl.read(everywhere, one) == 0


# preparing


@contextmanager
def prepared(place: str, overlay: Overlay) -> Iterator[OverlaySite]:
    """The overlay in a namespace, taken down at the end."""
    with NetNS(place) as host:
        steps = Steps("node", "")

        def build() -> OverlaySite:
            with steps:
                site = overlay.prepare(steps, host)
                site.start(steps)
                return site

        site = in_thread(build)
        try:
            yield site
        finally:
            in_thread(steps.undo_all)


@pytest.fixture
def host(netns: MakeNetNS) -> str:
    """Give a namespace with a device to the other nodes, by which its default routes lead."""
    place = netns()
    index, peer = netlink.create_veth("wire", "peer", netns=place, peer_netns=place, mtu=WIRE_MTU)
    netlink.set_up(index, place)
    netlink.set_up(peer, place)
    netlink.add_address(index, "192.0.2.1/24", place)
    netlink.add_address(index, "2001:db8::1/64", place)
    netlink.add_route("0.0.0.0/0", via="192.0.2.9", index=index, netns=place)
    return place


def state(host: str) -> tuple[object, ...]:
    """What of a namespace must be as it was; that no map or program is left is looked at after every test."""
    return interfaces(host), sysctl.read(("ipv6", "conf", "all", "forwarding"), host)


def test_what_is_made_and_what_is_left(host: str) -> None:
    before = state(host)
    with prepared(host, Overlay(device="vx0", port=4790, mac="02:00:00:00:00:07")) as site:
        about = link_info.link_named("vx0", host)
        assert (about.ifindex, about.metadata, about.port, about.up) == (site.ifindex, True, 4790, True)
        assert (about.mac, about.mtu, site.mtu) == ("02:00:00:00:00:07", WIRE_MTU - 50, WIRE_MTU - 50)
        assert site.underlay.name == "wire", "the default route's"
        assert [(hook.device, hook.ifindex, hook.where) for hook in site.hooks] == [
            ("vx0", site.ifindex, AttachType.TCX_INGRESS)
        ]
    assert state(host) == before


def test_a_device_that_is_there_is_left_as_it_was(host: str) -> None:
    index = devices.create_vxlan("vx0", netns=host)
    forwarding = ("ipv4", "conf", "vx0", "forwarding")
    before = sysctl.read(forwarding, host)
    with prepared(host, Overlay(device="vx0", forwarding=True)):
        assert link_info.link(index, host).up
        assert sysctl.read(forwarding, host) == 1
    assert not link_info.link(index, host).up
    assert sysctl.read(forwarding, host) == before
    netlink.set_up(index, host)
    with prepared(host, Overlay(device="vx0")):
        pass
    assert link_info.link(index, host).up


def test_a_device_that_is_there_is_taken_and_left(host: str) -> None:
    index = devices.create_vxlan("vx0", mtu=1400, netns=host)
    with prepared(host, Overlay(device="vx0")) as site:
        assert (site.ifindex, site.mtu) == (index, 1400)
    assert link_info.link_named("vx0", host).ifindex == index


def test_the_largest_mtu_is_what_the_underlay_leaves(host: str) -> None:
    for outer, most in ((4, WIRE_MTU - 50), (6, WIRE_MTU - 70)):
        with prepared(host, Overlay("wire", outer=outer, mtu=most)) as site:
            assert site.mtu == most
        with pytest.raises(DatapathError, match=rf"mtu must be in 1280\.\.{most}, not .*'wire' carries 1500"):
            prepared(host, Overlay("wire", outer=outer, mtu=most + 1)).__enter__()


def make_veth(host: str) -> None:
    devices.create_veth("ebpfasm_vxlan", "other", netns=host, peer_netns=host)


@pytest.mark.parametrize(
    ("arrange", "options", "message"),
    [
        (None, {"underlay": "eth9"}, "looking at the underlay failed: .*eth9"),
        (None, {"outer": 6}, "has no default route of IPv6 to tell the device .* give Overlay its name as underlay"),
        (make_veth, {}, "device 'ebpfasm_vxlan' is there already, and is 'veth'"),
        (
            lambda host: devices.create_vxlan("ebpfasm_vxlan", port=4790, netns=host), {},
            "device 'ebpfasm_vxlan' is there already, with UDP port 4790, not 4789",
        ),
        (
            lambda host: devices.create_vxlan("ebpfasm_vxlan", mtu=1300, netns=host), {"mtu": 1400},
            "device 'ebpfasm_vxlan' is there already, with an MTU of 1300, less than 1400",
        ),
        (lambda host: devices.create_vxlan("vx0", netns=host), {}, "VNI already exists"),
    ],
)  # fmt: skip
def test_what_cannot_be_prepared(
    host: str, arrange: Callable[[str], object] | None, options: dict[str, Any], message: str
) -> None:
    if arrange is not None:
        arrange(host)
    before = state(host)
    with pytest.raises(DatapathError, match=message):
        prepared(host, Overlay(**options)).__enter__()
    assert state(host) == before


def test_a_port_that_something_else_has(host: str) -> None:
    with run_in(host, socket.socket, socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("0.0.0.0", 4789))
        before = state(host)
        with pytest.raises(DatapathError, match=r"bringing 'ebpfasm_vxlan' up failed: .*EADDRINUSE"):
            prepared(host, Overlay()).__enter__()
        assert state(host) == before


STEPS = [
    (link_info, "link"), (devices, "create_vxlan"), ("ebpfasm.datapath.tunnels", "create_tunnels"),
    ("ebpfasm.datapath.tunnels", "create_counts"), (sysctl, "write"), (netlink, "set_up"),
]  # fmt: skip


@pytest.mark.parametrize(("where", "name"), STEPS, ids=[name for _, name in STEPS])
def test_any_step_that_fails_leaves_nothing(host: str, where: Any, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise KernelError(5, "refused in this test")

    target = f"{where if isinstance(where, str) else where.__name__}.{name}"
    before = state(host)
    monkeypatch.setattr(target, refuse)
    with pytest.raises(DatapathError, match="refused in this test"):
        prepared(host, Overlay(forwarding=True)).__enter__()
    monkeypatch.undo()
    assert state(host) == before


def test_nodes_that_cannot_be_connected(host: str) -> None:
    with prepared(host, Overlay(max_prefixes=2)) as site:
        for prefixes, remote, vni, message in (
            ("10.2.0.0/16", "2001:db8::2", None, r"carries packets of 1430 bytes, and the overlay's MTU is 1450: .*=6"),
            ("10.2.0.0/16", "192.0.2.0/24", None, r"remote: '192.0.2.0/24' does not appear to be an IPv4 or IPv6"),
            (
                "::/0",
                "192.0.2.2",
                None,
                r"prefixes: ::/0 takes in ::ffff:0:0/96, by which IPv4 addresses are looked up",
            ),
            ("10.2.0.0/16", "192.0.2.2", 1 << 24, r"vni must be in 0\.\.16777215, not 16777216"),
            (
                ["10.2.0.0/16", "10.2.0.1/16"],
                "192.0.2.2",
                None,
                r"prefixes: 10.2.0.1/16 has bits set beyond",
            ),
        ):
            with pytest.raises(OperandError, match=message):
                site.connect_node(prefixes, remote, vni)
            assert list(site.tunnels) == []
        with pytest.raises(KernelError, match="map 'tunnels': it is full: it can hold 2 entries"):
            site.connect_node(["10.2.0.0/16", "10.3.0.0/16", "10.4.0.0/16"], "192.0.2.2")
        with pytest.raises(KeyNotFound):
            site.disconnect_node("10.9.0.0/16")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"underlay": ""}, "Overlay: an interface's name must have 1..15 bytes, not 0"),
        ({"device": "x" * 16}, "Overlay: an interface's name must have 1..15 bytes, not 16"),
        ({"vni": 1 << 24}, "vni must be in 0..16777215, not 16777216"),
        ({"port": 0}, "port must be in 1..65535, not 0"),
        ({"outer": 5}, "Overlay: outer must be 4 or 6, not 5"),
        ({"mtu": 1279}, "mtu must be in 1280..65535, not 1279"),
        ({"mac": "02:00"}, "Overlay: mac must look like '02:00:00:00:00:01', not '02:00'"),
        ({"max_prefixes": 0}, "max_prefixes must be in 1..2147483647, not 0"),
    ],
)
def test_what_can_mean_nothing(options: dict[str, Any], message: str) -> None:
    with pytest.raises(OperandError) as caught:
        Overlay(**options)
    assert str(caught.value).startswith(message)

"""A node and its pods: who reaches whom, whose policy decides, and what is left when a step fails."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ebpfasm import Link, Program, ProgramType
from ebpfasm.datapath import ClsactLink, Endpoint, Node, Policy, Rule, Veth
from ebpfasm.datapath.delivery import Count
from ebpfasm.datapath.steps import Steps
from ebpfasm.errors import ClosedError, DatapathError, KernelError, KeyExists, OperandError
from ebpfasm.kernel import clsact, link_info, netlink, sysctl
from ebpfasm.kernel import netns as namespaces
from ebpfasm.kernel.interfaces import interfaces
from tests.datapath.connectors import topology
from tests.datapath.packets import OK, SHOT, counting, returning
from tests.datapath.pod_ways import WAYS, Way
from tests.datapath.reach import PORT, reaches
from tests.effort import worthwhile
from tests.net import refusal_as_nobody

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ebpfasm.kernel.netns import NetNSLike

pytestmark = [pytest.mark.needs_kernel, pytest.mark.needs_netns]

ADDRESSES = {1: ("10.9.0.1", "fd09::1"), 2: ("10.9.0.2", "fd09::2")}
"""Of the pods, by their endpoint ids."""
LOOPBACK = 1
FORWARDING = (("ipv4", "ip_forward"), ("ipv6", "conf", "all", "forwarding"))
DENY = Policy.parse("default ingress deny\ndefault egress deny")


@pytest.fixture
def host(netns: Callable[[], str]) -> str:
    place = netns()
    netlink.add_address(LOOPBACK, "10.9.255.1/32", place)  # what its own packets come from
    netlink.set_up(LOOPBACK, place)
    return place


@pytest.fixture
def node(host: str) -> Iterator[Node]:
    with Node.create(Veth(forwarding=True), netns=host) as made:
        yield made


@pytest.fixture
def pods(node: Node, netns: Callable[[], str]) -> list[Endpoint]:
    return [node.connect(netns(), addresses, id=id) for id, addresses in ADDRESSES.items()]


@pytest.mark.parametrize("family", [0, 1], ids=["IPv4", "IPv6"])
def test_pods_and_host_reach_each_other(node: Node, pods: list[Endpoint], family: int) -> None:
    one, two = pods
    assert reaches(one.netns, two.netns, ADDRESSES[2][family])
    assert reaches(two.netns, one.netns, ADDRESSES[1][family])
    assert reaches(node.host, one.netns, ADDRESSES[1][family])


@pytest.mark.parametrize("family", [0, 1], ids=["IPv4", "IPv6"])
def test_the_receivers_policy_decides(node: Node, pods: list[Endpoint], family: int) -> None:
    one, two = pods
    to, peer = ADDRESSES[2][family], ADDRESSES[1][family]
    two.set_ingress(Policy.parse(f"allow ingress from {peer} udp port {PORT}\ndefault ingress deny"))
    assert reaches(one.netns, two.netns, to)
    assert not reaches(one.netns, two.netns, to, port=PORT + 1, expected=False)
    assert not reaches(node.host, two.netns, to, expected=False)
    two.set_ingress(None)
    assert reaches(node.host, two.netns, to)


@pytest.mark.parametrize("family", [0, 1], ids=["IPv4", "IPv6"])
def test_the_senders_policy_decides_first(node: Node, pods: list[Endpoint], family: int) -> None:
    one, two = pods
    one.set_egress(DENY)
    assert not reaches(one.netns, two.netns, ADDRESSES[2][family], expected=False)
    assert reaches(two.netns, one.netns, ADDRESSES[1][family])
    one.set_egress(None)
    assert reaches(one.netns, two.netns, ADDRESSES[2][family])


def test_a_program_of_ones_own_in_either_place(pods: list[Endpoint]) -> None:
    one, two = pods
    with returning(SHOT) as drop:
        two.set_ingress(drop)
        assert not reaches(one.netns, two.netns, ADDRESSES[2][0], expected=False)
        two.set_ingress(None)
        one.set_egress(drop)
        assert one.egress is drop
        assert not reaches(one.netns, two.netns, ADDRESSES[2][0], expected=False)
        one.set_egress(None)
        assert reaches(one.netns, two.netns, ADDRESSES[2][0])


@pytest.mark.parametrize("missing", ["drop", "pass"])
def test_a_missing_policy_is_counted(missing: str, host: str, netns: Callable[[], str]) -> None:
    with Node.create(Veth(forwarding=True), netns=host, missing=missing) as node:
        pod = node.connect(netns(), "10.9.0.1")
        assert pod.id == 1
        del node.policies[1]
        assert reaches(host, pod.netns, "10.9.0.1", expected=missing == "pass") is (missing == "pass")
        assert node.counts()[Count.NO_POLICY].packets > 0


def test_closing_takes_all_down(host: str, netns: Callable[[], str]) -> None:
    place = netns()
    node = Node.create(Veth(), netns=host)
    before = interfaces(host)
    pod = node.connect(place, ADDRESSES[1])
    assert "eth0" in interfaces(place)
    assert repr(node) == "<Node with 1 veth pods>"
    pod.close()
    assert "eth0" not in interfaces(place)
    assert interfaces(host) == before
    assert node.pods == {}
    assert list(node.endpoints) == []
    assert node.policies.get(1) is None
    again = node.connect(place, ADDRESSES[1])  # all of it can be made again
    node.close()
    assert again.closed
    assert node.closed
    with pytest.raises(ClosedError):
        node.connect(place, ADDRESSES[1])
    node.close()


def test_what_polices_a_pod_goes_after_its_device(
    node: Node, netns: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    place = netns()
    up: dict[str, bool] = {}

    def looking(name: str, undo: Callable[..., None]) -> Callable[..., None]:
        def look(*args: object) -> None:
            there = interfaces(place)
            up[name] = "eth0" in there and link_info.link(there["eth0"], place).up
            undo(*args)

        return look

    polices = [(Endpoint, "_lead_no_more"), (Endpoint, "_clear_ingress"), (Endpoint, "_close_owned")]
    for kind, name in [*polices, (Link, "close"), (ClsactLink, "close")]:
        monkeypatch.setattr(kind, name, looking(name, getattr(kind, name)))
    node.connect(place, ADDRESSES[1], ingress=DENY, egress=DENY).close()
    assert up == {"_lead_no_more": False, "_clear_ingress": False, "_close_owned": False, "close": False}


def test_a_namespace_that_is_gone_is_no_hindrance(node: Node, netns: Callable[[], str]) -> None:
    place = netns()
    pod = node.connect(place, ADDRESSES[1])
    namespaces.delete(place)
    pod.close()
    assert node.pods == {}


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"id": -1}, "id"),
        ({"id": 4096}, "id"),
        ({"id": True}, "id"),
        ({"addresses": []}, "addresses"),
        ({"addresses": ["10.9.0.300"]}, "addresses"),
        ({"addresses": ["10.9.0.1", "10.9.0.1/24"]}, "addresses"),
        ({"addresses": ["224.0.0.1"]}, "addresses"),
        ({"addresses": None}, "addresses"),
        ({"addresses": 10}, "addresses"),
        ({"addresses": [10]}, "addresses"),
        ({"addresses": [b"abcd"]}, "addresses"),
        ({"prefixes": ["10.9.0.1/24"]}, "prefixes"),
        ({"prefixes": None}, "prefixes"),
        ({"prefixes": "::/0"}, "prefixes"),  # IPv4 packets would be led there as well
        ({"prefixes": ["10.8.0.0/16", "::/80"]}, "prefixes"),
    ],
)
def test_arguments_that_mean_nothing(wrong: dict[str, Any], field: str, node: Node, netns: Callable[[], str]) -> None:
    with pytest.raises(OperandError) as caught:
        node.connect(**({"netns": netns(), "addresses": ADDRESSES[1]} | wrong))
    assert caught.value.field == field


@pytest.mark.parametrize(("option", "value"), [("capacity", 0), ("capacity", 65537), ("missing", "reject")])
def test_options_that_mean_nothing(option: str, value: object, host: str) -> None:
    options: dict[str, Any] = {option: value}
    with pytest.raises(OperandError) as caught:
        Node.create(Veth(), netns=host, **options)
    assert caught.value.field == option


@pytest.mark.parametrize(
    ("field", "wrong"), [("connector", "ipvlan"), ("connector", Veth), ("overlay", "vxlan0"), ("overlay", Veth)]
)
def test_what_is_no_connector_or_overlay(field: str, wrong: Any, host: str) -> None:
    options: dict[str, Any] = {"connector": Veth(), "netns": host} | {field: wrong}
    with pytest.raises(OperandError) as caught:
        Node.create(**options)
    assert caught.value.field == field


def test_what_is_taken(node: Node, pods: list[Endpoint], netns: Callable[[], str]) -> None:
    place = netns()
    with pytest.raises(DatapathError, match="endpoint id 1 is that of pod 'pod1'") as caught:
        node.connect(place, "10.9.0.9", id=1)
    assert isinstance(caught.value.__cause__, KeyExists)
    with pytest.raises(DatapathError, match=r"10\.9\.0\.2/32 leads to pod 'pod2' \(endpoint 2\) already"):
        node.connect(place, ["10.9.0.9", ADDRESSES[2][0]])
    assert interfaces(place) == {"lo": 1}
    assert sorted(node.pods) == [1, 2]
    with pytest.raises(DatapathError, match=r"there is .*'eth0' in .* already, which a process may have left"):
        node.connect(pods[0].netns, "10.9.0.9")
    assert reaches(node.host, pods[0].netns, ADDRESSES[1][0])


def test_all_ids_are_taken(host: str, netns: Callable[[], str]) -> None:
    with Node.create(Veth(), netns=host, capacity=2) as node:
        node.connect(netns(), "10.9.0.1")
        with pytest.raises(DatapathError, match="all of its 2 endpoint ids are taken"):
            node.connect(netns(), "10.9.0.2")


class Failing:
    """Has the n-th step of a composition fail, and knows how many there were; a step begins with its name."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.failing = -1
        self.seen = 0
        step = Steps.step

        def begin(steps: Steps, name: str) -> None:
            step.__set__(steps, name)
            if not name:  # of a composition that has not begun
                return
            if self.seen == self.failing:
                raise KernelError(errno.EIO, "injected")
            self.seen += 1

        monkeypatch.setattr(Steps, "step", property(step.__get__, begin))

    def fail(self, number: int) -> None:
        self.seen, self.failing = 0, number


@pytest.mark.parametrize("way", WAYS.values())
def test_every_step_of_connecting_can_fail(way: Way, netns: Callable[[], str], monkeypatch: pytest.MonkeyPatch) -> None:
    with topology.node(netns) as around, Node.create(way.connector(), netns=around.host) as node:
        pod = netns()
        before = footprint_of(around.host, pod)
        failing = Failing(monkeypatch)

        def connect() -> Endpoint:
            return node.connect(pod, way.pods["a"].values(), ingress=DENY, egress=DENY, mtu=1400)

        connect().close()
        count = failing.seen
        assert count > 10
        for number in range(count):
            if not worthwhile():
                continue
            failing.fail(number)
            with pytest.raises(DatapathError, match="injected"):
                connect()
            assert footprint_of(around.host, pod) == before
            assert node.pods == {}
            assert list(node.endpoints) == []
            assert node.policies.get(1) is None
        failing.fail(-1)
        with connect() as connected:
            assert node.pods == {1: connected}


@pytest.mark.parametrize("way", WAYS.values())
def test_every_step_of_making_a_node_can_fail(
    way: Way, netns: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with topology.node(netns) as around:
        before = footprint_of(around.host)
        failing = Failing(monkeypatch)
        Node.create(way.connector(), netns=around.host).close()
        for number in range(failing.seen):
            if not worthwhile():
                continue
            failing.fail(number)
            with pytest.raises(DatapathError, match="injected"):
                Node.create(way.connector(), netns=around.host)
            assert footprint_of(around.host) == before


def footprint_of(*places: NetNSLike) -> list[object]:
    """What a composition may leave in a namespace: devices, addresses, routes, qdiscs, and sysctls that it turns on.

    Not the addresses and routes of a link alone, which the kernel makes in its own time.
    """
    found: list[object] = []
    for place in places:
        there = interfaces(place)
        found.append((
            there,
            [each for each in netlink.addresses(netns=place) if not each[1].is_link_local],
            sorted(
                (route for route in netlink.routes(place)
                 if not route.destination.is_link_local and not route.destination.is_multicast),
                key=str,
            ),
            [index for index in there.values() if clsact.has_clsact(index, place)],
            [sysctl.read(name, place) for name in FORWARDING],
        ))  # fmt: skip
    return found


def test_without_privileges(host: str) -> None:
    Node.create(Veth(), netns=host).close()  # imports what nobody may be unable to read
    answer = refusal_as_nobody(lambda: Node.create(Veth()))
    assert answer.startswith("DatapathError: node with veth pods: making its endpoint map failed:")
    assert "CAP_BPF" in answer


def test_a_program_of_another_type(pods: list[Endpoint]) -> None:
    with returning(OK, ProgramType.XDP, "xdp") as xdp:
        for put in (pods[0].set_ingress, pods[0].set_egress):
            with pytest.raises(KernelError, match="xdp"):
                put(xdp)
    assert pods[0].ingress is None
    assert pods[0].egress is None
    assert reaches(pods[1].netns, pods[0].netns, ADDRESSES[1][0])


def test_a_policy_of_the_other_direction(node: Node, pods: list[Endpoint]) -> None:
    with node.compile(DENY, "egress") as egress, node.table("ingress") as ingress:
        for direction, put, wrong in (
            ("ingress", pods[0].set_ingress, egress),
            ("egress", pods[0].set_egress, ingress),
        ):
            with pytest.raises(OperandError, match=f"^{direction}: <.*> polices {wrong.direction}$") as caught:
                put(wrong)
            assert caught.value.field == direction
    assert pods[0].ingress is None
    assert pods[0].egress is None


@pytest.mark.parametrize("given", ["allow ingress", Rule("allow", "ingress")])
def test_what_is_no_policy_yet(given: Any, pods: list[Endpoint]) -> None:
    with pytest.raises(
        OperandError, match=r"^ingress: must be a policy or a program, not .*Policy.* makes a policy of it$"
    ):
        pods[0].set_ingress(given)
    assert pods[0].ingress is None


def test_a_single_prefix_behind_a_pod(node: Node, netns: Callable[[], str]) -> None:
    with node.connect(netns(), ADDRESSES[1], prefixes="10.8.0.0/16") as pod:
        assert node.endpoints["10.8.1.1"] == pod.id


def test_one_program_may_be_in_many_slots(node: Node, pods: list[Endpoint]) -> None:
    with counting(OK) as counter:
        for pod in pods:
            pod.set_ingress(counter.program)
        programs: set[Program] = {pod.ingress for pod in pods if isinstance(pod.ingress, Program)}
        assert programs == {counter.program}
        for pod in pods:
            pod.set_ingress(None)

"""The veth connector: which hooks packets pass, and what pods can reach."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator

import pytest

from ebpfasm import Link
from ebpfasm.datapath import ClsactLink, Veth, attach_at, attach_clsact, attach_tcx
from ebpfasm.datapath.connectors.pairs import FORWARDING
from ebpfasm.datapath.steps import Steps
from ebpfasm.errors import DatapathError, KernelError
from ebpfasm.kernel import link_info, netlink, sysctl
from ebpfasm.kernel.interfaces import interfaces
from ebpfasm.kernel.netns import NetNS
from ebpfasm.kernel.threads import in_thread
from tests.datapath.connectors.topology import (
    MASTER,
    OUTSIDE,
    POD,
    Node,
    alone,
    arrive,
    connected,
    device_of,
    interface,
    node,
    pods,
    prepared,
    seen,
)
from tests.datapath.packets import counting

pytestmark = [pytest.mark.needs_kernel, pytest.mark.needs_netns]

MakeNetNS = Callable[[], str]


@pytest.fixture
def here(netns: MakeNetNS) -> Iterator[Node]:
    with node(netns) as made:
        yield made


PATHS = {
    "pod to pod": {"a egress", "host a ingress", "host b egress", "b ingress"},
    "pod to outside": {"a egress", "host a ingress", "m0 egress"},
    "outside to pod": {"m0 ingress", "host a egress", "a ingress"},
    "pod to host": {"a egress", "host a ingress"},
    "host to pod": {"host a egress", "a ingress"},
}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("version", [4, 6])
def test_which_hooks_packets_pass(path: str, version: int, here: Node, netns: MakeNetNS) -> None:
    with pods(Veth(forwarding=True), here.host, netns) as pod:
        places = {
            "m0": (here.host, "m0"),
            **{name: device_of(one) for name, one in pod.items()},
            **{f"host {name}": (here.host, one.plugged.host_ifindex or 0) for name, one in pod.items()},
        }
        ends = {
            "pod": (pod["a"].netns, POD["a"][version]),
            "outside": (here.outside, OUTSIDE[version]),
            "host": (here.host, MASTER[version]),
        }
        sender, receiver = path.split(" to ")
        source = ends[sender][0]
        target, address = (pod["b"].netns, POD["b"][version]) if path == "pod to pod" else ends[receiver]
        assert seen(places, source, target, address) == PATHS[path]


@pytest.mark.parametrize(("stub", "side"), [("host", 46), ("pod", 47)])
def test_where_the_stub_goes(stub: str, side: int, here: Node, netns: MakeNetNS) -> None:
    with pods(Veth(stub=stub), here.host, netns, {"a": POD["a"]}) as pod:
        plugged = pod["a"].plugged
        place = here.host if stub == "host" else pod["a"].netns
        index = plugged.host_ifindex if stub == "host" else plugged.ifindex
        assert (plugged.from_pod.netns, plugged.from_pod.ifindex, plugged.from_pod.where) == (place, index, side)
        assert plugged.from_pod.seen == "from the pod"
        assert plugged.to_pod is not None
        assert plugged.to_pod.netns == here.host
        assert (plugged.to_pod.ifindex, plugged.to_pod.where) == (plugged.host_ifindex, 47)
        assert link_info.link(plugged.to_pod.ifindex, here.host).name == plugged.to_pod.device


def test_what_a_pod_gets(here: Node, netns: MakeNetNS) -> None:
    steps = Steps("site", "")
    site = prepared(Veth(host_prefix="lxc"), steps, here.host)
    assert not steps.any
    with NetNS(netns()) as place:
        wanted = interface("10.1.0.11/24", "fd01::11/64", mtu=1400, mac="02:00:00:00:00:11", rp_filter=2)
        pod = connected(site, place, wanted)
        about = link_info.link(pod.plugged.ifindex, place)
        assert (about.name, about.mtu, about.mac, about.up) == ("eth0", 1400, "02:00:00:00:00:11", True)
        assert {str(one) for index, one in netlink.addresses(about.ifindex, place)} >= {"10.1.0.11/24", "fd01::11/64"}
        assert sysctl.read(("ipv4", "conf", "eth0", "rp_filter"), place) == 2
        gateways = {str(route.destination): str(route.via) for route in netlink.routes(place) if route.via}
        assert gateways == {"0.0.0.0/0": "169.254.1.1", "::/0": "fe80::1"}
        other = link_info.link(pod.plugged.host_ifindex or 0, here.host)
        assert (other.name, other.mtu) == (f"lxc{place.inode:08x}", 1400)
        towards = {str(route.destination) for route in netlink.routes(here.host) if route.ifindex == other.ifindex}
        assert towards >= {"10.1.0.11/32", "fd01::11/128"}
        in_thread(pod.steps.undo_all)
        assert interfaces(place) == {"lo": 1}
    assert set(interfaces(here.host)) == {"lo", "m0"}
    assert not {str(route.destination) for route in netlink.routes(here.host)} & {"10.1.0.11/32", "fd01::11/128"}


def test_without_a_default_route(here: Node, netns: MakeNetNS) -> None:
    site = prepared(Veth(), Steps("site", ""), here.host)
    with NetNS(netns()) as place:
        pod = connected(site, place, interface(*POD["a"].values(), default_route=False))
        ours = {str(route.destination) for route in netlink.routes(place) if route.destination.version == 4}
        assert ours == {"169.254.1.1/32"}
        netlink.add_route("10.0.0.0/24", via="169.254.1.1", netns=place)
        assert arrive(place, here.host, MASTER[4]) == 3
        in_thread(pod.steps.undo_all)


def test_over_conversations(here: Node, netns: MakeNetNS) -> None:
    site = prepared(Veth(), Steps("site", ""), here.host)
    with NetNS(netns()) as place:
        pod = connected(site, place, interface(*POD["a"].values()), host=here.host)
        assert arrive(place, here.host, MASTER[4]) == arrive(here.host, place, POD["a"][6]) == 3
        in_thread(pod.steps.undo_all)


def test_pods_whatever_their_prefix_reach_each_other(here: Node, netns: MakeNetNS) -> None:
    wide = {"a": {4: "10.1.0.11/16", 6: "fd01::11/64"}, "b": {4: "10.1.0.12/16", 6: "fd01::12/64"}}
    with pods(Veth(forwarding=True), here.host, netns, wide) as pod:
        for version in (4, 6):
            assert arrive(pod["a"].netns, pod["b"].netns, wide["b"][version]) == 3


def test_forwarding_is_turned_off_again(here: Node) -> None:
    steps = Steps("site", "")
    prepared(Veth(forwarding=True), steps, here.host)
    assert [sysctl.read(setting, here.host) for setting in FORWARDING] == [1, 1]
    in_thread(steps.undo_all)
    assert [sysctl.read(setting, here.host) for setting in FORWARDING] == [0, 0]


def test_an_address_that_another_pod_has(here: Node, netns: MakeNetNS) -> None:
    site = prepared(Veth(), Steps("site", ""), here.host)
    with NetNS(netns()) as first, NetNS(netns()) as second:
        pod = connected(site, first, interface(*POD["a"].values()))
        for address in POD["a"].values():
            with pytest.raises(DatapathError, match=f"{alone(address)} is another pod's address"):
                connected(site, second, interface(address))
            assert interfaces(second) == {"lo": 1}
        in_thread(pod.steps.undo_all)


def test_the_pod_is_gone_before_it_is_disconnected(here: Node, netns: MakeNetNS) -> None:
    site = prepared(Veth(), Steps("site", ""), here.host)
    with NetNS(netns()) as place:
        pod = connected(site, place, interface(*POD["a"].values()))
        netlink.delete_link(pod.plugged.ifindex, place)
        in_thread(pod.steps.undo_all)
    assert set(interfaces(here.host)) == {"lo", "m0"}


@pytest.mark.parametrize("attach", [pytest.param(attach_tcx, marks=pytest.mark.needs_tcx), attach_clsact])
def test_attaching_at_its_hooks(attach: Callable[..., Link | ClsactLink], here: Node, netns: MakeNetNS) -> None:
    for stub in ("host", "pod"):
        with pods(Veth(stub=stub), here.host, netns, {"a": POD["a"]}) as pod, counting() as count:
            plugged = pod["a"].plugged
            assert plugged.to_pod is not None
            for hook, source, target, address in (
                (plugged.from_pod, pod["a"].netns, here.host, MASTER[4]),
                (plugged.to_pod, here.host, pod["a"].netns, POD["a"][4]),
            ):
                before = count.hits
                with attach_at(hook, count.program, attach):
                    assert arrive(source, target, address) == 3
                assert arrive(source, target, address) == 3
                assert count.hits == before + 3


def test_forwarding_on_a_kernel_without_ipv6(netns: Callable[[], str], monkeypatch: pytest.MonkeyPatch) -> None:
    read = sysctl.read

    def without_ipv6(setting: tuple[str, ...], place: NetNS) -> int:
        if setting[0] == "ipv6":
            raise KernelError(errno.ENOENT, "there is no such setting")
        return read(setting, place)

    monkeypatch.setattr(sysctl, "read", without_ipv6)
    steps = Steps("site", "")
    with NetNS(netns()) as host:
        prepared(Veth(forwarding=True), steps, host)
        assert read(("ipv4", "ip_forward"), host) == 1
        in_thread(steps.undo_all)
        assert read(("ipv4", "ip_forward"), host) == 0

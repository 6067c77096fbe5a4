"""The ipvlan connector: which hooks packets pass in each mode, and every master that cannot serve."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ebpfasm.datapath import Ipvlan
from ebpfasm.datapath.connectors.slaves import slaves_of
from ebpfasm.datapath.steps import Steps
from ebpfasm.errors import DatapathError, KernelError, KeyExists, OperandError
from ebpfasm.kernel import devices, link_info, netlink, sysctl
from ebpfasm.kernel.interfaces import ifindex, interfaces
from ebpfasm.kernel.netns import NetNS
from ebpfasm.kernel.threads import in_thread
from tests.datapath.connectors.topology import (
    HOST,
    MASTER,
    OUTSIDE,
    POD,
    SWITCHED_HOST,
    SWITCHED_POD,
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

pytestmark = [pytest.mark.needs_kernel, pytest.mark.needs_netns, pytest.mark.needs_ipvlan]

MakeNetNS = Callable[[], str]


@pytest.fixture
def here(netns: MakeNetNS) -> Iterator[Node]:
    with node(netns) as made:
        yield made


def connector(mode: str, flags: str = "bridge") -> Ipvlan:
    addresses = SWITCHED_HOST if mode == "l2" else HOST
    return Ipvlan("m0", mode=mode, flags=flags, host="iph", host_addresses=addresses.values())


FROM_OUTSIDE = {
    "l3": {"m0 ingress", "a ingress"},
    "l3s": {"m0 ingress"},  # the host's netfilter sees it, the pod's ingress does not
    "l2": {"m0 ingress", "a ingress"},
}
TO_MASTER = {"l3": {"a egress"}, "l3s": {"a egress"}, "l2": {"a egress", "m0 ingress"}}
PATHS: dict[str, Callable[[str], set[str]]] = {
    "pod to pod": lambda mode: {"a egress", "b ingress"},
    "pod to outside": lambda mode: {"a egress", "m0 egress"},
    "outside to pod": lambda mode: FROM_OUTSIDE[mode],
    "pod to host": lambda mode: {"a egress", "host ingress"},
    "host to pod": lambda mode: {"host egress", "a ingress"},
    "pod to master": lambda mode: TO_MASTER[mode],
}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("mode", devices.IPVLAN_MODES)
def test_which_hooks_packets_pass(mode: str, version: int, path: str, here: Node, netns: MakeNetNS) -> None:
    addresses, host = (SWITCHED_POD, SWITCHED_HOST) if mode == "l2" else (POD, HOST)
    with pods(connector(mode), here.host, netns, addresses) as pod:
        places = {
            "m0": (here.host, "m0"),
            "host": (here.host, "iph"),
            **{name: device_of(one) for name, one in pod.items()},
        }
        ends = {
            "pod": (pod["a"].netns, addresses["a"][version]),
            "outside": (here.outside, OUTSIDE[version]),
            "host": (here.host, host[version]),
            "master": (here.host, MASTER[version]),
        }
        sender, receiver = path.split(" to ")
        source = ends[sender][0]
        target, address = (pod["b"].netns, addresses["b"][version]) if path == "pod to pod" else ends[receiver]
        if (mode, version, path) == ("l2", 6, "pod to master"):
            # Nobody answers the solicitation: it goes to slaves and out, and an address of m0 is none of the host's
            # slave; ARP is answered by that one for all addresses of the host.
            assert arrive(source, target, address, wait_s=0.5) == 0
            return
        assert seen(places, source, target, address) == PATHS[path](mode)


@pytest.mark.parametrize(("flags", "reached"), [("bridge", 3), ("private", 0), ("vepa", 0)])
def test_flags(flags: str, reached: int, here: Node, netns: MakeNetNS) -> None:
    with pods(connector("l3", flags), here.host, netns) as pod:
        assert arrive(pod["a"].netns, pod["b"].netns, POD["b"][4], wait_s=0.3 if reached == 0 else 5) == reached


@pytest.mark.parametrize("mode", devices.IPVLAN_MODES)
def test_what_a_site_and_a_pod_get(mode: str, here: Node, netns: MakeNetNS) -> None:
    steps = Steps("site", "")
    site = prepared(connector(mode), steps, here.host)
    master, slave = ifindex("m0", here.host), link_info.link_named("iph", here.host)
    assert site.sender_delivers
    assert [(hook.ifindex, hook.device, hook.where, hook.seen) for hook in site.hooks] == [
        (master, "m0", 46, "from outside"),
        (slave.ifindex, "iph", 47, "from the host"),
    ]
    assert (slave.up, slave.mode) == (True, devices.IPVLAN_MODES[mode])
    with NetNS(netns()) as place:
        addresses = ("10.0.0.11/24", "fd00::11/64") if mode == "l2" else tuple(POD["a"].values())
        pod = connected(site, place, interface(*addresses, mtu=1400, rp_filter=2), host=here.host)
        about = link_info.link(pod.plugged.ifindex, place)
        assert (about.name, about.kind, about.mtu, about.up, about.lower) == ("eth0", "ipvlan", 1400, True, master)
        assert {str(one) for _, one in netlink.addresses(about.ifindex, place)} >= set(addresses)
        assert sysctl.read(("ipv4", "conf", "eth0", "rp_filter"), place) == 2
        defaults = {str(one.via) for one in netlink.routes(place) if one.destination.prefixlen == 0}
        assert defaults == ({alone(one) for one in SWITCHED_HOST.values()} if mode == "l2" else {"None"})
        towards = {str(one.destination) for one in netlink.routes(here.host) if one.ifindex == slave.ifindex}
        assert towards >= {f"{alone(one)}/{32 if '.' in one else 128}" for one in addresses}
        assert pod.plugged.to_pod is None
        assert pod.plugged.from_pod[:5] == (place, about.ifindex, "eth0", 47, "from the pod")
        assert {one.place for one in slaves_of(master, here.host)} >= {f"network namespace {place.what}"}
        in_thread(pod.steps.undo_all)
        assert interfaces(place) == {"lo": 1}
    in_thread(steps.undo_all)
    assert set(interfaces(here.host)) == {"lo", "m0"}
    assert slaves_of(master, here.host) == []


def test_the_default_routes_device(here: Node) -> None:
    steps = Steps("site", "")
    site = prepared(Ipvlan(host="iph"), steps, here.host)
    assert site.hooks[0].device == "m0"
    in_thread(steps.undo_all)


def test_gateways(here: Node, netns: MakeNetNS) -> None:
    steps = Steps("site", "")
    site = prepared(Ipvlan("m0", mode="l2", host="iph", gateways=["10.0.0.2", "fd00::2"]), steps, here.host)
    with NetNS(netns()) as place:
        pod = connected(site, place, interface(*SWITCHED_POD["a"].values()))
        defaults = {str(one.via) for one in netlink.routes(place) if one.destination.prefixlen == 0}
        assert defaults == {"10.0.0.2", "fd00::2"}
        in_thread(pod.steps.undo_all)
    in_thread(steps.undo_all)


def test_a_missing_master(here: Node) -> None:
    refused(Ipvlan("m7"), here, KernelError, "looking for master 'm7' .*there is 'lo'", errno.ENODEV)


def test_no_default_route_to_take_a_master_from(here: Node) -> None:
    for anywhere in ("0.0.0.0/0", "::/0"):
        netlink.delete_route(anywhere, netns=here.host)
    refused(Ipvlan(), here, KernelError, "no default route", errno.ENODEV)


def refused(connector: Ipvlan, here: Node, kind: type[Exception], match: str, number: int = 0) -> None:
    """Prepare a connector, which must fail and leave nothing."""
    before = interfaces(here.host)
    with pytest.raises(DatapathError, match=match) as caught:
        prepared(connector, Steps("site", ""), here.host)
    assert isinstance(caught.value.__cause__, kind)
    if isinstance(caught.value.__cause__, KernelError):
        assert caught.value.__cause__.errno == number
    assert interfaces(here.host) == before


def test_a_master_that_is_down(here: Node) -> None:
    netlink.set_down(ifindex("m0", here.host), here.host)
    refused(Ipvlan("m0"), here, KernelError, "master 'm0' .* is down", errno.ENETDOWN)


def test_a_master_that_is_a_slave_itself(here: Node) -> None:
    index = devices.create_ipvlan("s0", ifindex("m0", here.host), netns=here.host, master_netns=here.host)
    netlink.set_up(index, here.host)
    refused(Ipvlan("s0", mode="l3"), here, OperandError, "'s0' .* is an ipvlan slave itself")


def test_a_master_without_addresses_of_ethernet(here: Node) -> None:
    refused(Ipvlan("lo"), here, OperandError, "'lo' .* has no Ethernet addresses")


@pytest.mark.parametrize("kind", ["bridge", "macvlan"])
def test_a_master_that_serves_something_else(kind: str, here: Node) -> None:
    master = ifindex("m0", here.host)

    def occupy(route: Any) -> None:
        if kind == "macvlan":
            route.link("add", ifname="mv0", kind="macvlan", link=master)
        else:
            route.link("add", ifname="br0", kind="bridge")
            route.link("set", index=master, master=route.link("get", ifname="br0")[0]["index"])

    netlink.ask(here.host, "RTM_NEWLINK", f"making a {kind}", occupy)
    match = "'m0' has macvlan devices or belongs to a bridge"
    refused(Ipvlan("m0", mode="l3"), here, KernelError, match, errno.EBUSY)


@pytest.mark.parametrize("inside", [True, False], ids=["in the host", "in a pod"])
@pytest.mark.parametrize(("mode", "flags"), [("l2", "bridge"), ("l3", "private")])
def test_a_master_whose_slaves_are_in_another_mode(
    mode: str, flags: str, inside: bool, here: Node, netns: MakeNetNS
) -> None:
    master = ifindex("m0", here.host)
    with NetNS(here.host if inside else netns()) as place:
        index = devices.create_ipvlan("s0", master, mode=mode, flags=flags, netns=place, master_netns=here.host)
        match = rf"in mode {mode} \({flags}\), such as 's0' in .*{place.what}; another one in mode l3 \(bridge\)"
        refused(Ipvlan("m0", mode="l3"), here, KernelError, match, errno.EBUSY)
        about = link_info.link(index, place)
        assert (about.mode, about.flags) == (devices.IPVLAN_MODES[mode], devices.IPVLAN_FLAGS[flags])


def test_a_mode_that_is_changed_meanwhile(here: Node, netns: MakeNetNS) -> None:
    steps = Steps("site", "")
    site = prepared(connector("l3"), steps, here.host)
    devices.create_ipvlan("s0", ifindex("m0", here.host), mode="l2", netns=here.host, master_netns=here.host)
    with NetNS(netns()) as place:
        with pytest.raises(DatapathError, match=r"are in mode l2 \(bridge\) now, not l3 \(bridge\)") as caught:
            connected(site, place, interface(*POD["a"].values()))
        assert isinstance(caught.value.__cause__, KernelError)
        assert caught.value.__cause__.errno == errno.EBUSY
        assert interfaces(place) == {"lo": 1}
    assert link_info.link_named("s0", here.host).mode == devices.IPVLAN_MODES["l2"]
    in_thread(steps.undo_all)


def test_the_hosts_slave_is_gone(here: Node, netns: MakeNetNS) -> None:
    steps = Steps("site", "")
    site = prepared(connector("l3"), steps, here.host)
    netlink.delete_link(ifindex("iph", here.host), here.host)
    with NetNS(netns()) as place, pytest.raises(DatapathError, match="looking at the host's slave iph failed"):
        connected(site, place, interface(*POD["a"].values()))
    in_thread(steps.undo_all)


def test_the_name_of_the_hosts_slave_is_taken(here: Node) -> None:
    with pytest.raises(DatapathError, match="making the host's slave m0 of m0") as caught:
        prepared(Ipvlan("m0", host="m0"), Steps("site", ""), here.host)
    assert isinstance(caught.value.__cause__, KeyExists)


@pytest.mark.parametrize("version", [4, 6])
def test_an_address_that_another_slave_has(version: int, here: Node, netns: MakeNetNS) -> None:
    steps = Steps("site", "")
    site = prepared(connector("l3"), steps, here.host)
    with NetNS(netns()) as first, NetNS(netns()) as second:
        pod = connected(site, first, interface(*POD["a"].values()))
        for address, owner in ((POD["a"][version], f"'eth0' in .*{first.what}"), (HOST[version], "'iph' in ")):
            with pytest.raises(DatapathError, match=f"ipvlan slave {owner}.* has {alone(address)}") as caught:
                connected(site, second, interface(address))
            assert isinstance(caught.value.__cause__, KernelError)
            assert caught.value.__cause__.errno == errno.EADDRINUSE
            assert caught.value.step == f"giving eth0 the address {address}"
            assert interfaces(second) == {"lo": 1}
        in_thread(pod.steps.undo_all)
    in_thread(steps.undo_all)


def test_an_mtu_beyond_the_masters(netns: MakeNetNS) -> None:
    with node(netns, mtu=1400) as here:
        steps = Steps("site", "")
        site = prepared(connector("l3"), steps, here.host)
        with NetNS(netns()) as place:
            with pytest.raises(DatapathError, match="mtu must be at most 1400, that of master 'm0', not 1401"):
                connected(site, place, interface(*POD["a"].values(), mtu=1401))
            assert interfaces(place) == {"lo": 1}
            pod = connected(site, place, interface(*POD["a"].values(), mtu=1400))
            in_thread(pod.steps.undo_all)
        in_thread(steps.undo_all)


def test_a_hardware_address_of_its_own(here: Node, netns: MakeNetNS) -> None:
    steps = Steps("site", "")
    site = prepared(connector("l3"), steps, here.host)
    with NetNS(netns()) as place, pytest.raises(DatapathError, match="master's hardware address") as caught:
        connected(site, place, interface(*POD["a"].values(), mac="02:00:00:00:00:01"))
    assert isinstance(caught.value.__cause__, OperandError)
    in_thread(steps.undo_all)


def test_a_pod_that_is_gone_before_it_is_disconnected(here: Node, netns: MakeNetNS) -> None:
    steps = Steps("site", "")
    site = prepared(connector("l3"), steps, here.host)
    with NetNS(netns()) as place:
        pod = connected(site, place, interface(*POD["a"].values()))
        netlink.delete_link(pod.plugged.ifindex, place)
        in_thread(pod.steps.undo_all)
    in_thread(steps.undo_all)
    assert set(interfaces(here.host)) == {"lo", "m0"}

"""The netkit connector: which programs see a packet, and what pods can reach."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from ebpfasm import AttachType
from ebpfasm.datapath import Netkit, attach_at, attach_netkit
from ebpfasm.datapath.steps import Steps
from ebpfasm.errors import AlreadyAttached, DatapathError, KernelError, OperandError
from ebpfasm.kernel import devices, link_info, netlink
from ebpfasm.kernel.interfaces import interfaces
from ebpfasm.kernel.netns import NetNS
from ebpfasm.kernel.threads import in_thread
from tests.datapath.connectors.topology import (
    COUNT,
    MASTER,
    OUTSIDE,
    POD,
    Node,
    arrive,
    connected,
    interface,
    node,
    pods,
    prepared,
)
from tests.datapath.packets import PAYLOAD, PAYLOAD_IPV6, SHOT, counting, returning

pytestmark = [pytest.mark.needs_kernel, pytest.mark.needs_netns, pytest.mark.needs_netkit]

MakeNetNS = Callable[[], str]


@pytest.fixture
def here(netns: MakeNetNS) -> Iterator[Node]:
    with node(netns) as made:
        yield made


PATHS = {
    "pod to pod": {"from a", "to b"},
    "pod to outside": {"from a"},
    "outside to pod": {"to a"},
    "pod to host": {"from a"},
    "host to pod": {"to a"},
}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("mode", devices.NETKIT_MODES)
def test_which_programs_see_packets(mode: str, version: int, path: str, here: Node, netns: MakeNetNS) -> None:
    with pods(Netkit(mode=mode, forwarding=True), here.host, netns) as pod, ExitStack() as stack:
        counters = {}
        for name, one in pod.items():
            for words, hook in (("from", one.plugged.from_pod), ("to", one.plugged.to_pod)):
                assert hook is not None
                counter = stack.enter_context(counting(payload=PAYLOAD if version == 4 else PAYLOAD_IPV6))
                stack.enter_context(attach_at(hook, counter.program))
                counters[f"{words} {name}"] = counter
        ends = {
            "pod": (pod["a"].netns, POD["a"][version]),
            "outside": (here.outside, OUTSIDE[version]),
            "host": (here.host, MASTER[version]),
        }
        sender, receiver = path.split(" to ")
        target, address = (pod["b"].netns, POD["b"][version]) if path == "pod to pod" else ends[receiver]
        assert arrive(ends[sender][0], target, address) == COUNT
        assert {name: counter.hits for name, counter in counters.items()} == {
            name: COUNT if name in PATHS[path] else 0 for name in counters
        }


def test_what_a_pod_gets(here: Node, netns: MakeNetNS) -> None:
    site = prepared(Netkit(host_prefix="nk"), Steps("site", ""), here.host)
    with NetNS(netns()) as place:
        pod = connected(site, place, interface(*POD["a"].values(), mtu=1400, rp_filter=1), host=here.host)
        name = f"nk{place.inode:08x}"
        primary, peer = link_info.link_named(name, here.host), link_info.link(pod.plugged.ifindex, place)
        assert (primary.kind, primary.primary, primary.up, primary.mtu) == ("netkit", True, True, 1400)
        assert (peer.name, peer.primary, peer.up, peer.mtu) == ("eth0", False, True, 1400)
        assert pod.plugged.from_pod[1:] == (primary.ifindex, name, AttachType.NETKIT_PEER, "from the pod")
        assert pod.plugged.to_pod is not None
        assert pod.plugged.to_pod[1:] == (primary.ifindex, name, AttachType.NETKIT_PRIMARY, "to the pod")
        assert {one.via for one in netlink.routes(place) if one.destination.prefixlen == 0} == {None}
        in_thread(pod.steps.undo_all)
        assert interfaces(place) == {"lo": 1}
    assert set(interfaces(here.host)) == {"lo", "m0"}


def test_a_policy_of_dropping(here: Node, netns: MakeNetNS) -> None:
    with pods(Netkit(policy="drop"), here.host, netns, {"a": POD["a"]}) as pod:
        assert arrive(here.host, pod["a"].netns, POD["a"][4], wait_s=0.3) == 0
        hook = pod["a"].plugged.to_pod
        assert hook is not None
        with returning(0) as program, attach_at(hook, program):
            assert arrive(here.host, pod["a"].netns, POD["a"][4]) == COUNT


def test_a_link_is_updated_and_ends(here: Node, netns: MakeNetNS) -> None:
    with pods(Netkit(), here.host, netns, {"a": POD["a"]}) as pod, returning(0) as good, returning(SHOT) as bad:
        hook = pod["a"].plugged.from_pod
        with attach_at(hook, good) as link:
            with pytest.raises(AlreadyAttached):
                attach_netkit(hook.ifindex, good, hook.where, netns=hook.netns)
            assert arrive(pod["a"].netns, here.host, MASTER[4]) == COUNT
            link.update(bad)
            assert arrive(pod["a"].netns, here.host, MASTER[4], wait_s=0.3) == 0
        assert arrive(pod["a"].netns, here.host, MASTER[4]) == COUNT


def test_devices_that_are_no_primary(here: Node, netns: MakeNetNS) -> None:
    with pods(Netkit(), here.host, netns, {"a": POD["a"]}) as pod, returning(0) as program:
        for netns_of, device, number, match in (
            (pod["a"].netns, "eth0", errno.EACCES, "eth0 is the peer of its pair"),
            (here.host, "m0", errno.ENXIO, "m0 is no netkit device"),
            (here.host, 9999, errno.ENODEV, "9999"),
        ):
            with pytest.raises(KernelError, match=match) as caught:
                attach_netkit(device, program, AttachType.NETKIT_PEER, netns=netns_of)
            assert caught.value.errno == number
        with pytest.raises(OperandError, match=r"NETKIT_PRIMARY or AttachType\.NETKIT_PEER"):
            attach_netkit("eth0", program, AttachType.TCX_EGRESS, netns=pod["a"].netns)


def test_a_hardware_address_of_its_own(here: Node, netns: MakeNetNS) -> None:
    site = prepared(Netkit(), Steps("site", ""), here.host)
    with NetNS(netns()) as place, pytest.raises(DatapathError, match="choose their hardware addresses") as caught:
        connected(site, place, interface(*POD["a"].values(), mac="02:00:00:00:00:01"))
    assert isinstance(caught.value.__cause__, OperandError)

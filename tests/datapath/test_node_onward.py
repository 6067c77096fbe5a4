"""What senders' programs do last, on nodes where they do something: they deliver, or put packets into tunnels."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ebpfasm.datapath import Ipvlan, Node, Overlay, Policy, Veth
from ebpfasm.kernel import netlink
from tests.datapath.frames import tcp4, tcp6

pytestmark = [pytest.mark.needs_kernel, pytest.mark.needs_netns]

SOME = Policy.parse("allow egress to 10.0.0.0/8 tcp port 80\ndefault ingress allow")


@pytest.fixture
def host(netns: Callable[[], str]) -> str:
    """A host with a device that leads outside, with a name that is none for an object of the kernel."""
    place, outside = netns(), netns()
    for end, where in zip(
        netlink.create_veth("up-link", "x0", netns=place, peer_netns=outside), (place, outside), strict=True
    ):
        netlink.set_up(end, where)
    return place


@pytest.mark.needs_vxlan
@pytest.mark.parametrize("policy", [None, SOME, Policy.parse("default egress deny")])
def test_into_the_overlay(policy: Policy | None, host: str, netns: Callable[[], str]) -> None:
    with Node.create(Veth(), netns=host, overlay=Overlay("up-link")) as node:
        pod = node.connect(netns(), ("10.0.0.2", "fd00::2"), egress=policy)
        assert (node.onward is None, pod.program_id is None) == (False, False)
        assert pod.entry.test_run(tcp4(destination="10.0.0.3")).retval == (
            2 if policy and not policy.of("egress") else 0
        )
        assert pod.entry.test_run(tcp6()).retval == (2 if policy else 0)


@pytest.mark.needs_ipvlan
@pytest.mark.parametrize("policy", [None, SOME])
def test_to_the_receivers_policy(policy: Policy | None, host: str, netns: Callable[[], str]) -> None:
    with Node.create(Ipvlan("up-link"), netns=host) as node:
        one = node.connect(netns(), "10.0.0.2", egress=policy)
        node.connect(netns(), "10.0.0.3", ingress=Policy.parse("default ingress deny"))
        node.connect(netns(), "10.0.0.4")
        assert one.entry.test_run(tcp4(destination="10.0.0.3")).retval == 2
        assert one.entry.test_run(tcp4(destination="10.0.0.4")).retval == 0
        assert one.entry.test_run(tcp4(destination="10.0.0.4", to=81)).retval == (2 if policy else 0)
        assert {each.program.name for each in node.deliveries} == {"deliver_up_link", "deliver_ipvlan_"}

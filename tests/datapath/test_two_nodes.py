"""Two nodes whose pods are on ipvlan: pods reach each other by routes between the nodes, and are policed on both."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import NamedTuple

import pytest

from ebpfasm.datapath import Endpoint, Ipvlan, Node, Policy
from ebpfasm.kernel import netlink
from tests.datapath.connectors.topology import arrive
from tests.datapath.reach import reaches

pytestmark = [pytest.mark.needs_kernel, pytest.mark.needs_netns, pytest.mark.needs_ipvlan]

COUNT = 3
SILENCE_S = 0.3  # how long to wait for a datagram that is to be dropped
LOOPBACK = 1
WIRE = ({4: "10.0.0.1/24", 6: "fd00::1/64"}, {4: "10.0.0.2/24", 6: "fd00::2/64"})
PREFIXES = ({4: "10.1.0.0/16", 6: "fd01::/64"}, {4: "10.2.0.0/16", 6: "fd02::/64"})
PODS = ({4: "10.1.0.11", 6: "fd01::11"}, {4: "10.2.0.11", 6: "fd02::11"})
"""Of each node: its address on the wire, the network of its pods, its pod."""


class Side(NamedTuple):
    """A node and its pod."""

    node: Node
    pod: Endpoint


@pytest.fixture(params=["l3", "l3s"])
def sides(request: pytest.FixtureRequest, netns: Callable[[], str]) -> Iterator[tuple[Side, Side]]:
    hosts = netns(), netns()
    ends = netlink.create_veth("m0", "m0", netns=hosts[0], peer_netns=hosts[1])
    for number, host in enumerate(hosts):
        netlink.set_up(LOOPBACK, host)
        for address in WIRE[number].values():
            netlink.add_address(ends[number], address, host)
        netlink.set_up(ends[number], host)
    for number, host in enumerate(hosts):
        for version, prefix in PREFIXES[1 - number].items():
            via = WIRE[1 - number][version].partition("/")[0]
            netlink.add_route(prefix, via=via, index=ends[number], netns=host)
    with ExitStack() as undo:
        made = []
        for number, host in enumerate(hosts):
            node = undo.enter_context(Node.create(Ipvlan("m0", mode=request.param), netns=host))
            made.append(Side(node, node.connect(netns(), PODS[number].values(), name=f"pod_{number}")))
        one, other = made
        yield one, other


@pytest.mark.parametrize("version", [4, 6], ids=["IPv4", "IPv6"])
def test_a_pod_reaches_the_other_nodes_and_both_policies_count(sides: tuple[Side, Side], version: int) -> None:
    one, other = sides
    to, source = PODS[1][version], PODS[0][version]
    assert reaches(one.pod.netns, other.pod.netns, to)  # neighbours are known then
    one.pod.set_egress(Policy.parse(f"allow egress to {to} udp"))
    other.pod.set_ingress(Policy.parse(f"allow ingress from {source} udp"))
    assert arrive(one.pod.netns, other.pod.netns, to) == COUNT
    for police in (one.pod.egress, other.pod.ingress):
        assert [counted.packets for _, counted in police.counts().rules] == [COUNT]
    assert arrive(other.pod.netns, one.pod.netns, source) == COUNT  # nothing polices the way back

    other.pod.set_ingress(Policy.parse(f"deny ingress from {source}\ndefault ingress allow"))
    assert arrive(one.pod.netns, other.pod.netns, to, wait_s=SILENCE_S) == 0
    other.pod.set_ingress(None)
    one.pod.set_egress(Policy.parse(f"deny egress to {to}\ndefault egress allow"))
    assert arrive(one.pod.netns, other.pod.netns, to, wait_s=SILENCE_S) == 0
    one.pod.set_egress(None)
    assert arrive(one.pod.netns, other.pod.netns, to) == COUNT

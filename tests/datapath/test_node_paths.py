"""Every way to a pod, with every connector and both families: its policies decide there, once for each packet."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import pytest

from ebpfasm.datapath import Endpoint, Node, Policy
from ebpfasm.datapath.delivery import Count
from ebpfasm.kernel.netns import NetNS
from tests.datapath.connectors import topology
from tests.datapath.connectors.topology import OUTSIDE, alone, arrive
from tests.datapath.packets import OK, Counter, counting
from tests.datapath.pod_ways import WAYS, Way
from tests.datapath.reach import reaches
from tests.datapath.test_traffic import swapping

pytestmark = [pytest.mark.needs_kernel, pytest.mark.needs_netns]

COUNT = 3
LEAST_SENT, MOST_SENT = 500, 1_000_000
LEAST_SWAPS = 50  # of each slot
BURST = 50
SILENCE_S = 0.3  # how long to wait for a datagram that is to be dropped


class Place(NamedTuple):
    """A node with the pods ``a`` and ``b`` on it, and the world outside."""

    node: Node
    outside: NetNS
    a: Endpoint
    b: Endpoint
    way: Way

    def to_b(self, version: int) -> str:
        return self.way.pods["b"][version]

    def sender(self, path: str, version: int) -> tuple[NetNS, str]:
        """Who sends on a path, and its address as the receiver sees it."""
        where, its = {
            "outside": (self.outside, OUTSIDE),
            "host": (self.node.host, self.way.from_host),
            "pod": (self.a.netns, self.way.pods["a"]),
        }[path]
        return where, alone(its[version])


@contextmanager
def place(way: Way, netns: Callable[[], str], missing: str = "drop") -> Iterator[Place]:
    with topology.node(netns) as around, Node.create(way.connector(), netns=around.host, missing=missing) as node:
        pods = [node.connect(netns(), its.values(), name=name) for name, its in way.pods.items()]
        here = Place(node, around.outside, *pods, way)
        if missing == "drop":
            for version in (4, 6):  # neighbours are looked up, and multicast groups joined, in the kernel's own time
                assert reaches(here.outside, here.b.netns, alone(here.to_b(version)))
        yield here


@pytest.mark.parametrize("version", [4, 6], ids=["IPv4", "IPv6"])
@pytest.mark.parametrize("way", WAYS.values())
def test_every_path_meets_the_policy_once(way: Way, version: int, netns: Callable[[], str]) -> None:
    with place(way, netns) as here:
        for path in ("outside", "host", "pod"):
            sender, address = here.sender(path, version)
            here.b.set_ingress(None)
            assert arrive(sender, here.b.netns, here.to_b(version)) == COUNT, path
            here.b.set_ingress(Policy.parse(f"allow ingress from {address} udp\ndefault ingress deny"))
            assert arrive(sender, here.b.netns, here.to_b(version)) == COUNT, path
            counts = here.b.ingress.counts()
            assert [rule.packets for _, rule in counts.rules] == [COUNT], (path, counts)
            here.b.set_ingress(Policy.parse(f"deny ingress from {address} udp\ndefault ingress allow"))
            assert arrive(sender, here.b.netns, here.to_b(version), wait_s=SILENCE_S) == 0, path
            counts = here.b.ingress.counts()
            assert [rule.packets for _, rule in counts.rules] == [1], (path, counts)


@pytest.mark.parametrize("version", [4, 6], ids=["IPv4", "IPv6"])
@pytest.mark.parametrize("way", WAYS.values())
def test_what_a_pod_sends_meets_its_egress_policy_once(way: Way, version: int, netns: Callable[[], str]) -> None:
    with place(way, netns) as here:
        ends = {
            "outside": (here.outside, OUTSIDE[version]),
            "host": (here.node.host, way.from_host[version]),
            "pod": (here.b.netns, here.to_b(version)),
        }
        for path, (receiver, address) in ends.items():
            here.a.set_egress(Policy.parse(f"allow egress to {alone(address)} udp\ndefault egress deny"))
            assert arrive(here.a.netns, receiver, address) == COUNT, path
            assert [rule.packets for _, rule in here.a.egress.counts().rules] == [COUNT], path
            here.a.set_egress(Policy.parse(f"deny egress to {alone(address)} udp\ndefault egress allow"))
            assert arrive(here.a.netns, receiver, address, wait_s=SILENCE_S) == 0, path
            here.a.set_egress(None)
            assert arrive(here.a.netns, receiver, address) == COUNT, path


@pytest.mark.parametrize("missing", ["drop", "pass"])
@pytest.mark.parametrize("way", WAYS.values())
def test_a_pod_without_a_policy(way: Way, missing: str, netns: Callable[[], str]) -> None:
    with place(way, netns, missing) as here:
        del here.node.policies[here.b.id]
        for number, path in enumerate(("outside", "host", "pod")):
            sender, _ = here.sender(path, 4)
            expected = COUNT if missing == "pass" else 0
            assert arrive(sender, here.b.netns, here.to_b(4), wait_s=SILENCE_S) == expected, path
            packets = here.node.counts()[Count.NO_POLICY].packets
            assert packets >= (number + 1) * (COUNT if expected else 1), path


@pytest.mark.parametrize("version", [4, 6], ids=["IPv4", "IPv6"])
@pytest.mark.parametrize("way", WAYS.values())
def test_swaps_under_traffic_lose_nothing(way: Way, version: int, netns: Callable[[], str]) -> None:
    """Both slots on the way from pod to pod are written while datagrams flow, and each datagram is counted in both."""
    with place(way, netns) as here:
        onward = here.node.onward
        payload = topology.PAYLOAD if version == 4 else topology.PAYLOAD_IPV6
        with (
            counting(OK, "in_one", payload=payload) as in_one,
            counting(OK, "in_two", payload=payload) as in_two,
            counting(OK, "out_one", payload=payload, onward=onward) as out_one,
            counting(OK, "out_two", payload=payload, onward=onward) as out_two,
        ):
            counters = (in_one, in_two, out_one, out_two)
            here.b.set_ingress(in_one.program)
            here.a.set_egress(out_one.program)
            with (
                swapping(here.b.set_ingress, [in_two.program, in_one.program]) as ingress,
                swapping(here.a.set_egress, [out_two.program, out_one.program]) as egress,
            ):
                sent = 0
                while (
                    sent < LEAST_SENT
                    or min(len(ingress), len(egress)) < LEAST_SWAPS
                    or min(counter.hits for counter in counters) == 0
                ):
                    assert arrive(here.a.netns, here.b.netns, here.to_b(version), count=BURST) == BURST
                    sent += BURST
                    assert sent < MOST_SENT
            assert hits(in_one, in_two) == hits(out_one, out_two) == sent
            here.b.set_ingress(None)
            here.a.set_egress(None)


def hits(*counters: Counter) -> int:
    return sum(counter.hits for counter in counters)

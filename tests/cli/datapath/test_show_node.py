"""A whole node, seen from the kernel alone: its pods, endpoints, policies, and what was counted."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest

from ebpfasm.cli import main
from ebpfasm.datapath import Endpoint, Ipvlan, Node, Policy, Veth
from ebpfasm.datapath.policy import CompiledPolicy
from ebpfasm.kernel import netlink
from tests.datapath.frames import tcp4

pytestmark = [pytest.mark.needs_kernel, pytest.mark.needs_netns]

WEB = Policy.parse("allow ingress from 10.0.0.0/8 tcp port 80\ndefault egress allow")


class Made(NamedTuple):
    node: Node
    host: str
    pods: dict[str, Endpoint]
    places: list[str]


@pytest.fixture(params=["veth", pytest.param("ipvlan", marks=pytest.mark.needs_ipvlan)])
def made(request: pytest.FixtureRequest, netns: Callable[[], str]) -> Iterator[Made]:
    host, outside, first, second = (netns() for _ in range(4))
    for end, place in zip(
        netlink.create_veth("m0", "x0", netns=host, peer_netns=outside), (host, outside), strict=True
    ):
        netlink.set_up(end, place)
    connector = Veth() if request.param == "veth" else Ipvlan("m0")
    with Node.create(connector, netns=host) as node:
        pods = {
            "web": node.connect(first, ("10.0.0.11", "fd00::11"), id=11, name="web", ingress=WEB),
            "db": node.connect(second, "10.0.0.12", id=12, name="db", egress=WEB),
        }
        yield Made(node, host, pods, [host, first, second])


def told(made: Made) -> dict[str, Any]:
    return json.loads(show(made, "--json"))  # type: ignore[no-any-return]


def show(made: Made, *arguments: str) -> str:
    stdout = io.StringIO()
    with contextlib.redirect_stdout(stdout):
        assert main(["datapath", "show", *arguments, *(f"--netns={place}" for place in made.places)]) == 0
    return stdout.getvalue()


def test_the_nodes_maps(made: Made) -> None:
    maps = {each["name"]: each for each in told(made)["maps"]}
    assert (maps["endpoints"]["id"], maps["endpoints"]["role"]) == (made.node.endpoints.id, "endpoints")
    assert maps["endpoints"]["entries"] == {"10.0.0.11/32": 11, "10.0.0.12/32": 12, "fd00::11/128": 11}
    assert maps["policies"]["slots"] == {
        "11": made.node.policies[11],
        "12": made.node.policies[12],
    }
    for name, pod in made.pods.items():
        assert maps[name]["slots"] == ({} if pod.program_id is None else {"0": pod.program_id})


def test_each_pods_stub_is_at_a_hook(made: Made) -> None:
    seen = told(made)
    stubs = {each["id"]: each["entry"] for each in seen["programs"] if each["entry"]}
    assert stubs == {
        pod.entry.id: {"array": pod.slots.id, "slot": 0, "miss": 0} for pod in made.pods.values()
    }  # fmt: skip
    attached = [
        each["program"]
        for place in seen["namespaces"]
        for device in place["devices"]
        for hook in device["hooks"]
        for each in hook["attached"]
    ]
    for stub in stubs:
        assert attached.count(stub) == 1
    assert {each["name"] for each in seen["namespaces"]} == set(made.places)


def test_what_rules_counted(made: Made) -> None:
    frame = tcp4("10.0.0.12", "10.0.0.11")
    policy = made.pods["web"].ingress
    assert isinstance(policy, CompiledPolicy)
    for port in (80, 22, 22):
        policy.program.test_run(tcp4("10.0.0.12", "10.0.0.11", to=port))
    counters = next(each for each in told(made)["maps"] if each["id"] == policy.counters.id)
    assert counters["entries"]["rule 1"] == {"packets": 1, "bytes": len(frame)}
    assert counters["entries"]["default"] == {"packets": 2, "bytes": 2 * len(frame)}


def test_the_tree_and_the_pictures(made: Made) -> None:
    tree = show(made).splitlines()
    assert any(line.startswith("endpoints  map ") for line in tree)
    assert any(line.startswith("policies  program array ") for line in tree)
    assert any("[11] 10.0.0.11, fd00::11: policy" in line for line in tree)
    for form in ("--dot", "--svg"):
        assert "[11] 10.0.0.11, fd00::11" in show(made, form)

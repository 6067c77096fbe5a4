"""A request to the kernel that fails, at any place in preparing a site or connecting a pod: nothing stays."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import pytest

from ebpfasm.datapath import Ipvlan, Netkit, Veth
from ebpfasm.datapath.connectors.connector import Connector
from ebpfasm.datapath.connectors.pairs import FORWARDING
from ebpfasm.datapath.steps import Steps
from ebpfasm.errors import DatapathError, KernelError
from ebpfasm.kernel import link_info, netlink, sysctl
from ebpfasm.kernel.conversation import Conversation
from ebpfasm.kernel.netns import NetNS
from ebpfasm.kernel.threads import in_thread
from tests.datapath.connectors.topology import HOST, MASTER, POD, arrive, connected, interface, node, prepared

pytestmark = [pytest.mark.needs_kernel, pytest.mark.needs_netns]

CONNECTORS = [
    pytest.param(lambda: Veth(forwarding=True), id="veth"),
    pytest.param(
        lambda: Ipvlan("m0", mode="l3", host="iph", host_addresses=HOST.values()),
        id="ipvlan",
        marks=pytest.mark.needs_ipvlan,
    ),
    pytest.param(lambda: Netkit(forwarding=True), id="netkit-l3", marks=pytest.mark.needs_netkit),
    pytest.param(lambda: Netkit(mode="l2"), id="netkit-l2", marks=pytest.mark.needs_netkit),
]
Result = TypeVar("Result")

MOST = 100  # requests that connecting may take before this test gives up


def snapshot(*places: NetNS) -> list[object]:
    """Return everything that connectors change in namespaces, except what the kernel does later by itself."""
    found: list[object] = []
    for place in places:
        links = [about._replace(carrier=False, lower_netns_id=None) for about in link_info.links(place)]
        addresses = [(index, str(one)) for index, one in netlink.addresses(netns=place) if not one.is_link_local]
        routes = sorted(str(one) for one in netlink.routes(place) if not one.destination.is_link_local)
        forwarding = [sysctl.read(setting, place) for setting in FORWARDING]
        found += [links, sorted(addresses), routes, forwarding]
    return found


class Failing:
    """Requests of which one fails."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.made = 0

    def count(self) -> None:
        self.made += 1
        if self.made == self.number:
            raise KernelError(errno.EIO, "injected", command="injected")


@contextmanager
def failing(number: int, patched: pytest.MonkeyPatch) -> Iterator[Failing]:
    """Have the request with this number fail, counted from 1; those after it, which undo, are made."""
    failure = Failing(number)
    plain_ask, plain_write, plain_index = Conversation.ask, sysctl.write, Conversation.index_of

    def ask(self: Conversation, *args: Any, **options: Any) -> Any:
        failure.count()
        return plain_ask(self, *args, **options)

    def write(*args: Any) -> None:
        failure.count()
        plain_write(*args)

    def index_of(self: Conversation, name: str) -> int:
        failure.count()
        return plain_index(self, name)

    with patched.context() as context:
        context.setattr(Conversation, "ask", ask)
        context.setattr(Conversation, "index_of", index_of)
        context.setattr(sysctl, "write", write)
        yield failure


def or_injected(function: Callable[..., Result], *args: object) -> Result | DatapathError:
    """Return what a function does, or the error for the request that was to fail."""
    try:
        return function(*args)
    except DatapathError as error:
        if "injected" not in str(error):
            raise
        return error


@pytest.mark.parametrize("make", CONNECTORS)
@pytest.mark.parametrize("shared", [True, False], ids=["over conversations", "alone"])
def test_each_request_of_connecting(
    make: Callable[[], Connector], shared: bool, netns: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with node(netns) as here, NetNS(netns()) as place:
        steps = Steps("site", "")
        site = prepared(make(), steps, here.host)
        before = snapshot(here.host, place)
        steps_that_failed = set()
        for number in range(1, MOST):
            with failing(number, monkeypatch) as failure:
                wanted = interface(*POD["a"].values(), rp_filter=2)
                pod = or_injected(connected, site, place, wanted, here.host if shared else None)
            if not isinstance(pod, DatapathError):
                assert failure.made < number  # nothing was left to fail
                break
            steps_that_failed.add(pod.step)
            assert snapshot(here.host, place) == before
        assert len(steps_that_failed) >= 7
        assert arrive(place, here.host, MASTER[4]) == 3
        in_thread(pod.steps.undo_all)
        assert snapshot(here.host, place) == before
        in_thread(steps.undo_all)


@pytest.mark.parametrize("make", CONNECTORS)
def test_each_request_of_preparing(
    make: Callable[[], Connector], netns: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with node(netns) as here:
        before = snapshot(here.host)
        for number in range(1, MOST):
            steps = Steps("site", "")
            with failing(number, monkeypatch) as failure:
                found = or_injected(prepared, make(), steps, here.host)
            assert not (steps.any and isinstance(found, DatapathError))
            failure.number = 0  # what undoes it is made while it counts
            in_thread(steps.undo_all)
            assert snapshot(here.host) == before
            if failure.made < number:
                break

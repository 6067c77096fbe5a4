"""Connectors and interfaces that can mean nothing: refused before anything is done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ebpfasm.datapath import Ipvlan, Netkit, Veth
from ebpfasm.datapath.connectors.connector import Connector, Interface
from ebpfasm.datapath.steps import Steps
from ebpfasm.errors import DatapathError, NotSupported, OperandError
from ebpfasm.kernel.interfaces import interfaces
from ebpfasm.kernel.netns import NetNS
from ebpfasm.kernel.threads import in_thread
from tests.datapath.connectors.topology import connected, interface, prepared
from tests.net import refusal_as_nobody


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda: Ipvlan(""), "name"),
        (lambda: Ipvlan("x" * 16), "name"),
        (lambda: Ipvlan("m0", host="a b"), "name"),
        (lambda: Ipvlan("m0", mode="l4"), "mode"),
        (lambda: Ipvlan("m0", mode=["l3"]), "mode"),  # type: ignore[arg-type]
        (lambda: Ipvlan("m0", flags="none"), "flags"),
        (lambda: Ipvlan("m0", host_addresses=["10.0.0.256"]), "host_addresses"),
        (lambda: Ipvlan("m0", gateways=["10.0.0.1/24"]), "gateways"),
        (lambda: Netkit(mode="l3s"), "mode"),
        (lambda: Netkit(policy="next"), "policy"),
        (lambda: Netkit(host_prefix="eightlet"), "host_prefix"),
        (lambda: Veth(stub="both"), "stub"),
        (lambda: Veth(host_prefix=""), "name"),
        (lambda: Veth(host_prefix="eightlet"), "host_prefix"),
        (lambda: Veth(host_prefix="a/b"), "name"),
    ],
)
def test_a_connector(make: Callable[[], Connector], field: str) -> None:
    with pytest.raises(OperandError) as caught:
        make()
    assert caught.value.field == field


@pytest.mark.needs_kernel
@pytest.mark.needs_netns
@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        (Interface("", ()), "name"),
        (Interface("x" * 16, ()), "name"),
        (Interface("a%d", ()), "name"),
        (Interface("eth0", ("10.0.0.1/24",)), "addresses"),  # type: ignore[arg-type]
        (interface("224.0.0.1/32"), "addresses"),
        (interface("127.0.0.1/8"), "addresses"),
        (interface("0.0.0.0/0"), "addresses"),
        (interface("255.255.255.255/32"), "addresses"),
        (interface("10.0.0.255/24"), "addresses"),
        (interface("::1/128"), "addresses"),
        (interface("ff02::1/128"), "addresses"),
        (interface("10.0.0.1/24", "10.0.0.1/32"), "addresses"),
        (interface("10.0.0.1/24", mtu=67), "mtu"),
        (interface("fd00::1/64", mtu=1279), "mtu"),
        (interface("10.0.0.1/24", mtu=65536), "mtu"),
        (interface("10.0.0.1/24", mtu=True), "mtu"),
        (interface("10.0.0.1/24", rp_filter=3), "rp_filter"),
        (interface("10.0.0.1/24", mac="02:00"), "mac"),
        (interface("10.0.0.1/24", mac="01:00:00:00:00:01"), "mac"),
    ],
)
def test_an_interface(wanted: Interface, field: str, netns: Callable[[], str]) -> None:
    with NetNS(netns()) as host, NetNS(netns()) as pod:
        site = prepared(Veth(), Steps("site", ""), host)
        with pytest.raises(DatapathError) as caught:
            connected(site, pod, wanted)
        cause: Any = caught.value.__cause__
        assert isinstance(cause, OperandError)
        assert cause.field == field
        assert interfaces(host) == interfaces(pod) == {"lo": 1}


@pytest.mark.needs_kernel
@pytest.mark.needs_netns
@pytest.mark.parametrize("kind", [Veth, Netkit])
def test_the_hosts_own_namespace(kind: Callable[[], Connector], netns: Callable[[], str]) -> None:
    with NetNS(netns()) as host:
        site = prepared(kind(), Steps("site", ""), host)
        with pytest.raises(DatapathError, match="must be another one than the host's") as caught:
            connected(site, host, interface("10.0.0.1/32"))
        assert isinstance(caught.value.__cause__, OperandError)
        assert interfaces(host) == {"lo": 1}


@pytest.mark.needs_kernel
@pytest.mark.needs_netns
def test_a_kernel_without_netkit(netns: Callable[[], str], monkeypatch: pytest.MonkeyPatch) -> None:
    from ebpfasm.kernel import devices

    monkeypatch.setattr(devices, "_kind", lambda *_: {"attrs": [("IFLA_INFO_KIND", "nosuchkind")]})
    with NetNS(netns()) as host, NetNS(netns()) as pod:
        site = prepared(Netkit(), Steps("site", ""), host)
        with pytest.raises(DatapathError, match=r"must have CONFIG_NETKIT, .* since 6\.7") as caught:
            connected(site, pod, interface("10.0.0.1/32"))
        assert isinstance(caught.value.__cause__, NotSupported)
        assert interfaces(host) == interfaces(pod) == {"lo": 1}


@pytest.mark.needs_kernel
@pytest.mark.needs_netns
def test_without_privilege(netns: Callable[[], str]) -> None:
    with NetNS(netns()) as host, NetNS(netns()) as pod:
        site = prepared(Veth(), Steps("site", ""), host)
        first = connected(site, pod, interface("10.0.0.1/32"))  # imports what the child must have
        in_thread(first.steps.undo_all)
        for inside in (None, host):
            refusal = refusal_as_nobody(lambda: connected(site, pod, interface("10.0.0.1/32")), inside)
            assert refusal.startswith("DatapathError: pod on eth0: ")
            assert "it needs CAP_SYS_ADMIN" in refusal
        assert interfaces(host) == interfaces(pod) == {"lo": 1}

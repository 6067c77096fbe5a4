"""The ways to connect pods, each with the addresses that pods and host have then on the topology of the connectors."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import pytest

from ebpfasm.datapath import Ipvlan, Netkit, Veth
from ebpfasm.datapath.connectors.connector import Connector
from tests.datapath.connectors.topology import HOST, MASTER, POD, SWITCHED_HOST, SWITCHED_POD

__all__ = ["WAYS", "Way"]


class Way(NamedTuple):
    """How pods are connected, and what addresses they and the host have then."""

    connector: Callable[[], Connector]
    pods: dict[str, dict[int, str]]
    from_host: dict[int, str]
    """What the host's own packets to pods come from."""


def ipvlan(mode: str) -> Way:
    switched = mode == "l2"
    host = SWITCHED_HOST if switched else HOST
    return Way(lambda: Ipvlan("m0", mode=mode, host_addresses=host.values()), SWITCHED_POD if switched else POD, host)


WAYS = {
    "veth": pytest.param(Way(lambda: Veth(forwarding=True), POD, MASTER), id="veth"),
    "veth-pod": pytest.param(Way(lambda: Veth(stub="pod", forwarding=True), POD, MASTER), id="veth, stub in the pod"),
    "netkit": pytest.param(
        Way(lambda: Netkit(forwarding=True), POD, MASTER), id="netkit", marks=pytest.mark.needs_netkit
    ),
} | {
    mode: pytest.param(ipvlan(mode), id=f"ipvlan {mode}", marks=pytest.mark.needs_ipvlan)
    for mode in ("l3", "l3s", "l2")
}

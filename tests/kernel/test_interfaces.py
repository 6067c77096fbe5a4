"""Names and indexes of interfaces, here and in other namespaces."""

from __future__ import annotations

import errno
import os
import socket
import subprocess
import sys

import pytest

from ebpfasm.errors import KernelError
from ebpfasm.kernel.interfaces import ifindex, ifname, interfaces, listed
from tests.net import Veth, own_namespace

pytestmark = pytest.mark.needs_netns


def test_both_ways(veth: Veth) -> None:
    assert interfaces(veth.netns) == {"lo": 1, "eth0": veth.index}
    assert ifindex("eth0", veth.netns) == veth.index
    assert ifname(veth.index, veth.netns) == "eth0"
    assert ifname(ifindex("lo")) == "lo"


def test_missing_interface_tells_where_and_what_there_is(veth: Veth) -> None:
    before = own_namespace()
    there = rf"in network namespace '{veth.netns}'; there is 'lo' \(1\), 'eth0' \({veth.index}\)$"
    with pytest.raises(KernelError, match=rf"^there is no interface 'eth1' {there}") as caught:
        ifindex("eth1", veth.netns)
    assert caught.value.errno == errno.ENODEV
    with pytest.raises(KernelError, match=rf"^there is no interface with index 9999 {there}") as caught:
        ifname(9999, veth.netns)
    assert caught.value.errno == errno.ENODEV
    assert own_namespace() == before


def test_needs_no_pyroute2() -> None:
    code = (
        "import sys; from ebpfasm.kernel.interfaces import ifindex; ifindex('lo'); sys.exit('pyroute2' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_no_socket_to_ask_through(veth: Veth, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_socket(*_: object) -> None:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    monkeypatch.setattr(socket, "if_nametoindex", no_socket)
    monkeypatch.setattr(socket, "if_nameindex", no_socket)
    with pytest.raises(KernelError, match="listing the interfaces failed: Too many open files") as caught:
        ifindex("eth0", veth.netns)
    assert caught.value.errno == errno.EMFILE


def test_many_interfaces_are_not_all_told() -> None:
    assert listed({f"v{number}": number for number in range(2000)}).endswith("'v19' (19) and 1980 more")


def test_a_name_that_can_be_none(veth: Veth) -> None:
    for name in ("", "x" * 16, "a\0b"):
        with pytest.raises(KernelError, match="there is no interface"):
            ifindex(name, veth.netns)

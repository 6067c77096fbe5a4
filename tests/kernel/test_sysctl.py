"""Settings of a network namespace."""

from __future__ import annotations

import errno
from collections.abc import Callable

import pytest

from ebpfasm.errors import KernelError
from ebpfasm.kernel import devices, sysctl

pytestmark = pytest.mark.needs_netns

FORWARD = ("ipv4", "ip_forward")


def test_each_namespace_has_its_own(netns: Callable[[], str]) -> None:
    one, other = netns(), netns()
    before = sysctl.read(FORWARD, other)
    sysctl.write(FORWARD, 1 - before, one)
    assert (sysctl.read(FORWARD, one), sysctl.read(FORWARD, other)) == (1 - before, before)
    sysctl.write(FORWARD, before, one)
    assert sysctl.read(FORWARD, one) == before


def test_an_interface_with_a_dot_in_its_name(netns: Callable[[], str]) -> None:
    place = netns()
    devices.create_veth("eth0.7", "peer", netns=place, peer_netns=place)
    setting = ("ipv4", "conf", "eth0.7", "rp_filter")
    sysctl.write(setting, 2, place)
    assert sysctl.read(setting, place) == 2


def test_what_is_refused(netns: Callable[[], str]) -> None:
    place = netns()
    missing = ("ipv4", "conf", "eth9", "rp_filter")
    with pytest.raises(KernelError, match=r"^reading net\.ipv4\.conf\.eth9\.rp_filter: .*\(ENOENT\)") as caught:
        sysctl.read(missing, place)
    assert caught.value.errno == errno.ENOENT
    with pytest.raises(KernelError, match=r"^setting net\.ipv4\.conf\.eth9\.rp_filter to 1: .*\(ENOENT\)"):
        sysctl.write(missing, 1, place)
    with pytest.raises(KernelError, match=r"^setting net\.ipv4\.ip_default_ttl to 256: .*\(EINVAL\)"):
        sysctl.write(("ipv4", "ip_default_ttl"), 256, place)

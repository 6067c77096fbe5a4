"""What the kernel tells of links."""

from __future__ import annotations

import errno

import pytest

from ebpfasm.errors import KernelError
from ebpfasm.kernel import link_info, netlink
from ebpfasm.kernel.netns import NetNS
from tests.net import Veth

pytestmark = pytest.mark.needs_netns


def test_a_veth_end(veth: Veth) -> None:
    netlink.set_link(veth.index, veth.netns, mtu=1400, mac="02:00:00:00:00:01")
    about = link_info.link(veth.index, veth.netns)
    assert about == link_info.link_named("eth0", veth.netns)
    assert (about.ifindex, about.name, about.kind) == (veth.index, "eth0", "veth")
    assert (about.up, about.carrier, about.ethernet) == (True, True, True)
    assert (about.mtu, about.mac) == (1400, "02:00:00:00:00:01")
    with NetNS(veth.peer_netns) as far:
        assert (about.lower, about.lower_netns_id) == (veth.peer_index, netlink.netns_id(far.fileno(), veth.netns))
    netlink.set_down(veth.peer_index, veth.peer_netns)
    about = link_info.link(veth.index, veth.netns)
    assert (about.up, about.carrier) == (True, False)


def test_all_and_all_of_a_kind(veth: Veth) -> None:
    assert [about.name for about in link_info.links(veth.netns)] == ["lo", "eth0"]
    assert [about.name for about in link_info.links(veth.netns, "veth")] == ["eth0"]
    assert link_info.links(veth.netns, "nosuchkind") == []
    lo = link_info.link(1, veth.netns)
    assert (lo.kind, lo.ethernet, lo.lower, lo.lower_netns_id) == ("", False, None, None)


def test_missing(veth: Veth) -> None:
    for look in (lambda: link_info.link(9999, veth.netns), lambda: link_info.link_named("eth9", veth.netns)):
        with pytest.raises(KernelError, match=f"looking at interface .*9.*{veth.netns}.*there is 'lo'") as caught:
            look()
        assert caught.value.errno == errno.ENODEV

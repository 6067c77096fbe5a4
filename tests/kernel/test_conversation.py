"""Several requests over one socket: what is shared, what stays open, and where it is of use."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator

import pytest

from ebpfasm.errors import ClosedError, KernelError, KeyExists
from ebpfasm.kernel import clsact, conversation, link_info, netlink
from ebpfasm.kernel.conversation import Conversation, ask, index_of
from ebpfasm.kernel.netns import NetNS, run_in
from ebpfasm.kernel.threads import in_thread
from tests.net import Veth, own_namespace

pytestmark = pytest.mark.needs_netns

MakeNetNS = Callable[[], str]


@pytest.fixture(autouse=True)
def _nothing_stays_open() -> Iterator[None]:
    before, threads, files = own_namespace(), threading.active_count(), set(os.listdir("/proc/self/fd"))
    yield
    assert own_namespace() == before
    assert threading.active_count() == threads
    assert set(os.listdir("/proc/self/fd")) == files


def test_it_is_held_in_the_namespace_though_the_thread_is_not(veth: Veth) -> None:
    with Conversation(veth.netns) as talk:
        with NetNS(veth.netns) as place:
            assert talk == place
        assert not talk.is_current()
        assert index_of("eth0", talk) == veth.index
        assert link_info.link(veth.index, talk).name == "eth0"
        netlink.add_address(veth.index, "10.7.0.1/24", talk)
        with pytest.raises(KeyExists, match=f"adding address 10.7.0.1/24 .*{veth.netns}"):
            netlink.add_address(veth.index, "10.7.0.1/24", talk)
        assert clsact.add_clsact(veth.index, talk)
        assert not clsact.add_clsact(veth.index, talk)
        clsact.delete_clsact(veth.index, talk)
        with pytest.raises(KernelError, match="it has none"):
            clsact.delete_clsact(veth.index, talk)


def test_one_socket_and_no_thread_serves_all_requests(veth: Veth, monkeypatch: pytest.MonkeyPatch) -> None:
    with Conversation(veth.netns) as talk:
        monkeypatch.setattr(conversation, "in_thread", None)
        monkeypatch.setattr(conversation, "run_in", None)
        monkeypatch.setattr(conversation, "_rtnetlink_socket", None)
        netlink.set_link(veth.index, talk, mtu=1400)
        netlink.add_route("10.9.0.0/16", index=veth.index, netns=talk)
        netlink.create_veth("a", "b", netns=talk, peer_netns=talk)
        with netlink.conversation(talk) as same:
            assert same is talk
        assert talk.is_here
        monkeypatch.undo()


def test_in_another_thread_it_is_a_namespace_like_others(veth: Veth) -> None:
    with Conversation(veth.netns) as talk:
        in_thread(netlink.set_mtu, veth.index, 1400, talk)
        assert in_thread(index_of, "eth0", talk) == veth.index
        assert link_info.link(veth.index, talk).mtu == 1400


def test_a_new_one_is_closed_at_the_end_of_the_block(veth: Veth) -> None:
    with netlink.conversation(veth.netns) as talk:
        assert link_info.link(veth.index, talk).name == "eth0"
    assert talk.closed
    with pytest.raises(ClosedError):
        netlink.set_up(1, talk)


def test_what_goes_on_inside_need_not_be_over_it(veth: Veth) -> None:
    with Conversation(veth.netns) as talk:
        assert run_in(talk, own_namespace) == (talk.device, talk.inode)


def test_an_unknown_interface(veth: Veth) -> None:
    with Conversation(veth.netns) as talk:
        for name in ("eth9", "", "x" * 16):
            with pytest.raises(KernelError, match=f"no interface '{name}' in .*{veth.netns}.*there is 'lo'") as caught:
                index_of(name, talk)
            assert caught.value.errno == errno.ENODEV


def test_it_goes_on_after_a_refusal(veth: Veth) -> None:
    with Conversation(veth.netns) as talk:
        with pytest.raises(KernelError, match="there is 'lo'"):
            netlink.set_up(9999, talk)
        netlink.set_up(veth.index, talk)


def test_no_socket(veth: Veth, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_socket() -> None:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    monkeypatch.setattr(conversation, "_rtnetlink_socket", no_socket)
    with pytest.raises(KernelError, match=rf"opening rtnetlink in .*{veth.netns}.*\(EMFILE\)"):
        Conversation(veth.netns)


def test_a_mistake_in_a_request_comes_through(veth: Veth) -> None:
    with pytest.raises(ZeroDivisionError):
        ask(veth.netns, "RTM_GETLINK", "dividing", lambda _: 1 / 0)


def test_pyroute2_is_taught_again_when_it_is_imported_anew() -> None:
    taught = """
import sys
from ebpfasm.kernel.messages import know_kinds, link_settings

for _ in range(2):
    know_kinds()
    know_kinds()
    from pyroute2.netlink.rtnl.ifinfmsg import ifinfmsg

    print(ifinfmsg.ifinfo.data_map["ipvlan"].nla_map[-1][0], type(link_settings()) is type(link_settings()))
    for name in [name for name in sys.modules if name.partition(".")[0] == "pyroute2"]:
        del sys.modules[name]
"""
    done = subprocess.run([sys.executable, "-c", taught], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.splitlines() == ["IFLA_IPVLAN_FLAGS True"] * 2

"""clsact and its BPF filters, through their whole life, with programs the kernel runs."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable
from typing import Any

import pytest

from ebpfasm.errors import AlreadyAttached, KernelError, KeyExists, NotSupported, OperandError
from ebpfasm.kernel import clsact, netlink
from ebpfasm.kernel.clsact import EGRESS, ETH_P_ALL, INGRESS
from ebpfasm.kernel.netns import NetNS, run_in
from tests.net import Veth, own_namespace, refusal_as_nobody, verdict_program

pytestmark = [pytest.mark.needs_netns, pytest.mark.needs_kernel]

TC_ACT_OK, TC_ACT_SHOT = 0, 2  # linux/pkt_cls.h


def program_info(fd: int) -> dict[str, str]:
    """Return what the kernel says about a program in /proc: its tag and id among it."""
    with open(f"/proc/self/fdinfo/{fd}") as lines:
        return {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}


def delivered(pair: Veth) -> bool:
    """Send a datagram from one end to the other and return whether it arrives."""

    def listening() -> socket.socket:
        receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        receiver.bind((pair.peer_address, 0))
        return receiver

    def send(port: int) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for _ in range(3):
                try:
                    sender.sendto(b"x", (pair.peer_address, port))
                except OSError as error:
                    if error.errno != errno.ENOBUFS:  # what a datagram dropped at egress may come back as
                        raise

    with run_in(pair.peer_netns, listening) as receiver:
        receiver.settimeout(0.5)
        run_in(pair.netns, send, receiver.getsockname()[1])
        try:
            return receiver.recv(16) == b"x"
        except TimeoutError:
            return False


def test_life_of_the_qdisc(veth: Veth) -> None:
    index, place = veth.index, veth.netns
    assert not clsact.has_clsact(index, place)
    assert clsact.add_clsact(index, place) is True
    assert clsact.has_clsact(index, place)
    assert clsact.add_clsact(index, place) is False
    assert not clsact.has_clsact(1, place)
    clsact.delete_clsact(index, place)
    assert not clsact.has_clsact(index, place)
    with pytest.raises(KernelError, match=rf"deleting clsact of interface {index} in .*: it has none") as caught:
        clsact.delete_clsact(index, place)
    assert caught.value.errno == errno.ENOENT


@pytest.mark.parametrize("hook", [INGRESS, EGRESS])
def test_life_of_a_filter(no_leaks: None, veth: Veth, hook: int) -> None:
    index, place = veth.index, veth.netns
    clsact.add_clsact(index, place)
    assert clsact.list_filters(index, hook, place) == []
    with verdict_program(TC_ACT_OK) as first, verdict_program(TC_ACT_SHOT) as second:
        ids = [int(program_info(fd)["prog_id"]) for fd in (first, second)]
        tags = [bytes.fromhex(program_info(fd)["prog_tag"]) for fd in (first, second)]
        clsact.add_filter(index, hook, first, priority=1, handle=1, name="polEntry", netns=place)
        assert clsact.list_filters(index, hook, place) == [
            clsact.Filter(1, 1, ETH_P_ALL, "bpf", "polEntry", ids[0], tags[0], True)
        ]
        assert clsact.count_filters(index, place) == 1
        with pytest.raises(AlreadyAttached, match=f"filter 1 of priority 1 on interface {index} in .*{place}"):
            clsact.add_filter(index, hook, second, priority=1, handle=1, name="other", netns=place)
        clsact.replace_filter(index, hook, second, priority=1, handle=1, name="polEntry", netns=place)
        clsact.replace_filter(index, hook, first, priority=65535, handle=0xFFFFFFFF, name="last", netns=place)
        assert clsact.list_filters(index, hook, place) == [
            clsact.Filter(1, 1, ETH_P_ALL, "bpf", "polEntry", ids[1], tags[1], True),
            clsact.Filter(65535, 0xFFFFFFFF, ETH_P_ALL, "bpf", "last", ids[0], tags[0], True),
        ]
    # The filters keep their programs: the descriptors are closed.
    clsact.delete_filter(index, hook, priority=1, handle=1, netns=place)
    assert [each.name for each in clsact.list_filters(index, hook, place)] == ["last"]
    with pytest.raises(KernelError, match=r"deleting .*gress filter 1 of priority 1") as caught:
        clsact.delete_filter(index, hook, priority=1, handle=1, netns=place)
    assert caught.value.errno == errno.ENOENT
    clsact.delete_clsact(index, place)
    assert clsact.count_filters(index, place) == 0


def test_deleting_takes_exactly_one(veth: Veth) -> None:
    index, place = veth.index, veth.netns
    clsact.add_clsact(index, place)
    with verdict_program(TC_ACT_OK) as fd:
        for hook in (INGRESS, EGRESS):
            for priority in (1, 2):
                for handle in (1, 2):
                    clsact.add_filter(index, hook, fd, priority=priority, handle=handle, name="f", netns=place)
    assert clsact.count_filters(index, place) == 8
    with pytest.raises(KernelError):
        clsact.delete_filter(index, EGRESS, priority=1, handle=1, protocol=0x0800, netns=place)
    assert clsact.count_filters(index, place) == 8
    clsact.delete_filter(index, EGRESS, priority=1, handle=2, netns=place)
    assert [each[:2] for each in clsact.list_filters(index, INGRESS, place)] == [(1, 2), (1, 1), (2, 2), (2, 1)]
    assert [each[:2] for each in clsact.list_filters(index, EGRESS, place)] == [(1, 1), (2, 2), (2, 1)]


def test_the_verdict_is_what_the_program_returns(veth: Veth) -> None:
    clsact.add_clsact(veth.index, veth.netns)
    assert delivered(veth)
    for verdict, arrives in ((TC_ACT_SHOT, False), (TC_ACT_OK, True)):
        with verdict_program(verdict) as fd:
            clsact.replace_filter(veth.index, EGRESS, fd, priority=1, handle=1, name="verdict", netns=veth.netns)
        assert delivered(veth) is arrives


def test_filters_of_other_kinds_count(veth: Veth) -> None:
    index, place = veth.index, veth.netns
    clsact.add_clsact(index, place)

    def add_u32(route: Any) -> None:
        route.tc("add-filter", "u32", index, parent=EGRESS, prio=3, protocol=ETH_P_ALL, target=1, keys=["0x0/0x0+0"])

    netlink.ask(place, "RTM_NEWTFILTER", "adding a filter", add_u32)
    others = clsact.list_filters(index, EGRESS, place)
    assert {(each.priority, each.protocol, each.kind, each.program_id) for each in others} == {
        (3, ETH_P_ALL, "u32", None)
    }
    assert clsact.count_filters(index, place) == len(others)
    with verdict_program(TC_ACT_OK) as fd:
        clsact.add_filter(index, INGRESS, fd, priority=1, handle=1, name="f", netns=place)
    assert clsact.count_filters(index, place) == len(others) + 1


def test_filter_without_clsact(veth: Veth) -> None:
    with (
        verdict_program(TC_ACT_OK) as fd,
        pytest.raises(KernelError, match=r"adding egress filter 1 of priority 1.*\(EINVAL\): Parent Qdisc"),
    ):
        clsact.add_filter(veth.index, EGRESS, fd, priority=1, handle=1, name="f", netns=veth.netns)
    assert clsact.list_filters(veth.index, EGRESS, veth.netns) == []
    assert clsact.count_filters(veth.index, veth.netns) == 0


def test_a_descriptor_that_is_no_program_adds_nothing(veth: Veth) -> None:
    clsact.add_clsact(veth.index, veth.netns)
    with open(os.devnull) as file, pytest.raises(KernelError, match=r"adding egress filter"):
        clsact.add_filter(veth.index, EGRESS, file.fileno(), priority=1, handle=1, name="f", netns=veth.netns)
    assert clsact.count_filters(veth.index, veth.netns) == 0


def test_an_ingress_qdisc_in_the_way(veth: Veth) -> None:
    netlink.ask(veth.netns, "RTM_NEWQDISC", "adding ingress", lambda route: route.tc("add", "ingress", veth.index))
    with pytest.raises(KeyExists, match="ingress qdisc, which takes the same place"):
        clsact.add_clsact(veth.index, veth.netns)


def test_deleting_a_filter_where_there_is_no_clsact(veth: Veth) -> None:
    with pytest.raises(KernelError, match=rf"deleting egress filter 1 .*{veth.netns!r}: it has no clsact") as caught:
        clsact.delete_filter(veth.index, EGRESS, priority=1, handle=1, netns=veth.netns)
    assert caught.value.errno == errno.ENOENT


def test_missing_interface(veth: Veth) -> None:
    place = veth.netns
    with verdict_program(TC_ACT_OK) as fd:
        calls: list[Callable[[], object]] = [
            lambda: clsact.add_clsact(9999, place),
            lambda: clsact.delete_clsact(9999, place),
            lambda: clsact.add_filter(9999, EGRESS, fd, priority=1, handle=1, name="f", netns=place),
            lambda: clsact.delete_filter(9999, EGRESS, priority=1, handle=1, netns=place),
        ]
        for call in calls:
            with pytest.raises(KernelError, match=f"interface 9999 in network namespace '{place}'.*'eth0'") as caught:
                call()
            assert caught.value.errno == errno.ENODEV
    assert not clsact.has_clsact(9999, place)
    assert clsact.count_filters(9999, place) == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"priority": 0},
        {"priority": 65536},
        {"handle": 0},
        {"handle": 1 << 32},
        {"index": 0},
        {"hook": 0xFFFFFFF1},
        {"program_fd": -1},
        {"program_fd": True},
    ],
)
def test_zeros_and_other_numbers_that_would_mean_more_than_one_filter(veth: Veth, wrong: dict[str, int]) -> None:
    arguments = {"index": veth.index, "hook": EGRESS, "program_fd": 5, "priority": 1, "handle": 1} | wrong
    for change in (clsact.add_filter, clsact.replace_filter):
        with pytest.raises(OperandError):
            change(**arguments, name="f", netns=veth.netns)
    if "program_fd" not in wrong:
        del arguments["program_fd"]
        with pytest.raises(OperandError):
            clsact.delete_filter(**arguments, netns=veth.netns)


def test_deleting_leaves_an_ingress_qdisc(veth: Veth) -> None:
    netlink.ask(veth.netns, "RTM_NEWQDISC", "adding ingress", lambda route: route.tc("add", "ingress", veth.index))
    with pytest.raises(KernelError, match="it has none"):
        clsact.delete_clsact(veth.index, veth.netns)
    with pytest.raises(KeyExists):
        clsact.add_clsact(veth.index, veth.netns)


def test_a_kernel_without_clsact(veth: Veth, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clsact, "CLSACT", "nosuchqdisc")
    with pytest.raises(NotSupported, match=r"qdisc kind is unknown; the kernel must have CONFIG_NET_SCH_INGRESS"):
        clsact.add_clsact(veth.index, veth.netns)


def test_a_kernel_without_bpf_filters(veth: Veth) -> None:
    clsact.add_clsact(veth.index, veth.netns)

    def add_unknown(route: Any) -> None:
        route.tc("add-filter", "nosuchkind", veth.index, 1, parent=EGRESS, info=1 << 16 | socket.htons(ETH_P_ALL))

    with pytest.raises(NotSupported, match="CONFIG_NET_CLS_BPF") as caught:
        netlink.ask(veth.netns, "RTM_NEWTFILTER", "adding a filter", add_unknown)
    assert caught.value.feature == "CONFIG_NET_CLS_BPF"


def test_without_privilege(veth: Veth) -> None:
    with NetNS(veth.netns) as place:
        clsact.has_clsact(veth.index, place)  # imports what the child must have
        refusal = refusal_as_nobody(lambda: clsact.add_clsact(veth.index), inside=place)
    assert refusal.startswith(f"PermissionDenied: adding clsact to interface {veth.index}")
    assert "it needs CAP_NET_ADMIN" in refusal


def test_the_thread_stays_after_each_success_and_failure(veth: Veth) -> None:
    before = own_namespace()
    clsact.add_clsact(veth.index, veth.netns)
    assert own_namespace() == before
    with pytest.raises(KernelError):
        clsact.add_filter(veth.index, EGRESS, 0, priority=1, handle=1, name="f", netns=veth.netns)
    assert own_namespace() == before
    clsact.delete_clsact(veth.index, veth.netns)
    assert own_namespace() == before

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from ebpfasm.errors import AlreadyAttached, KernelError, NotSupported
from ebpfasm.kernel import ids, machine
from ebpfasm.kernel.fd import Fd
from ebpfasm.kernel.info import kind, link_info, prog_info
from ebpfasm.kernel.links import has_tcx, link_create, link_detach, link_update, prog_query
from ebpfasm.kernel.netns import run_in
from ebpfasm.kernel.programs import prog_load
from ebpfasm.uapi import AttachFlag, AttachType, LinkType
from tests.kernel.code import SCHED_CLS, returns
from tests.kernel.fake import FakeKernel
from tests.net import Veth

EGRESS = AttachType.TCX_EGRESS
MISSING = 0x7FFFFF
THIS_NAMESPACE = "/proc/thread-self/ns/net"


@pytest.fixture
def programs() -> Iterator[list[int]]:
    fds = [prog_load(SCHED_CLS, returns(-1), name=f"next{number}") for number in range(3)]
    yield fds
    for fd in fds:
        os.close(fd)


class Hook:
    """The egress of an interface in a namespace of the test's own."""

    def __init__(self, pair: Veth, stack: ExitStack) -> None:
        self.pair = pair
        self.stack = stack
        self.home = os.stat(THIS_NAMESPACE).st_ino

    def attach(self, *arguments: Any, **members: Any) -> int:
        fd: int = run_in(self.pair.netns, self._attach, arguments, members)
        self.stack.callback(os.close, fd)
        return fd

    def query(self) -> Any:
        return run_in(self.pair.netns, prog_query, self.pair.index, EGRESS)

    def _attach(self, arguments: tuple[Any, ...], members: dict[str, Any]) -> int:
        # An index means another device in another namespace: never attach to one of the machine's own.
        assert os.stat(THIS_NAMESPACE).st_ino != self.home
        return link_create(arguments[0], self.pair.index, EGRESS, *arguments[1:], **members)


@pytest.fixture
def hook(veth: Veth) -> Iterator[Hook]:
    with ExitStack() as stack:
        yield Hook(veth, stack)


@pytest.mark.needs_kernel
@pytest.mark.needs_netns
@pytest.mark.needs_tcx
def test_a_link_is_made_updated_and_detached(hook: Hook, programs: list[int]):
    link = hook.attach(programs[0])
    info = link_info(link)
    assert (kind(link), info.type, info.attach_type) == ("link", LinkType.TCX, EGRESS)
    assert (info.ifindex, info.prog_id) == (hook.pair.index, prog_info(programs[0]).id)
    assert hook.query().link_ids == (info.id,)
    with Fd(ids.link_fd_by_id(info.id)) as found:
        assert link_info(found.fileno()).id == info.id

    link_update(link, programs[1])
    assert hook.query().prog_ids == (prog_info(programs[1]).id,)
    link_update(link, programs[2], programs[1])
    with pytest.raises(KernelError, match="the link runs another program than the one to be replaced"):
        link_update(link, programs[0], programs[1])

    link_detach(link)
    assert hook.query().prog_ids == ()
    assert link_info(link).ifindex == 0
    with pytest.raises(KernelError, match="ENOLINK: what the link was attached to is gone"):
        link_update(link, programs[0])


@pytest.mark.needs_kernel
@pytest.mark.needs_netns
@pytest.mark.needs_tcx
def test_links_are_placed_among_each_other(hook: Hook, programs: list[int]):
    by_id = [prog_info(fd).id for fd in programs]
    first = hook.attach(programs[0])
    hook.attach(programs[1], AttachFlag.BEFORE, programs[0])
    hook.attach(programs[2], AttachFlag.BEFORE | AttachFlag.LINK, first)
    assert hook.query().prog_ids == (by_id[1], by_id[2], by_id[0])


@pytest.mark.needs_kernel
@pytest.mark.needs_netns
@pytest.mark.needs_tcx
def test_a_place_by_id_and_a_revision(hook: Hook, programs: list[int]):
    hook.attach(programs[0])
    revision = hook.query().revision
    with pytest.raises(KernelError, match="ESTALE: what is attached has changed since the expected revision"):
        hook.attach(programs[1], expected_revision=revision + 1)
    hook.attach(programs[1], AttachFlag.BEFORE | AttachFlag.ID, prog_info(programs[0]).id, revision)
    assert hook.query().prog_ids == (prog_info(programs[1]).id, prog_info(programs[0]).id)


@pytest.mark.needs_kernel
@pytest.mark.needs_netns
@pytest.mark.needs_tcx
def test_the_same_program_twice(hook: Hook, programs: list[int]):
    hook.attach(programs[0])
    with pytest.raises(AlreadyAttached, match="EEXIST: this program is attached there already"):
        hook.attach(programs[0])


@pytest.mark.needs_kernel
@pytest.mark.needs_tcx
def test_an_interface_that_is_not_there(programs: list[int]):
    wanted = f"target {MISSING}.: ENODEV: there is no such interface in the calling thread's network namespace"
    with pytest.raises(KernelError, match=wanted):
        link_create(programs[0], MISSING, EGRESS)
    with pytest.raises(KernelError, match=wanted):
        prog_query(MISSING, EGRESS)


def test_a_kernel_without_tcx(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(machine, "release", lambda: (6, 1))
    FakeKernel(monkeypatch, -errno.EINVAL)
    assert not has_tcx()
    with pytest.raises(NotSupported, match=r"no tcx; Linux 6\.6 or later is needed") as caught:
        link_create(3, 1, EGRESS)
    assert (caught.value.feature, caught.value.since) == ("tcx", "6.6")


def test_einval_of_a_kernel_with_tcx_is_something_else(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(machine, "release", lambda: (6, 18))
    FakeKernel(monkeypatch, -errno.EINVAL, -errno.ENODEV)
    with pytest.raises(KernelError, match="EINVAL") as caught:
        link_create(3, 1, EGRESS)
    assert not isinstance(caught.value, NotSupported)


def test_a_list_longer_than_the_room_is_asked_for_again(monkeypatch: pytest.MonkeyPatch):
    def answer(attr: Any) -> int:
        short, attr.count = attr.count < 100, 100
        return -errno.ENOSPC if short else 0

    kernel = FakeKernel(monkeypatch, answer)
    assert len(prog_query(1, EGRESS).prog_ids) == 100
    assert len(kernel.calls) == 2

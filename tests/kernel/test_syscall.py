from __future__ import annotations

import errno
import os
import resource
import sys

import pytest

from ebpfasm.errors import (
    AlreadyAttached,
    KernelError,
    KeyExists,
    KeyNotFound,
    NotSupported,
    OperandError,
    PermissionDenied,
)
from ebpfasm.kernel import attr, machine, refusal, syscall
from ebpfasm.kernel import commands as c
from ebpfasm.kernel.syscall import bpf
from tests.kernel.fake import FakeKernel


@pytest.mark.parametrize(
    ("command", "number", "kind"),
    [
        (c.BPF_MAP_LOOKUP_ELEM, errno.ENOENT, KeyNotFound),
        (c.BPF_MAP_UPDATE_ELEM, errno.ENOENT, KeyNotFound),
        (c.BPF_MAP_DELETE_ELEM, errno.ENOENT, KeyNotFound),
        (c.BPF_MAP_DELETE_ELEM, errno.E2BIG, KeyNotFound),
        (c.BPF_MAP_UPDATE_ELEM, errno.EEXIST, KeyExists),
        (c.BPF_MAP_UPDATE_ELEM, errno.E2BIG, KernelError),
        (c.BPF_OBJ_PIN, errno.EEXIST, KeyExists),
        (c.BPF_LINK_CREATE, errno.EEXIST, AlreadyAttached),
        (c.BPF_LINK_UPDATE, errno.EPERM, KernelError),
        (c.BPF_MAP_CREATE, errno.EPERM, PermissionDenied),
        (c.BPF_MAP_CREATE, errno.EACCES, PermissionDenied),
        (c.BPF_MAP_CREATE, errno.ENOSYS, NotSupported),
        (c.BPF_MAP_LOOKUP_BATCH, errno.EOPNOTSUPP, NotSupported),
        (c.BPF_MAP_LOOKUP_BATCH, 524, NotSupported),
        (c.BPF_OBJ_GET, errno.ENOENT, KernelError),
        (c.BPF_MAP_CREATE, errno.EINVAL, KernelError),
    ],
)
def test_an_errno_becomes_its_exception(
    monkeypatch: pytest.MonkeyPatch, command: int, number: int, kind: type[KernelError]
):
    monkeypatch.setattr(machine, "release", lambda: (6, 18))
    FakeKernel(monkeypatch, -number)
    with pytest.raises(KernelError) as caught:
        bpf(command, None, 0, "'pod0'")
    assert type(caught.value) is kind
    assert caught.value.errno == number
    assert caught.value.command == c.NAMES[command]
    assert str(caught.value).startswith(f"{c.NAMES[command]} 'pod0': ")


def test_a_result_is_returned_and_the_kernel_asked_once(monkeypatch: pytest.MonkeyPatch):
    kernel = FakeKernel(monkeypatch, 17)
    assert bpf(c.BPF_MAP_CREATE, None, 0) == 17
    assert kernel.calls == [c.BPF_MAP_CREATE]


@pytest.mark.parametrize("number", [errno.EAGAIN, errno.EINTR])
def test_what_a_signal_interrupts_is_tried_again(monkeypatch: pytest.MonkeyPatch, number: int):
    kernel = FakeKernel(monkeypatch, -number, -number, 5)
    assert bpf(c.BPF_PROG_LOAD, None, 0) == 5
    assert len(kernel.calls) == 3


def test_trying_again_ends(monkeypatch: pytest.MonkeyPatch):
    kernel = FakeKernel(monkeypatch, -errno.EAGAIN)
    with pytest.raises(KernelError, match="EAGAIN"):
        bpf(c.BPF_PROG_LOAD, None, 0)
    assert len(kernel.calls) == syscall.ATTEMPTS + 1


def test_a_batch_is_not_tried_again_for_its_attr_has_changed(monkeypatch: pytest.MonkeyPatch):
    kernel = FakeKernel(monkeypatch, -errno.EINTR, 0)
    with pytest.raises(KernelError, match="EINTR"):
        bpf(c.BPF_MAP_UPDATE_BATCH, None, 0)
    assert len(kernel.calls) == 1


@pytest.mark.parametrize("command", [c.BPF_MAP_CREATE, c.BPF_PROG_LOAD])
def test_an_old_kernel_gets_its_memory_limit_raised_once(monkeypatch: pytest.MonkeyPatch, command: int):
    raised: list[int] = []
    monkeypatch.setattr(machine, "release", lambda: (5, 10))
    monkeypatch.setattr(machine, "raise_memlock_limit", lambda: raised.append(1))
    kernel = FakeKernel(monkeypatch, -errno.EPERM, 6)
    assert bpf(command, None, 0) == 6
    assert len(kernel.calls) == 2
    FakeKernel(monkeypatch, -errno.EPERM)
    with pytest.raises(PermissionDenied):
        bpf(command, None, 0)
    assert raised == [1, 1]


@pytest.mark.parametrize(("release", "command"), [((5, 11), c.BPF_MAP_CREATE), ((5, 10), c.BPF_MAP_FREEZE)])
def test_no_limit_is_raised_where_none_counts(monkeypatch: pytest.MonkeyPatch, release: tuple[int, int], command: int):
    monkeypatch.setattr(machine, "release", lambda: release)
    monkeypatch.setattr(machine, "raise_memlock_limit", lambda: pytest.fail("raised"))
    kernel = FakeKernel(monkeypatch, -errno.EPERM)
    with pytest.raises(PermissionDenied):
        bpf(command, None, 0)
    assert len(kernel.calls) == 1


def test_the_memory_limit_falls_back_on_the_hard_one(monkeypatch: pytest.MonkeyPatch):
    asked: list[tuple[int, int]] = []

    def setrlimit(which: int, limits: tuple[int, int]) -> None:
        asked.append(limits)
        if limits[1] == resource.RLIM_INFINITY:
            raise ValueError("not allowed to raise maximum limit")

    monkeypatch.setattr(resource, "setrlimit", setrlimit)
    monkeypatch.setattr(resource, "getrlimit", lambda which: (65536, 1 << 23))
    machine.raise_memlock_limit()
    assert asked == [(resource.RLIM_INFINITY, resource.RLIM_INFINITY), (1 << 23, 1 << 23)]


def test_a_missing_capability_is_named_with_the_sysctl(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(machine, "release", lambda: (6, 18))
    monkeypatch.setattr(machine, "lacking", lambda names: names)
    monkeypatch.setattr(machine, "unprivileged_bpf", lambda: "kernel.unprivileged_bpf_disabled is 2")
    assert str(refusal.error(c.BPF_MAP_CREATE, errno.EPERM)) == (
        "BPF_MAP_CREATE: EPERM: needs CAP_BPF; this process lacks CAP_BPF; kernel.unprivileged_bpf_disabled is 2"
    )
    assert "needs CAP_SYS_ADMIN" in str(refusal.error(c.BPF_MAP_GET_FD_BY_ID, errno.EPERM))
    needs = ("CAP_BPF", "CAP_NET_ADMIN")
    assert "needs CAP_BPF and CAP_NET_ADMIN" in str(refusal.error(c.BPF_PROG_LOAD, errno.EPERM, "", needs))
    monkeypatch.setattr(machine, "release", lambda: (5, 4))
    assert "needs CAP_SYS_ADMIN" in str(refusal.error(c.BPF_MAP_CREATE, errno.EPERM))


def test_where_no_capability_is_missing_something_else_is_blamed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(machine, "release", lambda: (6, 18))
    monkeypatch.setattr(machine, "lacking", lambda names: ())
    assert "seccomp" in str(refusal.error(c.BPF_MAP_CREATE, errno.EPERM))
    assert "frozen" in str(refusal.error(c.BPF_MAP_UPDATE_ELEM, errno.EPERM))


def test_a_command_newer_than_the_kernel_is_not_supported(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(machine, "release", lambda: (5, 5))
    FakeKernel(monkeypatch, -errno.EINVAL)
    with pytest.raises(NotSupported, match=r"Linux 5\.6 or later is needed") as caught:
        bpf(c.BPF_MAP_LOOKUP_BATCH, None, 0)
    assert (caught.value.feature, caught.value.since) == ("BPF_MAP_LOOKUP_BATCH", "5.6")


@pytest.mark.parametrize(
    ("release", "expected"),
    [("6.18.44-fc", (6, 18)), ("5.10.0-46-amd64", (5, 10)), ("7.3-rc1", (7, 3)), ("6.1+", (6, 1)), ("odd", (0, 0))],
)
def test_release(monkeypatch: pytest.MonkeyPatch, release: str, expected: tuple[int, int]):
    uname = os.uname()
    changed = os.uname_result((uname.sysname, uname.nodename, release, uname.version, uname.machine))
    monkeypatch.setattr(os, "uname", lambda: changed)
    assert machine.release() == expected


def test_another_system_is_refused_when_called_and_not_before(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(syscall, "enter", syscall._first_call)
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(NotSupported, match=r"bpf\(2\) is a system call of Linux, and this is darwin"):
        bpf(c.BPF_MAP_CREATE, None, 0)


def test_an_unknown_machine_is_refused_by_name(monkeypatch: pytest.MonkeyPatch):
    uname = os.uname()
    changed = os.uname_result((uname.sysname, uname.nodename, uname.release, uname.version, "pdp11"))
    monkeypatch.setattr(os, "uname", lambda: changed)
    monkeypatch.setattr(syscall, "enter", syscall._first_call)
    with pytest.raises(NotSupported, match="64-bit pdp11 machine is not known"):
        bpf(c.BPF_MAP_CREATE, None, 0)


def test_hints_and_exceptions_are_of_commands_there_are():
    for key in [*refusal.EXCEPTIONS, *refusal.HINTS]:
        command, number = key if isinstance(key, tuple) else (c.BPF_MAP_CREATE, key)
        assert command in c.NAMES
        assert number == refusal.ENOTSUPP or number in errno.errorcode


@pytest.mark.parametrize("name", ["x" * 16, "pod-0", "pöd", "a\0b", "a b"])
def test_a_name_the_kernel_cannot_take(name: str):
    with pytest.raises(OperandError, match="name: must be at most 15 of the characters"):
        attr.object_name(name)


def test_the_longest_name():
    assert attr.object_name("policy_call.0_9") == b"policy_call.0_9"

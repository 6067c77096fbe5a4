"""For tests that touch the kernel: programs of two instructions, snapshots of what exists, and losing privileges."""

from __future__ import annotations

import itertools
import os
import struct
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from ebpfasm.kernel import ids, interfaces, netns
from ebpfasm.kernel.programs import prog_load

BPF_PROG_TYPE_SCHED_CLS = 3  # enum bpf_prog_type
NOBODY = 65534
SETTLE_S = 10.0  # the kernel frees programs, maps and namespaces some time after their last user
_numbers = itertools.count()


class Veth(NamedTuple):
    """A veth pair between two namespaces of the test, up, with addresses."""

    netns: str
    name: str
    index: int
    address: str
    peer_netns: str
    peer: str
    peer_index: int
    peer_address: str


class KernelState(NamedTuple):
    """What can be left behind: names of namespaces and links, ids of BPF objects."""

    namespaces: frozenset[str]
    links: frozenset[str]
    maps: frozenset[int]
    programs: frozenset[int]
    bpf_links: frozenset[int]


def kernel_state() -> KernelState:
    """Return what there is now; the links are those of the caller's namespace."""
    return KernelState(
        frozenset(netns.names()),
        frozenset(interfaces.interfaces()),
        frozenset(_ids(ids.next_map_id)),
        frozenset(_ids(ids.next_prog_id)),
        frozenset(_ids(ids.next_link_id)),
    )


def left_behind(before: KernelState) -> dict[str, list[str]]:
    """Return what there is more than ``before``, after giving the kernel time to free it; empty when all is gone."""
    deadline = time.monotonic() + SETTLE_S
    while True:
        now = kernel_state()
        more = {
            field: sorted(map(str, there - was))
            for field, was, there in zip(KernelState._fields, before, now, strict=True)
            if there - was
        }
        if not more or time.monotonic() > deadline:
            return more
        time.sleep(0.02)


def unique_name() -> str:
    """Return a name for a namespace that no other test, nor another run of the tests, uses."""
    return f"ebpfasm-{os.getpid()}-{next(_numbers)}"


@contextmanager
def verdict_program(verdict: int) -> Iterator[int]:
    """Load ``r0 = verdict; exit`` as SCHED_CLS and give its file descriptor."""
    fd = prog_load(
        BPF_PROG_TYPE_SCHED_CLS, struct.pack("=BBhiBBhi", 0xB7, 0, 0, verdict, 0x95, 0, 0, 0), name="verdict"
    )
    try:
        yield fd
    finally:
        os.close(fd)


def own_namespace() -> tuple[int, int]:
    """Return device and inode of the calling thread's network namespace."""
    status = os.stat("/proc/thread-self/ns/net")
    return status.st_dev, status.st_ino


def refusal_as_nobody(function: Callable[[], object], inside: netns.NetNS | None = None) -> str:
    """Call ``function`` without any privilege, in a child process, and return class and message of what it raises.

    With ``inside``, the child enters that namespace first. What ``function`` imports must have been imported before:
    nobody may be unable to read it.
    """
    from ebpfasm.kernel import libc

    receiver, sender = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # fork() beside threads, from Python 3.12
        child = os.fork()
    if child == 0:
        answer = "nothing was raised"
        try:
            if inside is not None:
                libc.setns(inside.fileno(), libc.CLONE_NEWNET)
            os.setgroups([])
            os.setresgid(NOBODY, NOBODY, NOBODY)
            os.setresuid(NOBODY, NOBODY, NOBODY)
            function()
        except BaseException as error:
            answer = f"{type(error).__name__}: {error}"
        finally:
            os.write(sender, answer.encode())
            os._exit(0)
    os.close(sender)
    with open(receiver, encoding="utf-8") as stream:
        answer = stream.read()
    os.waitpid(child, 0)
    return answer


def _ids(after: Callable[[int], int | None]) -> Iterator[int]:
    """Walk over all ids; they grow, so the walk ends."""
    number = after(0)
    while number is not None:
        yield number
        number = after(number)

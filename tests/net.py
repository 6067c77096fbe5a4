"""For tests that touch the kernel, besides what `ebpfasm.testing` has: small programs, losing privileges."""

from __future__ import annotations

import os
import struct
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ebpfasm.kernel import netns
from ebpfasm.kernel.programs import prog_load
from ebpfasm.testing.footprint import SETTLE_S, footprint
from ebpfasm.testing.network import Veth, unique_name

__all__ = ["Veth", "eventually", "footprint", "own_namespace", "refusal_as_nobody", "unique_name", "verdict_program"]

BPF_PROG_TYPE_SCHED_CLS = 3  # enum bpf_prog_type
NOBODY = 65534


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


def eventually(condition: Callable[[], bool]) -> bool:
    """Return whether it comes true within the time that the kernel may take for what it does in a work of its own."""
    deadline = time.monotonic() + SETTLE_S
    while not (true := condition()) and time.monotonic() < deadline:
        time.sleep(0.001)
    return true


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

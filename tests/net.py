"""For tests that touch the kernel: programs of two instructions, what was left behind, and losing privileges."""

from __future__ import annotations

import itertools
import os
import struct
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from ebpfasm.kernel import commands, ids, interfaces, netns, syscall
from ebpfasm.kernel.programs import prog_load

BPF_PROG_TYPE_SCHED_CLS = 3  # enum bpf_prog_type
NOBODY = 65534
SETTLE_S = 60.0  # the kernel frees programs, maps and namespaces some time after their last user, later when it is busy
OWN_PREFIX = f"ebpfasm-{os.getpid()}"
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


class Kind(NamedTuple):
    """A kind of BPF object: the command that makes it, its line in fdinfo, and how to walk over the ids of all."""

    command: int
    id_line: str
    next_id: Callable[[int], int | None]


KINDS = {
    "maps": Kind(commands.BPF_MAP_CREATE, "map_id", ids.next_map_id),
    "programs": Kind(commands.BPF_PROG_LOAD, "prog_id", ids.next_prog_id),
    "bpf_links": Kind(commands.BPF_LINK_CREATE, "link_id", ids.next_link_id),
}
MADE_BY = {kind.command: name for name, kind in KINDS.items()}


class Footprint:
    """What this process makes from now on: BPF objects as ids, namespaces by `unique_name`, links of its namespace.

    Only its own, since others may use the kernel at the same time. What child processes make is not seen.
    """

    def __init__(self) -> None:
        self._made: dict[str, set[int]] = {name: set() for name in KINDS}
        self._before = self._named()

    def note(self, command: int, fd: int) -> None:
        """Remember the object that a command of bpf(2) answered with."""
        if command in MADE_BY:
            name = MADE_BY[command]
            with open(f"/proc/self/fdinfo/{fd}") as lines:
                about = dict(line.split(":", 1) for line in lines)
            self._made[name].add(int(about[KINDS[name].id_line]))

    def there(self) -> dict[str, list[str]]:
        """Return what of it is there now, by kind; empty when all is gone."""
        found = {name: sorted(now - self._before[name]) for name, now in self._named().items()}
        for name, made in self._made.items():
            found[name] = [str(number) for number in sorted(made) if KINDS[name].next_id(number - 1) == number]
        return {name: things for name, things in found.items() if things}

    def left(self) -> dict[str, list[str]]:
        """Return what is there after the kernel has had time to free it; empty when all is gone."""
        deadline = time.monotonic() + SETTLE_S
        while (found := self.there()) and time.monotonic() < deadline:
            time.sleep(0.02)
        return found

    @staticmethod
    def _named() -> dict[str, set[str]]:
        ours = {name for name in netns.names() if name.startswith(f"{OWN_PREFIX}-")}
        return {"namespaces": ours, "links": set(interfaces.interfaces())}


@contextmanager
def footprint() -> Iterator[Footprint]:
    """Give the footprint of what is done inside the block."""
    seen = Footprint()
    ids.next_map_id()  # the first call of all replaces syscall.enter
    enter = syscall.enter

    def note(number: int, command: int, attr: Any, size: int) -> int:
        result = enter(number, command, attr, size)
        if result >= 0:
            seen.note(command, result)
        return result

    syscall.enter = note
    try:
        yield seen
    finally:
        syscall.enter = enter


def unique_name() -> str:
    """Return a name for a namespace that no other test, nor another run of the tests, uses."""
    return f"{OWN_PREFIX}-{next(_numbers)}"


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

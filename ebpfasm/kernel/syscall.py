"""The one door to the kernel: every bpf(2) command goes through :func:`bpf`, or :func:`bpf_each` where it is many."""

from __future__ import annotations

import sys
from errno import EAGAIN, EINTR, ENOSYS, EPERM

from ebpfasm.errors import KernelError, NotSupported
from ebpfasm.kernel import machine
from ebpfasm.kernel._ffi import ffi
from ebpfasm.kernel.commands import (
    BPF_MAP_CREATE,
    BPF_MAP_DELETE_BATCH,
    BPF_MAP_LOOKUP_AND_DELETE_BATCH,
    BPF_MAP_LOOKUP_BATCH,
    BPF_MAP_UPDATE_BATCH,
    BPF_PROG_LOAD,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

# The verifier gives up with EAGAIN whenever a signal is pending (bpf_check(), since Linux 5.0), so a process
# with a busy timer sees it again and again; it must still end.
ATTEMPTS = 30

# Linux before 5.11 charges these to RLIMIT_MEMLOCK and answers EPERM when it is used up.
_CHARGED = (BPF_MAP_CREATE, BPF_PROG_LOAD)

# These write how far they came into the attr, so calling again with it would be another call.
_NOT_REPEATABLE = (
    BPF_MAP_LOOKUP_BATCH,
    BPF_MAP_LOOKUP_AND_DELETE_BATCH,
    BPF_MAP_UPDATE_BATCH,
    BPF_MAP_DELETE_BATCH,
)


def _first_call(number: int, command: int, attr: Any, size: int) -> int:
    """Call bpf(2), and from now on without this detour."""
    _bind()
    return enter(_number, command, attr, size)


def _bind() -> None:
    """Find the C library's ``syscall`` and this machine's number of bpf(2)."""
    global enter, _number
    if sys.platform != "linux":
        message = f"bpf(2) is a system call of Linux, and this is {sys.platform}"
        raise NotSupported(ENOSYS, message, command="bpf", feature="bpf(2)")
    import os

    name, bits = os.uname().machine, 64 if sys.maxsize > 1 << 32 else 32
    known = machine.SYSCALL_NUMBERS.get((name, bits))
    if known is None:
        message = f"the number of bpf(2) on a {bits}-bit {name} machine is not known"
        raise NotSupported(ENOSYS, message, command="bpf", feature=f"bpf(2) on {name}")
    syscall: Callable[[int, int, Any, int], int] = ffi.dlopen(None).syscall
    _number, enter = known, syscall


_number = 0
# Takes number, command, attr and size; answers as the kernel does, -1 and ``ffi.errno`` for a refusal.
# Tests put a fake in its place.
enter: Callable[[int, int, Any, int], int] = _first_call


def bpf(command: int, attr: Any, size: int, about: str = "", needs: tuple[str, ...] = ()) -> int:
    """Call bpf(2) and return what the kernel returns: a file descriptor, or 0.

    ``attr`` is the cdata of one member of ``union bpf_attr`` and ``size`` how many of its bytes count.
    ``about`` and ``needs`` are for the message of an error: what the command works on, and the capabilities
    it takes where they depend on more than the command.

    Raises the exception that ``refusal.EXCEPTIONS`` has for the errno.
    """
    result = enter(_number, command, attr, size)
    if result >= 0:
        return result
    return _again(command, attr, size, about, needs)


def bpf_each(command: int, attr: Any, size: int, fillings: Iterable[object]) -> tuple[int, KernelError | None]:
    """Call bpf(2) once for each of ``fillings``: to give the next one is to fill ``attr`` for the next call.

    Returns how many calls were done, and what :func:`bpf` would have raised for the one after them, or None after
    the last.
    """
    done = 0
    if enter is _first_call:
        _bind()
    call, number = enter, _number
    for done, _ in enumerate(fillings, 1):
        if call(number, command, attr, size) < 0:
            try:
                _again(command, attr, size, "", ())
            except KernelError as error:
                return done - 1, error
    return done, None


def _again(command: int, attr: Any, size: int, about: str, needs: tuple[str, ...]) -> int:
    """Call again where that can help; raise where it cannot."""
    limit_raised = False
    for _ in range(ATTEMPTS):
        number = ffi.errno
        if number == EPERM and command in _CHARGED and not limit_raised and machine.release() < (5, 11):
            machine.raise_memlock_limit()
            limit_raised = True
        elif number not in {EAGAIN, EINTR} or command in _NOT_REPEATABLE:
            break
        result = enter(_number, command, attr, size)
        if result >= 0:
            return result
    from ebpfasm.kernel import refusal  # only needed when something is refused

    raise refusal.error(command, ffi.errno, about, needs)

"""Named network namespaces: the directory ``/run/netns`` of ip-netns(8), and making and deleting entries of it."""

from __future__ import annotations

import errno
import os

from ebpfasm.errors import KernelError, KeyExists, OperandError, PermissionDenied
from ebpfasm.kernel import libc
from ebpfasm.kernel.threads import in_thread

__all__ = ["DIRECTORIES", "checked", "create", "delete", "missing", "names", "refused"]

DIRECTORIES = ("/run/netns", "/var/run/netns")  # the first is where a name is made
NAME_MAX = 255  # bytes: linux/limits.h


def names() -> list[str]:
    """Return the names of the named network namespaces, sorted."""
    found: set[str] = set()
    for directory in DIRECTORIES:
        try:
            found.update(os.listdir(directory))
        except OSError:  # no namespace was ever named here, or they may not be listed
            continue
    return sorted(found)


def create(name: str) -> None:
    """Make a network namespace and name it, as ``ip netns add`` does; its ``lo`` is down.

    Raises :class:`~ebpfasm.errors.KeyExists` when the name is taken, :class:`~ebpfasm.errors.PermissionDenied`
    without CAP_SYS_ADMIN. Whatever fails, no namespace and no name is left.
    """
    path = os.path.join(DIRECTORIES[0], checked(name))
    doing = f"creating network namespace {name!r}"
    try:
        _share_directory()
        os.close(os.open(path, os.O_RDONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0))
    except FileExistsError:
        raise KeyExists(errno.EEXIST, f"network namespace {name!r} exists already ({path})", command="open") from None
    except OSError as error:
        raise refused(error, doing, "mount") from None
    try:
        in_thread(_bind_new_namespace, path)
    except BaseException as error:
        from contextlib import suppress

        with suppress(OSError):  # perhaps it did not come to the mount
            libc.unmount(path)
        os.unlink(path)
        if isinstance(error, OSError):
            raise refused(error, doing, "unshare") from None
        raise


def delete(name: str) -> None:
    """Take away the name of a namespace, as ``ip netns delete`` does; the namespace ends with its last user.

    Raises :class:`~ebpfasm.errors.KernelError` (ENOENT) when there is none of that name, and
    :class:`~ebpfasm.errors.PermissionDenied` without CAP_SYS_ADMIN.
    """
    checked(name)
    for directory in DIRECTORIES:
        path = os.path.join(directory, name)
        if os.path.lexists(path):
            break
    else:
        raise missing(name)
    try:
        try:
            libc.unmount(path)
        except OSError as error:
            if error.errno != errno.EINVAL:  # EINVAL: a name that nothing is mounted at, which goes all the same
                raise
        os.unlink(path)
    except OSError as error:
        raise refused(error, f"deleting network namespace {name!r}", "umount2") from None


def checked(name: str) -> str:
    """Return ``name``; raise :class:`~ebpfasm.errors.OperandError` when it can be no file name."""
    if not isinstance(name, str):
        raise OperandError(
            f"a network namespace's name must be a str, not {type(name).__name__}", field="name", value=name
        )
    size = len(os.fsencode(name))
    if not 1 <= size <= NAME_MAX:
        raise OperandError(
            f"a network namespace's name must have 1..{NAME_MAX} bytes, not {size}: {name[:40]!r}",
            field="name",
            value=name,
            low=1,
            high=NAME_MAX,
        )
    if "/" in name or "\0" in name or name in {".", ".."}:
        raise OperandError(
            f"a network namespace's name must be a file name in {DIRECTORIES[0]}, not {name!r}",
            field="name",
            value=name,
        )
    return name


def missing(name: str) -> KernelError:
    """Return the error for a name that nothing has, which tells the names that look like it."""
    from difflib import get_close_matches

    existing = names()
    close = get_close_matches(name, existing) or existing[:10]
    hint = f"there is {', '.join(map(repr, close))}" if close else "there is no named one at all"
    tried = " or ".join(os.path.join(directory, name) for directory in DIRECTORIES)
    return KernelError(errno.ENOENT, f"no network namespace {name!r} (no {tried}); {hint}", command="open")


def refused(error: OSError, doing: str, command: str, capability: str = "CAP_SYS_ADMIN") -> KernelError:
    """Return the error of this library for one of the operating system, naming the capability where one is missing."""
    number = error.errno or errno.EINVAL
    if number in {errno.EPERM, errno.EACCES}:
        return PermissionDenied(number, f"{doing} was refused: it needs {capability}", command=command)
    return KernelError(number, f"{doing} failed: {error.strerror}", command=command)


def _bind_new_namespace(path: str) -> None:
    """Give the calling thread a namespace of its own and mount that at ``path``."""
    libc.unshare(libc.CLONE_NEWNET)
    libc.mount("/proc/thread-self/ns/net", path, libc.MS_BIND)


def _share_directory() -> None:
    """Make the directory a shared mount: names then appear, and go, in every mount namespace (ip-netns(8))."""
    import fcntl

    target = DIRECTORIES[0]
    os.makedirs(target, 0o755, exist_ok=True)
    directory = os.open(target, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(directory, fcntl.LOCK_EX)  # as iproute2 does: two at once would mount it twice
        try:
            libc.mount("", target, libc.MS_SHARED | libc.MS_REC)
        except OSError as error:
            if error.errno != errno.EINVAL:  # EINVAL: not a mount point yet
                raise
            libc.mount(target, target, libc.MS_BIND | libc.MS_REC)
            libc.mount("", target, libc.MS_SHARED | libc.MS_REC)
    finally:
        os.close(directory)

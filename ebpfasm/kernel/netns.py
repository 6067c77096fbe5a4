"""Network namespaces: name one, hold it open, call a function inside it.

The calling thread never changes its namespace: :func:`run_in` uses a thread of its own that enters the namespace
with ``setns(2)``, calls the function and ends. So there is no state to restore, whatever fails.
"""

from __future__ import annotations

import errno
import os

from ebpfasm.errors import KernelError, OperandError
from ebpfasm.kernel import libc, netns_names
from ebpfasm.kernel.fd import Fd
from ebpfasm.kernel.netns_names import create, delete, names
from ebpfasm.kernel.threads import in_thread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Protocol, Self, TypeAlias, TypeVar

    class HasFileno(Protocol):
        """Anything with a file descriptor."""

        def fileno(self) -> int:
            """Return it."""

    Result = TypeVar("Result")
    NetNSLike: TypeAlias = "NetNS | str | os.PathLike[str] | int | HasFileno | None"

__all__ = ["NetNS", "create", "delete", "names", "run_in"]

OWN = "/proc/thread-self/ns/net"  # of the calling thread, which need not be that of its process: proc(5)
NS_GET_NSTYPE = (
    0xB703,  # _IO(0xb7, 3), linux/nsfs.h, since Linux 4.11
    0x2000B703,  # the same where _IOC_NONE is 1: asm/ioctl.h of powerpc, mips and sparc
)


class NetNS:
    """An open network namespace; holding it keeps the namespace alive, also when its name is deleted.

    ``given`` is a name (``"pod0"``: ``/run/netns/pod0``), a path (a string with a ``/``, or a path object), a file
    descriptor or an object with ``fileno()`` (copied: the caller keeps its own), another :class:`NetNS`, or None for
    the namespace of the calling thread. This is what every ``netns=`` argument accepts.

    Two are equal when they are the same namespace, however they were named. A context manager; closing twice is
    harmless.

    Raises :class:`~ebpfasm.errors.KernelError` when there is no such namespace or it is something else,
    :class:`~ebpfasm.errors.PermissionDenied` when it may not be opened, and
    :class:`~ebpfasm.errors.OperandError` for what can name no namespace.
    """

    __slots__ = ("_fd", "_identity", "what")

    def __init__(self, given: NetNSLike = None) -> None:
        number, self.what = _opened(given)
        self._fd = Fd(number, f"network namespace {self.what}")
        try:
            self._identity = _verified(self._fd.fileno(), self.what)
        except BaseException:
            self._fd.close()
            raise

    @classmethod
    def current(cls) -> Self:
        """Return the namespace of the calling thread."""
        return cls(None)

    @classmethod
    def named(cls, name: str) -> Self:
        """Return the namespace that ``ip netns add`` or :func:`create` made under ``name``."""
        return cls(netns_names.checked(name))

    @classmethod
    def at(cls, path: str | os.PathLike[str]) -> Self:
        """Return the namespace at ``path``; a relative path starts at the working directory."""
        text = os.fspath(path)
        return cls(text if "/" in text else os.path.join(".", text))

    @classmethod
    def of_fd(cls, fd: int | HasFileno) -> Self:
        """Return the namespace behind an open file descriptor, which is copied."""
        return cls(fd)

    @classmethod
    def of_pid(cls, pid: int) -> Self:
        """Return the namespace of a process, or of a thread by its thread id."""
        if isinstance(pid, bool) or not isinstance(pid, int) or pid < 1:
            raise OperandError(f"NetNS.of_pid: pid must be a number from 1, not {pid!r}", field="pid", value=pid, low=1)
        path = f"/proc/{pid}/ns/net"
        try:
            return cls(path)
        except KernelError as error:
            if error.errno != errno.ENOENT:
                raise
            raise KernelError(errno.ENOENT, f"there is no process {pid} (no {path})", command="open") from None

    @property
    def device(self) -> int:
        """The device number of the namespace's inode; with :attr:`inode` it says which namespace this is."""
        return self._identity[0]

    @property
    def inode(self) -> int:
        """The inode number, as ``ls -L -i`` and ``lsns`` show it."""
        return self._identity[1]

    @property
    def closed(self) -> bool:
        """Whether :meth:`close` was called."""
        return self._fd.closed

    def fileno(self) -> int:
        """Return the file descriptor, which stays this object's; raise ClosedError after :meth:`close`."""
        return self._fd.fileno()

    def is_current(self) -> bool:
        """Return whether the calling thread is in this namespace."""
        try:
            own = os.stat(OWN)
        except OSError as error:  # no /proc, for one
            raise netns_names.refused(error, f"looking at {OWN}", "stat") from None
        return (own.st_dev, own.st_ino) == self._identity

    def close(self) -> None:
        """Let the namespace go; it ends with its last user (a process, a name, a descriptor)."""
        self._fd.close()

    def __enter__(self) -> Self:
        """Return the object itself, to be closed at the end of the block."""
        self.fileno()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Let the namespace go."""
        self.close()

    def __eq__(self, other: object) -> bool:
        """Return whether both are the same namespace."""
        return self._identity == other._identity if isinstance(other, NetNS) else NotImplemented

    def __hash__(self) -> int:
        """Return a hash of what :meth:`__eq__` compares."""
        return hash(self._identity)

    def __str__(self) -> str:
        """Return words for a message."""
        return f"network namespace {self.what}"

    def __repr__(self) -> str:
        """Return how it was named, and its inode."""
        return f"<NetNS {self.what}, inode {self.inode}{', closed' if self.closed else ''}>"


def run_in(netns: NetNSLike, function: Callable[..., Result], *args: object) -> Result:
    """Call ``function(*args)`` inside a network namespace and return its result, or raise what it raised.

    The calling thread stays where it is: a thread made for this call enters the namespace. Where the caller is in
    that namespace already, the function is called directly.

    The call is waited for to its end. An interrupt (Ctrl-C) that arrives meanwhile is raised after it, so nothing
    is still being done behind the caller's back; its result is lost then.

    Raises :class:`~ebpfasm.errors.PermissionDenied` without CAP_SYS_ADMIN, and what :class:`NetNS` raises.
    """
    if netns is None:
        return function(*args)
    target = netns if isinstance(netns, NetNS) else NetNS(netns)
    try:
        number = target.fileno()  # raises here when it is closed
        return function(*args) if target.is_current() else in_thread(_call_inside, number, target, function, args)
    finally:
        if target is not netns:
            target.close()


def _call_inside(number: int, target: NetNS, function: Callable[..., Result], args: tuple[object, ...]) -> Result:
    try:
        libc.setns(number, libc.CLONE_NEWNET)
    except OSError as error:
        raise netns_names.refused(error, f"entering {target}", "setns") from None
    return function(*args)


def _opened(given: NetNSLike) -> tuple[int, str]:
    """Return an open descriptor, the caller's to close, and the words that name the namespace in a message."""
    if given is None:
        return _open_path(OWN), "of the caller"
    if isinstance(given, NetNS):
        return _duplicate(given.fileno()), given.what
    if isinstance(given, bool):
        raise OperandError(f"netns must not be a bool ({given!r})", field="netns", value=given)
    if isinstance(given, int):
        return _duplicate(given), f"of fd {given}"
    if isinstance(given, os.PathLike):
        return _opened_path(os.fsdecode(given))
    if isinstance(given, str):
        return _opened_path(given) if "/" in given else (_open_name(netns_names.checked(given)), repr(given))
    fileno = getattr(given, "fileno", None)
    if callable(fileno):
        return _opened(int(fileno()))
    raise OperandError(
        "netns must be a NetNS, a name, a path, a file descriptor, an object with fileno() or None,"
        f" not {type(given).__name__}",
        field="netns",
        value=given,
    )


def _opened_path(path: str) -> tuple[int, str]:
    number = _open_path(path if "/" in path else os.path.join(".", path))
    return number, repr(path)


def _open_name(name: str) -> int:
    for directory in netns_names.DIRECTORIES:
        try:
            return _open_path(os.path.join(directory, name))
        except KernelError as error:
            if error.errno != errno.ENOENT:
                raise
    raise netns_names.missing(name)


def _open_path(path: str) -> int:
    try:
        # O_NONBLOCK: a path that is a pipe must not make us wait for its writer
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except ValueError:  # a null character
        raise OperandError(f"{path!r} is not a path", field="netns", value=path) from None
    except OSError as error:
        if error.errno in {errno.ENOENT, errno.ENOTDIR, errno.ESRCH}:
            raise KernelError(errno.ENOENT, f"there is no network namespace {path!r}", command="open") from None
        raise netns_names.refused(error, f"opening network namespace {path!r}", "open", "CAP_SYS_PTRACE") from None


def _duplicate(number: int) -> int:
    import fcntl

    if number < 0:
        raise OperandError(
            f"netns: a file descriptor must be a number from 0, not {number}", field="netns", value=number, low=0
        )
    try:
        return fcntl.fcntl(number, fcntl.F_DUPFD_CLOEXEC, 3)
    except (OSError, OverflowError):
        raise KernelError(errno.EBADF, f"fd {number} is not open", command="fcntl") from None


def _verified(number: int, what: str) -> tuple[int, int]:
    """Return device and inode of a descriptor that is a network namespace, and raise for any other."""
    import fcntl
    import stat

    status = os.fstat(number)
    kind = 0
    if stat.S_ISREG(status.st_mode):  # as namespaces are; a device might know that ioctl by another meaning
        for request in NS_GET_NSTYPE:
            try:
                kind = fcntl.ioctl(number, request)
                break
            except OSError:  # ENOTTY: the file knows no such ioctl
                continue
    if kind != libc.CLONE_NEWNET:
        raise KernelError(
            errno.EINVAL, f"{what.removeprefix('of ')} is not a network namespace", command="NS_GET_NSTYPE"
        )
    return status.st_dev, status.st_ino

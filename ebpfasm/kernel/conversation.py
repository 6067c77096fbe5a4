"""Conversations with rtnetlink in any network namespace; and the only user of pyroute2.

pyroute2 is imported on first use: it costs more than all the rest. It runs an event loop to talk, and cannot where one
is running already.
"""

from __future__ import annotations

import errno
import os

from ebpfasm.errors import AlreadyAttached, KernelError, KeyExists, NotSupported, OperandError, PermissionDenied
from ebpfasm.kernel.interfaces import ifindex, interfaces, listed
from ebpfasm.kernel.messages import know_kinds
from ebpfasm.kernel.netns import NetNS, run_in
from ebpfasm.kernel.refusal import ENOTSUPP, reason
from ebpfasm.kernel.threads import in_thread

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from typing import Any, TypeVar

    from ebpfasm.kernel.netns import NetNSLike

    Answer = TypeVar("Answer")

__all__ = ["Conversation", "ask", "checked_index", "conversation", "in_range", "index_of", "parsed"]

SOL_NETLINK = 270  # linux/socket.h
NETLINK_EXT_ACK = 11  # linux/netlink.h: the kernel's own explanation comes with a refusal
BUFFER_SIZE = 1 << 20  # bytes, as pyroute2 gives sockets that it makes itself
SIOCGIFINDEX = 0x8933  # linux/sockios.h
IFNAMSIZ = 16  # linux/if.h, with the null byte
MAX_INDEX = 0x7FFFFFFF  # ifindex is an int

# Refusals that mean the kernel lacks what was asked for: ENOENT is tc's answer to a kind that it has neither built
# in nor as a module (qdisc_create() in net/sched/sch_api.c, tcf_proto_lookup_ops() in net/sched/cls_api.c).
LACKING = {
    ("RTM_NEWQDISC", errno.ENOENT): "CONFIG_NET_SCH_INGRESS",
    ("RTM_NEWQDISC", errno.EOPNOTSUPP): "CONFIG_NET_SCH_INGRESS",
    ("RTM_NEWTFILTER", errno.ENOENT): "CONFIG_NET_CLS_BPF",
    ("RTM_NEWTFILTER", errno.EOPNOTSUPP): "CONFIG_NET_CLS_BPF",
}

EXISTING = {"RTM_NEWTFILTER": AlreadyAttached}


class Conversation(NetNS):
    """An open network namespace with a socket of rtnetlink in it, for several requests one after the other.

    Every function with an argument ``netns`` takes it, and does without a socket and a thread of its own then: a
    request takes about half the time. It is of use in the thread that opened it, in which no event loop runs: inside
    :func:`~ebpfasm.kernel.threads.in_thread`, where Ctrl-C cannot cut a request short either. In any other thread it
    is a namespace like others.

    Raises what :class:`~ebpfasm.kernel.netns.NetNS` does, and :class:`~ebpfasm.errors.PermissionDenied` without
    CAP_SYS_ADMIN, which entering another namespace takes.
    """

    __slots__ = ("_route", "_socket", "_thread")

    def __init__(self, netns: NetNSLike = None) -> None:
        """Open it in the calling thread."""
        import threading

        super().__init__(netns)
        self._socket: socket.socket | None = None
        self._route: Any = None
        self._thread = threading.get_ident()
        try:
            from pyroute2 import IPRoute  # type: ignore[import-untyped]

            know_kinds()
            # A socket stays in the namespace it was made in, so only making it has to be done inside.
            self._socket = run_in(self, _rtnetlink_socket)
            self._route = IPRoute(use_socket=self._socket)
        except BaseException as error:
            self.close()
            if isinstance(error, OSError) and not isinstance(error, KernelError):  # too many open files, for one
                number = error.errno or errno.EIO
                raise KernelError(number, f"opening rtnetlink in {self}: {reason(number)}", command="socket") from error
            raise

    @property
    def is_here(self) -> bool:
        """Whether it was opened by the calling thread and is open."""
        import threading

        return self._route is not None and self._thread == threading.get_ident()

    def ask(
        self, command: str, doing: str, request: Callable[[Any], Answer], needs: str = "", since: str = ""
    ) -> Answer:
        """Make one request, as :func:`ask` does."""
        from pyroute2.netlink.exceptions import NetlinkError  # type: ignore[import-untyped]

        try:
            return request(self._route)
        except NetlinkError as error:
            text = str(error.args[1]) if len(error.args) > 1 else ""
            raise _refused(abs(error.code), text, command, f"{doing} in {self}", self, needs, since) from None
        except KernelError:
            raise
        except OSError as error:
            number = error.errno or errno.EIO
            raise KernelError(number, f"{doing} in {self}: {reason(number)}", command=command) from error

    def index_of(self, name: str) -> int:
        """Return the index of the interface ``name``, with one ioctl; raise KernelError (ENODEV) if there is none."""
        import fcntl
        import struct

        encoded = os.fsencode(name)
        if self._socket is not None and 0 < len(encoded) < IFNAMSIZ:
            try:
                answer = fcntl.ioctl(self._socket, SIOCGIFINDEX, struct.pack("16s24x", encoded))
                return int(struct.unpack_from("i", answer, IFNAMSIZ)[0])
            except OSError as error:
                if error.errno != errno.ENODEV:
                    raise KernelError(
                        error.errno or errno.EIO, f"looking for {name!r} in {self} failed: {error.strerror}"
                    ) from error
        there = interfaces(self)
        raise KernelError(errno.ENODEV, f"there is no interface {name!r} in {self}; there is {listed(there)}")

    def close(self) -> None:
        """Close the socket and let the namespace go. Closing again does nothing."""
        route, self._route = self._route, None
        its_socket, self._socket = self._socket, None
        try:
            if route is not None:
                route.close()
        finally:
            if its_socket is not None:
                its_socket.close()
            super().close()


def conversation(netns: NetNSLike) -> _Shared:
    """Return a block's conversation in a namespace: ``netns`` itself if it is one of this thread, else a new one.

    A new one is closed at the end of the block.
    """
    return _Shared(netns)


class _Shared:
    """What :func:`conversation` returns."""

    __slots__ = ("_given", "_own")

    def __init__(self, given: NetNSLike) -> None:
        self._given = given
        self._own: Conversation | None = None

    def __enter__(self) -> Conversation:
        if isinstance(self._given, Conversation) and self._given.is_here:
            return self._given
        self._own = Conversation(self._given)
        return self._own

    def __exit__(self, *_: object) -> None:
        own, self._own = self._own, None
        if own is not None:
            own.close()


def ask(
    netns: NetNSLike, command: str, doing: str, request: Callable[[Any], Answer], *, needs: str = "", since: str = ""
) -> Answer:
    """Make one request: ``request`` is given pyroute2's IPRoute; its errors become this library's.

    It is held in a thread of its own, because of the event loop and so that Ctrl-C cannot cut it short; unless
    ``netns`` is a :class:`Conversation` of this thread.

    ``command`` is the kernel's name of it and ``doing`` what it is for, for messages; ``needs`` and ``since`` the
    option and the version that the kernel must have where it answers that it does not support this.
    """
    if isinstance(netns, Conversation) and netns.is_here:
        return netns.ask(command, doing, request, needs, since)

    def one_request() -> Answer:
        try:
            alone = Conversation(place)
        except KernelError as error:
            raise type(error)(error.errno or 0, f"{doing}: {error}", command=command) from error
        with alone:
            return alone.ask(command, doing, request, needs, since)

    with NetNS(netns) as place:
        return in_thread(one_request) if place.is_current() else run_in(place, one_request)


def index_of(name: str, netns: NetNSLike = None) -> int:
    """Return the index of the interface ``name``: quickly in a :class:`Conversation`, else as `interfaces.ifindex`."""
    if isinstance(netns, Conversation) and netns.is_here:
        return netns.index_of(name)
    return ifindex(name, netns)


def _rtnetlink_socket() -> socket.socket:
    """Return a socket that pyroute2 takes for its own: of its type, buffers and options."""
    import socket

    made = socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER_SIZE)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_SIZE)
        made.setsockopt(SOL_NETLINK, NETLINK_EXT_ACK, 1)
    except BaseException:
        made.close()
        raise
    return made


def _refused(
    number: int, explanation: str, command: str, doing: str, place: NetNS, needs: str, since: str
) -> KernelError:
    """Return the error for a refusal."""
    plain = explanation in {"", os.strerror(number)}  # what pyroute2 puts where the kernel explained nothing
    feature = LACKING.get((command, number)) or (needs if number in {errno.EOPNOTSUPP, ENOTSUPP} else "")
    if feature:
        words = reason(number) if plain else explanation
        version = f", which Linux has since {since}" if since else ""
        message = f"{doing}: {words}; the kernel must have {feature}{version}"
        return NotSupported(number, message, command=command, feature=feature, since=since)
    message = f"{doing}: {reason(number)}" if plain else f"{doing}: {reason(number)}: {explanation}"
    if number in {errno.EPERM, errno.EACCES}:
        return PermissionDenied(number, f"{message}: it needs CAP_NET_ADMIN there", command=command)
    if number == errno.EEXIST:
        return EXISTING.get(command, KeyExists)(number, message, command=command)
    if number == errno.ENODEV:
        message += f"; there is {listed(interfaces(place))}"
    return KernelError(number, message, command=command)


def in_range(field: str, value: int, low: int, high: int) -> int:
    """Return ``value``; raise :class:`~ebpfasm.errors.OperandError` unless it is an int from ``low`` to ``high``."""
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise OperandError(
            f"{field} must be in {low}..{high}, not {value!r}", field=field, value=value, low=low, high=high
        )
    return value


def checked_index(index: int) -> int:
    """Return ``index`` if it can be an interface's."""
    return in_range("index", index, 1, MAX_INDEX)


def parsed(parse: Callable[[Any], Answer], field: str, given: object) -> Answer:
    """Return ``parse(given)``; raise :class:`~ebpfasm.errors.OperandError` for what it does not take."""
    try:
        return parse(given)
    except ValueError as error:
        raise OperandError(f"{field} {given!r}: {error}", field=field, value=given) from None

"""A stream of numbered UDP packets from one namespace to another, and the record of which arrived."""

from __future__ import annotations

import socket
import threading
import time

from ebpfasm.errors import EbpfError
from ebpfasm.kernel.netns import run_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Self, TypeVar

    Result = TypeVar("Result")

__all__ = ["Stream", "StreamError"]

PORT = 5300
RATE = 3000  # packets a second
LIMIT = 50_000_000  # packets in one stream
MAX_BEHIND_S = 0.02  # after a delay, the packets of at most that long are sent at once
SO_RCVBUFFORCE = 33  # asm-generic/socket.h; above net.core.rmem_max, with CAP_NET_ADMIN
RECEIVE_BUFFER = 16 << 20  # bytes: some seconds of packets, should the receiver not be scheduled
QUIET_S = 0.1
PROBE = b"probe"


class StreamError(EbpfError):
    """The stream could not be sent, whatever program was in the slot."""


class Stream:
    """Packets 0, 1, 2 …, each third to the second destination; a context manager that stops it.

    A packet's way through its sender's egress hook is over when ``sendto`` returns, since a veth
    device has no queue: what holds `gate` meanwhile knows between which two packets it is.
    """

    def __init__(self, source: str, sink: str, destinations: tuple[str, str]) -> None:
        self.sent = 0
        self.destinations = destinations
        self._arrived = bytearray()
        self._probed: set[bytes] = set()
        self._gate = threading.Lock()
        self._stop_sending, self._stop_receiving = threading.Event(), threading.Event()
        self._failures: list[BaseException] = []
        self._sockets: list[socket.socket] = []
        self._sender = threading.Thread(target=self._guarded, args=(self._send,), name="sender")
        self._receiver = threading.Thread(target=self._guarded, args=(self._receive,), name="receiver")
        try:
            for place in (source, sink):
                # A socket stays in the namespace it was made in.
                self._sockets.append(run_in(place, socket.socket, socket.AF_INET, socket.SOCK_DGRAM))
            self._out, self._in = self._sockets
            try:
                self._in.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER)
            except PermissionError:  # in a user namespace
                self._in.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
            self._in.bind(("0.0.0.0", PORT))
            self._in.settimeout(QUIET_S)
        except BaseException:
            self.close()
            raise

    def open_way(self, pause: Callable[[float], None]) -> None:
        """Send probes until one arrived at each destination: devices are up then, and ARP has its answers.

        Raises:
            StreamError: none arrives within 10 s.
        """
        self._receiver.start()
        for _ in range(200):
            for address in self.destinations:
                self._out.sendto(PROBE + address.encode(), (address, PORT))
            pause(0.05)
            if len(self._probed) == len(self.destinations):
                return
        raise StreamError(f"no packet gets from the one pod to the other; arrived: {sorted(self._probed) or 'none'}")

    def begin(self) -> None:
        """Start sending."""
        self._sender.start()

    def between_packets(self, action: Callable[[], Result]) -> tuple[int, Result]:
        """Call ``action`` while no packet is being sent; return the number of the next one, and its result."""
        with self._gate:
            return self.sent, action()

    def delivered(self, first: int, end: int) -> int:
        """How many of the packets from ``first`` on, before ``end``, arrived so far."""
        return end - first - self._arrived.count(0, first, end)

    def sent_to(self, which: int, first: int, end: int) -> int:
        """How many of these went to the destination of that number."""
        return sum(_turn(number) == which for number in range(first, end))

    def check(self) -> None:
        """Raise what stopped the sender or the receiver, if anything did."""
        if self._failures:
            raise StreamError(f"the stream of packets broke off: {self._failures[0]}") from self._failures[0]

    def stop_sending(self) -> None:
        """Send no more; what is under way still arrives."""
        self._stop_sending.set()
        if self._sender.ident is not None:
            self._sender.join()

    def close(self) -> None:
        """Stop both ends."""
        self.stop_sending()
        self._stop_receiving.set()
        if self._receiver.ident is not None:
            self._receiver.join()
        for each in self._sockets:
            each.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _send(self) -> None:
        due = time.monotonic()
        while not self._stop_sending.is_set():
            now = time.monotonic()
            if now < due:
                time.sleep(due - now)
                continue
            due = max(due, now - MAX_BEHIND_S) + 1 / RATE
            with self._gate:
                number = self.sent
                if number == LIMIT:
                    raise StreamError(f"{LIMIT} packets are as many as one stream has")
                self._arrived.append(0)
                self._out.sendto(number.to_bytes(8), (self.destinations[_turn(number)], PORT))
                self.sent = number + 1

    def _receive(self) -> None:
        while not self._stop_receiving.is_set():
            try:
                data = self._in.recv(64)
            except TimeoutError:
                continue
            if data.startswith(PROBE):
                self._probed.add(data)
            else:
                self._arrived[int.from_bytes(data)] = 1

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:  # shown by the main thread
            self._failures.append(error)


def _turn(number: int) -> int:
    """To which destination a packet goes: not evenly, so that their counts cannot be mixed up."""
    return 1 if number % 3 == 2 else 0

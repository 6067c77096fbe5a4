"""Who reaches whom: every place asks every service, by UDP, in both families, and those who get an answer reach it."""

from __future__ import annotations

import selectors
import socket
import struct
from typing import TYPE_CHECKING, NamedTuple

from ebpfasm.cli.demo.matrix.places import COLUMNS, PLACES, Column, Place
from ebpfasm.kernel.netns import run_in

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Self, TypeAlias

    Reached: TypeAlias = "frozenset[Cell]"

__all__ = ["CELLS", "VERSIONS", "Cell", "Probes"]

VERSIONS = (4, 6)
FAMILIES = {4: socket.AF_INET, 6: socket.AF_INET6}
ANYWHERE = {4: "0.0.0.0", 6: "::"}
QUESTION = struct.Struct("!IH")
"""The number of the measurement, and that of the cell."""
ROUNDS = 4
"""So often is asked for what has not been answered: the first packets may get lost while neighbours are looked for."""
QUIET_S = 0.3
"""A round is over when no socket has had anything for so long: on a busy machine it takes as long as it takes."""


class Cell(NamedTuple):
    """One question: from a place to a service, by one family."""

    sender: Place
    column: Column
    version: int


CELLS = tuple(
    Cell(sender, column, version)
    for sender in PLACES
    for column in COLUMNS
    for version in VERSIONS
    if column.place is not sender
)


class Probes:
    """The sockets of all places, in their namespaces; a context manager that closes them."""

    def __init__(self, netns: Callable[[Place], str]) -> None:
        self._selector = selectors.DefaultSelector()
        self._senders: dict[tuple[Place, int], socket.socket] = {}
        self._number = 0
        self._reached: set[Cell] = set()
        try:
            for place in PLACES:
                for version in VERSIONS:
                    for port in place.services:
                        self._open(netns(place), version, ANYWHERE[version], port, self._answer)
                    asking = self._open(netns(place), version, place.address(version), 0, self._note)
                    self._senders[place, version] = asking
        except BaseException:
            self.close()
            raise

    def measure(self, check: Callable[[], None]) -> Reached:
        """Ask everything, and return the cells with an answer; ``check`` is called all the while.

        It ends when all have answered, else after `ROUNDS` of asking.
        """
        self._number += 1
        self._reached = set()
        for _ in range(ROUNDS):
            for number, cell in enumerate(CELLS):
                if cell not in self._reached:
                    self._ask(number, cell)
            while len(self._reached) < len(CELLS) and (ready := self._selector.select(QUIET_S)):
                check()
                for key, _ in ready:
                    key.data(key.fileobj)
            check()
            if len(self._reached) == len(CELLS):
                break
        return frozenset(self._reached)

    def close(self) -> None:
        """Close all sockets."""
        for key in list(self._selector.get_map().values()):
            self._selector.unregister(key.fileobj)
            key.fileobj.close()  # type: ignore[union-attr]
        self._selector.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _open(
        self, netns: str, version: int, address: str, port: int, ready: Callable[[socket.socket], None]
    ) -> socket.socket:
        # A socket stays in the namespace it was made in.
        made = run_in(netns, socket.socket, FAMILIES[version], socket.SOCK_DGRAM)
        try:
            if version == 6:
                made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            made.setblocking(False)
            made.bind((address, port))
        except BaseException:
            made.close()
            raise
        self._selector.register(made, selectors.EVENT_READ, ready)
        return made

    def _ask(self, number: int, cell: Cell) -> None:
        target = (cell.column.place.address(cell.version), cell.column.port)
        try:
            self._senders[cell.sender, cell.version].sendto(QUESTION.pack(self._number, number), target)
        except OSError:  # dropped on its way out, or no way yet: it is not reached then
            pass

    def _answer(self, ready: socket.socket) -> None:
        try:
            question, sender = ready.recvfrom(64)
            ready.sendto(question, sender)
        except OSError:  # as in _ask
            pass

    def _note(self, ready: socket.socket) -> None:
        try:
            answer = ready.recv(64)
        except OSError:  # an ICMP error that came back
            return
        if len(answer) == QUESTION.size:
            measurement, number = QUESTION.unpack(answer)
            if measurement == self._number and number < len(CELLS):
                self._reached.add(CELLS[number])

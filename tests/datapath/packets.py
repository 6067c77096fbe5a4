"""Programs that tell what they saw, and datagrams that can be told apart from all other packets."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ebpfasm import Instructions, Map, MapType, Program, ProgramType
from ebpfasm.asm import JNE, R0, R1, R2, R3, R6, AddAtomic, DWord, Label, LoadAbs, LoadMapValue, Mov, Return, Word
from ebpfasm.kernel import link_info, netlink
from ebpfasm.kernel.netns import run_in
from tests.net import Veth

OK, SHOT = 0, 2
"""TC_ACT_OK and TC_ACT_SHOT of linux/pkt_cls.h, which are TCX_PASS and TCX_DROP too."""

MAGIC = 0x65425046  # what a datagram of ours begins with
PAYLOAD = 14 + 20 + 8  # where it begins: after the headers of Ethernet, IPv4 and UDP
PAYLOAD_IPV6 = 14 + 40 + 8
WAIT_S = 5.0  # how long a datagram may take before it counts as lost
WINDOW = 64  # datagrams under way at most: far fewer than the receiver's buffer holds
DATAGRAM = struct.Struct("!IQ")  # MAGIC and its number


class Counter:
    """A program that counts the datagrams of a `Stream` and gives its verdict on every packet."""

    def __init__(self, hits: Map, program: Program) -> None:
        self._hits = hits
        self.program = program

    @property
    def hits(self) -> int:
        return int(self._hits[0])


@contextmanager
def counting(
    verdict: int = OK, name: str = "count", payload: int = PAYLOAD, onward: Instructions | None = None
) -> Iterator[Counter]:
    """Load a counting program; other packets get the verdict too, or pass if they are shorter, and are not counted.

    ``payload`` is where a datagram's own bytes begin: `PAYLOAD` or `PAYLOAD_IPV6`. With ``onward``, a node's, packets
    go on with that in place of the verdict.
    """
    with Map.create(MapType.ARRAY, key_size=4, value_size=8, max_entries=1, name=name) as hits:
        code = Instructions(
            [
                Mov.Reg(R6, R1),
                LoadAbs(payload, Word),
                Mov.Reg(R3, R0),
                Mov.Imm(R0, verdict),
                JNE.Imm(R3, MAGIC, "out"),
                LoadMapValue(R1, hits, 0),
                Mov.Imm(R2, 1),
                AddAtomic.Mem(R1, R2, DWord, 0),
                Label("out"),
                *(onward or [Return()]),
            ]
        )
        with Program.load(ProgramType.SCHED_CLS, code, name=name) as program:
            yield Counter(hits, program)


@contextmanager
def returning(verdict: int, type: ProgramType = ProgramType.SCHED_CLS, name: str = "verdict") -> Iterator[Program]:
    """Load a program of two instructions."""
    with Program.load(type, [Mov.Imm(R0, verdict), Return()], name=name) as program:
        yield program


class Stream:
    """Numbered datagrams from the near end of a veth pair to the far one."""

    def __init__(self, sender: socket.socket, receiver: socket.socket) -> None:
        self._sender = sender
        self._receiver = receiver
        self.sent = 0
        self.received: list[int] = []

    def send(self, count: int) -> None:
        for number in range(self.sent, self.sent + count):
            self._sender.send(DATAGRAM.pack(MAGIC, number))
        self.sent += count

    def receive(self, count: int) -> None:
        """Take in ``count`` datagrams, or those that come until none has come for ``WAIT_S``."""
        try:
            for _ in range(count):
                self.received.append(DATAGRAM.unpack(self._receiver.recv(64))[1])
        except TimeoutError:
            pass

    def run(self, go_on: Callable[[int], bool]) -> None:
        """Send window by window, each received before the next, while ``go_on`` says so of the number sent."""
        while go_on(self.sent):
            self.send(WINDOW)
            self.receive(WINDOW)

    @property
    def lost(self) -> set[int]:
        return set(range(self.sent)) - set(self.received)

    def arrive(self, count: int) -> bool:
        """Send ``count`` datagrams; return whether all of them arrive, or none. Anything between fails."""
        before = len(self.received)
        self.send(count)
        self._receiver.settimeout(0.2)
        self.receive(count)
        self._receiver.settimeout(WAIT_S)
        arrived = len(self.received) - before
        assert arrived in {0, count}
        return arrived == count


@contextmanager
def streaming(pair: Veth) -> Iterator[Stream]:
    """Open the two sockets; the ends know each other's hardware address, so that no packet waits for ARP."""
    know_each_other(pair)

    def listening() -> socket.socket:
        receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        receiver.bind((pair.peer_address, 0))
        return receiver

    with (
        run_in(pair.peer_netns, listening) as receiver,
        run_in(pair.netns, socket.socket, socket.AF_INET, socket.SOCK_DGRAM) as sender,
    ):
        sender.connect(receiver.getsockname())
        receiver.settimeout(WAIT_S)
        yield Stream(sender, receiver)


def know_each_other(pair: Veth) -> None:
    """Give both ends a permanent entry for the other in their neighbour tables."""
    near, far = (pair.netns, pair.index, pair.address), (pair.peer_netns, pair.peer_index, pair.peer_address)
    for (place, index, _), other in ((near, far), (far, near)):
        netlink.add_neighbour(index, other[2], link_info.link(other[1], other[0]).mac, place)

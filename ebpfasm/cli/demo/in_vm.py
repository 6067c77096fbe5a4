"""What the demo does without a kernel: the same stub and programs, and packets through them, in the vm."""

from __future__ import annotations

import socket
import struct
import threading
import time

from ebpfasm import vm
from ebpfasm.cli.demo.phase import HEADINGS
from ebpfasm.cli.demo.programs import TC_ACT_OK
from ebpfasm.cli.demo.swaps import DESTINATIONS, SOURCE, Swaps
from ebpfasm.datapath.entry import entry_stub
from ebpfasm.errors import EbpfError
from ebpfasm.uapi import MapType, ProgramType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Any, Self, TypeVar

    from ebpfasm.asm.program import Instructions

    Result = TypeVar("Result")

__all__ = ["VmPackets", "VmSlot", "VmStory"]

PICTURE = """\
   packets made here ──► the entry stub ─ tail call ──► slots[0] ──► a program:
   no device, no pod     loaded once,                       ▲        pass, drop,
                         never touched                      │        count …
                                           this process, meanwhile"""
RATE = 500
"""Packets a second."""
PORT = 5300


class VmSlot:
    """Slot 0 of a program array of the vm, with the names of `ebpfasm.datapath.Pod`."""

    def __init__(self) -> None:
        self.slots: Any = vm.Map.create(MapType.PROG_ARRAY, key_size=4, value_size=4, max_entries=1, name="pod0")
        self.stub = entry_stub("slots")
        self.entry = vm.Program.load(ProgramType.SCHED_CLS, self.stub, name="entry", maps={"slots": self.slots})

    def swap(self, program: vm.Program) -> None:
        """Let ``program`` run on the packets from now on."""
        self.slots[0] = program

    def clear(self) -> None:
        """Empty the slot."""
        if self.slots.get(0) is not None:
            del self.slots[0]

    @property
    def program_id(self) -> int | None:
        """The id of the program in the slot, or None while it is empty."""
        found: int | None = self.slots.get(0)
        return found


class VmPackets:
    """Packets 0, 1, 2 …, each third to the second destination, that a thread runs a program on.

    A packet has arrived if the program lets it pass.
    """

    def __init__(self, entry: vm.Program) -> None:
        self.sent = 0
        self._entry = entry
        self._arrived = bytearray()
        self._gate = threading.Lock()
        self._stop = threading.Event()
        self._failure: Exception | None = None
        self._sender = threading.Thread(target=self._send, name="sender")

    def between_packets(self, action: Callable[[], Result]) -> tuple[int, Result]:
        """Call ``action`` while no packet is being sent; return the number of the next one, and its result."""
        with self._gate:
            return self.sent, action()

    def delivered(self, first: int, end: int) -> int:
        """How many of the packets from ``first`` on, before ``end``, arrived."""
        return sum(self._arrived[first:end])

    def sent_to(self, which: int, first: int, end: int) -> int:
        """How many of these went to the destination of that number."""
        return sum(_turn(number) == which for number in range(first, end))

    def check(self) -> None:
        """Raise what stopped the sender, if anything did."""
        if self._failure is not None:
            raise EbpfError(f"the stream of packets broke off: {self._failure}") from self._failure

    def stop_sending(self) -> None:
        """Send no more."""
        self._stop.set()
        self._sender.join()

    def __enter__(self) -> Self:
        self._sender.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop_sending()

    def _send(self) -> None:
        packets = [packet(address) for address in DESTINATIONS]
        due = time.monotonic()
        try:
            while not self._stop.is_set():
                with self._gate:
                    result = self._entry.test_run(packets[_turn(self.sent)])
                    self._arrived.append(result.retval == TC_ACT_OK)
                    self.sent += 1
                due = max(due, time.monotonic() - 0.02) + 1 / RATE
                time.sleep(max(0.0, due - time.monotonic()))
        except Exception as error:  # shown by the main thread
            self._failure = error


class VmStory(Swaps):
    """One run of the demo in the vm, and its record; ``entries`` are the ids of the stub before and after it."""

    entries: list[int]

    def perform(self) -> None:
        """Do it all.

        Raises:
            EbpfError: a step failed.
            Interrupted: a signal came.
        """
        screen = self._screen
        screen.line()
        screen.line(PICTURE)
        slot = VmSlot()
        screen.heading("The entry stub, loaded into the vm")
        screen.line(slot.stub.listing())
        self.plan(_counter, _counts, _load)
        screen.heading(f"The stream: {RATE} packets a second, while slot 0 is written")
        screen.line(HEADINGS, "dim")
        self.entries = [slot.entry.id]
        with VmPackets(slot.entry) as packets:
            self.swap_through(packets, slot)
            packets.check()
        self.entries.append(slot.entry.id)


def packet(destination: str) -> bytes:
    """A UDP packet from the one pod to the other, from its Ethernet header on."""
    udp = struct.pack("!4H", PORT, PORT, 8 + 8, 0) + bytes(8)
    addresses = socket.inet_aton(SOURCE) + socket.inet_aton(destination)
    ipv4 = struct.pack("!BxH4xBB2x", 0x45, 20 + len(udp), 64, socket.IPPROTO_UDP) + addresses
    return bytes(12) + b"\x08\x00" + ipv4 + udp


def _counter(name: str) -> vm.Map:
    return vm.Map.create(MapType.ARRAY, key_size=4, value_size=8, max_entries=1, name=name)


def _counts(name: str) -> vm.Map:
    return vm.Map.create(MapType.HASH, key_size=4, value_size=8, max_entries=64, name=name, key=bytes)


def _load(name: str, code: Instructions, maps: dict[str, Any]) -> vm.Program:
    return vm.Program.load(ProgramType.SCHED_CLS, code, name=name, maps=maps)


def _turn(number: int) -> int:
    """To which destination a packet goes: not evenly, so that their counts cannot be mixed up."""
    return 1 if number % 3 == 2 else 0

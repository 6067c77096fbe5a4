"""The programs that go through slot 0 one after the other while packets flow, in the kernel or in the vm."""

from __future__ import annotations

import socket
import time

from ebpfasm.cli.demo import programs
from ebpfasm.cli.demo.phase import Phase

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Protocol, TypeVar

    from ebpfasm.asm.program import Instructions
    from ebpfasm.cli.demo.interrupts import Interrupts
    from ebpfasm.cli.demo.screen import Screen

    Result = TypeVar("Result")

    class Slot(Protocol):
        """Slot 0, as `Pod` writes it."""

        def swap(self, program: Any) -> None:
            """Put a program into it."""

        def clear(self) -> None:
            """Empty it."""

        @property
        def program_id(self) -> int | None:
            """The id of what is in it."""

    class Packets(Protocol):
        """Numbered packets on their way, as `Stream` has them."""

        sent: int

        def between_packets(self, action: Callable[[], Result]) -> tuple[int, Result]:
            """Call ``action`` while no packet is being sent; its result, and the number of the next one."""

        def delivered(self, first: int, end: int) -> int:
            """How many of these arrived."""

        def sent_to(self, which: int, first: int, end: int) -> int:
            """How many of these went to the destination of that number."""

        def check(self) -> None:
            """Raise what stopped them."""

        def stop_sending(self) -> None:
            """Send no more."""


__all__ = ["DESTINATIONS", "SOURCE", "Swaps"]

SOURCE = "10.0.0.2"
DESTINATIONS = ("10.0.1.2", "10.0.1.3")

SWAPS_A_SECOND = 1000
REFRESH_S = 0.1
LEAST = 3
"""How many packets each program meets at least: so many go to both destinations."""
LATE_S = 3.0  # how long a packet may be on its way before it counts as lost


class Swaps:
    """Phases, each with its programs, gone through under traffic, and their record.

    Attributes:
        phases: the phases with what was counted in them; the last one is the storm.
        swap_times: of the storm, in seconds.
        sent_by_destination: of the phase that counts by destination.
    """

    def __init__(self, swaps: int, seconds: float, screen: Screen, interrupts: Interrupts) -> None:
        self.swaps = swaps
        self.seconds = seconds
        self.phases: list[Phase] = []
        self.swap_times: list[float] = []
        self.sent_by_destination: dict[str, int] = {}
        self._screen = screen
        self._interrupts = interrupts

    def plan(
        self,
        counter: Callable[[str], Any],
        counts: Callable[[str], Any],
        load: Callable[[str, Instructions, dict[str, Any]], Any],
    ) -> None:
        """Make the phases of the programs that `programs.built` has.

        Args:
            counter: makes an array of one counter.
            counts: makes a hash of counters.
            load: makes a program ready to run, with maps for the names it has for them.
        """
        code = programs.built()

        def counting(name: str) -> tuple[Any, Any]:
            counted = counter(name)
            return load(name, code[name], {"counter": counted}), counted

        passing, passed = counting("pass_count")
        dropping, dropped = counting("drop")
        by_destination = counts("by_destination")
        counting_each = load("by_destination", code["by_destination"], {"counts": by_destination})
        passing_all = load("pass", code["pass"], {})
        (blue, blues), (green, greens) = counting("blue"), counting("green")
        self.phases = [
            Phase("pass + count", (passing,), True, lambda: {"packets": passed[0]}),
            Phase("drop", (dropping,), False, lambda: {"packets": dropped[0]}),
            Phase(
                "count by destination",
                (counting_each,),
                True,
                lambda: {socket.inet_ntoa(key): number for key, number in sorted(by_destination.items())},
                lambda counted: ", ".join(f"{number} to .{to.rpartition('.')[2]}" for to, number in counted.items()),
            ),
            Phase("pass", (passing_all,), True),
            Phase("(empty: stub passes)", (), True),
            Phase(
                f"storm of {self.swaps} swaps",
                (blue, green),
                True,
                lambda: {"blue": blues[0], "green": greens[0]},
                lambda counted: " + ".join(map(str, counted.values())),
            ),
        ]

    def swap_through(self, stream: Packets, slot: Slot) -> None:
        """Go through the phases while packets flow.

        Raises:
            EbpfError: a swap failed, or the packets stopped.
            Interrupted: a signal came.
        """
        before: Phase | None = None
        for phase in self.phases:
            phase.first, phase.in_slot = stream.between_packets(_putting(slot, phase))
            if before is not None:
                self._conclude(before, stream, phase.first)
            if phase is self.phases[-1]:
                self._storm(phase, stream, slot)
            else:
                end = time.monotonic() + self.seconds
                while time.monotonic() < end or stream.sent - phase.first < LEAST:
                    self._watch(phase, stream)
            before = phase
        # No swap ends the last phase, and its programs count on as long as packets come.
        stream.stop_sending()
        self._conclude(self.phases[-1], stream, stream.sent)

    def _watch(self, phase: Phase, stream: Packets) -> None:
        """Let some time pass, and show how it stands."""
        end = stream.sent
        self._interrupts.pause(REFRESH_S)  # long enough for what was sent before it to have arrived
        stream.check()
        phase.look(stream, end)
        self._screen.status(phase.row())

    def _storm(self, phase: Phase, stream: Packets, slot: Slot) -> None:
        """Swap as often as asked for, beside the packets and not between them."""
        green_then_blue = phase.programs[::-1]
        self._watch(phase, stream)
        self._wait_for_packets(stream)  # so that the first program has some, too
        begun = shown = time.monotonic()
        sent_then = stream.sent
        for number in range(self.swaps):
            self._interrupts.check()
            start = time.perf_counter()
            slot.swap(green_then_blue[number % 2])
            self.swap_times.append(time.perf_counter() - start)
            if not number:
                self._wait_for_packets(stream)  # and the second, whatever packets and swaps coincide later
            now = time.monotonic()
            if now - shown > REFRESH_S:
                stream.check()
                phase.look(stream, sent_then)
                self._screen.status(phase.row())
                shown, sent_then = now, stream.sent
            time.sleep(max(0.0, begun + (number + 1) / SWAPS_A_SECOND - now))

    def _wait_for_packets(self, stream: Packets) -> None:
        """Wait until a packet was sent that is met by what is in the slot now."""
        before = stream.sent
        while stream.sent < before + 2:  # one may be on its way already
            self._interrupts.pause(0.001)
            stream.check()

    def _conclude(self, phase: Phase, stream: Packets, end: int) -> None:
        """Wait for the last packets of a phase and write its line."""
        deadline = time.monotonic() + (LATE_S if phase.passes else REFRESH_S)
        phase.look(stream, end)
        while phase.lost and time.monotonic() < deadline:
            self._interrupts.pause(0.01)
            stream.check()
            phase.look(stream, end)
        self._screen.line(phase.row())
        if phase.name == "count by destination":
            self.sent_by_destination = {
                address: stream.sent_to(which, phase.first, end) for which, address in enumerate(DESTINATIONS)
            }


def _putting(slot: Slot, phase: Phase) -> Callable[[], int | None]:
    """What puts a phase's first program into the slot, or empties it, and reads back what is in it."""

    def put() -> int | None:
        if phase.programs:
            slot.swap(phase.programs[0])
        else:
            slot.clear()
        return slot.program_id

    return put

"""What the demo does, step by step: pods, stub, traffic, swaps; it records, and judges nothing."""

from __future__ import annotations

import socket
import time
from typing import NamedTuple

from ebpfasm import datapath
from ebpfasm.cli.demo import programs
from ebpfasm.cli.demo.lab import DESTINATIONS, Lab
from ebpfasm.cli.demo.phase import HEADINGS, Phase
from ebpfasm.cli.demo.stream import RATE, Stream
from ebpfasm.cli.demo.traces import Traces
from ebpfasm.datapath.clsact_link import ClsactLink
from ebpfasm.datapath.pod import Pod
from ebpfasm.objects.maps import Map
from ebpfasm.objects.programs import Program
from ebpfasm.uapi import MapType, ProgramType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import ExitStack

    from ebpfasm.asm.program import Instructions
    from ebpfasm.cli.demo.interrupts import Interrupts
    from ebpfasm.cli.demo.screen import Screen

__all__ = ["Story"]

SWAPS_A_SECOND = 1000
REFRESH_S = 0.1
LATE_S = 3.0  # how long a packet may be on its way before it counts as lost

PICTURE = """\
   pod0                         host                  pod1
  ┌──────────────────────────┐ ┌───────────────────┐ ┌────────────────────────┐
  │ 10.0.0.2                 │ │                   │ │     10.0.1.2, 10.0.1.3 │
  │ UDP sender ───► eth0 ────┼─┼─────► routes ─────┼─┼───► eth0 ───► receiver │
  │          egress │        │ │                   │ │                        │
  └─────────────────┼────────┘ └───────────────────┘ └────────────────────────┘
                    ▼
       the entry stub ─── tail call ───► slots[0] ───► a program: pass, drop,
       attached once, never touched         ▲          count …
                                            │
                         this process, from outside the pod"""


class Loaded(NamedTuple):
    """A program in the kernel; ``hash`` is what of it we also took its tag to be, empty if it is another."""

    id: int
    name: str
    units: int
    tag: str
    hash: str


class Story:
    """One run of the demo, and its record.

    Attributes:
        phases: the phases with what was counted in them; the last one is the storm.
        programs: the programs as the kernel has them, the stub first.
        attachments: what the kernel said of the stub's attachment, first before the packets, last after them.
        swap_times: of the storm, in seconds.
        traces: what was made in the kernel.
    """

    def __init__(self, swaps: int, seconds: float, attach: str, screen: Screen, interrupts: Interrupts) -> None:
        self.swaps = swaps
        self.seconds = seconds
        self.phases: list[Phase] = []
        self.programs: list[Loaded] = []
        self.attachments: list[str] = []
        self.swap_times: list[float] = []
        self.sent_by_destination: dict[str, int] = {}
        self.stub_bytes = b""
        self.lab = Lab()
        self.traces = Traces(self.lab)
        self._attach = {"auto": datapath.attach, "tcx": datapath.attach_tcx, "clsact": datapath.attach_clsact}[attach]
        self._screen = screen
        self._interrupts = interrupts

    def perform(self, undo: ExitStack) -> None:
        """Do it all; ``undo`` gets what takes it down.

        Raises:
            EbpfError: a step failed.
            Interrupted: a signal came.
        """
        screen = self._screen
        screen.line(PICTURE)
        self._interrupts.check()
        screen.status("making three network namespaces …")
        self.lab.build(undo, self._interrupts.check)
        pod = self._connect(undo)
        self._plan(undo, pod)
        screen.status("waiting for the first packet to get through …")
        with Stream(self.lab.pod0, self.lab.pod1, DESTINATIONS) as stream:
            stream.open_way(self._interrupts.pause)
            self.attachments.append(_attachment(pod))
            screen.heading(f"The stream: {RATE} UDP packets a second, while slot 0 is written")
            screen.line(HEADINGS, "dim")
            stream.begin()
            self._swap_through(stream, pod)
            stream.check()
        self.attachments.append(_attachment(pod))

    def _connect(self, undo: ExitStack) -> Pod:
        pod = undo.enter_context(Pod.connect(self.lab.pod0, "eth0", name="pod0", attach=self._attach))
        self._note("map", pod.slots.id)
        if not isinstance(pod.link, ClsactLink):
            self._note("link", pod.link.id)
        stub = pod.stub
        self.stub_bytes = stub.encode()
        self._screen.heading("The entry stub, loaded and attached to pod0's eth0")
        self._screen.line(stub.listing())
        self._screen.line(f"  {self.stub_bytes.hex()[:48]}\n  {self.stub_bytes.hex()[48:]}")
        self._loaded(pod.entry, stub)
        about = self.programs[0]
        ours = f"the {about.hash} computed here" if about.hash else "which is not the one computed here"
        self._screen.line(f"  {_attachment(pod)}\n  its program array: map {pod.slots.id}, of one slot")
        self._screen.line(f"  the kernel's tag {about.tag} is {ours}")
        return pod

    def _plan(self, undo: ExitStack, pod: Pod) -> None:
        """Load every program and make the phases of them; `_swap_through` goes through these."""

        def counter(name: str) -> Map:
            made = undo.enter_context(Map.create(MapType.ARRAY, key_size=4, value_size=8, max_entries=1, name=name))
            self._note("map", made.id)
            return made

        def load(name: str, code: Instructions) -> Program:
            loaded = undo.enter_context(Program.load(ProgramType.SCHED_CLS, code, name=name))
            self._loaded(loaded, code)
            self._interrupts.check()
            return loaded

        passed, dropped, blue, green = map(counter, ("pass_count", "drop", "blue", "green"))
        counts = undo.enter_context(
            Map.create(MapType.HASH, key_size=4, value_size=8, max_entries=64, name="by_destination", key=bytes)
        )
        self._note("map", counts.id)
        self.phases = [
            Phase(
                "pass + count",
                (load("pass_count", programs.counting(passed)),),
                True,
                lambda: {"packets": passed[0]},
            ),
            Phase(
                "drop",
                (load("drop", programs.counting(dropped, programs.TC_ACT_SHOT)),),
                False,
                lambda: {"packets": dropped[0]},
            ),
            Phase(
                "count by destination",
                (load("by_destination", programs.count_by_destination(counts)),),
                True,
                lambda: {socket.inet_ntoa(key): number for key, number in sorted(counts.items())},
                lambda counted: ", ".join(f"{number} to .{to.rpartition('.')[2]}" for to, number in counted.items()),
            ),
            Phase("pass", (load("pass", programs.passing()),), True),
            Phase("(empty: stub passes)", (), True),
            Phase(
                f"storm of {self.swaps} swaps",
                (load("blue", programs.counting(blue)), load("green", programs.counting(green))),
                True,
                lambda: {"blue": blue[0], "green": green[0]},
                lambda counted: " + ".join(map(str, counted.values())),
            ),
        ]
        self._screen.heading("The programs for slot 0")
        self._screen.line(f"  {'program':>9}  {'name':16}{'units':>5}  tag", "dim")
        for each in self.programs[1:]:
            self._screen.line(f"  {each.id:>9}  {each.name:16}{each.units:>5}  {each.tag}")

    def _swap_through(self, stream: Stream, pod: Pod) -> None:
        before: Phase | None = None
        for phase in self.phases:
            phase.first, phase.in_slot = stream.between_packets(_putting(pod, phase))
            if before is not None:
                self._conclude(before, stream, phase.first)
            if phase is self.phases[-1]:
                self._storm(phase, stream, pod)
            else:
                end = time.monotonic() + self.seconds
                while time.monotonic() < end:
                    self._watch(phase, stream)
            before = phase
        # No swap ends the last phase, and its programs count on as long as packets come.
        stream.stop_sending()
        self._conclude(self.phases[-1], stream, stream.sent)

    def _watch(self, phase: Phase, stream: Stream) -> None:
        """Let some time pass, and show how it stands."""
        end = stream.sent
        self._interrupts.pause(REFRESH_S)  # long enough for what was sent before it to have arrived
        stream.check()
        phase.look(stream, end)
        self._screen.status(phase.row())

    def _storm(self, phase: Phase, stream: Stream, pod: Pod) -> None:
        """Swap as often as asked for, beside the packets and not between them."""
        green_then_blue = phase.programs[::-1]
        self._watch(phase, stream)  # so that the first program has some packets too
        begun = shown = time.monotonic()
        sent_then = stream.sent
        for number in range(self.swaps):
            self._interrupts.check()
            start = time.perf_counter()
            pod.swap(green_then_blue[number % 2])
            self.swap_times.append(time.perf_counter() - start)
            now = time.monotonic()
            if now - shown > REFRESH_S:
                stream.check()
                phase.look(stream, sent_then)
                self._screen.status(phase.row())
                shown, sent_then = now, stream.sent
            time.sleep(max(0.0, begun + (number + 1) / SWAPS_A_SECOND - now))

    def _conclude(self, phase: Phase, stream: Stream, end: int) -> None:
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

    def _loaded(self, program: Program, code: Instructions) -> None:
        about = program.info
        self._note("program", about.id)
        # SHA-1 before Linux 6.18.
        ours = {code.tag("sha256"): "SHA-256", code.tag("sha1"): "SHA-1"}
        tag = about.tag.hex()
        self.programs.append(Loaded(about.id, about.name, code.units, tag, ours.get(tag, "")))

    def _note(self, kind: str, number: int) -> None:
        self.traces.made[kind].append(number)


def _putting(pod: Pod, phase: Phase) -> Callable[[], int | None]:
    """What puts a phase's first program into the slot, or empties it, and reads back what is in it."""

    def put() -> int | None:
        if phase.programs:
            pod.swap(phase.programs[0])
        else:
            pod.clear()
        return pod.program_id

    return put


def _attachment(pod: Pod) -> str:
    """How the kernel has the stub attached, in words that change when it was attached again."""
    if isinstance(pod.link, ClsactLink):
        about = pod.link.info
        place = f"prio {about.priority} handle {about.handle}"
        return f"program {about.program_id}, clsact filter {about.name!r} {place}"
    return f"program {pod.link.program_id}, tcx link {pod.link.id}"

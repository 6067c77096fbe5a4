"""What the demo does in the kernel, step by step: pods, stub, traffic; it records, and judges nothing."""

from __future__ import annotations

from typing import NamedTuple

from ebpfasm import datapath
from ebpfasm.cli.demo.lab import Lab
from ebpfasm.cli.demo.phase import HEADINGS
from ebpfasm.cli.demo.stream import RATE, Stream
from ebpfasm.cli.demo.swaps import DESTINATIONS, Swaps
from ebpfasm.cli.demo.traces import Traces
from ebpfasm.datapath.clsact_link import ClsactLink
from ebpfasm.datapath.pod import Pod
from ebpfasm.objects.maps import Map
from ebpfasm.objects.programs import Program
from ebpfasm.uapi import MapType, ProgramType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from contextlib import ExitStack

    from ebpfasm.asm.program import Instructions
    from ebpfasm.cli.demo.interrupts import Interrupts
    from ebpfasm.cli.demo.screen import Screen

__all__ = ["Story"]

VETH = """\
   pod0                         host                  pod1
  ┌──────────────────────────┐ ┌───────────────────┐ ┌────────────────────────┐
  │ 10.0.0.2                 │ │                   │ │     10.0.1.2, 10.0.1.3 │
  │ UDP sender ───► eth0 ────┼─┼─────► routes ─────┼─┼───► eth0 ───► receiver │
  │          egress │        │ │                   │ │                        │
  └─────────────────┼────────┘ └───────────────────┘ └────────────────────────┘
                    ▼"""

IPVLAN = """\
   pod0                                               pod1
  ┌──────────────────────────┐                       ┌────────────────────────┐
  │ 10.0.0.2                 │                       │     10.0.1.2, 10.0.1.3 │
  │ UDP sender ───► eth0 ────┼───────────┬───────────┼───► eth0 ───► receiver │
  │          egress │        │           │           │                        │
  └─────────────────┼────────┘ ┌─────────┼─────────┐ └────────────────────────┘
                    │          │ host    m0 ───────┼───► a host outside
                    ▼          └───────────────────┘"""

BELOW = """
       the entry stub ─── tail call ───► slots[0] ───► a program: pass, drop,
       attached once, never touched         ▲          count …
                                            │
                         this process, from outside the pod"""

PICTURES = {
    "ipvlan": f"The pods' devices are ipvlan slaves, in mode l3, of the host's m0.\n\n{IPVLAN}{BELOW}",
    "veth": f"The pods' devices are veth, since this kernel has no ipvlan.\n\n{VETH}{BELOW}",
}


class Loaded(NamedTuple):
    """A program in the kernel; ``hash`` is what of it we also took its tag to be, empty if it is another."""

    id: int
    name: str
    units: int
    tag: str
    hash: str


class Story(Swaps):
    """One run of the demo in the kernel, and its record.

    Attributes:
        programs: the programs as the kernel has them, the stub first.
        attachments: what the kernel said of the stub's attachment, first before the packets, last after them.
        traces: what was made in the kernel.
    """

    def __init__(
        self, swaps: int, seconds: float, attach: str, pods: str, screen: Screen, interrupts: Interrupts
    ) -> None:
        super().__init__(swaps, seconds, screen, interrupts)
        self.programs: list[Loaded] = []
        self.attachments: list[str] = []
        self.stub_bytes = b""
        self.lab = Lab(pods)
        self.traces = Traces(self.lab)
        self._pods = pods
        self._attach = {"auto": datapath.attach, "tcx": datapath.attach_tcx, "clsact": datapath.attach_clsact}[attach]

    def perform(self, undo: ExitStack) -> None:
        """Do it all; ``undo`` gets what takes it down.

        Raises:
            EbpfError: a step failed.
            Interrupted: a signal came.
        """
        screen = self._screen
        self._interrupts.check()
        screen.status("making network namespaces …")
        self.lab.build(undo, self._interrupts.check)
        screen.line(_picture(self.lab.kind, self._pods))
        self._interrupts.check()
        pod = self._connect(undo)
        self._load(undo)
        screen.status("waiting for the first packet to get through …")
        with Stream(self.lab.pod0, self.lab.pod1, DESTINATIONS) as stream:
            stream.open_way(self._interrupts.pause)
            self.attachments.append(_attachment(pod))
            screen.heading(f"The stream: {RATE} UDP packets a second, while slot 0 is written")
            screen.line(HEADINGS, "dim")
            stream.begin()
            self.swap_through(stream, pod)
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

    def _load(self, undo: ExitStack) -> None:
        """Load every program, with maps of its own."""

        def counter(name: str) -> Map:
            made = undo.enter_context(Map.create(MapType.ARRAY, key_size=4, value_size=8, max_entries=1, name=name))
            self._note("map", made.id)
            return made

        def counts(name: str) -> Map:
            made = undo.enter_context(
                Map.create(MapType.HASH, key_size=4, value_size=8, max_entries=64, name=name, key=bytes)
            )
            self._note("map", made.id)
            return made

        def load(name: str, code: Instructions, maps: dict[str, Map]) -> Program:
            bound = code.bind(**maps)
            loaded = undo.enter_context(Program.load(ProgramType.SCHED_CLS, bound, name=name))
            self._loaded(loaded, bound)
            self._interrupts.check()
            return loaded

        self.plan(counter, counts, load)
        self._screen.heading("The programs for slot 0")
        self._screen.line(f"  {'program':>9}  {'name':16}{'units':>5}  tag", "dim")
        for each in self.programs[1:]:
            self._screen.line(f"  {each.id:>9}  {each.name:16}{each.units:>5}  {each.tag}")

    def _loaded(self, program: Program, code: Instructions) -> None:
        about = program.info
        self._note("program", about.id)
        # SHA-1 before Linux 6.18.
        ours = {code.tag("sha256"): "SHA-256", code.tag("sha1"): "SHA-1"}
        tag = about.tag.hex()
        self.programs.append(Loaded(about.id, about.name, code.units, tag, ours.get(tag, "")))

    def _note(self, kind: str, number: int) -> None:
        self.traces.made[kind].append(number)


def _picture(kind: str, asked: str) -> str:
    picture = PICTURES[kind]
    return picture if asked != "veth" else picture.replace(", since this kernel has no ipvlan", "")


def _attachment(pod: Pod) -> str:
    """How the kernel has the stub attached, in words that change when it was attached again."""
    if isinstance(pod.link, ClsactLink):
        about = pod.link.info
        place = f"prio {about.priority} handle {about.handle}"
        return f"program {about.program_id}, clsact filter {about.name!r} {place}"
    return f"program {pod.link.program_id}, tcx link {pod.link.id}"

"""One pod's datapath: a program array, the entry stub at the pod's egress, and swaps of slot 0 from the host."""

from __future__ import annotations

from functools import partial

from ebpfasm.datapath import tc
from ebpfasm.datapath.entry import entry_stub
from ebpfasm.datapath.steps import Steps
from ebpfasm.errors import KeyNotFound
from ebpfasm.kernel.netns import NetNS
from ebpfasm.kernel.threads import in_thread
from ebpfasm.objects.maps import Map
from ebpfasm.objects.programs import Program

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Callable
    from types import TracebackType
    from typing import Self

    from ebpfasm.asm.program import Instructions
    from ebpfasm.datapath.clsact_link import ClsactLink
    from ebpfasm.datapath.policy.loaded import LoadedPolicy
    from ebpfasm.kernel.netns import NetNSLike
    from ebpfasm.objects.links import Link

__all__ = ["Pod"]

# Numbers of enum bpf_map_type, bpf_prog_type and bpf_attach_type: MapType.PROG_ARRAY, ProgramType.SCHED_CLS,
# AttachType.TCX_EGRESS.
PROG_ARRAY = 3
SCHED_CLS = 3
EGRESS = 47


class Pod:
    """The datapath of one pod, as Cilium's IPVLAN connector builds it; made by `Pod.connect`.

    The program array lives in the host: `swap` changes what runs on the pod's packets with one write,
    without entering the pod's namespace and without detaching. A context manager that takes all of it
    down; closing takes it down as well. An interrupt (Ctrl-C) that comes while it is connected or closed
    is raised at the end of that, with everything undone: both are done in a thread of their own.

    Attributes:
        name: the pod's name, as it was given.
        device: the device in the pod's namespace that the stub is attached to.
        slots: the program array, of one slot.
        stub: the entry stub's instructions.
        entry: the entry stub as the kernel has it.
        link: what holds the stub at the device's egress.
    """

    __slots__ = ("_steps", "device", "entry", "link", "name", "slots", "stub")

    name: str
    device: str | int
    slots: Map
    stub: Instructions
    entry: Program
    link: Link | ClsactLink

    def __init__(self, name: str, device: str | int) -> None:
        self.name = name
        self.device = device
        self._steps = Steps(f"pod {name!r}", name)

    @classmethod
    def connect(
        cls,
        netns: NetNSLike,
        device: str | int = "eth0",
        *,
        name: str = "pod0",
        program: Program | None = None,
        attach: Callable[..., Link | ClsactLink] = tc.attach,
        pin: str | os.PathLike[str] | None = None,
        miss: int = 0,
    ) -> Pod:
        """Give a pod its datapath: program array, entry stub, and the stub at its device's egress.

        Args:
            netns: the pod's network namespace: a `NetNS`, name, path or descriptor.
            device: the pod's device in it, by name or number.
            name: at most 15 of ``A-Z a-z 0-9 _ .``; the array's name in the kernel.
            program: what runs on the pod's packets from the first on; without one they get ``miss``.
            attach: `attach_tcx`, `attach_clsact`, or `attach`, which takes the first that the kernel has.
            pin: a path on a bpf file system to keep the array alive besides this process's descriptor. The
                kernel empties a program array when its last descriptor and pin is gone.
            miss: the verdict while the slot is empty: 0 passes the packet, 2 drops it.

        Raises:
            DatapathError: a step failed; ``.step`` says which, the cause is chained, and everything
                done before it is undone.
        """
        pod = cls(name, device)
        try:
            in_thread(pod._build, netns, program, attach, pin, miss)
        except BaseException:
            pod.close()  # an interrupt came while the last steps were done; nothing is left to undo otherwise
            raise
        return pod

    def _build(
        self,
        netns: NetNSLike,
        program: Program | None,
        attach: Callable[..., Link | ClsactLink],
        pin: str | os.PathLike[str] | None,
        miss: int,
    ) -> None:
        """Do all steps, or none."""
        steps = self._steps
        with steps:
            place = steps.do("opening its network namespace", NetNS, netns)
            with place:
                self._make_entry(pin, miss)
                if program is not None:
                    steps.do("putting its program into slot 0", self.swap, program)
                words = f"attaching its entry stub to egress of {self.device} in {place}"
                self._link(steps.do(words, partial(attach, self.device, self.entry, EGRESS, netns=place)))

    def _make_entry(self, pin: str | os.PathLike[str] | None, miss: int) -> None:
        """Make the array, and the stub that calls what is in it."""
        steps = self._steps
        self.slots = steps.do("making its program array", self._make_slots)
        steps.done(f"closed program array {self.name!r}", self.slots.close)
        if pin is not None:
            steps.do(f"pinning its program array under {pin}", self.slots.pin, pin)
            steps.done(f"removed pin {pin}", self.slots.unpin)
        self.entry = steps.do("loading its entry stub", self._load_entry, miss)
        steps.done("closed the entry stub", self.entry.close)

    def _make_slots(self) -> Map:
        return Map.create(PROG_ARRAY, key_size=4, value_size=4, max_entries=1, name=self.name)

    def _load_entry(self, miss: int) -> Program:
        self.stub = entry_stub(self.slots, miss=miss)
        return Program.load(SCHED_CLS, self.stub, name="entry")

    def _link(self, link: Link | ClsactLink) -> None:
        self.link = link
        self._steps.done(f"detached the entry stub from {self.device}", link.close)

    def swap(self, program: Program | LoadedPolicy) -> None:
        """Let ``program`` run on the pod's packets from now on, in place of what ran before.

        The kernel exchanges the slot in one step: every packet meets the old program or the new one.

        Raises:
            KernelError: it is no program of type SCHED_CLS with expected_attach_type 0.
            ClosedError: the pod's datapath was closed.
        """
        self.slots[0] = program

    def clear(self) -> None:
        """Empty the slot: packets get the stub's verdict for a miss. Nothing to do when it is empty.

        Raises:
            ClosedError: the pod's datapath was closed.
        """
        try:
            del self.slots[0]
        except KeyNotFound:
            pass

    @property
    def program_id(self) -> int | None:
        """The id of the program in the slot, or None while it is empty."""
        found: int | None = self.slots.get(0)
        return found

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return not self._steps.any

    def close(self) -> None:
        """Detach the stub, remove the pin, and give up the array. Closing again does nothing.

        Every part is taken down even when another fails; the first failure is raised at the end.
        """
        if self._steps.any:
            in_thread(self._steps.undo_all)

    def __enter__(self) -> Self:
        self.slots.fileno()  # raises when it is closed
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Pod {self.name!r} on {self.device}{': closed' if self.closed else ''}>"

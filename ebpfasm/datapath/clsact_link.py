"""A program attached through tc's clsact qdisc: the link of kernels before tcx, and of who asks for it."""

from __future__ import annotations

from errno import EEXIST, ENODEV, ENOENT, EOPNOTSUPP

from ebpfasm.datapath.tc import check_program
from ebpfasm.errors import AlreadyAttached, ClosedError, KernelError, NotSupported
from ebpfasm.kernel import clsact
from ebpfasm.kernel.interfaces import ifname
from ebpfasm.kernel.threads import in_thread

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from types import TracebackType
    from typing import NoReturn, Self

    from ebpfasm.kernel.clsact import Filter
    from ebpfasm.kernel.conversation import Conversation
    from ebpfasm.kernel.netns import NetNS
    from ebpfasm.objects.programs import Program

__all__ = ["ClsactLink"]

HOOKS = {"ingress": clsact.INGRESS, "egress": clsact.EGRESS}
GONE = (ENOENT, ENODEV)


class ClsactLink:
    """A filter on a device's clsact, with the methods of `Link`; made by `attach_clsact`.

    Closing it removes the filter, and the qdisc if it was made for it and nothing else is left on it.
    Unlike a BPF link the filter would outlive this process: `keep` leaves it there on purpose. Until it is
    closed the link holds the device's namespace open, so one that is deleted meanwhile ends with it.

    Attaching and detaching run to their end before an interrupt (Ctrl-C) is raised: nothing is left half done.
    """

    __slots__ = (
        "_hook", "_made_filter", "_made_qdisc", "_place",
        "device", "handle", "ifindex", "name", "priority", "where",
    )  # fmt: skip

    def __init__(self, place: NetNS, ifindex: int, device: str, where: str, name: str) -> None:
        self._place: NetNS | None = place
        self._hook = HOOKS[where]
        self._made_qdisc = self._made_filter = False
        self.ifindex = ifindex
        self.device = device
        self.where = where
        self.name = name
        self.priority = self.handle = 0

    @classmethod
    def create(
        cls,
        program: Program,
        place: NetNS,
        ifindex: int,
        device: str,
        where: str,
        name: str,
        priority: int,
        handle: int,
        talk: Conversation | None = None,
    ) -> ClsactLink:
        """Attach a program as `attach_clsact` says, over ``talk`` if given; the link then owns ``place``."""
        link = cls(place, ifindex, device, where, name)
        link.priority, link.handle = priority, handle
        try:
            if talk is not None:  # whose thread no interrupt reaches
                link._attach(program, talk)
            else:
                in_thread(link._attach, program, place)
        except BaseException:  # refused, and undone already; or interrupted when it was attached
            if link._made_filter:
                link.close()
            link.keep()
            raise
        return link

    @property
    def closed(self) -> bool:
        """Whether the link was closed, detached or left in place."""
        return self._place is None

    @property
    def info(self) -> Filter:
        """What the kernel tells of the filter now, such as its priority, handle, name, program id and tag.

        Raises:
            KernelError: it is gone (ENOENT).
            ClosedError: the link is closed.
        """
        found = self._find()
        if found is None:
            raise KernelError(ENOENT, f"{self._words()} is gone", command="RTM_GETTFILTER")
        return found

    @property
    def program_id(self) -> int | None:
        """The id of the program that is attached now; None before Linux 4.13."""
        return self.info.program_id

    def update(self, program: Program) -> None:
        """Put ``program`` in the place of the one attached, between two packets.

        Raises:
            KernelError: the device or namespace is gone, or the program is of another type.
            ClosedError: the link is closed.
        """
        place = self._open()
        check_program("ClsactLink.update", program)
        clsact.replace_filter(
            self.ifindex, self._hook, program.fileno(),
            priority=self.priority, handle=self.handle, name=self.name, netns=place,
        )  # fmt: skip

    def detach(self) -> None:
        """Remove the filter, and the clsact qdisc if it was made for it and holds nothing else; then close.

        A filter, device or namespace that is gone already is what this is for, and no error.
        """
        self._open()
        in_thread(self._detach)

    def close(self) -> None:
        """Detach, as closing the descriptor of a BPF link does. Closing again does nothing."""
        if self._place is not None:
            self.detach()

    def keep(self) -> None:
        """Leave the program attached, also after this process ends, and close only this object."""
        place, self._place = self._place, None
        if place is not None:
            place.close()

    def pin(self, path: str | os.PathLike[str]) -> NoReturn:
        """Not for a filter, which has no descriptor and needs no pin to stay: see `keep`.

        Raises:
            NotSupported: always.
        """
        raise NotSupported(
            EOPNOTSUPP,
            f"{self._words()} cannot be pinned under {path}: a filter has no descriptor. "
            f"It stays without a pin when its link is left by keep() instead of close()",
            command="BPF_OBJ_PIN",
            feature="pins of filters",
        )

    def __enter__(self) -> Self:
        self._open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        # Rtnetlink cannot be spoken from a finalizer, so what is dropped stays attached; say so.
        if getattr(self, "_place", None) is not None:
            import warnings

            try:
                warnings.warn(
                    f"{self._words()} was dropped without close() or keep(), and is still attached",
                    ResourceWarning,
                    stacklevel=2,
                    source=self,
                )
            finally:
                self.keep()

    def __repr__(self) -> str:
        return f"<ClsactLink {self._words()}{': closed' if self.closed else ''}>"

    def _open(self) -> NetNS:
        if self._place is None:
            raise ClosedError(f"{self._words()}: the link is closed")
        return self._place

    def _words(self) -> str:
        return f"filter {self.name!r} (priority {self.priority}, handle {self.handle}) at {self.where} of {self.device}"

    def _attach(self, program: Program, place: NetNS) -> None:
        self._made_qdisc = clsact.add_clsact(self.ifindex, place)
        try:
            self._add_filter(program, place)
        except BaseException as error:
            if self._made_qdisc:
                try:
                    self._remove_qdisc()
                except KernelError as why:
                    error.add_note(f"could not undo (made clsact on {self.device}): {why}")
            raise

    def _add_filter(self, program: Program, place: NetNS) -> None:
        """Add the filter, or find that it is there with this very program."""
        try:
            clsact.add_filter(
                self.ifindex, self._hook, program.fileno(),
                priority=self.priority, handle=self.handle, name=self.name, netns=place,
            )  # fmt: skip
            self._made_filter = True
        except AlreadyAttached:
            found = self._find()
            if found is None or found.program_id != program.id:
                raise self._taken(program, place, found) from None

    def _detach(self) -> None:
        place = self._open()
        try:
            clsact.delete_filter(self.ifindex, self._hook, priority=self.priority, handle=self.handle, netns=place)
        except KernelError as error:
            if error.errno not in GONE:
                raise
        if self._made_qdisc:
            self._remove_qdisc()
        self.keep()

    def _find(self) -> Filter | None:
        for found in clsact.list_filters(self.ifindex, self._hook, self._open()):
            if (found.priority, found.handle) == (self.priority, self.handle):
                return found
        return None

    def _taken(self, program: Program, place: NetNS, found: Filter | None) -> AlreadyAttached:
        """What stands in the way, and the command that removes it."""
        # Of kind bpf: at the priority of another kind tc_new_tfilter() in net/sched/cls_api.c answers EINVAL.
        what = f"filter {found.name!r} (program {found.program_id})" if found is not None else "another filter"
        return AlreadyAttached(
            EEXIST,
            f"attaching program {program.name!r} at {self.where} of {self.device} in {place}: {what} stands there "
            f"already at priority {self.priority}, handle {self.handle}; if a process left it that ended without "
            f"close(), this removes it when run in that namespace: "
            f"tc filter del dev {ifname(self.ifindex, place)} {self.where} protocol all "
            f"prio {self.priority} handle {self.handle:#x} bpf",
            command="RTM_NEWTFILTER",
        )

    def _remove_qdisc(self) -> None:
        """Remove the clsact qdisc unless something else has come to use it; gone already is fine."""
        place = self._open()
        try:
            if clsact.count_filters(self.ifindex, place) == 0:
                clsact.delete_clsact(self.ifindex, place)
        except KernelError as error:
            if error.errno not in GONE:
                raise

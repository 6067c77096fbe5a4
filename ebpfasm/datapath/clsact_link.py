"""A program attached through tc's clsact qdisc: the link of kernels before tcx, and of who asks for it."""

from __future__ import annotations

from errno import EEXIST, ENODEV, ENOENT, EOPNOTSUPP

from ebpfasm.errors import AlreadyAttached, ClosedError, KernelError, NotSupported
from ebpfasm.kernel import clsact

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from types import TracebackType
    from typing import NoReturn, Self

    from ebpfasm.kernel.clsact import Filter
    from ebpfasm.kernel.netns import NetNS
    from ebpfasm.objects.programs import Program

__all__ = ["ClsactLink"]

HOOKS = {"ingress": clsact.INGRESS, "egress": clsact.EGRESS}
GONE = (ENOENT, ENODEV)


class ClsactLink:
    """A filter on a device's clsact, with the methods of `Link`; made by `attach_clsact`.

    Closing it removes the filter, and the qdisc if it was made for it and nothing else is left on it.
    Unlike a BPF link the filter would outlive this process: `keep` leaves it there on purpose.
    """

    __slots__ = ("_hook", "_made_qdisc", "_place", "device", "handle", "ifindex", "name", "priority", "where")

    def __init__(self, place: NetNS, ifindex: int, device: str, where: str, name: str) -> None:
        self._place: NetNS | None = place
        self._hook = HOOKS[where]
        self._made_qdisc = False
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
    ) -> ClsactLink:
        """Attach a program as `attach_clsact` says; the link then owns ``place``."""
        link = cls(place, ifindex, device, where, name)
        link.priority, link.handle = priority, handle
        had_qdisc = True
        try:
            fd = program.fileno()
            had_qdisc = clsact.has_clsact(ifindex, place)
            link._made_qdisc = clsact.add_clsact(ifindex, place)
            try:
                clsact.add_filter(
                    ifindex, link._hook, fd, priority=priority, handle=handle, name=name, netns=place
                )  # fmt: skip
            except KernelError as error:
                if error.errno != EEXIST:
                    raise
                link._same_or_refuse(program)
        except BaseException:
            # Whether an interrupted call had made the qdisc is not known; that there was none before, is.
            try:
                if not had_qdisc:
                    link._remove_qdisc()
            finally:
                link.keep()
            raise
        return link

    @property
    def closed(self) -> bool:
        """Whether the link was closed, detached or left in place."""
        return self._place is None

    @property
    def info(self) -> Filter:
        """What the kernel tells of the filter now: priority, handle, name, program id and tag.

        Raises:
            KernelError: it is gone (ENOENT).
            ClosedError: the link is closed.
        """
        found = self._find()
        if found is None:
            raise KernelError(ENOENT, f"{self._words()} is gone", command="RTM_GETTFILTER")
        return found

    def update(self, program: Program) -> None:
        """Put ``program`` in the place of the one attached, between two packets.

        Raises:
            KernelError: the device or namespace is gone, or the program is of another type.
            ClosedError: the link is closed.
        """
        place = self._open()
        clsact.replace_filter(
            self.ifindex, self._hook, program.fileno(),
            priority=self.priority, handle=self.handle, name=self.name, netns=place,
        )  # fmt: skip

    def detach(self) -> None:
        """Remove the filter, and the clsact qdisc if it was made for it and holds nothing else; then close.

        A filter, device or namespace that is gone already is what this is for, and no error.
        """
        place = self._open()
        try:
            clsact.delete_filter(self.ifindex, self._hook, priority=self.priority, handle=self.handle, netns=place)
        except KernelError as error:
            if error.errno not in GONE:
                raise
        if self._made_qdisc:
            self._remove_qdisc()
        self.keep()

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

            warnings.warn(
                f"{self._words()} was dropped without close() or keep(), and is still attached",
                ResourceWarning,
                stacklevel=2,
                source=self,
            )
            self.keep()

    def __repr__(self) -> str:
        return f"<ClsactLink {self._words()}{': closed' if self.closed else ''}>"

    def _open(self) -> NetNS:
        if self._place is None:
            raise ClosedError(f"{self._words()}: the link is closed")
        return self._place

    def _words(self) -> str:
        return f"filter {self.name!r} (priority {self.priority}, handle {self.handle}) at {self.where} of {self.device}"

    def _find(self) -> Filter | None:
        for found in clsact.list_filters(self.ifindex, self._hook, self._open()):
            if (found.priority, found.handle) == (self.priority, self.handle):
                return found
        return None

    def _same_or_refuse(self, program: Program) -> None:
        """Accept a filter that runs this very program; raise `AlreadyAttached` for any other."""
        found = self._find()
        if found is not None and found.kind == "bpf" and found.program_id == program.id:
            return
        what = "another filter"
        if found is not None:
            number = f" (program {found.program_id})" if found.program_id else ""
            what = f"{found.kind} filter {found.name!r}{number}"
        raise AlreadyAttached(
            EEXIST,
            f"attaching program {program.name!r} at {self.where} of {self.device} in {self._place}: "
            f"{what} stands there already at priority {self.priority}, handle {self.handle}",
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

"""Links: a program attached to a hook, by a descriptor that can be updated, pinned and handed on."""

from __future__ import annotations

from os import fspath

from ebpfasm.kernel import info, links
from ebpfasm.kernel.fd import Fd
from ebpfasm.objects.owned import KernelObject

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from ebpfasm.kernel.info import LinkInfo
    from ebpfasm.kernel.links import Attached
    from ebpfasm.objects.programs import Program

__all__ = ["Link", "attached"]


def attached(ifindex: int, attach_type: int) -> Attached:
    """What is attached to a tcx or netkit hook of a device, by whomever, in the order it runs.

    Args:
        ifindex: the device's index in the calling thread's network namespace.
        attach_type: an `AttachType`: TCX_INGRESS, TCX_EGRESS, NETKIT_PRIMARY or NETKIT_PEER.

    Returns:
        ``.prog_ids`` and ``.link_ids``, which go together: a link's id is 0 for a program attached without one.

    Raises:
        NotSupported: this kernel has no tcx.
        KernelError: there is no such device, or it has no such hook.
        PermissionDenied: CAP_NET_ADMIN is missing.
    """
    return links.prog_query(ifindex, attach_type)


class Link(KernelObject):
    """A BPF link; closing its last descriptor detaches the program, unless the link is pinned."""

    __slots__ = ()

    @classmethod
    def create(
        cls,
        program: Program,
        target: int,
        attach_type: int,
        *,
        flags: int = 0,
        relative: int = 0,
        expected_revision: int = 0,
        name: str = "",
    ) -> Link:
        """Attach ``program`` to the interface (or cgroup, or network namespace descriptor) ``target``.

        Args:
            target: an ifindex in the calling thread's network namespace, or a file descriptor.
            attach_type: an `AttachType`.
            flags: `AttachFlag` s that place it among others on the hook, with ``relative`` and ``expected_revision``.
            name: what error messages call the link; the kernel does not know it.

        Raises:
            AlreadyAttached: the program is attached there already.
            NotSupported: this kernel has no such links.
            KernelError: there is no such interface, or the program's type does not go with the hook.
        """
        number = links.link_create(program.fileno(), target, attach_type, flags, relative, expected_revision)
        return cls(Fd(number, f"link {name!r}" if name else "link"), name)

    @classmethod
    def from_pin(cls, path: str | os.PathLike[str]) -> Link:
        """The link pinned under ``path``.

        Raises:
            KernelError: nothing is pinned there, or not a link.
        """
        from ebpfasm.kernel import pins

        path = fspath(path)
        return cls._opened(pins.obj_get(path), f"link pinned as {path}")

    @classmethod
    def from_id(cls, id: int) -> Link:
        """The link with that id.

        Raises:
            KernelError: there is none.
            PermissionDenied: CAP_SYS_ADMIN is missing.
        """
        from ebpfasm.kernel import ids

        return cls._opened(ids.link_fd_by_id(id), f"link {id}")

    @classmethod
    def ids(cls) -> Iterator[int]:
        """The ids of all links in the kernel, whoever made them, from the lowest on.

        What is made or freed meanwhile may be among them or not.

        Raises:
            PermissionDenied: CAP_SYS_ADMIN is missing.
        """
        from ebpfasm.kernel import ids

        number = ids.next_link_id()
        while number is not None:
            yield number
            number = ids.next_link_id(number)

    @classmethod
    def _opened(cls, number: int, what: str) -> Link:
        fd = Fd(number, what)
        try:
            info.link_info(fd.fileno())
        except BaseException:
            fd.close()
            raise
        return cls(fd, "")

    @property
    def info(self) -> LinkInfo:
        """What the kernel tells of the link now, by the names of ``struct bpf_link_info``."""
        return info.link_info(self.fileno())

    @property
    def id(self) -> int:
        """The number by which the kernel and ``bpftool link show id`` know the link."""
        return self.info.id

    @property
    def program_id(self) -> int:
        """The id of the program that is attached now."""
        return self.info.prog_id

    def update(self, program: Program, *, replacing: Program | None = None) -> None:
        """Put ``program`` in the place of the one attached; no packet sees neither.

        Args:
            replacing: do it only if this is the program attached now.

        Raises:
            KernelError: another program is attached than ``replacing``, the device is gone, or the type differs.
        """
        links.link_update(self.fileno(), program.fileno(), None if replacing is None else replacing.fileno())

    def detach(self) -> None:
        """Detach the program, also where the link is pinned, and close."""
        links.link_detach(self.fileno())
        self.close()

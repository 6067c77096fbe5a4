"""What maps, programs and links have in common: an owned file descriptor, and pins."""

from __future__ import annotations

import os
from errno import ENOENT

from ebpfasm.errors import KernelError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from ebpfasm.kernel.fd import Fd

__all__ = ["KernelObject"]


class KernelObject:
    """A map, program or link; a context manager that closes it.

    Closing gives up this process's descriptor. The kernel keeps the object as long as anything else
    refers to it: a pin, a program that uses it, a hook it is attached to.
    """

    __slots__ = ("_fd", "_pinned", "name")

    _fd: Fd
    name: str
    """Its name in the kernel: at most 15 characters, perhaps empty."""

    def __init__(self, fd: Fd, name: str) -> None:
        self._fd = fd
        self._pinned: list[str] = []
        self.name = name

    def fileno(self) -> int:
        """The file descriptor, for as long as the object is not closed.

        Raises:
            ClosedError: it is closed.
        """
        return self._fd.fileno()

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._fd.closed

    def close(self) -> None:
        """Give up the file descriptor; pins stay. Closing again does nothing."""
        self._fd.close()

    def pin(self, path: str | os.PathLike[str]) -> None:
        """Keep the object in the kernel under ``path`` on a bpf file system, also after this process ends.

        Raises:
            KeyExists: there is something under that path.
            KernelError: the path is not on a bpf file system, or has a dot in its last part.
            PermissionDenied: the directory may not be written.
            ClosedError: the object is closed.
        """
        from ebpfasm.kernel import pins

        path = os.fspath(path)
        pins.obj_pin(self.fileno(), path)
        self._pinned.append(os.path.abspath(path))

    def unpin(self, path: str | os.PathLike[str] | None = None) -> None:
        """Remove a pin: ``path``, or without one every pin that this object made and that is still there.

        Raises:
            KernelError: ``path`` is no pin.
        """
        from ebpfasm.kernel import pins

        if path is not None:
            path = os.path.abspath(os.fspath(path))
            pins.unpin(path)
            self._pinned = [pinned for pinned in self._pinned if pinned != path]
            return
        while self._pinned:
            try:
                pins.unpin(self._pinned[-1])
            except KernelError as error:
                if error.errno != ENOENT:  # somebody else removed it, and removed is what it should be
                    raise
            self._pinned.pop()  # not before: after an interrupt it can be asked for again

    def __enter__(self) -> Self:
        self.fileno()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        state = "closed" if self.closed else f"fd {self.fileno()}"
        return f"<{type(self).__name__} {self.name!r}: {state}>"

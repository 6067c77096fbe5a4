"""Owned file descriptors: each has one owner, is close-on-exec, and is never 0, 1 or 2."""

from __future__ import annotations

import os
import sys
from array import array
from operator import attrgetter

from ebpfasm.errors import ClosedError, KernelError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType
    from typing import Protocol, Self

    class HasFd(Protocol):
        """An object that owns a descriptor."""

        _fd: Fd


_STANDARD_STREAMS = 3  # a bpf object under 0, 1 or 2 would be read, written or closed as stdin, stdout or stderr


_number: Callable[[HasFd], int] = attrgetter("_fd._number")


class Fd:
    """Owns file descriptor ``number``; ``what`` names what it is, such as ``"map 'pod0'"``, for messages.

    The number is the object's from the first moment: should the constructor fail, it is closed. A number
    below 3 is moved out of the way of the standard streams, so :meth:`fileno` may differ from ``number``.

    Raises ``KernelError`` when ``number`` is not open or cannot be moved.
    """

    __slots__ = ("_number", "what")

    what: str
    _number: int

    def __init__(self, number: int, what: str = "file descriptor") -> None:
        self._number = -1
        self.what = what
        try:
            if 0 <= number < _STANDARD_STREAMS:
                number = _moved(number)
            if os.get_inheritable(number):
                os.set_inheritable(number, False)
        except OSError as error:
            raise KernelError(error.errno or 0, f"{what}: file descriptor {number}: {error.strerror}") from error
        self._number = number

    def fileno(self) -> int:
        """Return the number; raises ``ClosedError`` after :meth:`close`."""
        number = self._number
        if number < 0:
            raise ClosedError(f"{self.what} is closed")
        return number

    @property
    def closed(self) -> bool:
        """Whether :meth:`close` was called."""
        return self._number < 0

    def close(self) -> None:
        """Close the file descriptor; closing again does nothing."""
        # Forget the number before giving it up: it may be another file's at once.
        number, self._number = self._number, -1
        if number >= 0:
            os.close(number)

    def __enter__(self) -> Self:
        """Return the object itself, to be closed at the end of the block."""
        self.fileno()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the file descriptor."""
        self.close()

    # The functions needed are bound here: at interpreter shutdown the module's names may be gone.
    def __del__(
        self, _close: Callable[[int], None] = os.close, _finalizing: Callable[[], bool] = sys.is_finalizing
    ) -> None:
        """Close what was dropped without :meth:`close`, and warn."""
        number = getattr(self, "_number", -1)  # missing when __init__ never ran
        if number < 0:
            return
        self._number = -1
        try:
            if not _finalizing():
                import warnings

                message = f"{self.what} (file descriptor {number}) was dropped without close()"
                warnings.warn(message, ResourceWarning, stacklevel=2, source=self)
        finally:
            _close(number)

    def __repr__(self) -> str:
        """Return what it is and its number."""
        return f"<Fd {self.what}: {'closed' if self._number < 0 else self._number}>"


def numbers(owners: Sequence[HasFd]) -> array[int]:
    """Return the descriptors of objects that have an :class:`Fd` as ``_fd``; raise ``ClosedError`` if one is closed.

    For many at once: it is quicker than asking each for its ``fileno()``.
    """
    try:
        return array("I", map(_number, owners))
    except OverflowError:  # a number below 0
        return array("I", [owner._fd.fileno() for owner in owners])


def _moved(number: int) -> int:
    """Return a copy of ``number`` from 3 up, and close ``number``."""
    import fcntl  # an extension module of its own, hardly ever needed

    try:
        return fcntl.fcntl(number, fcntl.F_DUPFD_CLOEXEC, _STANDARD_STREAMS)
    finally:
        os.close(number)

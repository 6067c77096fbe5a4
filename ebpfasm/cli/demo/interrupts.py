"""Ctrl-C and its kin as a flag, so that they take effect between two steps and never within one."""

from __future__ import annotations

import signal
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType, TracebackType
    from typing import Any, Self

__all__ = ["Interrupted", "Interrupts"]

STEP_S = 0.02  # how late a signal may be noticed


class Interrupted(BaseException):
    """A signal asked for the end; like KeyboardInterrupt no Exception, so that nothing takes it for a failure."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.name = signal.Signals(number).name
        self.status = 128 + number


class Interrupts:
    """While entered, SIGINT, SIGTERM and SIGHUP are noted; `check` and `pause` raise `Interrupted` then.

    What makes something in the kernel and what writes down that it is to be removed are two steps. An
    exception that a signal handler raises can fall between them; one raised here cannot. A signal that
    the process was started to ignore stays ignored.
    """

    def __init__(self) -> None:
        self._noted = 0
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._noted = self._noted or number

    def check(self) -> None:
        """Raise `Interrupted` if a signal has come."""
        if self._noted:
            raise Interrupted(self._noted)

    def pause(self, seconds: float) -> None:
        """Wait, and raise `Interrupted` soon after a signal comes."""
        end = time.monotonic() + seconds
        while True:
            self.check()
            rest = end - time.monotonic()
            if rest <= 0:
                return
            time.sleep(min(rest, STEP_S))  # which goes on after a signal (PEP 475)

"""Compositions of several steps: either all of them are done, or what was done is undone."""

from __future__ import annotations

from ebpfasm.errors import DatapathError, EbpfError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Self, TypeVar

    Result = TypeVar("Result")

__all__ = ["Steps"]


class Steps:
    """The steps done so far of one composition, each with what undoes it.

    ``with steps:`` around the steps undoes them all, newest first, when one of them fails, and raises
    `DatapathError` from what failed. What came through is taken down with `undo_all`. The caller sees to it
    that no interrupt falls between a step and its record: `ebpfasm.kernel.threads.in_thread`.

    Args:
        subject: what is being composed, for messages: ``"pod 'web'"``.
        pod: the pod's name, for ``DatapathError.pod``.

    Attributes:
        step: what is being done, or was done last.
    """

    __slots__ = ("_undo", "pod", "step", "subject")

    def __init__(self, subject: str, pod: str) -> None:
        self.subject = subject
        self.pod = pod
        self.step = ""
        self._undo: list[tuple[str, Callable[[], object]]] = []

    def do(self, step: str, function: Callable[..., Result], *args: object) -> Result:
        """Do one step: ``function(*args)``. ``step`` says what that is: ``"making its program array"``."""
        self.step = step
        return function(*args)

    def done(self, words: str, undo: Callable[[], object]) -> None:
        """Note how to undo what was just done, and what to say of it then: ``"removed pin …"``."""
        self._undo.append((words, undo))

    @property
    def any(self) -> bool:
        """Whether there is something to undo."""
        return bool(self._undo)

    def undo_all(self, error: BaseException | None = None) -> list[str]:
        """Undo everything, newest first, and return what was undone, in words.

        Everything is tried, whatever fails. What could not be undone is noted on ``error``, or, without
        one, the first failure is raised at the end.
        """
        undone = []
        failure: Exception | None = None
        while self._undo:
            words, undo = self._undo.pop()
            try:
                undo()
                undone.append(words)
            except Exception as why:
                if error is not None:
                    error.add_note(f"could not undo ({words}): {why}")
                failure = failure or why
        if failure is not None and error is None:
            raise failure
        return undone

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is None:
            return
        undone = self.undo_all(error)
        if not isinstance(error, EbpfError):
            return  # a mistake in a function the user gave: as it is
        told = f"; undone: {', '.join(undone)}" if undone else ""
        raise DatapathError(
            f"{self.subject}: {self.step} failed: {error}{told}",
            pod=self.pod,
            step=self.step,
            rolled_back=tuple(undone),
        ) from error

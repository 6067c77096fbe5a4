"""Choices that hypothesis makes, so that what fails shrinks."""

from __future__ import annotations

from typing import TypeVar

from hypothesis import strategies as st

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = ["Drawn"]

T = TypeVar("T")


class Drawn:
    """Decisions drawn from hypothesis."""

    __slots__ = ("_draw",)

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw

    def integer(self, low: int, high: int) -> int:
        """A number in ``low..high``."""
        return self._draw(st.integers(low, high))

    def pick(self, options: Sequence[T]) -> T:
        """One of the options."""
        return options[self._draw(st.integers(0, len(options) - 1))]

    def times(self, least: int, most: int) -> Iterator[int]:
        """Count from 0, ``least`` to ``most`` times; each time it is decided anew, so that any can be left out."""
        for count in range(most):
            if count >= least and not self._draw(st.integers(0, 7)):
                return
            yield count

    def part(self, write: Callable[[], None]) -> None:
        """Do something in a span of its own, which is what hypothesis tries to leave out."""
        self._draw(st.builds(write))

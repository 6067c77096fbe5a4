"""Where a generator of programs takes its decisions from: a seed, or hypothesis."""

from __future__ import annotations

import random

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Protocol, TypeVar

    T = TypeVar("T")

    class Choices(Protocol):
        """What a generator asks; of each answer the first or lowest is the simplest."""

        def integer(self, low: int, high: int) -> int:
            """A number in ``low..high``."""

        def pick(self, options: Sequence[T]) -> T:
            """One of the options, of which there is at least one."""

        def times(self, least: int, most: int) -> Iterator[int]:
            """Count from 0, ``least`` to ``most`` times."""

        def part(self, write: Callable[[], None]) -> None:
            """Do something whose decisions belong together: leaving all of them out may leave a simpler program."""


__all__ = ["Seeded", "number"]


class Seeded:
    """Decisions from a seed: the same ones on every machine and Python."""

    __slots__ = ("_bits", "_random")

    def __init__(self, seed: int) -> None:
        made = random.Random(seed)
        self._bits = made.getrandbits
        self._random = made.random

    def integer(self, low: int, high: int) -> int:
        """A number in ``low..high``."""
        span = high - low + 1
        if span <= 1 << 32:
            return low + int(self._random() * span)
        return low + self._bits(span.bit_length() + 32) % span

    def pick(self, options: Sequence[T]) -> T:
        """One of the options."""
        return options[int(self._random() * len(options))]

    def times(self, least: int, most: int) -> Iterator[int]:
        """Count from 0, ``least`` to ``most`` times."""
        return iter(range(self.integer(least, most)))

    def part(self, write: Callable[[], None]) -> None:
        """Do it."""
        write()


SMALL = range(17)
EDGES = {
    bits: tuple(
        dict.fromkeys(
            value
            for power in (7, 8, 15, 16, 31, 32, 63, 64)
            if power <= bits
            for value in ((1 << power) - 1, 1 << power, -(1 << power), -(1 << power) - 1)
            if -(1 << bits - 1) <= value < 1 << bits - 1
        )
    )
    for bits in (32, 64)
}
"""By width, the signed numbers where a narrower one ends."""


def number(choices: Choices, bits: int) -> int:
    """A signed number of 32 or 64 bits: small more often than not, else at the edge of a width, or any."""
    kind = choices.integer(0, 5)
    if kind < 3:
        return choices.pick(SMALL) if kind < 2 else -1 - choices.pick(SMALL)
    if kind == 3:
        return choices.pick(EDGES[bits])
    return choices.integer(-(1 << bits - 1), (1 << bits - 1) - 1)

"""What the demo made in the kernel, by id and name, to see afterwards that it is gone."""

from __future__ import annotations

import time

from ebpfasm.kernel import ids

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    class Lab(Protocol):
        """The namespaces of a demo."""

        names: tuple[str, ...]

        def left(self) -> list[str]:
            """What is still there of them, in words."""


__all__ = ["Traces"]

PATIENCE_S = 10.0  # the kernel frees programs and maps some time after their last user is gone
NEXT = {"program": ids.next_prog_id, "map": ids.next_map_id, "link": ids.next_link_id}


class Traces:
    """Ids of programs, maps and links, and the lab with its namespaces and devices."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self.made: dict[str, list[int]] = {kind: [] for kind in NEXT}

    def left(self, pause: Callable[[float], None] = time.sleep) -> list[str]:
        """What is still there after some patience, in words; nothing when all is gone."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            found = self._lab.left()
            for kind, numbers in self.made.items():
                found += [f"{kind} {number}" for number in numbers if NEXT[kind](number - 1) == number]
            if not found or time.monotonic() > deadline:
                return found
            pause(0.02)

    def words(self) -> str:
        """How many of each there were, in words."""
        parts = [f"{len(self._lab.names)} namespaces"]
        for kind, numbers in self.made.items():
            if numbers:
                parts.append(f"{len(numbers)} {kind}{'s' if len(numbers) > 1 else ''}")
        return ", ".join(parts[:-1]) + " and " + parts[-1] if parts[1:] else parts[0]

"""Where in a program something is: the function, the instruction, and the line of Python that built it."""

from __future__ import annotations

from bisect import bisect_right

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ebpfasm.asm.instruction import Instruction
    from ebpfasm.vm.linked import Linked

__all__ = ["Place"]


class Place:
    """An instruction of a program that the vm runs.

    ``program`` is the program's name (empty if it has none), ``function`` the function's, ``unit`` and ``instruction``
    say which it is, ``origin`` the file and line that built it, if that is known (`ebpfasm.asm.remember_origins`).
    """

    __slots__ = ("_linked", "unit")

    def __init__(self, linked: Linked, unit: int) -> None:
        self._linked = linked
        self.unit = unit

    @property
    def program(self) -> str:
        """The name of the program."""
        return self._linked.name

    @property
    def function(self) -> str:
        """The name of the function, ``main`` for the first if no label stands there."""
        starts = sorted(self._linked.routines)
        return self._linked.routines[starts[bisect_right(starts, self.unit) - 1]].name

    @property
    def instruction(self) -> Instruction:
        """The instruction."""
        return self._linked.at(self.unit).instruction

    @property
    def origin(self) -> str | None:
        """``file.py:12, in entry_prog``, or None where that was not remembered."""
        return self._linked.origin_of(self.unit)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Place):
            return NotImplemented
        return (self._linked, self.unit) == (other._linked, other.unit)

    def __hash__(self) -> int:
        return hash((id(self._linked), self.unit))

    def __str__(self) -> str:
        program = f" of program {self.program!r}" if self.program else ""
        origin = self.origin
        built = f"  ; {origin}" if origin else ""
        return f"unit {self.unit}, in {self.function}{program}: {self.instruction}{built}"

    def __repr__(self) -> str:
        return f"<Place {self}>"

"""Which instructions ran, how often, and which ways of its branches a program took, over any number of runs."""

from __future__ import annotations

import sys
import time

from ebpfasm.asm.html import table
from ebpfasm.asm.listing import listing
from ebpfasm.errors import OperandError
from ebpfasm.vm.interpreter import Interpreter
from ebpfasm.vm.places import Place
from ebpfasm.vm.tracing import prepared

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from ebpfasm.asm.program import Instructions
    from ebpfasm.vm.linked import Linked, Operation
    from ebpfasm.vm.machine import Machine
    from ebpfasm.vm.program import Program
    from ebpfasm.vm.running import Result
    from ebpfasm.vm.tracing import Runnable

__all__ = ["Coverage", "Covered"]

NEVER = "#####"
"""In place of a count of 0, so that it is seen."""
WAYS = {(True, True): "", (True, False): "never", (False, True): "always", (False, False): ""}
"""How a conditional jump is marked, by whether it was ever not taken, and ever taken."""


class Covered:
    """What is known of one program.

    ``runs`` has for each instruction, by its unit, how often it ran; ``ways`` for each conditional jump and
    may_goto how often it did not jump, and how often it did.
    """

    def __init__(self, linked: Linked) -> None:
        self.linked = linked
        operations = [operation for operation in linked.operations if operation is not None]
        self.runs: dict[int, int] = {operation.unit: 0 for operation in operations}
        self.ways: dict[int, list[int]] = {
            operation.unit: [0, 0] for operation in operations if operation.meaning.kind == "branch"
        }

    @property
    def name(self) -> str:
        """The program's name, if it has one."""
        return self.linked.name

    @property
    def program(self) -> Instructions:
        """The program."""
        return self.linked.program

    def summary(self) -> str:
        """How much of it ran, in words and per cent."""
        ran, instructions = sum(map(bool, self.runs.values())), len(self.runs)
        words = f"{ran} of {instructions} instructions ({_percent(ran, instructions)})"
        ways = [count for both in self.ways.values() for count in both]
        if not ways:
            return words
        taken = sum(map(bool, ways))
        return f"{words}, {taken} of {len(ways)} ways of branches ({_percent(taken, len(ways))})"

    def margin(self) -> dict[int, str]:
        """For each instruction its count, and of a conditional jump whether it was always or never taken."""
        width = max(len(NEVER), *(len(str(count)) for count in self.runs.values()))
        return {unit: f"{count or NEVER:>{width}} {self._mark(unit):7}" for unit, count in self.runs.items()}

    def _mark(self, unit: int) -> str:
        stays, jumps = self.ways.get(unit, (0, 0))
        return WAYS[bool(stays), bool(jumps)]

    def __str__(self) -> str:
        title = f"program {self.name!r}: " if self.name else ""
        return f"{listing(self.program, sys.byteorder, margin=self.margin())}\n{title}{self.summary()}"


class Coverage:
    """What ran of one program or several: add runs, then print it.

    The text is each program's listing, with how often each instruction ran at its left, ``#####`` for never. A
    conditional jump that ran is marked with ``never`` or ``always`` where it never or always jumped.
    """

    def __init__(self) -> None:
        self.programs: list[Covered] = []
        """What is known of each program, also of those that were reached by tail calls; in the order they came."""

    def add(
        self, program: Runnable, data: bytes = b"", *, maps: Mapping[Any, Any] | None = None, **options: Any
    ) -> Result:
        """Run a program and count. Runs of equal programs count as runs of one.

        Args:
            program: a program as for `ebpfasm.vm.run`, or a `Program` of the vm, which runs as by its ``test_run``.
            data: the packet.
            maps: as for `ebpfasm.vm.run`, of a program that is not loaded.
            options: as for `ebpfasm.vm.run`.

        Raises:
            VmError: the program did what it must not; what ran until then counts.
        """
        linked, run = prepared(program, data, maps=maps, **options)
        started = time.perf_counter_ns()
        counter = _Counter(run.machine, self)
        counter.begin(linked, run.arguments)
        return run.result(counter.run(), started)

    def of(self, program: Program | Instructions) -> Covered:
        """What is known of a program.

        Raises:
            OperandError: no run came to it.
        """
        instructions = getattr(program, "instructions", program)
        for covered in self.programs:
            if covered.program == instructions:
                return covered
        raise OperandError("coverage: no run came to this program", field="program", value=program)

    def uncovered(self) -> tuple[Place, ...]:
        """The instructions that never ran."""
        return tuple(
            Place(covered.linked, unit)
            for covered in self.programs
            for unit, count in covered.runs.items()
            if not count
        )

    def one_way(self) -> tuple[Place, ...]:
        """The conditional jumps that ran and went always the same way."""
        return tuple(
            Place(covered.linked, unit)
            for covered in self.programs
            for unit, ways in covered.ways.items()
            if any(ways) and not all(ways)
        )

    @property
    def percent(self) -> float:
        """How much of all instructions ran; 100 of none."""
        counts = [count for covered in self.programs for count in covered.runs.values()]
        return 100 * sum(map(bool, counts)) / len(counts) if counts else 100.0

    @property
    def branch_percent(self) -> float:
        """How much of all ways of conditional jumps was taken; 100 of none."""
        counts = [count for covered in self.programs for ways in covered.ways.values() for count in ways]
        return 100 * sum(map(bool, counts)) / len(counts) if counts else 100.0

    def as_dict(self) -> dict[str, Any]:
        """All of it as what JSON can say."""
        return {
            "percent": self.percent,
            "branch_percent": self.branch_percent,
            "programs": [
                {
                    "name": covered.name,
                    "runs": {str(unit): count for unit, count in covered.runs.items()},
                    "branches": {
                        str(unit): {"not_taken": stays, "taken": jumps} for unit, (stays, jumps) in covered.ways.items()
                    },
                }
                for covered in self.programs
            ],
        }

    def __iter__(self) -> Iterator[Covered]:
        return iter(self.programs)

    def __str__(self) -> str:
        return "\n\n".join(map(str, self.programs))

    def _repr_html_(self) -> str:
        """All programs as tables, for notebooks."""
        return "".join(table(covered.program, margin=covered.margin()) for covered in self.programs)

    def known(self, linked: Linked) -> Covered:
        """The account of a program, begun if this is its first run."""
        for covered in self.programs:
            if covered.linked is linked or (covered.program == linked.program and covered.name == linked.name):
                return covered
        self.programs.append(Covered(linked))
        return self.programs[-1]


class _Counter(Interpreter):
    """An interpreter that counts."""

    def __init__(self, machine: Machine, coverage: Coverage) -> None:
        super().__init__(machine)
        self._coverage = coverage
        self._known: dict[int, Covered] = {}  # by the id of a program that runs, so that it stays its own

    def step(self) -> None:
        """Run one instruction."""
        frame = self.frames[-1]
        linked, unit = frame.program, frame.unit
        covered = self._known.get(id(linked))
        if covered is None:
            covered = self._known[id(linked)] = self._coverage.known(linked)
        covered.runs[unit] += 1
        super().step()
        if unit in covered.ways:
            operation: Operation = linked.at(unit)
            ways = covered.ways[unit]
            ways[0] += frame.unit == operation.next
            ways[1] += frame.unit == operation.target


def _percent(part: int, whole: int) -> str:
    return f"{100 * part // whole} %" if whole else "100 %"

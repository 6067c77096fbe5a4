"""How a function's blocks are laid out as Python: which have a number to jump to, and which stand within others."""

from __future__ import annotations

from ebpfasm.vm.assigned import certain, targets
from ebpfasm.vm.machine import needs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ebpfasm.vm.linked import Linked, Operation, Routine
    from ebpfasm.vm.machine import Helper

__all__ = ["Layout"]


class Layout:
    """The blocks of a function.

    ``operations`` are those of each block, by its start, ``targets`` the blocks it leads to. ``roots`` are the blocks
    that more than one way leads to, and the first; every other one can stand where the only way to it comes from.
    ``known`` is what is certain when a block begins, ``doubtful`` the registers that are read
    somewhere without being so.
    """

    def __init__(self, program: Linked, routine: Routine, helpers: dict[int, Helper]) -> None:
        self.helpers = helpers
        self.operations = {block.start: program.of(block) for block in routine.blocks}
        self.targets = {start: targets(operations[-1]) for start, operations in self.operations.items()}
        ways = dict.fromkeys(self.operations, 0)
        for leads_to in self.targets.values():
            for target in leads_to:
                ways[target] += 1
        first = routine.start
        self.roots = [first, *(start for start in self.operations if start != first and ways[start] != 1)]
        self._root_in_each_circle()
        self.known = certain(program, routine)
        self.doubtful = self._read_in_doubt()

    def _root_in_each_circle(self) -> None:
        """Make a root of a block of each circle that nothing leads into: code that is never reached."""
        reached: set[int] = set()
        for start in [*self.roots, *self.operations]:
            if start in reached:
                continue
            if start not in self.roots:
                self.roots.append(start)
            waiting = [start]
            while waiting:
                at = waiting.pop()
                reached.add(at)
                waiting += [target for target in self.targets[at] if target not in reached and target not in self.roots]

    def _read_in_doubt(self) -> set[int]:
        doubtful = set()
        for start, operations in self.operations.items():
            known = self.known[start].copy()
            for operation in operations:
                doubtful |= {register for register in self.read_by(operation) if not known.has(register)}
                known.follow(operation)
                if "packet" in operation.meaning.words:  # which looks at R6 if the run has a context
                    doubtful.add(6)
        return doubtful

    def read_by(self, operation: Operation) -> tuple[int, ...]:
        """The registers an operation reads that must have been written, with the arguments of a helper."""
        if "helper" in operation.meaning.words:
            helper = self.helpers.get(operation.value)
            return () if helper is None else tuple(range(1, needs(helper) + 1))
        return operation.reads

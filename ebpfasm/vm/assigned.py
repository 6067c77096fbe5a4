"""What is certainly written when a block begins: which registers, and which bytes of the stack."""

from __future__ import annotations

from ebpfasm.vm.linked import StackPlaces
from ebpfasm.vm.memory import STACK_SIZE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ebpfasm.vm.linked import Linked, Operation, Routine

__all__ = ["Known", "access_of", "certain", "targets"]

REGISTERS = 11
EVERYTHING = (1 << REGISTERS + STACK_SIZE) - 1
SCRATCH = 0b111110
"""R1 to R5, as a set of registers."""
AT_ENTRY = 1 << 10
"""Of a function's registers only R10 is certain: what a caller passes on may be nothing."""


class Known:
    """What is known at a place of a program: what is ``written``, as a set of bits, and what points to the stack."""

    __slots__ = ("places", "written")

    def __init__(self, written: int, places: StackPlaces | None = None) -> None:
        self.written = written
        self.places = StackPlaces() if places is None else places

    def copy(self) -> Known:
        """The same, to follow another way."""
        return Known(self.written, StackPlaces(self.places))

    def keep_common(self, other: Known) -> bool:
        """Keep what another way knows as well; returns whether anything was lost."""
        written = self.written & other.written
        places = {register: place for register, place in self.places.items() if other.places.get(register) == place}
        if written == self.written and len(places) == len(self.places):
            return False
        self.written = written
        self.places = StackPlaces(places)
        return True

    def has(self, register: int) -> bool:
        """Whether a register is certainly written."""
        return bool(self.written >> register & 1)

    def has_stack(self, start: int, size: int) -> bool:
        """Whether bytes of the stack are certainly written; ``start`` is 0 for the lowest one."""
        wanted = (1 << size) - 1
        return self.written >> REGISTERS + start & wanted == wanted

    def stack_place(self, operation: Operation, base: str, size: int) -> int | None:
        """Where in the stack an access is, if that is known, within it, and aligned."""
        place = self.places.get(operation.dst if base == "dst" else operation.src)
        if place is None:
            return None
        start = STACK_SIZE + place + operation.offset
        return start if 0 <= start <= STACK_SIZE - size and start % size == 0 else None

    def follow(self, operation: Operation) -> None:
        """Take in what an operation does."""
        if operation.meaning.calls:
            self.written &= ~SCRATCH
        for register in operation.reads:  # from here on, or it would not have gone on
            if not (operation.meaning.calls and SCRATCH >> register & 1):
                self.written |= 1 << register
        if operation.clears_r0:
            self.written &= ~1
        elif operation.writes is not None:
            self.written |= 1 << operation.writes
        if operation.meaning.words & {"store", "atomic"}:
            base, size = access_of(operation)
            start = self.stack_place(operation, base, size)
            if start is not None:
                self.written |= (1 << size) - 1 << REGISTERS + start
        self.places.follow(operation)


def access_of(operation: Operation) -> tuple[str, int]:
    """The register, ``dst`` or ``src``, that an access to memory starts from, and how many bytes it is."""
    found = operation.meaning.access
    assert found is not None
    return found


def certain(program: Linked, routine: Routine) -> dict[int, Known]:
    """For each block of a function, by its start, what is certainly known when it begins.

    What leads to a block from several sides is known where all agree; what nothing leads to, could be anything.
    """
    before: dict[int, Known] = {routine.start: Known(AT_ENTRY)}
    operations = {block.start: program.of(block) for block in routine.blocks}
    waiting = [routine.start]
    while waiting:
        start = waiting.pop()
        known = before[start].copy()
        for operation in operations[start]:
            known.follow(operation)
        for target in targets(operations[start][-1]):
            if target not in before:
                before[target] = known.copy()
                waiting.append(target)
            elif before[target].keep_common(known):
                waiting.append(target)
    return {start: before.get(start) or Known(EVERYTHING) for start in operations}


def targets(last: Operation) -> list[int]:
    """The blocks that a block leads to whose last operation this is."""
    kind = last.meaning.kind
    found = [] if kind in ("goto", "leave") else [last.next]
    if kind in ("goto", "branch"):
        assert last.target is not None
        found.append(last.target)
    return found

"""A program ready to run in the vm: its instructions in their places, its functions, and its maps."""

from __future__ import annotations

from ebpfasm.asm.flow import Step, steps
from ebpfasm.asm.helpers import FnRingbufDiscard, FnRingbufSubmit, FnTailCall
from ebpfasm.errors import OperandError, SymbolError, VmError
from ebpfasm.vm.meaning import Meaning, meaning_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ebpfasm.asm.cfg import Block, Function
    from ebpfasm.asm.form import Form
    from ebpfasm.asm.program import Instructions

__all__ = ["Linked", "Operation", "Routine"]

FRAME_POINTER = 10
MOVE_64, ADD_IMMEDIATE, SUB_IMMEDIATE = 0xBF, 0x07, 0x17
TAIL_CALL = FnTailCall.number
WITHOUT_RESULT = frozenset({TAIL_CALL, FnRingbufSubmit.number, FnRingbufDiscard.number})
"""Helpers after which R0 counts as not written (RET_VOID in kernel/bpf)."""


class Operation:
    """An instruction in its place, with its operands by name.

    ``target`` is the unit it leads to, ``map`` the vm's map it refers to; ``reads`` are the numbers of the registers
    it looks at, ``writes`` that of the one it sets; ``clears_r0`` is whether it calls a helper that has no result.
    """

    __slots__ = (
        "clears_r0", "dst", "form", "instruction", "map", "meaning", "next", "offset", "reads", "src", "target", "unit",
        "value", "writes",
    )  # fmt: skip

    def __init__(self, step: Step, form: Form, map: Any) -> None:
        instruction = step.instruction
        self.unit = step.unit
        self.next = step.unit + instruction.units
        self.instruction = instruction
        self.form = form
        self.meaning: Meaning = meaning_of(form)
        self.dst = int(instruction.dst)
        self.src = int(instruction.src)
        self.target = step.target
        self.map = map
        operands = {operand.name: operand for operand in form.operands}
        self.value = operands["value"].of(instruction) if "value" in operands else 0
        self.offset = operands["offset"].of(instruction) if "offset" in operands else 0
        numbers = {"dst": self.dst, "src": self.src, "r0": 0}
        self.reads = tuple(sorted({numbers[name] for name in self.meaning.reads}))
        self.clears_r0 = "helper" in self.meaning.words and self.value in WITHOUT_RESULT
        self.writes = None if self.meaning.target is None else numbers[self.meaning.target]

    def __repr__(self) -> str:
        return f"<Operation {self.unit}: {self.instruction}>"


class Routine:
    """A function of a program, as the kernel cuts it: up to the next function.

    ``depth`` is how much stack it uses, in bytes: down to the lowest address it makes of its frame pointer;
    ``tail_calls`` whether it makes tail calls.
    """

    __slots__ = ("blocks", "depth", "name", "start", "tail_calls")

    def __init__(self, name: str, start: int, blocks: tuple[Block, ...], tail_calls: bool) -> None:
        self.name = name
        self.start = start
        self.blocks = blocks
        self.depth = 0
        self.tail_calls = tail_calls


class Linked:
    """A program whose labels, maps and functions are known.

    Args:
        program: the instructions.
        maps: for what they refer to by name, by file descriptor, or as an object that is not the vm's, a map of the vm.
        name: the program's, for messages.

    Raises:
        SymbolError: there is no map for a reference, or no instruction refers to one that is given.
        OperandError: a jump leads out of the program.
        VmError: an instruction is none, changes R10, or the last one of a function does not end it.
    """

    def __init__(self, program: Instructions, maps: Mapping[Any, Any] | None = None, name: str = "") -> None:
        self.name = name
        if not len(program):
            raise OperandError("a program has at least one instruction", field="instructions", value=program)
        if maps is not None and not hasattr(maps, "get"):
            raise OperandError(f"maps must be a dict of maps by name, not {maps!r}", field="maps", value=maps)
        graph = program.cfg()
        self.program = program
        self.maps: list[Any] = []
        self.translated: dict[Any, Any] = {}
        waiting = dict(maps or {})
        self.operations: list[Operation | None] = []
        for step in steps(program):
            operation = self._operation(step, maps or {}, waiting)
            self.operations += [operation] + [None] * (operation.next - operation.unit - 1)
        if waiting:
            name = next(iter(waiting))
            raise SymbolError(f"no instruction refers to a map {name!r}", symbol=name)
        self.helpers = sorted({
            each.value for each in self.operations if each is not None and "helper" in each.meaning.words
        })  # fmt: skip
        self.routines = {function.start: self._routine(function) for function in graph.functions}

    def at(self, unit: int) -> Operation:
        """The operation at a unit where one begins."""
        operation = self.operations[unit]
        assert operation is not None
        return operation

    def origin_of(self, unit: int) -> str | None:
        """Where the instruction at a unit was built, if that was remembered; else the nearest before it, as such."""
        from ebpfasm.asm.origin import origin_of

        origin = origin_of(self.at(unit).instruction)
        if origin is not None:
            return str(origin)
        for operation in reversed(self.operations[:unit]):
            if operation is not None and (origin := origin_of(operation.instruction)) is not None:
                return f"{origin}, or soon after it"
        return None

    def of(self, block: Block) -> list[Operation]:
        """The operations of a block."""
        found = []
        unit = block.start
        for instruction in block.instructions:
            found.append(self.at(unit))
            unit += instruction.units
        return found

    def _operation(self, step: Step, maps: Mapping[Any, Any], waiting: dict[Any, Any]) -> Operation:
        form = step.instruction.form
        if form is None:
            raise _refused(step, f"is no instruction: opcode {step.instruction.opcode:#04x} with such fields")
        operation = Operation(step, form, self._map(step, form, maps, waiting))
        if operation.writes == FRAME_POINTER:
            raise _refused(step, "writes R10, which is read-only")
        return operation

    def _map(self, step: Step, form: Form, maps: Mapping[Any, Any], waiting: dict[Any, Any]) -> Any:
        if form.reference != "map":
            return None
        instruction = step.instruction
        asked = instruction.reference
        if asked is None:
            asked = next(operand for operand in form.operands if operand.kind == "map").of(instruction)
        found = maps.get(asked) if _hashable(asked) else None
        if found is not None:
            if not hasattr(found, "update_bytes"):
                raise OperandError(
                    f"maps: {asked!r} must be a map of the vm (ebpfasm.vm.Map), not {found!r}",
                    field="maps",
                    value=found,
                )
            waiting.pop(asked, None)
        elif hasattr(asked, "update_bytes"):
            found = asked
        else:
            raise SymbolError(
                f"{form.name} at unit {step.unit}: the vm has no map for {_called(asked)}; "
                f"give it one: maps={{{asked!r}: …}}",
                symbol=asked,
            )
        if not any(known is found for known in self.maps):
            self.maps.append(found)
        return found

    def _routine(self, function: Function) -> Routine:
        operations = [operation for block in function.blocks for operation in self.of(block)]
        last = Step(operations[-1].unit, operations[-1].instruction, {})
        if last.goes_on:
            raise _refused(last, "is the last of its function, and does not end it")
        for operation in operations:  # kernel/bpf/verifier.c, check_subprogs
            leads_on = operation.meaning.kind in ("goto", "branch")
            if leads_on and not operations[0].unit <= (operation.target or 0) <= operations[-1].unit:
                raise _refused(Step(operation.unit, operation.instruction, {}), "jumps out of its function")
        tail_calls = any(
            operation.value == TAIL_CALL and "helper" in operation.meaning.words for operation in operations
        )
        routine = Routine(function.name, function.start, function.blocks, tail_calls)
        routine.depth = self._depth(routine)
        return routine

    def _depth(self, routine: Routine) -> int:
        """How far down a function reaches in its stack: through R10, or what it certainly is R10 plus a number."""
        from ebpfasm.vm.assigned import certain

        lowest = 0
        certainly = certain(self, routine)
        for block in routine.blocks:
            places = StackPlaces(certainly[block.start].places)
            for operation in self.of(block):
                for register in operation.reads:
                    if register in places:
                        lowest = min(lowest, places[register] + operation.offset, *places.values())
                places.follow(operation)
        return -lowest


class StackPlaces(dict[int, int]):
    """Which registers hold R10 plus a known number, and which number."""

    def __init__(self, places: dict[int, int] | None = None) -> None:
        super().__init__({FRAME_POINTER: 0} if places is None else places)

    def follow(self, operation: Operation) -> None:
        """Take in what an operation does to the registers."""
        opcode, dst = operation.instruction.opcode, operation.dst
        if operation.meaning.calls:
            for register in range(6):
                self.pop(register, None)
        elif operation.writes is None:
            return
        elif opcode == MOVE_64 and operation.meaning.text == "dst = src" and operation.src in self:
            self[dst] = self[operation.src]
        elif opcode in (ADD_IMMEDIATE, SUB_IMMEDIATE) and dst in self:
            self[dst] += operation.value if opcode == ADD_IMMEDIATE else -operation.value
        else:
            self.pop(operation.writes, None)


def _refused(step: Step, reason: str) -> VmError:
    from ebpfasm.asm.origin import origin_of

    origin = origin_of(step.instruction)
    built = "" if origin is None else f"\n    built at {origin}"
    return VmError(
        f"unit {step.unit}, {step.instruction}: {reason}{built}",
        reason=reason,
        instruction=step.instruction,
        unit=step.unit,
        origin=None if origin is None else str(origin),
    )


def _called(reference: object) -> str:
    """What a program refers to for a map, in words."""
    return f"file descriptor {reference}" if isinstance(reference, int) else repr(reference)


def _hashable(value: object) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True

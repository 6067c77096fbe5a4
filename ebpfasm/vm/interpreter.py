"""The plain interpreter: one instruction at a time, as its row says; the reference for the translator."""

from __future__ import annotations

import ast

from ebpfasm.vm.machine import TailCall
from ebpfasm.vm.meaning import arithmetic
from ebpfasm.vm.memory import Fault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from ebpfasm.vm.linked import Linked, Operation
    from ebpfasm.vm.machine import Activation, Machine
    from ebpfasm.vm.meaning import Meaning

    Registers = list[int | None]

__all__ = ["Interpreter"]

ALL = 0xFFFF_FFFF_FFFF_FFFF
UNWRITTEN = [
    "nothing was written to, or not since a call" if 1 <= register <= 5 else "nothing was written to"
    for register in range(11)
]
"""Why a register holds nothing."""


class Interpreter:
    """Runs a program on a machine, step by step.

    ``machine.frames`` are the functions that are running, the innermost last; each has its ``registers`` and its
    ``unit``, which is what runs next.
    """

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.frames = machine.frames
        self.result: int | None = None

    def begin(self, program: Linked, arguments: Sequence[int | None]) -> None:
        """Stand before the first instruction of a program."""
        self.machine.engine = self
        self.result = None
        self.enter(program, 0, arguments)

    def enter(self, program: Linked, start: int, arguments: Sequence[int | None]) -> Activation:
        """Stand before the first instruction of a function."""
        frame = self.machine.enter(program, start)
        frame.registers[1 : 1 + len(arguments)] = arguments
        frame.registers[10] = frame.frame_pointer
        return frame

    def run(self) -> int:
        """Run to the end; returns R0."""
        self.until(0)
        assert self.result is not None
        return self.result

    def until(self, depth: int) -> None:
        """Run until no more than ``depth`` functions are running."""
        while len(self.frames) > depth:
            self.step()

    def callback(self, start: int, arguments: Sequence[int]) -> int:
        """Run a function of the program for a helper; returns its R0."""
        depth = len(self.frames)
        self.enter(self.frames[-1].program, start, arguments).callback = True
        self.until(depth)
        assert self.result is not None
        return self.result

    def step(self) -> None:
        """Run one instruction.

        Raises:
            VmError: it does what it must not, or the machine's limit is reached.
        """
        machine = self.machine
        frame = self.frames[-1]
        operation = frame.program.at(frame.unit)
        try:
            if machine.steps >= machine.limit:
                raise Fault(f"is next after {machine.limit} instructions, which is the limit of this run")
            for register in operation.reads:
                if frame.registers[register] is None:
                    raise Fault(f"reads r{register}, which {UNWRITTEN[register]}")
            machine.steps += 1
            self._do(frame, operation)
        except Fault as fault:
            raise machine.explained(fault) from None

    def _do(self, frame: Activation, operation: Operation) -> None:
        meaning = operation.meaning
        kind = meaning.kind
        if kind == "leave":
            if len(self.frames) == 1 and self.machine.state:
                self.machine.check_released()
            self._leave()
            return
        value: Any = None
        if meaning.value is not None and kind != "goto":
            try:
                value = evaluator(meaning)(self, frame.registers, operation)
            except TailCall as jump:
                self._replace(jump)
                return
        if kind == "goto" or (kind == "branch" and value):
            assert operation.target is not None
            frame.unit = operation.target
        elif self.frames and self.frames[-1] is frame:  # no function was entered or left
            if kind == "assign":
                assert operation.writes is not None
                frame.registers[operation.writes] = None if operation.clears_r0 else value & ALL
            frame.unit = operation.next

    def _replace(self, jump: TailCall) -> None:
        frame = self.machine.replace(jump.program.linked)
        frame.registers[1] = jump.context
        frame.registers[10] = frame.frame_pointer

    def _leave(self) -> None:
        left = self.frames.pop()
        result = left.registers[0]
        assert result is not None
        if left.callback or not self.frames:
            self.result = result
            return
        caller = self.frames[-1]
        caller.registers[0] = result
        caller.unit = caller.program.at(caller.unit).next

    # The words of `ebpfasm.vm.meaning` that are more than arithmetic

    def load(self, address: int, size: int) -> int:
        """``size`` bytes of memory."""
        return self.machine.memory.load(address & ALL, size)

    def store(self, address: int, size: int, value: int) -> None:
        """Write ``size`` bytes of memory."""
        self.machine.memory.store(address & ALL, size, value)

    def atomic(self, address: int, size: int, change: Callable[[int], int]) -> int:
        """Write what ``change`` makes of what was there, and return that."""
        address = self.aligned(address, size)
        self.machine.memory.before_change(address, size)
        old = self.machine.memory.load(address, size)
        self.machine.memory.store(address, size, change(old))
        return old

    def aligned(self, address: int, size: int) -> int:
        """The address, which must be a multiple of ``size``."""
        address &= ALL
        self.machine.memory.check_aligned(address, size)
        return address

    def packet(self, offset: int, size: int) -> int:
        """Legacy packet access; where there is no such byte, the program is over with 0."""
        value = self.machine.legacy_load(self.frames[-1].registers[6], offset, size)
        self._scratch()
        if value is None:
            frame = self.frames[-1]
            frame.registers[0] = 0
            self._leave()
            return 0
        return value

    def used_up(self) -> bool:
        """Count a may_goto."""
        return not self.frames[-1].may_go_on()

    def helper(self, number: int) -> int:
        """Call a helper function."""
        frame = self.frames[-1]
        result = self.machine.call_helper(number, frame.registers[1:6])
        self._scratch()
        return result

    def call(self, target: int) -> None:
        """Enter a function of the program; its end goes on after the call."""
        frame = self.frames[-1]
        arguments = frame.registers[1:6]
        self.enter(frame.program, target, arguments)
        frame.registers[0:6] = [None] * 6

    def call_address(self, address: int) -> None:
        """Enter the function of the program at an address."""
        self.call(self.machine.function_at(address))

    def map_address(self, map: Any) -> int:
        """What stands for a map."""
        return self.machine.memory.map_handle(map)

    def map_value(self, map: Any) -> int:
        """The address of the value of a map with one entry."""
        return self.machine.map_value(map)

    def function(self, target: int) -> int:
        """The address of a function."""
        return self.machine.address_of_function(target)

    def missing(self, what: str) -> None:
        """Refuse what only a kernel has."""
        raise Fault(f"needs {what}, which the vm does not have")

    def _scratch(self) -> None:
        self.frames[-1].registers[1:6] = [None] * 5


_evaluators: dict[str, Callable[[Interpreter, Registers, Operation], Any]] = {}


def evaluator(meaning: Meaning) -> Callable[[Interpreter, Registers, Operation], Any]:
    """A function that works out the value of a meaning, and does what it says on the way."""
    found = _evaluators.get(meaning.text)
    if found is None:
        assert meaning.value is not None
        body = _InPlace().visit(ast.parse(meaning.text).body[0])
        value = body.test if isinstance(body, ast.If) else body.value
        source = f"lambda vm, registers, operation: {ast.unparse(value)}"
        found = _evaluators[meaning.text] = eval(compile(source, f"<{meaning.text}>", "eval"), dict(arithmetic))
    return found


class _InPlace(ast.NodeTransformer):
    """Puts where they are found in place of the names of a meaning."""

    PLACES = {  # noqa: RUF012 - constant
        "dst": "registers[operation.dst]",
        "src": "registers[operation.src]",
        "r0": "registers[0]",
        "value": "operation.value",
        "offset": "operation.offset",
        "target": "operation.target",
        "map": "operation.map",
    }

    def visit_Name(self, node: ast.Name) -> ast.expr:
        place = self.PLACES.get(node.id)
        return node if place is None else ast.parse(place, mode="eval").body

    def visit_Call(self, node: ast.Call) -> ast.expr:
        assert isinstance(node.func, ast.Name)
        arguments = [self.visit(argument) for argument in node.args]
        if node.func.id == "atomic":
            change = ast.parse("lambda old: old", mode="eval").body
            assert isinstance(change, ast.Lambda)
            change.body = arguments[2]
            arguments[2] = change
        if node.func.id in arithmetic:
            return ast.Call(node.func, arguments, [])
        return ast.Call(ast.Attribute(ast.Name("vm"), node.func.id), arguments, [])

"""Translates a function of a program to the source of a Python function: straight code, branches and loops.

Registers are the Python function's variables. What an access to memory costs is a look into the list of regions: that
the bytes are there is checked by taking them. Whatever goes wrong, in whatever way, the interpreter then does
the same instruction again with the same registers, and says what it was: so no line here is spent on reasons.
"""

from __future__ import annotations

import ast

from ebpfasm.vm.assigned import Known
from ebpfasm.vm.expressions import Expression, Writer, number, truncated
from ebpfasm.vm.layout import Layout
from ebpfasm.vm.machine import takes
from ebpfasm.vm.memory import CODE, FIRST_PLAIN, SHIFT, WITHIN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ebpfasm.vm.linked import Linked, Operation, Routine
    from ebpfasm.vm.machine import Helper

__all__ = ["Translation"]

DEEPEST = 40
"""How far branches are nested before one becomes a jump: Python has 100 levels of indentation."""

NAMES = {
    "r10": "A.frame_pointer",
    "written": "A.stack.written",
    "L": "m.memory.loads",
    "S": "m.memory.stores",
    "loaded": "m.memory.after_load",
    "stored": "m.memory.after_store",
    "changed": "m.memory.before_change",
} | {f"T{size}": f"A.stack.views[{size}]" for size in (1, 2, 4, 8)}
"""What the function gets ready before its first instruction, where it is used."""


class Translation:
    """The source of one function; it is called with the machine, its `Activation`, and R1 to R5.

    ``places[line]`` is the unit of the instruction a line (from 1) belongs to, and how many instructions had run
    before it since the variable ``n`` was right.

    Args:
        helpers: the helper functions it will run with: how many arguments each takes is part of the code.
        strict: whether every access to memory must be aligned.
    """

    def __init__(self, program: Linked, routine: Routine, helpers: dict[int, Helper], *, strict: bool) -> None:
        self.program = program
        self.routine = routine
        self.strict = strict
        self.layout = Layout(program, routine, helpers)
        while not self._written():
            pass
        head = ["def function(m, A, r1=None, r2=None, r3=None, r4=None, r5=None):", " n = m.steps; limit = m.limit"]
        head += [f" r{each} = None" for each in sorted(self.layout.doubtful & {0, 6, 7, 8, 9})]
        head += [f" {name} = {value}" for name, value in self._ready.items()]
        self.source = "\n".join(head + self._lines) + "\n"
        self.places = [(routine.start, 0)] * (1 + len(head)) + self._places

    def _written(self) -> bool:
        """Write the body; False if a block stood too deep in others and is a root now, for the next attempt."""
        self._lines: list[str] = []
        self._places: list[tuple[int, int]] = []
        self._ready: dict[str, str] = {}
        self._unit = self.routine.start
        self._count = 0
        self._known = Known(0)
        try:
            self._body()
        except _TooDeep:
            return False
        return True

    def _put(self, depth: int, text: str) -> None:
        self._lines.append(" " * depth + text)
        self._places.append((self._unit, self._count))

    def _need(self, name: str, value: str = "") -> str:
        self._ready[name] = value or NAMES[name]
        return name

    # Blocks

    def _body(self) -> None:
        roots = self.layout.roots
        if len(roots) == 1:
            self._root(1, roots[0])
            return
        self._put(1, "pc = 0")
        self._put(1, "while True:")
        self._choose(2, 0, len(roots))

    def _choose(self, depth: int, low: int, high: int) -> None:
        """Lead to the root that ``pc`` is the number of, one of ``low`` to ``high``."""
        if high - low == 1:
            self._root(depth, self.layout.roots[low])
            return
        middle = (low + high) // 2
        self._put(depth, f"if pc < {middle}:")
        self._choose(depth + 1, low, middle)
        self._put(depth, "else:")
        self._choose(depth + 1, middle, high)

    def _root(self, depth: int, start: int) -> None:
        self._root_start = start
        self._known = self.layout.known[start].copy()
        self._count = 0
        self._loops = self._leads_back(start)
        if self._loops:
            self._put(depth, "while True:")
        self._unit, self._longest = start, 0
        self._checks: list[int] = []
        self._check_limit(depth + self._loops)
        self._block(depth + self._loops, start)
        for line in self._checks:
            self._lines[line] = self._lines[line].replace("LONGEST", str(self._longest))

    def _check_limit(self, depth: int) -> None:
        """Leave what may go beyond the limit before it jumps again to the interpreter, which counts exactly."""
        self._checks.append(len(self._lines))
        self._put(depth, "if n + LONGEST > limit: raise NearLimit")

    def _leads_back(self, root: int) -> bool:
        """Whether a root leads to itself with no other root between."""
        seen = set()
        waiting = [root]
        while waiting:
            for target in self.layout.targets[waiting.pop()]:
                if target == root:
                    return True
                if target not in self.layout.roots and target not in seen:
                    seen.add(target)
                    waiting.append(target)
        return False

    def _block(self, depth: int, start: int) -> None:
        operations = self.layout.operations[start]
        for operation in operations[:-1]:
            self._operation(depth, operation)
            if operation.meaning.calls:  # which may have run others
                self._unit = operation.next
                self._check_limit(depth)
        last = operations[-1]
        kind = last.meaning.kind
        if kind == "leave":
            self._begin(depth, last)
            self._put(depth, f"n += {self._count + 1}; m.steps = n")
            self._leave(depth, "r0")
        elif kind == "goto":
            assert last.target is not None
            self._begin(depth, last)
            self._go(depth, last.target)
        elif kind == "branch":
            self._branch(depth, last)
        else:
            self._operation(depth, last)
            if last.meaning.calls:
                self._unit = last.next
                self._check_limit(depth)
            self._count -= 1  # as for a jump, which counts itself
            self._go(depth, last.next)

    def _leave(self, depth: int, result: str) -> None:
        self._longest = max(self._longest, self._count + 1)
        if self.routine.start == 0:
            self._put(depth, "if m.state: m.check_released()")
        self._put(depth, f"return {result}")

    def _helper(self, depth: int, operation: Operation) -> None:
        helper = self.layout.helpers.get(operation.value)
        if helper is None:
            self._put(depth, "raise Stop")
            return
        arguments = "".join(f", r{register}" for register in range(1, takes(helper) + 1))
        name = self._need(f"H{operation.value}", f"m.helpers[{operation.value}]")
        if operation.clears_r0:
            self._put(depth, f"{name}(m{arguments})")
            self._put(depth, "r0 = None")
        else:
            self._put(depth, f"r0 = {name}(m{arguments}) & 0xffffffffffffffff")

    def _branch(self, depth: int, operation: Operation) -> None:
        assert operation.target is not None
        self._begin(depth, operation)
        assert operation.meaning.value is not None
        condition = self._writer(depth, operation).write(operation.meaning.value)
        self._known.follow(operation)
        count, known = self._count, self._known.copy()
        if condition.constant is None or condition.constant:
            self._put(depth, f"if {condition.text}:")
            self._go(depth + 1, operation.target)
        self._unit, self._count, self._known = operation.unit, count, known
        self._go(depth, operation.next)

    def _go(self, depth: int, target: int) -> None:
        """Lead to a block from the instruction at ``_unit``, which is not counted yet."""
        if target not in self.layout.roots and depth < DEEPEST:
            self._count += 1
            self._block(depth, target)
            return
        if target not in self.layout.roots:
            self.layout.roots.append(target)
            raise _TooDeep
        self._longest = max(self._longest, self._count + 1)
        self._put(depth, f"n += {self._count + 1}")
        if target == self._root_start and self._loops:
            self._put(depth, "continue")
        else:
            self._put(depth, f"pc = {self.layout.roots.index(target)}")
            self._put(depth, "break" if self._loops else "continue")

    # Instructions

    def _begin(self, depth: int, operation: Operation) -> None:
        """Make sure of what an instruction reads."""
        self._unit = operation.unit
        unsure = [register for register in self.layout.read_by(operation) if not self._known.has(register)]
        if unsure:
            self._put(depth, f"if {' or '.join(f'r{register} is None' for register in unsure)}: raise Stop")

    def _operation(self, depth: int, operation: Operation) -> None:
        self._begin(depth, operation)
        meaning = operation.meaning
        if meaning.calls:
            self._call(depth, operation)
        elif meaning.kind != "nothing":
            assert meaning.value is not None
            value = self._writer(depth, operation).write(meaning.value, 64)
            if operation.writes is not None:
                self._put(depth, f"r{operation.writes} = {_bare(truncated(value, 64).text)}")
        self._known.follow(operation)
        self._count += 1

    def _writer(self, depth: int, operation: Operation) -> Writer:
        names = {
            "dst": self._register(operation.dst),
            "src": self._register(operation.src),
            "r0": self._register(0),
            "value": number(operation.value),
            "offset": number(operation.offset),
            "old": Expression("v", 64),
        }
        return _Words(self, depth, operation, names).writer

    def _register(self, register: int) -> Expression:
        if register == 10:
            self._need("r10")
        return Expression(f"r{register}", 64)

    def _call(self, depth: int, operation: Operation) -> None:
        words = operation.meaning.words
        result = f"r{operation.writes}"
        count = self._count + 1
        self._put(depth, f"m.steps = n + {count}; A.unit = {operation.unit}")
        if "packet" in words:
            assert isinstance(operation.meaning.value, ast.Call)
            writer = self._writer(depth, operation)
            offset, size = (writer.write(argument).text for argument in operation.meaning.value.args)
            self._put(depth, f"{result} = packet(m, r6, {offset}, {size})")
            self._put(depth, f"if {result} is None:")
            self._put(depth + 1, f"n += {count}; m.steps = n")
            self._leave(depth + 1, "0")
        elif "helper" in words:
            self._helper(depth, operation)
            self._put(depth, f"n = m.steps - {count}")
        else:
            where = str(operation.target) if "call" in words else f"m.function_at(r{operation.dst})"
            self._put(depth, f"{result} = invoke(m, A.program, {where}, (r1, r2, r3, r4, r5))")
            self._put(depth, f"n = m.steps - {count}")
        self._put(depth, "r1 = r2 = r3 = r4 = r5 = None")


class _Words:
    """Writes the words of a meaning that are more than arithmetic."""

    def __init__(self, to: Translation, depth: int, operation: Operation, names: dict[str, Expression]) -> None:
        self.to = to
        self.depth = depth
        self.operation = operation
        self.writer = Writer(names, self.word)

    def word(self, node: ast.Call) -> Expression:
        """The text of a call; lines it needs before are put in front."""
        assert isinstance(node.func, ast.Name)
        written: Expression = getattr(self, f"_{node.func.id}")(*node.args)
        return written

    def _load(self, address: ast.expr, size: ast.Constant) -> Expression:
        bytes_ = size.value
        assert isinstance(bytes_, int)
        start = self._in_stack(bytes_)
        if start is not None:
            self._check_written(start, bytes_)
            return Expression(f"{self.to._need(f'T{bytes_}')}[{start // bytes_}]", bytes_ * 8)
        self._address(address, bytes_)
        self.to._put(self.depth, f"v = load{bytes_}({self.to._need('L')}[a >> {SHIFT}], a & {WITHIN:#x})[0]")
        self.to._put(self.depth, f"if a < {FIRST_PLAIN:#x}: v = {self.to._need('loaded')}(a, {bytes_}, v)")
        return Expression("v", bytes_ * 8)

    def _store(self, address: ast.expr, size: ast.Constant, value: ast.expr) -> Expression:
        bytes_ = size.value
        assert isinstance(bytes_, int)
        text = truncated(self.writer.write(value, bytes_ * 8), bytes_ * 8).text
        start = self._in_stack(bytes_)
        if start is not None:
            self.to._put(self.depth, f"{self.to._need(f'T{bytes_}')}[{start // bytes_}] = {_bare(text)}")
            if not self.to._known.has_stack(start, bytes_):
                self.to._put(self.depth, f"{self.to._need('written')}[{start}:{start + bytes_}] = ones{bytes_}")
        else:
            self._address(address, bytes_)
            self._put_store(bytes_, text, _bare(self.writer.write(value).text))
        return number(0)

    def _atomic(self, address: ast.expr, size: ast.Constant, value: ast.expr) -> Expression:
        bytes_ = size.value
        assert isinstance(bytes_, int)
        self._address(address, bytes_, aligned=True)
        self.to._put(self.depth, f"v = load{bytes_}({self.to._need('L')}[a >> {SHIFT}], a & {WITHIN:#x})[0]")
        self.to._put(self.depth, f"if a < {FIRST_PLAIN:#x}: {self.to._need('changed')}(a, {bytes_})")
        self.writer.names["old"] = Expression("v", bytes_ * 8)
        self._put_store(bytes_, truncated(self.writer.write(value, bytes_ * 8), bytes_ * 8).text, "0")
        return Expression("v", bytes_ * 8)

    def _put_store(self, size: int, text: str, whole: str) -> None:
        self.to._put(self.depth, f"store{size}({self.to._need('S')}[a >> {SHIFT}], a & {WITHIN:#x}, {_bare(text)})")
        self.to._put(self.depth, f"if a < {FIRST_PLAIN:#x}: {self.to._need('stored')}(a, {size}, {whole})")

    def _in_stack(self, size: int) -> int | None:
        access = self.operation.meaning.access
        assert access is not None
        return self.to._known.stack_place(self.operation, access[0], size)

    def _check_written(self, start: int, size: int) -> None:
        if not self.to._known.has_stack(start, size):
            written = self.to._need("written")
            self.to._put(self.depth, f"if {written}[{start}:{start + size}] != ones{size}: raise Stop")

    def _address(self, node: ast.expr, size: int, *, aligned: bool = False) -> None:
        """Put the address of an access into ``a``."""
        if isinstance(node, ast.Call):  # aligned(a, n)
            node, aligned = node.args[0], True
        address = self.writer.write(node, 64)
        text = _bare(truncated(address, 64).text) if self.operation.offset < 0 else _bare(address.text)
        if self.operation.offset == 0:
            assert isinstance(node, ast.BinOp)
            text = self.writer.write(node.left).text
        self.to._put(self.depth, f"a = {text}")
        if (aligned or self.to.strict) and size > 1:
            self.to._put(self.depth, f"if a & {size - 1}: raise Stop")

    def _map_address(self, map: ast.expr) -> Expression:
        return Expression(self.to._need(f"M{self._map()}", f"m.memory.map_handle(A.program.maps[{self._map()}])"), 64)

    def _map_value(self, map: ast.expr) -> Expression:
        return Expression(self.to._need(f"V{self._map()}", f"m.map_value(A.program.maps[{self._map()}])"), 64)

    def _map(self) -> int:
        maps = self.to.program.maps
        return next(index for index, map in enumerate(maps) if map is self.operation.map)

    def _function(self, target: ast.expr) -> Expression:
        assert self.operation.target is not None
        return number((CODE << SHIFT) + self.operation.target * 8)

    def _used_up(self) -> Expression:
        return Expression("not A.may_go_on()", 1)

    def _missing(self, what: ast.expr) -> Expression:
        self.to._put(self.depth, "raise Stop")
        return number(0)


class _TooDeep(Exception):
    """A block stands too deep in others, and was made a root."""


def _bare(text: str) -> str:
    """A text without the parentheses around all of it."""
    if not text.startswith("("):
        return text
    depth = 0
    for position, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if not depth:
            return text[1:-1] if position == len(text) - 1 else text
    return text

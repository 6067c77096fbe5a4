"""Breakpoints of the debugger: places, conditions, and both."""

from __future__ import annotations

import ast

from ebpfasm.errors import OperandError, SymbolError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ebpfasm.vm.debugger import Debugger
    from ebpfasm.vm.linked import Linked

    Condition = Callable[[Debugger], object]

__all__ = ["Breakpoint", "condition"]

REGISTERS = {f"r{number}": number for number in range(11)}


class Breakpoint:
    """Where a run is to stop; made by `Debugger.stop_at` and `Debugger.stop_when`.

    ``hits`` is how often it has stopped one.
    """

    def __init__(self, place: int | str | None, when: Condition | None, linked: Linked | None) -> None:
        self.place = place
        self.when = when
        self.hits = 0
        self.held = False
        self._linked = linked
        self._units: dict[int, tuple[Linked, frozenset[int]]] = {}

    def stops(self, debugger: Debugger, linked: Linked, unit: int) -> bool:
        """Whether a run stops that stands before the instruction at a unit."""
        if self.place is None:
            before, self.held = self.held, self.holds(debugger)
            stops = self.held and not before
        else:
            stops = unit in self.units_in(linked) and self.holds(debugger)
        self.hits += stops
        return stops

    def holds(self, debugger: Debugger) -> bool:
        """Whether the condition holds, if there is one."""
        return self.when is None or bool(self.when(debugger))

    def units_in(self, linked: Linked) -> frozenset[int]:
        """The units of a program it stands at."""
        known = self._units.get(id(linked))
        if known is None:  # kept with the program, so that its id stays its own
            units = frozenset(self._find(linked)) if self._linked in (None, linked) else frozenset()
            known = self._units[id(linked)] = linked, units
        return known[1]

    def check_is_somewhere(self, first: Linked) -> None:
        """Refuse a place that is in no program that can be reached now; raises SymbolError."""
        if self._linked is not None:
            first = self._linked
        programs = [first] if self._linked is not None else list(_reachable(first))
        if any(self.units_in(each) for each in programs):
            return
        labels = sorted({label for each in programs for label in each.program.symbols()})
        if isinstance(self.place, int):
            reason = f"no instruction begins at unit {self.place}; there are units 0..{first.program.units - 1}"
        else:
            known = f"; labels are {', '.join(labels)}" if labels else ""
            reason = f"no program has {self.place!r}, as a label or a line that built an instruction{known}"
        raise SymbolError(f"breakpoint: {reason}", symbol=self.place)

    def _find(self, linked: Linked) -> Iterator[int]:
        starts = [operation.unit for operation in linked.operations if operation is not None]
        if isinstance(self.place, int):
            yield from (unit for unit in starts if unit == self.place)
            return
        assert self.place is not None
        unit = linked.program.symbols().get(self.place)
        if unit is not None:
            yield unit
            return
        before = False
        for start in starts:  # the first of those that a line built one after the other
            here = self._built_here(linked, start)
            if here and not before:
                yield start
            before = here

    def _built_here(self, linked: Linked, unit: int) -> bool:
        from ebpfasm.asm.origin import origin_of

        origin = origin_of(linked.at(unit).instruction)
        if origin is None:
            return False
        line = f"{origin.filename}:{origin.line}"
        return line == self.place or line.endswith(f"/{self.place}")

    def __repr__(self) -> str:
        place = "anywhere" if self.place is None else f"at {self.place!r}"
        return f"<Breakpoint {place}, {self.hits} hits>"


def _reachable(first: Linked) -> Iterator[Linked]:
    """A program, and those it can reach by tail calls now."""
    seen: list[Linked] = []
    waiting = [first]
    while waiting:
        linked = waiting.pop()
        if any(linked is each for each in seen):
            continue
        seen.append(linked)
        yield linked
        for map in linked.maps:
            if hasattr(map, "program_at"):
                programs = (map.program_at(index) for index in range(map.max_entries))
                waiting += [program.linked for program in programs if program is not None]


def condition(when: str | Condition | None) -> Condition | None:
    """A condition as a function of the debugger.

    Raises:
        OperandError: the text is no expression, or has other names in it than registers.
    """
    if not isinstance(when, str):
        return when
    try:
        tree = ast.parse(when.strip(), mode="eval")
    except SyntaxError as error:
        raise OperandError(f"condition {when!r}: {error.msg}", field="when", value=when) from None
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    for name in sorted(names - REGISTERS.keys()):
        raise OperandError(f"condition {when!r}: there is no register {name!r}, only r0..r10", field="when", value=when)
    code = compile(tree, "<condition>", "eval")

    def holds(debugger: Debugger) -> object:
        registers = debugger.registers
        values = {name: registers[REGISTERS[name]] for name in names}
        return None not in values.values() and eval(code, {"__builtins__": {}}, values)

    return holds

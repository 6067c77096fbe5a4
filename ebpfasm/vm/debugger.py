"""A debugger: a program is run step by step, up to breakpoints, and looked into while it stands."""

from __future__ import annotations

import time

from ebpfasm.asm.listing import listing
from ebpfasm.errors import ClosedError, OperandError
from ebpfasm.vm.breakpoints import Breakpoint, condition
from ebpfasm.vm.memory import WITHIN
from ebpfasm.vm.places import Place
from ebpfasm.vm.tracing import ready

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

    from ebpfasm.vm.machine import Activation
    from ebpfasm.vm.program import Program
    from ebpfasm.vm.running import Result
    from ebpfasm.vm.tracing import Entry, Runnable

__all__ = ["Debugger", "Registers"]

ALL = 0xFFFF_FFFF_FFFF_FFFF


class Registers:
    """The registers of the function that stands: ``registers[0]`` or ``registers.r0``; None where nothing was written.

    Numbers are unsigned. To assign one sets the register; a negative one is taken modulo 2⁶⁴.
    """

    __slots__ = ("_frame",)

    if TYPE_CHECKING:
        _frame: Activation

    def __init__(self, frame: Activation) -> None:
        object.__setattr__(self, "_frame", frame)

    def __getitem__(self, number: int) -> int | None:
        return self._frame.registers[_register(number)]

    def __setitem__(self, number: int, value: int) -> None:
        if _register(number) == 10:
            raise OperandError("R10 is read-only", field="register", value=number)
        if not -(1 << 63) <= value <= ALL:
            raise OperandError(f"r{int(number)} has 64 bits, too few for {value}", field="value", value=value)
        self._frame.registers[int(number)] = value & ALL

    def __getattr__(self, name: str) -> int | None:
        return self[_named(name)]

    def __setattr__(self, name: str, value: int) -> None:
        self[_named(name)] = value

    def __len__(self) -> int:
        return 11

    def __iter__(self) -> Iterator[int | None]:
        return iter(self._frame.registers)

    def __repr__(self) -> str:
        held = (f"r{number}={value:#x}" for number, value in enumerate(self) if value is not None)
        return f"<Registers {' '.join(held)}>"


class Debugger:
    """A run that goes on only when told to; it stands before the first instruction at the beginning.

    Where a step does what it must not, it raises the `VmError` and stands before that instruction: registers, memory
    and calls can still be looked at. What a helper calls, such as the function of ``bpf_loop``, runs within one step.

    Args:
        program: a program as for `ebpfasm.vm.run`, or a `Program` of the vm, which runs as by its ``test_run``.
        data: the packet.
        maps: as for `ebpfasm.vm.run`, of a program that is not loaded.
        options: as for `ebpfasm.vm.run`.
    """

    def __init__(
        self, program: Runnable, data: bytes = b"", *, maps: Mapping[Any, Any] | None = None, **options: Any
    ) -> None:
        self._linked, self._run, self._recorder = ready(program, data, maps=maps, **options)
        self.machine = self._run.machine
        self.breakpoints: list[Breakpoint] = []
        """Where `resume` stops; remove one from the list to pass it by."""
        self.result: Result | None = None
        """What the program left, once it is over."""
        self._started = time.perf_counter_ns()
        self._recorder.begin(self._linked, self._run.arguments)

    # Where it stands

    @property
    def place(self) -> Place | None:
        """What runs next; None when the program is over."""
        frames = self.machine.frames
        return Place(frames[-1].program, frames[-1].unit) if frames else None

    def where(self) -> tuple[Place, ...]:
        """The calls that led here, outermost first, and at the end the `place`."""
        return tuple(Place(frame.program, frame.unit) for frame in self.machine.frames)

    @property
    def steps(self) -> int:
        """How many instructions ran."""
        return self.machine.steps

    @property
    def registers(self) -> Registers:
        """The registers of the innermost function."""
        return self.registers_at(-1)

    def registers_at(self, depth: int) -> Registers:
        """The registers of one of the functions in `where`; 0 is the outermost, -1 the innermost."""
        self._check_running()
        try:
            return Registers(self.machine.frames[depth])
        except IndexError:
            message = f"there is no function {depth}: {len(self.machine.frames)} are running"
            raise OperandError(message, field="depth", value=depth) from None

    def read(self, address: int, size: int) -> bytes:
        """Bytes of memory, written or not.

        Raises:
            OperandError: they are not within one region.
        """
        region, start = self._region(address, size)
        return bytes(region[start : start + size])

    def write(self, address: int, data: bytes) -> None:
        """Write into memory, also where the program may not.

        Raises:
            OperandError: these bytes are not within one region.
        """
        region, start = self._region(address, len(data))
        region[start : start + len(data)] = data
        found = self.machine.memory.regions[address >> 28]
        if found is not None and found.written is not None:
            found.written[start : start + len(data)] = b"\1" * len(data)

    def name_of(self, address: int) -> str:
        """What an address is: ``stack at r10-8``, ``packet at 14``."""
        return self.machine.memory.name_of(address)

    def show(self, around: int = 5) -> str:
        """The listing around the place, which has an arrow, and the registers that hold something."""
        place = self.place
        if place is None:
            return f"the program is over: {self.result!r}"
        linked = self.machine.frames[-1].program
        stops = {unit: "●  " for each in self.breakpoints for unit in each.units_in(linked)}
        lines = listing(linked.program, _order(), margin=stops | {place.unit: "=> "} | {-1: "   "}).split("\n")
        at = next(number for number, line in enumerate(lines) if line.startswith("=> "))
        shown = lines[max(0, at - around) : at + around + 1]
        values = [
            f"   r{number} = {self.machine.memory.described(value)}"
            for number, value in enumerate(self.registers)
            if value is not None
        ]
        return "\n".join([*shown, *values])

    __str__ = show

    def __repr__(self) -> str:
        return f"<Debugger at {self.place}, {self.steps} steps>"

    # Going on

    def step(self) -> Entry:
        """Run one instruction, and say what it did.

        Raises:
            VmError: it does what it must not.
            ClosedError: the program is over.
        """
        self._check_running()
        entry = self._recorder.stepped()[0]
        if not self.machine.frames:
            assert self._recorder.result is not None
            self.result = self._run.result(self._recorder.result, self._started)
        return entry

    def over(self) -> Breakpoint | None:
        """Run one instruction, and where it calls a function of the program, all of that; or up to a breakpoint."""
        depth = len(self.machine.frames)
        return self._until(lambda: len(self.machine.frames) <= depth)

    def out(self) -> Breakpoint | None:
        """Run to the end of the function, or up to a breakpoint."""
        depth = len(self.machine.frames)
        return self._until(lambda: len(self.machine.frames) < depth)

    def resume(self) -> Breakpoint | None:
        """Run to the next breakpoint, which is returned, or to the end: None."""
        return self._until(lambda: False)

    def stop_at(
        self,
        place: int | str,
        *,
        when: str | Callable[[Debugger], object] | None = None,
        program: Program | None = None,
    ) -> Breakpoint:
        """Set a breakpoint: `resume` stops before the instruction.

        Args:
            place: a unit, a label, or a line that built instructions: ``"entry.py:12"`` (the end of the path is
                enough; it takes `ebpfasm.asm.remember_origins`).
            when: only when this holds: an expression of registers such as ``"r2 > 5 and r0 == 0"``, unsigned, which
                never holds while one of them has nothing in it; or a function that gets the debugger.
            program: which one of those in program arrays the place is in. Without it a unit is of the
                first program, a label or a line of any.

        Raises:
            SymbolError: no program has such a place.
        """
        linked = program.linked if program is not None else self._linked if isinstance(place, int) else None
        made = Breakpoint(place, condition(when), linked)
        made.check_is_somewhere(self._linked)
        self.breakpoints.append(made)
        return made

    def stop_when(self, when: str | Callable[[Debugger], object]) -> Breakpoint:
        """Set a breakpoint at no place: `resume` stops as soon as the condition holds, and did not before."""
        made = Breakpoint(None, condition(when), None)
        made.held = made.holds(self)
        self.breakpoints.append(made)
        return made

    def _until(self, reached: Callable[[], bool]) -> Breakpoint | None:
        self.step()
        while self.machine.frames:
            hit = self._hit()
            if hit is not None or reached():
                return hit
            self.step()
        return None

    def _hit(self) -> Breakpoint | None:
        frame = self.machine.frames[-1]
        hits = [each for each in self.breakpoints if each.stops(self, frame.program, frame.unit)]
        return hits[0] if hits else None

    def _check_running(self) -> None:
        if not self.machine.frames:
            raise ClosedError("the program is over; result says what it left")

    def _region(self, address: int, size: int) -> tuple[bytearray, int]:
        memory = self.machine.memory
        number = address >> 28
        region = memory.regions[number] if 0 <= number < len(memory.regions) else None
        start = address & WITHIN
        if region is None or start + size > len(region.data):
            message = f"there are no {size} bytes at {memory.name_of(address)}"
            raise OperandError(message, field="address", value=address)
        return region.data, start


def _register(number: int) -> int:
    if not 0 <= number <= 10:
        raise OperandError(f"register must be 0..10, not {number}", field="register", value=number, low=0, high=10)
    return int(number)


def _named(name: str) -> int:
    if name[:1] == "r" and name[1:].isdecimal() and int(name[1:]) <= 10:
        return int(name[1:])
    raise AttributeError(f"registers are r0 to r10, not {name}")


def _order() -> str:
    import sys

    return sys.byteorder

"""A trace of a run: each instruction with the registers it changed and the memory it wrote."""

from __future__ import annotations

import time
from typing import NamedTuple

from ebpfasm.asm.listing import note_of
from ebpfasm.vm.interpreter import Interpreter
from ebpfasm.vm.linked import Linked
from ebpfasm.vm.memory import CONTEXT, PACKET, SHIFT, WITHIN, Memory
from ebpfasm.vm.places import Place
from ebpfasm.vm.program import Program
from ebpfasm.vm.running import Run, as_program

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

    from ebpfasm.asm.instruction import Instruction
    from ebpfasm.asm.program import Instructions
    from ebpfasm.vm.linked import Operation
    from ebpfasm.vm.machine import Activation, Machine
    from ebpfasm.vm.memory import Region
    from ebpfasm.vm.running import Result

    Runnable = Program | Instructions | Iterable[Instruction] | bytes

__all__ = ["Entry", "MemoryWrite", "Recorder", "Trace", "WatchedMemory", "ready", "trace"]

SHOWN = 32
"""How many bytes of a write are shown to people."""


class MemoryWrite(NamedTuple):
    """Bytes that an instruction, or the helper it called, wrote.

    ``name`` is what the address is, such as ``stack at r10-8``; ``before`` None where nothing was written before.
    """

    address: int
    name: str
    before: bytes | None
    after: bytes

    def __str__(self) -> str:
        was = "" if self.before is None or self.before == self.after else f" (was {_digits(self.before)})"
        return f"{self.name} = {_digits(self.after)}{was}"


class Entry:
    """An instruction that ran.

    ``place`` says which; ``steps`` is its number in the run, from 1; ``depth`` how many functions wait for the one it
    is in; ``changed`` has for each register it wrote, by number, what it held before (None: nothing) and
    holds now; ``writes`` are the `MemoryWrite` s. That R1 to R5 hold nothing after a call is not among the changes.
    """

    __slots__ = ("changed", "depth", "place", "steps", "values", "writes")

    def __init__(
        self,
        place: Place,
        steps: int,
        depth: int,
        changed: dict[int, tuple[int | None, int]],
        writes: tuple[MemoryWrite, ...],
        values: dict[int, str],
    ) -> None:
        self.place = place
        self.steps = steps
        self.depth = depth
        self.changed = changed
        self.writes = writes
        self.values = values

    @property
    def unit(self) -> int:
        """The instruction's unit."""
        return self.place.unit

    @property
    def instruction(self) -> Instruction:
        """The instruction."""
        return self.place.instruction

    def __str__(self) -> str:
        note = note_of(self.instruction)
        text = "  " * self.depth + str(self.instruction) + (f"  ; {note}" if note else "")
        effects = [f"r{register} = {value}" for register, value in self.values.items()] + [*map(str, self.writes)]
        return f"{self.steps:7} {self.unit:5}: {text:38}  {', '.join(effects)}".rstrip()

    def __repr__(self) -> str:
        return f"<Entry {' '.join(str(self).split())}>"

    def as_dict(self) -> dict[str, Any]:
        """The entry as what JSON can say; bytes in hexadecimal."""
        writes = [
            {
                "address": write.address,
                "name": write.name,
                "before": None if write.before is None else write.before.hex(),
                "after": write.after.hex(),
            }
            for write in self.writes
        ]
        return {
            "step": self.steps,
            "program": self.place.program,
            "function": self.place.function,
            "depth": self.depth,
            "unit": self.unit,
            "text": str(self.instruction),
            "registers": {f"r{register}": after for register, (_, after) in self.changed.items()},
            "writes": writes,
        }


class Trace:
    """The run of a program, one `Entry` at a time; ``result`` is what it left, once it is over."""

    def __init__(
        self, program: Runnable, data: bytes = b"", *, maps: Mapping[Any, Any] | None = None, **options: Any
    ) -> None:
        linked, self._run, self._recorder = ready(program, data, maps=maps, **options)
        self._started = time.perf_counter_ns()
        self._recorder.begin(linked, self._run.arguments)
        self._waiting: list[Entry] = []
        self.result: Result | None = None

    def __iter__(self) -> Iterator[Entry]:
        return self

    def __next__(self) -> Entry:
        if not self._waiting:
            if self.result is not None:
                raise StopIteration
            self._waiting = self._recorder.stepped()[::-1]
            if self._recorder.result is not None and not self._recorder.frames:
                self.result = self._run.result(self._recorder.result, self._started)
        return self._waiting.pop()

    def lines(self) -> Iterator[str]:
        """The rest of the run as lines of text, with a heading wherever another function or program goes on."""
        before: tuple[str, str] | None = None
        for entry in self:
            here = entry.place.function, entry.place.program
            if here != before:
                yield f"in {here[0]}" + (f" of program {here[1]!r}" if here[1] else "")
                before = here
            yield str(entry)


def trace(program: Runnable, data: bytes = b"", *, maps: Mapping[Any, Any] | None = None, **options: Any) -> Trace:
    """Run a program, and say of each instruction what it did: ``for entry in trace(program, packet): print(entry)``.

    The trace goes on with what functions and tail calls lead to. What runs within a helper, such as the
    function that ``bpf_loop`` calls, comes after the call of the helper. As the run goes on while one asks for entries,
    an endless program can be looked at, too.

    Args:
        program: a program as for `ebpfasm.vm.run`, or a `Program` of the vm, which runs as by its ``test_run``.
        data: the packet.
        maps: as for `ebpfasm.vm.run`, of a program that is not loaded.
        options: as for `ebpfasm.vm.run`.

    Raises:
        VmError: from the iterator, where the program did what it must not.
    """
    return Trace(program, data, maps=maps, **options)


def ready(
    program: Runnable,
    data: bytes,
    *,
    maps: Mapping[Any, Any] | None = None,
    strict_alignment: bool = False,
    **options: Any,
) -> tuple[Linked, Run, Recorder]:
    """A program, what it starts with, and an interpreter that records what it does."""
    memory = WatchedMemory(strict=strict_alignment)
    linked, run = prepared(program, data, maps=maps, memory=memory, **options)
    return linked, run, Recorder(run.machine, memory)


def prepared(
    program: Runnable, data: bytes, *, maps: Mapping[Any, Any] | None = None, **options: Any
) -> tuple[Linked, Run]:
    """A program and what it starts with: of one that is loaded with the context of its type."""
    if not isinstance(program, Program):
        return Linked(as_program(program), maps), Run(data, **options)
    from ebpfasm.vm.context import context_for

    run = Run(bytes(data), **options | {"ctx": context_for(program.type, options.get("ctx"))})
    run.machine.program_type = program.type
    return program.linked, run


class WatchedMemory(Memory):
    """Memory that keeps account of what is written; ``writes`` are those since it was emptied."""

    __slots__ = ("writes",)

    def __init__(self, *, strict: bool = False) -> None:
        super().__init__(strict=strict)
        self.writes: list[MemoryWrite] = []

    def put(self, address: int, data: bytes) -> None:
        """Put bytes at an address."""
        before = self._before(self._region(address), address & WITHIN, len(data))
        super().put(address, data)
        if data:
            self.writes.append(MemoryWrite(address, self.name_of(address), before, bytes(data)))

    @staticmethod
    def _before(region: Region | None, start: int, size: int) -> bytes | None:
        if region is None or (region.written is not None and 0 in region.written[start : start + size]):
            return None
        return bytes(region.data[start : start + size])

    def shared(self) -> dict[int, bytes]:
        """What helpers change without a write: the packet and the context, by their regions."""
        found = {}
        for number in (CONTEXT, PACKET):
            region = self.regions[number]
            if region is not None:
                found[number] = bytes(region.data)
        return found

    def compare(self, earlier: dict[int, bytes]) -> None:
        """Take to account what of that has changed, if no write says so already."""
        written = {write.address >> SHIFT for write in self.writes}
        now = self.shared()
        for number in now.keys() - written:
            before, after = earlier.get(number, b""), now[number]
            if before == after:
                continue
            start = end = 0
            if len(before) == len(after):
                while before[start] == after[start]:
                    start += 1
                while before[-1 - end] == after[-1 - end]:
                    end += 1
            address = (number << SHIFT) + start
            changed = before[start : len(before) - end], after[start : len(after) - end]
            self.writes.append(MemoryWrite(address, self.name_of(address), *changed))


class Recorder(Interpreter):
    """An interpreter that writes down what each instruction did."""

    def __init__(self, machine: Machine, memory: WatchedMemory) -> None:
        super().__init__(machine)
        self.memory = memory
        self._entries: list[Entry] = []

    def stepped(self) -> list[Entry]:
        """Run one instruction; it, and those that ran within the helper it called."""
        self._entries = []
        self.step()
        return self._entries

    def step(self) -> None:
        """Run one instruction."""
        frame = self.frames[-1]
        operation = frame.program.at(frame.unit)
        steps, depth, at = self.machine.steps + 1, len(self.frames), len(self._entries)
        registers = list(frame.registers)
        shared = self.memory.shared() if "helper" in operation.meaning.words else None
        outer, self.memory.writes = self.memory.writes, []
        try:
            super().step()
            if shared is not None:
                self.memory.compare(shared)
        finally:
            writes, self.memory.writes = self.memory.writes, outer
        changed = self._changed(frame, operation, registers, depth)
        values = {register: self.memory.described(after) for register, (_, after) in changed.items()}
        place = Place(frame.program, operation.unit)
        self._entries.insert(at, Entry(place, steps, depth - 1, changed, tuple(writes), values))

    def _changed(
        self, frame: Activation, operation: Operation, before: list[int | None], depth: int
    ) -> dict[int, tuple[int | None, int]]:
        """The registers an instruction wrote, with what they held before and hold now."""
        now = self.frames[-1] if self.frames else None
        if now is not frame:  # a function or a program was entered, or left
            returned = now is not None and len(self.frames) < depth and not frame.callback
            result = now.registers[0] if now is not None and returned else None
            return {} if result is None else {0: (None, result)}
        return {
            register: (before[register], after)
            for register, after in enumerate(frame.registers[:10])
            if after is not None and (after != before[register] or register == operation.writes)
        }


def _digits(data: bytes) -> str:
    return data.hex() if len(data) <= SHOWN else f"{data[:SHOWN].hex()}… ({len(data)} bytes)"

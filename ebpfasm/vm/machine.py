"""What one run has besides registers: memory, packet and context, helpers, clocks, and what was printed."""

from __future__ import annotations

import time

from ebpfasm.errors import VmError
from ebpfasm.vm.memory import CODE, CONTEXT, FRAMES, PACKET, SHIFT, STACK_SIZE, Fault, Memory, Region

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random
    from typing import Any, Protocol

    from ebpfasm.vm.tunnel import Tunnel

    class Context(Protocol):
        """What a program of some type finds in R1."""

        def enter(self, machine: Machine, data: bytes) -> int:
            """Put packet and context into the memory of a run; returns R1."""

        def leave(self, machine: Machine) -> tuple[bytes, bytes]:
            """The packet and the context as the program left them."""

    from ebpfasm.vm.linked import Linked, Routine

    Helper = Callable[..., int]

__all__ = ["Activation", "Machine", "TailCall"]

MAX_TAIL_CALLS = 33
"""MAX_TAIL_CALL_CNT in include/linux/bpf.h."""
MAX_STACK_BEFORE_TAIL_CALL = 256
"""What the callers of a function with tail calls may have used (kernel/bpf/verifier.c, check_max_stack_depth)."""
MAX_LOOPS = 8 * 1024 * 1024
"""How often may_goto goes on: BPF_MAX_LOOPS in include/linux/bpf.h."""
ARRAY = 2
"""BPF_MAP_TYPE_ARRAY, the one map whose value has an address of its own."""
ALL = 0xFFFF_FFFF_FFFF_FFFF
STACK_STEP = 16
"""What a frame's size is rounded up to (kernel/bpf/verifier.c, round_up_stack_depth, of programs that are compiled)."""


class TailCall(Exception):
    """A tail call that succeeded: the function that made it is over, and the program goes on in its place."""

    def __init__(self, program: Any, context: int) -> None:
        super().__init__(program)
        self.program = program
        self.context = context


class Activation:
    """A function that is running: its stack frame, and where in it the program is."""

    __slots__ = ("callback", "loops_left", "program", "registers", "routine", "stack", "tail_called", "unit")

    def __init__(self, program: Linked, routine: Routine, stack: Region) -> None:
        self.program = program
        self.routine = routine
        self.stack = stack
        self.unit = routine.start
        self.registers: list[int | None] = [None] * 11
        self.loops_left = MAX_LOOPS
        self.callback = False
        """Whether a helper called it, and waits for its result."""
        self.tail_called = False
        """Whether a tail call led here."""

    @property
    def frame_pointer(self) -> int:
        """R10: the address of the end of its stack frame."""
        return (self.stack.number << SHIFT) + STACK_SIZE

    @property
    def name(self) -> str:
        """What it is, for people: the function, and the program if that has a name."""
        program = f" of program {self.program.name!r}" if self.program.name else ""
        return f"{self.routine.name}{program}{', reached by a tail call' if self.tail_called else ''}"

    def may_go_on(self) -> bool:
        """Count one more may_goto; False once there were `MAX_LOOPS`."""
        if not self.loops_left:
            return False
        self.loops_left -= 1
        return True


class Machine:
    """One run of a program.

    Args:
        helpers: the helper functions by number: each is called with the machine and as many of R1 to R5 as it has
            parameters, unsigned, and returns R0 (any int; its low 64 bits count). It raises `Fault` for what the
            verifier would refuse.
        limit: the most instructions that may run.
        seed: of what ``bpf_get_prandom_u32`` returns.
        clock: nanoseconds since boot; by default the real ones.
        cpu: the number of the processor it runs on.
        strict: whether all memory accesses must be aligned.
    """

    __slots__ = (
        "_random", "_seed", "clock", "context", "cpu", "engine", "frames", "helpers", "limit", "memory", "packet",
        "printed", "program_type", "redirect", "state", "steps", "tail_calls", "tunnel",
    )  # fmt: skip

    def __init__(
        self,
        helpers: dict[int, Helper],
        *,
        limit: int,
        seed: int = 0,
        clock: Callable[[], int] = time.monotonic_ns,
        cpu: int = 0,
        memory: Memory | None = None,
    ) -> None:
        self.memory = Memory() if memory is None else memory
        self.helpers = helpers
        self.limit = limit
        self.clock = clock
        self.cpu = cpu
        self.steps = 0
        self.tail_calls = 0
        self.packet: bytearray | None = None
        self.context: Context | None = None
        self.program_type: int | None = None
        self.printed: list[str] = []
        self.redirect: tuple[int, int] | None = None
        """Interface and flags of the last ``bpf_redirect``."""
        self.tunnel: Tunnel | None = None
        """What the last ``bpf_skb_set_tunnel_key`` set."""
        self.state: dict[str, Any] = {}
        """Where helpers keep what must last for the run, under their own names."""
        self._seed = seed
        self._random: Random | None = None
        self.frames: list[Activation] = []
        """The functions that are running, the innermost last."""
        self.engine: Any = None

    @property
    def random(self) -> Random:
        """The source of random numbers of this run."""
        if self._random is None:
            from random import Random

            self._random = Random(self._seed)
        return self._random

    def set_packet(self, data: bytearray) -> int:
        """Make ``data`` the packet; returns its address. It may be changed in place, also in its length."""
        self.packet = data
        return self.memory.place(PACKET, "packet", data)

    def set_context(self, data: bytearray, *, writable: bool = True) -> int:
        """Put the context's bytes into memory; returns their address.

        What the context keeps in ``state["context"]`` is asked before each access to them, and told of each store.
        """
        address = self.memory.place(CONTEXT, "context", data, writable=writable)
        region = self.memory.regions[CONTEXT]
        if region is not None:
            region.check = getattr(self.state.get("context"), "check", None)
            region.loaded = getattr(self.state.get("context"), "loaded", None)
            region.wrote = getattr(self.state.get("context"), "wrote", None)
        return address

    def again(self) -> None:
        """Stand before the first instruction once more, with packet, context and memory as they are."""
        self.frames.clear()
        self.steps = self.tail_calls = 0
        self.redirect = None

    # Functions

    def enter(self, program: Linked, start: int) -> Activation:
        """Begin a function of a program: at the top, or called by the innermost one that is running."""
        routine = program.routines[start]
        if self.frames:
            self._check_stack(routine)
        activation = Activation(program, routine, self.memory.frame(len(self.frames)))
        self.frames.append(activation)
        return activation

    def _check_stack(self, routine: Routine) -> None:
        if len(self.frames) == FRAMES:
            raise Fault(f"is a call within {FRAMES} others, which is as deep as they go")
        used = 0
        for frame in self.frames:  # what a tail call left for is a program of its own, with all of the stack
            used = _rounded(frame.routine.depth) + (0 if frame.tail_called else used)
        if routine.tail_calls and used >= MAX_STACK_BEFORE_TAIL_CALL:
            raise Fault(
                f"calls {routine.name}, which makes tail calls, with {used} bytes of stack in use; "
                f"then it must be less than {MAX_STACK_BEFORE_TAIL_CALL}"
            )
        if used + _rounded(routine.depth) > STACK_SIZE:
            raise Fault(
                f"calls {routine.name}, and together they use {used + _rounded(routine.depth)} bytes of stack; "
                f"there are {STACK_SIZE}"
            )

    def replace(self, program: Linked) -> Activation:
        """Begin a program in place of the innermost function that is running: a tail call."""
        left = self.frames.pop()
        activation = Activation(program, program.routines[0], self.memory.frame(len(self.frames)))
        activation.callback = left.callback
        activation.tail_called = True
        self.frames.append(activation)
        return activation

    def address_of_function(self, start: int) -> int:
        """The address of a function of the program that is running."""
        return CODE << SHIFT | start * 8

    def function_at(self, address: int) -> int:
        """The unit at which the function of an address begins."""
        start, rest = divmod(address - (CODE << SHIFT), 8)
        if rest or start not in self.frames[-1].program.routines:
            raise Fault(f"calls {address:#x}, where no function of the program begins", address)
        return start

    def map_value(self, map: Any) -> int:
        """The address of the value of an array's first entry."""
        cell = map.lookup(bytes(map.key_size)) if map.type == ARRAY and map.max_entries == 1 else None
        if cell is None:  # array_map_direct_value_addr() in kernel/bpf/arraymap.c
            raise Fault(f"takes the value of map {map.name!r}, which is no array of one entry")
        return self.memory.address_of(
            cell, f"value of map {map.name!r}", writable=map.program_writes, readable=map.program_reads
        )

    def call(self, address: int, *arguments: int) -> int:
        """Call a function of the program by its address, as helpers with callbacks do; returns its R0."""
        result = self.engine.callback(self.function_at(address), arguments)
        return int(result)

    def helper(self, number: int) -> Helper:
        """The helper function of a number; raises `Fault` if there is none, or none for programs of this type."""
        from ebpfasm.vm.helpers import HELPERS, missing, not_for

        helper = self.helpers.get(number)
        if helper is None:
            raise Fault(missing(number))
        if self.program_type is not None and HELPERS.get(number) is helper:
            reason = not_for(number, self.program_type)
            if reason is not None:
                raise Fault(reason)
        return helper

    def has_helper(self, number: int) -> bool:
        """Whether `helper` has one to give."""
        try:
            self.helper(number)
        except Fault:
            return False
        return True

    def legacy_load(self, r6: int | None, offset: int, size: int) -> int | None:
        """What LD_ABS and LD_IND load; None where there is no such part of the packet.

        Of a program with a context, R6 must hold that (kernel/bpf/verifier.c, check_ld_abs).
        """
        from ebpfasm.vm.context import packet_load

        if self.context is not None and r6 != CONTEXT << SHIFT:
            raise Fault("reads the packet without the context in r6")
        return packet_load(self, offset, size)

    def check_released(self) -> None:
        """Refuse to end the program, or leave it for another, while it holds what it must give back."""
        from ebpfasm.vm.helpers.ring_buffers import unreleased

        reason = unreleased(self)
        if reason is not None:
            raise Fault(reason)

    def call_helper(self, number: int, registers: list[int | None]) -> int:
        """Call a helper function with as many of R1 to R5 as it takes."""
        helper = self.helper(number)
        arguments = registers[: takes(helper)]
        if None in arguments[: needs(helper)]:
            raise Fault(f"calls a helper that takes r{arguments.index(None) + 1}, which nothing was written to")
        return helper(self, *arguments) & ALL

    def tail_call(self, context: int, map: Any, index: int) -> None:
        """Leave for the program in a slot of a program array; returns where the kernel's tail call misses.

        Only one that finds a program counts towards the limit, as in what the kernel's x86 compiler makes of it
        (arch/x86/net/bpf_jit_comp.c, emit_bpf_tail_call_direct).
        """
        if index >= map.max_entries or self.tail_calls >= MAX_TAIL_CALLS:
            return
        program = map.program_at(index)
        if program is not None:
            self.tail_calls += 1
            if self.state:
                self.check_released()
            raise TailCall(program, context)

    def explained(self, fault: Fault) -> VmError:
        """The error for a fault of the instruction that is running."""
        frame = self.frames[-1]
        operation = frame.program.at(frame.unit)
        instruction = operation.instruction
        lines = [f"unit {frame.unit}, {instruction}: {fault.reason}"]
        for register in operation.reads:
            value = frame.registers[register]
            if value is not None:
                lines.append(f"    r{register} = {self.memory.described(value)}")
        origin = frame.program.origin_of(frame.unit)
        if origin is not None:
            lines.append(f"    built at {origin}")
        if len(self.frames) > 1 or frame.tail_called:
            lines.append(f"    in {frame.name}")
        for caller in reversed(self.frames[:-1]):
            lines.append(f"    called at unit {caller.unit} of {caller.name}")
        return VmError(
            "\n".join(lines),
            reason=fault.reason,
            instruction=instruction,
            unit=frame.unit,
            registers=tuple(frame.registers),
            address=fault.address,
            region=fault.region,
            calls=tuple(caller.unit for caller in self.frames[:-1]),
            origin=origin,
            steps=self.steps,
        )

    def fault(self, reason: str, address: int | None = None) -> Fault:
        """A fault for helpers to raise."""
        return Fault(reason, address)


_parameters: dict[Any, int] = {}


def takes(helper: Helper) -> int:
    """How many of R1 to R5 a helper function takes."""
    found = _parameters.get(helper)
    if found is None:
        found = getattr(helper, "takes", None)
        if found is None:
            from inspect import signature

            found = len(signature(helper).parameters) - 1
        _parameters[helper] = found
    return found


def needs(helper: Helper) -> int:
    """How many of them must have been written: the function's parameters without a default."""
    found: int | None = getattr(helper, "needs", None)
    if found is not None:
        return found
    from inspect import signature

    return sum(each.default is each.empty for each in signature(helper).parameters.values()) - 1


def _rounded(depth: int) -> int:
    return -(-depth // STACK_STEP) * STACK_STEP

"""Running a program in the vm: what goes in, and what comes out."""

from __future__ import annotations

import time

from ebpfasm.asm.program import Instructions
from ebpfasm.errors import OperandError
from ebpfasm.vm.linked import Linked
from ebpfasm.vm.machine import Machine
from ebpfasm.vm.memory import Memory

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    from ebpfasm.asm.instruction import Instruction
    from ebpfasm.asm.jump import Helper as HelperWord
    from ebpfasm.vm.machine import Context, Helper

    Helpers = Mapping[int | HelperWord, Helper]

__all__ = ["LIMIT", "Result", "Run", "interpret", "run"]

BYTES = (bytes, bytearray, memoryview)
LIMIT = 10_000_000
"""How many instructions a run may have unless it is told otherwise; some seconds."""


class Result:
    """What a run left.

    ``retval`` is the program's return value as the kernel's ``test_run`` gives it (32 bits, unsigned), ``r0`` all 64
    bits of it, ``data`` the packet and ``ctx`` the context as the program left them, ``steps`` how many instructions
    ran, ``printed`` the lines of ``bpf_trace_printk``, ``redirect`` interface and flags of the last
    ``bpf_redirect`` or None, ``tunnel`` the `Tunnel` that ``bpf_skb_set_tunnel_key`` chose or None, ``duration_ns``
    how long it took.
    """

    __slots__ = ("ctx", "data", "duration_ns", "printed", "r0", "redirect", "steps", "tunnel")

    def __init__(self, machine: Machine, r0: int, data: bytes, ctx: bytes, duration_ns: int) -> None:
        self.r0 = r0
        self.data = data
        self.ctx = ctx
        self.duration_ns = duration_ns
        self.steps = machine.steps
        self.printed = tuple(machine.printed)
        self.redirect = machine.redirect
        self.tunnel = machine.tunnel

    @property
    def retval(self) -> int:
        """The low 32 bits of ``r0``."""
        return self.r0 & 0xFFFFFFFF

    def __repr__(self) -> str:
        return f"<Result retval {self.retval}, {len(self.data)} bytes of data, {self.steps} steps>"


class Run:
    """A program about to run: a machine with packet, context and helpers, and what R1 and R2 begin with."""

    def __init__(
        self,
        data: bytes = b"",
        *,
        ctx: Context | bytes | None = None,
        helpers: Helpers | None = None,
        limit: int = LIMIT,
        seed: int = 0,
        clock: Callable[[], int] = time.monotonic_ns,
        cpu: int = 0,
        strict_alignment: bool = False,
        memory: Memory | None = None,
    ) -> None:
        if not isinstance(data, BYTES):
            raise OperandError(f"vm: data must be bytes, not {data!r}", field="data", value=data)
        if not (ctx is None or isinstance(ctx, BYTES) or callable(getattr(ctx, "enter", None))):
            raise OperandError(
                f"vm: ctx must be a SkBuff, an XdpMd, bytes or None, not {ctx!r}", field="ctx", value=ctx
            )
        if isinstance(limit, bool) or not isinstance(limit, int) or limit < 0:
            raise OperandError(f"vm: limit must be a number of instructions, not {limit!r}", field="limit", value=limit)
        data = bytes(data)  # of a memoryview of larger items the length is another
        self.machine = Machine(
            helpers_with(helpers),
            limit=limit,
            seed=seed,
            clock=clock,
            cpu=cpu,
            memory=Memory(strict=strict_alignment) if memory is None else memory,
        )
        self._raw: bytearray | None = None
        if ctx is None:
            self.arguments: tuple[int, ...] = (self.machine.set_packet(bytearray(data)), len(data))
        elif isinstance(ctx, (bytes, bytearray, memoryview)):
            self.machine.set_packet(bytearray(data))
            self._raw = bytearray(ctx)
            self.arguments = (self.machine.set_context(self._raw),)
        else:
            self.machine.context = ctx
            self.arguments = (ctx.enter(self.machine, data),)

    def result(self, r0: int, started_ns: int) -> Result:
        """What the program left, now that it is over."""
        taken = time.perf_counter_ns() - started_ns
        machine = self.machine
        if machine.context is not None:
            data, ctx = machine.context.leave(machine)
        else:
            data, ctx = bytes(machine.packet or b""), bytes(self._raw or b"")
        return Result(machine, r0, data, ctx, taken)


def run(
    instructions: Instructions | Iterable[Instruction] | bytes,
    data: bytes = b"",
    *,
    maps: Mapping[Any, Any] | None = None,
    **options: Any,
) -> Result:
    """Run a program in the vm.

    Args:
        instructions: the program, or its bytes in the machine's byte order.
        data: the packet.
        maps: a map of the vm for each one the program refers to by name, by descriptor or as an object. Maps of the vm
            that it refers to as objects need no entry.
        ctx: what R1 points to: a `SkBuff` or `XdpMd`, which see ``data`` as their packet; bytes, which the program
            may read and write; or None: then R1 points to ``data`` itself and R2 is its length, as in bpf_conformance.
        helpers: functions for helpers, by number or word (``{asm.FnRedirect: f}``), besides or instead of the vm's.
            Each is called with the machine and the registers it has parameters for.
        limit: the most instructions that may run.
        seed: of what ``bpf_get_prandom_u32`` returns.
        clock: what ``bpf_ktime_get_ns`` calls.
        cpu: the processor it runs on, which chooses among per-CPU values.
        strict_alignment: refuse every access that is not aligned; without it the stack, the context and atomics are so
            already.

    Raises:
        VmError: the program did what the verifier would have refused, or ran past ``limit``.
        SymbolError: there is no map for a reference.
        OperandError: the program is empty, or a jump leads out of it.
    """
    from ebpfasm.vm.translated import execute

    linked = Linked(as_program(instructions), maps)
    ready = Run(data, **options)
    started = time.perf_counter_ns()
    return ready.result(execute(ready.machine, linked, ready.arguments), started)


def interpret(
    instructions: Instructions | Iterable[Instruction] | bytes,
    data: bytes = b"",
    *,
    maps: Mapping[Any, Any] | None = None,
    **options: Any,
) -> Result:
    """As `run`, but by the plain interpreter, which takes each instruction by itself: slower, and the reference."""
    from ebpfasm.vm.interpreter import Interpreter

    linked = Linked(as_program(instructions), maps)
    ready = Run(data, **options)
    started = time.perf_counter_ns()
    interpreter = Interpreter(ready.machine)
    interpreter.begin(linked, ready.arguments)
    return ready.result(interpreter.run(), started)


def as_program(instructions: Instructions | Iterable[Instruction] | bytes) -> Instructions:
    """A program, from what may be given for one."""
    if isinstance(instructions, Instructions):
        return instructions
    if isinstance(instructions, (bytes, bytearray, memoryview)):
        return Instructions.decode(instructions)
    return Instructions(instructions)


def helpers_with(more: Helpers | None) -> dict[int, Helper]:
    """The vm's helper functions by number, and those of a user."""
    from ebpfasm.vm.helpers import HELPERS

    if not more:
        return HELPERS
    from ebpfasm.vm.user_helpers import numbered

    return HELPERS | numbered(more)

"""Programs of the vm: with the names and methods of those in the kernel."""

from __future__ import annotations

import time
from itertools import count

from ebpfasm.errors import ClosedError, OperandError
from ebpfasm.vm.linked import Linked
from ebpfasm.vm.running import BYTES, Run, as_program

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from types import TracebackType
    from typing import Any, Self

    from ebpfasm.asm.instruction import Instruction
    from ebpfasm.asm.program import Instructions
    from ebpfasm.vm.context import SkBuff, XdpMd
    from ebpfasm.vm.running import Result

__all__ = ["Program"]

_ids = count(1)


class Program:
    """A program in the vm; made by `load`. It is translated once, and may run any number of times.

    It has the names of `ebpfasm.Program`, so that what is written for one runs with the other.
    """

    def __init__(self, type: int, linked: Linked, name: str, expected_attach_type: int) -> None:
        self.type = type
        self.linked = linked
        self.name = name
        self.expected_attach_type = expected_attach_type
        self.id = next(_ids)
        self.closed = False

    @classmethod
    def load(
        cls,
        type: int,
        instructions: Instructions | Iterable[Instruction] | bytes,
        *,
        license: str = "GPL",
        name: str = "",
        expected_attach_type: int = 0,
        maps: Mapping[Any, Any] | None = None,
    ) -> Program:
        """Make a program ready to run.

        The vm has no verifier: what a program must not do shows when it does it.

        Args:
            type: a `ProgramType`; it says what context `test_run` gives the program.
            instructions: the program, or its bytes in the machine's byte order.
            license: as in the kernel, and of no consequence here.
            name: for people.
            expected_attach_type: programs that share a program array must agree in it.
            maps: as for `ebpfasm.vm.run`.

        Raises:
            SymbolError: there is no map for a reference.
            OperandError: the program is empty, or a jump leads out of it.
            VmError: an instruction is none, changes R10, or the last one of a function does not end it.
        """
        return cls(int(type), Linked(as_program(instructions), maps, name), name, expected_attach_type)

    @property
    def instructions(self) -> Instructions:
        """The program as it was given."""
        return self.linked.program

    def test_run(
        self, data: bytes = b"", *, ctx: bytes | SkBuff | XdpMd | None = None, repeat: int = 1, **options: Any
    ) -> Result:
        """Run the program on a packet, with the context of its type, as the kernel's BPF_PROG_TEST_RUN does.

        Args:
            data: a packet from its Ethernet header on.
            ctx: the context to run with: the kernel's bytes for it, or a `SkBuff` or `XdpMd`.
            repeat: how many times, each time with the packet and context that the time before left; ``retval`` is the
                last one's, ``duration_ns`` the mean.
            options: as for `ebpfasm.vm.run`, such as ``helpers``, ``limit``, ``seed``.

        Raises:
            VmError: the program did what the verifier would have refused, or ran too long.
            NotSupported: the vm has no context for programs of this type.
            KernelError: the kernel would refuse the data or the context.
            ClosedError: the program is closed.
        """
        from ebpfasm.vm.context import SkBuff, XdpMd, context_for
        from ebpfasm.vm.translated import execute

        if self.closed:
            raise ClosedError(f"program {self.name!r} is closed")
        if repeat < 1:
            raise OperandError(
                f"Program.test_run: repeat must be at least 1, not {repeat}", field="repeat", value=repeat
            )
        if not (ctx is None or isinstance(ctx, (*BYTES, SkBuff, XdpMd))):
            raise OperandError(
                f"Program.test_run: ctx must be bytes, a SkBuff or an XdpMd, not {ctx!r}", field="ctx", value=ctx
            )
        if not isinstance(data, BYTES):
            raise OperandError(f"Program.test_run: data must be bytes, not {data!r}", field="data", value=data)
        ready = Run(bytes(data), ctx=context_for(self.type, ctx), **options)
        ready.machine.program_type = self.type
        started = time.perf_counter_ns()
        for _ in range(repeat):
            ready.machine.again()
            r0 = execute(ready.machine, self.linked, ready.arguments)
        result = ready.result(r0, started)
        result.duration_ns //= repeat
        return result

    def fileno(self) -> int:
        """A program of the vm has no descriptor; raises OperandError."""
        raise OperandError(
            f"program {self.name!r} is the vm's: the kernel does not know it", field="program", value=self
        )

    def close(self) -> None:
        """Be done with it. A program array that holds it keeps it running, as in the kernel."""
        self.closed = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Program {self.name!r} of the vm, {self.linked.program.units} units>"

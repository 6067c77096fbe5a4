"""Programs: instructions that the kernel has verified and made its own."""

from __future__ import annotations

from os import fspath

from ebpfasm.asm.program import Instructions
from ebpfasm.errors import OperandError
from ebpfasm.kernel import info, programs
from ebpfasm.kernel.fd import Fd
from ebpfasm.objects.owned import KernelObject

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator
    from typing import Any

    from ebpfasm.asm.instruction import Instruction
    from ebpfasm.kernel.info import ProgramInfo
    from ebpfasm.kernel.programs import RunResult

__all__ = ["Program"]


class Program(KernelObject):
    """A program in the kernel; made by `load`, or found by `from_pin` and `from_id`.

    It keeps the maps alive that its instructions refer to by object, as long as it is itself.
    """

    __slots__ = ("_maps", "log", "type")

    def __init__(self, fd: Fd, name: str, type: int, *, log: str = "", maps: tuple[Any, ...] = ()) -> None:
        super().__init__(fd, name)
        self.type = type
        self.log = log
        self._maps = maps

    @classmethod
    def load(
        cls,
        type: int,
        instructions: Instructions | Iterable[Instruction] | bytes,
        *,
        license: str = "GPL",
        name: str = "",
        expected_attach_type: int = 0,
        flags: int = 0,
        ifindex: int = 0,
        attach_btf_id: int = 0,
        log_level: int = 0,
    ) -> Program:
        """Have the kernel verify a program and take it in.

        Args:
            type: a `ProgramType`.
            instructions: the program, or its bytes in the machine's byte order.
            license: ``GPL`` and its kin open the helpers that ask for it.
            name: at most 15 of ``A-Z a-z 0-9 _ .``.
            expected_attach_type: an `AttachType`. Leave it 0 for programs that share a program array:
                the array takes only programs that agree in it (kernel/bpf/core.c).
            flags: ``BPF_F_…`` of PROG_LOAD.
            ifindex: for a program offloaded to a device.
            attach_btf_id: for types that attach to a kernel function.
            log_level: 1 or 2 to have the verifier's log in ``.log`` also when it accepts.

        Raises:
            VerifierError: the verifier refuses; ``.log`` is all it said, ``.summary`` why.
            PermissionDenied: a capability is missing; the message names it.
            SymbolError, OperandError: the instructions cannot be encoded.
            KernelError: the kernel refuses for another reason.
        """
        references: tuple[Any, ...] = ()
        if isinstance(instructions, (bytes, bytearray, memoryview)):
            code = bytes(instructions)
        else:
            if not isinstance(instructions, Instructions):
                instructions = Instructions(instructions)
            code = instructions.encode()
            references = tuple(
                item.reference
                for item in instructions
                if item.reference is not None and not isinstance(item.reference, str)
            )
        if not code:
            raise OperandError("Program.load: a program has at least one instruction", field="instructions", value=code)
        members = {
            "expected_attach_type": expected_attach_type,
            "prog_flags": flags,
            "prog_ifindex": ifindex,
            "attach_btf_id": attach_btf_id,
        }
        log = ""
        if log_level:
            number, log = programs.prog_load_log(type, code, license, name, log_level=log_level, **members)
        else:
            number = programs.prog_load(type, code, license, name, **members)
        return cls(Fd(number, f"program {name!r}"), name, type, log=log, maps=references)

    @classmethod
    def from_pin(cls, path: str | os.PathLike[str]) -> Program:
        """The program pinned under ``path``.

        Raises:
            KernelError: nothing is pinned there, or not a program.
            PermissionDenied: it may not be opened.
        """
        from ebpfasm.kernel import pins

        path = fspath(path)
        return cls._opened(pins.obj_get(path), f"program pinned as {path}")

    @classmethod
    def from_id(cls, id: int) -> Program:
        """The program with that id.

        Raises:
            KernelError: there is none.
            PermissionDenied: CAP_SYS_ADMIN is missing.
        """
        from ebpfasm.kernel import ids

        return cls._opened(ids.prog_fd_by_id(id), f"program {id}")

    @classmethod
    def ids(cls) -> Iterator[int]:
        """The ids of all programs in the kernel, whoever made them, from the lowest on.

        What is made or freed meanwhile may be among them or not.

        Raises:
            PermissionDenied: CAP_SYS_ADMIN is missing.
        """
        from ebpfasm.kernel import ids

        number = ids.next_prog_id()
        while number is not None:
            yield number
            number = ids.next_prog_id(number)

    @classmethod
    def _opened(cls, number: int, what: str) -> Program:
        fd = Fd(number, what)
        try:
            about = info.prog_info(fd.fileno())
        except BaseException:
            fd.close()
            raise
        return cls(fd, about.name, about.type)

    @property
    def info(self) -> ProgramInfo:
        """What the kernel tells of the program now, by the names of ``struct bpf_prog_info``."""
        return info.prog_info(self.fileno())

    @property
    def id(self) -> int:
        """The number by which the kernel and ``bpftool prog show id`` know the program."""
        return self.info.id

    @property
    def tag(self) -> str:
        """The kernel's hash of the instructions, 16 hexadecimal digits; see `Instructions.tag`."""
        return self.info.tag.hex()

    def test_run(self, data: bytes = b"", *, ctx: bytes | None = None, repeat: int = 1) -> RunResult:
        """Run the program on a packet of our own (BPF_PROG_TEST_RUN), without any device.

        Args:
            data: a packet from its Ethernet header on, at least 14 bytes; empty for types without packets.
            ctx: the context to run with, for types that take one.
            repeat: how many times; ``duration_ns`` is the mean of them.

        Returns:
            ``.retval`` (32 bits, unsigned), ``.data`` and ``.ctx`` as the program left them, ``.duration_ns``.

        Raises:
            NotSupported: programs of this type cannot be run so.
            KernelError: the data or context is refused.
            OperandError: they are no bytes.
        """
        for field, given in (("data", data), ("ctx", b"" if ctx is None else ctx)):
            if not isinstance(given, (bytes, bytearray, memoryview)):  # of a number bytes() would make zeros
                raise OperandError(f"Program.test_run: {field} must be bytes, not {given!r}", field=field, value=given)
        return programs.prog_test_run(self.fileno(), bytes(data), ctx, repeat)

    def translated(self) -> Instructions:
        """The program as the kernel rewrote it, to look at: map loads and calls have the kernel's own numbers."""
        return Instructions.decode(info.prog_xlated(self.fileno()))

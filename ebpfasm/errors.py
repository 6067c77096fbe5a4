"""The whole error tree: everything ebpfasm raises on purpose derives from :class:`EbpfError`.

Each class also derives from the built-in exception a Python programmer would expect to catch
(``ValueError`` for a bad operand, ``OSError`` for a refusing kernel, ``KeyError`` for a missing
map key), so code that does not know this library still handles its errors.
"""

from __future__ import annotations

__all__ = [
    "AlreadyAttached",
    "AssemblySyntaxError",
    "BtfError",
    "ClosedError",
    "DatapathError",
    "DecodeError",
    "EbpfError",
    "EncodeError",
    "KernelError",
    "KeyExists",
    "KeyNotFound",
    "NotSupported",
    "OperandError",
    "PermissionDenied",
    "PolicySyntaxError",
    "SymbolError",
    "TextSyntaxError",
    "TypeNotFound",
    "UnknownForm",
    "VerifierError",
    "VmError",
]


class EbpfError(Exception):
    """Base of every error this library raises on purpose."""

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle it as it is: what most errors carry can be given to their ``__init__`` by name only."""
        return _restored, (type(self), self.args), self.__dict__


def _restored(kind: type[EbpfError], args: tuple[object, ...]) -> EbpfError:
    error = kind.__new__(kind, *args)
    plain = OSError if isinstance(error, OSError) else Exception
    plain.__init__(error, *args)  # not the class's own: its attributes come from the pickle
    return error


class EncodeError(EbpfError, ValueError):
    """An instruction or a program cannot be written as bytes."""


class OperandError(EncodeError):
    """An operand of a builder word, or a field of an instruction, is of the wrong kind or out of range.

    ``field`` names the operand, ``value`` is what was given; ``low`` and ``high`` are the
    inclusive bounds, or None where the operand is not a number in a range.
    """

    def __init__(
        self,
        message: str,
        *,
        field: str,
        value: object,
        low: int | None = None,
        high: int | None = None,
    ) -> None:
        super().__init__(message)
        self.field = field
        self.value = value
        self.low = low
        self.high = high


class UnknownForm(EncodeError):
    """The five fields are no instruction this library knows, or have no spelling where one is needed."""


class SymbolError(EncodeError):
    """A label or a reference is undefined, defined twice, or stands where none can stand."""

    def __init__(self, message: str, *, symbol: object) -> None:
        super().__init__(message)
        self.symbol = symbol


class DecodeError(EbpfError, ValueError):
    """Bytes are not a sequence of eBPF instructions; ``offset`` is in bytes from their start."""

    def __init__(self, message: str, *, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


class TextSyntaxError(EbpfError, ValueError):
    """Text cannot be read.

    ``line`` and ``column`` (both from 1) say where the first mistake is, ``reason`` what it is and
    ``source`` is the line itself. ``errors`` has one such exception for each mistake in the text, in
    their order; the message shows them with the lines and a caret, as compilers do. ``complete`` says
    whether these are all: reading stops after a thousand.
    """

    MOST_SHOWN = 20

    def __init__(
        self,
        reason: str,
        *,
        line: int,
        column: int,
        source: str,
        errors: tuple[TextSyntaxError, ...] = (),
        complete: bool = True,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line
        self.column = column
        self.source = source
        self.errors = errors or (self,)
        self.complete = complete

    def __str__(self) -> str:
        shown = []
        for error in self.errors[: self.MOST_SHOWN]:
            start = max(0, error.column - 60)  # a line may be a megabyte
            text = error.source[start : start + 120].replace("\t", " ")
            caret = " " * (error.column - 1 - start) + "^"
            shown.append(f"line {error.line}, column {error.column}: {error.reason}\n    {text}\n    {caret}")
        if len(self.errors) > self.MOST_SHOWN:
            others = "" if self.complete else f"; reading stopped after {len(self.errors)}, there are others"
            shown.append(f"… and {len(self.errors) - self.MOST_SHOWN} more{others}")
        return "\n".join(shown)


class AssemblySyntaxError(TextSyntaxError):
    """Text is not the assembly of its dialect."""


class PolicySyntaxError(TextSyntaxError):
    """Text is not a policy: see `ebpfasm.datapath.policy.text`."""


class BtfError(EbpfError, ValueError):
    """Bytes are not BTF, a type in them is not what was asked for, or types cannot be written as BTF.

    ``type_id`` is the id of the type it is about, or None where it is about none.
    """

    def __init__(self, message: str, *, type_id: int | None = None) -> None:
        super().__init__(message)
        self.type_id = type_id


class TypeNotFound(BtfError, LookupError):
    """There is no type of that name and kind, no type with that id, or no such member in a type."""


class KernelError(EbpfError, OSError):
    """The kernel refused; ``errno`` is its number and ``command`` what was asked of it.

    ``command`` is the kernel's name of the operation, such as ``BPF_MAP_CREATE``.
    """

    def __init__(self, errno: int, message: str, *, command: str = "") -> None:
        super().__init__(errno, message)
        self.command = command

    def __str__(self) -> str:
        return str(self.args[1])


class VerifierError(KernelError):
    """The verifier refused a program; ``log`` is its whole log, ``summary`` the lines that say why."""

    def __init__(self, errno: int, message: str, *, command: str = "", log: str = "", summary: str = "") -> None:
        super().__init__(errno, message, command=command)
        self.log = log
        self.summary = summary


class KeyNotFound(KernelError, KeyError):
    """The map has no entry under that key, or the slot of the array is empty."""


class KeyExists(KernelError):
    """The entry, pin or name is there already."""


class AlreadyAttached(KeyExists):
    """Something is attached already where a program was to be attached."""


class NotSupported(KernelError):
    """This kernel lacks ``feature``; ``since`` is the Linux version that has it, such as ``"6.6"``, or empty."""

    def __init__(self, errno: int, message: str, *, command: str = "", feature: str = "", since: str = "") -> None:
        super().__init__(errno, message, command=command)
        self.feature = feature
        self.since = since


class PermissionDenied(KernelError, PermissionError):
    """A capability or a sysctl stands in the way; the message names it."""


class DatapathError(EbpfError):
    """A composition of several steps failed; everything done before the failing step was undone.

    ``pod`` names the pod, ``step`` what was being done when it failed, and ``rolled_back`` lists
    what was undone, newest first; the cause is chained (``__cause__``).
    """

    def __init__(self, message: str, *, pod: str, step: str, rolled_back: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.pod = pod
        self.step = step
        self.rolled_back = rolled_back


class ClosedError(EbpfError, ValueError):
    """The object was closed and cannot be used any more."""


class VmError(EbpfError):
    """A program did in the vm what the kernel's verifier would not have let it do, or ran past the vm's limit.

    ``reason`` says what, ``instruction`` and ``unit`` where, ``registers`` are R0 to R10 before it (None where
    nothing was written), ``address`` and ``region`` name the memory, if it was about memory; ``calls`` are the units of
    the calls that led there, outermost first, ``origin`` the file and line that built the instruction, where
    that is known (`ebpfasm.asm.remember_origins`), and ``steps`` how many instructions had run.
    """

    def __init__(
        self,
        message: str,
        *,
        reason: str,
        instruction: object = None,
        unit: int | None = None,
        registers: tuple[int | None, ...] = (),
        address: int | None = None,
        region: str | None = None,
        calls: tuple[int, ...] = (),
        origin: str | None = None,
        steps: int = 0,
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.instruction = instruction
        self.unit = unit
        self.registers = registers
        self.address = address
        self.region = region
        self.calls = calls
        self.origin = origin
        self.steps = steps

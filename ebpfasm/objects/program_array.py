"""Program arrays: slots of programs for tail calls."""

from __future__ import annotations

from errno import E2BIG, EBADF, EINVAL

from ebpfasm.errors import KernelError, OperandError
from ebpfasm.kernel import info, maps
from ebpfasm.objects.maps import Map
from ebpfasm.values.codecs import Integer
from ebpfasm.values.slots import Slots, mismatch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["ProgramArray"]


class ProgramArray(Slots, Map):
    """An array of programs to tail-call; writing a slot changes what runs, atomically for that slot.

    A slot takes a `Program`, anything with ``fileno()``, or a file descriptor; reading it gives the
    program's id, and an empty slot is like a missing key. The programs may be closed once they are in.

    The kernel **empties the array when the last descriptor and pin of it goes away**, even while
    programs still refer to it (kernel/bpf/arraymap.c, prog_array_map_clear): keep it open, or pin it.
    """

    __slots__ = ()

    def __setitem__(self, index: Any, program: Any) -> None:
        """Put a program into slot ``index``."""
        if index.__class__ is not int or self._key.__class__ is not Integer:
            index = self._index(index)
        number = program if program.__class__ is int else self._descriptor(program)
        try:
            maps.update_u32(self._fd.fileno(), index, number)
        except (KernelError, OperandError) as error:
            raise self._refused(error, index, number) from None

    @property
    def owner_type(self) -> int | None:
        """The `ProgramType` of the programs this array takes, which is that of its first; None before it has one.

        Read from fdinfo, since the kernel has it nowhere else (map_show_fdinfo in kernel/bpf/syscall.c).
        """
        with open(f"/proc/self/fdinfo/{self.fileno()}") as lines:
            for line in lines:
                member, _, value = line.partition(":")
                if member == "owner_prog_type":
                    return int(value)
        return None

    def _encoded(self, value: Any) -> bytes:
        return super()._encoded(value if value.__class__ is int else self._descriptor(value))

    def _descriptor(self, program: object) -> int:
        fileno = getattr(program, "fileno", None)
        if callable(fileno):
            return int(fileno())
        raise self._no_program(program, "a Program, an object with fileno() or a file descriptor")

    def _refused(self, error: Exception, index: int, number: int) -> Exception:
        """Why the kernel would not have it: of all the reasons for one errno, the one that is true here."""
        if isinstance(error, OperandError):
            if not 0 <= index <= 0xFFFFFFFF:
                return self._no_index(index)
            return OperandError(
                f"map {self.name!r}: a file descriptor is 0..2147483647, not {number}",
                field="value", value=number, low=0, high=0x7FFFFFFF,
            )  # fmt: skip
        assert isinstance(error, KernelError)
        if error.errno == E2BIG:
            return self._explained(error, index)
        if error.errno not in {EBADF, EINVAL}:  # frozen, or out of memory: no fault of the program
            return error
        kind = info.kind(number)
        if kind != "program":
            what = f"is {'a ' if kind in ('map', 'link') else ''}{kind}" if kind else "is not open"
            return KernelError(
                error.errno or 0,
                f"map {self.name!r}: a slot takes a program, and file descriptor {number} {what}",
                command=error.command,
            )
        return self._wrong_type(error, number)

    def _wrong_type(self, error: KernelError, number: int) -> KernelError:
        owner, given = self.owner_type, info.prog_info(number)
        if owner is None:
            return error
        reason = mismatch(owner, given.type, given.name)
        return KernelError(error.errno or 0, f"map {self.name!r}: {reason}", command=error.command)

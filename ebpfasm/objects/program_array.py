"""Program arrays: slots of programs for tail calls."""

from __future__ import annotations

from array import array
from errno import E2BIG, EBADF, EINVAL
from itertools import repeat
from operator import attrgetter

from ebpfasm.errors import KernelError, OperandError
from ebpfasm.kernel import info, maps
from ebpfasm.kernel.fd import numbers
from ebpfasm.objects.maps import Map
from ebpfasm.objects.owned import KernelObject
from ebpfasm.values.codecs import Integer
from ebpfasm.values.slots import Slots, mismatch, stopped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from ebpfasm.kernel.fd import Fd

__all__ = ["ProgramArray", "write_slots"]


class ProgramArray(Slots, Map):
    """An array of programs to tail-call; writing a slot changes what runs, atomically for that slot.

    A slot takes a `Program`, anything with ``fileno()``, or a file descriptor; reading it gives the
    program's id, and an empty slot is like a missing key. The programs may be closed once they are in.

    The kernel **empties the array when the last descriptor and pin of it goes away**, even while
    programs still refer to it (kernel/bpf/arraymap.c, prog_array_map_clear): keep it open, or pin it.
    """

    __slots__ = ("_plain",)

    def __init__(self, fd: Fd, about: info.MapInfo, key: object = None, value: object = None) -> None:
        super().__init__(fd, about, key, value)
        self._plain = self._key.__class__ is Integer  # an index given as an int needs no codec then

    def __setitem__(self, index: Any, program: Any) -> None:
        """Put a program into slot ``index``."""
        if index.__class__ is not int or not self._plain:
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

    def _write_slots(self, pairs: list[tuple[Any, Any]]) -> None:
        indexes, programs = zip(*pairs, strict=True)
        _write([self] * len(pairs), self._plain, repeat(self._fd.fileno()), indexes, programs)

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


def write_slots(writes: Iterable[tuple[ProgramArray, Any, Any]]) -> None:
    """Put programs into slots of many program arrays: ``(array, index, program)`` each, written in this order.

    It is for many pods at once, each with an array of its own; for many slots of one array there is
    `ProgramArray.update_batch`. Each slot is exchanged in one step, not all of them together.

    Raises:
        OperandError: an array, index or program is of the wrong kind; nothing is written then.
        ClosedError: one of them is closed; nothing is written then.
        KernelError: the kernel does not take one; the message tells which, and after how many.
    """
    writes = list(writes)
    if not writes:
        return
    arrays, indexes, programs = zip(*writes, strict=True)
    try:
        plain = all(map(_is_plain, arrays))
    except AttributeError:
        given = next(each for each in arrays if not isinstance(each, ProgramArray))
        raise OperandError(
            f"write_slots: each write is of a ProgramArray, an index and a program, not of {given!r}",
            field="array", value=given,
        ) from None  # fmt: skip
    _write(arrays, plain, numbers(arrays), indexes, programs)


_is_plain = attrgetter("_plain")  # which program arrays alone have


def _write(
    arrays: Sequence[ProgramArray],
    plain: bool,
    fds: Iterable[int],
    indexes: Sequence[Any],
    programs: Sequence[Any],
) -> None:
    """Write slots, once all of them are known to be possible."""
    if not plain or set(map(type, indexes)) != {int}:
        indexes = [
            index if index.__class__ is int and slots._plain else slots._index(index)
            for slots, index in zip(arrays, indexes, strict=True)
        ]
    descriptors: Sequence[int]
    if all(issubclass(kind, KernelObject) for kind in set(map(type, programs))):
        descriptors = numbers(programs)
    else:
        descriptors = [
            program if program.__class__ is int else slots._descriptor(program)
            for slots, program in zip(arrays, programs, strict=True)
        ]
    try:
        keys, values = array("I", indexes), array("I", descriptors)
    except OverflowError:
        for slots, index, number in zip(arrays, indexes, descriptors, strict=True):
            if not (0 <= index <= 0xFFFFFFFF and 0 <= number <= 0xFFFFFFFF):
                slots[index] = number  # raises what is wrong, before the kernel is asked
        raise
    done, refused = maps.update_u32_each(fds, keys, values)
    if refused is not None:
        explained = arrays[done]._refused(refused, indexes[done], descriptors[done])
        if isinstance(explained, KernelError):
            raise stopped(explained, indexes[done], done, len(keys)) from None
        raise explained from None

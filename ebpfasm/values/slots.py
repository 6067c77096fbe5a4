"""Slots of a program array: what they take and how they are walked, in the kernel and in the vm."""

from __future__ import annotations

import sys
from abc import abstractmethod

from ebpfasm.errors import OperandError
from ebpfasm.values.entries import Entries

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from ebpfasm.errors import KernelError

__all__ = ["Slots", "mismatch", "stopped"]


class Slots(Entries):
    """Entries that are programs: an empty slot is like a missing key."""

    __slots__ = ()

    def update(self, key: Any, value: Any, flags: int = 0) -> None:
        """Put a program into slot ``key``; ``flags`` can only be `UpdateFlag.ANY`."""
        self._check_flags(flags)
        self[key] = value

    def update_batch(self, entries: Iterable[tuple[Any, Any]], flags: int = 0) -> None:
        """Put programs into many slots; ``entries`` are pairs of slot and program, such as ``a_dict.items()``.

        The kernel has no batch for program arrays: the slots are written one after the other, in the order given.

        Raises:
            OperandError: a slot or program is of the wrong kind; nothing is written then.
            KernelError: the kernel does not take one; the message tells which, and after how many.
        """
        self._check_flags(flags)
        pairs = list(entries)
        if pairs:
            self._write_slots(pairs)

    def _check_flags(self, flags: int) -> None:
        if flags:  # bpf_fd_array_map_update_elem() in kernel/bpf/arraymap.c
            raise OperandError(
                f"map {self.name!r}: flags of a program array can only be UpdateFlag.ANY, not {flags!r}",
                field="flags", value=flags, low=0, high=0,
            )  # fmt: skip

    def __iter__(self) -> Iterator[int]:
        """The slots that hold a program."""
        return (index for index in super().__iter__() if index in self)

    def _index(self, key: Any) -> int:
        """The number of the slot that the codec means by ``key``."""
        return int.from_bytes(self._key.encode(key), sys.byteorder)

    def _no_index(self, index: int) -> OperandError:
        return OperandError(
            f"map {self.name!r}: index must be an int in 0..{self.max_entries - 1}, not {index!r}",
            field="key", value=index, low=0, high=self.max_entries - 1,
        )  # fmt: skip

    def _no_program(self, given: object, wanted: str) -> OperandError:
        advice = "; to empty a slot: del array[index]" if given is None else ""
        return OperandError(
            f"map {self.name!r}: a slot takes {wanted}, not {given!r}{advice}", field="value", value=given
        )

    @abstractmethod
    def _write_slots(self, pairs: list[tuple[Any, Any]]) -> None:
        """Write slots, at least one; nothing, where one of the pairs can mean nothing."""


def stopped(error: KernelError, index: int, done: int, count: int) -> KernelError:
    """The error of one of many writes, with what it was about and what was written before it."""
    message = f"{error} (slot {index}, after {done} of {count})"
    return type(error)(error.errno or 0, message, command=error.command)


def mismatch(owner: int, given: int, name: str) -> str:
    """Why the array does not take program ``name`` of type ``given``: its first was of type ``owner``."""
    from ebpfasm.uapi import ProgramType

    if owner != given:
        return (
            f"the array is owned by programs of type {_named(ProgramType, owner)}, "
            f"and program {name!r} is of type {_named(ProgramType, given)}"
        )
    return (
        f"program {name!r} was loaded with another expected_attach_type (or for another device) than "
        f"the array's first; load all programs of an array with expected_attach_type 0"
    )


def _named(enumeration: Any, number: int) -> str:
    """A number by its name, or as it is where this library does not know it."""
    try:
        return str(enumeration(number).name)
    except ValueError:
        return str(number)

"""Program arrays: slots of programs for tail calls."""

from __future__ import annotations

import sys
from errno import E2BIG, EINVAL

from ebpfasm.errors import KernelError, KeyNotFound
from ebpfasm.uapi import MapFlag
from ebpfasm.values.slots import Slots, mismatch, stopped
from ebpfasm.vm.maps.arrays import check_array, next_index
from ebpfasm.vm.maps.map import Map
from ebpfasm.vm.maps.wanted import U32, Wanted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["ProgramArray", "check_references"]


def check_references(wanted: Wanted) -> None:
    """Refuse what fd_array_map_alloc_check() in kernel/bpf/arraymap.c does."""
    wanted.require(wanted.value_size == 4, f"the values of this map type have 4 bytes, not {wanted.value_size}")
    check_array(wanted, MapFlag.NUMA_NODE | MapFlag.RDONLY | MapFlag.WRONLY)


class ProgramArray(Slots, Map):
    """An array of programs to tail-call.

    A slot takes a program of the vm: an object with ``instructions``, ``id``, ``type`` and, if it is not 0,
    ``expected_attach_type``. Reading it gives the program's id, `program_at` the program; an empty slot is
    like a missing key. All programs of an array have the type and attach type of its first.

    `close` empties the array, as the kernel does when the last descriptor of it goes away, even while
    programs still refer to it (kernel/bpf/arraymap.c, prog_array_map_clear): close it after the last run.
    """

    __slots__ = ("_owner", "_programs")

    KIND = "a program array"

    def __init__(self, wanted: Wanted, key: object = None, value: object = None) -> None:
        super().__init__(wanted, key, value)
        self._programs: dict[int, Any] = {}
        self._owner: tuple[int, int] | None = None

    @classmethod
    def check(cls, wanted: Wanted) -> None:
        """Refuse what the kernel would not make."""
        check_references(wanted)

    def program_at(self, index: int) -> Any:
        """The program in a slot; None where there is none."""
        return self._programs.get(index)

    @property
    def owner_type(self) -> int | None:
        """The `ProgramType` of the programs this array takes, which is that of its first; None before it has one."""
        return None if self._owner is None else self._owner[0]

    def claim(self, program: Any) -> None:
        """Have a program use the array: for the first, as for the first in a slot, it sets what all others must be.

        Raises:
            KernelError: EINVAL, it is of another type or attach type (bpf_prog_map_compatible() in kernel/bpf/core.c).
        """
        mark = int(program.type), int(getattr(program, "expected_attach_type", 0))
        if self._owner is None:
            self._owner = mark
        elif self._owner != mark:
            reason = mismatch(self._owner[0], mark[0], getattr(program, "name", ""))
            raise self._refusal(KernelError, EINVAL, reason, "BPF_MAP_UPDATE_ELEM")

    def __setitem__(self, index: Any, program: Any) -> None:
        """Put a program into slot ``index``."""
        if index.__class__ is not int:
            index = self._index(index)
        self._check_program(program)
        if not 0 <= index <= U32:
            raise self._no_index(index)
        self._check_open(writes=True)
        if index >= self.max_entries:
            error = self._refusal(KernelError, E2BIG, "the index is beyond the array", "BPF_MAP_UPDATE_ELEM")
            raise self._explained(error, index)
        self.claim(program)
        self._programs[index] = program

    def _write_slots(self, pairs: list[tuple[Any, Any]]) -> None:
        writes = [(index if index.__class__ is int else self._index(index), program) for index, program in pairs]
        for index, program in writes:
            self._check_program(program)
            if not 0 <= index <= U32:
                raise self._no_index(index)
        for done, (index, program) in enumerate(writes):
            try:
                self[index] = program
            except KernelError as error:
                raise stopped(error, index, done, len(writes)) from None

    def close(self) -> None:
        """Give up the map, and empty it."""
        super().close()
        self._programs.clear()

    def lookup(self, key: bytes, cpu: int = 0) -> None:
        """None: programs can only jump to what is in a slot."""

    def delete_bytes(self, key: bytes) -> None:
        """Empty a slot."""
        index = int.from_bytes(key, sys.byteorder)
        if index >= self.max_entries:
            raise self._refusal(KeyNotFound, E2BIG, "the index is beyond the array", "BPF_MAP_DELETE_ELEM")
        if self._programs.pop(index, None) is None:
            raise self._absent("BPF_MAP_DELETE_ELEM")

    def next_key_bytes(self, key: bytes | None) -> bytes | None:
        """The index after ``key``, of a filled slot or not."""
        return next_index(self, key)

    def _read(self, key: bytes) -> bytes:
        program = self._programs.get(int.from_bytes(key, sys.byteorder))
        if program is None:
            raise self._absent()
        return int(program.id).to_bytes(4, sys.byteorder)

    def _encoded(self, value: Any) -> bytes:
        self._check_program(value)
        return int(value.id).to_bytes(4, sys.byteorder)

    def _check_program(self, program: object) -> None:
        if not hasattr(program, "instructions") or not hasattr(program, "id"):
            raise self._no_program(program, "a program of the vm")

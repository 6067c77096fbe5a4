"""Which parts of a context a program may read and write, by the type of the program."""

from __future__ import annotations

from ebpfasm.uapi.program_type import ProgramType
from ebpfasm.vm.memory import Fault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Access", "Structure"]

READ, WRITE = 1, 2


class Structure:
    """Where the fields of a structure are.

    Args:
        struct: the structure's name in <linux/bpf.h>.
        rows: name, bytes, and how many of them in a row, in the structure's order; "" for padding.
    """

    def __init__(self, struct: str, *rows: tuple[str, int, int]) -> None:
        self.struct = struct
        self.places: dict[str, tuple[int, int, int]] = {}
        offset = 0
        for name, size, count in rows:
            if name:
                self.places[name] = (offset, size, count)
            offset += size * count
        self.size = offset

    def field_at(self, offset: int) -> str:
        """The name of the field that byte belongs to, "" for padding and beyond."""
        for name, (start, size, count) in self.places.items():
            if start <= offset < start + size * count:
                return name
        return ""


class Access:
    """What programs of one type may do with a context: what the kernel's ``is_valid_access`` says (net/core/filter.c).

    Args:
        structure: the fields.
        program_type: whose programs.
        reads: for each field that may be read, the sum of the sizes it may be read in.
        writes: the same for writing.
    """

    def __init__(
        self, structure: Structure, program_type: int, reads: Mapping[str, int], writes: Mapping[str, int]
    ) -> None:
        self.structure = structure
        self.program_type = program_type
        self._allowed: dict[tuple[int, int], int] = {}
        for rights, sizes_of in ((READ, reads), (WRITE, writes)):
            for name, sizes in sizes_of.items():
                start, unit, count = structure.places[name]
                end = start + unit * count
                for size in (1, 2, 4, 8):
                    if sizes & size:
                        for offset in range(start, end - size + 1):
                            if offset % size == 0:
                                self._allowed[offset, size] = self._allowed.get((offset, size), 0) | rights

    def check(self, offset: int, size: int, writing: bool) -> None:
        """Raise `Fault` unless a program may read, or write, ``size`` bytes at ``offset``."""
        if not self._allowed.get((offset, size), 0) & (WRITE if writing else READ):
            raise Fault(self._refusal(offset, size, "writes" if writing else "reads"))

    def may(self, offset: int, size: int, writing: bool) -> bool:
        """Whether `check` passes."""
        return bool(self._allowed.get((offset, size), 0) & (WRITE if writing else READ))

    def _refusal(self, offset: int, size: int, doing: str) -> str:
        name = self.structure.field_at(offset)
        what = f"{doing} {size} byte{'s' if size > 1 else ''} of {self.structure.struct}"
        if not name:
            return f"{what} at {offset}, where no field is"
        start, unit, count = self.structure.places[name]
        rights = WRITE if doing == "writes" else READ
        sizes = sorted({s for (o, s), r in self._allowed.items() if r & rights and start <= o < start + unit * count})
        if not sizes:
            kind = ProgramType(self.program_type).name
            return f"{what}.{name}, which programs of type {kind} may not {doing[:-1]}"
        allowed = " or ".join(str(each) for each in sizes)
        where = "" if offset == start else f" at {offset}"
        return f"{what}.{name}{where}, which {'is' if count == 1 else 'are'} {_PAST[doing]} {allowed} bytes at a time"


_PAST = {"reads": "read", "writes": "written"}

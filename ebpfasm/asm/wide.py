"""Rows of the 64-bit load: a number, a map, a function or a kernel variable (RFC 9669 §5.4)."""

from __future__ import annotations

from ebpfasm.asm.checks import S32, U32, number, register, size_among, wrong
from ebpfasm.asm.form import BTF_ID, DST, FUNC, INDEX, MAP, MODULE, WIDE, WITHIN, Form, Row
from ebpfasm.asm.instruction import LOAD_64, make, referring, signed64
from ebpfasm.asm.register import DWord, Register

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    from ebpfasm.asm.instruction import Instruction
    from ebpfasm.asm.register import Size

    class HasFileno(Protocol):
        """Anything that has a file descriptor: a map, a file."""

        def fileno(self) -> int:
            """The file descriptor."""


__all__ = [
    "LoadBtfId",
    "LoadFunction",
    "LoadMap",
    "LoadMapWithin",
    "LoadNumbered",
    "LoadNumberedWithin",
    "LoadWide",
]


class LoadWide(Row):
    """A 64-bit immediate: ``LoadImm(R1, 0x1122334455667788, DWord)``."""

    __slots__ = ()

    def __init__(self, name: str, since: str) -> None:
        self.name = name
        self._later = lambda: (
            Form(
                name,
                LOAD_64,
                {
                    "llvm": ("r{dst} = {value} ll", "ld_pseudo r{dst}, 0, {_value}"),
                    "kernel": "r{dst} = {#value}",
                    "ubpf": "lddw %r{dst}, {#value}",
                },
                DST,
                WIDE,
                "DWord",
                since=since,
                meaning="dst = value",
            ),
        )

    def __call__(self, dst: int, value: int, size: Size = DWord) -> Instruction:
        """``dst`` = any 64 bits, signed or unsigned (kept signed); ``size`` can only be ``DWord``."""
        size_among(self.name, size, (DWord,))
        if dst.__class__ is not Register:
            dst = register(self.name, "dst", dst)
        value = number(self.name, "imm", "immediate", value, -(1 << 63), (1 << 64) - 1, " (that is Mov.Reg)")
        return make(LOAD_64, dst, 0, signed64(value))


class LoadMap(Row):
    """The address of a map: ``LoadMapPtr(R2, slots)``; the kernel puts it where the map's fd stands."""

    __slots__ = ()

    def __init__(self, name: str, since: str) -> None:
        self.name = name
        self._later = lambda: (
            Form(
                name,
                LOAD_64,
                {
                    "llvm": ("r{dst} = {@map} ll", "ld_pseudo r{dst}, 1, {map}", "ld_pseudo r{dst}, 1, {@map}"),
                    "kernel": "r{dst} = map[id:{map}]",
                },
                DST,
                MAP,
                src=1,
                since=since,
                meaning="dst = map_address(map)",
            ),
        )

    def __call__(self, dst: int, fd_or_object: int | str | HasFileno) -> Instruction:
        """``dst`` = a map's address; ``fd_or_object`` is an fd (0..2³²-1), has a ``fileno()``, or is a name to bind."""
        if dst.__class__ is not Register:
            dst = register(self.name, "dst", dst)
        if fd_or_object.__class__ is int and 0 <= fd_or_object <= 0xFFFFFFFF:
            return make(LOAD_64, dst | 0x10, 0, fd_or_object)
        return _with_map(self.name, dst, 1, fd_or_object, 0)


class LoadMapWithin(Row):
    """An address within a map's value: of one-entry arrays, global data."""

    __slots__ = ()

    def __init__(self, name: str, since: str) -> None:
        self.name = name
        self._later = lambda: (
            Form(
                name,
                LOAD_64,
                {
                    "llvm": (
                        "r{dst} = {@map}[0] + {offset} ll",
                        "ld_pseudo r{dst}, 2, {map}",
                        "ld_pseudo r{dst}, 2, {map}, {offset}",
                    ),
                    "kernel": "r{dst} = map[id:{map}][0]+{offset}",
                },
                DST,
                MAP,
                WITHIN,
                src=2,
                since=since,
                meaning="dst = map_value(map) + offset",
            ),
        )

    def __call__(self, dst: int, fd_or_object: int | str | HasFileno, offset: int) -> Instruction:
        """``dst`` = the address of byte ``offset`` (0..2³²-1) of the value of entry 0 of the map."""
        dst = register(self.name, "dst", dst)
        offset = number(self.name, "imm", "offset", offset, *U32)
        return _with_map(self.name, dst, 2, fd_or_object, offset)


class LoadNumbered(Row):
    """The address of a map by its place in the list of fds given at load."""

    __slots__ = ()

    def __init__(self, name: str, since: str) -> None:
        self.name = name
        self._later = lambda: (
            Form(
                name,
                LOAD_64,
                {"llvm": "ld_pseudo r{dst}, 5, {index}", "kernel": "r{dst} = {#index}"},
                DST,
                INDEX,
                src=5,
                since=since,
                meaning="missing('maps by their place in fd_array')",
            ),
        )

    def __call__(self, dst: int, index: int) -> Instruction:
        """``dst`` = the address of map ``index`` (0..2³²-1) of ``fd_array``."""
        dst = register(self.name, "dst", dst)
        return make(LOAD_64, dst | 0x50, 0, number(self.name, "imm", "index", index, *U32))


class LoadNumberedWithin(Row):
    """An address within the value of a map given by its place in the list of fds."""

    __slots__ = ()

    def __init__(self, name: str, since: str) -> None:
        self.name = name
        self._later = lambda: (
            Form(
                name,
                LOAD_64,
                {
                    "llvm": ("ld_pseudo r{dst}, 6, {index}", "ld_pseudo r{dst}, 6, {index}, {offset}"),
                    "kernel": "r{dst} = map[idx:{index}]+{offset}",
                },
                DST,
                INDEX,
                WITHIN,
                src=6,
                since=since,
                meaning="missing('maps by their place in fd_array')",
            ),
        )

    def __call__(self, dst: int, index: int, offset: int) -> Instruction:
        """``dst`` = the address of byte ``offset`` of the value of entry 0 of map ``index`` of ``fd_array``."""
        dst = register(self.name, "dst", dst)
        low = number(self.name, "imm", "index", index, *U32)
        high = number(self.name, "imm", "offset", offset, *U32)
        return make(LOAD_64, dst | 0x60, 0, signed64(low | high << 32))


class LoadFunction(Row):
    """The address of a function of this program, for callbacks."""

    __slots__ = ()

    def __init__(self, name: str, since: str) -> None:
        self.name = name
        self._later = lambda: (
            Form(
                name,
                LOAD_64,
                {
                    "llvm": (
                        "r{dst} = {@target} ll",
                        "ld_pseudo r{dst}, 4, {target}",
                        "ld_pseudo r{dst}, 4, {@target}",
                    ),
                    "kernel": "r{dst} = subprog[{~target}]",
                },
                DST,
                FUNC,
                src=4,
                since=since,
                meaning="dst = function(target)",
            ),
        )

    def __call__(self, dst: int, label: str | int) -> Instruction:
        """``dst`` = the address of the function at a label, or so many units after the first unit of this load."""
        dst = register(self.name, "dst", dst)
        if isinstance(label, str):
            return referring(LOAD_64, dst | 0x40, 0, label)
        return make(LOAD_64, dst | 0x40, 0, number(self.name, "imm", "target", label, *S32) & 0xFFFFFFFF)


class LoadBtfId(Row):
    """The address of a kernel variable by its BTF id."""

    __slots__ = ()

    def __init__(self, name: str, since: str, since_module: str) -> None:
        self.name = name
        self._later = lambda: (
            Form(
                name,
                LOAD_64,
                {"llvm": ("ld_pseudo r{dst}, 3, {btf_id}", "ld_pseudo r{dst}, 3, {btf_id}, {module_fd}")},
                DST,
                BTF_ID,
                MODULE,
                src=3,
                since=since,
                meaning="missing('variables of the kernel')",
                beyond=("module_fd", since_module),
            ),
        )

    def __call__(self, dst: int, btf_id: int, module_fd: int = 0) -> Instruction:
        """``dst`` = the address of the variable ``btf_id`` of the kernel, or of the module whose BTF's fd is given."""
        dst = register(self.name, "dst", dst)
        low = number(self.name, "imm", "BTF id", btf_id, *U32)
        high = number(self.name, "imm", "module fd", module_fd, *U32)
        return make(LOAD_64, dst | 0x30, 0, signed64(low | high << 32))


def _with_map(word: str, dst: int, src: int, map: object, offset: int) -> Instruction:
    """A 64-bit load of a map given as fd, name or object."""
    if isinstance(map, str) or (hasattr(map, "fileno") and not isinstance(map, int)):
        return referring(LOAD_64, dst | src << 4, signed64(offset << 32), map)
    if not isinstance(map, int) or isinstance(map, (bool, Register)):
        wrong(word, "imm", map, 0, 0xFFFFFFFF, f"a map is an fd, a name or an object with fileno(), not {map!r}")
    return make(LOAD_64, dst | src << 4, 0, signed64(number(word, "imm", "map fd", map, *U32) | offset << 32))

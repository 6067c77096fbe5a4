"""A program: an immutable sequence of instructions, its labels, and its bytes."""

from __future__ import annotations

import sys
from _collections_abc import Sequence  # `collections.abc` is this module, at the price of importing `collections`

from ebpfasm.asm.checks import shown, wrong
from ebpfasm.asm.codec import count_wide, decode_units, encode_units, resolve_labels
from ebpfasm.asm.instruction import Instruction, check_label
from ebpfasm.errors import OperandError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _collections_abc import Iterable, Iterator
    from typing import Any, Literal, SupportsIndex, overload

    from ebpfasm.asm.cfg import ControlFlow
    from ebpfasm.asm.requirements import Requirements
else:

    def overload(function):
        return function  # typing's, without importing typing


__all__ = ["Instructions", "Label"]


class Label:
    """A place in a program, before the next item: ``Instructions([..., Label("end"), Return()])``.

    It is the way to put a label after the last instruction; ``instruction.with_symbol(name)`` is
    the same for a label at an instruction.
    """

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        check_label(name)
        self.name = name

    def __repr__(self) -> str:
        return f"Label({self.name!r})"


class Instructions(Sequence[Instruction]):
    """A program or a part of one; immutable.

    Args:
        items: instructions, `Label` s, and other `Instructions`, which are spliced in with their labels.

    Raises:
        SymbolError: a label is defined twice.
        OperandError: an item is none of these.

    ``+`` and slices give new programs; labels stay with their instructions. A reference may name a
    label that only the whole program has: it is looked up by `encode`, `resolved` and `listing`.
    """

    __slots__ = ("_byteorder", "_bytes", "_count", "_end_symbols", "_items")

    _items: tuple[Instruction, ...] | None
    _bytes: bytes | None
    _end_symbols: tuple[str, ...]

    def __init__(self, items: Iterable[Instruction | Label | Instructions] = ()) -> None:
        if isinstance(items, Instruction):
            wrong("Instructions", "items", items, None, None, f"items must be a list, [{items!r}], not one instruction")
        listed: tuple[Any, ...] = tuple(items)
        ends: tuple[str, ...] = ()
        try:  # one pass over a list of nothing but instructions, which most are
            annotations = [item._annotation for item in listed if item._annotation is not None]
        except AttributeError:
            from ebpfasm.asm.labels import with_labels

            listed, ends = with_labels(listed)
            annotations = [item._annotation for item in listed if item._annotation is not None]
        names = [name for annotation in annotations for name in annotation[0]] + list(ends)
        if len(set(names)) != len(names):
            from ebpfasm.asm.labels import refuse_double

            refuse_double(names, listed, ends)
        self._take(listed, ends)

    def _take(self, items: tuple[Instruction, ...], end_symbols: tuple[str, ...]) -> None:
        self._items = items
        self._count = len(items)
        self._bytes = None
        self._byteorder = ""
        self._end_symbols = end_symbols

    @classmethod
    def _of(cls, items: tuple[Instruction, ...], end_symbols: tuple[str, ...]) -> Instructions:
        made = cls.__new__(cls)
        made._take(items, end_symbols)
        return made

    @classmethod
    def decode(cls, data: bytes | bytearray | memoryview, byteorder: str = sys.byteorder) -> Instructions:
        """The program that these bytes are; encoding it gives the same bytes.

        Every byte string is either such a program or refused: also opcodes nobody has defined are
        kept. Instruction objects are made when they are first looked at.

        Args:
            data: units of 8 bytes.
            byteorder: ``little`` or ``big``, of the machine the program is for.

        Raises:
            OperandError: ``data`` is not bytes, or there is no such byte order.
            DecodeError: the bytes end within a unit or a 64-bit load, or the second unit of a 64-bit load
                holds more than its immediate (RFC 9669 §3.2); ``offset`` says where.
        """
        _check_byteorder(byteorder)
        if not isinstance(data, (bytes, bytearray, memoryview)):
            wrong("Instructions.decode", "data", data, None, None, f"data must be bytes, not {shown(data)}")
        made = cls.__new__(cls)
        made._bytes = bytes(data)
        made._byteorder = byteorder
        made._count = len(made._bytes) // 8 - count_wide(made._bytes)
        made._items = None
        made._end_symbols = ()
        return made

    @classmethod
    def parse(cls, text: str, dialect: str = "llvm") -> Instructions:
        """The program that ``text`` is.

        Args:
            dialect: ``llvm``, what clang and llvm-mc write, with labels and the directive ``.byte`` for raw
                instructions; ``kernel``, the verifier's log and ``bpftool prog dump xlated``; ``ubpf``, the
                assembly of the bpf_conformance tests. docs/dialects.md describes them.

        Raises:
            AssemblySyntaxError: with all mistakes of the text, each with line, column and the line itself.
            OperandError: there is no such dialect.
        """
        from ebpfasm.asm.parser import parse

        return parse(text, dialect)

    def format(self, dialect: str = "llvm") -> str:
        """The program as text of a dialect; that of ``llvm`` is read back as the same program by `parse`.

        Raises:
            UnknownForm: the dialect has no text for an instruction (``llvm`` has one for all).
            OperandError: there is no such dialect.
        """
        from ebpfasm.asm.writer import program_text

        return program_text(self, dialect)

    @property
    def _all(self) -> tuple[Instruction, ...]:
        items = self._items
        if items is None:
            assert self._bytes is not None
            items = self._items = decode_units(self._bytes, self._byteorder)
        return items

    def encode(self, byteorder: str = sys.byteorder) -> bytes:
        """The program as bytes, with labels resolved and ``fileno()`` asked of each map it refers to.

        Args:
            byteorder: ``little`` or ``big``; the kernel wants its own.

        Raises:
            SymbolError: a reference names no label of this program, or a map that was not bound.
            OperandError: a conditional jump's label is too far for 16 bits, or a map's ``fileno()`` no fd.
            ClosedError: a map it refers to is closed.
        """
        if self._bytes is not None and self._byteorder == byteorder:
            return self._bytes
        _check_byteorder(byteorder)
        return encode_units(self._all, self.end_symbols, byteorder)

    def resolved(self) -> Instructions:
        """The same program with its labels' distances in place of the references to them.

        References to maps stay, and so do the labels themselves.

        Raises:
            SymbolError: a reference names no label of this program.
            OperandError: a conditional jump's label is too far for 16 bits.
        """
        return Instructions._of(resolve_labels(self._all, self.end_symbols), self.end_symbols)

    def relaxed(self) -> Instructions:
        """The same program with its conditional jumps reaching, also to labels further away than 16 bits.

        One that does not reach becomes the inverted one over a long jump (``gotol``, Linux 6.6), which
        moves what follows; jumps and calls by number are led to the same instructions as before. ``Ja``
        to a far label needs no such help: encoding makes it a long jump.

        Raises:
            SymbolError: a jump names no label of this program.
            OperandError: a jump by number leads out of the program, or into a 64-bit load.
        """
        from ebpfasm.asm.relax import relaxed

        return relaxed(self)

    def bind(self, **maps: Any) -> Instructions:
        """The same program with references to maps *by name* replaced by these maps.

        ``program.bind(slots=a_map)`` fills ``LoadMapPtr(R2, "slots")``.

        Raises:
            SymbolError: no instruction refers to a map of such a name, or what is given for it is no map.
        """
        from ebpfasm.asm.binding import bound

        return bound(self, maps)

    @property
    def unannotated(self) -> bool:
        """Whether it is nothing but instructions: no labels, references or comments; so is what was decoded."""
        if self._items is None:
            return True
        return not self._end_symbols and all(item._annotation is None for item in self._items)

    def symbols(self) -> dict[str, int]:
        """Each label and the unit it stands at; a label after the last instruction stands at ``units``."""
        found = {}
        unit = 0
        for instruction in self._all:
            for symbol in instruction.symbols:
                found[symbol] = unit
            unit += instruction.units
        return found | dict.fromkeys(self.end_symbols, unit)

    @property
    def end_symbols(self) -> tuple[str, ...]:
        """The labels that stand after the last instruction."""
        return self._end_symbols

    @property
    def units(self) -> int:
        """The program's length in units of 8 bytes; a 64-bit load has two."""
        if self._bytes is not None:
            return len(self._bytes) // 8
        return sum(instruction.units for instruction in self._all)

    def tag(self, algorithm: Literal["sha256", "sha1"] = "sha256", byteorder: str = sys.byteorder) -> str:
        """The tag the kernel gives this program: 16 hexadecimal digits.

        Args:
            algorithm: ``sha256`` for Linux 6.18 and later, ``sha1`` for those before.

        The kernel hashes the program as it was given to it, with the fds and offsets of map loads
        zeroed (kernel/bpf/core.c, bpf_prog_calc_tag). Raises what `encode` raises, but never asks
        a map for its fd.
        """
        from ebpfasm.asm.tag import tag_of

        return tag_of(self, algorithm, byteorder)

    def requirements(self) -> Requirements:
        """Which kernel and which ISA version the program needs, and because of which instructions.

        It speaks of the instructions, with labels resolved: not of helpers, program types, or what a
        release's verifier makes of a program.

        Raises:
            SymbolError: a reference names no label of this program.
            OperandError: a conditional jump's label is too far for 16 bits.
        """
        from ebpfasm.asm.requirements import requirements_of

        return requirements_of(self)

    def listing(self, byteorder: str = sys.byteorder, *, arrows: bool = True) -> str:
        """The program for people: unit numbers, bytes, text, labels and comments, with arrows for its jumps.

        Raises what `resolved` raises.
        """
        from ebpfasm.asm.listing import listing

        return listing(self, byteorder, arrows=arrows)

    def cfg(self) -> ControlFlow:
        """The program as basic blocks and the ways between them; raises what `resolved` raises.

        Raises:
            OperandError: a jump or call leads out of the program, or into the middle of a 64-bit load.
        """
        from ebpfasm.asm.cfg import control_flow

        return control_flow(self)

    def _repr_html_(self) -> str:
        """The program as a table, for notebooks."""
        from ebpfasm.asm.html import table

        return table(self)

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Instruction]:
        return iter(self._all)

    @overload
    def __getitem__(self, index: SupportsIndex) -> Instruction: ...

    @overload
    def __getitem__(self, index: slice) -> Instructions: ...  # noqa: F811

    def __getitem__(self, index: SupportsIndex | slice) -> Instruction | Instructions:  # noqa: F811
        if not isinstance(index, slice):
            return self._all[index]
        start, stop, step = index.indices(self._count)
        # With the last instruction, not also with the nothing after it: program[:n] + program[n:] is the program.
        has_end = step == 1 and stop == self._count and (start < stop or not self._count)
        return Instructions._of(self._all[index], self.end_symbols if has_end else ())

    def __add__(self, other: Iterable[Instruction | Label | Instructions]) -> Instructions:
        if not isinstance(other, Instructions):
            other = Instructions(other)
        return Instructions([self, other])

    def __radd__(self, other: Iterable[Instruction | Label | Instructions]) -> Instructions:
        return Instructions([Instructions(other), self])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Instructions):
            return NotImplemented
        return self._all == other._all and self.end_symbols == other.end_symbols

    def __hash__(self) -> int:
        return hash((self._all, self.end_symbols))

    def __reduce__(self) -> tuple[Any, ...]:
        return Instructions._of, (self._all, self.end_symbols)

    def __repr__(self) -> str:
        items = [repr(instruction) for instruction in self._all] + [repr(Label(name)) for name in self.end_symbols]
        return f"Instructions([{', '.join(items)}])"

    def __str__(self) -> str:
        return self.format()


def _check_byteorder(byteorder: object) -> None:
    if byteorder not in ("little", "big"):
        raise OperandError(
            f"byteorder must be 'little' or 'big', not {byteorder!r}", field="byteorder", value=byteorder
        )

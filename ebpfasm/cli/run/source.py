"""What `ebpfasm run` is given: the program in any format or as assembly text, the packet, and the maps."""

from __future__ import annotations

from ebpfasm.asm.program import Instructions
from ebpfasm.cli.formats import FORMATS, FormatError, of_text, recognised
from ebpfasm.cli.formats.digits import read_hex
from ebpfasm.cli.streams import read_input
from ebpfasm.errors import SymbolError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator

    from ebpfasm.asm.instruction import Instruction

__all__ = ["MapAsked", "Source", "check_maps", "context", "map_asked", "map_of", "packet", "source"]

TEXT = "text"


class Source:
    """A program, and what to call where it came from."""

    __slots__ = ("program", "where")

    def __init__(self, where: str, program: Instructions) -> None:
        self.where = where
        self.program = program


class MapAsked:
    """A map to make: what the program calls it (a name or a descriptor), its type's number, and its sizes."""

    __slots__ = ("flags", "key_size", "max_entries", "name", "type", "value_size")

    def __init__(self, name: str | int, type: int, key_size: int, value_size: int, max_entries: int, flags: int):
        self.name = name
        self.type = type
        self.key_size = key_size
        self.value_size = value_size
        self.max_entries = max_entries
        self.flags = flags


def source(options: Namespace) -> Source:
    """The program.

    Raises:
        FormatError, DecodeError: the bytes are none of a program.
        AssemblySyntaxError: the text has mistakes.
    """
    if options.hex is not None:
        return Source("--hex", Instructions.decode(read_hex(options.hex)))
    where, data = read_input(options.file)
    form = _format(data) if options.input == "auto" else options.input
    if options.dialect is not None and options.input == "auto":
        form = TEXT
    if form == TEXT:
        return Source(where, Instructions.parse(of_text(data), options.dialect or "llvm"))
    reader = FORMATS[form].read
    assert reader is not None
    return Source(where, reader(data, None)[0])


def _format(data: bytes) -> str:
    """What `recognised` says; what is text and looks like no format is assembly."""
    try:
        return recognised(data)
    except FormatError:
        text = of_text(data)
        if any(form.fits(text) for form in FORMATS.values()):
            raise
        return TEXT


def map_of(instruction: Instruction) -> str | int | None:
    """What an instruction calls the map it refers to: a name or a descriptor; None for all others."""
    form = instruction.form
    if form is None or form.reference != "map":
        return None
    if isinstance(instruction.reference, str):
        return instruction.reference
    return next(operand for operand in form.operands if operand.kind == "map").of(instruction)


def check_maps(program: Instructions, asked: list[MapAsked]) -> None:
    """Refuse a program that refers to a map that was not asked for, or to none of those that were.

    Raises:
        SymbolError: with what to give.
    """
    known = {each.name for each in asked}
    used: dict[str | int, int] = {}
    for name, unit in _maps_used(program):
        used.setdefault(name, unit)
    for name, unit in used.items():
        if name not in known:
            called = repr(name) if isinstance(name, str) else f"with the descriptor {name}"
            raise SymbolError(
                f"unit {unit}: there is no map {called}: make one with --map {name}=TYPE:KEY:VALUE:ENTRIES", symbol=name
            )
    for name in known - used.keys():
        raise SymbolError(f"no instruction refers to the map {name!r} of --map", symbol=name)


def _maps_used(program: Instructions) -> Iterator[tuple[str | int, int]]:
    unit = 0
    for instruction in program:
        name = map_of(instruction)
        if name is not None:
            yield name, unit
        unit += instruction.units


def packet(options: Namespace) -> bytes:
    """The packet; nothing if none was given."""
    if options.data is not None:
        return read_hex(options.data)
    return read_input(options.data_file)[1] if options.data_file is not None else b""


def map_asked(text: str) -> MapAsked:
    """``name=type:key:value:entries[:flags]`` for argparse."""
    from argparse import ArgumentTypeError

    from ebpfasm.uapi import MapType

    name, equals, rest = text.partition("=")
    kind, *numbers = rest.split(":")
    if not name or not equals or len(numbers) not in (3, 4):
        message = f"must be NAME=TYPE:KEY_BYTES:VALUE_BYTES:ENTRIES[:FLAGS], such as counts=hash:4:8:64, not {text!r}"
        raise ArgumentTypeError(message)
    if kind.upper() not in MapType.__members__:
        from difflib import get_close_matches

        close = get_close_matches(kind, [each.name.lower() for each in MapType], 1)
        raise ArgumentTypeError(f"there is no map type {kind!r}" + (f"; did you mean {close[0]!r}?" if close else ""))
    try:
        key_size, value_size, max_entries, flags = (int(number, 0) for number in (*numbers, "0")[:4])
    except ValueError:
        raise ArgumentTypeError(f"sizes are numbers, in {text!r}") from None
    called: str | int = int(name) if name.isdecimal() else name
    return MapAsked(called, MapType[kind.upper()], key_size, value_size, max_entries, flags)


def context(text: str) -> tuple[str, int | tuple[int, ...]]:
    """``field=number``, or ``field=number,number,…``, for argparse."""
    from argparse import ArgumentTypeError

    name, equals, rest = text.partition("=")
    try:
        numbers = tuple(int(number, 0) for number in rest.split(","))
    except ValueError:
        numbers = ()
    if not name or not equals or not numbers:
        raise ArgumentTypeError(f"must be FIELD=NUMBER, such as mark=5, not {text!r}")
    return name, numbers[0] if len(numbers) == 1 else numbers

"""How Python values become the bytes of keys and values in a map, and back."""

from __future__ import annotations

import sys

from ebpfasm.errors import OperandError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Protocol

    class Codec(Protocol):
        """Turns a value into exactly the bytes a map wants, and such bytes into a value."""

        def encode(self, value: Any) -> bytes:
            """The bytes of ``value``."""

        def decode(self, data: bytes) -> Any:
            """The value of these bytes."""


__all__ = ["Bytes", "Integer", "PerCpu", "Struct", "codec_for", "value_codec_for"]

INTEGER_SIZES = (1, 2, 4, 8)

# enum bpf_map_type; MapType would cost every program that uses a map the import of enum.
PERCPU = frozenset({5, 6, 10, 21})


class Bytes:
    """Bytes as they are; their number must be right."""

    __slots__ = ("size", "what")

    also = ""  # what else than bytes is taken, for messages

    def __init__(self, size: int, what: str) -> None:
        self.size = size
        self.what = what

    def encode(self, value: Any) -> bytes:
        """The bytes, made sure of."""
        if not isinstance(value, (bytes, bytearray, memoryview)):
            raise OperandError(
                f"{self.what} must be {self.also}{self.size} bytes, not {type(value).__name__} {value!r}",
                field=self.what,
                value=value,
            )
        data = bytes(value)
        if len(data) != self.size:
            raise OperandError(
                f"{self.what} must be {self.size} bytes long, not {len(data)}", field=self.what, value=value
            )
        return data

    def decode(self, data: bytes) -> bytes:
        """The bytes."""
        return data


class Integer(Bytes):
    """An integer of 1, 2, 4 or 8 bytes in the machine's byte order; read as unsigned, written signed too."""

    __slots__ = ()

    also = "an int or "

    def encode(self, value: Any) -> bytes:
        """The bytes of an integer, or bytes as they are."""
        if value.__class__ is not int:
            if isinstance(value, bool) or not hasattr(value, "__index__"):
                return super().encode(value)
            value = value.__index__()
        low, high = -(1 << self.size * 8 - 1), (1 << self.size * 8) - 1
        if not low <= value <= high:
            raise OperandError(
                f"{self.what} must be in {low}..{high} (it has {self.size} bytes), not {value}",
                field=self.what, value=value, low=low, high=high,
            )  # fmt: skip
        return int.to_bytes(value & high, self.size, sys.byteorder)

    def decode(self, data: bytes) -> Any:
        """The integer, unsigned."""
        return int.from_bytes(data, sys.byteorder)


class Struct(Bytes):
    """A tuple, by a format of the ``struct`` module: ``"!IH"``; of one member, the member itself."""

    __slots__ = ("_struct",)

    def __init__(self, layout: str, size: int, what: str) -> None:
        import struct

        super().__init__(size, what)
        try:
            self._struct = struct.Struct(layout)
        except struct.error as error:
            raise OperandError(f"{what}: {layout!r} is no struct format: {error}", field=what, value=layout) from error
        if self._struct.size != size:
            raise OperandError(
                f"{what}: format {layout!r} has {self._struct.size} bytes, the map's {what} {size}",
                field=what,
                value=layout,
            )

    def encode(self, value: Any) -> bytes:
        """The bytes of a tuple, or bytes as they are."""
        import struct

        if isinstance(value, (bytes, bytearray, memoryview)):
            return super().encode(value)
        members = value if isinstance(value, (tuple, list)) else (value,)
        try:
            return self._struct.pack(*members)
        except struct.error as error:
            raise OperandError(
                f"{self.what} {value!r} does not fit format {self._struct.format!r}: {error}",
                field=self.what,
                value=value,
            ) from error

    def decode(self, data: bytes) -> Any:
        """The tuple, or its only member."""
        members = self._struct.unpack(data)
        return members[0] if len(members) == 1 else members


class PerCpu:
    """A list with one value for each possible CPU, each rounded up to 8 bytes (kernel/bpf/hashtab.c)."""

    __slots__ = ("cpus", "inner", "padding")

    def __init__(self, inner: Codec, size: int, cpus: int) -> None:
        self.inner = inner
        self.cpus = cpus
        self.padding = -size % 8

    def encode(self, value: Any) -> bytes:
        """The bytes of a list of values."""
        if not isinstance(value, (list, tuple)) or len(value) != self.cpus:
            given = f"{len(value)} of them" if isinstance(value, (list, tuple)) else repr(value)
            raise OperandError(
                f"value must be a list of {self.cpus}, one for each possible CPU, not {given}",
                field="value",
                value=value,
            )
        return b"".join(self.inner.encode(each) + bytes(self.padding) for each in value)

    def decode(self, data: bytes) -> list[Any]:
        """The list of values."""
        step = len(data) // self.cpus
        return [self.inner.decode(data[start : start + step - self.padding]) for start in range(0, len(data), step)]


def codec_for(given: object, size: int, what: str) -> Codec:
    """The codec a map uses for its ``what``, "key" or "value".

    Args:
        given: None for the usual (an int for a size of 1, 2, 4 or 8, else bytes), the type ``bytes`` for
            bytes always, a format of the ``struct`` module, or an object with ``encode`` and ``decode``.

    Raises:
        OperandError: it is none of these, or a format of another size.
    """
    if given is None:
        return Integer(size, what) if size in INTEGER_SIZES else Bytes(size, what)
    if given is bytes:
        return Bytes(size, what)
    if isinstance(given, str):
        return Struct(given, size, what)
    if callable(getattr(given, "encode", None)) and callable(getattr(given, "decode", None)):
        return given  # type: ignore[return-value]
    raise OperandError(
        f"{what}: a codec is None, bytes, a struct format or an object with encode() and decode(), not {given!r}",
        field=what,
        value=given,
    )


def value_codec_for(given: object, type: int, size: int, cpus: Callable[[], int]) -> tuple[Codec, int]:
    """The codec of the values of a map of that type, and how many bytes a value has to user space.

    Args:
        given: as in `codec_for`; for a per-CPU map, that of the value of one CPU.
        cpus: tells for how many CPUs a per-CPU map has values; asked only for such a map.
    """
    codec = codec_for(given, size, "value")
    if type not in PERCPU:
        return codec, size
    count = cpus()
    return PerCpu(codec, size, count), (size + 7) // 8 * 8 * count

"""Descriptions of maps, to make the same one in the vm and in the kernel."""

from __future__ import annotations

from ebpfasm.errors import OperandError
from ebpfasm.values.codecs import codec_for, value_codec_for

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

__all__ = ["LRU", "PERCPU", "PROG_ARRAY", "MapSpec", "spec_of"]

# enum bpf_map_type
PROG_ARRAY = 3
PERCPU = frozenset({5, 6, 10})
LRU = frozenset({9, 10})
COMPARABLE = frozenset({1, 2, 3, 5, 6, 9, 10, 11})
"""Types whose entries can be listed: hashes, arrays and tries."""


class MapSpec:
    """What a map is and what is in it before a program runs.

    Args:
        type: a `MapType`.
        key_size, value_size: bytes.
        max_entries: the most entries it can hold.
        entries: keys and values as ``Map.create(…)[key] = value`` takes them; of a program array, slots and the
            programs in them, as `Instructions`; of a per-CPU map, one value for all CPUs or a list with one for each.
        flags: `MapFlag` s.

    Raises:
        OperandError: the entries of maps of this type cannot be listed, and so not compared: queues, ring buffers.
    """

    __slots__ = ("entries", "flags", "key_size", "max_entries", "type", "value_size")

    def __init__(
        self,
        type: int,
        *,
        key_size: int,
        value_size: int,
        max_entries: int,
        entries: Mapping[Any, Any] | None = None,
        flags: int = 0,
    ) -> None:
        if type not in COMPARABLE:
            raise OperandError(
                f"MapSpec: the entries of a map of type {type!r} cannot be listed, so not compared",
                field="type",
                value=type,
            )
        self.type = type
        self.key_size = key_size
        self.value_size = value_size
        self.max_entries = max_entries
        self.entries: Mapping[Any, Any] = entries or {}
        self.flags = flags

    def made(self, map_class: Any, name: str, **more: Any) -> Any:
        """An empty map of this description, of the class ``Map`` of the vm or of the kernel's objects."""
        return map_class.create(
            self.type,
            key_size=self.key_size,
            value_size=self.value_size,
            max_entries=self.max_entries,
            flags=self.flags,
            name=name,
            **more,
        )

    def __repr__(self) -> str:
        kind = getattr(self.type, "name", None)
        parts = [
            f"MapType.{kind}" if kind else str(int(self.type)),
            *(f"{name}={getattr(self, name)!r}" for name in ("key_size", "value_size", "max_entries")),
        ]
        if self.entries:
            parts.append(f"entries={dict(self.entries)!r}")
        if self.flags:
            parts.append(f"flags={int(self.flags)}")
        return f"MapSpec({', '.join(parts)})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, MapSpec):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.__slots__)

    def __hash__(self) -> int:
        return hash((self.type, self.key_size, self.value_size, self.max_entries, self.flags))


def spec_of(given: Any) -> MapSpec:
    """The description of a map of the vm or of the kernel, with its entries.

    Raises:
        OperandError: it is none, or of a type whose entries cannot be listed.
    """
    if not all(hasattr(given, name) for name in ("type", "key_size", "value_size", "max_entries", "items")):
        raise OperandError(f"spec_of: a MapSpec or a map must be given, not {given!r}", field="maps", value=given)
    if given.type not in COMPARABLE:
        raise OperandError(
            f"spec_of: the entries of map {given.name!r}, of type {given.type}, cannot be listed",
            field="maps",
            value=given,
        )
    entries: dict[Any, Any] = {}
    if given.type == PROG_ARRAY:
        entries = {index: given.program_at(index).instructions for index in given}
    else:
        # What the map's own codecs make of its bytes, the usual ones need not.
        key_codec, per_cpu = codec_for(None, given.key_size, "key"), given.type in PERCPU
        for key, value in given.items():
            usual, _ = value_codec_for(None, given.type, given.value_size, lambda: len(value) if per_cpu else 1)  # noqa: B023
            entries[key_codec.decode(given._key.encode(key))] = usual.decode(given._encoded(value))
    return MapSpec(
        given.type,
        key_size=given.key_size,
        value_size=given.value_size,
        max_entries=given.max_entries,
        entries=entries,
        flags=given.flags,
    )

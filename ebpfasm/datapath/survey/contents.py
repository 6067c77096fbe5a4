"""What is in maps, where the name of a map or its type says what it means."""

from __future__ import annotations

import struct

from ebpfasm.datapath.addresses import AddressKey
from ebpfasm.datapath.delivery import Count

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ebpfasm.datapath.survey.model import Value
    from ebpfasm.objects.maps import Map

__all__ = ["entries_of", "role_of", "slots_of"]

# enum bpf_map_type; uapi would cost the import of enum.
PROG_ARRAY, LPM_TRIE = 3, 11
ARRAYS, PER_CPU = (2, 6), (5, 6, 10)  # ARRAY and PERCPU_ARRAY; PERCPU_HASH, PERCPU_ARRAY, LRU_PERCPU_HASH

PREFIX_KEY = 20  # bytes
COUNTERS = "cnt_"
"""How the names of maps with counters begin."""


def role_of(found: Map) -> str:
    """What a map is for, as `SeenMap.role` has it."""
    if found.type == PROG_ARRAY:
        return "slots"
    if found.type == LPM_TRIE and found.key_size == PREFIX_KEY and found.name in {"endpoints", "tunnels"}:
        return found.name
    if found.type in ARRAYS and found.name.startswith(COUNTERS) and found.value_size in {8, 16}:
        return "counters"
    return "other"


def slots_of(found: Map) -> dict[int, int]:
    """The programs in a program array, by index."""
    return dict(found.items())


def entries_of(found: Map, role: str) -> dict[str, Value]:
    """What is in a map of that role, as `SeenMap.entries` has it."""
    if role == "endpoints":
        return dict(_by_prefix(found))
    if role == "counters":
        return dict(_counted(found))
    return {}


def _by_prefix(found: Map) -> Iterator[tuple[str, Any]]:
    """Entries by prefix: IPv4 first, by address, the shorter prefix first."""
    for key, value in sorted(found.items(), key=lambda entry: (entry[0][4:], entry[0][:4])):
        yield str(AddressKey().decode(key)), value


def _counted(found: Map) -> Iterator[tuple[str, Value]]:
    """What is counted, with its numbers; nothing of what did not happen."""
    deliveries = found.max_entries == len(Count)
    for index, value in found.items():
        each = map(_numbers, value if found.type in PER_CPU else [value])
        numbers = [sum(of_a_cpu) for of_a_cpu in zip(*each, strict=True)]
        if any(numbers):
            what = Count(index).name.lower().replace("_", " ") if deliveries else str(index)
            yield what, numbers[0] if len(numbers) == 1 else {"packets": numbers[0], "bytes": numbers[1]}


def _numbers(value: Any) -> tuple[int, ...]:
    """One number, or two of them in bytes: packets, and how many bytes these had."""
    return struct.unpack("=QQ", value) if isinstance(value, bytes) else (value,)

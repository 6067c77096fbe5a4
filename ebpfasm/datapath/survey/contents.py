"""What is in maps, where the name of a map or its type says what it means."""

from __future__ import annotations

import struct

from ebpfasm.datapath import counters, delivery, packet, tunnels
from ebpfasm.datapath.addresses import AddressKey
from ebpfasm.datapath.policy import counts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from enum import IntEnum
    from typing import Any

    from ebpfasm.datapath.survey.model import Value
    from ebpfasm.objects.maps import Map

__all__ = ["entries_of", "role_of", "slots_of"]

# enum bpf_map_type; uapi would cost the import of enum.
PROG_ARRAY, LPM_TRIE = 3, 11
ARRAYS = (2, counters.PERCPU_ARRAY)  # ARRAY

PREFIX_MAPS = {("endpoints", packet.KEY_SIZE, 4), ("tunnels", packet.KEY_SIZE, tunnels.VALUE_SIZE)}
"""Name, and sizes of key and value, of the maps from prefixes."""
COUNTERS = "cnt_"
"""How the names of maps with counters begin."""


def role_of(found: Map) -> str:
    """What a map is for, as `SeenMap.role` has it."""
    if found.type == PROG_ARRAY:
        return "slots"
    if found.type == LPM_TRIE and (found.name, found.key_size, found.value_size) in PREFIX_MAPS:
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
    if role == "tunnels":
        return {prefix: _tunnel(value) for prefix, value in _by_prefix(found)}
    if role == "counters":
        return dict(_counted(found))
    return {}


def _by_prefix(found: Map) -> Iterator[tuple[str, Any]]:
    """Entries by prefix: IPv4 first, by address, the shorter prefix first."""
    for key, value in sorted(found.items(), key=lambda entry: (entry[0][4:], entry[0][:4])):
        yield str(AddressKey().decode(key)), value


def _tunnel(value: bytes) -> dict[str, int | str]:
    remote, vni = tunnels.TunnelValue().decode(value)
    return {"remote": str(remote), "vni": vni}


def _counted(found: Map) -> Iterator[tuple[str, Value]]:
    """What is counted, with its numbers; nothing of what did not happen."""
    names = _names(found)
    for index, value in found.items():
        each = map(_numbers, value if found.type == counters.PERCPU_ARRAY else [value])
        numbers = [sum(of_a_cpu) for of_a_cpu in zip(*each, strict=True)]
        if any(numbers):
            what = names.get(index, str(index))
            yield what, numbers[0] if len(numbers) == 1 else {"packets": numbers[0], "bytes": numbers[1]}


def _numbers(value: Any) -> tuple[int, ...]:
    """One number, or two of them in bytes: packets, and how many bytes these had."""
    return struct.unpack("=QQ", value) if isinstance(value, bytes) else (value,)


def _names(found: Map) -> dict[int, str]:
    """What the counters of a map count, as far as its shape and name say."""
    if (found.type, found.value_size) != (counters.PERCPU_ARRAY, counters.COUNTER_SIZE):
        return {}  # another's
    if found.name == "cnt_overlay" and found.max_entries == len(tunnels.Count):
        return _in_words(tunnels.Count)
    if found.max_entries == len(delivery.Count):
        return _in_words(delivery.Count)
    if found.max_entries < counts.FIRST_RULE:
        return {}
    # Of a policy. Where its rules are held in maps, a rule keeps its number while others come and go.
    rules = range(counts.FIRST_RULE, found.max_entries)
    return _in_words(counts.Count) | {index: f"rule {number}" for number, index in enumerate(rules, 1)}


def _in_words(counted: type[IntEnum]) -> dict[int, str]:
    return {count: count.name.lower().replace("_", " ") for count in counted}

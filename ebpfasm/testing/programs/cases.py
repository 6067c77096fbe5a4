"""A program with everything it runs on: packet, context and maps."""

from __future__ import annotations

import sys

from ebpfasm.testing.programs.author import CALLS, CONTEXTS, LEGACY, PATHS, STRAIGHT, Author
from ebpfasm.testing.programs.choices import Seeded, number
from ebpfasm.testing.programs.forms import NEWEST
from ebpfasm.testing.specs import MapSpec
from ebpfasm.vm.sk_buff_fields import SK_BUFF

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ebpfasm.asm import Instructions
    from ebpfasm.testing.programs.choices import Choices

__all__ = ["Case", "case_of", "seeded_case"]

# enum bpf_map_type, and BPF_F_NO_PREALLOC
HASH, ARRAY, PROG_ARRAY, PERCPU_ARRAY, LPM_TRIE, NO_PREALLOC = 1, 2, 3, 6, 11, 1

TYPES = ((14, b"\x88\xb5"), (34, b"\x08\x00"), (54, b"\x86\xdd"), (14, b"\x08\x06"), (14, b"\0\x20"))
"""The least length of a frame, and its type: for experiments (IEEE 802), IPv4, IPv6, ARP, or a length."""


class Case:
    """A program of type SCHED_CLS and what it runs on.

    ``program`` refers to its maps by the names they have in ``maps``; ``data`` is the packet; ``fields`` are members of
    ``struct __sk_buff`` by name, and ``ctx`` the bytes of the struct with them.
    """

    __slots__ = ("data", "fields", "maps", "program")

    def __init__(
        self,
        program: Instructions,
        data: bytes,
        fields: Mapping[str, int | tuple[int, ...]],
        maps: Mapping[str, MapSpec],
    ) -> None:
        self.program = program
        self.data = data
        self.fields = fields
        self.maps = maps

    @property
    def ctx(self) -> bytes | None:
        """The context in the kernel's layout; None if no field is given."""
        if not self.fields:
            return None
        made = bytearray(SK_BUFF.size)
        for name, value in self.fields.items():
            at, size, _ = SK_BUFF.places[name]
            for number_ in value if isinstance(value, tuple) else (value,):
                made[at : at + size] = number_.to_bytes(size, sys.byteorder)
                at += size
        return bytes(made)

    def __repr__(self) -> str:
        return f"Case({self.program!r}, {self.data!r}, {dict(self.fields)!r}, {dict(self.maps)!r})"


def case_of(choices: Choices, *, release: tuple[int, ...] = NEWEST, most: int = 12, maps: bool = True) -> Case:
    """A case with all kinds of statements: those with LD_ABS have no functions, which the verifier forbids."""
    kinds = (STRAIGHT, PATHS, CONTEXTS, LEGACY if choices.integer(0, 9) == 9 else CALLS)
    specs = _specs(choices, release) if maps else {}
    program = Author(choices, kinds, specs, release=release, most=most).program()
    used = {item.reference for item in program if item.reference in specs}
    return Case(
        program,
        _packet(choices),
        _fields(choices),
        {name: spec for name, spec in specs.items() if name in used},
    )


def seeded_case(seed: int, *, release: tuple[int, ...] = NEWEST, most: int = 12) -> Case:
    """The case of a seed."""
    return case_of(Seeded(seed), release=release, most=most)


def _packet(choices: Choices) -> bytes:
    """A frame of at least an Ethernet header, and of as much more as its type asks for (net/bpf/test_run.c)."""
    made = bytearray(choices.integer(0, 255) for _ in range(choices.pick((14, 64, 34, 15, 46))))
    least, made[12:14] = choices.pick(TYPES)
    return bytes(made.ljust(least, b"\0"))


def _fields(choices: Choices) -> dict[str, int | tuple[int, ...]]:
    fields: dict[str, int | tuple[int, ...]] = {}
    if choices.integer(0, 1):
        fields["mark"] = number(choices, 32) & 0xFFFFFFFF
        fields["priority"] = number(choices, 32) & 0xFFFFFFFF
        fields["cb"] = tuple(number(choices, 32) & 0xFFFFFFFF for _ in range(5))
        fields["tstamp"] = number(choices, 64) & 0xFFFFFFFFFFFFFFFF
    return fields


def _specs(choices: Choices, release: tuple[int, ...]) -> dict[str, MapSpec]:
    """The maps a program may use; those it does not are not made."""

    def next_program(kinds: tuple[str, ...]) -> Instructions:
        return Author(choices, kinds, release=release, most=3).program()

    def value(size: int) -> bytes:
        return b"".join((number(choices, 64) & (1 << 64) - 1).to_bytes(8, sys.byteorder) for _ in range(size // 8))

    prefixes = (8, (10, 0, 0, 0)), (32, (10, 0, 0, 1))
    return {
        "array": MapSpec(ARRAY, key_size=4, value_size=16, max_entries=4, entries={1: value(16)}),
        "hash": MapSpec(HASH, key_size=8, value_size=8, max_entries=3, entries={0: value(8), 2: value(8)}),
        "trie": MapSpec(
            LPM_TRIE, key_size=8, value_size=8, max_entries=4, flags=NO_PREALLOC,
            entries={length.to_bytes(4, sys.byteorder) + bytes(address): value(8) for length, address in prefixes},
        ),
        "global": MapSpec(ARRAY, key_size=4, value_size=32, max_entries=1, entries={0: value(32)}),
        "tails": MapSpec(
            PROG_ARRAY, key_size=4, value_size=4, max_entries=3,
            entries={0: next_program((STRAIGHT, CONTEXTS)), 2: next_program((STRAIGHT, PATHS))},
        ),
    }  # fmt: skip

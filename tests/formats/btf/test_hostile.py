"""What is malformed, cut off, circular or gigantic raises BtfError and nothing else, and soon."""

from __future__ import annotations

import random
import tracemalloc
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from ebpfasm.errors import BtfError
from ebpfasm.formats.btf import (
    Array,
    Btf,
    BtfBuilder,
    Const,
    FuncProto,
    Int,
    Member,
    Param,
    Ptr,
    Struct,
    Type,
    Typedef,
    Union,
    deduplicate,
)
from ebpfasm.formats.btf.header import HEADER_BYTES
from ebpfasm.formats.btf.index import SEARCHES
from tests.formats.btf.samples import every_kind

if TYPE_CHECKING:
    from ebpfasm.formats.btf.header import ByteOrder


def attempt(action: Callable[[], object]) -> bool:
    """Whether an action succeeds; any error but BtfError goes through."""
    try:
        action()
    except BtfError:
        return False
    return True


def use(data: bytes) -> None:
    """Ask everything there is to ask of some BTF."""
    try:
        btf = Btf.from_bytes(data)
    except BtfError:
        return
    attempt(btf.check)
    attempt(lambda: deduplicate(btf))
    for type_id in range(len(btf)):
        for ask in (btf.__getitem__, btf.size_of, btf.alignment_of, btf.members, btf.to_c, btf.to_raw, btf.resolve):
            attempt(lambda ask=ask, type_id=type_id: ask(type_id))  # type: ignore[misc]
    for name in ("node", "int", "x"):
        attempt(lambda name=name: btf.types_by_name(name))  # type: ignore[misc]
    attempt(lambda: BtfBuilder(list(btf)[1:]).encode())


@pytest.mark.parametrize("byteorder", ["little", "big"])
def test_mutations(byteorder: ByteOrder) -> None:
    original = every_kind().encode(byteorder)
    chance = random.Random(6)
    interesting = [0, 1, 2, 0x7F, 0x80, 0xFF]
    for _ in range(300):
        data = bytearray(original)
        for _ in range(chance.choice((1, 1, 2, 8))):
            data[chance.randrange(len(data))] = chance.choice((*interesting, chance.randrange(256)))
        use(bytes(data))


def test_words_that_are_other_words() -> None:
    original = every_kind().encode("little")
    chance = random.Random(7)
    for _ in range(300):
        data = bytearray(original)
        at = HEADER_BYTES + 4 * chance.randrange((len(data) - HEADER_BYTES) // 4)
        number = chance.choice((chance.randrange(40), 0xFFFFFFFF, 1 << 31, chance.randrange(1 << 32)))
        data[at : at + 4] = number.to_bytes(4, "little")
        use(bytes(data))


def test_every_truncation() -> None:
    data = every_kind().encode()
    for size in range(len(data)):
        with pytest.raises(BtfError):
            Btf.from_bytes(data[:size])


@pytest.mark.parametrize(
    ("at", "value", "message"),
    [
        (0, b"\0\0", "BTF starts with 9f eb or eb 9f"),
        (0, b"\x7fELF", "this is an ELF object"),
        (2, b"\2", "version"),
        (3, b"\1", "flags"),
        (4, b"\xff\xff\xff\xff", "the header says it has 4294967295 bytes"),
        (4, b"\0\0\0\0", "the header says it has 0 bytes"),
        (8, b"\xf0\xff\xff\xff", "the types would end at"),
        (12, b"\5\0\0\0", "words of 4 bytes"),
        (16, b"\0\0\0\0", "types and strings overlap"),
        (20, b"\xff\xff\xff\x7f", "the strings would end at"),
        (20, b"\0\0\0\0", "no strings"),
        (20, b"\2\0\0\0", "do not end with a NUL"),
        (HEADER_BYTES, b"\xff\xff\0\0", "there is no string at offset 65535"),
        (HEADER_BYTES + 7, b"\0", "must be in 1..19, not 0"),
        (HEADER_BYTES + 7, b"\x14", "must be in 1..19, not 20"),
        (HEADER_BYTES + 7, b"\x41", "reserved bits"),
        (HEADER_BYTES + 7, b"\x81", "INT: has no kind_flag"),
        (HEADER_BYTES + 4, b"\1", "INT: has no elements, but says it has 1"),
        (HEADER_BYTES + 4, b"\xff\xff\0\4", "is cut off: it needs"),
        (HEADER_BYTES + 8, b"\5", "its size must be"),
        (HEADER_BYTES + 13, b"\1", "reserved bits"),
    ],
)
def test_what_is_wrong_is_said(at: int, value: bytes, message: str) -> None:
    data = bytearray(BtfBuilder([Int("int", 4)]).encode("little"))
    data[at : at + len(value)] = value
    with pytest.raises(BtfError, match=message):
        Btf.from_bytes(bytes(data)).check()


LOOPS: dict[str, list[Type]] = {
    "typedef of itself": [Typedef("t", 1)],
    "const of each other": [Const(2), Const(1)],
    "array of itself": [Array(1, 1, 2)],
    "pointer to itself": [Ptr(1)],
    "struct in itself": [Struct("", 8, (Member("", 1, 0), Member("a", 1, 0)))],
    "struct twice in itself": [Struct("", 8, (Member("", 1, 0), Member("", 1, 0)))],
    "function that returns itself": [FuncProto(1, (Param("a", 1), Param("b", 1)))],
    "pointer to a function that takes it": [Ptr(2), FuncProto(1, (Param("a", 1), Param("b", 1)))],
    "structs that double": [
        *(Struct("", 8, (Member("", at + 2, 0), Member("", at + 2, 0))) for at in range(60)),
        Int("int", 4),
    ],
    "arrays that multiply": [*(Array(at + 2, 1, 0xFFFFFFFF) for at in range(60)), Int("int", 4)],
    "a hole of half a gigabyte": [Int("int", 4), Struct("s", 0xFFFFFFFF, (Member("a", 1, 0xFFFFFFFF),))],
    "a long chain": [*(Ptr(at + 2) for at in range(20_000)), Int("int", 4)],
    "a long circle": [*(Ptr(at + 2) for at in range(20_000)), Ptr(1)],
    "union in itself": [Union("u", 8, (Member("u", 1, 0),))],
}


@pytest.mark.parametrize("name", LOOPS)
def test_types_within_themselves(name: str) -> None:
    data = BtfBuilder(LOOPS[name]).encode()
    btf = Btf.from_bytes(data)
    attempt(lambda: deduplicate(btf))
    for type_id in range(min(len(btf), 4)):
        for ask in (btf.size_of, btf.alignment_of, btf.members, btf.to_c, btf.to_raw, btf.resolve):
            attempt(lambda ask=ask, type_id=type_id: ask(type_id))  # type: ignore[misc]


def gigantic() -> dict[str, bytes]:
    """Return files of a megabyte or so that would be more if they were believed."""
    same = BtfBuilder([Int("a", 4)] * 60_000).encode("little")
    types, rest = same[HEADER_BYTES:-3], b"\0" + b"a\0" * 200_000
    head = same[:20] + len(rest).to_bytes(4, "little")
    long_name = b"\0" + b"n" * 900_000 + b"\0"
    suffixes = bytearray(types)
    for number in range(60_000):
        suffixes[16 * number : 16 * number + 4] = (1 + number).to_bytes(4, "little")
    return {
        "one name of all": same,
        "one string many times": head + types + rest,
        "names that overlap": same[:20] + len(long_name).to_bytes(4, "little") + bytes(suffixes) + long_name,
    }


@pytest.mark.parametrize("name", gigantic())
def test_memory_is_bounded_by_the_file(name: str) -> None:
    data = gigantic()[name]
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        btf = Btf.from_bytes(data)
        for asked in ("a", "nn", *["other"] * SEARCHES, "a", "nn"):  # at last in the table
            btf.ids_by_name(asked)
        attempt(btf.check)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak - before < 20 * len(data) + (64 << 20)

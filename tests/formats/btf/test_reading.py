"""Types come back as they were written, in both byte orders, and are found by their names."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ebpfasm.errors import BtfError, TypeNotFound
from ebpfasm.formats.btf import (
    Btf,
    BtfBuilder,
    Const,
    Enum,
    Fwd,
    Int,
    Member,
    Ptr,
    Struct,
    Type,
    Typedef,
    Union,
    Void,
)
from ebpfasm.formats.btf.header import LONGEST_NAME
from ebpfasm.formats.btf.index import MOST_PLACES, SEARCHES
from ebpfasm.formats.btf.types import KINDS
from tests.formats.btf.samples import EVERY_KIND, every_kind

if TYPE_CHECKING:
    from ebpfasm.formats.btf.header import ByteOrder


@pytest.mark.parametrize("byteorder", ["little", "big"])
def test_every_kind_comes_back(byteorder: ByteOrder) -> None:
    data = every_kind().encode(byteorder)
    btf = Btf.from_bytes(data)
    assert btf.byteorder == byteorder
    assert list(btf) == [Void(), *EVERY_KIND]
    assert {type(one) for one in btf} == set(KINDS)
    assert BtfBuilder(list(btf)[1:]).encode(byteorder) == data
    btf.check()


def test_types_are_values() -> None:
    assert Ptr(3) == Ptr(3)
    assert hash(Ptr(3)) != hash(Const(3))
    assert len({Ptr(3), Ptr(3), Const(3)}) == 2
    node = EVERY_KIND[5]
    assert pickle.loads(pickle.dumps(node)) == node == copy.deepcopy(node)
    assert repr(Int("int", 4, Int.SIGNED)) == "Int(name='int', size=4, encoding=1, bits=0, offset=0)"
    with pytest.raises(AttributeError):
        node.name = "other"  # type: ignore[misc]
    match node:
        case Struct(name, size):
            assert (name, size) == ("node", 40)
        case _:
            pytest.fail("a struct matches Struct")


@pytest.mark.parametrize("searches", [0, SEARCHES])
@pytest.mark.parametrize("byteorder", ["little", "big"])
def test_types_are_found_by_name(searches: int, byteorder: ByteOrder) -> None:
    btf = Btf.from_bytes(every_kind().encode(byteorder))
    for _ in range(searches):
        assert btf.ids_by_name("nothing") == ()
    for type_id, one in enumerate(btf):
        if one.name:
            assert btf.ids_by_name(one.name) == (type_id,)
            assert btf.type_by_name(one.name, type(one)) is one
    for name in ("", "nod", "node\0", "ode", "number", "RED", "\ud800"):
        assert btf.ids_by_name(name) == ()
    with pytest.raises(TypeNotFound, match="there is no type UNION node"):
        btf.type_by_name("node", Union)
    assert btf.id_by_name("node", (Union, Struct)) == 6
    assert btf.types_by_name("node", Struct) == [EVERY_KIND[5]]


@pytest.mark.parametrize("others", [0, MOST_PLACES + 1])
def test_names_that_are_the_end_of_others_and_kinds_of_one_name(others: int) -> None:
    builder = BtfBuilder([Int(f"x{number}list", 4) for number in range(others)])
    first = builder.add(Struct("list", 0))
    second = builder.add(Typedef("list", first))
    btf = builder.build()
    for _ in range(2 * SEARCHES):
        assert btf.ids_by_name("list") == (first, second)
    assert btf.id_by_name("list", Typedef) == second


def test_a_name_may_be_the_end_of_another_string() -> None:
    data = BtfBuilder([Int("unsigned", 4)]).encode("little")
    words = data[:24] + (1 + len("un")).to_bytes(4, "little") + data[28:]
    btf = Btf.from_bytes(words)
    for _ in range(2 * SEARCHES):
        assert btf.ids_by_name("signed") == (1,)
        assert btf.ids_by_name("unsigned") == ()


def test_members_sizes_and_alignments() -> None:
    btf = every_kind().build()
    node = btf.id_by_name("node")
    assert btf.size_of(node) == 40
    assert btf.alignment_of(node) == 8
    assert btf.member(node, "text") == Member("text", 9, 64)
    assert btf.member(node, "rest").bits == 5
    assert btf.member(node, "done").offset == 25
    assert [member.name for member in btf.members(node)] == [
        *("next", "number", "text", "tags", "flag", "rest", "done", "work")
    ]
    assert btf.size_of(12) == 8
    assert btf.size_of(btf.id_by_name("counter_t")) == 4
    assert btf.resolve(btf.id_by_name("counter_t")) == (1, EVERY_KIND[0])
    assert btf.alignment_of(btf.id_by_name("tight")) == 1
    for nothing in (0, btf.id_by_name("hidden"), 14):
        with pytest.raises(BtfError, match="has no size"):
            btf.size_of(nothing)
    with pytest.raises(TypeNotFound, match="struct node has no member nothing"):
        btf.member(node, "nothing")
    with pytest.raises(BtfError, match=r"next\.next: type 5 is no struct or union"):
        btf.member(node, "next.next")


def test_members_of_members() -> None:
    btf = BtfBuilder([
        Int("int", 4),
        Struct("inner", 8, (Member("a", 1, 0), Member("b", 1, 32))),
        Struct("outer", 12, (Member("x", 1, 0), Member("in", 2, 32))),
    ]).build()  # fmt: skip
    assert btf.member(3, "in.b") == Member("b", 1, 64)


def test_split_btf_goes_on_where_its_base_ends() -> None:
    base = every_kind().build()
    builder = BtfBuilder(base=base)
    node = base.id_by_name("node")
    pointer = builder.add(Ptr(node))
    own = builder.add(Struct("own", 8, (Member("next", pointer, 0),)))
    again = builder.add(Typedef("node", own))
    btf = builder.build()
    assert pointer == len(base)
    assert btf[node] is base[node]
    assert btf.type_by_name("own", Struct).members[0].name == "next"
    assert builder.encode().count(b"next") == 0
    assert btf.ids_by_name("node") == (node, again)
    assert btf.ids_by_name("own") == (own,)
    assert list(btf.own_ids()) == [pointer, own, again]
    btf.check()
    with pytest.raises(BtfError, match="endian"):
        Btf.from_bytes(BtfBuilder().encode("big"), Btf.from_bytes(BtfBuilder().encode("little")))


def test_from_file(tmp_path: Path) -> None:
    path = tmp_path / "types.btf"
    path.write_bytes(every_kind().encode())
    assert len(Btf.from_file(path)) == len(EVERY_KIND) + 1
    assert repr(Btf.from_file(path)).startswith("<Btf of 32 types, ")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (Void(), "is not a type of BTF"),
        (Type(), "cannot be written"),
        (Int("int", 3), "its size must be 1, 2, 4, 8 or 16 bytes, not 3"),
        (Int("int", 4, bits=30, offset=8), "are not within its 4 bytes"),
        (Ptr(1 << 32), "does not fit a field of 32 bits"),
        (Ptr(-1), "does not fit a field of 32 bits"),
        (Enum("e", 4, EVERY_KIND[6].values), "RED must be in 0..4294967295, not -1"),  # type: ignore[attr-defined]
        (Struct("s", 4, (Member("a", 1, 0, 3),)), "see bitfields"),
        (Struct("s", 4, (Member("a", 1, 1 << 24),), bitfields=True), "does not fit 24 bits"),
        (Struct("s", 4, (Member("a", 1, 0),) * 65536), "up to 65535 elements, not 65536"),
        (Fwd("a\0b"), "NUL"),
    ],
)
def test_what_cannot_be_written_is_refused(wrong: Type, message: str) -> None:
    with pytest.raises(BtfError, match=message):
        BtfBuilder([wrong]).encode()


def test_ids_and_names_that_are_not_there() -> None:
    btf = BtfBuilder([Ptr(9)]).build()
    for type_id in (-1, 2, 1 << 32):
        with pytest.raises(TypeNotFound, match=r"type ids are in 0\.\.1"):
            btf[type_id]
    with pytest.raises(BtfError, match="type 1 refers to type 9") as caught:
        btf.check()
    assert caught.value.type_id == 1
    with pytest.raises(BtfError, match="longer than"):
        BtfBuilder([Fwd("n" * (LONGEST_NAME + 1))]).build().check()

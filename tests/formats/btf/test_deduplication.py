"""Types that are the same become one, also where they refer to each other in circles."""

from __future__ import annotations

import random

from ebpfasm.formats.btf import (
    Btf,
    BtfBuilder,
    Const,
    Fwd,
    Int,
    Member,
    Ptr,
    Struct,
    Type,
    Typedef,
    Union,
    deduplicate,
)
from ebpfasm.formats.btf.references import mapped
from tests.formats.btf.samples import EVERY_KIND, every_kind

LIST: list[Type] = [
    Int("int", 4, Int.SIGNED),
    Ptr(3),
    Struct("node", 16, (Member("next", 2, 0), Member("value", 1, 64))),
    Typedef("node_t", 3),
]


def shifted(types: list[Type], by: int) -> list[Type]:
    """Return types that refer to each other ``by`` ids further on."""
    return [mapped(one, lambda type_id: type_id + by if type_id else 0) for one in types]


def deduplicated(types: list[Type]) -> list[Type]:
    return list(BtfBuilder(types).build().deduplicated())[1:]


def test_circles_become_one() -> None:
    builder, ids = deduplicate(BtfBuilder([*LIST, *shifted(LIST, 4), *shifted(LIST, 8)]).build())
    assert builder.types == LIST
    assert ids == {0: 0, **{number: (number - 1) % 4 + 1 for number in range(1, 13)}}


def test_what_is_there_once_stays() -> None:
    assert deduplicated(EVERY_KIND) == EVERY_KIND


def test_every_kind_twice() -> None:
    twice = [*EVERY_KIND, *shifted(EVERY_KIND, len(EVERY_KIND))]
    assert deduplicated(twice) == EVERY_KIND


def test_circles_that_differ_in_one_place_stay_apart() -> None:
    other = [*LIST]
    other[0] = Int("int", 8, Int.SIGNED)
    assert len(deduplicated([*LIST, *shifted(other, 4)])) == 8


def test_a_circle_of_two_and_one_of_one_are_the_same_pointer() -> None:
    assert deduplicated([Ptr(2), Ptr(1), Ptr(3)]) == [Ptr(1)]


def test_what_is_declared_becomes_what_is_defined() -> None:
    declared: list[Type] = [Fwd("node"), Ptr(1), Struct("user", 8, (Member("node", 2, 0),))]
    defined = [*LIST, Struct("user", 8, (Member("node", 2, 0),))]
    assert deduplicated([*declared, *shifted(defined, 3)]) == [
        Ptr(4),
        Struct("user", 8, (Member("node", 1, 0),)),
        Int("int", 4, Int.SIGNED),
        Struct("node", 16, (Member("next", 1, 0), Member("value", 3, 64))),
        Typedef("node_t", 4),
    ]


def test_what_is_declared_stays_where_there_is_no_or_more_than_one_definition() -> None:
    for types in (
        [Fwd("a"), Ptr(1)],
        [Fwd("a"), Struct("a", 4), Struct("a", 8)],
        [Fwd("a", union=True), Struct("a", 4)],
        [Fwd("a"), Union("a", 4)],
    ):
        assert deduplicated([*types]) == types


def test_split_btf_keeps_its_references_to_the_base() -> None:
    base = every_kind().build()
    first = len(base)
    builder = BtfBuilder([Ptr(6), Const(first), Ptr(6), Const(first + 2)], base)
    again, ids = deduplicate(builder.build())
    assert again.types == [Ptr(6), Const(first)]
    assert ids[first + 3] == first + 1
    assert ids[6] == 6


def test_same_as_by_comparing_each_with_each() -> None:
    """Random graphs of few labels, against the definition: the coarsest partition that references respect."""
    chance = random.Random(5)
    for _ in range(60):
        size = chance.randrange(1, 14)
        types: list[Type] = []
        for _ in range(size):
            one, other = chance.randrange(size + 1), chance.randrange(size + 1)
            struct = Struct("s", 8, (Member("a", one, 0), Member("b", other, 64)))
            types.append(chance.choice((Ptr(one), Ptr(one), Const(one), struct)))
        assert len(deduplicated(types)) == len(set(by_refinement(Btf.from_bytes(BtfBuilder(types).encode()))))


def by_refinement(btf: Btf) -> list[int]:
    """Return a number for each type, the same for the same types, slowly."""
    colors = [0] * len(btf)
    for _ in range(len(btf)):
        seen: dict[object, int] = {}
        new = [-1]
        for type_id in btf.own_ids():
            content = mapped(btf[type_id], [-1, *colors[1:]].__getitem__)
            new.append(seen.setdefault(content, len(seen)))
        colors = new
    return colors[1:]

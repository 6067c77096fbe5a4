"""Each type once: types that are the same, with all they refer to, become one.

Types refer to each other in circles, so that the same ones cannot be found by comparing them one after the other. All
types are put into blocks by what they say without their references, and blocks are divided until the types in each
refer to types of the same blocks: what is left together cannot be told apart. Dividing goes by the smaller part, so
that long chains take no longer than others (J. Hopcroft, "An n log n algorithm for minimizing states in a finite
automaton", 1971).
"""

from __future__ import annotations

from collections import defaultdict

from ebpfasm.formats.btf import types as t
from ebpfasm.formats.btf.builder import BtfBuilder
from ebpfasm.formats.btf.references import mapped, references

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ebpfasm.formats.btf.btf import Btf

__all__ = ["deduplicate"]

INSIDE = -1
"""Stands for any reference to a type that is deduplicated itself."""

AMBIGUOUS = -1

MOST_ROUNDS = 16
"""Each round lets declared structs be those defined elsewhere; few programs need more than two."""


def deduplicate(btf: Btf) -> tuple[BtfBuilder, dict[int, int]]:
    """Return the types of BTF each once, and for each of its ids the new one.

    A struct or union that is only declared becomes the one of that name that is defined, if there is just one.
    Types keep their order. What is split from a base keeps its references to the base.

    Raises:
        BtfError: a type cannot be read, or refers to one that is not there.
    """
    first = btf.first_id
    types = [btf[type_id] for type_id in btf.own_ids()]
    for one in types:
        for type_id in references(one):
            if type_id >= len(btf):
                btf[type_id]  # raises
    standing = list(range(len(types)))  # for each type, counted from 0, which one stands for it
    for _ in range(MOST_ROUNDS):
        leaders = _defined(types, _leaders(types, standing, first))
        if all(leader == number for number, leader in leaders.items()):
            break
        standing = [leaders[number] for number in standing]
    kept = sorted(set(standing))
    place = {number: first + at for at, number in enumerate(kept)}

    def new_id(type_id: int) -> int:
        return place[standing[type_id - first]] if type_id >= first else type_id

    builder = BtfBuilder((mapped(types[number], new_id) for number in kept), btf.base)
    return builder, {type_id: new_id(type_id) for type_id in range(len(btf))}


def _leaders(types: Sequence[t.Type], standing: Sequence[int], first: int) -> dict[int, int]:
    """Return for each type that still stands for itself the first one that is the same."""
    incoming: defaultdict[int, list[int]] = defaultdict(list)  # who refers to a type, and by which of its references
    blocks_by_content: defaultdict[t.Type, set[int]] = defaultdict(set)
    for source in sorted(set(standing)):
        one = types[source]
        for label, type_id in enumerate(references(one)):
            if type_id >= first:
                incoming[standing[type_id - first]].append(label << 32 | source)
        blocks_by_content[mapped(one, lambda type_id: INSIDE if type_id >= first else type_id)].add(source)
    blocks = list(blocks_by_content.values())
    _divide(blocks, incoming)
    return {number: leader for block in blocks for leader in (min(block),) for number in block}


def _divide(blocks: list[set[int]], incoming: dict[int, list[int]]) -> None:
    """Divide blocks until the types in each refer, by each of their references, to types of one block."""
    block_of = {number: at for at, block in enumerate(blocks) for number in block}
    waiting = set(range(len(blocks)))
    while waiting:
        by_label: defaultdict[int, list[int]] = defaultdict(list)
        for target in blocks[waiting.pop()]:
            for labelled in incoming.get(target, ()):
                by_label[labelled >> 32].append(labelled & 0xFFFFFFFF)
        for sources in by_label.values():
            touched: defaultdict[int, set[int]] = defaultdict(set)
            for source in sources:
                touched[block_of[source]].add(source)
            for at, part in touched.items():
                block = blocks[at]
                if len(part) == len(block):
                    continue
                block -= part
                for number in part:
                    block_of[number] = len(blocks)
                waiting.add(len(blocks) if at in waiting or len(part) <= len(block) else at)
                blocks.append(part)


def _defined(types: Sequence[t.Type], leaders: dict[int, int]) -> dict[int, int]:
    """Let declared structs and unions be those that are defined."""
    definitions: dict[tuple[type[t.Type], str], int] = {}
    for number in sorted(set(leaders.values())):
        one = types[number]
        if isinstance(one, (t.Struct, t.Union)) and one.name:
            key = (type(one), one.name)
            definitions[key] = AMBIGUOUS if key in definitions else number
    defined = {}
    for number, leader in leaders.items():
        one = types[leader]
        if isinstance(one, t.Fwd):
            wanted = definitions.get((t.Union if one.union else t.Struct, one.name), AMBIGUOUS)
            leader = leader if wanted == AMBIGUOUS else wanted  # noqa: PLW2901
        defined[number] = leader
    return defined

"""Sizes, alignments and members of types, as a C compiler sees them.

BTF from elsewhere can have types that contain themselves, and arrays of arrays of any size: whatever follows references
here counts its steps.
"""

from __future__ import annotations

from ebpfasm.errors import BtfError, TypeNotFound
from ebpfasm.formats.btf import types as t

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ebpfasm.formats.btf.btf import Btf

__all__ = ["alignment_of", "bits_of", "find_member", "flat_members", "resolve", "size_of", "skip_modifiers"]

MOST_STEPS = 64
"""References in one chain, and levels of structs within structs; the kernel resolves up to 32 (MAX_RESOLVE_DEPTH)."""

MOST_BYTES = (1 << 32) - 1
"""Of one type: BTF has 32 bits for it, and so has the kernel."""

TRANSPARENT = (*t.MODIFIERS, t.Typedef)


def resolve(btf: Btf, type_id: int) -> tuple[int, t.Type]:
    """Return id and type behind typedefs and modifiers such as const.

    Raises:
        BtfError: the chain is too long, or comes back to itself.
    """
    return _behind(btf, type_id, TRANSPARENT)


def skip_modifiers(btf: Btf, type_id: int) -> tuple[int, t.Type]:
    """Return id and type behind const, volatile, restrict and type tags.

    Raises:
        BtfError: the chain is too long, or comes back to itself.
    """
    return _behind(btf, type_id, t.MODIFIERS)


def _behind(btf: Btf, type_id: int, kinds: tuple[type[t.Type], ...]) -> tuple[int, t.Type]:
    start = type_id
    for _ in range(MOST_STEPS):
        found = btf[type_id]
        if not isinstance(found, kinds):
            return type_id, found
        type_id = found.type_id  # type: ignore[attr-defined]
    raise BtfError(f"type {start} is behind more than {MOST_STEPS} others, or refers to itself", type_id=start)


def size_of(btf: Btf, type_id: int) -> int:
    """Return the size of a type in bytes.

    Raises:
        BtfError: it has none, as void, a function or a declared struct have none, or it is too large.
    """
    start, factor = type_id, 1
    for _ in range(MOST_STEPS):
        type_id, found = resolve(btf, type_id)
        if isinstance(found, t.Array):
            factor *= found.length
            if factor > MOST_BYTES:
                break
            type_id = found.type_id
            continue
        if isinstance(found, t.Var):
            type_id = found.type_id
            continue
        if isinstance(found, t.Ptr):
            size = btf.pointer_size
        elif isinstance(found, (t.Int, t.Float, t.Struct, t.Union, t.Enum, t.Enum64, t.DataSec)):
            size = found.size
        else:
            raise BtfError(f"type {start} has no size: {found.label} {found.name}".rstrip(), type_id=start)
        if size * factor > MOST_BYTES:
            break
        return size * factor
    raise BtfError(f"type {start} is larger than {MOST_BYTES} bytes, or refers to itself", type_id=start)


def alignment_of(btf: Btf, type_id: int) -> int:
    """Return the alignment in bytes that a type has as a C compiler lays it out; 1 for a packed struct.

    Raises:
        BtfError: it has none, or refers to itself.
    """
    return _alignment(btf, type_id, {}, 0)


def _alignment(btf: Btf, type_id: int, known: dict[int, int], depth: int) -> int:
    start = type_id
    for _ in range(MOST_STEPS):
        type_id, found = resolve(btf, type_id)
        if not isinstance(found, t.Array):
            break
        type_id = found.type_id
    else:
        raise BtfError(f"type {start} is an array of more than {MOST_STEPS} dimensions", type_id=start)
    if type_id in known:
        return known[type_id]
    if depth > MOST_STEPS:
        raise BtfError(f"type {start} is within more than {MOST_STEPS} structs, or contains itself", type_id=start)
    if isinstance(found, (t.Struct, t.Union)):
        known[type_id] = 1  # while its members are looked at: one that contains itself adds nothing
        alignment = 1
        for member in found.members:
            of_member = _alignment(btf, member.type_id, known, depth + 1)
            if not member.bits and member.bit_offset % (8 * of_member):
                alignment = 1  # packed
                break
            alignment = max(alignment, of_member)
        if alignment and found.size % alignment:
            alignment = 1
        known[type_id] = alignment
        return alignment
    alignment = min(size_of(btf, type_id), btf.pointer_size)
    known[type_id] = alignment
    return alignment


def bits_of(btf: Btf, member: t.Member) -> int:
    """Return the width of a bitfield, or 0 if the member is none; also where only its integer's type tells."""
    if member.bits:
        return member.bits
    _, found = resolve(btf, member.type_id)
    if isinstance(found, t.Int) and found.bits:
        return found.bits
    return 0


def flat_members(btf: Btf, composite: t.Composite) -> Iterator[t.Member]:
    """Yield the named members of a struct or union, those of anonymous ones within it at their place.

    Offsets are from the start of the outermost.

    Raises:
        BtfError: there are more than 64 levels of anonymous ones.
    """
    pending = [(member, 0, 0) for member in reversed(composite.members)]
    steps = 0
    while pending:
        steps += 1
        member, offset, depth = pending.pop()
        placed = member.replace(bit_offset=member.bit_offset + offset) if offset else member
        if member.name:
            yield placed
            continue
        _, found = resolve(btf, member.type_id)
        if not isinstance(found, (t.Struct, t.Union)):
            continue  # padding: an unnamed bitfield
        if depth >= MOST_STEPS or steps + len(pending) > MOST_MEMBERS:
            raise BtfError(f"{composite.label} {composite.name}: contains itself, or too many members")
        pending += [(inner, placed.bit_offset, depth + 1) for inner in reversed(found.members)]


MOST_MEMBERS = 1 << 17
"""Members of a struct with those of the anonymous ones in it: twice what one can have itself."""


def find_member(btf: Btf, type_id: int, path: str) -> t.Member:
    """Return a member of a struct or union, also one of an anonymous struct in it, at its offset in ``type_id``.

    Args:
        path: a member's name, or several with dots for members of members, such as ``"dev.name"``.

    Raises:
        TypeNotFound: there is no such member.
        BtfError: something before a dot is no struct or union.
    """
    offset = 0
    found: t.Member | None = None
    outer = type_id
    for name in path.split("."):
        outer, composite = resolve(btf, outer)
        if not isinstance(composite, (t.Struct, t.Union)):
            raise BtfError(
                f"{path}: type {outer} is no struct or union with a member {name}, but {composite.label}", type_id=outer
            )
        found = next((member for member in flat_members(btf, composite) if member.name == name), None)
        if found is None:
            label = composite.label.lower()
            raise TypeNotFound(f"{label} {composite.name or outer} has no member {name}", type_id=outer)
        offset += found.bit_offset
        outer = found.type_id
    assert found is not None  # split gives at least one name
    result: t.Member = found.replace(bit_offset=offset)
    return result

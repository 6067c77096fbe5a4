"""A type as the words of a file, and back: ``struct btf_type`` of <linux/btf.h>, and what follows it."""

from __future__ import annotations

from ebpfasm.errors import BtfError
from ebpfasm.formats.btf import types as t

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ebpfasm.formats.btf.header import Words

__all__ = ["read_type", "words_needed", "write_type"]

FIXED_WORDS = 3
LEAST_KIND, MOST_KIND = 1, 19
RESERVED = 0x60FF0000
KIND_FLAG = 1 << 31

EXTRA_WORDS = {t.Int: 1, t.Array: 3, t.Var: 1, t.DeclTag: 1}
WORDS_PER_ELEMENT = {t.Struct: 3, t.Union: 3, t.Enum: 2, t.FuncProto: 2, t.DataSec: 3, t.Enum64: 3}
WITH_KIND_FLAG = frozenset({t.Struct, t.Union, t.Enum, t.Fwd, t.Enum64, t.DeclTag, t.TypeTag})


def words_needed(info: int) -> int:
    """Return how many words a type has, from its second word.

    Raises:
        BtfError: there is no such kind of types, or the word says what types of that kind cannot have.
    """
    number, elements = info >> 24 & 31, info & 0xFFFF
    if not LEAST_KIND <= number <= MOST_KIND:
        raise BtfError(f"the kind of a type must be in {LEAST_KIND}..{MOST_KIND}, not {number}")
    kind = t.KINDS[number]
    if info & RESERVED:
        raise BtfError(f"{kind.label}: reserved bits are set in {info:#010x}")
    if info & KIND_FLAG and kind not in WITH_KIND_FLAG:
        raise BtfError(f"{kind.label}: has no kind_flag, but it is set in {info:#010x}")
    per_element = WORDS_PER_ELEMENT.get(kind, 0)
    # What is the number of elements elsewhere is a function's linkage.
    if elements and not per_element and not (kind is t.Func and elements <= t.EXTERN):
        raise BtfError(f"{kind.label}: has no elements, but says it has {elements}")
    return FIXED_WORDS + EXTRA_WORDS.get(kind, 0) + elements * per_element


def read_type(words: Words, at: int, string: Callable[[int], str]) -> t.Type:  # noqa: PLR0912
    """Return the type whose words start at ``at``; ``string`` gives names by their offset.

    The index of types has seen to it that all its words are there.

    Raises:
        BtfError: its fields have values they cannot have, or a name is not there.
    """
    name_offset, info, third = words[at], words[at + 1], words[at + 2]
    kind = t.KINDS[info >> 24 & 31]
    flag = info >= KIND_FLAG
    name = string(name_offset) if name_offset else ""
    rest = at + FIXED_WORDS
    end = rest + (info & 0xFFFF) * WORDS_PER_ELEMENT.get(kind, 0)
    made: t.Type
    if kind is t.Struct or kind is t.Union:
        made = kind(name, third, _members(words, rest, end, string, flag), flag)
    elif kind is t.Func:
        made = t.Func(name, third, info & 0xFFFF)
    elif kind is t.FuncProto:
        params = [t.Param(string(words[i]) if words[i] else "", words[i + 1]) for i in range(rest, end, 2)]
        made = t.FuncProto(third, tuple(params))
    elif kind is t.Enum:
        wrap = 1 << 32 if flag else 0
        values = [
            t.EnumValue(string(words[i]), words[i + 1] - wrap * (words[i + 1] >> 31)) for i in range(rest, end, 2)
        ]
        made = t.Enum(name, third, tuple(values), flag)
    elif kind is t.Enum64:
        wrap = 1 << 64 if flag else 0
        values = [
            t.EnumValue(string(words[i]), words[i + 1] + (words[i + 2] << 32) - wrap * (words[i + 2] >> 31))
            for i in range(rest, end, 3)
        ]
        made = t.Enum64(name, third, tuple(values), flag)
    elif kind is t.Int:
        made = _integer(name, third, words[rest])
    elif kind is t.Array:
        if third:
            raise BtfError(f"ARRAY: its size field must be 0, not {third}")
        made = t.Array(words[rest], words[rest + 1], words[rest + 2])
    elif kind is t.DataSec:
        variables = [t.VarSecInfo(words[i], words[i + 1], words[i + 2]) for i in range(rest, end, 3)]
        made = t.DataSec(name, third, tuple(variables))
    elif kind is t.Fwd:
        if third:
            raise BtfError(f"FWD {name}: its type field must be 0, not {third}")
        made = t.Fwd(name, flag)
    elif kind is t.Var:
        made = t.Var(name, third, words[rest])
    elif kind is t.DeclTag:
        made = t.DeclTag(name, third, words[rest] - ((words[rest] >> 31) << 32), flag)
    elif kind is t.TypeTag:
        made = t.TypeTag(name, third, flag)
    elif kind is t.Typedef or kind is t.Float:
        made = kind(name, third)
    else:
        made = kind(third)  # type: ignore[call-arg]
    if name and not made.name:
        raise BtfError(f"{kind.label}: must not have a name, but has {name!r}")
    return made


def _members(
    words: Words, start: int, end: int, string: Callable[[int], str], with_widths: bool
) -> tuple[t.Member, ...]:
    low, shift = (0xFFFFFF, 24) if with_widths else (0xFFFFFFFF, 32)
    return tuple([
        t.Member(
            string(words[i]) if words[i] else "", words[i + 1], words[i + 2] & low, words[i + 2] >> shift
        )
        for i in range(start, end, 3)
    ])  # fmt: skip


def _integer(name: str, size: int, word: int) -> t.Int:
    encoding, offset, bits = word >> 24, word >> 16 & 0xFF, word & 0xFF
    if word & 0xF000FF00:
        raise BtfError(f"INT {name}: reserved bits are set in {word:#010x}")
    if size not in {1, 2, 4, 8, 16}:
        raise BtfError(f"INT {name}: its size must be 1, 2, 4, 8 or 16 bytes, not {size}")
    if not bits or bits + offset > 8 * size:
        raise BtfError(f"INT {name}: bits {offset}..{offset + bits} are not within its {size} bytes")
    return t.Int(name, size, encoding, 0 if bits == 8 * size else bits, offset)


def write_type(made: t.Type, string: Callable[[str], int]) -> list[int]:
    """Return a type's words; ``string`` gives offsets of names.

    Raises:
        BtfError: a field has a value that BTF has no room for.
    """
    words, elements, flag = _fields(made, string)
    label = f"{made.label} {made.name}".rstrip()
    if elements > 0xFFFF:
        raise BtfError(f"{label}: a type has up to 65535 elements, not {elements}")
    for word in words:
        if not isinstance(word, int) or not 0 <= word < 1 << 32:
            raise BtfError(f"{label}: {word!r} does not fit a field of 32 bits")
    name_offset = string(made.name) if made.name else 0
    return [name_offset, made.number << 24 | elements | flag << 31, *words]


def _fields(made: t.Type, string: Callable[[str], int]) -> tuple[list[int], int, bool]:  # noqa: PLR0911, PLR0912
    """Return the words behind the second, how many elements there are, and whether the kind_flag is set."""
    match made:
        case t.Struct() | t.Union():
            words = [made.size]
            for member in made.members:
                words += (string(member.name), member.type_id, _place(made, member))
            return words, len(made.members), made.bitfields
        case t.Enum() | t.Enum64():
            words = [made.size]
            width = 32 if isinstance(made, t.Enum) else 64
            low = -(1 << width - 1) if made.signed else 0
            high = (1 << width - made.signed) - 1
            for one in made.values:
                value = one.value
                if not low <= value <= high:
                    raise BtfError(f"{made.label} {made.name}: {one.name} must be in {low}..{high}, not {value}")
                words += (string(one.name), value & 0xFFFFFFFF)
                if width == 64:
                    words.append(value >> 32 & 0xFFFFFFFF)
            return words, len(made.values), made.signed
        case t.FuncProto():
            words = [made.type_id]
            for param in made.params:
                words += (string(param.name), param.type_id)
            return words, len(made.params), False
        case t.DataSec():
            words = [made.size]
            for variable in made.variables:
                words += (variable.type_id, variable.offset, variable.size)
            return words, len(made.variables), False
        case t.Int():
            _integer(made.name, made.size, word := made.encoding << 24 | made.offset << 16 | made.nr_bits)
            return [made.size, word], 0, False
        case t.Array():
            return [0, made.type_id, made.index_type_id, made.length], 0, False
        case t.Fwd():
            return [0], 0, made.union
        case t.Func():
            if made.linkage not in {t.STATIC, t.GLOBAL, t.EXTERN}:
                raise BtfError(f"FUNC {made.name}: linkage must be in 0..2, not {made.linkage}")
            return [made.type_id], made.linkage, False
        case t.Var():
            return [made.type_id, made.linkage], 0, False
        case t.DeclTag():
            if not -1 <= made.component < 1 << 31:
                raise BtfError(f"DECL_TAG {made.name}: component must be -1 or more, not {made.component}")
            return [made.type_id, made.component & 0xFFFFFFFF], 0, made.attribute
        case t.TypeTag():
            return [made.type_id], 0, made.attribute
        case t.Typedef() | t.Ptr() | t.Volatile() | t.Const() | t.Restrict():
            return [made.type_id], 0, False
        case t.Float():
            return [made.size], 0, False
    raise BtfError(f"{made!r} cannot be written: it is not a type of BTF")


def _place(composite: t.Composite, member: t.Member) -> int:
    limit, bits = (24, 8) if composite.bitfields else (32, 0)
    if not 0 <= member.bit_offset < 1 << limit or not 0 <= member.bits < 1 << bits:
        raise BtfError(
            f"{composite.label} {composite.name}: {member.name or 'a member'} at bit {member.bit_offset}, "
            f"{member.bits} bits wide, does not fit {limit} bits of offset and {bits} of width (see bitfields)"
        )
    return member.bits << limit & 0xFFFFFFFF | member.bit_offset

"""The kinds of types: one class for each, with what BTF says of a type of that kind.

Types refer to each other by id: 0 is void, the others count from 1 in the order of their file. So a type says nothing
without the `Btf` it comes from, and can be compared, hashed and pickled by itself.
"""

from __future__ import annotations

from ebpfasm.formats.btf.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

__all__ = [
    "Array",
    "Const",
    "DataSec",
    "DeclTag",
    "Enum",
    "Enum64",
    "EnumValue",
    "Float",
    "Func",
    "FuncProto",
    "Fwd",
    "Int",
    "Member",
    "Param",
    "Ptr",
    "Restrict",
    "Struct",
    "Type",
    "TypeTag",
    "Typedef",
    "Union",
    "Var",
    "VarSecInfo",
    "Void",
    "Volatile",
]

VOID = 0

# Linkage of functions and variables: enum btf_func_linkage and BTF_VAR_* of <linux/btf.h>.
STATIC, GLOBAL, EXTERN = range(3)


class Type(Record):
    """A type; `number` is the kernel's BTF_KIND_* of its class, `label` the kernel's word for it."""

    number = 0
    label = "UNKN"

    if TYPE_CHECKING:

        @property
        def name(self) -> str:
            """Its name, or an empty text."""
    else:
        name = ""


class Void(Type):
    """No type: what id 0 stands for."""

    label = "VOID"


class Int(Type):
    """An integer of ``size`` bytes.

    ``bits`` of it count, from ``offset`` on, or all where ``bits`` is 0. ``encoding`` is how it is meant: any of
    `SIGNED`, `CHAR` and `BOOL`.
    """

    number = 1
    label = "INT"
    SIGNED = 1
    CHAR = 2
    BOOL = 4

    name: str
    size: int
    encoding: int = 0
    bits: int = 0
    offset: int = 0

    @property
    def nr_bits(self) -> int:
        """How many bits count."""
        return self.bits or 8 * self.size


class Ptr(Type):
    """A pointer to ``type_id``."""

    number = 2
    label = "PTR"

    type_id: int


class Array(Type):
    """``length`` elements of ``type_id``, counted by an ``index_type_id``."""

    number = 3
    label = "ARRAY"

    type_id: int
    index_type_id: int
    length: int


class Member(Record):
    """A member of a struct or union, ``bit_offset`` from its start; ``bits`` wide if it is a bitfield, else 0."""

    name: str
    type_id: int
    bit_offset: int
    bits: int = 0

    @property
    def offset(self) -> int:
        """The offset in whole bytes."""
        return self.bit_offset // 8


class Struct(Type):
    """A struct of ``size`` bytes.

    ``bitfields`` says whether its members are written with their widths: BTF's kind_flag. One without can
    still have bitfields, whose widths are then those of their integers.
    """

    number = 4
    label = "STRUCT"

    name: str
    size: int
    members: tuple[Member, ...] = ()
    bitfields: bool = False


class Union(Type):
    """A union of ``size`` bytes; as `Struct`."""

    number = 5
    label = "UNION"

    name: str
    size: int
    members: tuple[Member, ...] = ()
    bitfields: bool = False


class EnumValue(Record):
    """A name and number of an enumeration."""

    name: str
    value: int


class Enum(Type):
    """An enumeration of ``size`` bytes whose values have up to 32 bits."""

    number = 6
    label = "ENUM"

    name: str
    size: int
    values: tuple[EnumValue, ...] = ()
    signed: bool = False


class Fwd(Type):
    """A struct, or a union, that is declared and not defined."""

    number = 7
    label = "FWD"

    name: str
    union: bool = False


class Typedef(Type):
    """Another name for ``type_id``."""

    number = 8
    label = "TYPEDEF"

    name: str
    type_id: int


class Volatile(Type):
    """``volatile`` of ``type_id``."""

    number = 9
    label = "VOLATILE"

    type_id: int


class Const(Type):
    """``const`` of ``type_id``."""

    number = 10
    label = "CONST"

    type_id: int


class Restrict(Type):
    """``restrict`` of the pointer ``type_id``."""

    number = 11
    label = "RESTRICT"

    type_id: int


class Func(Type):
    """A function whose prototype is ``type_id``; ``linkage`` is 0 for static, 1 for global, 2 for extern."""

    number = 12
    label = "FUNC"

    name: str
    type_id: int
    linkage: int = GLOBAL


class Param(Record):
    """A parameter; one without name and type at the end stands for ``...``."""

    name: str
    type_id: int


class FuncProto(Type):
    """A function's parameters and what it returns, ``type_id``."""

    number = 13
    label = "FUNC_PROTO"

    type_id: int
    params: tuple[Param, ...] = ()


class Var(Type):
    """A global variable of ``type_id``; ``linkage`` as in `Func`."""

    number = 14
    label = "VAR"

    name: str
    type_id: int
    linkage: int = GLOBAL


class VarSecInfo(Record):
    """Where in a section a variable stands, in bytes; ``type_id`` is the `Var`, or in ``.ksyms`` a `Func`."""

    type_id: int
    offset: int
    size: int


class DataSec(Type):
    """A section of variables; compilers leave ``size`` and the offsets 0, to be filled in when an object is loaded."""

    number = 15
    label = "DATASEC"

    name: str
    size: int
    variables: tuple[VarSecInfo, ...] = ()


class Float(Type):
    """A floating-point number of ``size`` bytes."""

    number = 16
    label = "FLOAT"

    name: str
    size: int


class DeclTag(Type):
    """A tag on ``type_id``, or on its member or parameter ``component`` (-1: on itself).

    ``attribute`` says that it is any attribute of C's, not a ``btf_decl_tag``: BTF's kind_flag, since Linux 6.15.
    """

    number = 17
    label = "DECL_TAG"

    name: str
    type_id: int
    component: int = -1
    attribute: bool = False


class TypeTag(Type):
    """A tag in a chain of types, such as ``user`` in ``char __user *``; ``attribute`` as in `DeclTag`."""

    number = 18
    label = "TYPE_TAG"

    name: str
    type_id: int
    attribute: bool = False


class Enum64(Type):
    """An enumeration whose values have up to 64 bits, since Linux 6.0."""

    number = 19
    label = "ENUM64"

    name: str
    size: int
    values: tuple[EnumValue, ...] = ()
    signed: bool = False


if TYPE_CHECKING:
    Referring: TypeAlias = (
        Ptr | Array | Typedef | Volatile | Const | Restrict | Func | FuncProto | Var | DeclTag | TypeTag
    )
    Composite: TypeAlias = Struct | Union

KINDS: tuple[type[Type], ...] = (
    *(Void, Int, Ptr, Array, Struct, Union, Enum, Fwd, Typedef, Volatile, Const, Restrict, Func, FuncProto, Var),
    *(DataSec, Float, DeclTag, TypeTag, Enum64),
)
"""The classes by their numbers."""

REFERRING = (Ptr, Array, Typedef, Volatile, Const, Restrict, Func, FuncProto, Var, DeclTag, TypeTag)
"""Kinds with a ``type_id``."""

MODIFIERS = (Volatile, Const, Restrict, TypeTag)
"""Kinds that change nothing of where a value's bytes are; typedefs neither, but they have names."""

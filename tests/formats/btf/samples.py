"""BTF of our own with every kind in it."""

from __future__ import annotations

from ebpfasm.formats.btf import (
    Array,
    BtfBuilder,
    Const,
    DataSec,
    DeclTag,
    Enum,
    Enum64,
    EnumValue,
    Float,
    Func,
    FuncProto,
    Fwd,
    Int,
    Member,
    Param,
    Ptr,
    Restrict,
    Struct,
    Type,
    Typedef,
    TypeTag,
    Union,
    Var,
    VarSecInfo,
    Volatile,
)

EVERY_KIND: list[Type] = [
    Int("int", 4, Int.SIGNED),  # 1
    Int("char", 1, Int.CHAR),
    Int("_Bool", 1, Int.BOOL),
    Int("long unsigned int", 8),
    Ptr(6),  # 5
    Struct("node", 40, (
        Member("next", 5, 0), Member("", 8, 64), Member("tags", 12, 128), Member("flag", 7, 192, 3),
        Member("rest", 7, 195, 5), Member("done", 3, 200), Member("work", 13, 256),
    ), bitfields=True),
    Enum("color", 4, (EnumValue("RED", -1), EnumValue("GREEN", 7)), signed=True),
    Union("", 8, (Member("number", 4, 0), Member("text", 9, 0))),
    Array(2, 4, 8),
    Const(2),  # 10
    Ptr(10),
    Array(11, 4, 1),
    Ptr(14),
    FuncProto(1, (Param("self", 5), Param("text", 15), Param("", 0))),
    Restrict(11),  # 15
    Volatile(1),
    Typedef("counter_t", 16),
    Fwd("hidden"),
    Fwd("secret", union=True),
    Ptr(18),  # 20
    Func("run", 14, 1),
    Var("count", 17, 0),
    DataSec(".data", 4, (VarSecInfo(22, 0, 4),)),
    Float("double", 8),
    DeclTag("mark", 6, 0),  # 25
    TypeTag("user", 1),
    Ptr(26),
    Enum64("wide", 8, (EnumValue("LARGE", 1 << 63), EnumValue("SMALL", 1))),
    Enum64("deep", 8, (EnumValue("LOW", -(1 << 63)),), signed=True),
    DeclTag("unused", 21, 1, attribute=True),  # 30
    Struct("tight", 5, (Member("first", 1, 0), Member("last", 2, 32))),
    Struct("sparse", 32, (Member("first", 2, 0), Member("second", 4, 128))),
]  # fmt: skip


def every_kind() -> BtfBuilder:
    """Return a builder with a type of each kind."""
    return BtfBuilder(EVERY_KIND)

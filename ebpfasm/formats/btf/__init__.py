"""BTF, the types of kernels and objects: read, built, printed as C and deduplicated.

Public names are resolved when they are first used (PEP 562), as those of `ebpfasm`.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ebpfasm.errors import BtfError as BtfError
    from ebpfasm.errors import TypeNotFound as TypeNotFound
    from ebpfasm.formats.btf.btf import Btf as Btf
    from ebpfasm.formats.btf.builder import BtfBuilder as BtfBuilder
    from ebpfasm.formats.btf.deduplication import deduplicate as deduplicate
    from ebpfasm.formats.btf.types import Array as Array
    from ebpfasm.formats.btf.types import Const as Const
    from ebpfasm.formats.btf.types import DataSec as DataSec
    from ebpfasm.formats.btf.types import DeclTag as DeclTag
    from ebpfasm.formats.btf.types import Enum as Enum
    from ebpfasm.formats.btf.types import Enum64 as Enum64
    from ebpfasm.formats.btf.types import EnumValue as EnumValue
    from ebpfasm.formats.btf.types import Float as Float
    from ebpfasm.formats.btf.types import Func as Func
    from ebpfasm.formats.btf.types import FuncProto as FuncProto
    from ebpfasm.formats.btf.types import Fwd as Fwd
    from ebpfasm.formats.btf.types import Int as Int
    from ebpfasm.formats.btf.types import Member as Member
    from ebpfasm.formats.btf.types import Param as Param
    from ebpfasm.formats.btf.types import Ptr as Ptr
    from ebpfasm.formats.btf.types import Restrict as Restrict
    from ebpfasm.formats.btf.types import Struct as Struct
    from ebpfasm.formats.btf.types import Type as Type
    from ebpfasm.formats.btf.types import Typedef as Typedef
    from ebpfasm.formats.btf.types import TypeTag as TypeTag
    from ebpfasm.formats.btf.types import Union as Union
    from ebpfasm.formats.btf.types import Var as Var
    from ebpfasm.formats.btf.types import VarSecInfo as VarSecInfo
    from ebpfasm.formats.btf.types import Void as Void
    from ebpfasm.formats.btf.types import Volatile as Volatile

_HOMES = {
    "Array": "ebpfasm.formats.btf.types",
    "Btf": "ebpfasm.formats.btf.btf",
    "BtfBuilder": "ebpfasm.formats.btf.builder",
    "BtfError": "ebpfasm.errors",
    "Const": "ebpfasm.formats.btf.types",
    "DataSec": "ebpfasm.formats.btf.types",
    "DeclTag": "ebpfasm.formats.btf.types",
    "Enum": "ebpfasm.formats.btf.types",
    "Enum64": "ebpfasm.formats.btf.types",
    "EnumValue": "ebpfasm.formats.btf.types",
    "Float": "ebpfasm.formats.btf.types",
    "Func": "ebpfasm.formats.btf.types",
    "FuncProto": "ebpfasm.formats.btf.types",
    "Fwd": "ebpfasm.formats.btf.types",
    "Int": "ebpfasm.formats.btf.types",
    "Member": "ebpfasm.formats.btf.types",
    "Param": "ebpfasm.formats.btf.types",
    "Ptr": "ebpfasm.formats.btf.types",
    "Restrict": "ebpfasm.formats.btf.types",
    "Struct": "ebpfasm.formats.btf.types",
    "Type": "ebpfasm.formats.btf.types",
    "TypeNotFound": "ebpfasm.errors",
    "TypeTag": "ebpfasm.formats.btf.types",
    "Typedef": "ebpfasm.formats.btf.types",
    "Union": "ebpfasm.formats.btf.types",
    "Var": "ebpfasm.formats.btf.types",
    "VarSecInfo": "ebpfasm.formats.btf.types",
    "Void": "ebpfasm.formats.btf.types",
    "Volatile": "ebpfasm.formats.btf.types",
    "deduplicate": "ebpfasm.formats.btf.deduplication",
}

__all__ = [
    "Array",
    "Btf",
    "BtfBuilder",
    "BtfError",
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
    "TypeNotFound",
    "TypeTag",
    "Typedef",
    "Union",
    "Var",
    "VarSecInfo",
    "Void",
    "Volatile",
    "deduplicate",
]


if not TYPE_CHECKING:  # a type checker would take any name for one of this module

    def __getattr__(name):
        """Import a public name when it is first used (PEP 562)."""
        from ebpfasm.lazy import resolve

        return resolve(__name__, _HOMES, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})

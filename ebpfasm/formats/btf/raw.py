"""A type on a few lines, with ids: what ``bpftool btf dump … format raw`` prints."""

from __future__ import annotations

from ebpfasm.formats.btf import types as t

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ebpfasm.formats.btf.btf import Btf

__all__ = ["raw"]

ENCODINGS = {0: "(none)", t.Int.SIGNED: "SIGNED", t.Int.CHAR: "CHAR", t.Int.BOOL: "BOOL"}
LINKAGES = {t.STATIC: "static", t.GLOBAL: "global", t.EXTERN: "extern"}


def raw(btf: Btf, type_id: int) -> str:
    """Return a type as bpftool prints it, without a newline at the end.

    Raises:
        BtfError: as ``btf[type_id]``.
    """
    found = btf[type_id]
    head = f"[{type_id}] {found.label} '{found.name or '(anon)'}'"
    return "\n\t".join([head + _rest(found), *_elements(btf, found)])


def _rest(found: t.Type) -> str:  # noqa: PLR0911
    match found:
        case t.Int():
            encoding = ENCODINGS.get(found.encoding, "UNKN")
            return f" size={found.size} bits_offset={found.offset} nr_bits={found.nr_bits} encoding={encoding}"
        case t.Array():
            return f" type_id={found.type_id} index_type_id={found.index_type_id} nr_elems={found.length}"
        case t.Struct() | t.Union():
            return f" size={found.size} vlen={len(found.members)}"
        case t.Enum() | t.Enum64():
            encoding = "SIGNED" if found.signed else "UNSIGNED"
            return f" encoding={encoding} size={found.size} vlen={len(found.values)}"
        case t.Fwd():
            return f" fwd_kind={'union' if found.union else 'struct'}"
        case t.Func():
            return f" type_id={found.type_id} linkage={LINKAGES[found.linkage]}"
        case t.FuncProto():
            return f" ret_type_id={found.type_id} vlen={len(found.params)}"
        case t.Var():
            return f" type_id={found.type_id}, linkage={LINKAGES.get(found.linkage, '(unknown)')}"
        case t.DataSec():
            return f" size={found.size} vlen={len(found.variables)}"
        case t.Float():
            return f" size={found.size}"
        case t.DeclTag():
            return f" type_id={found.type_id} component_idx={found.component}"
    return f" type_id={found.type_id}" if isinstance(found, t.REFERRING) else ""


def _elements(btf: Btf, found: t.Type) -> list[str]:
    if isinstance(found, (t.Struct, t.Union)):
        return [
            f"'{member.name or '(anon)'}' type_id={member.type_id} bits_offset={member.bit_offset}"
            + (f" bitfield_size={member.bits}" if member.bits else "")
            for member in found.members
        ]
    if isinstance(found, (t.Enum, t.Enum64)):
        suffix = "" if isinstance(found, t.Enum) else "LL" if found.signed else "ULL"
        return [f"'{value.name or '(anon)'}' val={value.value}{suffix}" for value in found.values]
    if isinstance(found, t.FuncProto):
        return [f"'{param.name or '(anon)'}' type_id={param.type_id}" for param in found.params]
    if isinstance(found, t.DataSec):
        return [
            f"type_id={variable.type_id} offset={variable.offset} size={variable.size} "
            f"({btf[variable.type_id].label} '{btf[variable.type_id].name}')"
            for variable in found.variables
        ]
    return []

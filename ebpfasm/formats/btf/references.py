"""The ids a type refers to, and the same type with other ids."""

from __future__ import annotations

from ebpfasm.formats.btf import types as t

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["mapped", "references"]

ELEMENTS: dict[type[t.Type], str] = {
    t.Struct: "members",
    t.Union: "members",
    t.FuncProto: "params",
    t.DataSec: "variables",
}


def references(found: t.Type) -> tuple[int, ...]:
    """Return the ids a type refers to, in the order of its fields."""
    own = (found.type_id,) if isinstance(found, t.REFERRING) else ()
    if isinstance(found, t.Array):
        return (*own, found.index_type_id)
    elements = ELEMENTS.get(type(found))
    if elements is None:
        return own
    return (*own, *[element.type_id for element in getattr(found, elements)])


def mapped(found: t.Type, new_id: Callable[[int], int]) -> t.Type:
    """Return a type that refers to ``new_id`` of each id."""
    changed: dict[str, Any] = {}
    if isinstance(found, t.REFERRING):
        changed["type_id"] = new_id(found.type_id)
    if isinstance(found, t.Array):
        changed["index_type_id"] = new_id(found.index_type_id)
    elements = ELEMENTS.get(type(found))
    if elements is not None:
        changed[elements] = tuple([
            element.replace(type_id=new_id(element.type_id)) for element in getattr(found, elements)
        ])  # fmt: skip
    result: t.Type = found.replace(**changed) if changed else found
    return result

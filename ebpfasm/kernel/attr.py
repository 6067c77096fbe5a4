"""Writes Python values into the members of ``union bpf_attr``, refusing what does not fit."""

from __future__ import annotations

from ebpfasm.errors import OperandError
from ebpfasm.kernel._ffi import ffi
from ebpfasm.values.names import object_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["address", "fill", "object_name"]


def address(data: Any) -> int:
    """Return where cdata lies in memory, as ``union bpf_attr`` wants it; the caller keeps it alive."""
    return int(ffi.cast("uintptr_t", data))


def fill(attr: Any, members: dict[str, int], command: str) -> None:
    """Set the ``members`` of ``attr``; raises ``OperandError`` naming ``command``, member and value."""
    for member, value in members.items():
        try:
            setattr(attr, member, value)
        except (OverflowError, TypeError) as error:
            message = f"{command}: {member} does not take {value!r}"
            raise OperandError(message, field=member, value=value) from error

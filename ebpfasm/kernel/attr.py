"""Writes Python values into the members of ``union bpf_attr``, refusing what does not fit."""

from __future__ import annotations

from ebpfasm.errors import OperandError
from ebpfasm.kernel._ffi import ffi

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_NAME_LENGTH = 16  # BPF_OBJ_NAME_LEN, with the terminating NUL
_NAME_CHARACTERS = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.")


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


def object_name(name: str) -> bytes:
    """Return the name of a map or a program as the kernel stores it.

    Raises ``OperandError`` unless it is at most 15 characters out of ``A-Z a-z 0-9 _ .``, which is what
    bpf_obj_name_cpy() in kernel/bpf/syscall.c takes.
    """
    if not isinstance(name, str):
        raise OperandError(f"name: must be a str, not {name!r}", field="name", value=name)
    encoded = name.encode()
    if len(encoded) < _NAME_LENGTH and _NAME_CHARACTERS.issuperset(encoded):
        return encoded
    message = f"name: must be at most {_NAME_LENGTH - 1} of the characters A-Z a-z 0-9 _ and ., not {name!r}"
    raise OperandError(message, field="name", value=name)

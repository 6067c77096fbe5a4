"""Names of maps and programs."""

from __future__ import annotations

from ebpfasm.errors import OperandError

__all__ = ["object_name"]

_NAME_LENGTH = 16  # BPF_OBJ_NAME_LEN, with the terminating NUL
_NAME_CHARACTERS = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.")


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

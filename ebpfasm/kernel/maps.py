"""Commands on maps: create, and read and write single elements."""

from __future__ import annotations

import struct
from itertools import repeat, starmap

from ebpfasm.errors import KeyNotFound, OperandError
from ebpfasm.kernel import commands as c
from ebpfasm.kernel._ffi import ffi
from ebpfasm.kernel.attr import address, fill, object_name
from ebpfasm.kernel.syscall import bpf, bpf_each

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from ebpfasm.errors import KernelError

_CREATE = ffi.sizeof("struct bpf_attr_map_create")

# The bytes of struct bpf_attr_elem that a command reads; it insists that whatever follows is zero
# (CHECK_ATTR in kernel/bpf/syscall.c), and blocks are used again.
_TO_KEY = 16
_TO_VALUE = 24
_TO_FLAGS = 32

# An element is read or written in a block of memory that holds struct bpf_attr_elem, the key and the value,
# filled by one Struct.pack_into. Blocks are kept for the next call, by the two sizes: list.pop and
# list.append are atomic, so threads never share one.
_HEAD = "=I4xQQQ"  # struct bpf_attr_elem: map_fd, key, value, flags
_U32_PAIR = struct.Struct(_HEAD + "II")
# For many elements in a row key and value stand before the attr, so that with its first member they are one piece.
_U32_WRITE = struct.Struct("=III")  # key, value, map_fd
_U32_ADDRESSES = struct.Struct("=QQ")  # of key and value, in the attr
_u32_blocks: list[tuple[Any, ...]] = []
_blocks: dict[tuple[int, int], list[tuple[Any, ...]]] = {}
_MOST_SIZES = 64  # a process that works on more kinds of maps than this starts over with an empty store


def _block(key_size: int, value_size: int) -> tuple[Any, ...]:
    """Return a new block: attr, its bytes, Struct to fill it, address of the key, address and slice of the value.

    No key is a null pointer: for GET_NEXT_KEY the start of the map, and what queues and stacks insist on.
    Key and value follow the attr directly: the kernel copies them, and never minds how they are aligned.
    """
    value_at = _TO_FLAGS + key_size
    memory = ffi.new("uint64_t[]", (value_at + value_size + 7) // 8)
    start = address(memory)
    return (
        memory,
        ffi.buffer(memory),
        struct.Struct(f"{_HEAD}{key_size}s{value_size}s"),
        start + _TO_FLAGS if key_size else 0,
        start + value_at,
        slice(value_at, value_at + value_size),
    )


def _store(key_size: int, value_size: int) -> list[tuple[Any, ...]]:
    """Return a new list to keep blocks of these sizes in, with one in it."""
    if len(_blocks) >= _MOST_SIZES:
        _blocks.clear()
    store = _blocks[key_size, value_size] = [_block(key_size, value_size)]
    return store


def map_create(
    map_type: int,
    key_size: int,
    value_size: int,
    max_entries: int,
    map_flags: int = 0,
    name: str = "",
    *,
    inner_map_fd: int = 0,
    numa_node: int = 0,
    map_ifindex: int = 0,
    map_extra: int = 0,
    btf_fd: int = 0,
    btf_key_type_id: int = 0,
    btf_value_type_id: int = 0,
    btf_vmlinux_value_type_id: int = 0,
) -> int:
    """BPF_MAP_CREATE: make a map and return its file descriptor; sizes are in bytes.

    ``numa_node`` counts only with BPF_F_NUMA_NODE in ``map_flags``; the other members are those of
    ``union bpf_attr``. Raises ``OperandError`` for a name the kernel cannot take or a number that does not
    fit its member, ``PermissionDenied`` without CAP_BPF, ``KernelError`` when the kernel refuses.
    """
    attr = ffi.new("struct bpf_attr_map_create *")
    attr.map_name = object_name(name)
    members = {
        "map_type": map_type,
        "key_size": key_size,
        "value_size": value_size,
        "max_entries": max_entries,
        "map_flags": map_flags,
        "inner_map_fd": inner_map_fd,
        "numa_node": numa_node,
        "map_ifindex": map_ifindex,
        "map_extra": map_extra,
        "btf_fd": btf_fd,
        "btf_key_type_id": btf_key_type_id,
        "btf_value_type_id": btf_value_type_id,
        "btf_vmlinux_value_type_id": btf_vmlinux_value_type_id,
    }
    fill(attr, members, "BPF_MAP_CREATE")
    about = f"{name!r} (type {map_type}, key {key_size}, value {value_size} bytes, {max_entries} entries)"
    return bpf(c.BPF_MAP_CREATE, attr, _CREATE, about)


def map_freeze(map_fd: int) -> None:
    """BPF_MAP_FREEZE: let user space change the map no more, ever; programs still may."""
    attr = ffi.new("struct bpf_attr_elem *")
    attr.map_fd = map_fd
    bpf(c.BPF_MAP_FREEZE, attr, 4)


def update_u32(map_fd: int, key: int, value: int, flags: int = 0) -> None:
    """BPF_MAP_UPDATE_ELEM where key and value are 4 bytes, as in a program array: the shortest way there.

    The map's key and value size must be 4; the kernel would read beyond them. Raises ``OperandError`` for a
    number that is not in 0..4294967295, and what :func:`update_elem` raises.
    """
    try:
        block = _u32_blocks.pop()
    except IndexError:
        block = _block(4, 4)
    try:
        _U32_PAIR.pack_into(block[1], 0, map_fd, block[3], block[4], flags, key, value)
        bpf(c.BPF_MAP_UPDATE_ELEM, block[0], _TO_FLAGS)
    except struct.error as error:
        message = f"BPF_MAP_UPDATE_ELEM: key and value must be in 0..4294967295, not {key!r} and {value!r}"
        raise OperandError(message, field="key, value", value=(key, value), low=0, high=0xFFFFFFFF) from error
    finally:
        _u32_blocks.append(block)


def update_u32_each(
    map_fds: Iterable[int], keys: Sequence[int], values: Iterable[int]
) -> tuple[int, KernelError | None]:
    """BPF_MAP_UPDATE_ELEM for many elements of 4-byte keys and values, each in a map of its own or all in one.

    Returns how many were written, and what :func:`update_u32` would have raised for the one after them, or None.
    All numbers must be in 0..4294967295, which is not looked at.
    """
    memory = ffi.new("uint64_t[]", 1 + _TO_FLAGS // 8)
    room, start = ffi.buffer(memory), address(memory)
    _U32_ADDRESSES.pack_into(room, 16, start, start + 4)
    writes = zip(repeat(room), repeat(0), keys, values, map_fds)  # its end is that of keys: the others may be endless
    return bpf_each(c.BPF_MAP_UPDATE_ELEM, memory + 1, _TO_FLAGS, starmap(_U32_WRITE.pack_into, writes))


def update_elem(map_fd: int, key: bytes, value: bytes, flags: int = 0) -> None:
    """BPF_MAP_UPDATE_ELEM: write one element; ``flags`` as in ``ebpfasm.uapi.UpdateFlag``.

    ``key`` and ``value`` must be exactly as long as the map's (for a per-CPU map: one value after the other,
    each rounded up to 8 bytes, one per possible CPU): the kernel reads that much whatever is given.
    Raises ``KeyExists`` and ``KeyNotFound`` as the flags ask for.
    """
    store = _blocks.get((len(key), len(value))) or _store(len(key), len(value))
    try:
        block = store.pop()
    except IndexError:
        block = _block(len(key), len(value))
    try:
        memory, room, layout, key_at, value_at, _ = block
        layout.pack_into(room, 0, map_fd, key_at, value_at, flags, key, value)
        bpf(c.BPF_MAP_UPDATE_ELEM, memory, _TO_FLAGS)
    finally:
        store.append(block)


def lookup_elem(map_fd: int, key: bytes, value_size: int, flags: int = 0) -> bytes:
    """BPF_MAP_LOOKUP_ELEM: return the value under ``key``; raises ``KeyNotFound``.

    ``key`` must be as long as the map's keys, and ``value_size`` what the kernel writes: the map's value
    size, for a per-CPU map rounded up to 8 and times the number of possible CPUs.
    """
    return _read(c.BPF_MAP_LOOKUP_ELEM, map_fd, key, value_size, flags, _TO_FLAGS)


def lookup_and_delete_elem(map_fd: int, key: bytes, value_size: int, flags: int = 0) -> bytes:
    """BPF_MAP_LOOKUP_AND_DELETE_ELEM: return the value under ``key`` and remove it; sizes as in lookup_elem.

    For a queue or a stack the key is empty. Raises ``KeyNotFound``, or ``NotSupported`` where the map type or
    the kernel cannot (Linux 4.20 for queues and stacks, 5.14 for hash maps).
    """
    return _read(c.BPF_MAP_LOOKUP_AND_DELETE_ELEM, map_fd, key, value_size, flags, _TO_FLAGS)


def next_key(map_fd: int, key: bytes | None, key_size: int) -> bytes | None:
    """BPF_MAP_GET_NEXT_KEY: return the key after ``key``, the first one after None, None after the last.

    After a ``key`` that is gone from a hash map the kernel starts over with the first.
    """
    try:
        return _read(c.BPF_MAP_GET_NEXT_KEY, map_fd, b"" if key is None else key, key_size, 0, _TO_VALUE)
    except KeyNotFound:
        return None


def delete_elem(map_fd: int, key: bytes) -> None:
    """BPF_MAP_DELETE_ELEM: remove the element under ``key``, of the map's key size; raises ``KeyNotFound``."""
    _read(c.BPF_MAP_DELETE_ELEM, map_fd, key, 0, 0, _TO_KEY)


def _read(command: int, map_fd: int, key: bytes, value_size: int, flags: int, size: int) -> bytes:
    """Run a command that takes a key, and return the ``value_size`` bytes it leaves where the value goes."""
    store = _blocks.get((len(key), value_size)) or _store(len(key), value_size)
    try:
        block = store.pop()
    except IndexError:
        block = _block(len(key), value_size)
    try:
        memory, room, layout, key_at, value_at, value_slice = block
        layout.pack_into(room, 0, map_fd, key_at, value_at, flags, key, b"")
        bpf(command, memory, size)
        value: bytes = room[value_slice]
        return value
    finally:
        store.append(block)

"""Commands on many elements of a map at once."""

from __future__ import annotations

from errno import EFAULT, EINTR, ENOENT, ENOSPC

from ebpfasm.errors import KernelError, OperandError
from ebpfasm.kernel import commands as c
from ebpfasm.kernel._ffi import ffi
from ebpfasm.kernel.attr import address
from ebpfasm.kernel.syscall import bpf

_SIZE = ffi.sizeof("struct bpf_attr_batch")
_SMALLEST_POSITION = 4  # a hash map's position is a u32 whatever its keys (generic for others: a key)
_ATTEMPTS = 16  # each may double the count: a bucket of 65536 times what was asked for is no hash map any more


def lookup_batch(
    map_fd: int, position: bytes | None, count: int, key_size: int, value_size: int, elem_flags: int = 0
) -> tuple[bytes, bytes, int, bytes | None]:
    """BPF_MAP_LOOKUP_BATCH: read about ``count`` elements from ``position`` on, which is None for the start.

    Returns keys and values, one after the other each, how many there are, and the position of what follows,
    or None at the end. A hash map is read by whole buckets: more than ``count`` come when one holds more.
    Sizes in bytes, as in ``maps.lookup_elem``. Raises ``NotSupported`` for map types that cannot.
    """
    return _read_batch(c.BPF_MAP_LOOKUP_BATCH, map_fd, position, count, key_size, value_size, elem_flags)


def lookup_and_delete_batch(
    map_fd: int, position: bytes | None, count: int, key_size: int, value_size: int, elem_flags: int = 0
) -> tuple[bytes, bytes, int, bytes | None]:
    """BPF_MAP_LOOKUP_AND_DELETE_BATCH: as :func:`lookup_batch`, and remove what was read."""
    return _read_batch(c.BPF_MAP_LOOKUP_AND_DELETE_BATCH, map_fd, position, count, key_size, value_size, elem_flags)


def update_batch(map_fd: int, keys: bytes, values: bytes, count: int, elem_flags: int = 0) -> None:
    """BPF_MAP_UPDATE_BATCH: write ``count`` elements, their keys and values one after the other each.

    Raises what ``maps.update_elem`` raises; the message tells how many were written before.
    """
    _write_batch(c.BPF_MAP_UPDATE_BATCH, map_fd, keys, values, count, elem_flags)


def delete_batch(map_fd: int, keys: bytes, count: int) -> None:
    """BPF_MAP_DELETE_BATCH: remove ``count`` elements, by their keys one after the other.

    Raises ``KeyNotFound`` at a key that is not there; the message tells how many were removed before.
    """
    _write_batch(c.BPF_MAP_DELETE_BATCH, map_fd, keys, b"", count, 0)


def _read_batch(
    command: int, map_fd: int, position: bytes | None, count: int, key_size: int, value_size: int, elem_flags: int
) -> tuple[bytes, bytes, int, bytes | None]:
    attr = ffi.new("struct bpf_attr_batch *")
    position_size = max(key_size, _SMALLEST_POSITION)
    if position is not None and len(position) != position_size:
        message = f"{c.NAMES[command]}: position must be {position_size} bytes, not {len(position)}"
        raise OperandError(message, field="position", value=position)
    start = ffi.from_buffer(position or b"")
    following = ffi.new("char[]", position_size)
    for _ in range(_ATTEMPTS):
        keys = ffi.new("char[]", max(1, count * key_size))
        values = ffi.new("char[]", max(1, count * value_size))
        attr.map_fd, attr.count, attr.elem_flags = map_fd, count, elem_flags
        attr.in_batch = 0 if position is None else address(start)
        attr.out_batch, attr.keys, attr.values = address(following), address(keys), address(values)
        after: bytes | None = None
        try:
            bpf(command, attr, _SIZE)
            after = bytes(ffi.buffer(following))
        except KernelError as error:
            refused = error
            if error.errno == ENOSPC:
                count *= 2  # the first bucket holds more than was asked for
                continue
            if error.errno == EINTR:
                continue  # the kernel lost its place among elements being deleted
            if error.errno != ENOENT:  # which is the end of the map
                raise
        done = attr.count
        return bytes(ffi.buffer(keys, done * key_size)), bytes(ffi.buffer(values, done * value_size)), done, after
    raise refused


def _write_batch(command: int, map_fd: int, keys: bytes, values: bytes, count: int, elem_flags: int) -> None:
    attr = ffi.new("struct bpf_attr_batch *")
    key_memory, value_memory = ffi.from_buffer(keys), ffi.from_buffer(values)
    attr.map_fd, attr.count, attr.elem_flags = map_fd, count, elem_flags
    attr.keys = address(key_memory)
    attr.values = address(value_memory) if values else 0
    try:
        bpf(command, attr, _SIZE)
    except KernelError as error:
        # With EFAULT the count was not written back (include/uapi/linux/bpf.h, "Batch").
        done = 0 if error.errno == EFAULT or attr.count == count else attr.count
        if not done:
            raise
        message = f"{error} (after {done} of {count} elements)"
        raise type(error)(error.errno or 0, message, command=error.command) from None

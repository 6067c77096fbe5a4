from __future__ import annotations

import errno
import os
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from ebpfasm.errors import KernelError, KeyExists, KeyNotFound, NotSupported, OperandError, PermissionDenied
from ebpfasm.kernel import batches, maps
from ebpfasm.kernel._ffi import ffi
from ebpfasm.kernel.programs import prog_load
from tests.kernel.code import SCHED_CLS, returns
from tests.kernel.fake import FakeKernel

pytestmark = pytest.mark.needs_kernel

HASH, ARRAY, PROG_ARRAY, QUEUE = 1, 2, 3, 22
NOEXIST, EXIST = 1, 2


@pytest.fixture
def create() -> Iterator[Callable[..., int]]:
    with ExitStack() as stack:

        def make(*arguments: Any, **members: Any) -> int:
            fd = maps.map_create(*arguments, **members)
            stack.callback(os.close, fd)
            return fd

        yield make


def u32(*numbers: int) -> bytes:
    return struct.pack(f"={len(numbers)}I", *numbers)


def test_an_element_is_written_read_and_removed(create: Callable[..., int]):
    fd = create(HASH, 3, 5, 8, name="three_five")
    maps.update_elem(fd, b"abc", b"12345")
    assert maps.lookup_elem(fd, b"abc", 5) == b"12345"
    maps.delete_elem(fd, b"abc")
    with pytest.raises(KeyNotFound, match="BPF_MAP_LOOKUP_ELEM: ENOENT: the map has no entry under that key"):
        maps.lookup_elem(fd, b"abc", 5)
    with pytest.raises(KeyNotFound):
        maps.delete_elem(fd, b"abc")


def test_flags_say_whether_the_element_may_be_there(create: Callable[..., int]):
    fd = create(HASH, 4, 4, 2)
    with pytest.raises(KeyNotFound):
        maps.update_elem(fd, u32(1), u32(1), EXIST)
    maps.update_elem(fd, u32(1), u32(1), NOEXIST)
    with pytest.raises(KeyExists):
        maps.update_elem(fd, u32(1), u32(2), NOEXIST)
    maps.update_u32(fd, 1, 3, EXIST)
    assert maps.lookup_elem(fd, u32(1), 4) == u32(3)


def test_keys_are_walked_to_the_end(create: Callable[..., int]):
    fd = create(HASH, 4, 4, 64)
    assert maps.next_key(fd, None, 4) is None
    for number in range(40):
        maps.update_u32(fd, number, number)
    seen = []
    key = maps.next_key(fd, None, 4)
    while key is not None and len(seen) < 100:
        seen.append(key)
        key = maps.next_key(fd, key, 4)
    assert sorted(seen) == sorted(u32(number) for number in range(40))


def test_a_program_array_takes_programs_only(create: Callable[..., int]):
    slots, array = create(PROG_ARRAY, 4, 4, 2, name="pod0"), create(ARRAY, 4, 4, 1)
    program = prog_load(SCHED_CLS, returns(0))
    try:
        maps.update_u32(slots, 0, program)
        assert maps.lookup_elem(slots, u32(0), 4) != u32(0)
        with pytest.raises(KernelError, match="E2BIG: the index is beyond the map's last entry"):
            maps.update_u32(slots, 2, program)
        with pytest.raises(KernelError, match="EINVAL"):
            maps.update_u32(slots, 0, array)
        with pytest.raises(KernelError, match="EBADF"):
            maps.update_u32(slots, 0, 0xFFFFFF)
        with pytest.raises(KeyNotFound, match="E2BIG"):
            maps.delete_elem(slots, u32(2))
    finally:
        os.close(program)


@pytest.mark.parametrize(("key", "value"), [(-1, 0), (0, -1), (1 << 32, 0), (0, 1 << 32), ("0", 0)])
def test_numbers_that_do_not_fit(create: Callable[..., int], key: Any, value: Any):
    fd = create(ARRAY, 4, 4, 1)
    with pytest.raises(OperandError, match=r"must be in 0\.\.4294967295"):
        maps.update_u32(fd, key, value)
    maps.update_u32(fd, 0, 0xFFFFFFFF)
    assert maps.lookup_elem(fd, u32(0), 4) == b"\xff" * 4


def test_a_frozen_map_cannot_be_written(create: Callable[..., int]):
    fd = create(ARRAY, 4, 4, 1)
    maps.map_freeze(fd)
    with pytest.raises(PermissionDenied, match="EPERM: the map is frozen"):
        maps.update_u32(fd, 0, 1)
    assert maps.lookup_elem(fd, u32(0), 4) == u32(0)


def test_a_queue_pops(create: Callable[..., int]):
    fd = create(QUEUE, 0, 4, 4)
    maps.update_elem(fd, b"", u32(5))
    maps.update_elem(fd, b"", u32(6))
    assert [maps.lookup_and_delete_elem(fd, b"", 4) for _ in range(2)] == [u32(5), u32(6)]
    with pytest.raises(KeyNotFound):
        maps.lookup_and_delete_elem(fd, b"", 4)


def test_what_the_kernel_cannot_make():
    with pytest.raises(KernelError, match=r"BPF_MAP_CREATE 'pod0' \(type 3, key 8, value 4 bytes, 1 entries\): EINVAL"):
        maps.map_create(PROG_ARRAY, 8, 4, 1, name="pod0")
    with pytest.raises(OperandError, match="BPF_MAP_CREATE: max_entries does not take 4294967296"):
        maps.map_create(ARRAY, 4, 4, 1 << 32)
    with pytest.raises(OperandError, match="name: must be at most 15"):
        maps.map_create(ARRAY, 4, 4, 1, name="sixteen_letters_")


def test_fds_that_are_no_maps(create: Callable[..., int]):
    with pytest.raises(KernelError, match="EBADF") as caught:
        maps.lookup_elem(0xFFFFFF, u32(0), 4)
    assert caught.value.errno == errno.EBADF
    with open(os.devnull) as file, pytest.raises(KernelError, match="EINVAL: the file descriptor is not a map"):
        maps.update_u32(file.fileno(), 0, 0)


def test_the_attr_is_laid_out_as_the_kernel_has_it(monkeypatch: pytest.MonkeyPatch):
    seen: list[tuple[int, bytes, bytes, int]] = []

    def look(memory: Any) -> int:
        attr = ffi.cast("struct bpf_attr_elem *", memory)
        read = [
            bytes(ffi.buffer(ffi.cast("char *", pointer), size)) for pointer, size in ((attr.key, 4), (attr.value, 8))
        ]
        seen.append((attr.map_fd, read[0], read[1], attr.flags))
        return 0

    FakeKernel(monkeypatch, look)
    maps.update_elem(77, b"keys", b"values..", 3)
    assert seen == [(77, b"keys", b"values..", 3)]
    seen.clear()
    maps.update_u32(78, 1, 2, 5)
    assert [(fd, key, value[:4], flags) for fd, key, value, flags in seen] == [(78, u32(1), u32(2), 5)]


def test_threads_do_not_share_a_block(create: Callable[..., int]):
    fd = create(HASH, 4, 8, 64)
    wrong: list[bytes] = []

    def write_and_read(number: int) -> None:
        key, value = u32(number), struct.pack("=Q", number)
        for _ in range(2000):
            maps.update_elem(fd, key, value)
            if (found := maps.lookup_elem(fd, key, 8)) != value:
                wrong.append(found)

    threads = [threading.Thread(target=write_and_read, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_the_store_of_blocks_stays_small(monkeypatch: pytest.MonkeyPatch):
    FakeKernel(monkeypatch, 0)
    for size in range(1, 300):
        maps.update_elem(3, b"k", bytes(size))
    assert len(maps._blocks) <= maps._MOST_SIZES


@pytest.mark.parametrize(("map_type", "key_size"), [(HASH, 4), (ARRAY, 4), (HASH, 3)])
def test_batches_write_read_and_delete(create: Callable[..., int], map_type: int, key_size: int):
    count = 300
    fd = create(map_type, key_size, 8, count)
    keys = b"".join(number.to_bytes(key_size, "little") for number in range(count))
    values = struct.pack(f"={count}Q", *range(count))
    batches.update_batch(fd, keys, values, count)
    found: dict[bytes, bytes] = {}
    position, rounds = None, 0
    while rounds < 1000:
        some_keys, some_values, some, position = batches.lookup_batch(fd, position, 7, key_size, 8)
        for at in range(some):
            found[some_keys[at * key_size :][:key_size]] = some_values[at * 8 :][:8]
        rounds += 1
        if position is None:
            break
    assert found == {keys[at * key_size :][:key_size]: values[at * 8 :][:8] for at in range(count)}
    if map_type == HASH:
        batches.delete_batch(fd, keys[: 100 * key_size], 100)
        _, _, taken, end = batches.lookup_and_delete_batch(fd, None, count, key_size, 8)
        assert (taken, end) == (200, None)
        assert maps.next_key(fd, None, key_size) is None


def test_a_batch_tells_how_far_it_came(create: Callable[..., int]):
    fd = create(HASH, 4, 4, 8)
    batches.update_batch(fd, u32(1, 2), u32(1, 2), 2)
    with pytest.raises(KeyNotFound, match=r"\(after 2 of 3 elements\)"):
        batches.delete_batch(fd, u32(1, 2, 3), 3)


def test_a_bucket_that_holds_more_than_asked_for_is_read_whole(create: Callable[..., int]):
    fd = create(HASH, 4, 4, 4096)
    batches.update_batch(fd, u32(*range(4096)), u32(*range(4096)), 4096)
    seen, position = 0, None
    for _ in range(10_000):
        _, _, some, position = batches.lookup_batch(fd, position, 1, 4, 4)
        seen += some
        if position is None:
            break
    assert seen == 4096


def test_batches_of_a_map_that_has_none(create: Callable[..., int]):
    fd = create(PROG_ARRAY, 4, 4, 4)
    with pytest.raises(NotSupported, match="BPF_MAP_LOOKUP_BATCH"):
        batches.lookup_batch(fd, None, 4, 4, 4)
    with pytest.raises(OperandError, match="position must be 4 bytes, not 3"):
        batches.lookup_batch(fd, b"abc", 4, 4, 4)

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from ebpfasm.errors import KernelError, KeyExists
from ebpfasm.kernel import maps
from ebpfasm.kernel.info import kind, map_info
from ebpfasm.kernel.pins import obj_get, obj_pin, on_bpf_file_system, unpin

pytestmark = pytest.mark.needs_kernel


@pytest.fixture
def array() -> Iterator[int]:
    fd = maps.map_create(2, 4, 4, 1)
    yield fd
    os.close(fd)


def test_a_pin_keeps_the_object(bpffs: Path, array: int):
    path = str(bpffs / "counters")
    obj_pin(array, path)
    again = obj_get(path)
    assert (kind(again), map_info(again).id) == ("map", map_info(array).id)
    os.close(again)
    unpin(path)
    with pytest.raises(KernelError, match=r"BPF_OBJ_GET .*counters: nothing is pinned there"):
        obj_get(path)
    with pytest.raises(KernelError, match=r"unlink .*counters: No such file or directory \(ENOENT\)"):
        unpin(path)


def test_a_path_that_is_taken(bpffs: Path, array: int):
    path = str(bpffs / "counters")
    obj_pin(array, path)
    with pytest.raises(KeyExists, match="there is something under that path"):
        obj_pin(array, path)


def test_a_dot_in_the_name(bpffs: Path, array: int):
    with pytest.raises(KernelError, match="the name of a pin cannot have a dot in it"):
        obj_pin(array, str(bpffs / "counters.v1"))


def test_a_path_on_another_file_system(tmp_path: Path, array: int):
    wanted = "is not on a bpf file system; mount one there, or under /sys/fs/bpf: mount -t bpf bpf /sys/fs/bpf"
    with pytest.raises(KernelError, match=wanted):
        obj_pin(array, str(tmp_path / "counters"))
    common = tmp_path / "file"
    common.touch()
    for refused in (obj_get, unpin):
        with pytest.raises(KernelError, match=wanted):
            refused(str(common))
    assert common.exists()


def test_a_directory_that_is_not_there(bpffs: Path, array: int):
    with pytest.raises(KernelError, match=f"there is no directory {bpffs}/deeper"):
        obj_pin(array, str(bpffs / "deeper" / "counters"))


def test_what_is_a_bpf_file_system(bpffs: Path, tmp_path: Path):
    assert on_bpf_file_system(str(bpffs / "any"))
    assert not on_bpf_file_system(str(tmp_path / "any"))
    assert not on_bpf_file_system(str(bpffs / "missing" / "any"))

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator

import pytest

from ebpfasm.errors import KernelError
from ebpfasm.kernel import ids, maps
from ebpfasm.kernel.info import kind, map_info, prog_info, prog_xlated
from ebpfasm.kernel.machine import possible_cpus
from ebpfasm.kernel.programs import prog_load
from tests.kernel.code import EXIT, SCHED_CLS, insn, returns

pytestmark = pytest.mark.needs_kernel

ARRAY, PERCPU_ARRAY = 2, 6
BPF_PSEUDO_MAP_FD = 1


@pytest.fixture
def array() -> Iterator[int]:
    fd = maps.map_create(ARRAY, 4, 16, 3, name="counters")
    yield fd
    os.close(fd)


@pytest.fixture
def program(array: int) -> Iterator[int]:
    load = insn(0x18, 1, BPF_PSEUDO_MAP_FD, imm=array) + insn(0)
    fd = prog_load(SCHED_CLS, load + returns(0), name="entry")
    yield fd
    os.close(fd)


def test_what_a_map_is(array: int):
    info = map_info(array)
    assert (info.type, info.key_size, info.value_size, info.max_entries) == (ARRAY, 4, 16, 3)
    assert info.name == "counters"
    assert info.id > 0
    assert repr(info).startswith("MapInfo(btf_id=0, id=")


def test_what_a_program_is(array: int, program: int):
    info = prog_info(program)
    assert (info.type, info.name, info.gpl_compatible) == (SCHED_CLS, "entry", 1)
    assert info.map_ids == (map_info(array).id,)
    assert info.xlated_prog_len == 32
    zeroed = insn(0x18, 1, BPF_PSEUDO_MAP_FD) + insn(0) + returns(0)
    # SHA-256 since Linux 6.18, SHA-1 before; map fds count as 0
    assert info.tag in {hashlib.new(name, zeroed).digest()[:8] for name in ("sha1", "sha256")}


def test_instructions_come_back(program: int):
    assert prog_xlated(program)[-16:] == returns(0)


def test_what_kind_an_fd_is(array: int, program: int):
    assert (kind(array), kind(program), kind(0xFFFFFF)) == ("map", "program", "")
    with pytest.raises(KernelError, match=f"file descriptor {program} is not a map but program"):
        map_info(program)
    with pytest.raises(KernelError, match=f"file descriptor {array} is not a program but map"):
        prog_info(array)
    with open(os.devnull) as file, pytest.raises(KernelError, match="is not a map but /dev/null"):
        map_info(file.fileno())
    with pytest.raises(KernelError, match="the number is no open file descriptor"):
        map_info(0xFFFFFF)


def test_ids_lead_to_the_same_object(array: int, program: int):
    for found, ours in (
        (ids.map_fd_by_id(map_info(array).id), map_info(array).id),
        (ids.prog_fd_by_id(prog_info(program).id), prog_info(program).id),
    ):
        info = map_info(found) if kind(found) == "map" else prog_info(found)
        os.close(found)
        assert info.id == ours


def test_ids_are_walked(array: int, program: int):
    assert ids.next_map_id(map_info(array).id - 1) == map_info(array).id
    assert ids.next_prog_id(prog_info(program).id - 1) == prog_info(program).id
    assert ids.next_map_id(0x7FFFFFFE) is None
    assert ids.next_link_id(0x7FFFFFFE) is None


def test_an_id_of_nothing():
    with pytest.raises(KernelError, match=r"BPF_MAP_GET_FD_BY_ID of id 2147483647: ENOENT: there is no map"):
        ids.map_fd_by_id(0x7FFFFFFF)
    with pytest.raises(KernelError, match="there is no program"):
        ids.prog_fd_by_id(0x7FFFFFFF)
    with pytest.raises(KernelError, match="there is no link"):
        ids.link_fd_by_id(0x7FFFFFFF)


def test_a_value_for_each_possible_cpu():
    # The program adds 1 to its CPU's value, and the kernel writes the values of all: not one more, not one less.
    size = 8 * possible_cpus()
    fd = maps.map_create(PERCPU_ARRAY, 4, 8, 1)
    try:
        values = b"".join(number.to_bytes(8, "little") for number in range(possible_cpus()))
        maps.update_elem(fd, bytes(4), values)
        assert maps.lookup_elem(fd, bytes(4), size + 8) == values + bytes(8)
    finally:
        os.close(fd)


def test_a_program_without_maps():
    fd = prog_load(SCHED_CLS, insn(0xB7) + EXIT)
    try:
        assert prog_info(fd).map_ids == ()
    finally:
        os.close(fd)

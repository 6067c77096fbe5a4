"""The contexts of the vm, field by field, against what the kernel shows and lets programs do."""

from __future__ import annotations

import errno
import sys

import pytest

from ebpfasm import asm, vm
from ebpfasm.asm import R0, R1, R2, R6, R7, DWord, Instruction, Instructions, Word
from ebpfasm.errors import KernelError, NotSupported, OperandError, VmError
from ebpfasm.uapi import ProgramType
from ebpfasm.vm.context import context_for
from ebpfasm.vm.sk_buff_fields import SK_BUFF
from ebpfasm.vm.xdp_md import XDP_MD
from tests.vm.sides import CB, PACKETS, SIZES, assert_same

ADDRESSES = {"data", "data_end", "data_meta", "flow_keys", "sk"}
"""What differs from machine to machine, and what the vm does not have."""
KINDS = (ProgramType.SOCKET_FILTER, ProgramType.SCHED_CLS, ProgramType.CGROUP_SKB, ProgramType.LWT_XMIT)
"""A program type for each way in which contexts differ: SCHED_ACT is as SCHED_CLS, LWT_IN and LWT_OUT as LWT_XMIT."""
RESULT = {ProgramType.CGROUP_SKB: 1}


def leave(type: int) -> list[Instruction]:
    """Return the end of a program that the verifier takes for any type."""
    return [asm.Mov.Imm(R0, RESULT.get(ProgramType(type), 0)), asm.Return()]


def field(name: str, index: int = 0) -> int:
    """Return where a field of a ``__sk_buff`` is."""
    start, size, _ = SK_BUFF.places[name]
    return start + size * index


@pytest.mark.needs_kernel
@pytest.mark.parametrize("type", KINDS)
@pytest.mark.parametrize("given", [None, bytes(192)], ids=["no ctx", "ctx"])
def test_each_field_has_the_value_it_has_in_the_kernel(type: int, given: bytes | None) -> None:
    for about, packet in PACKETS.items():
        for name, (start, size, count) in SK_BUFF.places.items():
            if name in ADDRESSES:
                continue
            for index in range(count):
                load = asm.LoadMem(R7, R1, start + size * index, SIZES[size])
                if given is None:
                    limit = [asm.And.Imm(R0, 1)] if type == ProgramType.CGROUP_SKB else []
                    program = [load, asm.Mov.Reg(R0, R7), *limit, asm.Return()]
                else:
                    program = [asm.Mov.Reg(R6, R1), load, asm.StoreMem(R6, CB, R7, DWord), *leave(type)]
                assert_same(type, program, packet, given, (about, name))


@pytest.mark.needs_kernel
@pytest.mark.parametrize("type", [*KINDS, ProgramType.XDP])
def test_programs_may_read_and_write_what_the_verifier_lets_them(type: int) -> None:
    structure = XDP_MD if type == ProgramType.XDP else SK_BUFF
    for size in (1, 2, 4, 8):
        for offset in (1, 73, *range(0, structure.size + 8, size)):
            if structure.field_at(offset) != "sk":
                load = asm.LoadMem(R0, R1, offset, SIZES[size])
                assert_same(type, [load, *leave(type)], about=("load", offset, size))
            store = [asm.Mov.Imm(R2, 0), asm.StoreMem(R1, offset, R2, SIZES[size])]
            assert_same(type, [*store, *leave(type)], about=("store", offset, size))


@pytest.mark.needs_kernel
@pytest.mark.parametrize("name", ["tc_index", "tc_classid", "queue_mapping"])
@pytest.mark.parametrize("value", [0, 5, 0xFFFE, 0xFFFF, 0x10000, 0x12345678, 0xFFFFFFFF])
def test_fields_of_16_bits_keep_as_many(name: str, value: int) -> None:
    store = [
        asm.Mov.Imm(R2, 7),
        asm.StoreMem(R1, field(name), R2, Word),
        asm.LoadImm(R2, value, DWord),
        asm.StoreMem(R1, field(name), R2, Word),
    ]
    assert_same(ProgramType.SCHED_CLS, [*store, asm.LoadMem(R0, R1, field(name), Word), asm.Return()])


@pytest.mark.needs_kernel
@pytest.mark.parametrize("type", [ProgramType.SCHED_CLS, ProgramType.SOCKET_FILTER, ProgramType.CGROUP_SKB])
def test_a_context_of_bytes_means_what_it_means_to_the_kernel(type: int) -> None:
    for name, (start, size, count) in SK_BUFF.places.items():
        for value in (0, 1, 39, 40, 53, 54, 0xFFFF, 0x10000, 0x10001, 0xFFFFFFFF):
            if name == "ifindex" and value > 1:
                continue  # whether there is such an interface differs from machine to machine
            ctx = bytearray(192)
            last = start + size * (count - 1)
            ctx[last : last + size] = (value & (1 << size * 8) - 1).to_bytes(size, sys.byteorder)
            assert_same(type, leave(type), ctx=bytes(ctx), about=(name, value))
    for given in (bytes(1), bytes(47), bytes(191), bytes(193), bytes(300), bytes(192) + b"\1"):
        assert_same(type, leave(type), ctx=given, about=len(given))


@pytest.mark.needs_kernel
@pytest.mark.parametrize("type", [ProgramType.SCHED_CLS, ProgramType.LWT_XMIT, ProgramType.XDP])
def test_packets_have_the_sizes_the_kernel_takes(type: int) -> None:
    sizes = [13, 14, 15, 33, 34, 53, 54, 3711, 3712, 3713, 5000]
    for size in sizes if type != ProgramType.XDP else [*sizes, 73152, 73153]:
        for protocol in (b"\x08\0", b"\x86\xdd", b"\x81\0", b"\0\0"):
            packet = (bytes(12) + protocol + bytes(max(0, size - 14)))[:size]
            assert_same(type, leave(type), packet, about=(size, protocol))


def test_fields_can_be_given_and_come_back() -> None:
    program = Instructions([
        asm.LoadMem(R2, R1, field("cb", 4), Word),
        asm.StoreMem(R1, field("mark"), R2, Word),
        asm.LoadMem(R0, R1, field("protocol"), Word),
        asm.Return(),
    ])  # fmt: skip
    result = vm.run(program, PACKETS["IPv4"], ctx=vm.SkBuff(cb=[1, 2, 3, 4, 5], protocol=0x1234, tc_index=9))
    left = vm.SkBuff.read(result.ctx)
    assert result.r0 == 0x1234
    assert (left["mark"], left["cb[4]"], left["tc_index"], left["len"], left["ifindex"]) == (5, 5, 9, 54, 1)
    assert left["data"] == left["data_end"] == left["data_meta"] == 0


def test_a_context_can_be_used_again() -> None:
    ctx = vm.SkBuff(mark=3)
    program = Instructions([
        asm.LoadMem(R0, R1, field("mark"), Word),
        asm.StoreImm(R1, field("mark"), 4, Word),
        asm.Return(),
    ])  # fmt: skip
    assert [vm.run(program, PACKETS["IPv4"], ctx=ctx).r0 for _ in range(2)] == [3, 3]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"len": 5}, "SkBuff: there is no field 'len' to set; there are pkt_type, mark"),
        ({"colour": 5}, "SkBuff: there is no field 'colour' to set"),
        ({"mark": 1 << 32}, "SkBuff: mark must be in 0..4294967295, not 4294967296"),
        ({"tc_index": 0x10000}, "SkBuff: tc_index must be in 0..65535, not 65536"),
        ({"pkt_type": 8}, "SkBuff: pkt_type must be in 0..7, not 8"),
        ({"mark": "7"}, "SkBuff: mark must be in 0..4294967295, not '7'"),
        ({"cb": [1, -1]}, "SkBuff: cb must be of 5 numbers, each in 0..4294967295, not [1, -1]"),
        ({"cb": [0] * 6}, "SkBuff: cb must have 5 numbers, not 6"),
    ],
)
def test_a_field_that_cannot_be_is_refused(fields: dict[str, object], message: str) -> None:
    with pytest.raises(OperandError) as caught:
        vm.SkBuff(**fields)  # type: ignore[arg-type]
    assert str(caught.value).startswith(message)


def test_what_programs_may_not_do_is_named() -> None:
    def refusal(type: int, instruction: Instruction) -> str:
        with pytest.raises(VmError) as caught:
            vm.run(Instructions([instruction, *leave(type)]), PACKETS["IPv4"], ctx=context_for(type, None))
        return caught.value.reason

    load, store = asm.LoadMem, asm.StoreImm
    cls, socket = ProgramType.SCHED_CLS, ProgramType.SOCKET_FILTER
    assert refusal(socket, load(R0, R1, field("tc_classid"), Word)) == (
        "reads 4 bytes of __sk_buff.tc_classid, which programs of type SOCKET_FILTER may not read"
    )
    assert refusal(cls, store(R1, field("len"), 0, Word)) == (
        "writes 4 bytes of __sk_buff.len, which programs of type SCHED_CLS may not write"
    )
    assert refusal(cls, load(R0, R1, field("data"), SIZES[2])) == (
        "reads 2 bytes of __sk_buff.data, which is read 4 bytes at a time"
    )
    assert refusal(cls, load(R0, R1, 181, SIZES[1])) == "reads 1 byte of __sk_buff at 181, where no field is"


def test_a_type_without_a_context_is_named() -> None:
    with pytest.raises(NotSupported) as caught:
        context_for(ProgramType.KPROBE, None)
    assert "no context for programs of type KPROBE, only for CGROUP_SKB, LWT_IN" in str(caught.value)


@pytest.mark.parametrize(
    ("type", "ctx", "name"),
    [(ProgramType.XDP, vm.SkBuff(), "SkBuff"), (ProgramType.SCHED_CLS, vm.XdpMd(), "XdpMd")],
)
def test_a_context_of_another_type_is_refused(type: int, ctx: vm.SkBuff | vm.XdpMd, name: str) -> None:
    with pytest.raises(OperandError) as caught:
        context_for(type, ctx)
    assert str(caught.value) == (f"test_run: ctx must not be a {name} for a program of type {ProgramType(type).name}")


def test_a_refused_context_says_what_the_kernel_takes() -> None:
    ctx = bytearray(192)
    ctx[field("tc_index")] = 1
    with pytest.raises(KernelError) as caught:
        vm.SkBuff.from_bytes(bytes(ctx))
    assert caught.value.errno == errno.EINVAL
    assert str(caught.value).startswith(
        "BPF_PROG_TEST_RUN: EINVAL: __sk_buff.tc_index must be 0; a test run takes mark, priority"
    )


def test_a_packet_too_short_for_a_context_is_refused() -> None:
    with pytest.raises(OperandError) as caught:
        vm.run(Instructions(leave(ProgramType.SCHED_CLS)), b"\0" * 13, ctx=vm.SkBuff())
    assert str(caught.value) == "SkBuff: the packet must begin with an Ethernet header of 14 bytes, and has 13"


@pytest.mark.parametrize("metadata", [-4, 2, 220])
def test_metadata_has_the_sizes_the_kernel_takes(metadata: int) -> None:
    with pytest.raises(OperandError) as caught:
        vm.XdpMd(metadata=metadata)
    assert str(caught.value) == f"XdpMd: metadata must be a multiple of 4 in 0..216, not {metadata}"

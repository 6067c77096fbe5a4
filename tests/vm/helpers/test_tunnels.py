"""Tunnel keys against the kernel's."""

from __future__ import annotations

import itertools

import pytest

from ebpfasm import asm, vm
from ebpfasm.asm import R0, R6, R10, Byte, DWord, Half, Instruction, Instructions, Word
from ebpfasm.errors import OperandError
from ebpfasm.kernel import machine
from ebpfasm.uapi import ProgramType
from tests.vm.sides import PACKETS, Stack, assert_same, begin, call, end, stack_taken_in

TYPES = [ProgramType.SCHED_CLS, ProgramType.SCHED_ACT, ProgramType.LWT_XMIT]
KERNEL = machine.release()
LOCAL = KERNEL >= (6, 0)  # the structure has the address of this end (commit 26101f5ab6bd)
WHOLE = 44 if LOCAL else 28
SIZES = (1, 4, 8, 12, 22, 24, 28, 32, *((44, 45) if LOCAL else ()))
SET_FLAGS = (0, 1, 2, 3, 4, 5, 7, 8, 15, 32, 1 << 32)
if KERNEL >= (6, 2):  # BPF_F_NO_TUNNEL_KEY (commit e26aa600ba6a)
    SET_FLAGS += (16, 17, 31)
GET_FLAGS = (0, 1, 2, 32)
if KERNEL >= (6, 1):  # BPF_F_TUNINFO_FLAGS (commit 44c51472bef8)
    GET_FLAGS += (16, 17)
KEY = Stack(-64)


def key(ext: int = 0, label: int = 0x1FFFFF) -> list[Instruction]:
    """Put a struct bpf_tunnel_key among the numbers on the stack."""
    return [
        asm.StoreImm(R10, -64 + 22, ext, Half),
        asm.StoreImm(R10, -64 + 24, label, Word),
    ]


@pytest.mark.needs_kernel
@pytest.mark.parametrize("type", TYPES)
def test_what_is_set_is_what_is_read_with_the_ends_exchanged(type: int) -> None:
    for set_flags, get_flags, label in itertools.product(SET_FLAGS, GET_FLAGS, (0, 0x1FFFFF)):
        program = [*begin(), *key(label=label), *call(asm.FnSkbSetTunnelKey, KEY, WHOLE, set_flags)]
        program += [*call(asm.FnSkbGetTunnelKey, KEY, WHOLE, get_flags), *stack_taken_in(), *end(type)]
        assert_same(type, program, about=(set_flags, get_flags, label))


@pytest.mark.needs_kernel
def test_older_and_shorter_structures() -> None:
    for set_size, get_size, flags in itertools.product(SIZES, SIZES, (0, 1)):
        program = [*begin(), *key(label=0), *call(asm.FnSkbSetTunnelKey, KEY, set_size, flags)]
        program += [*call(asm.FnSkbGetTunnelKey, KEY, get_size, flags), *stack_taken_in(), *end()]
        assert_same(ProgramType.SCHED_CLS, program, about=(set_size, get_size, flags))


@pytest.mark.needs_kernel
def test_members_that_must_be_zero_sizes_that_are_none_and_packets_without_a_tunnel() -> None:
    for ext, size in itertools.product((0, 1, 0x100), (0, 22, 28)):
        program = [*begin(), *key(ext), *call(asm.FnSkbSetTunnelKey, KEY, size, 1), *end()]
        assert_same(ProgramType.SCHED_CLS, program, about=(ext, size))
    for size in SIZES:
        program = [*begin(), *call(asm.FnSkbGetTunnelKey, KEY, size, 0), *stack_taken_in(), *end()]
        assert_same(ProgramType.SCHED_CLS, program, about=size)


@pytest.mark.needs_kernel
def test_the_last_key_counts_and_one_that_is_refused_does_not() -> None:
    program = [*begin(), *key(label=0)]
    for size, flags in ((28, 0), (WHOLE, 1), (27, 0), (28, 64)):
        program += call(asm.FnSkbSetTunnelKey, KEY, size, flags)
    program += [*call(asm.FnSkbGetTunnelKey, KEY, WHOLE, 1), *stack_taken_in(), *end()]
    assert_same(ProgramType.SCHED_CLS, program)


def received(flags: int) -> Instructions:
    """Return a program that returns the tunnel's id where it can read the key with these flags, else the error."""
    return Instructions([
        *begin(), *call(asm.FnSkbGetTunnelKey, KEY, 28, flags), asm.JNE.Imm(R0, 0, "out"),
        asm.LoadMem(R0, R10, -64, Word), asm.Return().with_symbol("out"),
    ])  # fmt: skip


@pytest.mark.parametrize("run", [vm.run, vm.interpret])
def test_a_run_can_begin_with_a_packet_from_a_tunnel(run: object) -> None:
    assert callable(run)
    for remote, right, wrong in (("192.0.2.1", 0, 1), ("2001:db8::1", 1, 0)):
        ctx = vm.SkBuff(tunnel=vm.Tunnel(4242, remote))
        result = run(received(right), PACKETS["IPv4"], ctx=ctx)
        assert (result.retval, result.tunnel) == (4242, None)
        assert run(received(wrong), PACKETS["IPv4"], ctx=ctx).retval == 0x1_0000_0000 - 71  # -EPROTO
    assert run(received(0), PACKETS["IPv4"], ctx=vm.SkBuff()).retval == 0x1_0000_0000 - 22  # -EINVAL


def test_the_result_has_the_tunnel_the_packet_is_to_take() -> None:
    program = [
        asm.Mov.Reg(R6, asm.R1),
        *(asm.StoreImm(R10, place, 0, DWord) for place in range(-64, 0, 8)),
        asm.StoreImm(R10, -64, 7, Word),
        asm.LoadImm(R0, 0xC0000202, DWord),
        asm.StoreMem(R10, -60, R0, Word),
        asm.StoreImm(R10, -43, 9, Byte),
        *call(asm.FnSkbSetTunnelKey, KEY, 28, 4),
        asm.Return(),
    ]
    program.insert(1, asm.Mov.Imm(asm.R7, 0))
    result = vm.run(Instructions(program), PACKETS["IPv4"], ctx=vm.SkBuff())
    assert (result.retval, result.tunnel) == (0, vm.Tunnel(7, "192.0.2.2", ttl=9, flags=0x2105))
    assert repr(result.tunnel) == "<Tunnel 7 to 192.0.2.2, flags 0x2105>"


def test_tunnels_are_checked_and_compared() -> None:
    assert vm.Tunnel(1, "::1") == vm.Tunnel(1, "::1", "::")
    assert len({vm.Tunnel(1, "::1"), vm.Tunnel(1, "::1"), vm.Tunnel(2, "::1")}) == 2
    assert vm.Tunnel(1, "::1") != 1
    with pytest.raises(OperandError, match=r"Tunnel: id must be in 0\.\.4294967295, not -1"):
        vm.Tunnel(-1, "::1")
    with pytest.raises(OperandError, match=r"Tunnel: remote: 'pod' does not appear to be an IPv4 or IPv6 address"):
        vm.Tunnel(1, "pod")
    with pytest.raises(OperandError, match=r"Tunnel: local must be of the family of remote \(::1\), not 192\.0\.2\.1"):
        vm.Tunnel(1, "::1", "192.0.2.1")

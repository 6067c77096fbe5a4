"""A program run on both sides, in the kernel and in the vm by each of its engines; and packets to run it on."""

from __future__ import annotations

import struct
from typing import Any

from ebpfasm import Program, asm, vm
from ebpfasm.asm import R0, R1, R2, R3, R4, R5, R6, R7, R8, R10, Byte, DWord, Half, Instruction, Instructions, Word
from ebpfasm.errors import KernelError, VerifierError, VmError
from ebpfasm.uapi import ProgramType
from ebpfasm.vm.context import context_for
from tests.effort import worthwhile

SIZES = {1: Byte, 2: Half, 4: Word, 8: DWord}
CB = 48
"""Where ``cb`` is in a ``__sk_buff``: what a test run gives back in its context."""
SKB_TYPES = (
    ProgramType.SOCKET_FILTER, ProgramType.SCHED_CLS, ProgramType.SCHED_ACT, ProgramType.CGROUP_SKB,
    ProgramType.LWT_IN, ProgramType.LWT_OUT, ProgramType.LWT_XMIT,
)  # fmt: skip

IPV4 = bytes.fromhex("450000280001000040060000c0a80001c0a80002") + bytes(range(20))
IPV6 = bytes.fromhex("6000000000080640") + bytes(range(32)) + bytes(8)


def ethernet(protocol: int, payload: bytes, to: str = "020000000001") -> bytes:
    """Return a packet."""
    return bytes.fromhex(to) + bytes.fromhex("0200000000aa") + struct.pack("!H", protocol) + payload


PACKETS = {
    "IPv4": ethernet(0x0800, IPV4),
    "IPv4 to the interface itself": ethernet(0x0800, IPV4, "000000000000"),
    "IPv6": ethernet(0x86DD, IPV6),
    "VLAN": ethernet(0x8100, bytes.fromhex("20050800") + IPV4),
    "two VLAN tags": ethernet(0x88A8, bytes.fromhex("2005810030060800") + IPV4),
    "broadcast": ethernet(0x0806, bytes(28), "ffffffffffff"),
    "multicast": ethernet(0x0800, IPV4, "01005e000001"),
    "802.2": ethernet(0x0040, b"\xaa\xaa\x03" + bytes(64)),
    "802.3": ethernet(0x0040, b"\xff\xff\x03" + bytes(64)),
    "a header alone": ethernet(0x0005, b""),
    "a header and a byte": ethernet(0x0005, b"\xff"),
    "a header of IPv4 alone": ethernet(0x0800, b""),
}

Outcome = tuple[Any, ...]


def in_kernel(type: int, program: Instructions, data: bytes, ctx: bytes | None) -> Outcome:
    """Run a program in the kernel: what it answers, or who refuses."""
    try:
        loaded = Program.load(type, program)
    except VerifierError:
        return ("refused",)
    with loaded:
        try:
            result = loaded.test_run(data, ctx=ctx)
        except KernelError as error:
            return "errno", error.errno
        return "ran", result.retval, result.data, result.ctx


def in_vm(run: Any, type: int, program: Instructions, data: bytes, ctx: bytes | None) -> Outcome:
    """Run a program in the vm by one of its engines."""
    try:
        result = run(program, data, ctx=context_for(type, ctx))
    except VmError:
        return ("refused",)
    except KernelError as error:
        return "errno", error.errno
    return "ran", result.retval, result.data, result.ctx


def assert_same(
    type: int, program: list[Instruction], data: bytes = PACKETS["IPv4"], ctx: bytes | None = None, about: object = ""
) -> Outcome:
    """Fail unless the kernel and both engines of the vm answer the same; return the answer.

    Where the verifier refuses the program, the vm must refuse what it does, or the packet, which the kernel never saw.
    """
    instructions = Instructions(program)
    kernel = in_kernel(type, instructions, data, ctx)
    if not worthwhile():
        return kernel
    for run in (vm.run, vm.interpret):
        ours = in_vm(run, type, instructions, data, ctx)
        same = ours == kernel or (kernel[0] == "refused" and ours[0] == "errno")
        assert same, f"{about} {ProgramType(type).name}: the vm ({run.__name__}) {ours}, the kernel {kernel}"
    return kernel


def begin(stack: int = 64) -> list[Instruction]:
    """Keep the context in R6, and put numbers onto the stack; R7 takes in what is to be compared."""
    program = [asm.Mov.Reg(R6, R1), asm.Mov.Imm(R7, 0)]
    for place in range(0, stack, 8):
        value = 0x0102030405060708 * (place // 8 + 1) & 0xFFFFFFFFFFFFFFFF
        program += [asm.LoadImm(R8, value, DWord), asm.StoreMem(R10, place - stack, R8, DWord)]
    return program


class Stack(int):
    """An argument: so many bytes from the frame pointer."""


def call(helper: Any, *arguments: int | None) -> list[Instruction]:
    """Call a helper with the context, or with what else comes first, and take in its result."""
    program = [asm.Mov.Reg(R1, R6)]
    for register, argument in zip((R2, R3, R4, R5), arguments, strict=False):
        program += argument_in(register, argument)
    return [*program, helper.Call(), *taken_in()]


def call_plain(helper: Any, *arguments: int | None) -> list[Instruction]:
    """Call a helper whose first argument is not the context."""
    program: list[Instruction] = []
    for register, argument in zip((R1, R2, R3, R4, R5), arguments, strict=False):
        program += argument_in(register, argument)
    return [*program, helper.Call(), *taken_in()]


def argument_in(register: int, argument: int | None) -> list[Instruction]:
    """Put an argument into a register."""
    if isinstance(argument, Stack):
        return [asm.Mov.Reg(register, R10), asm.Add.Imm(register, int(argument))]
    return [asm.LoadImm(register, (argument or 0) & 0xFFFFFFFFFFFFFFFF, DWord)]


def taken_in(register: int = R0) -> list[Instruction]:
    """Have R7 depend on a register."""
    return [asm.Mul.Imm(R7, 31), asm.Add.Reg(R7, register)]


def stack_taken_in(stack: int = 64) -> list[Instruction]:
    """Have R7 depend on what is on the stack."""
    program: list[Instruction] = []
    for place in range(-stack, 0, 8):
        program += [asm.LoadMem(R8, R10, place, DWord), *taken_in(R8)]
    return program


def end(type: int = ProgramType.SCHED_CLS) -> list[Instruction]:
    """Show R7: as the result, and, for contexts that have it, in ``cb``."""
    if type == ProgramType.XDP:
        return [asm.Mov.Reg(R0, R7), asm.Return()]
    result = asm.Mov.Imm(R0, 1) if type == ProgramType.CGROUP_SKB else asm.Mov.Reg(R0, R7)
    return [asm.StoreMem(R6, CB, R7, DWord), result, asm.Return()]

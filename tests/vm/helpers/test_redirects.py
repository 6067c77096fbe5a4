"""Redirects against the kernel's."""

from __future__ import annotations

import pytest

from ebpfasm import asm, vm
from ebpfasm.asm import R0, R1, R2, Instructions
from ebpfasm.uapi import ProgramType
from tests.vm.sides import PACKETS, Stack, assert_same, begin, call_plain, end


@pytest.mark.needs_kernel
@pytest.mark.parametrize("type", [ProgramType.SCHED_CLS, ProgramType.LWT_XMIT, ProgramType.XDP])
def test_redirect_returns_what_the_program_must_return(type: int) -> None:
    for ifindex in (1, 5, 1 << 32 | 5):
        for flags in (0, 1, 2, 1 << 16):
            program = [asm.LoadImm(R1, ifindex, asm.DWord), asm.LoadImm(R2, flags, asm.DWord)]
            assert_same(type, [*program, asm.FnRedirect.Call(), asm.Return()], about=(ifindex, flags))


@pytest.mark.needs_kernel
def test_redirect_peer_and_neigh() -> None:
    for flags in (0, 1):
        assert_same(ProgramType.SCHED_CLS, [*begin(), *call_plain(asm.FnRedirectPeer, 1, flags), *end()], about=flags)
        for size in (0, 1, 19, 20, 24):
            arguments = (1, Stack(-64) if size else 0, size, flags)
            program = [*begin(), *call_plain(asm.FnRedirectNeigh, *arguments), *end()]
            assert_same(ProgramType.SCHED_CLS, program, about=(size, flags))


@pytest.mark.parametrize(
    ("ctx", "flags", "answer", "noted"),
    [
        (vm.SkBuff(), 0, 7, (5, 0)),
        (vm.SkBuff(), 1, 7, (5, 1)),
        (vm.SkBuff(), 2, 2, None),
        (vm.XdpMd(), 0, 4, (5, 0)),
        (vm.XdpMd(), 1, 0, None),
        (None, 1, 7, (5, 1)),
    ],
)
def test_the_result_says_where_to(
    ctx: vm.SkBuff | vm.XdpMd | None, flags: int, answer: int, noted: tuple[int, int] | None
) -> None:
    program = Instructions([asm.Mov.Imm(R1, 5), asm.Mov.Imm(R2, flags), asm.FnRedirect.Call(), asm.Return()])
    result = vm.run(program, PACKETS["IPv4"], ctx=ctx)
    assert (result.r0, result.redirect) == (answer, noted)


def test_without_a_redirect_there_is_none() -> None:
    assert vm.run(Instructions([asm.Mov.Imm(R0, 0), asm.Return()])).redirect is None

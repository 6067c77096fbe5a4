"""Which helpers there are, and for which programs."""

from __future__ import annotations

import re

import pytest

from ebpfasm import Program, asm
from ebpfasm.asm import R0, Instructions
from ebpfasm.asm.helpers import HELPERS as WORDS
from ebpfasm.errors import VerifierError
from ebpfasm.uapi import ProgramType
from ebpfasm.vm.helpers import HELPERS, TYPES, missing, not_for
from tests.vm.sides import SKB_TYPES


@pytest.mark.needs_kernel
@pytest.mark.parametrize("type", [*SKB_TYPES, ProgramType.XDP])
def test_a_helper_is_for_the_program_types_the_kernel_has_it_for(type: int) -> None:
    for number in HELPERS:
        program = Instructions([WORDS[number].Call(), asm.Mov.Imm(R0, 1), asm.Return()])
        log = ""
        try:
            Program.load(type, program).close()
        except VerifierError as error:
            log = error.log
        assert bool(re.search("cannot use helper|unknown func", log)) == (type not in TYPES[number]), (
            WORDS[number],
            log,
        )


def test_every_number_is_that_of_the_helper() -> None:
    for number, function in HELPERS.items():
        name = WORDS[number].kernel_name
        assert name in {f"bpf_{function.__name__}", "bpf_ktime_get_boot_ns", "bpf_ktime_get_coarse_ns"}


def test_a_helper_that_is_missing_is_named_with_the_mend() -> None:
    assert missing(asm.FnFibLookup.number) == (
        "calls bpf_fib_lookup (helper 69), which the vm does not have; "
        "give it a function: helpers={asm.FnFibLookup: function}"
    )
    assert missing(5000) == (
        "calls helper 5000, which the vm does not know; give it a function: helpers={5000: function}"
    )


def test_a_helper_for_other_programs_is_named() -> None:
    assert not_for(asm.FnXdpAdjustHead.number, ProgramType.SCHED_CLS) == (
        "calls bpf_xdp_adjust_head, which programs of type SCHED_CLS cannot use"
    )
    assert not_for(asm.FnXdpAdjustHead.number, ProgramType.XDP) is None
    assert not_for(5000, ProgramType.XDP) is None
    assert not_for(asm.FnXdpAdjustHead.number, ProgramType.KPROBE) is None

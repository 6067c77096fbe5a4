"""Helper functions: every one the kernel names is a word, and is found by name and by number."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ebpfasm import asm
from ebpfasm.asm.helpers import HELPERS
from ebpfasm.asm.jump import Helper
from ebpfasm.errors import OperandError

helpers = st.sampled_from(HELPERS)


@pytest.mark.parametrize("which", [12, "bpf_tail_call", "tail_call", "BPF_FUNC_tail_call", "FnTailCall"], ids=str)
def test_ways_to_name_a_helper(which: str | int) -> None:
    assert asm.helper(which) is asm.FnTailCall


@given(helpers)
def test_every_helper_is_found(helper: Helper) -> None:
    assert asm.helper(helper.number) is helper
    for name in (helper.kernel_name, helper.kernel_name[4:], "BPF_FUNC_" + helper.kernel_name[4:], helper.name):
        assert asm.helper(name) is helper
    assert getattr(asm, helper.name) is helper
    assert helper.Call() == asm.BuiltinFunc(helper.number).Call()


def test_the_words_are_all_there_are() -> None:
    words = {name for name in vars(asm) if name.startswith("Fn")}
    assert words == {helper.name for helper in HELPERS}
    assert [helper.number for helper in HELPERS] == list(range(212))  # enum bpf_func_id of Linux 6.18 ends at 211
    assert len({helper.kernel_name for helper in HELPERS}) == 212


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("bpf_tailcall", "bpf_tail_call"),
        ("map_lookup_elm", "bpf_map_lookup_elem"),
        ("FnTailcall", "bpf_tail_call"),
        ("BPF_FUNC_tail_cal", "bpf_tail_call"),
    ],
)
def test_a_name_that_is_close(name: str, meant: str) -> None:
    with pytest.raises(OperandError) as caught:
        asm.helper(name)
    assert str(caught.value).startswith(f"helper: no helper is named {name!r}; did you mean {meant}")
    assert (caught.value.field, caught.value.value) == ("which", name)


@pytest.mark.parametrize("name", ["", "?", "12"])
def test_a_name_that_is_far_from_all(name: str) -> None:
    with pytest.raises(OperandError) as caught:
        asm.helper(name)
    assert str(caught.value) == f"helper: no helper is named {name!r}"


@pytest.mark.parametrize(
    ("which", "complaint"),
    [
        (212, "must be in 0..211, not 212"),
        (-1, "must be in 0..211, not -1"),
        (True, "must be an integer, not True"),
        (asm.R1, "must be a number, not the register R1"),
        (None, "must be an integer, not None"),
        (b"tail_call", "must be an integer, not b'tail_call'"),
    ],
)
def test_what_names_no_helper(which: int, complaint: str) -> None:
    with pytest.raises(OperandError) as caught:
        asm.helper(which)
    assert str(caught.value) == f"helper: a helper's number {complaint}"

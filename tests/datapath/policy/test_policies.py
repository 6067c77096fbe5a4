"""Policies in every form do with packets what the model says, in the vm and in the kernel."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ebpfasm import vm
from ebpfasm.datapath.policy.loaded import CompiledPolicy
from ebpfasm.datapath.policy.table import PolicyTable
from tests.datapath.policy.chance import make_packet, make_policy
from tests.datapath.policy.sides import InVm, TableInVm, assert_as_the_model
from tests.effort import share

DIRECTIONS = ("ingress", "egress")


@pytest.mark.parametrize("form", [InVm, TableInVm])
@pytest.mark.parametrize("seed", range(10))
def test_thousands_of_packets_in_the_vm(seed: int, form: Any) -> None:
    random = Random(seed)
    policy = make_policy(random, 12)
    frames = [make_packet(random) for _ in range(share(120))]
    for direction in DIRECTIONS:
        assert_as_the_model(policy, direction, frames, form(policy, direction), ctx=vm.SkBuff())


@given(st.randoms(use_true_random=False), st.sampled_from(DIRECTIONS))
@settings(max_examples=share(30), deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_hypothesis_finds_in_the_vm(random: Random, direction: Any) -> None:
    policy = make_policy(random, 4)
    frames = [make_packet(random) for _ in range(3)]
    for form in (InVm, TableInVm):
        assert_as_the_model(policy, direction, frames, form(policy, direction), ctx=vm.SkBuff())


def fit_for_test_run(frame: bytes) -> bool:
    """Whether the kernel takes the packet in a test run: with its whole fixed header, if it is IP."""
    least = {0x0800: 20, 0x86DD: 40}.get(int.from_bytes(frame[12:14]), 0)
    return len(frame) >= 14 + least


@pytest.mark.needs_kernel
@pytest.mark.parametrize("seed", range(6))
def test_a_sample_in_the_kernel(seed: int) -> None:
    random = Random(1000 + seed)
    policy = make_policy(random, 20)
    frames = [frame for frame in (make_packet(random) for _ in range(share(400))) if fit_for_test_run(frame)]
    for direction in DIRECTIONS:
        with (
            CompiledPolicy.load(policy, direction) as compiled,
            PolicyTable.create(direction, 200, policy=policy) as table,
        ):
            for loaded in (compiled, table):
                assert_as_the_model(policy, direction, frames, loaded)

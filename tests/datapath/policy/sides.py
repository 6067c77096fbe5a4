"""A policy at work, in the vm or in the kernel; and whether it does with packets what the model says."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ebpfasm import ProgramType, vm
from ebpfasm.datapath.policy.counts import FIRST_RULE, Count, Counts, read_counts
from ebpfasm.datapath.policy.entries import entries, value_size
from ebpfasm.datapath.policy.policy import Policy
from ebpfasm.datapath.policy.walk import INNER_KEY, walking
from ebpfasm.uapi import MapType
from tests.datapath.policy.model import judge

OK, SHOT = 0, 2
ALLOWED = 7
"""What programs of tests return when they go on with something."""


def counters_of_the_vm(count: int) -> Any:
    return vm.Map.create(
        MapType.PERCPU_ARRAY, key_size=4, value_size=16, max_entries=count, name="cnt_test", value="=QQ"
    )  # fmt: skip


class TableInVm:
    """A policy's rules in a map of the vm, and the program that walks them."""

    def __init__(self, policy: Policy, direction: Any, then: Any = None, capacity: int = 64) -> None:
        self.counters = counters_of_the_vm(FIRST_RULE + 2 * capacity)
        self.capacity, self.direction = capacity, direction
        with self.inner() as pattern:
            self.table = vm.Map.create(
                MapType.ARRAY_OF_MAPS, key_size=4, value_size=4, max_entries=1, inner_map=pattern, name="rules"
            )
        code = walking(self.table, self.counters, capacity, direction, then)
        self.program = vm.Program.load(ProgramType.SCHED_CLS, code)
        rules = policy.of(direction)
        self.rules = dict(enumerate(rules, FIRST_RULE))
        inner = self.inner()
        for family, lines in entries(policy, direction, list(self.rules), capacity).items():
            inner[INNER_KEY[family]] = lines
        self.table[0] = inner

    def inner(self) -> Any:
        return vm.Map.create(
            MapType.ARRAY, key_size=4, value_size=value_size(self.capacity), max_entries=len(INNER_KEY), name="rules"
        )

    def counts(self) -> Counts:
        return read_counts(self.counters, self.rules)


class InVm:
    """A compiled policy in the vm, with what `LoadedPolicy` has of names."""

    def __init__(self, policy: Policy, direction: Any, then: Any = None) -> None:
        self.counters = counters_of_the_vm(FIRST_RULE + len(policy.of(direction)))
        self.compiled = policy.compile(direction, self.counters, then)
        self.program = vm.Program.load(ProgramType.SCHED_CLS, self.compiled.instructions)

    def counts(self) -> Counts:
        return read_counts(self.counters, self.compiled.rules)


def expected(policy: Policy, direction: str, packets: Iterable[bytes]) -> tuple[list[bool], dict[Any, list[int]]]:
    """What the model says: whether each packet is allowed, and packets and bytes of each counter."""
    verdicts = []
    counts: dict[Any, list[int]] = {}
    for packet in packets:
        found = judge(policy, direction, packet)
        verdicts.append(found.allowed)
        for counter in (found.counter, *(["fragment"] if found.fragment else [])):
            count = counts.setdefault(counter, [0, 0])
            count[0] += 1
            count[1] += len(packet)
    return verdicts, counts


def counted(counts: Counts) -> dict[Any, list[int]]:
    """Counters as the model has them, those that are not 0."""
    found: dict[Any, list[int]] = {index: list(each) for index, (_, each) in enumerate(counts.rules)}
    found |= {count.name.lower(): list(getattr(counts, count.name.lower())) for count in Count}
    return {name: each for name, each in found.items() if any(each)}


def assert_as_the_model(policy: Policy, direction: str, packets: list[bytes], loaded: Any, **options: Any) -> None:
    """Run the packets; fail unless verdicts and counters are those of the model."""
    verdicts, counts = expected(policy, direction, packets)
    for packet, allowed in zip(packets, verdicts, strict=True):
        found = loaded.program.test_run(packet, **options).retval
        assert found == (OK if allowed else SHOT), f"{direction} {found}, {packet.hex()}\n{policy}"
    assert counted(loaded.counts()) == counts, f"{direction}\n{policy}"

"""Figures of the datapath's programs, a packet at a time: direct, through the stub, the policy array, and policies."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from statistics import median

from ebpfasm import Instructions, Map, MapType, Program, ProgramType
from ebpfasm.asm import R0, Mov, Return
from ebpfasm.datapath import entry_stub
from ebpfasm.datapath.delivery import create_counts, create_endpoints, create_policies, delivery
from ebpfasm.datapath.policy import CompiledPolicy, Policy, PolicyTable, Rule
from tests.bench.clock import Effort, Times
from tests.bench.table import Row

__all__ = ["RULES", "rows", "stub_line"]

DIRECT = "pod's program, direct"
STUB = "pod's program, through the stub"
ARRAY = "pod's program, stub and policy array"
RULES = (1, 10, 100, 1000)
FORMS = ("compiled", "in maps")
FIGURES = (DIRECT, STUB, ARRAY, *(f"policy of {count} rules, {form}" for count in RULES for form in FORMS))
STUB_TARGET_NS = 10
"""How much more than the direct program the stub's tail call may take."""

ENDPOINT = 7
PACKET = bytes.fromhex(
    "000000000000" "0200000000aa" "0800"
    "4500002800070000" "40060000" "0affffff" "0a000002"
    "9c400009" "0000000000000000" "5002000000000000"
)  # fmt: skip
"""TCP from 10.255.255.255 to 10.0.0.2, port 9."""


def policy_of(count: int) -> Policy:
    """So many rules, each with a prefix and a port; only the last one is for `PACKET`."""
    others = [
        Rule("deny", "ingress", peers=f"10.{index >> 8}.{index & 255}.0/24", protocol="tcp", ports=index + 10)
        for index in range(count - 1)
    ]
    return Policy([*others, Rule("allow", "ingress", peers="10.255.255.0/24", protocol="tcp", ports=9)])


def rows(effort: Effort, why_no_kernel: str) -> list[Row]:
    """Measure, by test runs of so many packets each; where there is a reason not to, the rows carry it."""
    if why_no_kernel:
        return [Row(figure, None, DIRECT if figure != DIRECT else "", None, None, why_no_kernel) for figure in FIGURES]
    with ExitStack() as stack:
        programs = _programs(stack)
        assert tuple(programs) == FIGURES
        times = _in_turns(list(programs.values()), effort)
    direct = times[0]
    return [
        Row(figure, value, DIRECT if figure != DIRECT else "", direct if figure != DIRECT else None)
        for figure, value in zip(FIGURES, times, strict=True)
    ]


def stub_line(measured: list[Row]) -> str:
    """How much the stub's tail call costs."""
    times: dict[str, Times | None] = {row.figure: row.value for row in measured}
    direct, stub = times[DIRECT], times[STUB]
    if direct is None or stub is None:
        return f"the stub's tail call: not measured (target: at most {STUB_TARGET_NS} ns)"
    return (
        f"the stub's tail call: {(stub.median - direct.median) * 1e9:.1f} ns more than the pod's program alone "
        f"(target: at most {STUB_TARGET_NS})"
    )


def _programs(stack: ExitStack) -> dict[str, Program]:
    """The program of each figure, loaded, with everything it jumps to."""

    def load(code: Instructions, name: str) -> Program:
        return stack.enter_context(Program.load(ProgramType.SCHED_CLS, code, name=name))

    def slots() -> Map:
        return stack.enter_context(Map.create(MapType.PROG_ARRAY, key_size=4, value_size=4, max_entries=1))

    pod = load(Instructions([Mov.Imm(R0, 0), Return()]), "pod")
    direct_slots, delivering_slots = slots(), slots()
    endpoints = stack.enter_context(create_endpoints(1024))
    policies = stack.enter_context(create_policies(1024))
    counts = stack.enter_context(create_counts())
    direct_slots[0] = pod
    policies[ENDPOINT] = pod
    endpoints["10.0.0.2"] = ENDPOINT
    delivering_slots[0] = load(delivery(endpoints, policies, counts), "deliver")
    found = {
        DIRECT: pod,
        STUB: load(entry_stub(direct_slots), "entry"),
        ARRAY: load(entry_stub(delivering_slots), "entry"),
    }
    for count in RULES:
        policy = policy_of(count)
        compiled = stack.enter_context(CompiledPolicy.load(policy, "ingress"))
        table = stack.enter_context(PolicyTable.create("ingress", max(RULES), policy=policy))
        for form, loaded in zip(FORMS, (compiled, table), strict=True):
            found[f"policy of {count} rules, {form}"] = loaded.program
            loaded.program.test_run(PACKET)
            assert loaded.counts().rules[-1][1].packets == 1, "only the last rule matches"
    return found


def _in_turns(programs: Sequence[Program], effort: Effort) -> list[Times]:
    """Run each program on so many packets, one program after the other in each pass.

    The kernel's own clock is taken, which stands still while another process has the processor.
    """
    measured: list[list[float]] = [[] for _ in programs]
    for number in range(effort.passes + 1):
        for program, seconds in zip(programs, measured, strict=True):
            result = program.test_run(PACKET, repeat=effort.packets)
            assert result.retval == 0, f"{program.name} does not let the packet pass"
            if number:  # the first is to warm up
                seconds.append(max(result.duration_ns, 1) * 1e-9)
    return [Times(median(seconds), min(seconds)) for seconds in measured]

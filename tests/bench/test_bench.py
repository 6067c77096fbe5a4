"""The benchmark measures the programs it says it measures, and prints every figure; how fast, nothing here asks."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ebpfasm.datapath.connectors.veth import Veth
from ebpfasm.datapath.node import Node
from ebpfasm.kernel import commands, syscall
from ebpfasm.kernel.netns import run_in
from tests.bench import pods, policy, vm, workload
from tests.bench import text as bench_text
from tests.bench.clock import Effort, Task, Times, in_turns
from tests.bench.report import report
from tests.bench.table import Row, Target, table

RTM_NEWLINK, RTM_SETLINK = 16, 19  # linux/rtnetlink.h
TINY = Effort(
    size=70, repetitions=1, calls=4, slow_calls=2, slots=3, pods=(1, 2), starts=1, steps=2_000, runs=1, packets=3,
    passes=1,
)  # fmt: skip

FIGURES = (
    "build, labels",
    "build, plain",
    "encode, labels",
    "encode, plain",
    "build + encode, labels",
    "build + encode, plain",
    "decode, opening",
    "decode, all objects",
    "slot write, array no program uses",
    "slot write, under a program's jump",
    "slot write, of many in one array",
    "slot write, of one in many arrays",
    "slot write, of many under jumps",
    "hash map lookup",
    "hash map update",
    "test_run, 64 bytes",
    "python, import ebpfasm.asm",
    "python, entry stub loaded",
    "vm, an instruction of the loop 'alu'",
    "vm, an instruction of the loop 'memory'",
    "vm, an instruction of the loop 'map lookup'",
    "vm, an instruction of the loop 'packet parse'",
    *(figure for figure, _ in pods.figures(TINY)),
    "pod's program, through the stub",
    "pod's program, stub and policy array",
    *(f"policy of {count} rules, {form}" for count in policy.RULES for form in ("compiled", "in maps")),
)


@pytest.mark.parametrize("size", workload.MIXED_SHA256)
def test_the_mixed_program_has_the_documented_bytes(size: int) -> None:
    for program in (workload.labelled(size, workload.labels(size)), workload.plain(size)):
        code = program.encode("little")
        assert len(program) == size
        assert hashlib.sha256(code).hexdigest() == workload.MIXED_SHA256[size]


@pytest.mark.parametrize("size", range(2, 45))
def test_both_variants_have_the_same_bytes_wherever_the_last_block_ends(size: int) -> None:
    assert workload.labelled(size, workload.labels(size)).encode() == workload.plain(size).encode()


def test_the_program_to_load_is_the_documented_one() -> None:
    program = workload.verifiable()
    assert program.units == workload.VERIFIED_UNITS
    assert workload.verifiable_code("little") == program.encode("little")


def test_a_changed_program_to_load_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workload, "VERIFIED_SHA256", "0" * 64)
    with pytest.raises(AssertionError, match="another SHA-256"):
        workload.verifiable_code()


@pytest.mark.needs_kernel
@pytest.mark.needs_tcx
def test_every_figure_is_measured() -> None:
    text = report(TINY, "")
    for figure in FIGURES:
        [row] = [line for line in text.splitlines() if line.startswith(f"{figure}  ")]
        assert row.count("s  ") >= 4, f"two medians and two minima, with their units: {row}"
    missing = [line for line in text.splitlines() if "not measured" in line and "is not installed" not in line]
    assert missing == []


def test_without_the_kernel_the_table_says_what_is_missing_and_why() -> None:
    text = report(TINY, "no bpf(2) in this test")
    for figure in FIGURES:
        assert figure in text
    assert text.count("[1] not measured: no bpf(2) in this test") == 1
    [written] = [line for line in text.splitlines() if line.startswith("hash map update")]
    assert written.split() == ["hash", "map", "update", "[1]", "bare", "bpf()", "[1]"]
    [encoded] = [line for line in text.splitlines() if line.startswith("encode, plain")]
    assert "[1]" not in encoded


def test_only_the_run_is_timed_and_the_median_is_for_one_call(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("tests.bench.clock.perf_counter", lambda: now[0])
    happened: list[str] = []

    def takes(seconds: float, what: str) -> str:
        now[0] += seconds
        happened.append(what)
        return what

    task = Task(
        run=lambda given: takes(8, f"run with {given}"),
        calls=4,
        prepare=lambda: takes(100, "prepare"),
        finish=lambda result: happened.append(f"finish of {result}"),
    )
    assert in_turns([task], 2) == [Times(2, 2)]
    assert happened == ["prepare", "run with prepare", "finish of run with prepare"] * 3


def test_a_missed_target_is_marked() -> None:
    row = Row("writing", Times(3e-6, 2e-6), "bare", Times(1e-6, 1e-6), Target(2.5))
    assert row.missed
    assert table([row]).endswith("3.00  <= 2.5  MISSED")
    assert not Row("writing", Times(2e-6, 2e-6), "bare", Times(1e-6, 1e-6), Target(2)).missed
    assert Row("building", Times(1e-3, 1e-3), "load", Times(1e-3, 1e-3), Target(1, below=True)).missed


@pytest.fixture
def clone_of_ubpf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file to write a ubpf assembler to, in a clone that the benchmark is told of."""
    monkeypatch.setenv(bench_text.UBPF_FOLDER, str(tmp_path))
    monkeypatch.setattr(sys, "path", list(sys.path))
    for module in ("ubpf", "ubpf.assembler"):
        monkeypatch.setitem(sys.modules, module, None)
        monkeypatch.delitem(sys.modules, module)
    package = tmp_path / "ubpf"
    package.mkdir()
    return package / "assembler.py"


def ubpf_row() -> Row:
    [row] = [row for row in bench_text.rows(TINY) if row.reference_name == bench_text.UBPF]
    return row


def test_assembly_is_compared_with_ubpf_where_there_is_a_clone(clone_of_ubpf: Path) -> None:
    clone_of_ubpf.write_text(
        "from ebpfasm.asm import Instructions\n"
        "def assemble(text): return Instructions.parse(text, 'ubpf').encode('little')\n"
    )
    row = ubpf_row()
    assert row.ratio is not None
    assert row.why_not == ""


@pytest.mark.parametrize("source", ["import no_such_parser_library", "lambda (a, b): a"])
def test_what_cannot_be_imported_of_ubpf_is_said(clone_of_ubpf: Path, source: str) -> None:
    clone_of_ubpf.write_text(source)
    row = ubpf_row()
    assert row.ratio is None
    assert row.why_not.startswith("ubpf is not installed (")
    assert bench_text.UBPF_FOLDER in row.why_not


def test_another_assembler_that_gives_other_bytes_is_no_reference(clone_of_ubpf: Path) -> None:
    clone_of_ubpf.write_text("def assemble(text): return bytes(8)\n")
    with pytest.raises(AssertionError, match="other bytes"):
        bench_text.rows(TINY)


@pytest.mark.parametrize("name", vm.LOOPS)
def test_the_loops_of_the_vm_run_as_long_as_they_say_and_alike(name: str) -> None:
    program = vm.linked(vm.LOOPS[name](10_000))
    assert vm.translated(program) == vm.interpreted(program)
    assert 9_800 <= vm.translated(program) <= 10_020


@pytest.mark.needs_kernel
@pytest.mark.needs_netns
@pytest.mark.needs_tcx
def test_pods_are_connected_bare_by_the_same_steps(netns: Callable[[], str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The same requests to rtnetlink and commands of bpf(2), in the same order; but for what is only asked."""
    from pyroute2 import IPRoute  # type: ignore[import-untyped]
    from pyroute2.netlink import core  # type: ignore[import-untyped]

    steps: list[str] = []
    send, enter = core.AsyncCoreSocket.send, syscall.enter

    def note_send(self: Any, data: bytes, flags: int = 0) -> int:
        number = int.from_bytes(data[4:6], sys.byteorder)
        steps.append(f"rtnetlink {RTM_NEWLINK if number == RTM_SETLINK else number}")  # they do the same
        return int(send(self, data, flags))

    def note_enter(number: int, command: int, attr: Any, size: int) -> int:
        if command != commands.BPF_OBJ_GET_INFO_BY_FD:
            steps.append(commands.NAMES[command])
        return enter(number, command, attr, size)

    def taken(side: pods.Ours | pods.Bare, number: int) -> tuple[list[str], list[str]]:
        steps.clear()
        place = side.connect(pods.Place(netns(), number))
        connecting = steps[:]
        steps.clear()
        side.disconnect(place)
        return connecting, steps[:]

    def both() -> None:
        with Node.create(Veth()) as node, IPRoute() as host:
            ours, bare = pods.Ours(node), pods.Bare(node, host)
            taken(ours, 1)  # the first one of a kernel may be asked what it can
            assert taken(ours, 2) == taken(bare, 3)

    monkeypatch.setattr(core.AsyncCoreSocket, "send", note_send)
    monkeypatch.setattr(syscall, "enter", note_enter)
    run_in(netns(), both)

"""Programs made by chance do the same in the vm and in the kernel; and a wrong row would be seen."""

from __future__ import annotations

import io
import re

import pytest

from ebpfasm.asm import table
from ebpfasm.asm.form import Form
from tests.effort import share
from tests.vm import differential
from tests.vm.differential import Count, Progress, bunches, compared, main, report

pytestmark = pytest.mark.needs_kernel

SINCE_6_6 = pytest.mark.needs_linux("6.6", "the instruction")
SINCE_6_12 = pytest.mark.needs_linux("6.12", "what the vm has of bpf_skb_change_proto() and other helpers")
PROGRAMS = share(500)
FIRST = 1_000_000  # `make differential` begins at 0: these are others


def form(name: str) -> Form:
    return next(form for row in table.ROWS for form in row.forms if form.name == name)


@SINCE_6_12
def test_they_do_the_same() -> None:
    count = compared(range(FIRST, FIRST + PROGRAMS))
    assert count.programs == PROGRAMS
    assert list(count.different.values()) == []
    assert len(count.refused) < (1 - differential.LEAST_ACCEPTED) * PROGRAMS


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("Xor.Reg", "dst = dst | src"),
        ("ArSh.Imm32", "dst = u32(dst) >> value"),
        pytest.param("MovSX8.Reg", "dst = src & 0xff", marks=SINCE_6_6),
        ("JSGT.Imm", "if dst > u64(value): goto(target)"),
        pytest.param("SMod.Reg", "dst = dst % src if src else dst", marks=SINCE_6_6),
    ],
)
def test_a_wrong_row_is_caught(monkeypatch: pytest.MonkeyPatch, name: str, wrong: str) -> None:
    assert form(name).meaning != wrong
    monkeypatch.setattr(form(name), "meaning", wrong)
    for seeds in bunches(FIRST, 500):
        if any(name in text for text in compared(seeds).different.values()):
            return
    pytest.fail(f"{name} means {wrong!r}, and five hundred programs do not notice")


def test_what_is_told_of_a_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(form("Xor.Reg"), "meaning", "dst = dst | src")
    different: dict[int, str] = {}
    for seeds in bunches(FIRST, 1000):
        different |= compared(seeds).different
        if different:
            break
    seed, text = min(different.items())
    assert text.startswith(f"seed {seed}: vm and kernel do not do the same:\n")
    for part in ("    vm      ", "    kernel  ", "data = bytes.fromhex(", "exit", "Instructions(["):
        assert part in text


@SINCE_6_12
def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--count", "150", "--seed", "2000000", "--jobs", "2"]) == 0
    captured = capsys.readouterr()
    # Verifiers before Linux 6.18 refuse some.
    *_, last = captured.out.splitlines()
    assert last.startswith("differential: 150 programs (seeds 2000000..2000149, ")
    assert re.search(r", the verifier accepts 1[45]\d \([0-9.]+%\), 0 differ; ", last)
    assert captured.err.endswith("150 of 150 programs, 0 differ\n")


def test_without_a_kernel_it_says_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(differential, "why_no_kernel", lambda: "there is none")
    for variable, status in (("", 0), ("1", 1)):
        monkeypatch.setenv("EBPFASM_REQUIRE_KERNEL", variable)
        assert main([]) == status
        assert capsys.readouterr().err == "nothing to compare with: there is none\n"


def test_too_many_refusals_are_a_failure(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(differential, "compared", refusing)
    monkeypatch.setattr(differential, "ProcessPoolExecutor", Here)
    assert main(["--count", "100"]) == 1
    out = capsys.readouterr().out
    assert "refused, seed 3: R1 !read_ok" in out
    assert "the verifier accepts 94 (94.00%), 0 differ" in out


def refusing(seeds: range) -> Count:
    return Count(len(seeds), 100, {}, dict.fromkeys(range(6), "R1 !read_ok"))


class Here:
    """In place of a pool of processes."""

    def __init__(self, jobs: int) -> None:
        self.map = map

    def __enter__(self) -> Here:
        return self

    def __exit__(self, *_: object) -> None:
        pass


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_bar() -> None:
    stream = Terminal()
    progress = Progress(stream, 200)
    progress.show(Count(50, 0, {}, {}))
    progress.show(Count(200, 0, {3: ""}, {}))
    progress.end()
    assert stream.getvalue() == (
        f"\r[{'#' * 10}{' ' * 30}] 50 of 200 programs, 0 differ\r[{'#' * 40}] 200 of 200 programs, 1 differ\n"
    )


def test_each_tenth_in_a_file() -> None:
    stream = io.StringIO()
    progress = Progress(stream, 1000)
    for programs in (50, 100, 150, 250, 1000):
        progress.show(Count(programs, 0, {}, {}))
    assert [line.split()[0] for line in stream.getvalue().splitlines()] == ["100", "250", "1000"]


def test_the_report_has_all_differences_first() -> None:
    text = report(Count(10, 100, {4: "seed 4: so", 7: "seed 7: and so"}, {}), 0, 1.5)
    assert text.split("\n\n") == [
        "seed 4: so",
        "seed 7: and so",
        "differential: 10 programs (seeds 0..9, 10 units on average), the verifier accepts 10 (100.00%), 2 differ; 2 s",
    ]

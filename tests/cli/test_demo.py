"""``ebpfasm demo`` as a whole, in a process of its own, with real packets."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from ebpfasm.cli import main
from ebpfasm.cli.demo import lab, swaps
from ebpfasm.cli.demo.phase import Phase
from ebpfasm.cli.demo.stream import Stream
from ebpfasm.kernel import netns
from ebpfasm.testing.privileges import FEATURES
from tests.cli.run import COMMAND, environment, run, start

pytestmark = [pytest.mark.needs_kernel, pytest.mark.needs_netns]

QUICK = ("demo", "--seconds", "0.2", "--swaps", "1000")


@pytest.fixture(autouse=True)
def _clean(no_leaks: None) -> None:
    """Nothing of any demo run here may be left."""


@pytest.mark.parametrize("attach", ["auto", pytest.param("tcx", marks=pytest.mark.needs_tcx), "clsact"])
def test_it_keeps_its_promises(attach: str) -> None:
    result = run(*QUICK, "--attach", attach)
    assert (result.returncode, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    marks = [line for line in lines if line.startswith("  ✓ ")]
    assert len(marks) == 9
    assert "✗" not in result.stdout
    assert "packets lost across 1000 swaps between passing programs" in marks[0]
    assert marks[0].startswith("  ✓ 0 of ")
    # A pipe gets plain text, which an 80-column terminal shows unbroken.
    assert all(character.isprintable() for line in lines for character in line)
    assert max(map(len, lines)) <= 80
    assert "\r" not in result.stdout
    if attach == "clsact":
        assert "clsact filter 'polEntry' prio 1 handle 1" in result.stdout


def test_its_result_as_json() -> None:
    result = run(*QUICK, "--json")
    assert (result.returncode, result.stderr) == (0, "")
    told = json.loads(result.stdout)
    assert (told["verified"], told["engine"]) == (True, "kernel")
    assert told["pods"] == ("veth" if FEATURES["needs_ipvlan"].why_not() else "ipvlan")
    assert told["swaps"] == 1000
    assert len(told["phases"]) == 6
    phases = {phase["slot"].split()[0]: phase for phase in told["phases"]}
    assert phases["drop"]["delivered"] == 0 < phases["drop"]["sent"] == phases["drop"]["counted"]["packets"]
    assert set(phases["count"]["counted"]) == set(swaps.DESTINATIONS)
    assert sum(phases["count"]["counted"].values()) == phases["count"]["sent"]
    assert phases["storm"]["lost"] == 0
    assert len(phases["storm"]["program_ids"]) == 2
    assert told["stub"]["bytes"].startswith("18") or sys.byteorder == "big"
    assert {program["hash"] for program in told["programs"]} <= {"SHA-256", "SHA-1"}


def test_a_slow_main_thread_changes_no_result(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Packets go on while the main thread has not come to its next step yet."""
    look = Phase.look

    def look_late(self: Phase, stream: Stream, end: int) -> None:
        time.sleep(0.05)
        look(self, stream, end)

    monkeypatch.setattr(Phase, "look", look_late)
    assert main([*QUICK, "--json"]) == 0
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("line", "number"),
    [
        ("ebpfasm demo", signal.SIGINT),
        ("   pod0", signal.SIGTERM),
        ("The entry stub", signal.SIGINT),
        ("The programs for slot 0", signal.SIGHUP),
        ("  in slot 0", signal.SIGINT),
        ("  pass + count", signal.SIGTERM),
        ("  (empty", signal.SIGINT),  # written when the storm has begun
    ],
)
def test_a_signal_ends_it_cleanly(line: str, number: signal.Signals) -> None:
    with start("demo", "--seconds", "0.3", "--swaps", "20000") as process:
        assert process.stdout is not None
        assert any(text.startswith(line) for text in process.stdout), "the demo ended before it came so far"
        process.send_signal(number)
        process.send_signal(number)  # an impatient one
        out, err = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert err == f"ebpfasm demo: stopped by {number.name}; everything it made is gone again\n"
    assert "What was verified" not in out
    assert not [name for name in netns.names() if name.startswith(f"{lab.PREFIX}{process.pid}-")]


@pytest.mark.parametrize("delay", [0.0, 0.02, 0.04, 0.06, 0.09, 0.13, 0.18, 0.25])
def test_an_interrupt_at_any_time_leaves_nothing(delay: float) -> None:
    with start("demo", "--seconds", "0.3", "--swaps", "20000") as process:
        assert process.stdout is not None
        process.stdout.readline()  # until the command is under way, an interrupt is the interpreter's
        time.sleep(delay)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert process.returncode == 130
    assert not [name for name in netns.names() if name.startswith(f"{lab.PREFIX}{process.pid}-")]


def test_a_reader_that_went_away_ends_it_cleanly() -> None:
    with start(*QUICK) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert any(line.startswith("The entry stub") for line in process.stdout)
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 1


def test_what_a_killed_run_left_is_removed_by_the_next() -> None:
    with start("demo", "--seconds", "5") as process:
        assert process.stdout is not None
        assert any(line.startswith("  in slot 0") for line in process.stdout)
        process.kill()
        process.communicate(timeout=60)
    stale = [name for name in netns.names() if name.startswith(f"{lab.PREFIX}{process.pid}-")]
    assert len(stale) in {3, 4}  # on ipvlan with a host outside
    result = run(*QUICK)
    assert result.returncode == 0
    for name in stale:
        assert f"  removed {name}, left over from a run that was killed" in result.stdout
        assert name not in netns.names()


def test_two_at_once_do_not_disturb_each_other() -> None:
    with start(*QUICK) as one, start(*QUICK) as other:
        assert [each.communicate(timeout=60)[1] for each in (one, other)] == ["", ""]
    assert (one.returncode, other.returncode) == (0, 0)


def test_only_names_of_dead_runs_are_stale() -> None:
    names = [f"{lab.PREFIX}{os.getppid()}-pod0", f"{lab.PREFIX}x-pod0", f"{lab.PREFIX}{os.getpid()}-other"]
    mine = f"{lab.PREFIX}{os.getpid()}-pod1"
    for name in (*names, mine):
        netns.create(name)
    try:
        assert mine in lab.remove_stale()  # of an earlier process of this number, since this one made no lab yet
        assert set(names) <= set(netns.names())
    finally:
        for name in names:
            netns.delete(name)


AS_NOBODY = """
import contextlib, io, os, sys
from ebpfasm.cli import main
import ebpfasm.cli.demo as demo
import ebpfasm.kernel.machine, ebpfasm.kernel.maps, ebpfasm.kernel.refusal
real, demo.missing = demo.missing, lambda: ["nothing"]
with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
    main(["demo", "--seconds", "0.1", "--swaps", "100", "--json"])  # imports what nobody may be unable to read
demo.missing = real
os.setgroups([])
os.setresgid(65534, 65534, 65534)
os.setresuid(65534, 65534, 65534)
sys.exit(main(["demo", *sys.argv[1:]]))
"""


def as_nobody(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND[:-2], "-c", AS_NOBODY, *arguments],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_without_privileges_it_says_what_is_missing_and_runs_in_the_vm() -> None:
    result = as_nobody(*QUICK[1:])
    assert result.returncode == 0
    for name in ("CAP_SYS_ADMIN", "CAP_NET_ADMIN", "CAP_BPF"):
        assert f"  ✗ {name}, to " in result.stdout
        assert name in result.stderr
    assert "kernel.unprivileged_bpf_disabled is" in result.stdout
    assert "sudo make demo" in result.stdout
    assert "call 12  ; bpf_tail_call" in result.stdout
    assert "Without the kernel: the same stub and programs in ebpfasm's vm" in result.stdout
    marks = [line for line in result.stdout.splitlines() if line.startswith("  ✓ ")]
    assert len(marks) == 7
    assert "packets lost across 1000 swaps between passing programs" in marks[0]
    assert result.stderr.startswith("ebpfasm demo: this was the vm, not the kernel")
    assert len(result.stderr.splitlines()) == 1


def test_without_privileges_json_is_json() -> None:
    result = as_nobody(*QUICK[1:], "--json")
    assert result.returncode == 0
    told = json.loads(result.stdout)
    assert (told["verified"], told["engine"]) == (True, "vm")
    assert len(told["missing"]) == 4

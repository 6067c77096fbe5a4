"""``ebpfasm demo matrix`` as a whole, in a process of its own, with real packets."""

from __future__ import annotations

import json
import signal

import pytest

from ebpfasm.cli.demo import lab
from ebpfasm.kernel import netns
from ebpfasm.testing.privileges import FEATURES
from tests.cli.run import run, start

pytestmark = [pytest.mark.needs_kernel, pytest.mark.needs_netns]

KINDS = pytest.mark.parametrize("kind", ["veth", pytest.param("ipvlan", marks=pytest.mark.needs_ipvlan)])


@pytest.fixture(autouse=True)
def _clean(no_leaks: None) -> None:
    """Nothing of any demo run here may be left."""


@KINDS
def test_it_keeps_its_promises(kind: str) -> None:
    result = run("demo", "matrix", "--pods", kind)
    assert (result.returncode, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert len([line for line in lines if line.startswith("  ✓ ")]) == 6
    assert all(character.isprintable() for line in lines for character in line)
    assert max(map(len, lines)) <= 80
    assert [line for line in lines if line.startswith("  db  ") and "v4" in line] == [
        "  db        v4✓ v6✓      v4✓ v6✓      -            v4✓ v6✓      v4✓ v6✓",
        "  db        v4✓ v6✓      v4✗ v6✗ ◄    -            v4✓ v6✓      v4✗ v6✗ ◄",
        "  db        v4✓ v6✓      v4✓ v6✓ ◄    -            v4✓ v6✓      v4✓ v6✓ ◄",
    ]


def test_its_result_as_json() -> None:
    result = run("demo", "matrix", "--json")
    assert (result.returncode, result.stderr) == (0, "")
    told = json.loads(result.stdout)
    kind = "veth" if FEATURES["needs_ipvlan"].why_not() else "ipvlan"
    assert (told["verified"], told["engine"], told["pods"]) == (True, "kernel", kind)
    assert [len(stage["unreached"]) for stage in told["stages"]] == [0, 10, 0]
    assert all(told["stages"][1]["rules"].values())


@pytest.mark.parametrize("line", ["ebpfasm demo matrix", "Policies for web"])
def test_a_signal_ends_it_cleanly(line: str) -> None:
    with start("demo", "matrix") as process:
        assert process.stdout is not None
        assert any(text.startswith(line) for text in process.stdout), "the demo ended before it came so far"
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=120)
    assert process.returncode == 130
    assert err == "ebpfasm demo: stopped by SIGINT; everything it made is gone again\n"
    assert not [name for name in netns.names() if name.startswith(f"{lab.PREFIX}{process.pid}-")]


def test_what_a_killed_run_left_is_removed_by_the_next() -> None:
    with start("demo", "matrix") as process:
        assert process.stdout is not None
        assert any(text.startswith("Policies for web") for text in process.stdout)
        process.kill()
        process.communicate(timeout=60)
    stale = [name for name in netns.names() if name.startswith(f"{lab.PREFIX}{process.pid}-")]
    assert len(stale) == 4
    result = run("demo", "matrix")
    assert result.returncode == 0
    for name in stale:
        assert f"  removed {name}, left over from a run that was killed" in result.stdout

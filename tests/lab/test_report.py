"""The line about a kernel, and what is said to be wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.lab.counts import REPORT
from tests.lab.guest import BOOT_FAILED, Outcome
from tests.lab.report import line, problems

WELL = Outcome(0, "")
RELEASE = "6.12.117+deb12-amd64"
OPTIONS = {"CONFIG_IPVLAN": "m", "CONFIG_VETH": "m"}


def entry(outcome: str, *markers: str, reason: str = "", since: tuple[str, ...] = ()) -> dict[str, Any]:
    return {"outcome": outcome, "markers": [*markers, "needs_kernel"], "since": list(since), "reason": reason}


def test_the_line() -> None:
    tests = {
        "a": entry("passed"),
        "b": entry("passed", "needs_ipvlan"),
        "c": entry("failed", "needs_ipvlan"),
        "d": entry("skipped", "needs_netkit"),
    }
    assert line("6.1.0-56-amd64", tests) == "lab 6.1.0-56-amd64: 2 passed, 1 failed, 1 skipped, 1 ipvlan"
    assert line("6.1.0-56-amd64", {}) == "lab 6.1.0-56-amd64: 0 passed, 0 failed, 0 skipped, 0 ipvlan"


def test_a_skip_for_what_the_kernel_lacks_is_well() -> None:
    assert problems(RELEASE, {"a": entry("skipped", "needs_netkit"), "b": entry("passed")}, WELL, OPTIONS) == []


@pytest.mark.parametrize("markers", [(), ("needs_ipvlan",), ("needs_netns",)])
def test_a_skip_for_what_it_has_is_not(markers: tuple[str, ...]) -> None:
    assert problems(RELEASE, {"a": entry("skipped", *markers, reason="no wish")}, WELL, OPTIONS) == [
        "a skipped, and this kernel has what it needs: no wish"
    ]


def test_a_skip_for_a_later_kernel_is_well() -> None:
    assert problems(RELEASE, {"a": entry("skipped", since=("6.1", "6.13"))}, WELL, OPTIONS) == []
    assert len(problems(RELEASE, {"a": entry("skipped", since=("6.1", "6.12"))}, WELL, OPTIONS)) == 1


def test_a_run_that_fails_or_does_not_end() -> None:
    assert problems(RELEASE, {"a": entry("failed"), "b": entry("failed")}, Outcome(1, ""), OPTIONS) == [
        "pytest ended with status 1; 2 tests failed"
    ]
    assert problems(RELEASE, {}, Outcome(BOOT_FAILED, "Kernel panic"), OPTIONS) == ["Kernel panic"]


LIVE = """
    import pytest

    @pytest.fixture
    def broken():
        yield
        assert not "cleaned up"

    @pytest.mark.needs_kernel
    def test_passes(): pass

    @pytest.mark.needs_ipvlan
    @pytest.mark.needs_kernel
    def test_fails(): assert 0

    @pytest.mark.needs_netns
    def test_fails_at_its_end(broken): pass

    @pytest.mark.parametrize("n", [1, 2])
    def test_skips(n): pytest.skip("no time")
"""


def test_what_becomes_of_each_test_is_written(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    from ebpfasm.testing import privileges

    monkeypatch.delenv(privileges.REQUIRE, raising=False)
    monkeypatch.setattr(privileges, "REASONS", dict.fromkeys(privileges.REASONS, str))
    monkeypatch.setattr(privileges, "FEATURES", {
        name: privileges.Feature("needs_netns", str) for name in privileges.FEATURES
    })  # fmt: skip
    monkeypatch.setenv(REPORT, str(pytester.path / "report.json"))
    pytester.makepyfile(LIVE)
    pytester.runpytest("-p", "tests.lab.counts", "-p", "no:cacheprovider")
    tests = json.loads((pytester.path / "report.json").read_text())
    assert {
        name.partition("::")[2]: (test["outcome"], test["markers"], test["reason"]) for name, test in tests.items()
    } == {
        "test_passes": ("passed", ["needs_kernel"], ""),
        "test_fails": ("failed", ["needs_ipvlan", "needs_kernel"], ""),
        "test_fails_at_its_end": ("failed", ["needs_netns"], ""),
        "test_skips[1]": ("skipped", [], "Skipped: no time"),
        "test_skips[2]": ("skipped", [], "Skipped: no time"),
    }

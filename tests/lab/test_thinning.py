"""What of a whole run in the guest is left out."""

from __future__ import annotations

import pytest

from tests.effort import EFFORT
from tests.lab.thinning import FIRST

TESTS = """
    import pytest

    @pytest.mark.parametrize("number", range(50))
    @pytest.mark.needs_kernel
    def test_much(number): pass

    @pytest.mark.parametrize("number", range(50))
    @pytest.mark.needs_ipvlan
    def test_whole(number): pass

    @pytest.mark.parametrize("number", range(2))
    def test_little(number): pass

    def test_one(): pass
"""


def chosen(pytester: pytest.Pytester) -> list[str]:
    pytester.makepyfile(TESTS)
    done = pytester.runpytest("-p", "tests.lab.thinning", "-p", "no:cacheprovider", "--collect-only", "-q")
    return [line.partition("::")[2] for line in done.outlines if "::" in line]


def test_a_share_of_the_parameter_sets_is_left(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(EFFORT, "0.1")
    names = chosen(pytester)
    much = [name for name in names if name.startswith("test_much")]
    assert much[:FIRST] == [f"test_much[{number}]" for number in range(FIRST)]
    assert FIRST < len(much) < 10
    assert len([name for name in names if name.startswith("test_whole")]) == 50
    assert [name for name in names if name.startswith(("test_little", "test_one"))] == [
        "test_little[0]", "test_little[1]", "test_one",
    ]  # fmt: skip


def test_with_all_the_effort_nothing_is_left_out(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(EFFORT, raising=False)
    assert len(chosen(pytester)) == 103

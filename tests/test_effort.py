"""How much is done where Python is slow."""

from __future__ import annotations

import pytest

from tests.effort import EFFORT, FIRST, share, worthwhile


def test_all_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(EFFORT, raising=False)
    assert share(1000) == 1000
    assert all(worthwhile() for _ in range(100))


def test_a_share_and_never_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(EFFORT, "0.1")
    assert [share(number) for number in (1, 9, 25, 1000)] == [1, 1, 2, 100]
    done = [worthwhile() for _ in range(1000)]
    assert all(done[:FIRST])
    assert sum(done[100:200]) == sum(done[900:]) == 10

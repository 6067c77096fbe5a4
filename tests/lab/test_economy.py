"""What the guest leaves out."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from ebpfasm.testing.plugin import MARKERS
from tests.lab.economy import pytest_ignore_collect
from tests.lab.live import CHECKOUT


def test_modules_without_live_tests_are_not_imported(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makepyfile(
        test_live="""
            import pytest
            from hypothesis import settings

            @pytest.mark.needs_kernel
            def test_it(): pass

            def test_examples(): assert settings().max_examples == 5
        """,
        test_other="raise AssertionError('imported')",
    )
    monkeypatch.setenv("PYTHONPATH", str(CHECKOUT))
    # In another process: hypothesis has one profile for all of a process.
    done = pytester.run(
        sys.executable, "-m", "pytest", "-p", "tests.lab.economy", "-p", "no:cacheprovider", "-k", "examples"
    )
    done.assert_outcomes(passed=1, deselected=1)


def test_no_marker_goes_unseen() -> None:
    assert all(marker.startswith("needs_") for marker in MARKERS)


def test_what_is_no_module_is_left_to_pytest(tmp_path: Path) -> None:
    assert pytest_ignore_collect(tmp_path) is None
    assert pytest_ignore_collect(CHECKOUT / "README.md") is None

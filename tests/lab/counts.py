"""A pytest plugin for the guest: writes what became of each test, with its markers, to a file."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

REPORT = "EBPFASM_LAB_REPORT"
"""The environment variable with the file to write."""


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    """Put a test's markers on its report, and since when Linux has what it needs."""
    report = yield
    report.ebpfasm_since = sorted({mark.args[0] for mark in item.iter_markers("needs_linux")})
    report.ebpfasm_markers = sorted({mark.name for mark in item.iter_markers() if mark.name.startswith("needs_")})
    return report


class Counts:
    """What became of the tests."""

    def __init__(self) -> None:
        self.tests: dict[str, dict[str, Any]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the worst of a test's three reports."""
        test = self.tests.setdefault(report.nodeid, {"outcome": "passed", "reason": "", "seconds": 0.0})
        test["markers"] = getattr(report, "ebpfasm_markers", [])
        test["since"] = getattr(report, "ebpfasm_since", [])
        test["seconds"] += report.duration
        if report.failed:
            test["outcome"] = "failed"
        elif report.skipped and test["outcome"] == "passed":
            test["outcome"] = "skipped"
            test["reason"] = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)

    def pytest_sessionfinish(self) -> None:
        """Write them."""
        Path(os.environ[REPORT]).write_text(json.dumps(self.tests), encoding="utf-8")


def pytest_sessionstart(session: pytest.Session) -> None:
    """Begin to count."""
    if REPORT in os.environ:
        session.config.pluginmanager.register(Counts(), "ebpfasm-lab-counts")

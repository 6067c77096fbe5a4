"""The lab's command line, as far as it goes without a guest."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.lab.live import CHECKOUT, Lines


def lab(*arguments: str, path: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.lab", *arguments],
        cwd=CHECKOUT,
        env={"PATH": path},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("arguments", [("test",), ("run", "6.12", "--", "true")])
def test_where_it_cannot_run_it_says_why(arguments: tuple[str, ...], tmp_path: Path) -> None:
    done = lab(*arguments, path=str(tmp_path))
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("the lab cannot run here; it needs ")
    assert "qemu-system-x86_64" in done.stderr
    assert done.stderr.count("\n") == 1


def test_run_needs_a_command(tmp_path: Path) -> None:
    done = lab("run", "6.12", path=str(tmp_path))
    assert done.returncode == 2
    assert "give a command after --" in done.stderr


def test_text_is_given_out_by_lines() -> None:
    given: list[str] = []
    lines = Lines(given.append)
    for data in (b"one", b" two\nthr", b"ee\nfour\n", "fünf".encode()[:2], "fünf".encode()[2:]):
        lines.add(data)
    assert given == ["one two", "three\nfour"]
    lines.end()
    lines.end()
    assert given == ["one two", "three\nfour", "fünf"]

"""Every example runs, from anywhere, and says what it is there to say: the golden file of its name, line by line."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.generate import examples

MARKS = {
    "02_live_swap": [pytest.mark.needs_kernel, pytest.mark.needs_netns],
    "03_count_by_destination": [pytest.mark.needs_kernel],
    "05_pods_and_policies": [pytest.mark.needs_kernel, pytest.mark.needs_netns],
}
"""What the examples need besides Python."""


def test_there_are_examples_and_no_golden_file_is_left_over() -> None:
    assert len(examples.names()) >= 3
    assert sorted(path.stem for path in examples.GOLDEN.iterdir()) == examples.names()
    assert set(MARKS) <= set(examples.names())


@pytest.mark.parametrize("name", [pytest.param(name, marks=MARKS.get(name, ())) for name in examples.names()])
def test_an_example_says_what_it_said(name: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    if name in MARKS:
        request.getfixturevalue("no_leaks")
    assert examples.path(name).read_text(encoding="utf-8").startswith('"""')
    result = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-W", "error", str(examples.path(name))],
        cwd=tmp_path,
        env={**os.environ, "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (result.returncode, result.stderr) == (0, "")
    # Nothing in it varies: no example prints an address, an id or a time.
    assert result.stdout == examples.golden(name).read_text(encoding="utf-8")
    assert result.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("01_entry_stub", "little-endian: 18120000ddccbbaa 0000000000000000 b703000000000000 850000000c000000"),
        ("01_entry_stub", "big-endian: 18210000aabbccdd 0000000000000000 b730000000000000 850000000000000c"),
        ("02_live_swap", "slot 0 holds 'drop': a packet is lost"),
        ("03_count_by_destination", "10.0.1.2     3"),
        ("05_pods_and_policies", "shop -> web, port 80: dropped"),
    ],
)
def test_the_golden_files_say_what_the_examples_are_there_to_say(name: str, line: str) -> None:
    # These were written by hand: a golden file that was made anew of a wrong output is found out.
    assert any(said.startswith(line) for said in examples.golden(name).read_text(encoding="utf-8").splitlines())

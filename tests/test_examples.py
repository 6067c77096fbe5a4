"""Every example runs, from anywhere, and says what it is there to say."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parent.parent / "examples"


def output_of(name: str, directory: Path) -> str:
    result = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", str(EXAMPLES / name)],
        cwd=directory,
        env={**os.environ, "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (result.returncode, result.stderr) == (0, "")
    return result.stdout


def test_entry_stub(tmp_path: Path) -> None:
    output = output_of("01_entry_stub.py", tmp_path)
    assert (
        "little-endian: 18120000ddccbbaa 0000000000000000 b703000000000000"
        " 850000000c000000 b700000000000000 9500000000000000\n" in output
    )
    assert "big-endian: 18210000aabbccdd 0000000000000000 b730000000000000" in output


@pytest.mark.kernel
@pytest.mark.net
def test_live_swap(no_leaks: None, tmp_path: Path) -> None:
    assert output_of("02_live_swap.py", tmp_path).splitlines() == [
        "slot 0 empty: a packet arrives",
        "slot 0 holds 'pass': a packet arrives",
        "slot 0 holds 'drop': a packet is lost",
        "slot 0 holds 'pass': a packet arrives",
        "slot 0 empty: a packet arrives",
    ]


@pytest.mark.kernel
def test_count_by_destination(no_leaks: None, tmp_path: Path) -> None:
    lines = output_of("03_count_by_destination.py", tmp_path).splitlines()
    assert [line.split() for line in lines] == [["10.0.1.2", "3"], ["10.0.1.3", "1"], ["192.0.2.1", "1"]]


def test_without_a_kernel(tmp_path: Path) -> None:
    golden = Path(__file__).parent / "data" / "examples" / "04_without_a_kernel.txt"
    assert output_of("04_without_a_kernel.py", tmp_path) == golden.read_text(encoding="utf-8")


def test_every_example_is_run_here_and_says_what_it_is() -> None:
    source = Path(__file__).read_text(encoding="utf-8")
    examples = sorted(EXAMPLES.glob("*.py"))
    assert len(examples) >= 3
    for path in examples:
        assert path.name in source
        assert path.read_text(encoding="utf-8").startswith('"""')

"""Write what the examples print into ``tests/data/examples``; ``python -m tests.generate.examples``, as root."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
GOLDEN = Path(__file__).parent.parent / "data" / "examples"


def names() -> list[str]:
    """Return the examples, by their files' names without the ending."""
    return sorted(path.stem for path in EXAMPLES.glob("*.py"))


def path(name: str) -> Path:
    """Return where an example is."""
    return EXAMPLES / f"{name}.py"


def golden(name: str) -> Path:
    """Return where its output is."""
    return GOLDEN / f"{name}.txt"


if __name__ == "__main__":
    for each in names():
        made = subprocess.run(
            [sys.executable, path(each)], env={**os.environ, "PYTHONUTF8": "1"}, capture_output=True, check=True
        )
        golden(each).write_bytes(made.stdout)

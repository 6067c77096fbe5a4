"""How much of what is done many times: all of it, or a share where Python is slow."""

from __future__ import annotations

import os
from collections import Counter

__all__ = ["EFFORT", "share", "worthwhile"]

EFFORT = "EBPFASM_EFFORT"
"""The environment variable with the share, such as 0.1; without it, all is done."""

FIRST = 10
_done: Counter[str] = Counter()


def share(number: int) -> int:
    """Return the share of ``number``, at least 1."""
    return max(1, round(number * float(os.environ.get(EFFORT) or 1)))


def worthwhile() -> bool:
    """Whether to do one more of the many things a test does: the first ten, and a share of the others."""
    test = os.environ.get("PYTEST_CURRENT_TEST", "")
    _done[test] += 1
    return _done[test] <= FIRST or share(_done[test]) > share(_done[test] - 1)

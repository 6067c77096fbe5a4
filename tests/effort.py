"""How much of what is done many times: all of it, or a share where Python is slow."""

from __future__ import annotations

import os

__all__ = ["EFFORT", "share"]

EFFORT = "EBPFASM_EFFORT"
"""The environment variable with the share, such as 0.1; without it, all is done."""


def share(number: int) -> int:
    """Return the share of ``number``, at least 1."""
    return max(1, round(number * float(os.environ.get(EFFORT) or 1)))

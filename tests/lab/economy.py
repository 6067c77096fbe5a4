"""A pytest plugin for the guest, where Python is some fifteen times slower: what is left out, and done less often."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest

EXAMPLES = 5


def pytest_configure(config: pytest.Config) -> None:
    """Have few examples where a test leaves their number open."""
    from hypothesis import settings

    settings.register_profile("lab", max_examples=EXAMPLES, deadline=None)
    settings.load_profile("lab")


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Leave out modules without live tests: to import them all takes a minute and a half."""
    if collection_path.suffix == ".py" and "needs_" not in collection_path.read_text(encoding="utf-8"):
        return True
    return None


def pytest_collection_finish() -> None:
    """Have the tests that collect garbage look only at what is new: of what is there by now, it takes a second."""
    gc.collect()
    gc.freeze()

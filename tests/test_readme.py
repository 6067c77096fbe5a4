"""The Python in the README runs, prints what it says it prints, and the files it links to are there."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path
from typing import Any

import pytest

from tests.net import Veth

README = Path(__file__).parent.parent / "README.md"
TEXT = README.read_text(encoding="utf-8")
BLOCK = re.compile(r"(?<!<!-- fragment -->\n)(<!-- kernel -->\n)?```python\n(.*?)```", re.DOTALL)
BLOCKS = [(bool(match[1]), match[2]) for match in BLOCK.finditer(TEXT)]
PURE = [source for kernel, source in BLOCKS if not kernel]


def run(source: str, names: dict[str, Any]) -> None:
    """Run a block; each line it prints must stand in it as a comment, in that order, and nothing else."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(source, README.name, "exec"), names)
    promised = [line.removeprefix("# ") for line in source.splitlines() if line.startswith("# ")]
    assert printed.getvalue().splitlines() == promised


def test_there_is_something_to_run() -> None:
    assert len(PURE) == 2
    assert len(BLOCKS) == 4


def test_what_needs_no_kernel() -> None:
    names: dict[str, Any] = {}
    for source in PURE:
        run(source, names)


@pytest.mark.needs_kernel
@pytest.mark.needs_netns
def test_all_of_it(no_leaks: None, veth: Veth) -> None:
    names: dict[str, Any] = {"netns": veth.netns}
    try:
        for _, source in BLOCKS:
            run(source, names)
    finally:
        for value in names.values():
            if hasattr(value, "close") and not isinstance(value, type):
                value.close()


@pytest.mark.parametrize("target", re.findall(r"\]\(([^)#]+)\)", TEXT))
def test_links_lead_somewhere(target: str) -> None:
    assert target.startswith("https://") or (README.parent / target).exists()

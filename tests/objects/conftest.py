"""Maps and programs that are closed when the test is over, and the proof that nothing stays in the kernel."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from ebpfasm import Map, Program, ProgramType
from ebpfasm.asm import R0, Mov, Return


@pytest.fixture(autouse=True)
def _nothing_stays(request: pytest.FixtureRequest) -> None:
    """Look for what is left behind by every test that talks to the kernel; before all others, so after all others."""
    if request.node.get_closest_marker("needs_kernel"):
        request.getfixturevalue("no_leaks")


@pytest.fixture
def create() -> Iterator[Callable[..., Map]]:
    """Give a function that makes a map: of 4-byte keys and values and 4 entries, unless told otherwise."""
    with ExitStack() as stack:

        def make(type: int, **members: Any) -> Map:
            return stack.enter_context(
                Map.create(type, **({"key_size": 4, "value_size": 4, "max_entries": 4} | members))
            )

        yield make


@pytest.fixture
def load() -> Iterator[Callable[..., Program]]:
    """Give a function that loads a program which does nothing but return a number."""
    with ExitStack() as stack:

        def make(verdict: int = 0, type: int = ProgramType.SCHED_CLS, **members: Any) -> Program:
            return stack.enter_context(Program.load(type, [Mov.Imm(R0, verdict), Return()], **members))

        yield make

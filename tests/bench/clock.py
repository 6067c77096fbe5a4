"""Times pieces of work against each other: in turns, so that whatever slows the machine down slows them all."""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import Any

__all__ = ["Effort", "Task", "Times", "in_turns"]


@dataclass(frozen=True)
class Effort:
    """How much is measured: builder words in the mixed program, repetitions of each task, calls, slots,
    pods there are, and starts.

    ``steps`` are the instructions of each loop in the vm, which is run ``runs`` times; ``packets`` those of a test run
    of a datapath's program, of which there are ``passes``.
    """

    size: int = 10_000
    repetitions: int = 31
    calls: int = 5_000
    slow_calls: int = 200
    slots: int = 2_000
    pods: tuple[int, ...] = (10, 2_000)
    starts: int = 31
    steps: int = 1_000_000
    runs: int = 3
    packets: int = 1_000_000
    passes: int = 7


@dataclass(frozen=True)
class Task:
    """Work to be timed.

    ``run`` gets what ``prepare`` returns, and its own result goes to ``finish``; both are outside the timed region.
    ``calls`` is how many times ``run`` does what the figure is about.
    """

    run: Callable[[Any], Any]
    calls: int = 1
    prepare: Callable[[], Any] = lambda: None
    finish: Callable[[Any], None] = lambda result: None


@dataclass(frozen=True)
class Times:
    """Seconds for one call, over the repetitions."""

    median: float
    least: float


def in_turns(tasks: Sequence[Task], repetitions: int) -> list[Times]:
    """Run each task once to warm up and then ``repetitions`` times, one task after the other in each round.

    Garbage is collected before each run and the collector is off during it, as in ``timeit``.
    """
    for task in tasks:
        _seconds(task)
    measured: list[list[float]] = [[] for _ in tasks]
    for _ in range(repetitions):
        for task, seconds in zip(tasks, measured, strict=True):
            seconds.append(_seconds(task))
    return [Times(median(seconds), min(seconds)) for seconds in measured]


def _seconds(task: Task) -> float:
    prepared = task.prepare()
    gc.collect()
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        started = perf_counter()
        result = task.run(prepared)
        elapsed = perf_counter() - started
    finally:
        if was_enabled:
            gc.enable()
    task.finish(result)
    return elapsed / task.calls

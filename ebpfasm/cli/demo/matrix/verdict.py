"""What the demo of the matrix promised, held against the record of a run."""

from __future__ import annotations

from ebpfasm.cli.demo.matrix.probes import CELLS
from ebpfasm.cli.demo.verdict import Promise, judged

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ebpfasm.cli.demo.matrix.probes import Cell, Reached
    from ebpfasm.cli.demo.matrix.story import Outcome, Story

__all__ = ["as_dict", "change_time", "promises"]


def promises(story: Story, left: list[str]) -> list[Promise]:
    """Judge a run that came to its end; ``left`` is what was still in the kernel after it."""
    first, policed, last = story.outcomes
    return [
        _as_promised(first, "before"),
        _changed(first, policed),
        _as_promised(last, "without them again"),
        _rules_worked(policed),
        Promise(
            first.hooks == policed.hooks == last.hooks,
            "at every hook stayed what was attached first: only slots were written"
            if first.hooks == policed.hooks == last.hooks
            else "something else was attached at a hook than at first",
        ),
        Promise(not left, f"still there: {', '.join(left)}" if left else f"gone again: {story.traces.words()}"),
    ]


def _as_promised(outcome: Outcome, when: str) -> Promise:
    missing = outcome.stage.promised - outcome.reached
    return Promise(
        not missing and outcome.reached == outcome.stage.promised,
        f"{when}: {len(outcome.reached)} of {len(CELLS)} questions were answered, in both families"
        + (f"; not {_words(missing)}" if missing else ""),
    )


def _changed(before: Outcome, after: Outcome) -> Promise:
    """Whether exactly those cells changed that were to."""
    wanted = before.stage.promised ^ after.stage.promised
    changed = before.reached ^ after.reached
    wrong = wanted ^ changed
    return Promise(
        not wrong and after.reached == after.stage.promised,
        f"with the policies {len(changed)} cells changed, and just those that were to"
        if not wrong
        else f"with the policies {len(changed)} cells changed, {len(wanted)} were to; wrong: {_words(wrong)}",
    )


def _rules_worked(outcome: Outcome) -> Promise:
    idle = [rule for rule, packets in outcome.counted.items() if not packets]
    packets = sum(outcome.counted.values())
    return Promise(
        bool(outcome.counted) and not idle,
        f"each of the {len(outcome.counted)} rules counted packets, {packets} in all"
        + (f"; not {'; '.join(idle)}" if idle else ""),
    )


def change_time(story: Story) -> str:
    """How long the change of policies took, in words; what is measured and not promised."""
    slowest = max(outcome.change_s for outcome in story.outcomes)
    return f"the change of both pods' policies, compiling included, took {slowest * 1e3:.1f} ms at most"


def as_dict(story: Story, kept: list[Promise]) -> dict[str, Any]:
    """A run and its judgement, for JSON."""
    return {
        **judged(kept),
        "engine": "kernel",
        "pods": story.kind,
        "cells": len(CELLS),
        "stages": [
            {
                "name": outcome.stage.name,
                "unreached": sorted(map(_cell, frozenset(CELLS) - outcome.reached)),
                "rules": outcome.counted,
            }
            for outcome in story.outcomes
        ],
    }


def _words(cells: Reached) -> str:
    return ", ".join(sorted(map(_cell, cells)))


def _cell(cell: Cell) -> str:
    return f"{cell.sender.name} to {cell.column.place.name}:{cell.column.port} by IPv{cell.version}"

"""Each promise of the matrix can be broken, and is seen to be; and its cells are what they should be."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest

from ebpfasm.cli.demo.matrix import table
from ebpfasm.cli.demo.matrix.places import COLUMNS, DB, HOST, OUTSIDE, PLACES, WEB, Column
from ebpfasm.cli.demo.matrix.probes import CELLS, Cell
from ebpfasm.cli.demo.matrix.stages import STAGES
from ebpfasm.cli.demo.matrix.story import Outcome, Story
from ebpfasm.cli.demo.matrix.verdict import as_dict, promises
from ebpfasm.cli.demo.screen import Screen

SSH = Column(WEB, 22)


def good_story() -> Any:
    """A record as a run leaves it in which all went well."""
    story: Any = Story("veth", None, None)  # type: ignore[arg-type]
    for stage in STAGES:
        counted = {"web: a rule": 4, "db: another": 1} if stage.rules else {}
        story.outcomes.append(Outcome(stage, stage.promised, ("hooks",), 0.01, counted))
    return story


def test_all_is_well() -> None:
    assert all(promise.kept for promise in promises(good_story(), []))
    told = as_dict(good_story(), promises(good_story(), []))
    assert (told["verified"], told["pods"], told["cells"]) == (True, "veth", 30)
    assert [len(stage["unreached"]) for stage in told["stages"]] == [0, 10, 0]
    assert "db to web:22 by IPv6" in told["stages"][1]["unreached"]


def change(story: Any, number: int, **members: object) -> None:
    story.outcomes[number] = story.outcomes[number]._replace(**members)


def lose(number: int, cell: Cell) -> Callable[[Any], None]:
    return lambda story: change(story, number, reached=story.outcomes[number].reached - {cell})


def gain(number: int, cell: Cell) -> Callable[[Any], None]:
    return lambda story: change(story, number, reached=story.outcomes[number].reached | {cell})


@pytest.mark.parametrize(
    ("spoil", "left", "words"),
    [
        (lose(0, Cell(DB, SSH, 6)), [], "before: 29 of 30 questions were answered, in both families; not db to web:22"),
        (lose(1, Cell(HOST, SSH, 4)), [], "11 cells changed, 10 were to; wrong: host to web:22 by IPv4"),
        (gain(1, Cell(DB, SSH, 6)), [], "9 cells changed, 10 were to; wrong: db to web:22 by IPv6"),
        (lose(2, Cell(OUTSIDE, SSH, 4)), [], "without them again: 29 of 30"),
        (lambda story: change(story, 1, counted={}), [], "each of the 0 rules"),
        (lambda story: change(story, 1, counted={"a": 1, "b": 0}), [], "1 in all; not b"),
        (lambda story: change(story, 1, hooks=("others",)), [], "something else was attached at a hook"),
        (lambda story: None, ["namespace x"], "still there: namespace x"),
    ],
)
def test_a_broken_promise_is_seen(spoil: Callable[[Any], None], left: list[str], words: str) -> None:
    story = good_story()
    spoil(story)
    broken = [promise for promise in promises(story, left) if not promise.kept]
    assert any(words in promise.words for promise in broken)
    assert not as_dict(story, promises(story, left))["verified"]


def test_both_lost_before_and_kept_lost_is_no_change_as_promised() -> None:
    """A cell that never worked is no proof of a policy."""
    story = good_story()
    lose(0, Cell(DB, SSH, 6))(story)
    assert [promise.kept for promise in promises(story, [])][:2] == [False, False]


def test_the_cells() -> None:
    assert len(CELLS) == len(set(CELLS)) == 2 * sum(len(COLUMNS) - len(place.services) for place in PLACES)
    assert all(cell.sender is not cell.column.place for cell in CELLS)


def test_the_table() -> None:
    screen = Screen(io.StringIO())
    first, policed = STAGES[0].promised, STAGES[1].promised
    assert list(table.lines(policed, first, screen)) == [
        "  from      to",
        "            web:80       web:22       db:5432      host:53      outside:443",
        "  web       -            -            v4✓ v6✓      v4✓ v6✓      v4✓ v6✓",
        "  db        v4✓ v6✓      v4✗ v6✗ ◄    -            v4✓ v6✓      v4✗ v6✗ ◄",
        "  host      v4✓ v6✓      v4✓ v6✓      v4✗ v6✗ ◄    -            v4✓ v6✓",
        "  outside   v4✓ v6✓      v4✗ v6✗ ◄    v4✗ v6✗ ◄    v4✓ v6✓      -",
    ]
    assert "◄" not in "".join(table.lines(policed, policed, screen))

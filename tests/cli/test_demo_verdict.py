"""Each promise of the demo can be broken, and is seen to be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ebpfasm.cli import main
from ebpfasm.cli.demo.phase import Phase
from ebpfasm.cli.demo.story import Loaded, Story
from ebpfasm.cli.demo.verdict import as_dict, promises


class FakeProgram:
    def __init__(self, id: int) -> None:
        self.id = id


def phase(name: str, ids: tuple[int, ...], delivered: int, **counted: int) -> Phase:
    made: Any = Phase(name, tuple(map(FakeProgram, ids)), bool(delivered))  # type: ignore[arg-type]
    made.first, made.end, made.delivered, made.counted = 100, 200, delivered, counted
    made.in_slot = ids[0] if ids else None
    return made  # type: ignore[no-any-return]


def good_story() -> Any:
    """A record as a run leaves it in which all went well."""
    story: Any = Story(2, 1.0, "auto", "auto", None, None)  # type: ignore[arg-type]
    story.phases = [
        phase("pass + count", (11,), 100, packets=100),
        phase("drop", (12,), 0, packets=100),
        phase("count by destination", (13,), 100, **{"10.0.1.2": 67, "10.0.1.3": 33}),
        phase("pass", (14,), 100),
        phase("(empty)", (), 100),
        phase("storm", (15, 16), 100, blue=60, green=40),
    ]
    story.sent_by_destination = {"10.0.1.2": 67, "10.0.1.3": 33}
    story.swap_times = [1e-4, 2e-4]
    story.attachments = ["program 10, tcx link 1"] * 2
    story.programs = [Loaded(10, "entry", 6, "00", "SHA-256"), Loaded(11, "pass_count", 10, "11", "SHA-1")]
    return story


def broken(story: Story, left: list[str]) -> list[int]:
    return [number for number, promise in enumerate(promises(story, left)) if not promise.kept]


def test_a_good_run_keeps_them_all() -> None:
    story = good_story()
    assert broken(story, []) == []
    assert as_dict(story, promises(story, []))["verified"] is True


def change(target: Callable[[Any], Any], **attributes: object) -> Callable[[Any], None]:
    def apply(story: Any) -> None:
        for name, value in attributes.items():
            setattr(target(story), name, value)

    return apply


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (change(lambda story: story.phases[5], delivered=99), [0]),
        (change(lambda story: story, swap_times=[1e-4]), [0]),
        (change(lambda story: story.phases[5], end=100, delivered=0), [0, 1]),
        (change(lambda story: story.phases[5], counted={"blue": 60, "green": 39}), [1]),
        (change(lambda story: story.phases[5], counted={"blue": 100, "green": 0}), [1]),
        (change(lambda story: story.phases[0], delivered=99), [2]),
        (change(lambda story: story.phases[0], counted={"packets": 101}), [2]),
        (change(lambda story: story.phases[1], delivered=1), [3]),
        (change(lambda story: story.phases[1], counted={"packets": 99}), [3]),
        (change(lambda story: story.phases[2], counted={"10.0.1.2": 66, "10.0.1.3": 34}), [4]),
        (change(lambda story: story.phases[2], counted={}), [4]),
        (change(lambda story: story.phases[2], delivered=99), [4]),
        (change(lambda story: story.phases[3], delivered=99), [5]),
        (change(lambda story: story.phases[4], delivered=99), [5]),
        (change(lambda story: story, attachments=["program 10, tcx link 1", "program 10, tcx link 2"]), [6]),
        (change(lambda story: story.phases[3], in_slot=13), [6]),
        (change(lambda story: story.phases[4], in_slot=14), [6]),
        (change(lambda story: story, programs=[Loaded(10, "entry", 6, "00", "")]), [7]),
    ],
)
def test_each_promise_can_be_broken(spoil: Callable[[Any], None], expected: list[int]) -> None:
    story = good_story()
    spoil(story)
    assert broken(story, []) == expected
    assert as_dict(story, promises(story, []))["verified"] is False


def test_what_is_left_breaks_the_last() -> None:
    story = good_story()
    assert broken(story, ["map 7"]) == [8]
    assert promises(story, ["map 7"])[-1].words == "still there: map 7"


def test_a_broken_promise_is_status_1(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    def perform(self: Story, undo: object) -> None:
        record = good_story()
        record.phases[5].delivered = 90
        del record.traces, record.lab, record.swaps
        vars(self).update(vars(record))
        self.swaps = 2

    monkeypatch.setattr("ebpfasm.cli.demo.missing", lambda: [])
    monkeypatch.setattr("ebpfasm.cli.demo.lab.remove_stale", lambda: [])
    monkeypatch.setattr("ebpfasm.cli.demo.traces.Traces.left", lambda self: [])
    monkeypatch.setattr(Story, "perform", perform)
    assert main(["demo"]) == 1
    out, err = capfd.readouterr()
    assert "✗ 10 of 100 packets lost" in out
    assert err == "ebpfasm demo: not as promised: 10 of 100 packets lost across 2 swaps between passing programs\n"

"""``ebpfasm demo``: a pod's program is replaced under traffic, everything is verified, and nothing is left.

Where the kernel cannot be used, the vm runs the same programs.
"""

from __future__ import annotations

import sys

from ebpfasm.cli.demo.interrupts import Interrupted, Interrupts
from ebpfasm.cli.demo.needs import advice, missing
from ebpfasm.cli.demo.screen import Screen
from ebpfasm.errors import EbpfError, NotSupported, PermissionDenied

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from contextlib import ExitStack
    from typing import Any, Protocol, TextIO

    from ebpfasm.cli.demo.traces import Traces
    from ebpfasm.cli.demo.verdict import Promise

    class Performed(Protocol):
        """A story that is performed in the kernel."""

        traces: Traces

        def perform(self, undo: ExitStack) -> None:
            """Do it all; ``undo`` gets what takes it down."""


__all__ = ["run"]


class _Nowhere:
    """A stream for the story when only its result is wanted."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return False

    def write(self, text: str) -> int:
        return len(text)

    def flush(self) -> None:
        pass


def run(options: Namespace) -> int:
    """Run the demo as `ebpfasm.cli` was told, and return its exit status: 0 only if every promise was kept.

    Raises:
        EbpfError: a step failed; everything was taken down.
    """
    stream: TextIO | Any = _Nowhere() if options.json else sys.stdout
    screen = Screen(stream, colour=not options.no_color)
    with Interrupts() as interrupts:
        perform = _perform_matrix if options.story == "matrix" else _perform_swaps
        return perform(options, screen, interrupts)


def _perform_swaps(options: Namespace, screen: Screen, interrupts: Interrupts) -> int:
    screen.line("ebpfasm demo: a pod's program is replaced while its packets flow", "heading")
    lacking = missing()
    if lacking:
        return _perform_in_vm(options, screen, interrupts, lacking)
    screen.line()

    from ebpfasm.cli.demo.story import Story
    from ebpfasm.cli.demo.verdict import as_dict, promises, swap_time

    story = Story(options.swaps, options.seconds, options.attach, options.pods, screen, interrupts)
    try:
        stopped = _perform(story, screen)
    except (EbpfError, BrokenPipeError) as error:
        screen.end_status()
        for cause in (error, error.__cause__):
            if isinstance(cause, (PermissionDenied, NotSupported)):
                return _perform_in_vm(options, screen, interrupts, [str(cause)])
        raise
    if stopped is not None:
        return stopped
    kept = promises(story, story.traces.left())
    _summarise(screen, kept, swap_time(story))
    return _told(options, kept, as_dict(story, kept))


def _perform_matrix(options: Namespace, screen: Screen, interrupts: Interrupts) -> int:
    screen.line("ebpfasm demo matrix: who reaches whom, before and after a change of policies", "heading")
    lacking = missing()
    if lacking:
        _say_lacking(screen, lacking)
        print(f"ebpfasm demo: the matrix needs the kernel: {'; '.join(lacking)}", file=sys.stderr)
        return 1

    from ebpfasm.cli.demo.matrix.story import Story
    from ebpfasm.cli.demo.matrix.verdict import as_dict, change_time, promises

    story = Story(options.pods, screen, interrupts)
    stopped = _perform(story, screen)
    if stopped is not None:
        return stopped
    kept = promises(story, story.traces.left())
    _summarise(screen, kept, change_time(story))
    return _told(options, kept, as_dict(story, kept))


def _perform(story: Performed, screen: Screen) -> int | None:
    """Perform a story in the kernel and take everything down; return the exit status if a signal stopped it."""
    from contextlib import ExitStack

    from ebpfasm.cli.demo.lab import remove_stale

    for name in remove_stale():
        screen.line(f"  removed {name}, left over from a run that was killed", "dim")
    try:
        with ExitStack() as undo:
            story.perform(undo)
            screen.status("taking it all down …")
    except Interrupted as stop:
        left = story.traces.left()
        screen.end_status()
        return _stopped(stop, f"still there: {', '.join(left)}" if left else "everything it made is gone again")
    return None


def _perform_in_vm(options: Namespace, screen: Screen, interrupts: Interrupts, lacking: list[str]) -> int:
    from ebpfasm.cli.demo.in_vm import VmStory
    from ebpfasm.cli.demo.verdict import promises_of_vm, swap_time, vm_as_dict

    _say_lacking(screen, lacking)
    screen.heading("Without the kernel: the same stub and programs in ebpfasm's vm")
    story = VmStory(options.swaps, options.seconds, screen, interrupts)
    try:
        story.perform()
    except Interrupted as stop:
        screen.end_status()
        return _stopped(stop, "it made nothing outside of itself")
    kept = promises_of_vm(story)
    _summarise(screen, kept, swap_time(story))
    status = _told(options, kept, vm_as_dict(story, kept, lacking))
    reasons = "; ".join(lacking)
    print(
        f"ebpfasm demo: this was the vm, not the kernel, because something is missing here: {reasons}", file=sys.stderr
    )
    return status


def _say_lacking(screen: Screen, lacking: list[str]) -> None:
    screen.heading("What is missing here")
    for words in lacking:
        screen.line(f"  {screen.painted('✗', 'bad')} {words}")
    screen.line(f"\n  {advice()}")


def _told(options: Namespace, kept: list[Promise], result: dict[str, Any]) -> int:
    """Tell the result as it was asked for, and return the exit status."""
    if options.json:
        import json

        print(json.dumps(result, indent=2))
    broken = [promise for promise in kept if not promise.kept]
    for promise in broken:
        print(f"ebpfasm demo: not as promised: {promise.words}", file=sys.stderr)
    return 1 if broken else 0


def _stopped(stop: Interrupted, state: str) -> int:
    print(f"ebpfasm demo: stopped by {stop.name}; {state}", file=sys.stderr)
    return stop.status


def _summarise(screen: Screen, kept: list[Promise], measured: str) -> None:
    screen.heading("What was verified")
    for promise in kept:
        mark = screen.painted("✓", "good") if promise.kept else screen.painted("✗", "bad")
        screen.line(f"  {mark} {promise.words}")
    screen.line(f"    {measured}", "dim")

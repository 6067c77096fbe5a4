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
    from typing import Any, TextIO

    from ebpfasm.cli.demo.verdict import Promise

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
        screen.line("ebpfasm demo: a pod's program is replaced while its packets flow", "heading")
        lacking = missing()
        if lacking:
            return _perform_in_vm(options, screen, interrupts, lacking)
        screen.line()
        return _perform(options, screen, interrupts)


def _perform(options: Namespace, screen: Screen, interrupts: Interrupts) -> int:
    from contextlib import ExitStack

    from ebpfasm.cli.demo.lab import remove_stale
    from ebpfasm.cli.demo.story import Story
    from ebpfasm.cli.demo.verdict import as_dict, promises, swap_time

    for name in remove_stale():
        screen.line(f"  removed {name}, left over from a run that was killed", "dim")
    story = Story(options.swaps, options.seconds, options.attach, options.pods, screen, interrupts)
    try:
        with ExitStack() as undo:
            story.perform(undo)
            screen.status("taking it all down …")
    except Interrupted as stop:
        left = story.traces.left()
        screen.end_status()
        return _stopped(stop, f"still there: {', '.join(left)}" if left else "everything it made is gone again")
    except (EbpfError, BrokenPipeError) as error:
        screen.end_status()
        for cause in (error, error.__cause__):
            if isinstance(cause, (PermissionDenied, NotSupported)):
                return _perform_in_vm(options, screen, interrupts, [str(cause)])
        raise
    kept = promises(story, story.traces.left())
    _summarise(screen, kept, swap_time(story))
    if options.json:
        import json

        print(json.dumps(as_dict(story, kept), indent=2))
    return _status(kept)


def _perform_in_vm(options: Namespace, screen: Screen, interrupts: Interrupts, lacking: list[str]) -> int:
    from ebpfasm.cli.demo.in_vm import VmStory
    from ebpfasm.cli.demo.verdict import promises_of_vm, swap_time, vm_as_dict

    screen.heading("What is missing here")
    for words in lacking:
        screen.line(f"  {screen.painted('✗', 'bad')} {words}")
    screen.line(f"\n  {advice()}")
    screen.heading("Without the kernel: the same stub and programs in ebpfasm's vm")
    story = VmStory(options.swaps, options.seconds, screen, interrupts)
    try:
        story.perform()
    except Interrupted as stop:
        screen.end_status()
        return _stopped(stop, "it made nothing outside of itself")
    kept = promises_of_vm(story)
    _summarise(screen, kept, swap_time(story))
    if options.json:
        import json

        print(json.dumps(vm_as_dict(story, kept, lacking), indent=2))
    reasons = "; ".join(lacking)
    print(
        f"ebpfasm demo: this was the vm, not the kernel, because something is missing here: {reasons}", file=sys.stderr
    )
    return _status(kept)


def _status(kept: list[Promise]) -> int:
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

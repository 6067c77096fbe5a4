"""The live tests on several kernels at once, at most one per core."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ebpfasm.testing.plugin import MARKERS
from tests.effort import EFFORT
from tests.lab import qemu
from tests.lab.cache import cache
from tests.lab.counts import REPORT
from tests.lab.guest import Guest, environment
from tests.lab.kernels import kernel
from tests.lab.report import line, problems

__all__ = ["CHECKOUT", "Lines", "live", "shared", "work"]

CHECKOUT = Path(__file__).resolve().parents[2]
PLUGINS = ("-p", "tests.lab.counts", "-p", "tests.lab.economy", "-p", "no:cacheprovider")
PYTEST = ("python", "-m", "pytest", *PLUGINS, "-m", " or ".join(marker.partition("(")[0] for marker in MARKERS))
WHOLE_RUN = ("-p", "tests.lab.thinning")
"""Where nothing else is asked for: everything, with a share of the parameter sets."""


def live(serieses: Sequence[str], arguments: Sequence[str], *, memory_mib: int, timeout_s: float) -> bool:
    """Run the live tests on the newest kernel of each series, and print a line for each; return whether all is well.

    ``arguments`` are more for pytest; without them all live tests run, each with a share of its parameter sets.
    """
    _warm(arguments)
    guests = {series: Guest(kernel(series), memory_mib, timeout_s, shared()) for series in serieses}
    printing = threading.Lock()

    def one(series: str) -> tuple[str, bool]:
        def say(text: str) -> None:
            with printing:
                sys.stdout.writelines(f"{series:>5} │ {row}\n" for row in text.splitlines())
                sys.stdout.flush()

        return _tested(guests[series], arguments, say)

    with ThreadPoolExecutor(max_workers=len(os.sched_getaffinity(0))) as pool:
        try:
            results = list(pool.map(one, guests))
        except BaseException:
            qemu.stopping.set()
            raise
    for text, _ in results:
        print(text)
    return all(well for _, well in results)


def _warm(arguments: Sequence[str]) -> None:
    """Have pytest collect the tests here, which leaves them compiled: in a guest, that alone takes minutes."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, *PYTEST[1:], "--collect-only", "-qq", *arguments]
    subprocess.run(command, cwd=CHECKOUT, env=environment, capture_output=True, check=False)


def _tested(guest: Guest, arguments: Sequence[str], say: Callable[[str], None]) -> tuple[str, bool]:
    """Run the live tests in one guest; return the line about it, and whether all is well."""
    lines = Lines(say)
    with tempfile.TemporaryDirectory(dir=work()) as directory:
        outcome = guest.run(
            [*PYTEST, *(arguments or WHOLE_RUN)],
            Path(directory),
            directory=CHECKOUT,
            environment={**environment(required=True), REPORT: "/lab/report.json", EFFORT: "0.1"},
            output=lines.add,
        )
        lines.end()
        try:
            tests = json.loads(Path(directory, "report.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            tests = {}
    found = problems(guest.kernel.release, tests, outcome, guest.kernel.options())
    for problem in found:
        say(problem)
    return line(guest.kernel.release, tests), not found


def shared() -> tuple[Path, ...]:
    """Return what a guest must see of the host: the checkout, and Python with its packages."""
    return tuple({CHECKOUT, Path(sys.prefix), Path(sys.base_prefix)})


def work() -> Path:
    """Return the directory for the directories of the runs."""
    path = cache() / "runs"
    path.mkdir(exist_ok=True)
    return path


class Lines:
    """Gives out text by whole lines."""

    def __init__(self, give: Callable[[str], None]) -> None:
        self._give = give
        self._rest = b""

    def add(self, data: bytes) -> None:
        """Take more of the text."""
        whole, newline, self._rest = (self._rest + data).rpartition(b"\n")
        if newline:
            self._give(whole.decode("utf-8", "replace"))

    def end(self) -> None:
        """Give out what has no newline at its end."""
        if self._rest:
            self._give(self._rest.decode("utf-8", "replace"))
            self._rest = b""

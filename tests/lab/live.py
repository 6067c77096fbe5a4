"""The live tests on several kernels at once, at most one per core."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ebpfasm.testing.plugin import MARKERS
from tests.lab.cache import cache
from tests.lab.counts import REPORT
from tests.lab.guest import Guest, environment
from tests.lab.kernels import kernel
from tests.lab.report import line, unjustified

__all__ = ["CHECKOUT", "live", "shared", "work"]

CHECKOUT = Path(__file__).resolve().parents[2]


def live(serieses: Sequence[str], arguments: Sequence[str], *, memory_mib: int, timeout_s: float) -> bool:
    """Run the live tests on the newest kernel of each series, and print a line for each; return whether all is well."""
    kernels = {series: kernel(series) for series in serieses}
    printing = threading.Lock()

    def say(series: str, text: str) -> None:
        with printing:
            sys.stdout.writelines(f"{series:>5} │ {row}\n" for row in text.splitlines())
            sys.stdout.flush()

    def one(series: str) -> tuple[str, bool]:
        found = kernels[series]
        guest = Guest(found, memory_mib, timeout_s, shared())
        lines = Lines(lambda text: say(series, text))
        python = [sys.executable, "-m", "pytest", "-p", "tests.lab.counts", "-p", "no:cacheprovider"]
        with tempfile.TemporaryDirectory(dir=work()) as directory:
            outcome = guest.run(
                [*python, "-m", " or ".join(MARKERS), *arguments],
                Path(directory),
                directory=CHECKOUT,
                environment={**environment(required=True), REPORT: "/lab/report.json"},
                output=lines.add,
            )
            lines.end()
            try:
                tests = json.loads(Path(directory, "report.json").read_text(encoding="utf-8"))
            except FileNotFoundError:
                tests = {}
        problems = unjustified(tests, found.options())
        if outcome.explanation:
            problems.append(outcome.explanation)
        elif outcome.status and not any(test["outcome"] == "failed" for test in tests.values()):
            problems.append(f"pytest ended with status {outcome.status}")
        for problem in problems:
            say(series, problem)
        return line(found.release, tests), not problems and outcome.status == 0

    with ThreadPoolExecutor(max_workers=len(os.sched_getaffinity(0))) as pool:
        results = list(pool.map(one, serieses))
    for text, _ in results:
        print(text)
    return all(well for _, well in results)


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

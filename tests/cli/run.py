"""Runs the command line as a user does: in a process of its own, somewhere else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

COMMAND = [sys.executable, "-X", "faulthandler", "-W", "error", "-m", "ebpfasm"]
TIMEOUT_S = 120
IGNORABLE = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)


def environment(**changes: str) -> dict[str, str]:
    """Return this process's environment with some changes, and in UTF-8."""
    return {**os.environ, "PYTHONUTF8": "1", **changes}


def run(*arguments: str, given: str = "", **changes: str) -> subprocess.CompletedProcess[str]:
    """Run ``ebpfasm`` with these arguments, and something on stdin, to its end."""
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd="/",
        env=environment(**changes),
        input=given,
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_S,
    )


@contextmanager
def heeded_signals() -> Iterator[None]:
    """Have what is started meanwhile heed the signals that ``nohup`` or ``&`` made this process ignore."""
    before = {number: signal.signal(number, signal.SIG_DFL) for number in IGNORABLE if is_ignored(number)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def is_ignored(number: signal.Signals) -> bool:
    """Return whether this process ignores the signal."""
    return signal.getsignal(number) is signal.SIG_IGN


def start(*arguments: str) -> subprocess.Popen[str]:
    """Start ``ebpfasm``."""
    with heeded_signals():
        return subprocess.Popen(
            [*COMMAND, *arguments],
            cwd="/",
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

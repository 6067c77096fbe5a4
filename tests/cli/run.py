"""Runs the command line as a user does: in a process of its own, somewhere else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

COMMAND = [sys.executable, "-X", "dev", "-W", "error", "-m", "ebpfasm"]
TIMEOUT_S = 120


def environment(**changes: str) -> dict[str, str]:
    """Return this process's environment with some changes, and in UTF-8."""
    return {**os.environ, "PYTHONUTF8": "1", **changes}


def run(*arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
    """Run ``ebpfasm`` with these arguments to its end."""
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd="/",
        env=environment(**changes),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_S,
    )


def heed_signals() -> None:
    """Undo what a shell's ``nohup`` or ``&`` lets the tests and what they start inherit: ignored signals."""
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)


def start(*arguments: str) -> subprocess.Popen[str]:
    """Start ``ebpfasm``."""
    heed_signals()
    return subprocess.Popen(
        [*COMMAND, *arguments],
        cwd="/",
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )

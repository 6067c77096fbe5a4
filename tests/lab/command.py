"""The command line of the lab."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.lab import qemu
from tests.lab.errors import LabError
from tests.lab.guest import Guest, environment
from tests.lab.kernels import kernel
from tests.lab.live import CHECKOUT, live, shared, work

__all__ = ["main"]

CANNOT_RUN = 2


def main(arguments: Sequence[str]) -> int:
    """Do what the command line asks for, and return the exit status."""
    own, after = _divided(arguments)
    parser = argparse.ArgumentParser(prog="python -m tests.lab", description="Debian's kernels under QEMU.")
    options = argparse.ArgumentParser(add_help=False)
    options.add_argument("--memory", type=int, default=1024, metavar="MIB", help="memory of a guest (default 1024)")
    options.add_argument("--timeout", type=float, default=3600, metavar="S", help="seconds it may take (default 3600)")
    commands = parser.add_subparsers(dest="command", required=True)
    test = commands.add_parser("test", parents=[options], help="run the live tests; after --, more for pytest")
    test.add_argument("--kernels", default="6.1 6.12", help='series of kernels (default "6.1 6.12")')
    run = commands.add_parser("run", parents=[options], help="run the command after -- in the checkout, as root")
    run.add_argument("series", help="series of the kernel, such as 6.12")
    run.add_argument("--terminal", action="store_true", help="give the command this terminal, where there is one")
    given = parser.parse_args(own)
    if given.command == "run" and not after:
        parser.error("give a command after --")
    signal.signal(signal.SIGTERM, _terminated)
    try:
        qemu.need()
        if given.command == "test":
            return int(not live(given.kernels.split(), after, memory_mib=given.memory, timeout_s=given.timeout))
        guest = Guest(kernel(given.series), given.memory, given.timeout, shared())
        return _run(guest, after, terminal=given.terminal and sys.stdin.isatty() and sys.stdout.isatty())
    except LabError as error:
        print(error, file=sys.stderr)
        return CANNOT_RUN


def _divided(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return what stands before the first ``--``, and what stands after it."""
    own = list(arguments)
    if "--" not in own:
        return own, []
    at = own.index("--")
    return own[:at], own[at + 1 :]


def _run(guest: Guest, command: Sequence[str], *, terminal: bool) -> int:
    def write(data: bytes) -> None:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()

    print(f"starting Linux {guest.kernel.release} …", file=sys.stderr)
    with tempfile.TemporaryDirectory(dir=work()) as directory:
        outcome = guest.run(
            command,
            Path(directory),
            directory=CHECKOUT,
            environment=environment(required=False),
            output=None if terminal else write,
        )
    if outcome.explanation:
        print(outcome.explanation, file=sys.stderr)
    return outcome.status


def _terminated(*_: object) -> None:
    qemu.stopping.set()
    sys.exit(128 + signal.SIGTERM)

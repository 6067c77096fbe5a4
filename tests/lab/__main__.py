"""The lab's commands: ``python -m tests.lab test``, ``… run 6.12 -- ip link``."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.lab.errors import LabError
from tests.lab.guest import Guest, environment, need
from tests.lab.kernels import kernel
from tests.lab.live import CHECKOUT, live, shared, work

CANNOT_RUN = 2


def main(arguments: Sequence[str]) -> int:
    """Run what the command line asks for, and return the exit status."""
    own, after = list(arguments), []
    if "--" in own:
        at = own.index("--")
        own, after = own[:at], own[at + 1 :]
    parser = argparse.ArgumentParser(prog="python -m tests.lab", description="Debian's kernels under QEMU.")
    options = argparse.ArgumentParser(add_help=False)
    options.add_argument("--memory", type=int, default=1024, metavar="MIB", help="memory of a guest (default 1024)")
    options.add_argument("--timeout", type=float, default=3600, metavar="S", help="seconds it may take (default 3600)")
    commands = parser.add_subparsers(dest="command", required=True)
    test = commands.add_parser("test", parents=[options], help="run the live tests; after --, more for pytest")
    test.add_argument("--kernels", default="6.1 6.12", help='series of kernels (default "6.1 6.12")')
    run = commands.add_parser("run", parents=[options], help="run the command after -- in the checkout, as root")
    run.add_argument("series", help="series of the kernel, such as 6.12")
    run.add_argument("--terminal", action="store_true", help="give the command this terminal")
    given = parser.parse_args(own)
    try:
        need()
        if given.command == "test":
            well = live(given.kernels.split(), after, memory_mib=given.memory, timeout_s=given.timeout)
            return int(not well)
        if not after:
            parser.error("give a command after --")
        return _run(given, after)
    except LabError as error:
        print(error, file=sys.stderr)
        return CANNOT_RUN


def _run(given: argparse.Namespace, command: Sequence[str]) -> int:
    guest = Guest(kernel(given.series), given.memory, given.timeout, shared())

    def write(data: bytes) -> None:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()

    with tempfile.TemporaryDirectory(dir=work()) as directory:
        outcome = guest.run(
            command,
            Path(directory),
            directory=CHECKOUT,
            environment=environment(required=False),
            output=None if given.terminal else write,
        )
    if outcome.explanation:
        print(outcome.explanation, file=sys.stderr)
    return outcome.status


sys.exit(main(sys.argv[1:]))

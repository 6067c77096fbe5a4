"""The command line: what each command takes, and what it answers the shell."""

from __future__ import annotations

import sys

from ebpfasm.errors import EbpfError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable, Sequence

__all__ = ["main"]

SUCCESS, FAILURE, INTERRUPTED = 0, 1, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0, 1 for a failure, 128 and its number for a signal.

    Wrong usage ends in SystemExit(2), from argparse. Without ``arguments`` those of the process are taken.
    """
    if sys.stdout is None:  # as after ">&-"
        print("ebpfasm: there is no standard output to write to", file=sys.stderr)
        return FAILURE
    options = _parser().parse_args(arguments)
    command: Callable[[Namespace], int] = options.command
    try:
        status = command(options)
        sys.stdout.flush()
        return status
    except BrokenPipeError:
        _forget_stdout()
    except KeyboardInterrupt:
        return INTERRUPTED
    except (EbpfError, OSError) as error:
        print(f"ebpfasm: {' '.join(str(error).split())}", file=sys.stderr)
        _forget_stdout()
    return FAILURE


def _parser() -> ArgumentParser:
    import argparse

    parser = argparse.ArgumentParser(
        prog="ebpfasm",
        description="Write eBPF bytecode, load it and compose it into a pod's datapath.",
        allow_abbrev=False,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    demo = commands.add_parser(
        "demo",
        help="swap a pod's program under traffic, in namespaces of its own, and verify what happens",
        description="Make a pod, send packets through it, replace its program while they flow, verify, clean up.",
        allow_abbrev=False,
    )
    demo.add_argument(
        "--swaps",
        type=_number(100, 1_000_000),
        default=2000,
        metavar="N",
        help="swaps in the storm (default: %(default)s)",
    )
    demo.add_argument(
        "--seconds", type=_seconds, default=1.0, metavar="S", help="time for each program (default: %(default)s)"
    )
    demo.add_argument(
        "--attach", choices=("auto", "tcx", "clsact"), default="auto", help="auto: tcx where the kernel has it"
    )
    demo.add_argument("--no-color", action="store_true", help="as the environment variable NO_COLOR")
    demo.add_argument("--json", action="store_true", help="only the result, as one JSON object")
    demo.set_defaults(command=_demo)

    stub = commands.add_parser(
        "stub",
        help="print the entry stub: a tail call into a slot of a program array",
        description="Print the entry stub: a tail call into a slot of a program array.",
        allow_abbrev=False,
    )
    stub.add_argument(
        "--fd", type=_number(0, 0x7FFFFFFF), required=True, metavar="N", help="file descriptor of the program array"
    )
    stub.add_argument(
        "--index", type=_number(0, 0x7FFFFFFF), default=0, metavar="I", help="the slot (default: %(default)s)"
    )
    stub.add_argument(
        "--byteorder",
        choices=("little", "big"),
        default=sys.byteorder,
        help="of the machine it is for (default: this one's, %(default)s)",
    )
    stub.add_argument("--format", choices=("hex", "raw", "c", "listing"), default="hex", help="(default: %(default)s)")
    stub.set_defaults(command=_stub)
    return parser


def _demo(options: Namespace) -> int:
    from ebpfasm.cli.demo import run

    return run(options)


def _stub(options: Namespace) -> int:
    from ebpfasm.cli.stub import write_stub

    write_stub(options.fd, options.index, options.byteorder, options.format)
    return SUCCESS


def _number(low: int, high: int) -> Callable[[str], int]:
    """A converter for argparse: decimal, or with 0x, 0o, 0b."""
    from argparse import ArgumentTypeError

    def number(text: str) -> int:
        try:
            value = int(text, 0)
        except ValueError:
            value = low - 1
        if not low <= value <= high:
            raise ArgumentTypeError(f"must be a number in {low}..{high}, not {text!r}")
        return value

    return number


def _seconds(text: str) -> float:
    from argparse import ArgumentTypeError

    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.1 <= value <= 600:  # also refuses nan
        raise ArgumentTypeError(f"must be a number of seconds in 0.1..600, not {text!r}")
    return value


def _forget_stdout() -> None:
    """Let the interpreter, which flushes stdout at its end, not fail on it once more."""
    import os

    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):  # stdout is no file, or closed
        pass

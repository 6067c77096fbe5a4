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
DIALECTS = ("llvm", "kernel", "ubpf")  # as in ebpfasm.asm.syntax, which takes its time to import
TYPES = (
    "raw", "sched_cls", "sched_act", "xdp", "socket_filter", "cgroup_skb", "lwt_in", "lwt_out", "lwt_xmit",
)  # fmt: skip
"""Of programs that `run` runs: those that the vm has a context for (ebpfasm.vm.context), and without any."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0, 1 for a failure, 128 and its number for a signal.

    Wrong usage ends in SystemExit(2), from argparse. Without ``arguments`` those of the process are taken.
    """
    if sys.stdout is None:  # as after ">&-"
        print("ebpfasm: there is no stdout to write to", file=sys.stderr)
        return FAILURE
    options = _parser().parse_args(arguments)
    command: Callable[[Namespace], int] = options.command
    try:
        status = command(options)
        if sys.stdout is not None:  # closed before we were started
            sys.stdout.flush()
        return status
    except BrokenPipeError:
        _forget_stdout()
    except KeyboardInterrupt:
        return INTERRUPTED
    except (EbpfError, OSError) as error:
        print(f"ebpfasm: {' '.join(_reason(error).split())}", file=sys.stderr)
        _forget_stdout()
    return FAILURE


def _reason(error: Exception) -> str:
    """What an error says; of files as other commands say it, without Python's number of the error."""
    if isinstance(error, EbpfError) or not isinstance(error, OSError) or error.strerror is None:
        return str(error)
    return error.strerror if error.filename is None else f"{error.filename}: {error.strerror}"


def _parser() -> ArgumentParser:
    import argparse

    parser = argparse.ArgumentParser(
        prog="ebpfasm",
        description="Write eBPF bytecode, load it and compose it into a pod's datapath.",
        allow_abbrev=False,
    )
    from ebpfasm import __version__

    parser.add_argument("--version", action="version", version=f"ebpfasm {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: Callable[[Namespace], int], summary: str, description: str) -> ArgumentParser:
        made = commands.add_parser(name, help=summary, description=description, allow_abbrev=False)
        made.set_defaults(command=run, refuse=made.error)
        return made

    _add_asm(command("asm", _asm, "assembly text to bytes", "Assemble a file of text to the bytes of a program."))
    _add_disasm(
        command(
            "disasm",
            _disasm,
            "bytes, or a program in the kernel, to text",
            "Show the program that some bytes are, or that is in the kernel.",
        )
    )
    _add_stub(
        command(
            "stub",
            _stub,
            "print the entry stub: a tail call into a slot of a program array",
            "Print the entry stub: a tail call into a slot of a program array.",
        )
    )
    _add_run(
        command(
            "run",
            _run,
            "run a program on a packet, without a kernel or in it",
            "Run a program on a packet: in this process, without privileges, or in the kernel.",
        )
    )
    _add_datapath(
        command(
            "datapath",
            _datapath,
            "show what datapath there is: pods, hooks, arrays, slots, programs, counters",
            "Look at the datapath that is in the kernel, whichever process made it.",
        )
    )
    _add_demo(
        command(
            "demo",
            _demo,
            "swap a pod's program under traffic, in namespaces of its own, and verify what happens",
            "Make a pod, send packets through it, replace its program while they flow, verify, clean up. "
            "Where there is no kernel for it, the same programs run in the vm.",
        )
    )
    return parser


def _add_asm(asm: ArgumentParser) -> None:
    from ebpfasm.cli.formats import CODE

    asm.add_argument("file", nargs="?", default="-", metavar="FILE", help="the text; - or nothing: stdin")
    asm.add_argument("--dialect", choices=DIALECTS, default="llvm", help="of the text (default: %(default)s)")
    _add_byteorder(asm)
    _add_output(asm, CODE)


def _add_disasm(disasm: ArgumentParser) -> None:
    from ebpfasm.cli.formats import READABLE, VIEWS

    disasm.add_argument("file", nargs="?", metavar="FILE", help="the bytes; - or nothing: stdin")
    disasm.add_argument("--hex", metavar="DIGITS", help="the bytes themselves, in hexadecimal")
    disasm.add_argument("--pin", metavar="PATH", help="a program in the kernel, by its pin")
    disasm.add_argument("--id", type=_number(1, 0xFFFFFFFF), metavar="N", help="a program in the kernel, by its id")
    disasm.add_argument(
        "--input", choices=("auto", *READABLE), default="auto", help="format of the bytes (default: %(default)s)"
    )
    disasm.add_argument("--dialect", choices=DIALECTS, default="llvm", help="to write (default: %(default)s)")
    disasm.add_argument(
        "--byteorder",
        choices=("little", "big"),
        help=f"of the machine it is for (default: what the input says, or this one's, {sys.byteorder})",
    )
    _add_output(disasm, VIEWS)


def _add_stub(stub: ArgumentParser) -> None:
    from ebpfasm.cli.formats import CODE

    stub.add_argument(
        "--fd", type=_number(0, 0x7FFFFFFF), required=True, metavar="N", help="file descriptor of the program array"
    )
    stub.add_argument(
        "--index", type=_number(0, 0x7FFFFFFF), default=0, metavar="I", help="the slot (default: %(default)s)"
    )
    _add_byteorder(stub)
    _add_output(stub, CODE)


def _add_run(run: ArgumentParser) -> None:
    from ebpfasm.cli.formats import READABLE
    from ebpfasm.cli.run.source import context, map_asked

    run.add_argument("file", nargs="?", metavar="FILE", help="the program; - or nothing: stdin")
    run.add_argument("--hex", metavar="DIGITS", help="its bytes, in hexadecimal")
    run.add_argument(
        "--input", choices=("auto", "text", *READABLE), default="auto", help="format of FILE (default: %(default)s)"
    )
    run.add_argument("--dialect", choices=DIALECTS, help="of assembly text (default: llvm)")
    packet = run.add_mutually_exclusive_group()
    packet.add_argument("--data", metavar="DIGITS", help="the packet, in hexadecimal")
    packet.add_argument("--data-file", metavar="FILE", help="a file with the bytes of the packet; -: stdin")
    run.add_argument(
        "--type", choices=TYPES, help="of the program; raw: R1 is the packet and R2 its length (default: raw)"
    )
    run.add_argument(
        "--ctx", type=context, action="append", default=[], metavar="FIELD=N", help="a field of the context, mark=5"
    )
    run.add_argument(
        "--map",
        type=map_asked,
        action="append",
        default=[],
        metavar="NAME=TYPE:KEY:VALUE:ENTRIES",
        help="a map that the program refers to by name or descriptor: counts=hash:4:8:64",
    )
    run.add_argument("--repeat", type=_number(1, 1_000_000), default=1, metavar="N", help="run it so many times")
    run.add_argument("--kernel", action="store_true", help="in the kernel (BPF_PROG_TEST_RUN), not in the vm")
    watched = run.add_mutually_exclusive_group()
    watched.add_argument("--trace", action="store_true", help="write each instruction and what it changed")
    watched.add_argument("--coverage", action="store_true", help="write the listing with how often each one ran")
    run.add_argument("--limit", type=_number(1, 10**12), metavar="N", help="stop after N instructions")
    run.add_argument("--seed", type=_number(0, (1 << 64) - 1), metavar="N", help="of random numbers (default: 0)")
    run.add_argument("--json", action="store_true", help="JSON, one object a line")


def _add_datapath(datapath: ArgumentParser) -> None:
    from ebpfasm.cli.datapath import FORMATS

    actions = datapath.add_subparsers(required=True, metavar="ACTION")
    words = "Read from the kernel what is attached where, and draw it."
    show = actions.add_parser("show", help="draw it", description=words, allow_abbrev=False)
    show.add_argument(
        "--netns",
        action="append",
        metavar="NAME",
        help="only this network namespace, by name or path; may be repeated (default: all that can be reached)",
    )
    show.set_defaults(refuse=show.error)
    show.add_argument(
        "--watch",
        nargs="?",
        type=_seconds,
        const=2.0,
        metavar="S",
        help="show the tree again every S seconds (default: 2), until Ctrl-C",
    )
    form = show.add_mutually_exclusive_group()
    for each in FORMATS[1:]:
        form.add_argument(f"--{each}", dest="format", action="store_const", const=each, help=_FORM_HELP[each])
    show.add_argument("-o", "--output", default="-", metavar="FILE", help="where to write (default: stdout)")
    show.add_argument("--no-color", action="store_true", help="as the environment variable NO_COLOR")


_FORM_HELP = {
    "json": "everything, as one JSON object",
    "dot": "for Graphviz: … | dot -Tpdf",
    "svg": "a picture",
}


def _add_demo(demo: ArgumentParser) -> None:
    demo.add_argument(
        "story",
        nargs="?",
        choices=("swaps", "matrix"),
        default="swaps",
        help="swaps: a pod's program is replaced under traffic; matrix: who reaches whom before and after a policy "
        "(default: %(default)s)",
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
    demo.add_argument(
        "--pods", choices=("auto", "ipvlan", "veth"), default="auto", help="auto: ipvlan where the kernel has it"
    )
    demo.add_argument("--no-color", action="store_true", help="as the environment variable NO_COLOR")
    demo.add_argument("--json", action="store_true", help="only the result, as one JSON object")


def _add_byteorder(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--byteorder",
        choices=("little", "big"),
        default=sys.byteorder,
        help="of the machine it is for (default: this one's, %(default)s)",
    )


def _add_output(parser: ArgumentParser, formats: tuple[str, ...]) -> None:
    form = parser.add_mutually_exclusive_group()
    # Without a default: argparse lets the default value pass beside --json.
    form.add_argument("--format", choices=formats, help=f"to write (default: {formats[0]})")
    form.add_argument("--json", dest="format", action="store_const", const="json", help="the same as --format json")
    parser.add_argument("-o", "--output", default="-", metavar="FILE", help="where to write (default: stdout)")


def _asm(options: Namespace) -> int:
    from ebpfasm.cli.asm import assemble

    return SUCCESS if assemble(options) else FAILURE


def _disasm(options: Namespace) -> int:
    from ebpfasm.cli.disasm import disassemble

    return SUCCESS if disassemble(options) else FAILURE


def _run(options: Namespace) -> int:
    from ebpfasm.cli.run import run

    return SUCCESS if run(options) else FAILURE


def _datapath(options: Namespace) -> int:
    from ebpfasm.cli.datapath import show

    show(options)
    return SUCCESS


def _demo(options: Namespace) -> int:
    from ebpfasm.cli.demo import run

    return run(options)


def _stub(options: Namespace) -> int:
    from ebpfasm.cli.stub import write_stub

    write_stub(options)
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

    if sys.stdout is None:
        return
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):  # stdout is no file, or closed
        pass

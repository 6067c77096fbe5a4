"""``ebpfasm run``: a program is run on a packet, in the vm or in the kernel, and what it leaves is written."""

from __future__ import annotations

import sys

from ebpfasm.cli.formats import FormatError
from ebpfasm.cli.run.source import Source, check_maps, packet, source
from ebpfasm.cli.streams import complain
from ebpfasm.errors import AssemblySyntaxError, DecodeError, EbpfError, EncodeError, VmError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace

__all__ = ["run"]


def run(options: Namespace) -> bool:
    """Do it, or tell on stderr what is wrong with the program or what it did; whether it ran to its end."""
    _check_usage(options)
    where = "--data"
    try:
        data = packet(options)
        where = options.file if options.hex is None else "--hex"
        given = source(options)
        where = given.where
        check_maps(given.program, options.map)
        return _in_kernel(options, given, data) if options.kernel else _in_vm(options, given, data)
    except AssemblySyntaxError as error:
        for mistake in error.errors:
            complain("<stdin>" if where == "-" else where, mistake)
    except VmError as error:
        if options.json:
            from ebpfasm.cli.run.report import error_line

            print(error_line(error))
        print(f"{where}: {error}", file=sys.stderr)
    except (FormatError, DecodeError, EncodeError) as error:
        complain("<stdin>" if where == "-" else where, error)
    return False


def _check_usage(options: Namespace) -> None:
    if options.hex is not None and options.file is not None:
        options.refuse("FILE and --hex: one program at a time")
    if options.hex is not None and options.input != "auto":
        options.refuse("--input is of a file or stdin: there is nothing to say of --hex")
    if options.file is None:
        options.file = "-"
    if options.file == options.data_file == "-" and options.hex is None:
        options.refuse("the program and the packet cannot both be read from stdin")
    if options.ctx and options.type in (None, "raw"):
        options.refuse("--ctx is of a type of program that has a context: say --type")
    if not options.kernel:
        return
    if options.type in (None, "raw"):
        options.refuse("--kernel: the kernel takes no raw program: say --type")
    given = {"--trace": options.trace, "--coverage": options.coverage}
    given |= {"--limit": options.limit is not None, "--seed": options.seed is not None}
    for name, used in given.items():
        if used:
            options.refuse(f"{name} is of the vm, not of --kernel")


def _in_vm(options: Namespace, given: Source, data: bytes) -> bool:
    from ebpfasm.cli.run.in_vm import run_in_vm
    from ebpfasm.cli.run.report import write

    write(options, *run_in_vm(options, given, data))
    return True


def _in_kernel(options: Namespace, given: Source, data: bytes) -> bool:
    try:
        from ebpfasm.cli.run.in_kernel import run_in_kernel
    except ImportError as error:
        raise EbpfError(f"the kernel cannot be reached without cffi: {error}") from error
    from ebpfasm.cli.run.report import write

    run_in_kernel(options, given, data, lambda result, maps: write(options, result, maps))
    return True

"""``ebpfasm disasm``: bytes, or a program in the kernel, to text."""

from __future__ import annotations

import sys
from errno import EPERM

from ebpfasm.cli.formats import FORMATS, VIEWS, FormatError, Setting, recognised
from ebpfasm.cli.streams import STANDARD, complain, identifier, read_input, stem, write_output
from ebpfasm.errors import DecodeError, EbpfError, EncodeError, PermissionDenied

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace

    from ebpfasm.asm.program import Instructions

__all__ = ["disassemble"]


def disassemble(options: Namespace) -> bool:
    """Do it, or tell on stderr what is wrong with the input; whether it could be done."""
    _check_usage(options)
    if options.pin is not None or options.id is not None:
        name, program = _live(options)
        written = FORMATS[options.format or VIEWS[0]].write(program, _setting(options, name, sys.byteorder))
        write_output(written, options.output)
        return True
    where, data, form = _input(options)
    try:
        reader = FORMATS[form or recognised(data)].read
        assert reader is not None
        program, byteorder = reader(data, options.byteorder)
        written = FORMATS[options.format or VIEWS[0]].write(program, _setting(options, stem(options.file), byteorder))
    except (FormatError, DecodeError, EncodeError) as error:
        complain(where, error)
        return False
    write_output(written, options.output)
    return True


def _check_usage(options: Namespace) -> None:
    sources = {"--hex": options.hex, "--pin": options.pin, "--id": options.id}
    given = [name for name, value in sources.items() if value is not None]
    if options.file is not None:
        given.insert(0, "FILE")
    if len(given) > 1:
        options.refuse(f"{given[0]} and {given[1]}: one program at a time")
    options.file = STANDARD if options.file is None else options.file
    if given and given[0] != "FILE" and options.input != "auto":
        options.refuse(f"--input is of a file or stdin: there is nothing to say of {given[0]}")
    if given and given[0] in ("--pin", "--id") and options.byteorder:
        options.refuse(f"{given[0]}: a program in the kernel has this machine's byte order")
    if options.dialect != "llvm" and options.format in ("listing", "dot"):
        options.refuse(f"--dialect: a {options.format} has one way to write instructions")


def _input(options: Namespace) -> tuple[str, bytes, str | None]:
    """What to call the input, the input, and its format if that is known."""
    if options.hex is not None:
        return "--hex", options.hex.encode(errors="surrogateescape"), "hex"
    return *read_input(options.file), None if options.input == "auto" else options.input


def _setting(options: Namespace, name: str, byteorder: str) -> Setting:
    return Setting(byteorder, identifier(name), dialect=options.dialect)


def _live(options: Namespace) -> tuple[str, Instructions]:
    """Name and instructions of a program in the kernel, as the kernel rewrote them."""
    try:
        from ebpfasm.objects.programs import Program
    except ImportError as error:
        raise EbpfError(f"a program in the kernel cannot be reached without cffi: {error}") from error
    what = f"the program pinned as {options.pin}" if options.id is None else f"program {options.id}"
    with Program.from_pin(options.pin) if options.id is None else Program.from_id(options.id) as program:
        translated = program.translated()
        if not translated:  # bpf_prog_get_info_by_fd() in kernel/bpf/syscall.c
            raise PermissionDenied(
                EPERM,
                f"the kernel does not show the instructions of {what}: that takes CAP_BPF, and where "
                f"net.core.bpf_jit_harden has hidden its constants the right to see kernel addresses "
                f"(CAP_SYSLOG, kernel.kptr_restrict)",
                command="BPF_OBJ_GET_INFO_BY_FD",
            )
        return program.name, translated

"""``ebpfasm stub``: the entry stub in any format that programs are written in."""

from __future__ import annotations

from ebpfasm.cli.formats import CODE, FORMATS, Setting
from ebpfasm.cli.streams import refuse_terminal, write_output
from ebpfasm.datapath.entry import entry_stub

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace

__all__ = ["write_stub"]

NAME = "entry_stub"
ABOUT = """\
eBPF entry stub for {byteorder}-endian machines: tail-calls slot {index} of a program array.

Bytes 4..7 are the array's file descriptor ({fd} here) in the machine's byte order. A
descriptor means something in the process that opened it only, so put yours in first"""
USAGE = {
    "c": """:

    memcpy(entry_stub + 4, &fd, 4);      with:  int fd;

and give the kernel, in union bpf_attr for BPF_PROG_LOAD:

    attr.prog_type = BPF_PROG_TYPE_SCHED_CLS;
    attr.insns     = (unsigned long)entry_stub;
    attr.insn_cnt  = sizeof(entry_stub) / 8;
    attr.license   = (unsigned long)"GPL";""",
}
"""What comes after that in a language."""


def write_stub(options: Namespace) -> None:
    """Write the stub to stdout or a file."""
    form = FORMATS[options.format or CODE[0]]
    refuse_terminal(options, binary=form.binary)
    about = ABOUT.format(byteorder=options.byteorder, index=options.index, fd=options.fd)
    about += USAGE.get(options.format, ".")
    setting = Setting(options.byteorder, NAME, about=about, storage="static")
    write_output(form.write(entry_stub(options.fd, options.index), setting), options.output)

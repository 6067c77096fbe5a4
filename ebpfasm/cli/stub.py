"""``ebpfasm stub``: the entry stub as hexadecimal digits, raw bytes, C, or a listing."""

from __future__ import annotations

import sys

from ebpfasm.datapath.entry import entry_stub

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ebpfasm.asm.program import Instructions

__all__ = ["write_stub"]

C_SOURCE = """\
/*
 * eBPF entry stub for {byteorder}-endian machines: tail-calls slot {index} of a program array.
 *
 * Bytes 4..7 are the array's file descriptor ({fd} here) in the machine's byte order. A
 * descriptor means something in the process that opened it only, so put yours in first:
 *
 *     memcpy(entry_stub + 4, &fd, 4);      with:  int fd;
 *
 * and give the kernel, in union bpf_attr for BPF_PROG_LOAD:
 *
 *     attr.prog_type = BPF_PROG_TYPE_SCHED_CLS;
 *     attr.insns     = (unsigned long)entry_stub;
 *     attr.insn_cnt  = sizeof(entry_stub) / 8;
 *     attr.license   = (unsigned long)"GPL";
 */
static unsigned char entry_stub[{size}] __attribute__((aligned(8))) = {{
{rows}
}};
"""


def write_stub(fd: int, index: int, byteorder: str, form: str) -> None:
    """Write the stub to stdout in one of `FORMATS`."""
    program = entry_stub(fd, index)
    written = FORMATS[form](program, byteorder, fd, index)
    if isinstance(written, bytes):
        sys.stdout.flush()
        sys.stdout.buffer.write(written)
        sys.stdout.buffer.flush()
    else:
        sys.stdout.write(written)


def _c(program: Instructions, byteorder: str, fd: int, index: int) -> str:
    code = program.encode(byteorder)
    texts = [item for each in program for item in [str(each), "  (its second half)"][: each.units]]
    rows = "\n".join(
        f"    {' '.join(f'{byte:#04x},' for byte in code[at : at + 8])}  /* {texts[at // 8]} */"
        for at in range(0, len(code), 8)
    )
    return C_SOURCE.format(byteorder=byteorder, index=index, fd=fd, size=len(code), rows=rows)


FORMATS: dict[str, Callable[[Instructions, str, int, int], str | bytes]] = {
    "hex": lambda program, byteorder, fd, index: program.encode(byteorder).hex() + "\n",
    "raw": lambda program, byteorder, fd, index: program.encode(byteorder),
    "c": _c,
    "listing": lambda program, byteorder, fd, index: program.listing(byteorder) + "\n",
}
"""For each value of ``--format``, what makes it."""

"""Our table of instructions against the opcode table of RFC 9669, transcribed on its own, in both directions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from ebpfasm.asm.form import Form
from ebpfasm.asm.table import FORMS

PATH = Path(__file__).parent.parent / "data" / "rfc9669_appendix.txt"

SECOND_UNIT = 0x00
"""The RFC gives the second unit of a 64-bit load a row of its own; here it is part of the load's form."""

BEYOND_THE_RFC = {
    "LoadMemSX": "RFC 9669 section 5.2 defines BPF_MEMSX; the opcode table has no row for it",
    "AddrSpaceCast": "Linux 6.9: BPF_MOV with off 1; kernel/bpf/disasm.c, is_addr_space_cast",
    "LoadAcquire": "Linux 6.15: BPF_LOAD_ACQ (imm 0x100); include/uapi/linux/bpf.h",
    "StoreRelease": "Linux 6.15: BPF_STORE_REL (imm 0x110); include/uapi/linux/bpf.h",
    "MayGoto.Label": "Linux 6.9: BPF_JCOND (0xe0) with src_reg BPF_MAY_GOTO; include/uapi/linux/bpf.h",
    "PercpuAddr": "Linux 6.10, not from user space: BPF_MOV64_PERCPU_REG; include/linux/filter.h",
    "NoSpec": "Linux 5.14, not from user space: BPF_ST_NOSPEC; include/linux/filter.h",
    "JumpTable": "Linux 6.19: BPF_JMP | BPF_JA | BPF_X; kernel/bpf/disasm.c prints it as gotox",
    "CallReg": "clang's callx at -O0 (BPF_JMP | BPF_CALL | BPF_X); the kernel refuses it",
    "CallKfunc": "the RFC's row has offset 0; since Linux 5.17 it holds the index of a module's BTF in fd_array",
}


class Row(NamedTuple):
    """What one row fixes; None where the program chooses."""

    opcode: int
    src: int | None
    off: int | None
    imm: int | None


def rows() -> Iterator[Row]:
    """Read the transcribed table."""
    for text in PATH.read_text().splitlines():
        if not text.startswith("#"):
            opcode, *fields = text.split(maxsplit=4)[:4]
            yield Row(int(opcode, 16), *(None if field == "any" else int(field, 0) for field in fields))


def row_of(form: Form) -> Row:
    """Return the row that would describe a form of ours."""
    return Row(form.opcode, *(field if isinstance(field, int) else None for field in (form.src, form.off, form.imm)))


ROWS = list(rows())
OURS = {form: row_of(form) for form in FORMS}


def test_the_whole_table_is_there() -> None:
    assert len(ROWS) == len(set(ROWS)) == 168


@pytest.mark.parametrize("row", [row for row in ROWS if row.opcode != SECOND_UNIT], ids=str)
def test_every_row_has_a_form(row: Row) -> None:
    if row == Row(0x85, 2, 0, None):
        row = row._replace(off=None)  # CallKfunc, see BEYOND_THE_RFC
    assert [form for form in FORMS if OURS[form] == row]


def test_every_form_has_a_row_or_a_reason() -> None:
    without = {form.name for form in FORMS if OURS[form] not in ROWS}
    assert without == set(BEYOND_THE_RFC)


def test_no_two_forms_share_an_encoding() -> None:
    encodings = [(form.opcode, form.src, form.off, form.imm) for form in FORMS]
    fixed = [tuple(field if isinstance(field, int) else None for field in encoding) for encoding in encodings]
    assert len(fixed) == len(set(fixed))

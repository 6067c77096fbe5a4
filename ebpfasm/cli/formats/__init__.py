"""The formats that the commands share: one table, from which each command takes what it needs."""

from __future__ import annotations

import re

from ebpfasm.cli.formats import c, digits, json_object, python
from ebpfasm.cli.formats.format import Format as Format
from ebpfasm.cli.formats.format import FormatError as FormatError
from ebpfasm.cli.formats.format import Setting as Setting
from ebpfasm.cli.formats.format import decoded, reading_bytes
from ebpfasm.cli.formats.format import of_text as of_text

FORMATS = {
    "hex": Format(digits.write_hex, reading_bytes(digits.read_hex), digits.fits_hex),
    "raw": Format(lambda program, setting: program.encode(setting.byteorder), decoded, binary=True),
    "c": Format(c.write, reading_bytes(c.read), c.fits),
    "python": Format(python.write, reading_bytes(python.read), python.fits),
    "json": Format(json_object.write, json_object.read, json_object.fits),
    "base64": Format(digits.write_base64, reading_bytes(digits.read_base64), digits.fits_base64),
    "dot": Format(lambda program, setting: _lines(program.cfg().to_dot(name=setting.name))),
    "listing": Format(lambda program, setting: _lines(program.listing(setting.byteorder))),
    "text": Format(lambda program, setting: _lines(program.format(setting.dialect))),
}
"""Each format by its name on the command line."""

READABLE = tuple(name for name, form in FORMATS.items() if form.read)
"""What `disasm` takes."""
CODE = (*READABLE, "dot", "listing")
"""What `asm` and `stub` write; the first if nothing is said."""
VIEWS = ("text", "listing", "json", "dot")
"""What `disasm` writes; the first if nothing is said."""

ELF_MAGIC = b"\x7fELF"


def recognised(data: bytes) -> str:
    """The name of the one format that an input can be.

    What is no text is raw bytes: a program without a single zero byte, or other byte that no text has, is not met
    with. Text is never taken for raw bytes, and must look like one of the other formats and no second one.

    Raises:
        FormatError: it looks like none, or like several, or is known to be something else.
    """
    if data.startswith(ELF_MAGIC):
        raise FormatError(
            "this is an ELF object; give the code of one section: llvm-objcopy -O binary --only-section=NAME makes it"
        )
    try:
        text = of_text(data)
    except FormatError:
        return "raw"
    if re.search(r"[\0-\x08\x0e-\x1f\x7f]", text):
        return "raw"
    fitting = [name for name, form in FORMATS.items() if form.fits(text)]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        choice = " or ".join(f"--input {name}" for name in fitting)
        raise FormatError(f"this can be read in more than one way: say {choice}")
    raise FormatError(
        f"this text looks like none of {', '.join(READABLE)}: say what it is with --input, or, if it is assembly, "
        f"give it to ebpfasm asm"
    )


def _lines(text: str) -> str:
    return f"{text}\n" if text and not text.endswith("\n") else text

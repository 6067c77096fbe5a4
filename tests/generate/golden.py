"""Fill the bytes column of ``tests/data/golden.txt`` with what llvm-mc 19 makes of the assembly column.

``python -m tests.generate.golden`` rewrites the file in place: comments, blank lines and the blocks
whose bytes have another origin stay as they are. A new line is written with ``?`` for its bytes.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Literal, NamedTuple

PATH = Path(__file__).parent.parent / "data" / "golden.txt"
ORIGIN = "# origin:"
TRIPLES = {"little": "bpfel", "big": "bpfeb"}


class Line(NamedTuple):
    """One line of the file: ``encoding`` in hexadecimal, and whether llvm-mc is the one who made it."""

    number: int
    encoding: str
    assembly: str
    builder: str
    from_llvm: bool


def read(path: Path = PATH) -> list[Line]:
    """Return the lines of the golden file; an ``# origin:`` comment speaks for the lines up to the next blank one."""
    lines = []
    from_llvm = True
    for number, text in enumerate(path.read_text().splitlines(), 1):
        if not text:
            from_llvm = True
        elif text.startswith(ORIGIN):
            from_llvm = False
        elif not text.startswith("#"):
            # The assembly may hold "|=" and "&", so the first and the last separator count.
            encoding, rest = text.split(" | ", 1)
            assembly, builder = rest.rsplit(" | ", 1)
            lines.append(Line(number, encoding, assembly, builder, from_llvm))
    return lines


def llvm_mc() -> str | None:
    """Return the path of the one llvm-mc that knows the whole fourth version of the instruction set, or None."""
    return shutil.which("llvm-mc-19")


def assemble(assembly: list[str], byteorder: Literal["little", "big"]) -> list[str]:
    """Return llvm-mc's encoding, in hexadecimal, of each line of assembly, all in one run.

    Raises RuntimeError when llvm-mc refuses a line: it would leave that line out and shift the others.
    """
    tool = llvm_mc()
    if tool is None:
        raise RuntimeError("llvm-mc-19 is not on the PATH (Debian: the package llvm-19)")
    result = subprocess.run(
        [tool, "-triple", TRIPLES[byteorder], "-mcpu=v4", "--show-encoding"],
        input="\n".join(assembly) + "\n",
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    if result.returncode or result.stderr:
        raise RuntimeError(f"llvm-mc-19 refused a line:\n{result.stderr}")
    encodings = [
        part.partition("]")[0].replace("0x", "").replace(",", "")
        for line in result.stdout.splitlines()
        for _, found, part in [line.partition("# encoding: [")]
        if found
    ]
    if len(encodings) != len(assembly):
        raise RuntimeError(f"llvm-mc-19 made {len(encodings)} encodings of {len(assembly)} lines")
    return encodings


def regenerated(path: Path = PATH) -> str:
    """Return what the file should hold: the bytes of every llvm-mc line made anew."""
    made_by_llvm = [line for line in read(path) if line.from_llvm]
    texts = path.read_text().splitlines()
    for line, encoding in zip(made_by_llvm, assemble([line.assembly for line in made_by_llvm], "little"), strict=True):
        texts[line.number - 1] = f"{encoding} | {line.assembly} | {line.builder}"
    return "\n".join(texts) + "\n"


if __name__ == "__main__":
    PATH.write_text(regenerated())

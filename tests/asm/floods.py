"""A megabyte of noise of many kinds; ``python -m tests.asm.floods NAME`` has the parser read one, in each dialect."""

from __future__ import annotations

import random
import sys

from ebpfasm.asm import Instructions
from ebpfasm.errors import AssemblySyntaxError

DIALECTS = ("llvm", "kernel", "ubpf")
MEGABYTE = 10**6
FLOODS = {
    "bytes": lambda: random.Random(1).randbytes(MEGABYTE).decode("latin-1"),
    "a line of bytes": lambda: random.Random(2).randbytes(MEGABYTE).decode("latin-1").replace("\n", " "),
    "a line of words": lambda: "word " * (MEGABYTE // 5),
    "short lines": lambda: "\n".join(f"x{at} y {at * 7}" for at in range(100_000)),
    "nearly instructions": lambda: "\n".join(f"r{at} = r11 += foo {at}" for at in range(40_000)),
    "parentheses": lambda: "(" * MEGABYTE,
    "quotes": lambda: '"' * (MEGABYTE + 1) + "#;",
    "escaped quotes": lambda: '"' + '\\"' * (MEGABYTE // 2) + "#;/*",
    "apostrophes": lambda: "'" * MEGABYTE + "#;/*",
    "lines of one quote": lambda: '"\n' * (MEGABYTE // 2) + "/*",
    "digits": lambda: "r1 = " + "9" * MEGABYTE,
    "hexadecimal digits": lambda: "r1 = 0x" + "f" * MEGABYTE,
    "a product": lambda: "r1 = 9" + "*9" * (MEGABYTE // 2),
    "shifts": lambda: "r1 = 1" + "<<63" * (MEGABYTE // 4),
    "signs": lambda: "r1 = " + "-" * MEGABYTE + "5",
    "spaces": lambda: "r1 =" + " " * MEGABYTE + "x" + " " * MEGABYTE,
    "spaces after a number": lambda: "1: (b7) r1 =" + " " * MEGABYTE + "x" + " " * MEGABYTE + ";",
    "labels": lambda: "a:" * (MEGABYTE // 2),
    "many labels": lambda: "\n".join(f"l{at}:" for at in range(100_000)),
    "comments": lambda: "/* */" * (MEGABYTE // 5),
    "open comments": lambda: "/*" * (MEGABYTE // 2),
    "separators": lambda: ";" * MEGABYTE,
    "bytes of data": lambda: ".byte " + "999," * (MEGABYTE // 4),
    "opcode bytes": lambda: "aa " * (MEGABYTE // 3) + "x",
    "a name": lambda: 'goto "' + "x" * MEGABYTE + '"',
    "line ends": lambda: "\r\n" * (MEGABYTE // 2),
}

if __name__ == "__main__":
    noise = FLOODS[sys.argv[1]]()
    for dialect in DIALECTS:
        try:
            print(dialect, len(Instructions.parse(noise, dialect)))
        except AssemblySyntaxError as error:
            print(dialect, "refused" if len(str(error)) < 10_000 else "refused at length")

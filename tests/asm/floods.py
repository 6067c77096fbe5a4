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
    "mistakes on a line": lambda: "r0 = frob; " * (MEGABYTE // 11),
    "mistakes close to words": lambda: "\n".join(f"calk exlt gota r{at % 10}" for at in range(40_000)),
    "a label that never ends": lambda: "a" * (MEGABYTE // 2) + " " * (MEGABYTE // 2) + ".",
    "one label ever again": lambda: "a:\n" * (MEGABYTE // 3),
    "labels of a line": lambda: ":".join(f"l{at}" for at in range(120_000)) + ":",
    "quoted labels": lambda: "".join(f'"{at}":' for at in range(100_000)),
    "jumps to nowhere": lambda: "\n".join(f"goto l{at}" for at in range(60_000)),
    "directives": lambda: ".section x\n.pushsection y\n" * (MEGABYTE // 26),
    "unknown directives": lambda: "\n".join(f".direct{at}" for at in range(70_000)),
    "a directive's arguments": lambda: ".quad " + ",".join(["0xffffffffffffffff"] * (MEGABYTE // 19)),
    "expressions": lambda: "\n".join("r1 = " + " + ".join("1" * 90) for _ in range(2_500)),
    "a sum in an address": lambda: "r1 = *(u64 *)(r2 + 1" + " + 1" * (MEGABYTE // 4) + ")",
    "numbered lines": lambda: "\n".join(f"{at}: (b7) r0 = {at}" for at in range(50_000, 0, -1)),
    "one numbered line": lambda: "\n".join(f"7: (b7) r0 = {at}" for at in range(50_000)),
    "numbers far apart": lambda: "\n".join(f"{at}: (b7) r0 = 0 ; R0=0" for at in range(0, 10**9, 25_000)),
    "functions called": lambda: "0: (85) call pc+1#" + "x" * (MEGABYTE // 2) + " " * (MEGABYTE // 2) + "y",
    "letters beyond": lambda: "\u0665\u00b2\u2028\x85\x1c\ud800" * (MEGABYTE // 6),
    "combining letters": lambda: "r1 = e" + "\u0301" * MEGABYTE,
    "commas": lambda: "," * MEGABYTE,
    "commas of an instruction": lambda: "r1" + "," * MEGABYTE + "= 5",
    "registers": lambda: "r1" * (MEGABYTE // 2),
    "registers and spaces": lambda: "r1 " * (MEGABYTE // 3),
    "percents": lambda: "mov %r1, " + "%" * MEGABYTE,
    "brackets": lambda: "ldxw %r1, [" * (MEGABYTE // 11),
    "backslashes": lambda: "\\" * MEGABYTE + '"' + "\\" * MEGABYTE,
    "carriage returns": lambda: "exit\r" * (MEGABYTE // 5),
    "zeros": lambda: "\0" * MEGABYTE,
    "leading zeros": lambda: "r1 = " + "0" * MEGABYTE + "1",
    "line ends": lambda: "\r\n" * (MEGABYTE // 2),
}

if __name__ == "__main__":
    noise = FLOODS[sys.argv[1]]()
    for dialect in DIALECTS:
        try:
            print(dialect, len(Instructions.parse(noise, dialect)))
        except AssemblySyntaxError as error:
            print(dialect, "refused" if len(str(error)) < 10_000 else "refused at length")

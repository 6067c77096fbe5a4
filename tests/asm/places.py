"""Every place a builder word has for an operand: a call in which that operand is open and all others are right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from ebpfasm import asm
from ebpfasm.asm import (
    R0,
    R1,
    R2,
    RFP,
    Byte,
    DWord,
    Half,
    Instruction,
    Size,
    Word,
)

Call = Callable[[Any], Instruction]

ALU = ("Mov", "Add", "Sub", "Mul", "Div", "SDiv", "Mod", "SMod", "And", "Or", "Xor", "LSh", "RSh", "ArSh")
JUMPS = ("JEq", "JNE", "JGT", "JGE", "JLT", "JLE", "JSet", "JSGT", "JSGE", "JSLT", "JSLE")
ATOMICS = ("AddAtomic", "OrAtomic", "AndAtomic", "XorAtomic",
           "FetchAdd", "FetchOr", "FetchAnd", "FetchXor", "Xchg", "CmpXchg")  # fmt: skip

S16 = (-32768, 32767)
U16 = (0, 65535)
S32 = (-2147483648, 2147483647)
U32 = (0, 4294967295)
IMM32 = (-2147483648, 4294967295)
S64_OR_U64 = (-9223372036854775808, 18446744073709551615)


class Number(NamedTuple):
    """A place for a number: its range, and the bits of the field it ends up in."""

    word: str
    call: Call
    noun: str
    range: tuple[int, int]
    field: str
    shift: int = 0
    bits: int = 32
    hint: str = ""

    @property
    def limits(self) -> str:
        return f"{self.range[0]}..{self.range[1]}"

    def found(self, instruction: Instruction) -> int:
        """Return the bits of the operand, as they stand in the instruction."""
        return int(getattr(instruction, self.field)) >> self.shift & (1 << self.bits) - 1


class Sized(NamedTuple):
    """A place for a size, and the sizes it takes."""

    word: str
    call: Call
    sizes: tuple[Size, ...]


def word(name: str) -> Any:
    """Return the builder word, such as ``Mov.Imm``."""
    found: Any = asm
    for part in name.split("."):
        found = getattr(found, part)
    return found


def opened(name: str, at: int, *arguments: object) -> Call:
    """Return the call of a word with the argument at one place left open."""
    return lambda value: word(name)(*arguments[:at], value, *arguments[at + 1 :])


# fmt: off
REGISTERS: list[tuple[str, str, Call]] = [
    *((f"{name}.{method}", "dst", opened(f"{name}.{method}", 0, R1, 5))
      for name in ALU for method in ("Imm", "Imm32")),
    *((f"{name}.{method}", field, opened(f"{name}.{method}", at, R1, R2))
      for name in ALU for method in ("Reg", "Reg32") for at, field in enumerate(("dst", "src"))),
    ("Neg.Reg",   "dst", opened("Neg.Reg", 0, R1)),
    ("Neg.Reg32", "dst", opened("Neg.Reg32", 0, R1)),
    *((name, field, opened(name, at, R1, R2))
      for name in ("MovSX8.Reg", "MovSX8.Reg32", "MovSX16.Reg", "MovSX16.Reg32", "MovSX32.Reg")
      for at, field in enumerate(("dst", "src"))),
    ("HostTo",        "dst", opened("HostTo", 1, asm.BE, R1, Word)),
    ("BSwap",         "dst", opened("BSwap", 0, R1, Word)),
    ("AddrSpaceCast", "dst", opened("AddrSpaceCast", 0, R1, R2, 0, 1)),
    ("AddrSpaceCast", "src", opened("AddrSpaceCast", 1, R1, R2, 0, 1)),
    ("PercpuAddr",    "dst", opened("PercpuAddr", 0, R1, R2)),
    ("PercpuAddr",    "src", opened("PercpuAddr", 1, R1, R2)),
    ("LoadMem",   "dst", opened("LoadMem", 0, R1, RFP, -8, DWord)),
    ("LoadMem",   "src", opened("LoadMem", 1, R1, RFP, -8, DWord)),
    ("LoadMemSX", "dst", opened("LoadMemSX", 0, R1, RFP, -8, Word)),
    ("LoadMemSX", "src", opened("LoadMemSX", 1, R1, RFP, -8, Word)),
    ("StoreMem",  "dst", opened("StoreMem", 0, RFP, -8, R1, DWord)),
    ("StoreMem",  "src", opened("StoreMem", 2, RFP, -8, R1, DWord)),
    ("StoreImm",  "dst", opened("StoreImm", 0, RFP, -8, 1, DWord)),
    ("LoadInd",   "dst", opened("LoadInd", 0, R0, R1, 0, Byte)),
    ("LoadInd",   "src", opened("LoadInd", 1, R0, R1, 0, Byte)),
    *((f"{name}.Mem", field, opened(f"{name}.Mem", at, R1, R2, DWord, 8))
      for name in ATOMICS for at, field in enumerate(("dst", "src"))),
    *((name, field, opened(name, at, R1, R2, DWord, 8))
      for name in ("LoadAcquire", "StoreRelease") for at, field in enumerate(("dst", "src"))),
    ("LoadImm",           "dst", opened("LoadImm", 0, R1, 5, DWord)),
    ("LoadMapPtr",        "dst", opened("LoadMapPtr", 0, R1, 5)),
    ("LoadMapValue",      "dst", opened("LoadMapValue", 0, R1, 5, 0)),
    ("LoadMapIndex",      "dst", opened("LoadMapIndex", 0, R1, 5)),
    ("LoadMapIndexValue", "dst", opened("LoadMapIndexValue", 0, R1, 5, 0)),
    ("LoadFunc",          "dst", opened("LoadFunc", 0, R1, "f")),
    ("LoadBTFID",         "dst", opened("LoadBTFID", 0, R1, 5)),
    *((f"{name}.{method}", "dst", opened(f"{name}.{method}", 0, R1, 5, "end"))
      for name in JUMPS for method in ("Imm", "Imm32")),
    *((f"{name}.{method}", field, opened(f"{name}.{method}", at, R1, R2, "end"))
      for name in JUMPS for method in ("Reg", "Reg32") for at, field in enumerate(("dst", "src"))),
    ("JumpTable", "dst", opened("JumpTable", 0, R1)),
    ("CallReg",   "dst", opened("CallReg", 0, R1)),
]
"""Word, field, and the call with the register left open."""

NUMBERS: list[Number] = [
    *(Number(f"{name}.Imm", opened(f"{name}.Imm", 1, R1, 0), "immediate", S32, "imm", hint=f" (that is {name}.Reg)")
      for name in ALU),
    *(Number(f"{name}.Imm32", opened(f"{name}.Imm32", 1, R1, 0), "immediate", IMM32, "imm",
             hint=f" (that is {name}.Reg32)")
      for name in ALU),
    *(Number(f"{name}.Imm", opened(f"{name}.Imm", 1, R1, 0, "end"), "immediate", S32, "imm",
             hint=f" (that is {name}.Reg)")
      for name in JUMPS),
    *(Number(f"{name}.Imm32", opened(f"{name}.Imm32", 1, R1, 0, "end"), "immediate", IMM32, "imm",
             hint=f" (that is {name}.Reg32)")
      for name in JUMPS),
    *(Number(f"{name}.{method}", opened(f"{name}.{method}", 2, R1, 0, 0), "target", S16, "off", bits=16)
      for name in JUMPS for method in ("Imm", "Reg", "Imm32", "Reg32")),
    Number("Ja.Label",       opened("Ja.Label", 0, 0),       "target", S16, "off", bits=16),
    Number("MayGoto.Label",  opened("MayGoto.Label", 0, 0),  "target", S16, "off", bits=16),
    Number("LongJump",       opened("LongJump", 0, 0),       "target", S32, "imm"),
    Number("Call.Label",     opened("Call.Label", 0, 0),     "target", S32, "imm"),
    Number("LoadFunc",       opened("LoadFunc", 1, R1, 0),   "target", S32, "imm"),
    Number("BuiltinFunc",    lambda value: asm.BuiltinFunc(value).Call(), "helper number", S32, "imm"),
    Number("CallKfunc",      opened("CallKfunc", 0, 0, 0),   "BTF id", (0, 2147483647), "imm"),
    Number("CallKfunc",      opened("CallKfunc", 1, 0, 0),   "module fd", (0, 32767), "off", bits=16),
    Number("AddrSpaceCast",  opened("AddrSpaceCast", 2, R1, R2, 0, 0), "address space", U16, "imm", 16, 16),
    Number("AddrSpaceCast",  opened("AddrSpaceCast", 3, R1, R2, 0, 0), "address space", U16, "imm", 0, 16),
    Number("LoadMem",        opened("LoadMem", 2, R1, RFP, 0, Word),   "offset", S16, "off", bits=16),
    Number("LoadMemSX",      opened("LoadMemSX", 2, R1, RFP, 0, Word), "offset", S16, "off", bits=16),
    Number("StoreMem",       opened("StoreMem", 1, RFP, 0, R1, Half),  "offset", S16, "off", bits=16),
    Number("StoreImm",       opened("StoreImm", 1, RFP, 0, 1, Half),   "offset", S16, "off", bits=16),
    *(Number("StoreImm", opened("StoreImm", 2, RFP, 0, 1, size), "immediate", IMM32, "imm", hint=" (that is StoreMem)")
      for size in (Byte, Half, Word)),
    Number("StoreImm", opened("StoreImm", 2, RFP, 0, 1, DWord), "immediate of a DWord", S32, "imm",
           hint=" (that is StoreMem)"),
    Number("LoadAbs",        opened("LoadAbs", 0, 0, Word),            "offset", S32, "imm"),
    Number("LoadInd",        opened("LoadInd", 2, R0, R1, 0, Word),    "offset", S32, "imm"),
    *(Number(f"{name}.Mem", opened(f"{name}.Mem", 3, R1, R2, DWord, 0), "offset", S16, "off", bits=16)
      for name in ATOMICS),
    Number("LoadAcquire",    opened("LoadAcquire", 3, R1, R2, Word, 0),  "offset", S16, "off", bits=16),
    Number("StoreRelease",   opened("StoreRelease", 3, R1, R2, Word, 0), "offset", S16, "off", bits=16),
    Number("LoadImm",        opened("LoadImm", 1, R1, 0, DWord), "immediate", S64_OR_U64, "imm", bits=64,
           hint=" (that is Mov.Reg)"),
    Number("LoadMapValue",      opened("LoadMapValue", 2, R1, 5, 0),      "offset", U32, "imm", 32),
    Number("LoadMapValue",      opened("LoadMapValue", 2, R1, "glob", 0), "offset", U32, "imm", 32),
    Number("LoadMapIndex",      opened("LoadMapIndex", 1, R1, 0),         "index", U32, "imm"),
    Number("LoadMapIndexValue", opened("LoadMapIndexValue", 1, R1, 0, 7), "index", U32, "imm"),
    Number("LoadMapIndexValue", opened("LoadMapIndexValue", 2, R1, 7, 0), "offset", U32, "imm", 32),
    Number("LoadBTFID",         opened("LoadBTFID", 1, R1, 0, 7),         "BTF id", U32, "imm"),
    Number("LoadBTFID",         opened("LoadBTFID", 2, R1, 7, 0),         "module fd", U32, "imm", 32),
]

SIZES: list[Sized] = [
    Sized("HostTo",       opened("HostTo", 2, asm.LE, R1, 0),         (Half, Word, DWord)),
    Sized("BSwap",        opened("BSwap", 1, R1, 0),                  (Half, Word, DWord)),
    Sized("LoadMem",      opened("LoadMem", 3, R1, RFP, -8, 0),       (Byte, Half, Word, DWord)),
    Sized("LoadMemSX",    opened("LoadMemSX", 3, R1, RFP, -8, 0),     (Byte, Half, Word)),
    Sized("StoreMem",     opened("StoreMem", 3, RFP, -8, R1, 0),      (Byte, Half, Word, DWord)),
    Sized("StoreImm",     opened("StoreImm", 3, RFP, -8, 1, 0),       (Byte, Half, Word, DWord)),
    Sized("LoadAbs",      opened("LoadAbs", 1, 0, 0),                 (Byte, Half, Word)),
    Sized("LoadInd",      opened("LoadInd", 3, R0, R1, 0, 0),         (Byte, Half, Word)),
    Sized("LoadImm",      opened("LoadImm", 2, R1, 0, 0),             (DWord,)),
    *(Sized(f"{name}.Mem", opened(f"{name}.Mem", 2, R1, R2, 0, 8),    (Word, DWord)) for name in ATOMICS),
    Sized("LoadAcquire",  opened("LoadAcquire", 2, R1, R2, 0, 8),     (Byte, Half, Word, DWord)),
    Sized("StoreRelease", opened("StoreRelease", 2, R1, R2, 0, 8),    (Byte, Half, Word, DWord)),
]

TARGETS: list[tuple[str, Call]] = [
    *((f"{name}.{method}", opened(f"{name}.{method}", 2, R1, 0, 0))
      for name in JUMPS for method in ("Imm", "Reg", "Imm32", "Reg32")),
    ("Ja.Label", opened("Ja.Label", 0, 0)),
    ("MayGoto.Label", opened("MayGoto.Label", 0, 0)),
    ("LongJump", opened("LongJump", 0, 0)),
    ("Call.Label", opened("Call.Label", 0, 0)),
    ("LoadFunc", opened("LoadFunc", 1, R1, 0)),
]
"""Words that take a label, and the call with it left open."""

MAPS: list[tuple[str, Call]] = [
    ("LoadMapPtr", opened("LoadMapPtr", 1, R1, 0)),
    ("LoadMapValue", opened("LoadMapValue", 1, R1, 0, 8)),
]
"""Words that take a map, and the call with it left open."""
# fmt: on

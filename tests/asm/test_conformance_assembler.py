"""Each mnemonic of bpf_conformance's assembler (lib/src/bpf_assembler.cc), with each kind of operand it takes.

The bytes are put together here, by RFC 9669, and owe nothing to the table.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

import pytest

from ebpfasm.asm import Instructions
from ebpfasm.errors import AssemblySyntaxError

ALU = {"add": 0x00, "sub": 0x10, "mul": 0x20, "div": 0x30, "or": 0x40, "and": 0x50, "lsh": 0x60, "rsh": 0x70,
       "mod": 0x90, "xor": 0xA0, "mov": 0xB0, "arsh": 0xC0}  # fmt: skip
SIGNED = {"sdiv": 0x30, "smod": 0x90}
EXTENDING = {"movsx864": (7, 8), "movsx1664": (7, 16), "movsx3264": (7, 32), "movsx832": (4, 8), "movsx1632": (4, 16)}
SWAPS = {"le": 0xD4, "be": 0xDC, "swap": 0xD7, "bswap": 0xD7}
SIZES = {"w": 0x00, "h": 0x08, "b": 0x10, "dw": 0x18}
JUMPS = {"jeq": 0x10, "jgt": 0x20, "jge": 0x30, "jset": 0x40, "jne": 0x50, "jsgt": 0x60, "jsge": 0x70,
         "jlt": 0xA0, "jle": 0xB0, "jslt": 0xC0, "jsle": 0xD0}  # fmt: skip
ATOMICS = {"add": 0x00, "or": 0x40, "and": 0x50, "xor": 0xA0}
EXCHANGES = {"xchg": 0xE1, "cmpxchg": 0xF1}
IMMEDIATES = {"0": 0, "5": 5, "-1": -1, "0xffffffff": -1, "0x80000000": -(1 << 31), "2147483647": (1 << 31) - 1,
              "-2147483648": -(1 << 31), "0x7FFFffff": (1 << 31) - 1, "010": 10}  # fmt: skip
OFFSETS = {"": 0, "+0": 0, "+8": 8, "-8": -8, "+0x10": 16, "+0xfff0": -16, "+0x8000": -0x8000, "+32767": 32767,
           "-32768": -32768}  # fmt: skip
WIDE = {"5": 5, "-1": -1, "0x1122334455667788": 0x1122334455667788, "18446744073709551615": -1,
        "-9223372036854775808": -(1 << 63), "-0x10": -16, "0xffffffff": 0xFFFFFFFF}  # fmt: skip
DISTANCES = {text: offset for text, offset in OFFSETS.items() if text}


def unit(opcode: int, dst: int = 0, src: int = 0, off: int = 0, imm: int = 0) -> bytes:
    return struct.pack("<BBhi", opcode, dst | src << 4, off, imm)


def arithmetic() -> Iterator[tuple[str, bytes]]:
    for suffix, kind in (("", 7), ("32", 4)):
        for name, code in (ALU | SIGNED).items():
            off = 1 if name in SIGNED else 0
            yield f"{name}{suffix} %r1, %r10", unit(code | kind | 8, 1, 10, off)
            for text, value in IMMEDIATES.items():
                yield f"{name}{suffix} %r9, {text}", unit(code | kind, 9, 0, off, value)
        yield f"neg{suffix} %r3", unit(0x80 | kind, 3)
    for name, (kind, bits) in EXTENDING.items():
        yield f"{name} %r1, %r2", unit(0xB8 | kind, 1, 2, bits)
    for name, opcode in SWAPS.items():
        for bits in (16, 32, 64):
            yield f"{name}{bits} %r4", unit(opcode, 4, imm=bits)


def memory() -> Iterator[tuple[str, bytes]]:
    for suffix, size in SIZES.items():
        for text, off in OFFSETS.items():
            yield f"ldx{suffix} %r1, [%r2{text}]", unit(0x61 | size, 1, 2, off)
            yield f"stx{suffix} [%r2{text}], %r1", unit(0x63 | size, 2, 1, off)
            if suffix != "dw":
                yield f"ldxs{suffix} %r1, [%r2{text}]", unit(0x81 | size, 1, 2, off)
        for text, value in IMMEDIATES.items():
            yield f"st{suffix} [%r10-8], {text}", unit(0x62 | size, 10, 0, -8, value)
    for suffix, opcode in (("", 0xDB), ("32", 0xC3)):
        for text, off in OFFSETS.items():
            for name, code in ATOMICS.items():
                yield f"lock {name}{suffix} [%r1{text}], %r2", unit(opcode, 1, 2, off, code)
                yield f"lock fetch {name}{suffix} [%r1{text}], %r2", unit(opcode, 1, 2, off, code | 1)
            for name, code in EXCHANGES.items():
                yield f"lock {name}{suffix} [%r1{text}], %r2", unit(opcode, 1, 2, off, code)
                yield f"lock fetch {name}{suffix} [%r1{text}], %r2", unit(opcode, 1, 2, off, code)
    for text, value in WIDE.items():
        low, high = struct.unpack("<ii", (value & (1 << 64) - 1).to_bytes(8, "little"))
        yield f"lddw %r1, {text}", unit(0x18, 1, imm=low) + unit(0, imm=high)


def control() -> Iterator[tuple[str, bytes]]:
    for suffix, kind in (("", 5), ("32", 6)):
        for name, code in JUMPS.items():
            for text, off in DISTANCES.items():
                yield f"{name}{suffix} %r1, 9, {text}", unit(code | kind, 1, 0, off, 9)
                yield f"{name}{suffix} %r1, %r2, {text}", unit(code | kind | 8, 1, 2, off)
            for text, value in IMMEDIATES.items():
                yield f"{name}{suffix} %r1, {text}, out\nexit\nout:", unit(code | kind, 1, 0, 1, value) + unit(0x95)
    for text, off in DISTANCES.items():
        yield f"ja {text}", unit(0x05, off=off)
    yield "ja32 -5", unit(0x06, imm=-5)
    yield "ja32 +5", unit(0x06, imm=5)
    yield "ja exit\nja32 exit\nexit\nexit", unit(0x05, off=1) + unit(0x06) + unit(0x95) + unit(0x95)
    yield "call local f\nexit\nf:\nexit", unit(0x85, src=1, imm=1) + unit(0x95) + unit(0x95)
    yield "call local +7", unit(0x85, src=1, imm=7)
    yield "call %r3", unit(0x8D, 3)
    yield "call runtime 5", unit(0x85, src=2, imm=5)
    for text, value in IMMEDIATES.items():
        yield f"call {text}", unit(0x85, imm=value)
        yield f"call helper {text}", unit(0x85, imm=value)


CASES = [*arithmetic(), *memory(), *control()]


def test_every_mnemonic_is_what_it_says() -> None:
    assert len(CASES) > 800
    differing = []
    for text, expected in CASES:
        try:
            program = Instructions.parse(text, "ubpf")
        except AssemblySyntaxError as error:
            differing.append((text, str(error)))
            continue
        if program.encode("little") != expected:
            differing.append((text, program.encode("little").hex()))
        assert Instructions.parse(program.format("ubpf"), "ubpf") == program
    assert not differing


@pytest.mark.parametrize(
    "text",
    [
        "ldxw %r0, [%r1+0x10000]", "ldxw %r0, [%r1+32768]", "ldxw %r0, [%r1+65535]", "ldxw %r0, [%r1-32769]",
        "ldxw %r0, [%r1-0x8001]", "stb [%r1+65535], 5", "ja +32768", "ja +0x10000", "jeq %r1, 5, +65535",
        "mov %r0, 0x100000000", "mov %r0, -2147483649", "mov %r0, %r11", "mov64 %r0, 1", "lock add64 [%r1], %r2",
        "lock mul [%r1], %r2", "lock fetch [%r1], %r2", "lddw %r0, 0x10000000000000000", "movsx6464 %r0, %r1",
        "be8 %r1",
        "stw %r1, [%r2]", "ldxq %r0, [%r1]", "neg %r1, %r2", "call runtime", "exit 5", "jne64 %r1, 5, +1",
    ],
)  # fmt: skip
def test_what_no_mnemonic_takes(text: str) -> None:
    with pytest.raises(AssemblySyntaxError):
        Instructions.parse(text, "ubpf")

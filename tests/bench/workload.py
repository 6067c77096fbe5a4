"""The programs the benchmark works on: the mixed program in two variants, and one for the kernel to load."""

from __future__ import annotations

import hashlib
import sys

from ebpfasm.asm import (
    JGT,
    JNE,
    R0,
    R1,
    R2,
    R3,
    R4,
    R5,
    R6,
    R7,
    RFP,
    Add,
    And,
    DWord,
    FnMapLookupElem,
    Instruction,
    Instructions,
    JEq,
    LoadImm,
    LoadMapPtr,
    LoadMem,
    LSh,
    Mov,
    Mul,
    Return,
    StoreImm,
    StoreMem,
    Word,
    Xor,
)

BLOCK = 20
"""Builder words in a block of the mixed program; one of them is a 64-bit load, so a block has 21 units."""

MIXED_SHA256 = {
    1_000: "a3729c8a6e869d9ecfcc77f2e599d51e77594dfe62186363913421e47e6b0ff0",
    10_000: "8831e87b6608b6bf6f5190cbf3832d9fddc2d16e983676475d0d4a6f620d7201",
    1_000_000: "dda3c195601adbc842645300c16ed9171e44d4342f3c41c99c8c7006225b84bb",
}
"""Of the mixed program's bytes, little endian, by its size in builder words; both variants have the same bytes."""

VERIFIED_UNITS = 10_002
VERIFIED_SHA256 = "2d3d5565a3e39d8b1c258610640933b0e7181ad8d217245e5728cfe24f2d4668"
"""Of the verifiable program's bytes, little endian."""


def labels(size: int) -> list[str]:
    """The labels of a mixed program of that size; formatting them is not part of building it."""
    return [f"b{block}" for block in range(_last_block(size) + 2)]


def labelled(size: int, labels: list[str]) -> Instructions:
    """The mixed program of ``size`` builder words, 2 or more, with a label at each block and jumps to the next one.

    5 % of the instructions carry a label, 15 % refer to one, 5 % are 64-bit loads, 5 % helper calls. It is there
    to be encoded, not verified: R6 and R7 are never written, and file descriptor 3 is made up.
    """
    items: list[Instruction] = []
    for block in range(_last_block(size) + 1):
        end = labels[block + 1]
        items += _block(block, Mov.Imm(R1, block * 7 & 0x7FFF).with_symbol(labels[block]), end, end, end)
    del items[size - 1 :]
    items.append(Return().with_symbol(labels[_last_block(size) + 1]))
    return Instructions(items)


def plain(size: int) -> Instructions:
    """The mixed program with distances, in units, in place of labels."""
    items: list[Instruction] = []
    last = _last_block(size)
    rest = size - 1 - BLOCK * last
    for block in range(last + 1):
        units = BLOCK + 1 if block < last else rest + (rest > 4)
        items += _block(block, Mov.Imm(R1, block * 7 & 0x7FFF), units - 8, units - 14, units - 20)
    del items[size - 1 :]
    items.append(Return())
    return Instructions(items)


def _last_block(size: int) -> int:
    return (size - 2) // BLOCK


def _block(
    block: int, first: Instruction, on_miss: str | int, on_more: str | int, on_other: str | int
) -> tuple[Instruction, ...]:
    return (
        first,
        Mov.Reg(R2, RFP),
        Add.Imm(R2, -8),
        StoreMem(RFP, -8, R1, DWord),
        LoadMapPtr(R1, 3),
        FnMapLookupElem.Call(),
        JEq.Imm(R0, 0, on_miss),
        LoadMem(R3, R0, 0, Word),
        Add.Reg(R3, R6),
        And.Imm(R3, 0xFF),
        LSh.Imm32(R3, 3),
        StoreMem(R0, 4, R3, Word),
        JGT.Reg(R3, R7, on_more),
        Mov.Imm32(R4, block),
        Xor.Reg(R4, R3),
        LoadMem(R5, RFP, -8, DWord),
        StoreImm(RFP, -16, block & 0x7F, Word),
        Mul.Imm(R4, 31),
        JNE.Imm32(R4, 1, on_other),
        Mov.Reg(R0, R4),
    )


def verifiable() -> Instructions:
    """A program the verifier accepts, for its load to be a measure: `VERIFIED_UNITS` units.

    A move at the start, 1,000 times the same nine instructions (ten units: moves, arithmetic, stores to and loads
    from the stack, a conditional jump, a 64-bit load), and the exit. The verifier knows both sides of each
    comparison, so it walks the program once and straight through.
    """
    block = [
        Mov.Imm(R1, 7),
        LoadImm(R2, 0x1122334455667788, DWord),
        StoreMem(RFP, -8, R1, DWord),
        StoreMem(RFP, -16, R2, DWord),
        LoadMem(R3, RFP, -8, DWord),
        LoadMem(R4, RFP, -16, DWord),
        Add.Reg(R3, R4),
        JEq.Imm(R3, 0, 1),
        Mov.Reg(R0, R3),
    ]
    return Instructions([Mov.Imm(R0, 0), *block * 1000, Return()])


def verifiable_code(byteorder: str = sys.byteorder) -> bytes:
    """The bytes of the verifiable program, made sure to be the ones that have always been measured."""
    program = verifiable()
    found = hashlib.sha256(program.encode("little")).hexdigest()
    if found != VERIFIED_SHA256:
        raise AssertionError(f"the program to load has another SHA-256 than it should have: {found}")
    return program.encode(byteorder)

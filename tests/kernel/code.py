"""Programs as bytes, for tests of a layer that knows no instructions."""

from __future__ import annotations

import struct

SCHED_CLS = 3


def insn(opcode: int, dst: int = 0, src: int = 0, off: int = 0, imm: int = 0) -> bytes:
    registers = struct.pack("=B", dst | src << 4) if struct.pack("=H", 1) == b"\1\0" else bytes([dst << 4 | src])
    return struct.pack("=B", opcode) + registers + struct.pack("=hi", off, imm)


EXIT = insn(0x95)


def returns(value: int) -> bytes:
    """A program that returns ``value``."""
    return insn(0xB7, imm=value) + EXIT

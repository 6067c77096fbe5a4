"""The tag the kernel gives a program: a hash of its bytes, but for what differs from load to load."""

from __future__ import annotations

import hashlib

from ebpfasm.asm.instruction import LOAD_64
from ebpfasm.asm.program import Instructions
from ebpfasm.errors import OperandError

__all__ = ["tag_of"]

OF_A_MAP = (1, 2)
"""What `src` says of a 64-bit load of a map, or of an address in its value."""


def tag_of(program: Instructions, algorithm: str, byteorder: str) -> str:
    """The tag of a program; see `Instructions.tag`."""
    if algorithm not in ("sha256", "sha1"):
        raise OperandError(
            f"tag: algorithm must be 'sha256' or 'sha1', not {algorithm!r}", field="algorithm", value=algorithm
        )
    zeroed = [
        instruction.with_reference(None).replace(imm=0)
        if instruction.opcode == LOAD_64 and instruction.src in OF_A_MAP
        else instruction
        for instruction in program.resolved()
    ]
    return hashlib.new(algorithm, Instructions(zeroed).encode(byteorder)).hexdigest()[:16]

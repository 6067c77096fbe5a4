"""The entry stub as instructions, bytes and a listing; no Linux, no root.

It is the program of Cilium's IPVLAN connector: hand each packet to whatever program is in slot 0 of a
program array, and let it pass where the slot is empty.
"""

from __future__ import annotations

from ebpfasm import asm


def entry_prog(fd: int) -> asm.Instructions:
    """Tail-call slot 0 of the program array ``fd``."""
    return asm.Instructions(
        [
            asm.LoadMapPtr(asm.R2, fd),
            asm.Mov.Imm(asm.R3, 0),
            asm.FnTailCall.Call(),
            asm.Mov.Imm(asm.R0, 0),
            asm.Return(),
        ]
    )


if __name__ == "__main__":
    stub = entry_prog(0xAABBCCDD)
    print(f"{len(stub)} instructions, {stub.units} units of 8 bytes\n")
    print(stub.listing("little"), end="\n\n")
    for byteorder in ("little", "big"):
        print(f"{byteorder}-endian:", stub.encode(byteorder).hex(" ", 8))
    print("tag, as the kernel takes it since Linux 6.18:", stub.tag("sha256", "little"))

"""A program is replaced under a running socket, in a network namespace made for it. Needs Linux and root.

The stub is attached once, to the loopback device of the namespace. What happens to packets is then a
matter of slot 0, which this process writes from outside.
"""

from __future__ import annotations

import os
import socket

from ebpfasm import Program, ProgramType, asm
from ebpfasm.datapath import Pod
from ebpfasm.kernel import netlink, netns

TC_ACT_OK, TC_ACT_SHOT = 0, 2
LOOPBACK = 1  # the index of lo in every namespace


def verdict(number: int, name: str) -> Program:
    """A program that gives every packet the same verdict."""
    return Program.load(
        ProgramType.SCHED_CLS,
        asm.Instructions([asm.Mov.Imm(asm.R0, number), asm.Return()]),
        name=name,
    )


def arrives(sender: socket.socket, receiver: socket.socket) -> str:
    """Send a packet, and say what became of it."""
    sender.sendto(b"ping", receiver.getsockname())
    try:
        receiver.recv(16)
    except TimeoutError:
        return "is lost"
    return "arrives"


def main(place: str) -> None:
    """Send packets through ever another program."""
    netlink.set_up(LOOPBACK, place)
    with (
        Pod.connect(place, "lo") as pod,
        verdict(TC_ACT_OK, "pass") as passing,
        verdict(TC_ACT_SHOT, "drop") as dropping,
        # A socket stays in the namespace it was made in.
        netns.run_in(place, socket.socket, socket.AF_INET, socket.SOCK_DGRAM) as sender,
        netns.run_in(place, socket.socket, socket.AF_INET, socket.SOCK_DGRAM) as receiver,
    ):
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(0.2)
        print("slot 0 empty: a packet", arrives(sender, receiver))
        for program in (passing, dropping, passing):
            pod.swap(program)
            print(f"slot 0 holds {program.name!r}: a packet", arrives(sender, receiver))
        pod.clear()
        print("slot 0 empty: a packet", arrives(sender, receiver))


if __name__ == "__main__":
    name = f"ebpfasm-example-{os.getpid()}"
    netns.create(name)
    try:
        main(name)
    finally:
        netns.delete(name)

"""Who reaches whom: one datagram from a namespace to an address in another."""

from __future__ import annotations

import socket
import time
from ipaddress import ip_address

from ebpfasm.kernel.netns import run_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ebpfasm.kernel.netns import NetNSLike

__all__ = ["PORT", "reaches"]

PORT = 4242
ARRIVAL_S = 5.0  # how long a datagram that is let through may take on a busy machine
SILENCE_S = 0.3  # how long to wait for one that is to be dropped
TRY_S = 0.25  # the first may be lost while neighbours are looked up; another is sent after so long


def reaches(sender: NetNSLike, receiver: NetNSLike, address: str, *, port: int = PORT, expected: bool = True) -> bool:
    """Send datagrams from one namespace to an address that is the other's; return whether one arrives.

    With ``expected`` it waits long for one, without it a short time.
    """
    family = socket.AF_INET if ip_address(address).version == 4 else socket.AF_INET6
    with (
        run_in(receiver, socket.socket, family, socket.SOCK_DGRAM) as there,
        run_in(sender, socket.socket, family, socket.SOCK_DGRAM) as here,
    ):
        there.bind((address, port))
        there.settimeout(TRY_S)
        deadline = time.monotonic() + (ARRIVAL_S if expected else SILENCE_S)
        while time.monotonic() < deadline:
            try:
                here.sendto(b"reach", (address, port))
            except OSError:  # no route, or a neighbour that does not answer
                time.sleep(TRY_S)
                continue
            try:
                there.recv(16)
            except TimeoutError:
                continue
            return True
    return False

"""Two pods on a node, and a policy between them: who gets through, and what each rule counted.

Needs Linux and root. Everything is in network namespaces of its own, and gone at the end. With the connector `Ipvlan`
in the place of `Veth` it is the same, on a device of the host.
"""

from __future__ import annotations

import os
import socket
from contextlib import ExitStack

from ebpfasm.datapath import Node, Policy, Veth
from ebpfasm.kernel import netns

POLICY = """
allow ingress from 10.1.0.11 udp port 53      # the shop may ask
deny  ingress from 10.1.0.0/16
default ingress allow
"""
NAMES = [f"ebpfasm-{os.getpid()}-{role}" for role in ("host", "web", "shop")]


def asks(sender: str, receiver: str, address: str, port: int) -> bool:
    """Whether a datagram from one namespace arrives at an address in another."""
    with (
        netns.run_in(sender, socket.socket, socket.AF_INET, socket.SOCK_DGRAM) as here,
        netns.run_in(receiver, socket.socket, socket.AF_INET, socket.SOCK_DGRAM) as there,
    ):
        there.bind((address, port))
        there.settimeout(0.5)
        here.sendto(b"?", (address, port))
        try:
            return there.recv(1) == b"?"
        except TimeoutError:
            return False


def main() -> None:
    """Make it all, ask, and tell."""
    with ExitStack() as undo:
        for name in NAMES:
            netns.create(name)
            undo.callback(netns.delete, name)
        host, web, shop = NAMES
        node = undo.enter_context(Node.create(Veth(forwarding=True), netns=host))
        server = node.connect(web, "10.1.0.10", name="web")
        node.connect(shop, "10.1.0.11", name="shop")

        server.set_ingress(Policy.parse(POLICY))
        for port in (53, 80):
            print(f"shop -> web, port {port}:", "arrived" if asks(shop, web, "10.1.0.10", port) else "dropped")
        print(server.ingress.counts())


if __name__ == "__main__":
    main()

"""Network namespaces and device pairs for one test."""

from __future__ import annotations

import itertools
import os
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["OWN_PREFIX", "Veth", "namespaces", "unique_name", "veth_pair"]

LOOPBACK = 1  # the index of lo in every namespace
OWN_PREFIX = f"ebpfasm-{os.getpid()}"
_numbers = itertools.count()


@dataclass(frozen=True)
class Veth:
    """A veth pair between two namespaces of the test, up, with addresses."""

    netns: str
    name: str
    index: int
    address: str
    peer_netns: str
    peer: str
    peer_index: int
    peer_address: str


def unique_name() -> str:
    """Return a name for a namespace that no other test, nor another run of the tests, uses."""
    return f"{OWN_PREFIX}-{next(_numbers)}"


@contextmanager
def namespaces() -> Iterator[Callable[[], str]]:
    """Give a function that makes a namespace and returns its name; all of them are deleted at the end."""
    from ebpfasm.kernel.netns import create, delete, names

    def make() -> str:
        name = unique_name()
        create(name)
        undo.callback(delete_if_there, name)
        return name

    def delete_if_there(name: str) -> None:
        if name in names():  # a test may have deleted its own
            delete(name)

    with ExitStack() as undo:
        yield make


def veth_pair(make_namespace: Callable[[], str]) -> Veth:
    """Make a veth pair between two namespaces made for it, ``eth0`` in both, up and addressed; they own it."""
    from ebpfasm.kernel.threads import in_thread

    return in_thread(_joined, make_namespace(), make_namespace())


def _joined(near: str, far: str) -> Veth:
    """Join two namespaces by a veth pair; in a thread without an event loop."""
    from ebpfasm.kernel import netlink

    with netlink.conversation(near) as here, netlink.conversation(far) as there:
        index, peer_index = netlink.create_veth("eth0", "eth0", netns=here, peer_netns=there)
        pair = Veth(near, "eth0", index, "10.0.0.1", far, "eth0", peer_index, "10.0.0.2")
        for place, its_index, address in ((here, index, pair.address), (there, peer_index, pair.peer_address)):
            netlink.set_up(LOOPBACK, place)
            netlink.add_address(its_index, f"{address}/24", place)
            netlink.set_up(its_index, place)
    return pair

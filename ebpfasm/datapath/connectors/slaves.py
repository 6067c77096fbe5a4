"""The ipvlan slaves of a device, wherever they are: the kernel lists links by namespace only."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ebpfasm.errors import KernelError
from ebpfasm.kernel import link_info, netlink
from ebpfasm.kernel.conversation import Conversation
from ebpfasm.kernel.devices import IPVLAN_FLAGS, IPVLAN_MODES
from ebpfasm.kernel.namespaces import everywhere

if TYPE_CHECKING:
    from ipaddress import IPv4Address, IPv6Address

    from ebpfasm.kernel.netns import NetNS

__all__ = ["Slave", "owner_of", "slaves_of"]

MODES = {number: name for name, number in IPVLAN_MODES.items()}
FLAGS = {number: name for name, number in IPVLAN_FLAGS.items()}


class Slave(NamedTuple):
    """An ipvlan slave."""

    name: str
    place: str
    """The namespace it is in, in words."""
    mode: str
    flags: str
    addresses: tuple[IPv4Address | IPv6Address, ...] = ()

    def __str__(self) -> str:
        """Return words for a message."""
        return f"{self.name!r} in {self.place}"


def slaves_of(master: int, host: NetNS) -> list[Slave]:
    """Return the slaves of a device of the namespace ``host`` in all namespaces that can be reached and entered.

    It takes about a millisecond for each namespace of the machine.
    """
    found = []
    for one in everywhere():
        words = f"network namespace {one.words!r}" if one.named else f"the network namespace of {one.words}"
        place = one.open()
        if place is None:
            continue
        try:
            with place, Conversation(place) as talk:
                found += _here(master, host, talk, words)
        except KernelError:  # it may not be entered, or has gone
            continue
    return found


def owner_of(address: IPv4Address | IPv6Address, master: int, host: NetNS) -> Slave | None:
    """Return the slave of the device that has the address, if it can be found."""
    for slave in slaves_of(master, host):
        if address in slave.addresses:
            return slave
    return None


def _here(master: int, host: NetNS, talk: Conversation, words: str) -> list[Slave]:
    own = talk == host
    number = None if own else netlink.netns_id(host.fileno(), talk)
    if number is None and not own:
        return []  # no device in here is on top of one of the host's
    slaves = [
        about for about in link_info.links(talk, "ipvlan") if about.lower == master and about.lower_netns_id == number
    ]
    if not slaves:
        return []
    addresses = netlink.addresses(netns=talk)
    return [
        Slave(
            about.name,
            str(host) if own else words,
            MODES.get(about.mode or 0, str(about.mode)),
            FLAGS.get(about.flags or 0, str(about.flags)),
            tuple(address.ip for index, address in addresses if index == about.ifindex),
        )
        for about in slaves
    ]

"""What connectors of all kinds check and do for a pod's device."""

from __future__ import annotations

from errno import ENODEV, ENOENT, ESRCH
from ipaddress import IPv4Interface, IPv6Interface, ip_network
from typing import TYPE_CHECKING

from ebpfasm.errors import KernelError, KeyExists, OperandError
from ebpfasm.kernel import netlink
from ebpfasm.kernel.conversation import in_range
from ebpfasm.kernel.devices import checked_mac, checked_name

if TYPE_CHECKING:
    from collections.abc import Callable
    from ipaddress import IPv4Network, IPv6Network

    from ebpfasm.datapath.connectors.connector import Interface
    from ebpfasm.datapath.steps import Steps
    from ebpfasm.kernel.netns import NetNS

__all__ = ["ANYWHERE", "add_host_route", "alone", "checked", "families", "if_there"]

ANYWHERE = {4: "0.0.0.0/0", 6: "::/0"}
"""The destination of a default route, by family."""

LEAST_MTU = {4: 68, 6: 1280}
"""What a device must be able to send, by family: RFC 791, RFC 8200; below it the kernel takes the family off it."""
MOST_MTU = 65535  # ETH_MAX_MTU, linux/if_ether.h


def checked(kind: str, interface: Interface, netns: NetNS, host: NetNS) -> None:
    """Refuse what can be no pod's device, before anything is done.

    Raises:
        OperandError: with the field of `Interface` at fault.
    """
    checked_name(kind, interface.name)
    if netns == host:
        raise OperandError(
            f"{kind}: a pod's namespace must be another one than the host's, and both are {netns}",
            field="netns",
            value=netns,
        )
    if interface.mac is not None:
        checked_mac(kind, interface.mac)
        if int(interface.mac[:2], 16) & 1:
            raise OperandError(
                f"{kind}: mac {interface.mac} is a group's address, which no device can have",
                field="mac",
                value=interface.mac,
            )
    if interface.rp_filter is not None:
        in_range("rp_filter", interface.rp_filter, 0, 2)
    _check_addresses(kind, interface)
    if interface.mtu is not None:
        least = max((LEAST_MTU[version] for version in families(interface)), default=LEAST_MTU[4])
        in_range("mtu", interface.mtu, least, MOST_MTU)


def _check_addresses(kind: str, interface: Interface) -> None:
    seen = set()
    for address in interface.addresses:
        if not isinstance(address, IPv4Interface | IPv6Interface):
            raise OperandError(
                f"{kind}: an address must be an IPv4Interface or IPv6Interface of ipaddress, not {address!r}",
                field="addresses",
                value=address,
            )
        ip = address.ip
        why = ""
        if ip.is_multicast or ip.is_unspecified or ip.is_loopback or (ip.version == 4 and ip.is_reserved):
            why = "cannot be a device's address"  # 240.0.0.0/4 takes in the broadcast address
        elif ip in seen:
            why = "is given twice"
        elif address.version == 4 and address.network.prefixlen < 31 and ip == address.network.broadcast_address:
            why = f"is the broadcast address of {address.network}"
        if why:
            raise OperandError(f"{kind}: {address} {why}", field="addresses", value=address)
        seen.add(ip)


def families(interface: Interface) -> list[int]:
    """Return 4, 6 or both: the families of the device's addresses."""
    return sorted({address.version for address in interface.addresses})


def add_host_route(steps: Steps, host: NetNS, device: str, index: int, address: IPv4Interface | IPv6Interface) -> None:
    """Add the host's route to one of a pod's addresses, by the device it is behind.

    Raises:
        KeyExists: there is one already: the address is another pod's.
    """
    steps.step = f"adding the host's route to {address.ip} by {device}"
    try:
        netlink.add_route(alone(address), index=index, netns=host)
    except KeyExists as error:
        raise KeyExists(
            error.errno or 0, f"{error}: {address.ip} is another pod's address", command=error.command
        ) from error


def alone(address: IPv4Interface | IPv6Interface) -> IPv4Network | IPv6Network:
    """Return the network of just that address."""
    return ip_network(address.ip)


def if_there(undo: Callable[..., object], *args: object, **options: object) -> None:
    """Undo something; that it is gone already, alone or with its namespace, is no error."""
    try:
        undo(*args, **options)
    except KernelError as error:
        if error.errno not in {ENODEV, ENOENT, ESRCH}:
            raise

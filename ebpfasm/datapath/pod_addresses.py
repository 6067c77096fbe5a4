"""The addresses of a pod as they may be given, and what leads to it."""

from __future__ import annotations

from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    IPv6Network,
    ip_interface,
)

from ebpfasm.datapath.addresses import network
from ebpfasm.errors import OperandError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TypeAlias

    from ebpfasm.datapath.addresses import Addressed

Interface = IPv4Interface | IPv6Interface
Address: TypeAlias = "str | IPv4Address | IPv6Address | Interface"

__all__ = ["Address", "interface_addresses", "leading_to"]


def interface_addresses(given: Iterable[Address] | Address) -> tuple[Interface, ...]:
    """The addresses of a pod's device, of one or several, each with a prefix length.

    Raises:
        OperandError: there is none, one of them is no address that a device can have, or is there twice.
    """
    several = [given] if isinstance(given, (str, IPv4Address, IPv6Address)) else list(given)
    found = tuple(_interface(each) for each in several)
    if not found:
        raise OperandError("addresses: a pod has at least one address", field="addresses", value=given)
    for each in found:
        if each.is_multicast or each.is_unspecified or each.is_loopback:
            raise OperandError(f"addresses: {each} cannot be a pod's address", field="addresses", value=each)
    if len({each.ip for each in found}) != len(found):
        raise OperandError(
            f"addresses: one of {', '.join(map(str, found))} is there twice", field="addresses", value=given
        )
    return found


def leading_to(addresses: Iterable[Interface], prefixes: Iterable[Addressed]) -> tuple[IPv4Network | IPv6Network, ...]:
    """What leads to a pod: each of its addresses alone, and the prefixes behind it; each once.

    Raises:
        OperandError: one of the prefixes is none.
    """
    return tuple(
        dict.fromkeys(
            [
                *(network(address.ip, "addresses") for address in addresses),
                *(network(each, "prefixes") for each in prefixes),
            ]
        )
    )


def _interface(given: Address) -> Interface:
    try:
        return ip_interface(given)
    except ValueError as error:
        raise OperandError(f"addresses: {error}", field="addresses", value=given) from None

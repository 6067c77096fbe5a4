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

from ebpfasm.datapath.addresses import leading, network
from ebpfasm.errors import OperandError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, TypeAlias

    from ebpfasm.datapath.addresses import Addressed

Interface = IPv4Interface | IPv6Interface
Address: TypeAlias = "str | IPv4Address | IPv6Address | Interface"

ADDRESSES = (str, IPv4Address, IPv6Address)
"""What an address is given as; the interfaces of `ipaddress` are addresses as well."""

__all__ = ["Address", "interface_addresses", "leading_to"]


def interface_addresses(given: Iterable[Address] | Address) -> tuple[Interface, ...]:
    """The addresses of a pod's device, of one or several, each with a prefix length.

    Raises:
        OperandError: there is none, one of them is no address that a device can have, or is there twice.
    """
    found = tuple(_interface(each) for each in _several("addresses", given))
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


def leading_to(
    addresses: Iterable[Interface], prefixes: Iterable[Addressed] | Addressed
) -> tuple[IPv4Network | IPv6Network, ...]:
    """What leads to a pod: each of its addresses alone, and the prefixes behind it; each once.

    Raises:
        OperandError: one of the prefixes is none, or has the IPv4-mapped addresses in it.
    """
    return tuple(
        dict.fromkeys(
            [
                *(network(address.ip, "addresses") for address in addresses),
                *(leading(each, "prefixes") for each in _several("prefixes", prefixes)),
            ]
        )
    )


def _several(field: str, given: Any) -> tuple[Any, ...]:
    """What may be one or several, as several."""
    if isinstance(given, (*ADDRESSES, IPv4Network, IPv6Network)):
        return (given,)
    try:
        return tuple(given)
    except TypeError:
        raise OperandError(f"{field}: must be one or several, not {given!r}", field=field, value=given) from None


def _interface(given: Address) -> Interface:
    if not isinstance(given, ADDRESSES):  # ip_interface() takes numbers as well, and bytes
        raise OperandError(
            f"addresses: must be addresses such as '10.0.0.7', not {given!r}", field="addresses", value=given
        )
    try:
        return ip_interface(given)
    except ValueError as error:
        raise OperandError(f"addresses: {error}", field="addresses", value=given) from None

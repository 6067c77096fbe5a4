"""Addresses and prefixes of both families as the keys of one longest-prefix map."""

from __future__ import annotations

import sys
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

from ebpfasm.errors import OperandError

TYPE_CHECKING = False
if TYPE_CHECKING:
    Network = IPv4Network | IPv6Network
    Addressed = str | IPv4Address | IPv6Address | IPv4Network | IPv6Network

__all__ = ["AddressKey", "leading", "network"]

MAPPED = bytes(10) + b"\xff\xff"
"""The first 12 bytes of an IPv4-mapped IPv6 address (RFC 4291 §2.5.5.2)."""
MAPPED_BITS = 96
ALL_MAPPED = IPv6Network((MAPPED + bytes(4), MAPPED_BITS))


class AddressKey:
    """A codec for map keys: an address or prefix as 4 bytes of prefix length, host order, and 16 bytes of address.

    It is ``struct bpf_lpm_trie_key`` with both families in one key space: IPv4 is IPv4-mapped, its prefix 96 longer.
    Writing takes a str or an object of `ipaddress`; reading gives an ``IPv4Network`` or ``IPv6Network``.
    """

    __slots__ = ()

    def encode(self, value: Addressed | bytes) -> bytes:
        """The 20 bytes of an address or prefix; bytes as they are.

        Raises:
            OperandError: it is neither, or a prefix with bits set beyond its length.
        """
        if isinstance(value, (bytes, bytearray, memoryview)):
            if len(value) != 20:
                raise OperandError(f"key: an address's key has 20 bytes, not {len(value)}", field="key", value=value)
            return bytes(value)
        prefix = network(value, "key")
        packed = prefix.network_address.packed
        if prefix.version == 4:
            return (prefix.prefixlen + MAPPED_BITS).to_bytes(4, sys.byteorder) + MAPPED + packed
        return prefix.prefixlen.to_bytes(4, sys.byteorder) + packed

    def decode(self, data: bytes) -> Network:
        """The prefix of these bytes; that of a single address has all its bits."""
        length, address = int.from_bytes(data[:4], sys.byteorder), data[4:20]
        if length >= MAPPED_BITS and address.startswith(MAPPED):
            return IPv4Network((address[12:], length - MAPPED_BITS))
        return IPv6Network((address, length))


def network(value: Addressed, field: str) -> Network:
    """The prefix that a str or an object of `ipaddress` means; of an address the one with all its bits.

    Args:
        field: what it is for, for messages.

    Raises:
        OperandError: it is none, has bits set beyond its length, or a scope (``%eth0``).
    """
    if isinstance(value, bool) or not isinstance(value, (str, IPv4Address, IPv6Address, IPv4Network, IPv6Network)):
        raise OperandError(
            f"{field}: must be an address or a prefix such as '10.0.0.0/8', not {value!r}", field=field, value=value
        )
    if "%" in str(value):
        raise OperandError(f"{field}: {str(value)!r} has a scope, which no packet carries", field=field, value=value)
    try:
        return ip_network(value)
    except ValueError as error:
        found = _without_host_bits(value)
        address = str(value).partition("/")[0]
        reason = (
            f"{value} has bits set beyond its prefix; the prefix is {found}, the address {address}" if found else error
        )
        raise OperandError(f"{field}: {reason}", field=field, value=value) from None


def leading(value: Addressed, field: str) -> Network:
    """The prefix that a str or an object of `ipaddress` means, as the key of a map that leads packets somewhere.

    Raises:
        OperandError: it is none, as for `network`, or an IPv6 prefix with the IPv4-mapped addresses in it, which would
            lead all IPv4 packets there as well.
    """
    prefix = network(value, field)
    if prefix.version == 6 and prefix.supernet_of(ALL_MAPPED):
        raise OperandError(
            f"{field}: {prefix} takes in ::ffff:0:0/96, by which IPv4 addresses are looked up, so IPv4 packets would "
            "be led there as well; give longer prefixes, such as 2000::/3 and fc00::/7",
            field=field, value=value,
        )  # fmt: skip
    return prefix


def _without_host_bits(value: object) -> Network | None:
    try:
        return ip_network(str(value), strict=False)
    except ValueError:
        return None

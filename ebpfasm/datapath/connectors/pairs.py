"""What the connectors have in common whose pods are at one end of a pair of devices, with the host at the other."""

from __future__ import annotations

import os
from errno import ENOENT
from functools import partial
from ipaddress import ip_address
from typing import TYPE_CHECKING

from ebpfasm.datapath.connectors import pod_side
from ebpfasm.errors import KernelError, OperandError
from ebpfasm.kernel import netlink, sysctl
from ebpfasm.kernel.devices import checked_name

if TYPE_CHECKING:
    from collections.abc import Mapping
    from ipaddress import IPv4Address, IPv6Address

    from ebpfasm.datapath.connectors.connector import Interface, Plugged
    from ebpfasm.datapath.steps import Steps
    from ebpfasm.kernel.conversation import Conversation
    from ebpfasm.kernel.netns import NetNS

__all__ = ["GATEWAYS", "Ends", "checked_prefix", "host_name", "new_mac", "turn_forwarding_on"]

FORWARDING = (("ipv4", "ip_forward"), ("ipv6", "conf", "all", "forwarding"))
GATEWAYS = {4: ip_address("169.254.1.1"), 6: ip_address("fe80::1")}
"""Where pods' default routes lead, by family: no device has these addresses, but each pod knows their hardware."""

MOST_PREFIX = 7  # bytes, before eight digits of an inode's number


def checked_prefix(word: str, prefix: str) -> str:
    """Return the beginning of the host ends' names; raise OperandError if none can begin so."""
    checked_name(word, prefix)
    if len(os.fsencode(prefix)) > MOST_PREFIX:
        raise OperandError(
            f"{word}: host_prefix must have 1..{MOST_PREFIX} bytes, not {prefix!r}",
            field="host_prefix",
            value=prefix,
            low=1,
            high=MOST_PREFIX,
        )
    return prefix


def host_name(prefix: str, netns: NetNS) -> str:
    """Return the name of the host's end for a pod: the same one each time, and no other pod's of this moment."""
    return f"{prefix}{netns.inode & 0xFFFFFFFF:08x}"


def new_mac() -> str:
    """Return a hardware address by chance: locally administered, and of one device."""
    octets = bytearray(os.urandom(6))
    octets[0] = octets[0] & 0xFC | 0x02
    return octets.hex(":")


class Ends:
    """A pair of devices that is being started: the pod's end and the host's.

    Nothing that is done here needs to be undone by itself: it goes with the devices.
    """

    def __init__(self, pod: Conversation, interface: Interface, plugged: Plugged, host: Conversation) -> None:
        self._pod, self._host = pod, host
        self._interface = interface
        self._index = plugged.ifindex
        self._host_index = plugged.host_ifindex or 0
        self._host_device = plugged.to_pod.device if plugged.to_pod else "the host's end"

    def add_addresses(self, steps: Steps) -> None:
        """Give the pod's end its addresses, without routes to their networks: the host routes all of it."""
        for address in self._interface.addresses:
            steps.step = f"giving {self._interface.name} the address {address}"
            netlink.add_address(self._index, address, self._pod, prefix_route=False)

    def bring_up(self, steps: Steps, *, host_mac: str | None = None, mac: str | None = None) -> None:
        """Bring both ends up, with hardware addresses where they are given."""
        steps.step = f"bringing {self._host_device} up"
        netlink.set_link(self._host_index, self._host, up=True, mac=host_mac)
        steps.step = f"bringing {self._interface.name} up in {self._pod}"
        netlink.set_link(self._index, self._pod, up=True, mac=mac, rp_filter=self._interface.rp_filter)

    def introduce(self, steps: Steps, host_mac: str, mac: str) -> None:
        """Tell each side the other's hardware address for good: the gateways' and the pod's addresses'."""
        for version in pod_side.families(self._interface):
            steps.step = f"telling the pod of its gateway {GATEWAYS[version]}"
            netlink.add_neighbour(self._index, GATEWAYS[version], host_mac, self._pod)
        for address in self._interface.addresses:
            steps.step = f"telling the host of {address.ip} behind {self._host_device}"
            netlink.add_neighbour(self._host_index, address.ip, mac, self._host)

    def add_routes(self, steps: Steps, gateways: Mapping[int, IPv4Address | IPv6Address]) -> None:
        """Add the pod's default routes, through gateways or without, and the host's routes to the pod.

        A pod without default routes gets routes to the gateways alone, for others to lead through.
        """
        for version in pod_side.families(self._interface):
            gateway = gateways.get(version)
            if self._interface.default_route:
                steps.step = f"adding the pod's default route by {self._interface.name}"
                netlink.add_route(
                    pod_side.ANYWHERE[version],
                    via=gateway,
                    index=self._index,
                    onlink=gateway is not None,
                    netns=self._pod,
                )
            elif gateway is not None:
                steps.step = f"adding the pod's route to {gateway} by {self._interface.name}"
                netlink.add_route(str(gateway), index=self._index, netns=self._pod)
        for address in self._interface.addresses:
            pod_side.add_host_route(steps, self._host, self._host_device, self._host_index, address)


def turn_forwarding_on(steps: Steps, host: NetNS) -> None:
    """Have the host's namespace forward packets of both families, as long as these steps are not undone."""
    for setting in FORWARDING:
        name = ".".join(("net", *setting))
        steps.step = f"turning {name} on in {host}"
        try:
            before = sysctl.read(setting, host)
        except KernelError as error:
            if setting[0] == "ipv6" and error.errno == ENOENT:  # a kernel without it
                continue
            raise
        if before == 0:
            sysctl.write(setting, 1, host)
            steps.done(f"turned {name} off", partial(sysctl.write, setting, 0, host))

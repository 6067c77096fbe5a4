"""The netkit connector: pairs of devices that are made for BPF programs (Linux 6.7)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from ebpfasm.datapath.connectors import pairs, pod_side
from ebpfasm.datapath.connectors.connector import Connector, Hook, Plugged, Site
from ebpfasm.errors import OperandError
from ebpfasm.kernel import devices, link_info, netlink
from ebpfasm.kernel.conversation import conversation

if TYPE_CHECKING:
    from ebpfasm.datapath.connectors.connector import Interface
    from ebpfasm.datapath.steps import Steps
    from ebpfasm.kernel.netns import NetNS

__all__ = ["Netkit", "NetkitSite"]

PRIMARY, PEER = 54, 55  # AttachType.NETKIT_PRIMARY, NETKIT_PEER


class Netkit(Connector):
    """Pods at the peer of a netkit pair each, routed by the host; both programs are attached from the host.

    A pod cannot take them off, and packets do not pass a queue between the two namespaces as they do with veth.

    Args:
        host_prefix, forwarding: as of `Veth`.
        mode: ``"l3"``: no hardware addresses, no ARP; ``"l2"``: with both.
        policy: what happens to packets to and from the pod while no program is attached: ``"pass"`` or ``"drop"``.

    Raises:
        OperandError: no device can have such a name, or there is no such mode or policy.
    """

    kind = "netkit"

    def __init__(
        self, *, host_prefix: str = "netkit", mode: str = "l3", policy: str = "pass", forwarding: bool = False
    ) -> None:
        devices.chosen("Netkit", "mode", mode, devices.NETKIT_MODES)
        devices.chosen("Netkit", "policy", policy, devices.NETKIT_POLICIES)
        self.host_prefix = pairs.checked_prefix("Netkit", host_prefix)
        self.mode, self.policy = mode, policy
        self.forwarding = forwarding

    def prepare(self, steps: Steps, host: NetNS) -> NetkitSite:
        """Turn forwarding on if that was asked for; there is nothing else to prepare."""
        if self.forwarding:
            pairs.turn_forwarding_on(steps, host)
        return NetkitSite(self, host)


class NetkitSite(Site):
    """A namespace with netkit pairs to its pods; made by `Netkit.prepare`."""

    keeps_origin = False  # netkit_prep_forward() scrubs packets before it runs the program, drivers/net/netkit.c

    def __init__(self, connector: Netkit, host: NetNS) -> None:
        self._connector = connector
        self._host = host

    def plug(self, steps: Steps, netns: NetNS, interface: Interface, *, host: NetNS | None = None) -> Plugged:
        """Make a pair, the primary in the host; see `Site.plug`.

        Raises:
            NotSupported: the kernel has no netkit (CONFIG_NETKIT, since Linux 6.7).
            OperandError: a hardware address is asked for, which netkit devices choose themselves.
        """
        ours = self._connector
        steps.do(f"checking what {interface.name} is to be", pod_side.checked, "netkit", interface, netns, self._host)
        if interface.mac is not None:  # netkit_validate(), drivers/net/netkit.c
            raise OperandError(
                f"netkit: devices choose their hardware addresses, so mac must be None, not {interface.mac!r}",
                field="mac",
                value=interface.mac,
            )
        name = pairs.host_name(ours.host_prefix, netns)
        with conversation(netns) as pod, conversation(host or self._host) as talk:
            steps.step = f"making netkit pair {name} and {interface.name} (in {netns})"
            host_index, index = devices.create_netkit(
                name,
                interface.name,
                netns=talk,
                peer_netns=pod,
                mode=ours.mode,
                policy=ours.policy,
                peer_policy=ours.policy,
                mtu=interface.mtu,
            )
            undo = partial(netlink.delete_link, host_index, self._host)
            steps.done(f"deleted {name} and {interface.name}", partial(pod_side.if_there, undo))
        at_host = host or self._host
        return Plugged(
            index,
            Hook(at_host, host_index, name, PEER, "from the pod"),
            Hook(at_host, host_index, name, PRIMARY, "to the pod"),
            host_index,
        )

    def start(
        self, steps: Steps, netns: NetNS, interface: Interface, plugged: Plugged, *, host: NetNS | None = None
    ) -> None:
        """Bring both ends up, with the pod's addresses and routes, and the host's routes to it; see `Site.start`."""
        with conversation(netns) as pod, conversation(host or self._host) as talk:
            ends = pairs.Ends(pod, interface, plugged, talk)
            ends.add_addresses(steps)
            ends.bring_up(steps)
            if self._connector.mode == "l2":
                steps.step = f"looking at both ends of {plugged.from_pod.device}"
                host_mac = link_info.link(plugged.from_pod.ifindex, talk).mac
                ends.introduce(steps, host_mac, link_info.link(plugged.ifindex, pod).mac)
                ends.add_routes(steps, pairs.GATEWAYS)
            else:
                ends.add_routes(steps, {})

"""The veth connector: each pod's device is one end of a pair, and its programs are at the host's end."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from ebpfasm.datapath.connectors import pairs, pod_side
from ebpfasm.datapath.connectors.connector import Connector, Hook, Plugged, Site
from ebpfasm.errors import OperandError
from ebpfasm.kernel import devices, netlink
from ebpfasm.kernel.conversation import conversation

if TYPE_CHECKING:
    from ebpfasm.datapath.connectors.connector import Interface
    from ebpfasm.datapath.steps import Steps
    from ebpfasm.kernel.netns import NetNS

__all__ = ["Veth", "VethSite"]

INGRESS, EGRESS = 46, 47  # AttachType.TCX_INGRESS, TCX_EGRESS


class Veth(Connector):
    """Pods at one end of a veth pair each, routed by the host; as in Cilium's VXLAN mode.

    Pods reach each other and the host through the host's routing, whatever prefix their addresses have. Neighbours
    are known for good on both sides, so no packet waits for ARP and none is sent.

    Args:
        host_prefix: how the host ends' names begin, at most 7 bytes; the inode of the pod's namespace follows in
            hexadecimal digits. One connector makes one device for a pod.
        stub: where a pod's programs go: ``"host"``, at the host end's ingress; or ``"pod"``, at the egress of the
            pod's own end, where a privileged pod could take them off: the form to compare with.
        forwarding: turn net.ipv4.ip_forward and net.ipv6.conf.all.forwarding on in the host's namespace while the
            site is there. Otherwise that is left to whoever the machine belongs to, and pods reach only the host
            where it is off.

    Raises:
        OperandError: no device can have such a name, or there is no such place for the stub.
    """

    kind = "veth"

    def __init__(self, *, host_prefix: str = "veth", stub: str = "host", forwarding: bool = False) -> None:
        if stub not in {"host", "pod"}:
            raise OperandError(f"Veth: stub must be 'host' or 'pod', not {stub!r}", field="stub", value=stub)
        self.host_prefix = pairs.checked_prefix("Veth", host_prefix)
        self.stub = stub
        self.forwarding = forwarding

    def prepare(self, steps: Steps, host: NetNS) -> VethSite:
        """Turn forwarding on if that was asked for; there is nothing else to prepare."""
        if self.forwarding:
            pairs.turn_forwarding_on(steps, host)
        return VethSite(self, host)


class VethSite(Site):
    """A namespace with veth pairs to its pods; made by `Veth.prepare`."""

    def __init__(self, connector: Veth, host: NetNS) -> None:
        self._connector = connector
        self._host = host

    def plug(self, steps: Steps, netns: NetNS, interface: Interface, *, host: NetNS | None = None) -> Plugged:
        """Make a pair, each end straight in its namespace; see `Site.plug`."""
        steps.do(f"checking what {interface.name} is to be", pod_side.checked, "veth", interface, netns, self._host)
        name = pairs.host_name(self._connector.host_prefix, netns)
        with conversation(netns) as pod, conversation(host or self._host) as talk:
            steps.step = f"making veth pair {name} and {interface.name} (in {netns})"
            host_index, index = devices.create_veth(
                name,
                interface.name,
                netns=talk,
                peer_netns=pod,
                mtu=interface.mtu,
            )
            undo = partial(netlink.delete_link, host_index, self._host)
            steps.done(f"deleted {name} and {interface.name}", partial(pod_side.if_there, undo))
        at_host = host or self._host
        if self._connector.stub == "host":
            from_pod = Hook(at_host, host_index, name, INGRESS, "from the pod")
        else:
            from_pod = Hook(netns, index, interface.name, EGRESS, "from the pod")
        return Plugged(index, from_pod, Hook(at_host, host_index, name, EGRESS, "to the pod"), host_index)

    def start(
        self, steps: Steps, netns: NetNS, interface: Interface, plugged: Plugged, *, host: NetNS | None = None
    ) -> None:
        """Bring both ends up, with the pod's addresses and routes, and the host's routes to it; see `Site.start`."""
        with conversation(netns) as pod, conversation(host or self._host) as talk:
            ends = pairs.Ends(pod, interface, plugged, talk)
            host_mac, mac = pairs.new_mac(), interface.mac or pairs.new_mac()
            ends.add_addresses(steps)
            ends.bring_up(steps, host_mac=host_mac, mac=mac)
            ends.introduce(steps, host_mac, mac)
            ends.add_routes(steps, pairs.GATEWAYS)

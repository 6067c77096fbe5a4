"""The ipvlan connector: each pod's device is a slave of one device of the host, as in Cilium's IPVLAN mode."""

from __future__ import annotations

from errno import EADDRINUSE, EBUSY, ENETDOWN, ENODEV
from functools import partial
from ipaddress import ip_address, ip_interface
from typing import TYPE_CHECKING

from ebpfasm.datapath.connectors import pod_side
from ebpfasm.datapath.connectors.connector import Connector, Hook, Plugged, Site
from ebpfasm.datapath.connectors.slaves import FLAGS, MODES, owner_of, slaves_of
from ebpfasm.errors import KernelError, OperandError
from ebpfasm.kernel import devices, link_info, netlink
from ebpfasm.kernel.conversation import conversation, parsed
from ebpfasm.kernel.netns import NetNS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface

    from ebpfasm.datapath.connectors.connector import Interface
    from ebpfasm.datapath.steps import Steps
    from ebpfasm.kernel.conversation import Conversation
    from ebpfasm.kernel.link_info import LinkInfo

__all__ = ["Ipvlan", "IpvlanSite"]

INGRESS, EGRESS = 46, 47  # AttachType.TCX_INGRESS, TCX_EGRESS


class Ipvlan(Connector):
    """Pods as ipvlan slaves of a device of the host.

    Packets from outside come in at the master; those from pod to pod go from slave to slave and meet no hook of the
    host. The host itself cannot reach slaves through their master, so it gets a slave too, which is up as long as
    the site is there.

    Args:
        master: the device's name; None for the one that the host's default route goes through.
        mode: ``"l3s"``: routed, and what comes in for pods passes the host's netfilter; ``"l3"``: routed;
            ``"l2"``: switched, pods speak ARP. In the routed modes the world outside reaches pods through the
            master's address. In mode l2 pods do not reach an IPv6 address of the master's that is in a network of
            theirs: nobody answers their solicitation; they reach the host's slave.
        flags: ``"bridge"``, ``"private"`` or ``"vepa"``, as of `create_ipvlan`.
        host: the name of the host's own slave.
        host_addresses: what it is to have, such as ``"10.1.0.1/32"``: the host's addresses towards its pods.
        gateways: in mode l2, the addresses that the pods' default routes go through; where none of a family is
            given, the host slave's address of it. The routed modes need none.

    Raises:
        OperandError: a name or address can be none, or there is no such mode.
    """

    kind = "ipvlan"

    def __init__(
        self,
        master: str | None = None,
        *,
        mode: str = "l3s",
        flags: str = "bridge",
        host: str = "ipvlan-host",
        host_addresses: Iterable[str | IPv4Interface | IPv6Interface] = (),
        gateways: Iterable[str | IPv4Address | IPv6Address] = (),
    ) -> None:
        self.master = None if master is None else devices.checked_name("Ipvlan", master)
        devices.chosen("Ipvlan", "mode", mode, devices.IPVLAN_MODES)
        devices.chosen("Ipvlan", "flags", flags, devices.IPVLAN_FLAGS)
        self.mode, self.flags = mode, flags
        self.host = devices.checked_name("Ipvlan", host)
        self.host_addresses = tuple(parsed(ip_interface, "host_addresses", given) for given in host_addresses)
        self.gateways: dict[int, IPv4Address | IPv6Address] = {}
        if mode == "l2":
            self.gateways = {address.version: address.ip for address in reversed(self.host_addresses)}
        for given in gateways:
            gateway = parsed(ip_address, "gateways", given)
            self.gateways[gateway.version] = gateway

    def prepare(self, steps: Steps, host: NetNS) -> IpvlanSite:
        """Find the master, refuse one that cannot serve, and make the host's slave.

        Looks once through all namespaces for slaves that the master has already.

        Raises:
            KernelError: ENODEV: there is no such master, or no default route. ENETDOWN: it is down. EBUSY: it has
                slaves in another mode, which all would change; or it belongs to a bridge or has macvlan devices.
                EADDRINUSE: another slave has one of the addresses.
            OperandError: the master is no Ethernet device, or an ipvlan slave itself.
            KeyExists: the host has a device of the slave's name.
            NotSupported: the kernel has no ipvlan, or not in this mode.
        """
        with conversation(host) as talk:
            master = steps.do(f"looking for {self._wanted()}", self._find_master, talk)
            steps.do(f"looking for ipvlan slaves of {master.name}", self._check_slaves, master, host)
            index = steps.do(f"making the host's slave {self.host} of {master.name}", self._make_slave, master, talk)
            steps.done(
                f"deleted the host's slave {self.host}",
                lambda: pod_side.if_there(netlink.delete_link, index, host),
            )
            for address in self.host_addresses:
                steps.step = f"giving the host's slave {self.host} the address {address}"
                add_address(index, address, talk, master.ifindex, host)
            steps.do(f"bringing {self.host} up", netlink.set_up, index, talk)
        return IpvlanSite(self, host, master, index)

    def _wanted(self) -> str:
        return "the default route's device" if self.master is None else f"master {self.master!r}"

    def _find_master(self, talk: Conversation) -> LinkInfo:
        if self.master is not None:
            about = link_info.link_named(self.master, talk)
        else:
            found = [route for route in netlink.routes(talk) if route.destination.prefixlen == 0 and route.ifindex]
            if not found:
                raise KernelError(ENODEV, f"{talk} has no default route to take a master from; give its name")
            about = link_info.link(min(found, key=lambda route: route.metric).ifindex or 0, talk)
        if about.kind == "ipvlan":
            raise OperandError(
                f"master {about.name!r} in {talk} is an ipvlan slave itself; take its own master",
                field="master",
                value=about.name,
            )
        if not about.ethernet:
            raise OperandError(
                f"master {about.name!r} in {talk} has no Ethernet addresses, which ipvlan needs",
                field="master",
                value=about.name,
            )
        if not about.up:
            raise KernelError(ENETDOWN, f"master {about.name!r} in {talk} is down: its slaves would pass nothing")
        return about

    def _check_slaves(self, master: LinkInfo, host: NetNS) -> None:
        """Refuse what would silently change the slaves that exist: see `create_ipvlan`."""
        for slave in slaves_of(master.ifindex, host):
            if (slave.mode, slave.flags) != (self.mode, self.flags):
                raise KernelError(
                    EBUSY,
                    f"master {master.name!r} in {host} has slaves in mode {slave.mode} ({slave.flags}), "
                    f"such as {slave}; another one in mode {self.mode} ({self.flags}) would change them all",
                    command="RTM_NEWLINK",
                )

    def _make_slave(self, master: LinkInfo, talk: Conversation) -> int:
        try:
            return devices.create_ipvlan(
                self.host, master.ifindex, mode=self.mode, flags=self.flags, netns=talk, master_netns=talk
            )
        except KernelError as error:
            if error.errno != EBUSY:
                raise
            raise KernelError(
                EBUSY,
                f"{error}: {master.name!r} has macvlan devices or belongs to a bridge, bond or team",
                command=error.command,
            ) from error


class IpvlanSite(Site):
    """A master with its host slave; made by `Ipvlan.prepare`.

    Attributes:
        master: the master, as it was found.
        host_ifindex: the index of the host's slave.
    """

    sender_delivers = True

    def __init__(self, connector: Ipvlan, host: NetNS, master: LinkInfo, host_ifindex: int) -> None:
        self._connector = connector
        self._host = host
        self.master = master
        self.host_ifindex = host_ifindex
        self.hooks = (
            Hook(host, master.ifindex, master.name, INGRESS, "from outside"),
            Hook(host, host_ifindex, connector.host, EGRESS, "from the host"),
        )

    def plug(self, steps: Steps, netns: NetNS, interface: Interface, *, host: NetNS | None = None) -> Plugged:
        """Make a slave in the pod's namespace; see `Site.plug`.

        Raises:
            KernelError: EBUSY: someone has changed the mode of the master's slaves. ENODEV: the master or the host's
                slave is gone.
            OperandError: its mtu is more than the master's, or a hardware address is asked for, which is the master's.
        """
        ours = self._connector
        steps.do(f"checking what {interface.name} is to be", pod_side.checked, "ipvlan", interface, netns, self._host)
        if interface.mac is not None:
            raise OperandError(
                f"ipvlan: slaves have their master's hardware address, so mac must be None, not {interface.mac!r}",
                field="mac",
                value=interface.mac,
            )
        with conversation(netns) as pod, conversation(host or self._host) as talk:
            steps.do(f"looking at the host's slave {ours.host}", self._check_witness, interface, talk)
            steps.step = f"making ipvlan slave {interface.name} of {self.master.name} in {netns}"
            held = NetNS(netns)  # a slave can be deleted from inside only
            try:
                index = devices.create_ipvlan(
                    interface.name,
                    self.master.ifindex,
                    mode=ours.mode,
                    flags=ours.flags,
                    netns=pod,
                    master_netns=talk,
                    mtu=interface.mtu,
                )
            except BaseException:
                held.close()
                raise
            steps.done(f"deleted {interface.name} in {netns}", lambda: _delete(index, held))
        return Plugged(index, Hook(netns, index, interface.name, EGRESS, "from the pod"))

    def start(
        self, steps: Steps, netns: NetNS, interface: Interface, plugged: Plugged, *, host: NetNS | None = None
    ) -> None:
        """Give the slave its addresses and routes, bring it up, and let the host reach it; see `Site.start`.

        Raises:
            KernelError: EADDRINUSE: another slave of the master has one of the addresses.
        """
        ours, index = self._connector, plugged.ifindex
        with conversation(netns) as pod, conversation(host or self._host) as talk:
            for address in interface.addresses:
                steps.step = f"giving {interface.name} the address {address}"
                add_address(index, address, pod, self.master.ifindex, self._host)
            steps.step = f"bringing {interface.name} up in {netns}"
            netlink.set_link(index, pod, up=True, rp_filter=interface.rp_filter)
            if interface.default_route:
                for version in pod_side.families(interface):
                    steps.step = f"adding the pod's default route by {interface.name}"
                    gateway = ours.gateways.get(version)
                    netlink.add_route(
                        pod_side.ANYWHERE[version], via=gateway, index=index, onlink=gateway is not None, netns=pod
                    )
            for address in interface.addresses:
                pod_side.add_host_route(steps, talk, ours.host, self.host_ifindex, address)
                undo = partial(netlink.delete_route, pod_side.alone(address), index=self.host_ifindex, netns=self._host)
                steps.done(f"deleted the host's route to {address.ip}", partial(pod_side.if_there, undo))

    def _check_witness(self, interface: Interface, talk: Conversation) -> None:
        """Learn from the host's slave, which shares what belongs to the master, whether all is as it was prepared."""
        ours = self._connector
        about = link_info.link(self.host_ifindex, talk)
        mode = MODES.get(-1 if about.mode is None else about.mode, "?")
        flags = FLAGS.get(-1 if about.flags is None else about.flags, "?")
        if (about.kind, mode, flags) != ("ipvlan", ours.mode, ours.flags):
            raise KernelError(
                EBUSY,
                f"the slaves of {self.master.name!r} in {talk} are in mode {mode} ({flags}) now, not {ours.mode} "
                f"({ours.flags}): another slave, made meanwhile, has changed them; one more would change them back",
                command="RTM_NEWLINK",
            )
        if interface.mtu is not None and interface.mtu > about.mtu:  # a slave without an mtu of its own follows
            raise OperandError(
                f"ipvlan: mtu must be at most {about.mtu}, that of master {self.master.name!r}, not {interface.mtu}",
                field="mtu",
                value=interface.mtu,
                high=about.mtu,
            )


def add_address(
    index: int, address: IPv4Interface | IPv6Interface, talk: Conversation, master: int, host: NetNS
) -> None:
    """Give a slave an address; where another slave has it, say which."""
    try:
        netlink.add_address(index, address, talk)
    except KernelError as error:
        if error.errno != EADDRINUSE:  # ipvlan_addr4_validator_event(), drivers/net/ipvlan/ipvlan_main.c
            raise
        owner = owner_of(address.ip, master, host)
        who = f"ipvlan slave {owner}" if owner else "another ipvlan slave of the same master"
        raise KernelError(EADDRINUSE, f"{error}: {who} has {address.ip}", command=error.command) from error


def _delete(index: int, held: NetNS) -> None:
    """Delete a slave in its namespace, which was held open for that."""
    with held:
        pod_side.if_there(netlink.delete_link, index, held)

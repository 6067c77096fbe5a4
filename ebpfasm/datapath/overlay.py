"""The overlay of nodes: VXLAN tunnels that carry packets between pods of different nodes."""

from __future__ import annotations

from errno import ENODEV, ENOENT
from functools import partial
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from ebpfasm.asm.program import Instructions
from ebpfasm.asm.register import R0, R1, R6
from ebpfasm.asm.table import Mov, Return
from ebpfasm.datapath import encapsulation, tunnels
from ebpfasm.datapath.addresses import leading
from ebpfasm.datapath.connectors.connector import Hook
from ebpfasm.datapath.connectors.pod_side import if_there
from ebpfasm.datapath.counters import read_counters
from ebpfasm.datapath.delivery import deliver_block
from ebpfasm.datapath.tunnels import Count, checked_remote, checked_vni
from ebpfasm.errors import KernelError, OperandError
from ebpfasm.kernel import devices, link_info, netlink, sysctl
from ebpfasm.kernel.conversation import in_range

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ebpfasm.datapath.addresses import Addressed
    from ebpfasm.datapath.counters import Counted
    from ebpfasm.datapath.delivery import MapLike, Missing
    from ebpfasm.datapath.steps import Steps
    from ebpfasm.kernel.link_info import LinkInfo
    from ebpfasm.kernel.netns import NetNS
    from ebpfasm.objects.maps import Map

__all__ = ["HEADROOM", "Overlay", "OverlaySite"]

TCX_INGRESS = 46  # AttachType.TCX_INGRESS
HEADROOM = {4: 50, 6: 70}
"""How many bytes a tunnel adds to a packet, by the family that carries it: the Ethernet header within, VXLAN, UDP and
IP (RFC 7348 §5)."""
SMALLEST_MTU = 1280
"""What IPv6 asks of every link (RFC 8200 §5)."""
LARGEST_MTU = 65535


class Overlay:
    """How the pods of a node reach those of others, whatever lies between the nodes; for `Node.create`.

    A packet of a pod to another node's pod is put into a VXLAN tunnel to that node by the pod's own egress program,
    and delivered there, with the ingress policy of its receiver, where it comes out of the tunnel. It is for
    pods whose egress program runs in the host, where the VXLAN device is: those of `Veth` and `Netkit`. The one
    of an ipvlan pod runs in the pod's namespace, from which a packet cannot be redirected to a device of the host.

    What the nodes must agree in is the port; what each must know of the others are the prefixes of their pods, their
    addresses and their VNIs: `OverlaySite.connect_node`.

    Args:
        underlay: the device that leads to the other nodes, in the host's namespace; None for that of the default
            route. Only its MTU counts here, the kernel routes the tunnels.
        device: the name of the VXLAN device. One that is there already is taken if it is in metadata mode and has
            that port, and left there in the end as it was.
        vni: the VNI that packets for this node carry, 0..16777215; others are dropped.
        port: the UDP port of all nodes.
        outer: 4, or 6 where a node may have an IPv6 address: tunnels between those add 70 bytes to a packet, not 50.
        mtu: the most bytes of a packet that goes through a tunnel; None for what the underlay's MTU leaves.
        mac: the VXLAN device's hardware address; None for one by chance.
        forwarding: have the host forward packets from the tunnels to its pods. It sets, in the host's namespace,
            ``forwarding`` and ``rp_filter`` of the VXLAN device, since routes do not lead back through it, and
            for IPv6 ``net.ipv6.conf.all.forwarding``, as there is none for a single device; closing restores that.
        max_prefixes: the most prefixes of other nodes' pods.

    Raises:
        OperandError: an argument can mean nothing.
    """

    def __init__(
        self,
        underlay: str | None = None,
        *,
        device: str = "ebpfasm_vxlan",
        vni: int = 1,
        port: int = devices.VXLAN_PORT,
        outer: int = 4,
        mtu: int | None = None,
        mac: str | None = None,
        forwarding: bool = False,
        max_prefixes: int = tunnels.MOST_PREFIXES,
    ) -> None:
        self.underlay = None if underlay is None else devices.checked_name("Overlay", underlay)
        self.device = devices.checked_name("Overlay", device)
        self.vni = checked_vni(vni)
        self.port = in_range("port", port, 1, 0xFFFF)
        if outer not in HEADROOM:
            raise OperandError(f"Overlay: outer must be 4 or 6, not {outer!r}", field="outer", value=outer)
        self.outer = outer
        self.mtu = None if mtu is None else in_range("mtu", mtu, SMALLEST_MTU, LARGEST_MTU)
        self.mac = None if mac is None else devices.checked_mac("Overlay", mac)
        self.forwarding = forwarding
        self.max_prefixes = in_range("max_prefixes", max_prefixes, 1, 0x7FFFFFFF)

    def prepare(self, steps: Steps, host: NetNS) -> OverlaySite:
        """Make the VXLAN device, or take the one there is, and the maps; the device passes nothing yet if it is new.

        Called as `Connector.prepare` is.

        Raises:
            EbpfError: a step failed; ``steps`` undoes those before it.
        """
        underlay = steps.do("looking at the underlay", self._underlay, host)
        mtu = steps.do("choosing the overlay's MTU", self._mtu, underlay)
        found = steps.do(f"looking for {self.device!r}", _link_if_there, self.device, host)
        if found is None:
            ifindex = steps.do(
                f"creating vxlan device {self.device!r}",
                lambda: devices.create_vxlan(self.device, port=self.port, mtu=mtu, mac=self.mac, netns=host),
            )
            undo = partial(netlink.delete_link, ifindex, host)
            steps.done(f"deleted vxlan device {self.device!r}", partial(if_there, undo))
        else:
            steps.do(f"checking the device {self.device!r} that is there", self._check, found, mtu)
            ifindex = found.ifindex
        site = OverlaySite(self, host, ifindex, min(mtu, found.mtu if found else mtu), underlay)
        site.tunnels = steps.do("making the tunnels map", tunnels.create_tunnels, self.max_prefixes)
        steps.done("closed the tunnels map", site.tunnels.close)
        site.counts = steps.do("making the overlay's counters", tunnels.create_counts)
        steps.done("closed the overlay's counters", site.counts.close)
        return site

    def _underlay(self, host: NetNS) -> LinkInfo:
        if self.underlay is not None:
            return link_info.link_named(self.underlay, host)
        defaults = [
            route for route in netlink.routes(host)
            if route.destination.prefixlen == 0 and route.destination.version == self.outer and route.ifindex
        ]  # fmt: skip
        if not defaults:
            raise KernelError(
                ENODEV, f"{host} has no default route of IPv{self.outer} to tell the device that leads to other nodes; "
                "give Overlay its name as underlay", command="RTM_GETROUTE",
            )  # fmt: skip
        return link_info.link(min(defaults, key=lambda route: route.metric).ifindex or 0, host)

    def _mtu(self, underlay: LinkInfo) -> int:
        most = min(underlay.mtu - HEADROOM[self.outer], LARGEST_MTU)
        mtu = most if self.mtu is None else self.mtu
        if not SMALLEST_MTU <= mtu <= most:
            raise OperandError(
                f"mtu must be in {SMALLEST_MTU}..{most}, not {mtu}: a packet in a tunnel over IPv{self.outer} is "
                f"{HEADROOM[self.outer]} bytes longer, and {underlay.name!r} carries {underlay.mtu}",
                field="mtu", value=mtu, low=SMALLEST_MTU, high=most,
            )  # fmt: skip
        return mtu

    def _check(self, found: LinkInfo, mtu: int) -> None:
        """Refuse a device of that name that cannot serve."""
        if found.kind != "vxlan" or not found.metadata:
            what = "a vxlan device, but not in metadata mode (external)" if found.kind == "vxlan" else f"{found.kind!r}"
            raise OperandError(
                f"device {found.name!r} is there already, and is {what}", field="device", value=found.name
            )
        if found.port != self.port:
            raise OperandError(
                f"device {found.name!r} is there already, with UDP port {found.port}, not {self.port}",
                field="port",
                value=self.port,
            )
        if found.mtu < mtu and self.mtu is not None:
            raise OperandError(
                f"device {found.name!r} is there already, with an MTU of {found.mtu}, less than {mtu}",
                field="mtu", value=mtu, low=SMALLEST_MTU, high=found.mtu,
            )  # fmt: skip

    def __repr__(self) -> str:
        return f"<Overlay {self.device!r}, VNI {self.vni}, UDP port {self.port}>"


class OverlaySite:
    """An overlay at work in one host namespace; made by `Overlay.prepare`.

    Attributes:
        overlay: what it was made by.
        host: the host's namespace.
        ifindex: the VXLAN device's index there.
        device: its name.
        mtu: the most bytes of a packet that goes through a tunnel: the MTU for pods.
        underlay: what carries the tunnels.
        hooks: the VXLAN device's ingress, where `delivery` belongs.
        tunnels: the map from addresses and prefixes of other nodes' pods to `Tunnel`.
        counts: the map of what was counted, by `Count`.
    """

    __slots__ = ("counts", "device", "hooks", "host", "ifindex", "mtu", "overlay", "tunnels", "underlay")

    tunnels: Map
    counts: Map

    def __init__(self, overlay: Overlay, host: NetNS, ifindex: int, mtu: int, underlay: LinkInfo) -> None:
        self.overlay = overlay
        self.host = host
        self.ifindex = ifindex
        self.device = overlay.device
        self.mtu = mtu
        self.underlay = underlay
        self.hooks = (Hook(host, ifindex, self.device, TCX_INGRESS, "from the overlay"),)

    def start(self, steps: Steps) -> None:
        """Bring the VXLAN device up, once `delivery` is at its hook: no packet comes out of a tunnel unpoliced.

        Raises:
            KernelError: EADDRINUSE, something else has the port.
        """
        if self.overlay.forwarding:
            self._forward(steps)
        was_down = steps.do(f"looking at {self.device!r}", lambda: not link_info.link(self.ifindex, self.host).up)
        steps.do(f"bringing {self.device!r} up", netlink.set_up, self.ifindex, self.host)
        if was_down:
            undo = partial(netlink.set_down, self.ifindex, self.host)
            steps.done(f"brought {self.device!r} down", partial(if_there, undo))

    def _forward(self, steps: Steps) -> None:
        device = ("ipv4", "conf", self.device)
        strict = steps.do("looking at rp_filter", sysctl.read, ("ipv4", "conf", "all", "rp_filter"), self.host)
        # The greater of the device's rp_filter and that of all counts: 2, loose, takes the place of 1, strict.
        for setting, value in (
            ((*device, "rp_filter"), 2 if strict else 0),
            ((*device, "forwarding"), 1),
            (("ipv6", "conf", "all", "forwarding"), 1),
        ):
            words = f"setting {'.'.join(setting)} to {value}"
            try:
                before = steps.do(words, sysctl.read, setting, self.host)
            except KernelError as error:
                if setting[0] == "ipv6" and error.errno == ENOENT:  # a kernel without it
                    continue
                raise
            if before != value:
                steps.do(words, sysctl.write, setting, value, self.host)
                undo = partial(sysctl.write, setting, before, self.host)
                steps.done(f"set {'.'.join(setting)} to {before}", partial(if_there, undo))

    def connect_node(
        self, prefixes: Addressed | Iterable[Addressed], remote: str | IPv4Address | IPv6Address, vni: int | None = None
    ) -> None:
        """Have packets to a node's pods take the tunnel to it; where they took another, this one from now on.

        Args:
            prefixes: the networks of its pods, or single addresses; the longest prefix counts.
            remote: the node's address in the network between the nodes.
            vni: the VNI that node listens to; None for the same as here.

        Raises:
            OperandError: an argument can mean nothing, packets of the overlay's MTU would not fit into a tunnel over
                IPv6, or an IPv6 prefix has the IPv4-mapped addresses in it.
            KernelError: the map of tunnels is full; the prefixes before are in it.
        """
        address = checked_remote(remote)
        most = self.underlay.mtu - HEADROOM[address.version]
        if self.mtu > most:
            raise OperandError(
                f"remote: a tunnel over IPv{address.version} to {address} carries packets of {most} bytes, and the "
                f"overlay's MTU is {self.mtu}: give Overlay outer={address.version}, or a smaller mtu",
                field="remote",
                value=remote,
            )
        tunnel = address, checked_vni(self.overlay.vni if vni is None else vni)
        if isinstance(prefixes, (str, IPv4Address, IPv6Address, IPv4Network, IPv6Network)):
            prefixes = (prefixes,)
        for prefix in [leading(each, "prefixes") for each in prefixes]:
            self.tunnels[prefix] = tunnel

    def disconnect_node(self, *prefixes: Addressed) -> None:
        """Let no packets to these prefixes into tunnels any more; those that were given to `connect_node`.

        Raises:
            KeyNotFound: one of them is in no tunnel; those before it are out.
        """
        for prefix in prefixes:
            del self.tunnels[prefix]

    def encapsulate_block(self, prefix: str = "overlay_") -> Instructions:
        """What an egress program does with packets it lets through: `encapsulation.encapsulate_block`."""
        return encapsulation.encapsulate_block(
            self.tunnels, self.ifindex, self.counts, mtu=self.mtu, mac=self._mac(), prefix=prefix
        )

    def encapsulation(self) -> Instructions:
        """The program of a pod without an egress policy: `encapsulation.encapsulation`."""
        return encapsulation.encapsulation(self.tunnels, self.ifindex, self.counts, mtu=self.mtu, mac=self._mac())

    def _mac(self) -> bytes:
        return bytes.fromhex(link_info.link(self.ifindex, self.host).mac.replace(":", ""))

    def delivery(
        self, endpoints: MapLike, policies: MapLike, counts: MapLike, *, missing: Missing = "drop"
    ) -> Instructions:
        """The program for `hooks`: packets with this node's VNI go to the policies of their receivers.

        The arguments are those of `delivery`, which at the hooks of the pods must have this site's ``ifindex`` as
        ``skip_from``: then nothing is policed twice.
        """
        received = encapsulation.reception_block(self.overlay.vni, self.counts)
        delivered = deliver_block(endpoints, policies, counts, missing=missing)
        return Instructions([Mov.Reg(R6, R1), received, delivered])

    def reception(self, *_: object, **__: object) -> Instructions:
        """The program for `hooks` where the hooks of the pods see, and police, the packets of the overlay as well.

        It drops those without this node's VNI. The arguments are those of `delivery`, and of no consequence.
        """
        received = encapsulation.reception_block(self.overlay.vni, self.counts)
        return Instructions([Mov.Reg(R6, R1), received, Mov.Imm(R0, 0), Return()])

    def counted(self) -> dict[Count, Counted]:
        """What was counted until now, packets and bytes."""
        return dict(zip(Count, read_counters(self.counts), strict=True))

    def __repr__(self) -> str:
        return f"<OverlaySite {self.device!r} in {self.host}, MTU {self.mtu}>"


def _link_if_there(name: str, host: NetNS) -> LinkInfo | None:
    try:
        return link_info.link_named(name, host)
    except KernelError as error:
        if error.errno == ENODEV:
            return None
        raise

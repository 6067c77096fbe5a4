"""The interface of connectors: how a pod gets its device, and which hooks its packets pass."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ipaddress import IPv4Interface, IPv6Interface
    from typing import ClassVar

    from ebpfasm.datapath.steps import Steps
    from ebpfasm.kernel.netns import NetNS

__all__ = ["Connector", "Hook", "Interface", "Plugged", "Site"]


class Hook(NamedTuple):
    """A place that packets pass, where a SCHED_CLS program can be attached."""

    netns: NetNS
    """The namespace the device is in; of a pod's hooks it is what `Site.plug` was given, a conversation perhaps."""
    ifindex: int
    """The device's index there."""
    device: str
    """Its name, for messages."""
    where: int
    """An `AttachType`: TCX_INGRESS or TCX_EGRESS (also for clsact), NETKIT_PRIMARY or NETKIT_PEER."""
    seen: str
    """Which packets pass: ``"from outside"``, ``"from the host"``, ``"from the pod"``, ``"to the pod"``."""


class Interface(NamedTuple):
    """What a pod's device is to be."""

    name: str
    addresses: tuple[IPv4Interface | IPv6Interface, ...]
    """With the prefix length it has on the device."""
    mtu: int | None = None
    """In bytes; None for what the device it hangs on allows."""
    mac: str | None = None
    rp_filter: int | None = None
    """net.ipv4.conf.<name>.rp_filter in the pod: 0 off, 1 strict, 2 loose; None leaves the namespace's default."""
    default_route: bool = True
    """Whether the pod's default routes, of the families it has addresses of, lead through it."""


class Plugged(NamedTuple):
    """A pod's device that was made."""

    ifindex: int
    """In the pod's namespace."""
    from_pod: Hook
    """Where the entry stub goes."""
    to_pod: Hook | None = None
    """The hook that every packet to this pod passes, where there is one; else the site's hooks see them."""
    host_ifindex: int | None = None
    """The other end's index in the host, if it has one."""


class Site(ABC):
    """A connector at work in one host namespace; made by `Connector.prepare`.

    Attributes:
        hooks: the host's hooks that packets to pods pass.
        sender_delivers: whether packets from pod to pod meet no hook but the sender's egress, so that the
            sender's program must call the receiver's policy.
        keeps_origin: whether a packet still tells, at a hook that packets to one pod pass, which device it came in
            through (``ingress_ifindex``).
    """

    hooks: tuple[Hook, ...] = ()
    sender_delivers: bool = False
    keeps_origin: bool = True

    @abstractmethod
    def plug(self, steps: Steps, netns: NetNS, interface: Interface, *, host: NetNS | None = None) -> Plugged:
        """Make a pod's device straight in its namespace, down and without addresses, so that it passes nothing yet.

        Its programs are attached between this and `start`: no packet of the pod goes by without them.
        Both are called in a thread that no interrupt reaches and that runs no event loop. Each thing done goes to
        ``steps`` with what undoes it. What undoes it holds a pod's namespace open if it must be done there.

        Args:
            steps: of this pod.
            netns: the pod's namespace; as a `Conversation` of this thread it is used for the requests.
            interface: what the device is to be.
            host: the site's namespace as such a conversation, where the caller has one.

        Raises:
            OperandError: the interface, or the namespace for it, can mean nothing to this connector.
            EbpfError: a step failed; ``steps`` undoes those before it.
        """

    @abstractmethod
    def start(
        self, steps: Steps, netns: NetNS, interface: Interface, plugged: Plugged, *, host: NetNS | None = None
    ) -> None:
        """Give the device its addresses, bring it up, add the pod's routes, and what the host needs to reach the pod.

        The arguments are those of `plug`, and what it returned.

        Raises:
            KeyExists: the host has a route to one of the addresses already: it is another pod's.
            EbpfError: a step failed; ``steps`` undoes those before it.
        """


class Connector(ABC):
    """A kind of device for pods, and how it is to be set up; the same one can serve several nodes."""

    kind: ClassVar[str]
    """``"ipvlan"``, ``"veth"`` …"""

    @abstractmethod
    def prepare(self, steps: Steps, host: NetNS) -> Site:
        """Make once what all pods of a host namespace share, such as a slave for the host itself.

        Called as `Site.plug` is. ``host`` stays open as long as the site is used.

        Raises:
            EbpfError: a step failed; ``steps`` undoes those before it.
        """

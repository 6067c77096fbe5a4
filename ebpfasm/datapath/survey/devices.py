"""Network namespaces with their devices, the hooks of these, and what is attached there."""

from __future__ import annotations

from errno import EACCES, EINVAL, ENODEV, ENXIO

from ebpfasm.datapath.survey.model import Attachment, Device, End, Hook, Namespace
from ebpfasm.errors import KernelError, NotSupported
from ebpfasm.kernel import clsact, netlink
from ebpfasm.kernel.devices import IPVLAN_MODES, NETKIT_MODES
from ebpfasm.kernel.link_info import links
from ebpfasm.kernel.netns import NetNS, run_in
from ebpfasm.kernel.threads import in_thread
from ebpfasm.objects.links import attached

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ebpfasm.kernel.link_info import LinkInfo
    from ebpfasm.kernel.netlink import Conversation

__all__ = ["namespaces"]

TCX = {"ingress": 46, "egress": 47}  # AttachType.TCX_INGRESS, TCX_EGRESS
NETKIT = {"primary": 54, "peer": 55}
"""AttachType.NETKIT_PRIMARY, NETKIT_PEER. Both programs are asked for at the primary device: the peer has none."""
CLSACT = {"ingress": clsact.INGRESS, "egress": clsact.EGRESS}
MODES = {
    "ipvlan": {number: name for name, number in IPVLAN_MODES.items()},
    "netkit": {number: name for name, number in NETKIT_MODES.items()},
}


def namespaces(places: Sequence[tuple[NetNS, str]]) -> tuple[Namespace, ...]:
    """Read these namespaces, each given with what to call it, and give back those that have something of a datapath."""
    return _of_the_datapath(in_thread(_read_all, places))


def _of_the_datapath(found: list[Namespace]) -> tuple[Namespace, ...]:
    """Leave out devices that have no programs at their hooks and do not belong to one that has."""
    with_programs, wanted = set(), set()
    for place in found:
        for device in place.devices:
            if device.hooks:
                with_programs.add((place.inode, device.ifindex))
                if device.lower is not None:
                    wanted.add((device.lower.namespace, device.lower.ifindex))
    wanted |= with_programs

    def belongs(place: Namespace, device: Device) -> bool:
        lower = device.lower
        return (place.inode, device.ifindex) in wanted or (
            lower is not None and (lower.namespace, lower.ifindex) in with_programs
        )

    left = (place._replace(devices=tuple(each for each in place.devices if belongs(place, each))) for place in found)
    return tuple(place for place in left if place.devices)


def _read_all(places: Sequence[tuple[NetNS, str]]) -> list[Namespace]:
    """Read them all; in a thread in which conversations can be held."""
    found = []
    opened = [place for place, _ in places]
    for place, words in places:
        with netlink.conversation(place) as talk:
            found.append(Namespace(place.inode, words, place.is_current(), tuple(_devices(talk, opened))))
    return found


def _devices(talk: Conversation, others: Iterable[NetNS]) -> Iterator[Device]:
    there = links(talk)
    addresses: dict[int, list[str]] = {}
    for index, address in netlink.addresses(None, talk):
        addresses.setdefault(index, []).append(str(address))
    with_clsact = clsact.devices(talk)
    by_link = run_in(talk, _by_link, there)
    ends = _Ends(talk, others)
    for link in there:
        found = by_link[link.ifindex]
        if link.ifindex in with_clsact:
            for where in CLSACT:
                found.setdefault(where, []).extend(_filters(link.ifindex, where, talk))
        hooks = tuple(Hook(where, tuple(found[where])) for where in (*NETKIT, *CLSACT) if found.get(where))
        yield Device(
            link.ifindex, link.name, link.kind, MODES.get(link.kind, {}).get(link.mode or 0, ""), link.up, link.mtu,
            tuple(addresses.get(link.ifindex, ())), ends.of(link), hooks,
        )  # fmt: skip


class _Ends:
    """Finds out in which namespace the other end of a link is; asks about one after the other, since few are needed."""

    def __init__(self, talk: Conversation, others: Iterable[NetNS]) -> None:
        self._talk = talk
        self._inodes: dict[int, int] = {}
        self._unasked = iter(others)

    def of(self, link: LinkInfo) -> End | None:
        if link.lower is None:
            return None
        if link.lower_netns_id is None:
            return End(link.lower, self._talk.inode)
        return End(link.lower, self._inode(link.lower_netns_id))

    def _inode(self, wanted: int) -> int | None:
        if wanted in self._inodes:
            return self._inodes[wanted]
        for other in self._unasked:
            number = netlink.netns_id(other.fileno(), self._talk)
            if number is not None:
                self._inodes[number] = other.inode
            if number == wanted:
                return other.inode
        return None


def _by_link(there: Iterable[LinkInfo]) -> dict[int, dict[str, list[Attachment]]]:
    """What is attached by tcx and netkit, by device and hook; called in the namespace of the devices."""
    found: dict[int, dict[str, list[Attachment]]] = {}
    for link in there:
        here = found[link.ifindex] = {where: _attached(link.ifindex, number, "tcx") for where, number in TCX.items()}
        if link.kind == "netkit":
            here |= {where: _attached(link.ifindex, number, "netkit") for where, number in NETKIT.items()}
    return found


def _attached(index: int, number: int, way: str) -> list[Attachment]:
    try:
        found = attached(index, number)
    except NotSupported:  # no tcx: there are filters then
        return []
    except KernelError as error:
        # EACCES: the peer of a netkit pair, which is asked about at its primary (netkit_dev_fetch() in
        # drivers/net/netkit.c). The others: it went meanwhile.
        if error.errno in {ENODEV, ENXIO} or (way == "netkit" and error.errno == EACCES):
            return []
        raise
    return [Attachment(program, way, link=link) for program, link in zip(found.prog_ids, found.link_ids, strict=True)]


def _filters(index: int, where: str, talk: Conversation) -> list[Attachment]:
    try:
        found = clsact.list_filters(index, CLSACT[where], talk)
    except KernelError as error:
        if error.errno in {ENODEV, EINVAL}:  # the device or its clsact went meanwhile
            return []
        raise
    return [
        Attachment(each.program_id, "clsact", filter=each.name, priority=each.priority, handle=each.handle)
        for each in found
        if each.program_id
    ]

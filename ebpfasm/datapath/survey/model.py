"""What a survey finds: namespaces, devices and hooks; programs and maps by their ids. Plain data, all of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from typing import TypeAlias

    Value: TypeAlias = "int | dict[str, int | str]"

__all__ = ["Attachment", "Device", "End", "Entry", "Hook", "Namespace", "SeenMap", "SeenProgram", "Survey"]


class Entry(NamedTuple):
    """What an entry stub does: it tail-calls this slot of this program array."""

    array: int
    """The array's map id."""
    slot: int
    miss: int
    """The verdict while the slot is empty: 0 passes the packet, 2 drops it."""


class SeenProgram(NamedTuple):
    """A program in the kernel."""

    id: int
    name: str
    """At most 15 characters, perhaps empty."""
    type: str
    """``"SCHED_CLS"`` …, or the number where it has no name here."""
    tag: str
    """The kernel's hash of its instructions, 16 hexadecimal digits."""
    units: int
    """How long it is as the kernel rewrote it; 0 where the kernel does not show that."""
    maps: tuple[int, ...]
    """The ids of the maps it uses, in the kernel's order."""
    entry: Entry | None = None
    """Set if the program is an entry stub, by its code."""
    pins: tuple[str, ...] = ()
    """Where it is pinned."""


class SeenMap(NamedTuple):
    """A map in the kernel, with what is in it where that is known to mean something."""

    id: int
    name: str
    type: str
    """``"PROG_ARRAY"`` …, or the number where it has no name here."""
    key_size: int
    """In bytes, as ``value_size``."""
    value_size: int
    max_entries: int
    role: str
    """What it is for: ``"slots"`` (a program array), ``"endpoints"``, ``"tunnels"``, ``"counters"``; ``"other"``."""
    slots: dict[int, int]
    """Of a program array: program ids by index, of the slots that are not empty."""
    entries: dict[str, Value]
    """Of endpoints: ids by prefix; of tunnels: ``remote`` and ``vni`` by prefix; of counters: numbers by what is
    counted, all CPUs together; empty for other maps."""
    pins: tuple[str, ...] = ()
    """Where it is pinned."""


class Attachment(NamedTuple):
    """A program at a hook."""

    program: int
    """Its id."""
    way: str
    """``"tcx"``, ``"netkit"`` or ``"clsact"``."""
    link: int = 0
    """The id of the BPF link; 0 for a filter, or a program attached without one."""
    filter: str = ""
    """A filter's name, such as ``"polEntry"``."""
    priority: int = 0
    """Of a filter, as ``handle``."""
    handle: int = 0


class Hook(NamedTuple):
    """A place where packets meet programs, with the programs in the order they run."""

    where: str
    """``"ingress"``, ``"egress"``, or of a netkit pair ``"primary"`` and ``"peer"``, as the kernel calls them."""
    attached: tuple[Attachment, ...]


class End(NamedTuple):
    """Another device that a device belongs to: the lower one of an ipvlan slave, or the other end of a pair."""

    ifindex: int
    namespace: int | None
    """The inode of its namespace; None where that was not found."""


class Device(NamedTuple):
    """A network device with hooks that have programs, or one that such a device belongs to."""

    ifindex: int
    name: str
    kind: str
    """``"ipvlan"``, ``"veth"`` …; empty for a device that is no software's."""
    mode: str
    """Of ipvlan ``"l2"``, ``"l3"`` or ``"l3s"``, of netkit ``"l2"`` or ``"l3"``; else empty."""
    up: bool
    mtu: int
    addresses: tuple[str, ...]
    """With their prefix lengths; those of the link itself (fe80::…) too."""
    lower: End | None
    """What it hangs on."""
    hooks: tuple[Hook, ...]
    """Those with programs."""


class Namespace(NamedTuple):
    """A network namespace with what of the datapath is in it."""

    inode: int
    """As ``ls -L -i`` and ``lsns`` show it."""
    name: str
    """What to call it: the name of a named one, ``"pod1"``; ``"this namespace"``; a path, or a process in it."""
    own: bool
    """Whether it is the one of who made the survey."""
    devices: tuple[Device, ...]


class Survey(NamedTuple):
    """The datapath there is, as the kernel tells it; whoever made it."""

    namespaces: tuple[Namespace, ...]
    """Those with programs at a hook, or with a device that belongs to such a one; the own one first."""
    programs: dict[int, SeenProgram]
    """By id: those at hooks, and those in the slots of program arrays they use, and so on."""
    maps: dict[int, SeenMap]
    """By id: those that these programs use, and program arrays that are pinned."""

    @property
    def empty(self) -> bool:
        """Whether there is nothing of a datapath."""
        return not self.namespaces and not self.maps

    def device(self, end: End) -> Device | None:
        """The device at that end, if it was found."""
        return next(
            (device for place in self.namespaces if place.inode == end.namespace
             for device in place.devices if device.ifindex == end.ifindex),
            None,
        )  # fmt: skip

    def namespace(self, inode: int | None) -> Namespace | None:
        """The namespace with that inode, if it has anything of the datapath."""
        return next((place for place in self.namespaces if place.inode == inode), None)

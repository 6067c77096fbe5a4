"""How the parts of a datapath are called, in the tree as in the pictures."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ebpfasm.datapath.survey import Attachment, Device, Namespace, SeenMap, SeenProgram, Survey
    from ebpfasm.datapath.survey.model import Value

__all__ = [
    "addresses", "attachment", "device", "entry_line", "entry_lines", "hook", "map_kind", "name",
    "namespace", "other_end", "prefix", "program_kind",
]  # fmt: skip

MOST_ENTRIES = 16
"""So many entries of a map are shown to people; JSON has all of them."""
VERDICTS = {0: "pass", 2: "drop"}


def name(of: SeenProgram | SeenMap) -> str:
    """Its name, or a word for one that has none."""
    return of.name or "(no name)"


def namespace(place: Namespace) -> str:
    """A namespace's heading."""
    return f"{place.name} (this namespace)" if place.own and place.name != "this namespace" else place.name


def device(of: Device) -> str:
    """A device's kind and state, after its name."""
    kind = f"{of.kind} {of.mode}".strip()
    return ", ".join(part for part in (f"index {of.ifindex}", kind, "" if of.up else "down", f"mtu {of.mtu}") if part)


def addresses(of: Device) -> list[str]:
    """Its addresses, without those that every IPv6 device gives itself."""
    return [each for each in of.addresses if not each.startswith("fe80:")]


def other_end(seen: Survey, of: Device, here: Namespace) -> str:
    """What a device hangs on or is paired with; empty where it stands alone."""
    if of.lower is None:
        return ""
    words = "on" if of.kind in {"ipvlan", "ipvtap", "macvlan", "vlan"} else "other end:"
    found, place = seen.device(of.lower), seen.namespace(of.lower.namespace)
    if found is None or place is None:
        return f"{words} index {of.lower.ifindex} {'here' if of.lower.namespace == here.inode else 'elsewhere'}"
    return f"{words} {found.name}" + ("" if place == here else f" in {place.name}")


def hook(where: str) -> str:
    """A hook; of a netkit pair with what its packets are."""
    return {"primary": "primary (to the pod)", "peer": "peer (from the pod)"}.get(where, where)


def attachment(of: Attachment) -> str:
    """How a program is attached."""
    if of.way == "clsact":
        return f"clsact filter {of.filter!r} prio {of.priority} handle {of.handle:#x}"
    return f"{of.way} link {of.link}" if of.link else f"{of.way}, no link"


def program_kind(of: SeenProgram) -> str:
    """What a program is, after its name."""
    kind = "entry stub" if of.entry is not None else "program"
    other = f" {of.type}" if of.type != "SCHED_CLS" else ""
    units = f", {of.units} units" if of.units and of.entry is None else ""
    miss = ""
    if of.entry is not None and of.entry.miss != 0:
        miss = f", empty slot: {VERDICTS.get(of.entry.miss, of.entry.miss)}"
    return f"{kind} {of.id}{other}, tag {of.tag}{units}{miss}"


def map_kind(of: SeenMap) -> str:
    """What a map is, after its name."""
    if of.role == "slots":
        return f"program array {of.id}, {of.max_entries} slot{'s' if of.max_entries != 1 else ''}"
    if of.role == "other":
        return f"map {of.id}, {of.type} of {of.max_entries}"
    return f"map {of.id}"


def prefix(text: str) -> str:
    """A prefix, or the address alone where it is one address's."""
    return text.removesuffix("/128" if ":" in text else "/32")


def entry_line(of: SeenMap, key: str, value: Value) -> str:
    """One entry: ``10.0.0.2: endpoint 11``, or ``delivered: 15``."""
    if isinstance(value, int):
        return f"{prefix(key)}: endpoint {value}" if of.role == "endpoints" else f"{key}: {value}"
    if of.role == "tunnels":
        return f"{prefix(key)}: " + ", ".join(f"{what} {told}" for what, told in value.items())
    return f"{key}: " + ", ".join(
        f"{number} {what.removesuffix('s') if number == 1 else what}" for what, number in value.items()
    )


def entry_lines(of: SeenMap, most: int = MOST_ENTRIES) -> list[str]:
    """The entries that are shown, and how many more there are."""
    shown = [entry_line(of, key, value) for key, value in list(of.entries.items())[:most]]
    rest = len(of.entries) - most
    return [*shown, f"… {rest} more"] if rest > 0 else shown

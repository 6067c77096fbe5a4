"""A survey as one JSON object, for programs to read.

Its members, all of them always there::

    namespaces  [{inode, name, own, devices}], the own one first; what has nothing of a datapath is left out
      devices   [{ifindex, name, kind, mode, up, mtu, addresses, lower, hooks}]
        lower   {ifindex, namespace} of the device it hangs on or is paired with (namespace: an inode or null), or null
        hooks   [{where, attached}], where: "ingress", "egress", "primary", "peer"
          attached  [{program, way, link, filter, priority, handle}] in the order they run; way: "tcx", "netkit",
                    "clsact"; link is 0, filter "", priority and handle 0 where there is none
    programs    [{id, name, type, tag, units, maps, entry, pins}] by id; maps: ids
      entry     {array, slot, miss} of an entry stub, else null
    maps        [{id, name, type, key_size, value_size, max_entries, role, slots, entries, pins}] by id
      role      "slots", "endpoints", "tunnels", "counters", "other"
      slots     of a program array {"0": program}, without those that are empty
      entries   of endpoints {"10.0.0.2/32": 11}, of tunnels {"10.1.0.0/24": {"remote": "192.0.2.1", "vni": 1}},
                of counters {"what": 5} or {"what": {"packets": 5, "bytes": 300}}, of all CPUs, without zeros

Ids are the kernel's; sizes are in bytes. Members may be added, those here stay.
"""

from __future__ import annotations

import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ebpfasm.datapath.survey import Survey

__all__ = ["document"]


def document(seen: Survey) -> str:
    """The text of the object."""
    return (
        json.dumps(
            {
                "namespaces": _plain(seen.namespaces),
                "programs": _plain(tuple(seen.programs.values())),
                "maps": _plain(tuple(seen.maps.values())),
            },
            indent=2,
            ensure_ascii=False,
        )
        + "\n"
    )


def _plain(value: Any) -> Any:
    """Named tuples as objects by the names of their members, other tuples as lists."""
    if hasattr(value, "_asdict"):
        return {name: _plain(member) for name, member in value._asdict().items()}
    return [_plain(each) for each in value] if isinstance(value, tuple) else value

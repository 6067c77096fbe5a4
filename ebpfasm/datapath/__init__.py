"""The pod datapath: entry stub, program-array slots, and what attaches them to devices."""

from __future__ import annotations

from ebpfasm.datapath.entry import entry_stub as entry_stub

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ebpfasm.datapath.clsact_link import ClsactLink as ClsactLink
    from ebpfasm.datapath.connectors.ipvlan import Ipvlan as Ipvlan
    from ebpfasm.datapath.connectors.netkit import Netkit as Netkit
    from ebpfasm.datapath.connectors.veth import Veth as Veth
    from ebpfasm.datapath.overlay import Overlay as Overlay
    from ebpfasm.datapath.pod import Pod as Pod
    from ebpfasm.datapath.tc import attach as attach
    from ebpfasm.datapath.tc import attach_at as attach_at
    from ebpfasm.datapath.tc import attach_clsact as attach_clsact
    from ebpfasm.datapath.tc import attach_netkit as attach_netkit
    from ebpfasm.datapath.tc import attach_tcx as attach_tcx

__all__ = [
    "ClsactLink",
    "Ipvlan",
    "Netkit",
    "Overlay",
    "Pod",
    "Veth",
    "attach",
    "attach_at",
    "attach_clsact",
    "attach_netkit",
    "attach_tcx",
    "entry_stub",
]

_HOMES = {
    "ClsactLink": "clsact_link",
    "Ipvlan": "connectors.ipvlan",
    "Netkit": "connectors.netkit",
    "Overlay": "overlay",
    "Pod": "pod",
    "Veth": "connectors.veth",
    "attach": "tc",
    "attach_at": "tc",
    "attach_clsact": "tc",
    "attach_netkit": "tc",
    "attach_tcx": "tc",
}


if not TYPE_CHECKING:  # a type checker would take any name for one of this module

    def __getattr__(name):
        """Import what needs namespaces and rtnetlink on first use; the stub needs neither."""
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from sys import modules

        home = f"{__name__}.{_HOMES[name]}"
        __import__(home)
        found = globals()[name] = getattr(modules[home], name)
        return found

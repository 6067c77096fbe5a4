"""The pod datapath: nodes and their pods, connectors, policies, and the entry stub and program arrays below them.

Public names are resolved when they are first used (PEP 562): the stub needs neither namespaces nor rtnetlink.
"""

from __future__ import annotations

from ebpfasm.datapath.entry import entry_stub as entry_stub

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ebpfasm.datapath.clsact_link import ClsactLink as ClsactLink
    from ebpfasm.datapath.connectors.ipvlan import Ipvlan as Ipvlan
    from ebpfasm.datapath.connectors.netkit import Netkit as Netkit
    from ebpfasm.datapath.connectors.veth import Veth as Veth
    from ebpfasm.datapath.endpoint import Endpoint as Endpoint
    from ebpfasm.datapath.node import Node as Node
    from ebpfasm.datapath.overlay import Overlay as Overlay
    from ebpfasm.datapath.pod import Pod as Pod
    from ebpfasm.datapath.policy.loaded import CompiledPolicy as CompiledPolicy
    from ebpfasm.datapath.policy.policy import Policy as Policy
    from ebpfasm.datapath.policy.rule import Rule as Rule
    from ebpfasm.datapath.policy.table import PolicyTable as PolicyTable
    from ebpfasm.datapath.tc import attach as attach
    from ebpfasm.datapath.tc import attach_at as attach_at
    from ebpfasm.datapath.tc import attach_clsact as attach_clsact
    from ebpfasm.datapath.tc import attach_netkit as attach_netkit
    from ebpfasm.datapath.tc import attach_tcx as attach_tcx

_HOMES = {
    "ClsactLink": "ebpfasm.datapath.clsact_link",
    "CompiledPolicy": "ebpfasm.datapath.policy.loaded",
    "Endpoint": "ebpfasm.datapath.endpoint",
    "Ipvlan": "ebpfasm.datapath.connectors.ipvlan",
    "Netkit": "ebpfasm.datapath.connectors.netkit",
    "Node": "ebpfasm.datapath.node",
    "Overlay": "ebpfasm.datapath.overlay",
    "Pod": "ebpfasm.datapath.pod",
    "Policy": "ebpfasm.datapath.policy.policy",
    "PolicyTable": "ebpfasm.datapath.policy.table",
    "Rule": "ebpfasm.datapath.policy.rule",
    "Veth": "ebpfasm.datapath.connectors.veth",
    "attach": "ebpfasm.datapath.tc",
    "attach_at": "ebpfasm.datapath.tc",
    "attach_clsact": "ebpfasm.datapath.tc",
    "attach_netkit": "ebpfasm.datapath.tc",
    "attach_tcx": "ebpfasm.datapath.tc",
}

__all__ = [
    "ClsactLink",
    "CompiledPolicy",
    "Endpoint",
    "Ipvlan",
    "Netkit",
    "Node",
    "Overlay",
    "Pod",
    "Policy",
    "PolicyTable",
    "Rule",
    "Veth",
    "attach",
    "attach_at",
    "attach_clsact",
    "attach_netkit",
    "attach_tcx",
    "entry_stub",
]


if not TYPE_CHECKING:  # a type checker would take any name for one of this module

    def __getattr__(name):
        """Import a public name when it is first used (PEP 562)."""
        from ebpfasm.lazy import resolve

        return resolve(__name__, _HOMES, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})

"""Policies that people write, as programs: compiled, or held in maps.

Public names are resolved when they are first used (PEP 562), as those of `ebpfasm`.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ebpfasm.datapath.policy.compiler import Compiled as Compiled
    from ebpfasm.datapath.policy.counts import Count as Count
    from ebpfasm.datapath.policy.counts import Counts as Counts
    from ebpfasm.datapath.policy.loaded import CompiledPolicy as CompiledPolicy
    from ebpfasm.datapath.policy.policy import Policy as Policy
    from ebpfasm.datapath.policy.rule import Rule as Rule
    from ebpfasm.datapath.policy.table import PolicyTable as PolicyTable

_HOMES = {
    "Compiled": "compiler",
    "CompiledPolicy": "loaded",
    "Count": "counts",
    "Counts": "counts",
    "Policy": "policy",
    "PolicyTable": "table",
    "Rule": "rule",
}

__all__ = ["Compiled", "CompiledPolicy", "Count", "Counts", "Policy", "PolicyTable", "Rule"]


if not TYPE_CHECKING:  # a type checker would take any name for one of this module

    def __getattr__(name):
        """Import what is asked for on first use."""
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from sys import modules

        home = f"{__name__}.{_HOMES[name]}"
        __import__(home)
        found = globals()[name] = getattr(modules[home], name)
        return found

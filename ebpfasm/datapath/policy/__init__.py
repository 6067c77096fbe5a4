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
    "Compiled": "ebpfasm.datapath.policy.compiler",
    "CompiledPolicy": "ebpfasm.datapath.policy.loaded",
    "Count": "ebpfasm.datapath.policy.counts",
    "Counts": "ebpfasm.datapath.policy.counts",
    "Policy": "ebpfasm.datapath.policy.policy",
    "PolicyTable": "ebpfasm.datapath.policy.table",
    "Rule": "ebpfasm.datapath.policy.rule",
}

__all__ = ["Compiled", "CompiledPolicy", "Count", "Counts", "Policy", "PolicyTable", "Rule"]


if not TYPE_CHECKING:  # a type checker would take any name for one of this module

    def __getattr__(name):
        """Import a public name when it is first used (PEP 562)."""
        from ebpfasm.lazy import resolve

        return resolve(__name__, _HOMES, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})

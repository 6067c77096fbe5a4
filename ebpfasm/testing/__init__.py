"""For tests of programs and encodings: assertions, a pytest plugin, and strategies for hypothesis.

Public names are resolved when they are first used (PEP 562): the plugin is loaded in every run of pytest.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ebpfasm.testing.compare import Outcome as Outcome
    from ebpfasm.testing.compare import assert_same_as_kernel as assert_same_as_kernel
    from ebpfasm.testing.encodes import assert_encodes as assert_encodes
    from ebpfasm.testing.network import Veth as Veth
    from ebpfasm.testing.specs import MapSpec as MapSpec

_HOMES = {
    "MapSpec": "ebpfasm.testing.specs",
    "Outcome": "ebpfasm.testing.compare",
    "Veth": "ebpfasm.testing.network",
    "assert_encodes": "ebpfasm.testing.encodes",
    "assert_same_as_kernel": "ebpfasm.testing.compare",
}

__all__ = ["MapSpec", "Outcome", "Veth", "assert_encodes", "assert_same_as_kernel"]


if not TYPE_CHECKING:  # a type checker would take any name for one of this module

    def __getattr__(name):
        """Import a public name when it is first used (PEP 562)."""
        from ebpfasm.lazy import resolve

        return resolve(__name__, _HOMES, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})

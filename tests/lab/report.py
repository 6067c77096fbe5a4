"""What a pytest run in a guest comes to: one line, and what must not be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

__all__ = ["FEATURES", "line", "unjustified"]

FEATURES = {
    "needs_dummy": "CONFIG_DUMMY",
    "needs_ipvlan": "CONFIG_IPVLAN",
    "needs_netkit": "CONFIG_NETKIT",
    "needs_tcx": "CONFIG_NET_XGRESS",
    "needs_vxlan": "CONFIG_VXLAN",
}
"""What a kernel may lack, as the tests' markers and as the options that its packages tell."""

Tests = Mapping[str, Mapping[str, Any]]


def line(release: str, tests: Tests) -> str:
    """Return the line that ends the report of one kernel."""
    counts = Counter(test["outcome"] for test in tests.values())
    ipvlan = sum(test["outcome"] == "passed" and "needs_ipvlan" in test["markers"] for test in tests.values())
    return (
        f"lab {release}: {counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped, "
        f"{ipvlan} ipvlan"
    )


def unjustified(tests: Tests, options: Mapping[str, str]) -> list[str]:
    """Return, for each skip of a test for which the kernel has all it takes, a line that says so.

    The kernel's own configuration is the judge, not the probe that made the test skip.
    """
    lines = []
    for name, test in tests.items():
        lacking = [FEATURES[marker] for marker in test["markers"] if marker in FEATURES]
        if test["outcome"] == "skipped" and all(option in options for option in lacking):
            lines.append(f"{name} skipped, and this kernel has what it needs: {test['reason']}")
    return lines

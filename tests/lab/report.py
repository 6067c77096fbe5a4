"""What a pytest run in a guest comes to: one line, and what is wrong with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from ebpfasm.testing.privileges import older
from tests.lab.guest import Outcome

__all__ = ["OPTIONS", "line", "problems"]

OPTIONS = {
    "needs_dummy": "CONFIG_DUMMY",
    "needs_ipvlan": "CONFIG_IPVLAN",
    "needs_netkit": "CONFIG_NETKIT",
    "needs_tcx": "CONFIG_NET_XGRESS",
    "needs_vxlan": "CONFIG_VXLAN",
}
"""What a kernel may lack, as the tests' markers have it, and as the configuration that its packages tell."""

Tests = Mapping[str, Mapping[str, Any]]


def line(release: str, tests: Tests) -> str:
    """Return the line that ends the report of one kernel."""
    counts = Counter(test["outcome"] for test in tests.values())
    ipvlan = sum(test["outcome"] == "passed" and "needs_ipvlan" in test["markers"] for test in tests.values())
    return (
        f"lab {release}: {counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped, "
        f"{ipvlan} ipvlan"
    )


def problems(release: str, tests: Tests, outcome: Outcome, options: Mapping[str, str]) -> list[str]:
    """Return what keeps a run from being well, a line or more each; empty if all is well.

    A test that skips is a problem when the kernel has all it needs. The judges are the kernel's release and its own
    configuration, ``options``, and not what made the test skip.
    """
    found = []
    for name, test in tests.items():
        lacking = [OPTIONS[marker] for marker in test["markers"] if OPTIONS.get(marker, "") not in {"", *options}]
        lacking += [version for version in test["since"] if older(release, version)]
        if test["outcome"] == "skipped" and not lacking:
            found.append(f"{name} skipped, and this kernel has what it needs: {test['reason']}")
    if outcome.explanation:
        found.append(outcome.explanation)
    elif outcome.status:
        failed = sum(test["outcome"] == "failed" for test in tests.values())
        found.append(f"pytest ended with status {outcome.status}; {failed} tests failed")
    return found

"""A pytest plugin for a whole run in the guest: of many parameter sets of one test, a share.

All of them run on the machine's own kernel; but ipvlan, which few machines have, runs whole, and netkit has a share of
its own, since they run nowhere else.
"""

from __future__ import annotations

from collections import Counter

import pytest

from tests.effort import share

__all__ = ["pytest_collection_modifyitems"]

WHOLE, APART = "needs_ipvlan", "needs_netkit"
FIRST = 2
"""Parameter sets of a test that run in any case."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the parameter sets beyond the share."""
    seen: Counter[tuple[str, bool]] = Counter()
    kept: list[pytest.Item] = []
    left_out: list[pytest.Item] = []
    for item in items:
        if item.get_closest_marker(WHOLE):
            kept.append(item)
            continue
        test = item.nodeid.partition("[")[0], item.get_closest_marker(APART) is not None
        number = seen[test]
        seen[test] += 1
        (kept if number < FIRST or share(number + 1) > share(number) else left_out).append(item)
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = kept

"""A pytest plugin for a whole run in the guest: of many parameter sets of one test, a share.

All of them run on the machine's own kernel; what needs devices that few machines have runs whole, since it runs nowhere
else.
"""

from __future__ import annotations

from collections import Counter

import pytest

from tests.effort import share

__all__ = ["pytest_collection_modifyitems"]

WHOLE = ("needs_ipvlan", "needs_netkit")
FIRST = 2
"""Parameter sets of a test that run in any case."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the parameter sets beyond the share."""
    seen: Counter[str] = Counter()
    kept: list[pytest.Item] = []
    left_out: list[pytest.Item] = []
    for item in items:
        test = item.nodeid.partition("[")[0]
        number = seen[test]
        if any(item.get_closest_marker(marker) for marker in WHOLE):
            kept.append(item)
            continue
        seen[test] += 1
        (kept if number < FIRST or share(number + 1) > share(number) else left_out).append(item)
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = kept

"""The project's own use of its pytest plugin, also from a checkout that is not installed."""

from __future__ import annotations

import signal
from importlib.metadata import entry_points

import pytest

pytest_plugins = ["pytester"]
if not entry_points(group="pytest11", name="ebpfasm"):
    pytest_plugins.append("ebpfasm.testing.plugin")

OLD_MARKERS = {"kernel": "needs_kernel", "net": "needs_netns"}


def pytest_configure() -> None:
    """Have Ctrl-C raise KeyboardInterrupt, for tests that send it: a script's ``&`` starts processes that ignore it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give tests with the markers' old names those of the plugin."""
    for item in items:
        for old, new in OLD_MARKERS.items():
            if item.get_closest_marker(old):
                item.add_marker(new)

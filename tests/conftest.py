"""The project's own use of its pytest plugin, also from a checkout that is not installed."""

from __future__ import annotations

import signal
from importlib.metadata import entry_points

pytest_plugins = ["pytester"]
if not entry_points(group="pytest11", name="ebpfasm"):
    pytest_plugins.append("ebpfasm.testing.plugin")


def pytest_configure() -> None:
    """Have Ctrl-C raise KeyboardInterrupt, for tests that send it: a script's ``&`` starts processes that ignore it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)

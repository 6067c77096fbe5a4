"""What every live test of the datapath must leave as it found it."""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Iterator

import pytest

from ebpfasm.testing.privileges import why_no_kernel, why_no_namespaces
from tests.net import own_namespace


@pytest.fixture(autouse=True)
def _nothing_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """After each live test its thread is where it was; no descriptor, thread, namespace or BPF object is left."""
    if not request.node.get_closest_marker("needs_kernel") or why_no_kernel() or why_no_namespaces():
        yield
        return
    request.getfixturevalue("no_leaks")
    before, threads, files = own_namespace(), threading.active_count(), set(os.listdir("/proc/self/fd"))
    yield
    gc.collect()  # an exception that was caught keeps the frames it came through, and what they held
    assert own_namespace() == before
    assert threading.active_count() == threads
    assert set(os.listdir("/proc/self/fd")) == files

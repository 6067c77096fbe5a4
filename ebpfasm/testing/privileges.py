"""What this machine lets a test do, as the reason why not: the empty string means it may be done."""

from __future__ import annotations

import functools
import os
import sys

from ebpfasm.errors import NotSupported, PermissionDenied

__all__ = ["REASONS", "REQUIRE", "required", "why_no_kernel", "why_no_namespaces"]

BPF_MAP_TYPE_PROG_ARRAY = 3

REQUIRE = "EBPFASM_REQUIRE_KERNEL"
"""The environment variable with which a skip is a failure: on a machine that is known to have all it takes."""


def required() -> bool:
    """Whether what cannot run here is a failure: `REQUIRE` is set, and not to 0."""
    return os.environ.get(REQUIRE, "") not in {"", "0"}


@functools.cache
def why_no_kernel() -> str:
    """Return why bpf(2) cannot be used here; any other failure of it is a failure of ours, and raised."""
    if sys.platform != "linux":
        return f"bpf(2) is a system call of Linux, and this is {sys.platform}"
    from ebpfasm.kernel.maps import map_create

    try:
        os.close(map_create(BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 1))
    except (PermissionDenied, NotSupported) as error:
        return str(error)
    return ""


@functools.cache
def why_no_namespaces() -> str:
    """Return why network namespaces cannot be made here."""
    if sys.platform != "linux":
        return f"network namespaces are Linux's, and this is {sys.platform}"
    from ebpfasm.kernel import netns

    name = f"ebpfasm-probe-{os.getpid()}"
    try:
        netns.create(name)
    except (PermissionDenied, NotSupported) as error:
        return str(error)
    netns.delete(name)
    return ""


REASONS = {"needs_kernel": why_no_kernel, "needs_netns": why_no_namespaces}
"""For each marker, what finds out why its tests cannot run."""

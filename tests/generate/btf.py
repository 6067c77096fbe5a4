"""Read enums, structs and unions of the running kernel out of its BTF, by way of bpftool."""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
from typing import Any

VMLINUX = "/sys/kernel/btf/vmlinux"


def unavailable() -> str:
    """Return why the kernel's BTF cannot be read, or an empty string if it can."""
    if not os.path.exists(VMLINUX):
        return f"this kernel has no BTF: there is no {VMLINUX}"
    if _bpftool() is None:
        return "bpftool is not installed"
    return ""


def _bpftool() -> str | None:
    # Distributions put it into sbin, which is not in everybody's PATH.
    return shutil.which("bpftool", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")


@functools.cache
def types() -> list[dict[str, Any]]:
    """Return all types, as bpftool's JSON has them."""
    output = subprocess.run(
        [_bpftool() or "bpftool", "btf", "dump", "file", VMLINUX, "-j"], check=True, capture_output=True
    ).stdout
    found: list[dict[str, Any]] = json.loads(output)["types"]
    return found


def release() -> str:
    """Return the running kernel's version as ``major.minor``."""
    return ".".join(os.uname().release.split(".")[:2])


def enum(name: str = "", having: str = "") -> dict[str, int]:
    """Return the members of ``enum name``, or of the nameless one with a member ``having``, in the kernel's order."""
    for found in types():
        if found["kind"] in {"ENUM", "ENUM64"} and (found["name"] == name or not name):
            members = {value["name"]: value["val"] for value in found["values"]}
            if name or having in members:
                return members
    raise LookupError(f"this kernel's BTF has no enum {name or 'with ' + having}")

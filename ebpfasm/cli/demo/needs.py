"""What keeps the demo from running in the kernel here."""

from __future__ import annotations

import os
import sys

from ebpfasm.errors import KernelError

__all__ = ["advice", "missing"]

NEEDED = {
    "CAP_SYS_ADMIN": "to make network namespaces and enter them",
    "CAP_NET_ADMIN": "to make devices in them and attach programs",
    "CAP_BPF": "to make maps and load programs",
}
PROG_ARRAY = 3


def missing() -> list[str]:
    """What is missing, a line each; nothing when the demo can be tried."""
    if sys.platform != "linux":
        return [f"Linux: bpf(2), network namespaces and tc are its own, and this is {sys.platform}"]
    from ebpfasm.kernel import machine

    found = []
    effective = _effective_capabilities()
    if effective is not None:
        held = {name for name, number in machine.CAPABILITIES.items() if effective >> number & 1}
        if "CAP_SYS_ADMIN" in held:
            held.add("CAP_BPF")  # bpf_capable() takes either, and only this one before Linux 5.8
        found += [f"{name}, {purpose}" for name, purpose in NEEDED.items() if name not in held]
    refusal = _bpf_refusal()
    if refusal:
        found.append(refusal)
    return found


def advice() -> str:
    """What to try."""
    if sys.platform != "linux":
        return "try: the same on Linux, as root"
    return f"try: sudo make demo\n  or:  sudo {sys.executable or 'python'} -m ebpfasm demo"


def _effective_capabilities() -> int | None:
    try:
        with open("/proc/self/status") as status:
            for line in status:
                if line.startswith("CapEff:"):
                    return int(line.split()[1], 16)
    except OSError:
        pass  # no /proc: then what the kernel refuses must say it
    return None


def _bpf_refusal() -> str:
    """Why a program array cannot be made, in the kernel layer's words; empty when it can."""
    from ebpfasm.kernel.maps import map_create

    try:
        os.close(map_create(PROG_ARRAY, 4, 4, 1, name="probe"))
    except KernelError as error:
        return f"bpf(2): {error} (Linux {os.uname().release})"
    return ""

"""QEMU: how a guest is started, and that it ends when we do."""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from tests.lab.errors import LabError

__all__ = ["arguments", "need", "run", "run_on_terminal", "stopping"]

QEMU = "qemu-system-x86_64"
POLL_S = 0.1

# TCG, since hypervisors are rare where this runs; and one CPU: with two, TCG's threads see the half-written jump when
# the kernel patches a tail call under another CPU's feet, and the guest panics (docs/lab.md).
MACHINE = ("-M", "pc", "-accel", "tcg", "-cpu", "max", "-smp", "1")
NOTHING_ELSE = ("-nodefaults", "-no-user-config", "-display", "none", "-no-reboot")
# no_timer_check: on a busy machine the boot's check of the timer against the IO-APIC comes too late, and panics.
PARAMETERS = "console=ttyS0 panic=-1 quiet mitigations=off nokaslr no_timer_check reboot=t random.trust_cpu=on"

# The kernel ends QEMU also when this process is killed and can do nothing any more.
WITH_US = ("setpriv", "--pdeathsig", "KILL")

PACKAGES = {QEMU: "qemu-system-x86", "setpriv": "util-linux", "apt-get": "apt", "apt-cache": "apt", "dpkg-deb": "dpkg"}

stopping = threading.Event()
"""Set when this process is about to end: guests then end at once."""


def need() -> None:
    """Raise `LabError` with all that is missing here."""
    missing = []
    if sys.platform != "linux" or platform.machine() != "x86_64":
        missing.append(f"Linux on x86-64 (this is {platform.system()} on {platform.machine()})")
    for command, package in PACKAGES.items():
        if shutil.which(command) is None:
            missing.append(f"the command {command} (Debian: the package {package})")
    if missing:
        raise LabError(f"the lab cannot run here; it needs {' and '.join(missing)}")


def arguments(image: Path, initramfs: Path, memory_mib: int, *, console: Path, shares: dict[str, Path]) -> list[str]:
    """Return the command line of a guest.

    ``console`` is the file for what the kernel says; ``shares`` are directories by the tag the guest mounts them with,
    the root of the host for reading only.
    """
    shared = []
    for tag, path in shares.items():
        readonly = ",readonly=on" if path == Path("/") else ""
        shared += ["-fsdev", f"local,id={tag},path={_quoted(path)},security_model=none,multidevs=remap{readonly}"]
        shared += ["-device", f"virtio-9p-pci,fsdev={tag},mount_tag={tag}"]
    return [
        *WITH_US, QEMU, *MACHINE, "-m", str(memory_mib), *NOTHING_ELSE, *shared,
        "-kernel", str(image), "-initrd", str(initramfs), "-append", PARAMETERS, "-serial", f"file:{_quoted(console)}",
    ]  # fmt: skip


def run(command: list[str], log: Path, timeout_s: float, meanwhile: Callable[[], None]) -> bool:
    """Run QEMU, calling ``meanwhile`` again and again and once at the end; return whether it ended in time.

    What QEMU itself says goes to the file ``log``.
    """
    deadline = time.monotonic() + timeout_s
    with open(log, "wb") as told:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=told, stderr=told)
    try:
        while process.poll() is None:
            if time.monotonic() > deadline or stopping.is_set():
                return False
            meanwhile()
            time.sleep(POLL_S)
        return True
    finally:
        _end(process)
        meanwhile()


def run_on_terminal(command: list[str], timeout_s: float) -> bool:
    """Run QEMU with the guest's second serial line on this process's terminal; return whether it ended in time."""
    import termios

    before = termios.tcgetattr(sys.stdin)
    # With signal=off, Ctrl-C is for the command in the guest.
    process = subprocess.Popen([*command, "-chardev", "stdio,id=terminal,signal=off", "-serial", "chardev:terminal"])
    try:
        process.wait(timeout_s)
        return True
    except subprocess.TimeoutExpired:
        return False
    finally:
        _end(process)
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.kill()
        process.wait()


def _quoted(path: Path) -> str:
    """Return a path as a value among QEMU's comma-separated options."""
    return str(path).replace(",", ",,")

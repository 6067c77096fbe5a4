"""One boot of a kernel under QEMU, one command in it."""

from __future__ import annotations

import os
import platform
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.lab.errors import LabError
from tests.lab.initramfs import initramfs
from tests.lab.kernels import Kernel, busybox
from tests.lab.modules import Modules

__all__ = ["BOOT_FAILED", "TIMED_OUT", "Guest", "Outcome", "need"]

QEMU = "qemu-system-x86_64"
TIMED_OUT = 124  # as timeout(1) has it
BOOT_FAILED = 125
POLL_S = 0.1

# TCG, since hypervisors are rare where this runs; and one CPU: with two, TCG's threads see the half-written jump when
# the kernel patches a tail call under another CPU's feet, and the guest panics (docs/lab.md).
MACHINE = ("-M", "pc", "-accel", "tcg", "-cpu", "max", "-smp", "1")
NOTHING_ELSE = ("-nodefaults", "-no-user-config", "-display", "none", "-no-reboot")
PARAMETERS = "console=ttyS0 panic=-1 quiet mitigations=off nokaslr reboot=t random.trust_cpu=on"


class Outcome(NamedTuple):
    """How the command ended: its exit status, else `TIMED_OUT` or `BOOT_FAILED` with an explanation."""

    status: int
    explanation: str


class Guest(NamedTuple):
    """A kernel with the memory and the time it gets; ``shared`` are directories of the host that it must see."""

    kernel: Kernel
    memory_mib: int
    timeout_s: float
    shared: tuple[Path, ...]

    def run(
        self,
        command: Sequence[str],
        work: Path,
        *,
        directory: Path,
        environment: Mapping[str, str],
        output: Callable[[bytes], None] | None,
    ) -> Outcome:
        """Boot, run a command as root in ``directory``, give its output out as it comes, and end.

        ``work`` is a directory of this run's own; the command sees it, and may write into it, as ``/lab``. Without
        ``output``, the command gets this process's terminal instead.
        """
        (work / "initramfs").write_bytes(initramfs(busybox(), Modules(self.kernel.modules), self.shared))
        words = [f"{name}={value}" for name, value in environment.items()]
        (work / "job").write_text(
            f"cd {shlex.quote(str(directory))} || exit\nexec env -i {shlex.join([*words, *command])}\n"
        )
        with open(work / "qemu", "wb") as complaints:
            if output is None:
                ended = self._on_terminal(work)
            else:
                process = subprocess.Popen(
                    self._qemu(work), stdin=subprocess.DEVNULL, stdout=complaints, stderr=complaints,
                    start_new_session=True,
                )  # fmt: skip
                ended = _followed(process, work / "output", output, time.monotonic() + self.timeout_s)
        return self._outcome(work, ended)

    def _outcome(self, work: Path, ended: bool) -> Outcome:
        try:
            return Outcome(int((work / "status").read_text()), "")
        except (FileNotFoundError, ValueError):
            pass
        told = "".join(
            (work / name).read_text(errors="replace") for name in ("qemu", "console") if (work / name).exists()
        )
        if not ended:
            return Outcome(TIMED_OUT, f"Linux {self.kernel.release} was stopped after {self.timeout_s:g} s\n{told}")
        return Outcome(BOOT_FAILED, f"Linux {self.kernel.release} ended before the command did; it said:\n{told}")

    def _qemu(self, work: Path) -> list[str]:
        return [
            QEMU, *MACHINE, "-m", str(self.memory_mib), *NOTHING_ELSE,
            "-kernel", str(self.kernel.image), "-initrd", str(work / "initramfs"), "-append", PARAMETERS,
            "-serial", f"file:{work}/console",
            "-fsdev", "local,id=root,path=/,security_model=none,readonly=on,multidevs=remap",
            "-device", "virtio-9p-pci,fsdev=root,mount_tag=hostroot",
            "-fsdev", f"local,id=work,path={work},security_model=none,multidevs=remap",
            "-device", "virtio-9p-pci,fsdev=work,mount_tag=lab",
        ]  # fmt: skip

    def _on_terminal(self, work: Path) -> bool:
        """Run with the guest's second serial line on this process's terminal; return whether it ended in time."""
        import termios

        columns, rows = shutil.get_terminal_size()
        (work / "terminal").write_text(f"sane rows {rows} columns {columns}\n")
        before = termios.tcgetattr(sys.stdin) if sys.stdin.isatty() else None
        # With signal=off the terminal is raw: Ctrl-C is for the command in the guest.
        line = ("-chardev", "stdio,id=terminal,signal=off", "-serial", "chardev:terminal")
        process = subprocess.Popen([*self._qemu(work), *line])
        try:
            process.wait(self.timeout_s)
        except subprocess.TimeoutExpired:
            return False
        finally:
            _end(process)
            if before is not None:
                termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)
        return True


def need() -> None:
    """Raise `LabError` with all that is missing here."""
    missing = []
    if not sys.platform.startswith("linux") or platform.machine() != "x86_64":
        missing.append(f"Linux on x86-64 (this is {platform.system()} on {platform.machine()})")
    for command, package in ((QEMU, "qemu-system-x86"), ("apt-get", "apt"), ("dpkg-deb", "dpkg")):
        if shutil.which(command) is None:
            missing.append(f"the command {command} (Debian: apt-get install {package})")
    if missing:
        raise LabError(f"the lab cannot run here: it needs {', '.join(missing)}")


def _followed(process: subprocess.Popen[bytes], path: Path, output: Callable[[bytes], None], deadline: float) -> bool:
    """Give out what is added to a file until the process ends; return False if that is the deadline's doing."""
    stream = None
    try:
        while True:
            running = process.poll() is None  # asked before reading: what was written before the end is read
            if stream is None and path.exists():
                stream = open(path, "rb")  # noqa: SIM115
            if stream is not None and (data := stream.read()):
                output(data)
            if not running:
                return True
            if time.monotonic() > deadline:
                return False
            time.sleep(POLL_S)
    finally:
        _end(process)
        if stream is not None:
            stream.close()


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.kill()
        process.wait()


def environment(required: bool) -> dict[str, str]:
    """Return the environment of commands in a guest: nothing of this process's but where programs are."""
    return {
        "PATH": f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin:/usr/bin:/bin",
        "HOME": "/root",
        "LANG": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
        "EBPFASM_REQUIRE_KERNEL": str(int(required)),
    }

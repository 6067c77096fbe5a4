"""One boot of a kernel, one command in it."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.lab import qemu
from tests.lab.initramfs import initramfs
from tests.lab.kernels import Kernel, busybox
from tests.lab.modules import Modules

__all__ = ["BOOT_FAILED", "TIMED_OUT", "Guest", "Outcome", "environment"]

TIMED_OUT = 124  # as timeout(1) has it
BOOT_FAILED = 125


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
        machine = qemu.arguments(
            self.kernel.image, work / "initramfs", self.memory_mib,
            console=work / "console", shares={"hostroot": Path("/"), "lab": work},
        )  # fmt: skip
        if output is None:
            columns, rows = shutil.get_terminal_size()
            (work / "terminal").write_text(f"sane rows {rows} columns {columns}\n")
            in_time = qemu.run_on_terminal(machine, self.timeout_s)
        else:
            follow = _Follower(work / "output", output)
            in_time = qemu.run(machine, work / "qemu", self.timeout_s, follow)
        return self._outcome(work, in_time)

    def _outcome(self, work: Path, in_time: bool) -> Outcome:
        try:
            return Outcome(int((work / "status").read_text()), "")
        except (FileNotFoundError, ValueError):  # an empty file is one that was not written to the end
            told = "".join(_text(work / name) for name in ("qemu", "console"))
        if in_time:
            return Outcome(BOOT_FAILED, f"Linux {self.kernel.release} ended before the command did; it said:\n{told}")
        return Outcome(TIMED_OUT, f"Linux {self.kernel.release} was stopped after {self.timeout_s:g} s\n{told}")


def environment(*, required: bool) -> dict[str, str]:
    """Return the environment of commands in a guest, with ``python`` for this Python.

    ``required`` is whether tests that skip where they need not are to fail.
    """
    places = [str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath), "/usr/sbin:/sbin:/usr/bin:/bin"]
    terminal = {name: os.environ[name] for name in ("TERM", "COLORTERM", "NO_COLOR") if name in os.environ}
    return {
        "PATH": ":".join(places),
        "HOME": "/root",
        "LANG": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
        "EBPFASM_REQUIRE_KERNEL": str(int(required)),
        **terminal,
    }


class _Follower:
    """Gives out what a file has got since it was last asked."""

    def __init__(self, path: Path, output: Callable[[bytes], None]) -> None:
        self._path = path
        self._output = output
        self._at = 0

    def __call__(self) -> None:
        if not self._path.exists():
            return
        with open(self._path, "rb") as stream:
            stream.seek(self._at)
            data = stream.read()
        if data:
            self._at += len(data)
            self._output(data)


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

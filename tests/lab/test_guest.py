"""A guest's run, with a script in QEMU's place; and once with QEMU, where it and a kernel are there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.lab import guest, qemu
from tests.lab.errors import LabError
from tests.lab.guest import BOOT_FAILED, TIMED_OUT, Guest, Outcome
from tests.lab.kernels import Kernel

Run = Callable[..., Outcome]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Give a function that runs a guest whose QEMU is the given script, in the directory that the guest shares."""
    release = "6.12.0-amd64"
    (tmp_path / "boot").mkdir()
    (tmp_path / f"boot/vmlinuz-{release}").touch()
    (tmp_path / f"lib/modules/{release}/kernel").mkdir(parents=True)
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.setattr(guest, "initramfs", lambda busybox, modules, shared: b"")
    monkeypatch.setattr(guest, "busybox", lambda: Path("busybox"))
    monkeypatch.setattr(qemu, "POLL_S", 0.001)

    def go(script: str, *command: str, timeout_s: float = 60, output: list[bytes] | None = None) -> Outcome:
        program = tmp_path / "qemu"
        program.write_text(f"#!/bin/sh\ncd {work}\n{script}\n")
        program.chmod(0o755)
        monkeypatch.setattr(qemu, "QEMU", str(program))
        machine = Guest(Kernel(release, tmp_path), 512, timeout_s, ())
        return machine.run(
            command or ("true",),
            work,
            directory=tmp_path,
            environment={"NAME": "a b"},
            output=(output if output is not None else []).append,
        )

    return go


def test_status_and_output_come_back(run: Run) -> None:
    output: list[bytes] = []
    outcome = run("sh job >output 2>&1; echo $? >status", "sh", "-c", 'pwd; echo "$NAME"; exit 7', output=output)
    assert outcome == Outcome(7, "")
    directory, name = b"".join(output).decode().splitlines()
    assert Path(directory, "boot").exists()
    assert name == "a b"


def test_output_comes_while_it_runs(run: Run, tmp_path: Path) -> None:
    class Seen(list[bytes]):
        def append(self, data: bytes) -> None:
            super().append(data)
            (tmp_path / "work/seen").touch()

    output = Seen()
    # Ends only when the first half was seen.
    script = "echo one >output; while [ ! -e seen ]; do sleep 0.01; done; echo two >>output; echo 0 >status"
    assert run(script, output=output) == Outcome(0, "")
    assert output == [b"one\n", b"two\n"]


def test_a_guest_that_does_not_come_up(run: Run) -> None:
    outcome = run("echo no such file >&2; echo Kernel panic >console; exit 1")
    assert outcome.status == BOOT_FAILED
    assert outcome.explanation == (
        "Linux 6.12.0-amd64 ended before the command did; it said:\nno such file\nKernel panic\n"
    )


def test_a_guest_that_does_not_end(run: Run, tmp_path: Path) -> None:
    outcome = run("echo $$ >pid; echo half >output; exec sleep 1000", timeout_s=0.5)
    assert outcome == Outcome(TIMED_OUT, "Linux 6.12.0-amd64 was stopped after 0.5 s\n")
    process = int((tmp_path / "work/pid").read_text())
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


def test_a_guest_ends_when_the_lab_is_told_to(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    qemu.stopping.set()
    try:
        assert run("exec sleep 1000").status == TIMED_OUT
    finally:
        qemu.stopping.clear()


def test_a_comma_in_a_path() -> None:
    line = qemu.arguments(Path("k"), Path("i"), 512, console=Path("/a,b/c"), shares={"lab": Path("/a,b")})
    assert "file:/a,,b/c" in line
    assert "local,id=lab,path=/a,,b,security_model=none,multidevs=remap" in line


def test_only_the_root_is_shared_for_reading_only() -> None:
    line = qemu.arguments(Path("k"), Path("i"), 512, console=Path("c"), shares={"root": Path("/"), "lab": Path("/lab")})
    assert [word.endswith("readonly=on") for word in line if word.startswith("local,")] == [True, False]


def test_all_that_is_missing_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    with pytest.raises(LabError) as caught:
        qemu.need()
    assert "Linux on x86-64 (this is Linux on aarch64)" in str(caught.value)
    assert "the command qemu-system-x86_64 (Debian: the package qemu-system-x86)" in str(caught.value)
    assert "the command apt-get (Debian: the package apt)" in str(caught.value)


def test_python_is_found_in_the_guest() -> None:
    path = guest.environment(required=True)["PATH"]
    assert shutil.which("python", path=path)
    assert guest.environment(required=True)["EBPFASM_REQUIRE_KERNEL"] == "1"

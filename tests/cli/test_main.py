"""The command line as a whole: what an error looks like, and what importing it costs."""

from __future__ import annotations

import subprocess

import pytest

from ebpfasm.cli import main, stub
from ebpfasm.errors import KernelError
from tests.cli.run import COMMAND, run
from tests.test_layers import modules_after


def test_an_error_is_one_line_and_status_1(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    def fail(*_: object) -> None:
        raise KernelError(22, "BPF_PROG_LOAD: one\n  two", command="BPF_PROG_LOAD")

    monkeypatch.setattr(stub, "write_stub", fail)
    assert main(["stub", "--fd", "5"]) == 1
    assert capfd.readouterr() == ("", "ebpfasm: BPF_PROG_LOAD: one two\n")


def test_an_interrupt_is_status_130(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(stub, "write_stub", interrupt)
    assert main(["stub", "--fd", "5"]) == 130
    assert capfd.readouterr() == ("", "")


def test_without_a_standard_output() -> None:
    shell = ["sh", "-c", 'exec "$@" >&-', "sh"]
    result = subprocess.run([*shell, *COMMAND, "stub", "--fd", "5"], stderr=subprocess.PIPE, text=True, check=False)
    assert (result.returncode, result.stderr) == (1, "ebpfasm: there is no standard output to write to\n")


def test_help_is_on_stdout() -> None:
    result = run("--help")
    assert result.returncode == 0
    assert "demo" in result.stdout
    assert "stub" in result.stdout
    assert result.stderr == ""


def test_the_stub_needs_no_kernel_layer() -> None:
    loaded = modules_after("from ebpfasm.cli import main; main(['stub', '--fd', '5'])")
    assert {
        name for name in loaded if name.startswith(("ebpfasm.kernel", "ebpfasm.objects", "ebpfasm.cli.demo"))
    } == set()
    assert not loaded & {"cffi", "_cffi_backend", "pyroute2"}


def test_importing_the_command_line_does_not_import_argparse() -> None:
    assert "argparse" not in modules_after("import ebpfasm.cli")

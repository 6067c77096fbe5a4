"""The command line as a whole: what an error looks like, and what importing it costs."""

from __future__ import annotations

import contextlib
import io
import shlex
import signal
import subprocess
from importlib import metadata

import pytest

import ebpfasm
from ebpfasm.asm import syntax
from ebpfasm.cli import DIALECTS, main, stub
from ebpfasm.errors import KernelError
from tests.cli.run import COMMAND, TIMEOUT_S, environment, run
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
    assert (result.returncode, result.stderr) == (1, "ebpfasm: there is no stdout to write to\n")


def test_help_is_on_stdout() -> None:
    result = run("--help")
    assert result.returncode == 0
    for name in ("asm", "disasm", "stub", "demo"):
        assert name in result.stdout
    assert result.stderr == ""


def test_the_stub_needs_no_kernel_layer() -> None:
    loaded = modules_after("from ebpfasm.cli import main; main(['stub', '--fd', '5'])")
    assert {
        name for name in loaded if name.startswith(("ebpfasm.kernel", "ebpfasm.objects", "ebpfasm.cli.demo"))
    } == set()
    assert not loaded & {"cffi", "_cffi_backend", "pyroute2", "json", "base64", "binascii", "ebpfasm.asm.parser"}


def test_importing_the_command_line_does_not_import_argparse() -> None:
    assert "argparse" not in modules_after("import ebpfasm.cli")


def test_the_dialects_are_those_of_the_assembler() -> None:
    assert DIALECTS == syntax.DIALECTS


@pytest.mark.parametrize("command", ["asm", "disasm"])
def test_text_and_bytes_need_no_kernel_layer(command: str) -> None:
    loaded = modules_after(f"sys.stdin = open('/dev/null')\nfrom ebpfasm.cli import main; main([{command!r}])")
    assert f"ebpfasm.cli.{command}" in loaded
    layers = ("ebpfasm.kernel", "ebpfasm.objects", "ebpfasm.datapath", "ebpfasm.cli.demo")
    assert {name for name in loaded if name.startswith(layers)} == set()


@pytest.mark.parametrize("stream", ["<&-", ">&-"])
def test_a_closed_stream_is_one_line(stream: str) -> None:
    command = " ".join(map(shlex.quote, [*COMMAND, "asm"]))
    result = subprocess.run(
        ["sh", "-c", f"{command} {stream}"],
        input="exit",
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith("ebpfasm: there is no std")
    assert result.stderr.count("\n") == 1


def test_text_goes_to_whatever_stands_for_stdout() -> None:
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        assert main(["stub", "--fd", "5", "--byteorder", "little"]) == 0
    assert printed.getvalue().startswith("1812000005000000")


def test_an_interrupt_while_it_reads_is_quiet() -> None:
    with subprocess.Popen(
        [*COMMAND, "asm"], env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        process.stdin.write(b"exit\n" * 100_000)  # more than a pipe holds: it is reading
        process.stdin.flush()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=TIMEOUT_S)
    assert (process.returncode, out, err) == (130, b"", b"")


def test_the_version(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--version"])
    assert (caught.value.code, capfd.readouterr().out) == (0, f"ebpfasm {ebpfasm.__version__}\n")
    assert metadata.version("ebpfasm") == ebpfasm.__version__

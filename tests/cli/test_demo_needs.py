"""What the demo says where it cannot run: found in advance, or met on the way."""

from __future__ import annotations

import errno
import sys

import pytest

from ebpfasm.cli import main
from ebpfasm.cli.demo import needs, story
from ebpfasm.errors import DatapathError, KernelError, NotSupported
from tests.kernel.fake import FakeKernel
from tests.test_layers import modules_after

QUICK = ("demo", "--seconds", "0.1", "--swaps", "100")


def test_off_linux(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert main(QUICK) == 0
    out, err = capfd.readouterr()
    assert "✗ Linux: " in out
    assert "this is darwin" in err
    assert "as root" in out
    assert "sudo" not in out
    assert "r2 = slots ll" in out
    assert out.count("  ✓ ") == 7


def test_off_linux_no_kernel_layer_is_imported() -> None:
    loaded = modules_after(
        "sys.platform = 'darwin'; import io; real, sys.stdout = sys.stdout, io.StringIO()\n"
        "from ebpfasm.cli import main; main(['demo', '--seconds', '0.1', '--swaps', '100']); sys.stdout = real"
    )
    assert not {name for name in loaded if name.startswith(("ebpfasm.kernel", "ebpfasm.objects"))}


def test_a_kernel_without_bpf(monkeypatch: pytest.MonkeyPatch) -> None:
    FakeKernel(monkeypatch, -errno.ENOSYS)
    found = needs.missing()
    assert any("bpf(2): " in words and "CONFIG_BPF_SYSCALL" in words and "(Linux " in words for words in found)


@pytest.mark.parametrize(
    ("held", "lacking"),
    [
        ((), ["CAP_SYS_ADMIN", "CAP_NET_ADMIN", "CAP_BPF"]),
        (("CAP_SYS_ADMIN",), ["CAP_NET_ADMIN"]),
        (("CAP_SYS_ADMIN", "CAP_NET_ADMIN"), []),
        (("CAP_BPF", "CAP_NET_ADMIN"), ["CAP_SYS_ADMIN"]),
    ],
)
def test_capabilities(held: tuple[str, ...], lacking: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    from ebpfasm.kernel.machine import CAPABILITIES

    mask = sum(1 << CAPABILITIES[name] for name in held)
    monkeypatch.setattr(needs, "_effective_capabilities", lambda: mask)
    monkeypatch.setattr(needs, "_bpf_refusal", lambda: "")
    assert [words.partition(",")[0] for words in needs.missing()] == lacking


def failing(error: Exception, monkeypatch: pytest.MonkeyPatch) -> int:
    """Run the demo with a story that fails at once."""

    def perform(self: story.Story, undo: object) -> None:
        raise error

    monkeypatch.setattr("ebpfasm.cli.demo.missing", lambda: [])
    monkeypatch.setattr("ebpfasm.cli.demo.lab.remove_stale", lambda: [])
    monkeypatch.setattr(story.Story, "perform", perform)
    return main(QUICK)


def test_what_turns_out_to_be_missing_on_the_way(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    error = DatapathError("pod 'pod0': attaching failed", pod="pod0", step="attaching")
    error.__cause__ = NotSupported(errno.EOPNOTSUPP, "the kernel must have CONFIG_NET_CLS_BPF", feature="cls_bpf")
    assert failing(error, monkeypatch) == 0
    out, err = capfd.readouterr()
    assert "  ✗ the kernel must have CONFIG_NET_CLS_BPF" in out
    assert "this was the vm, not the kernel" in err
    assert out.count("  ✓ ") == 7


def test_another_failure_is_one_line(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    assert failing(KernelError(errno.EBUSY, "creating veth pair: busy"), monkeypatch) == 1
    assert capfd.readouterr().err == "ebpfasm: creating veth pair: busy\n"

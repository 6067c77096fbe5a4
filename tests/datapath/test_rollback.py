"""A pod whose connecting fails at each of its steps, or is interrupted at any: nothing of it stays."""

from __future__ import annotations

import errno
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from ebpfasm import AttachType, Link, Program
from ebpfasm.datapath import Pod, attach_clsact, attach_tcx
from ebpfasm.errors import DatapathError, EbpfError, KernelError, KeyExists, OperandError, VerifierError
from ebpfasm.kernel import clsact, libc, links, maps, pins, programs
from tests.datapath.packets import OK, returning
from tests.datapath.ways import TCX, by_tcx
from tests.net import Veth, own_namespace

pytestmark = [pytest.mark.needs_kernel, pytest.mark.needs_netns]


ARRAY, PIN, STUB = "closed program array 'pod0'", "removed pin {pin}", "closed the entry stub"


@pytest.fixture
def program() -> Iterator[Program]:
    with returning(OK) as loaded:
        yield loaded


@pytest.fixture(params=[TCX, attach_clsact], ids=["tcx", "clsact"])
def connect(request: pytest.FixtureRequest, veth: Veth, program: Program, bpffs: Path) -> Iterator[Callable[..., Pod]]:
    """Connect with everything a pod can have; afterwards nothing of it must be there."""
    before = own_namespace()
    defaults = {"netns": veth.netns, "program": program, "attach": request.param, "pin": bpffs / "pod0"}
    yield lambda **options: Pod.connect(**(defaults | options))
    assert own_namespace() == before
    assert not (bpffs / "pod0").exists()
    assert by_tcx(veth, AttachType.TCX_EGRESS) == ()
    assert not clsact.has_clsact(veth.index, veth.netns)


class Failure(NamedTuple):
    """A step that fails for a true reason: what to give instead, the step, the cause, and what is undone."""

    options: dict[str, Any]
    step: str
    cause: type[EbpfError]
    undone: tuple[str, ...]


FAILURES = {
    "namespace": Failure({"netns": "ebpfasm-nowhere"}, "opening its network namespace", KernelError, ()),
    "array": Failure({"name": "a name too long"}, "making its program array", OperandError, ()),
    "pin": Failure({"pin": "/nowhere/pod0"}, "pinning its program array under /nowhere/pod0", KernelError, (ARRAY,)),
    "stub": Failure({"miss": 1 << 31}, "loading its entry stub", OperandError, (PIN, ARRAY)),
    "slot": Failure({"program": object()}, "putting its program into slot 0", OperandError, (STUB, PIN, ARRAY)),
    "device": Failure(
        {"device": "eth7"},
        "attaching its entry stub to egress of eth7 in network namespace {netns!r}",
        KernelError,
        (STUB, PIN, ARRAY),
    ),
}


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
def test_a_wrong_argument(failure: Failure, connect: Callable[..., Pod], veth: Veth, bpffs: Path) -> None:
    step = failure.step.format(netns=veth.netns)
    undone = tuple(words.format(pin=bpffs / "pod0") for words in failure.undone)
    with pytest.raises(DatapathError) as caught:
        connect(**failure.options)
    error = caught.value
    name = failure.options.get("name", "pod0")
    assert (error.pod, error.step, error.rolled_back) == (name, step, undone)
    assert isinstance(error.__cause__, failure.cause)
    told = f"; undone: {', '.join(undone)}" if undone else ""
    assert str(error) == f"pod {name!r}: {step} failed: {error.__cause__}{told}"


STEPS: dict[str, tuple[object, str, type[KernelError]]] = {
    "array": (maps, "map_create", KernelError),
    "pin": (pins, "obj_pin", KeyExists),
    "stub": (programs, "prog_load", VerifierError),
    "slot": (maps, "update_u32", KernelError),
}


@pytest.mark.parametrize("name", STEPS)
def test_a_refusing_kernel(name: str, connect: Callable[..., Pod], monkeypatch: pytest.MonkeyPatch) -> None:
    module, function, kind = STEPS[name]
    refusal = kind(errno.EIO, "injected")

    def refuse(*_: object, **__: object) -> None:
        raise refusal

    with monkeypatch.context() as broken:
        broken.setattr(module, function, refuse)
        with pytest.raises(DatapathError, match="injected") as caught:
            connect()
    assert caught.value.step.startswith(FAILURES[name].step.split(" under ")[0])
    assert len(caught.value.rolled_back) == len(FAILURES[name].undone)
    assert caught.value.__cause__ is refusal
    with connect() as pod:
        assert not pod.closed


@pytest.mark.parametrize("step", ["add_clsact", "add_filter"])
def test_a_refusing_clsact(step: str, veth: Veth, connect: Callable[..., Pod], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise KernelError(errno.EIO, "injected")

    with monkeypatch.context() as broken:
        broken.setattr(clsact, step, refuse)
        with pytest.raises(DatapathError, match=r"attaching its entry stub.*injected; undone: closed the entry stub"):
            connect(attach=attach_clsact)
        assert not clsact.has_clsact(veth.index, veth.netns)


def test_the_namespace_cannot_be_entered(connect: Callable[..., Pod], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(fd: int, kind: int) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    with monkeypatch.context() as broken:
        broken.setattr(libc, "setns", refuse)
        with pytest.raises(DatapathError, match=r"attaching its entry stub.*it needs CAP_SYS_ADMIN; undone"):
            connect()


@pytest.mark.parametrize("mistake", [ZeroDivisionError("theirs"), KeyboardInterrupt("theirs"), SystemExit(3)])
def test_a_users_attach_function_that_raises(mistake: BaseException, connect: Callable[..., Pod]) -> None:
    def attach(*_: object, **__: object) -> Link:
        raise mistake

    with pytest.raises(type(mistake)) as caught:
        connect(attach=attach)
    assert caught.value is mistake


def test_a_users_attach_function_that_refuses(connect: Callable[..., Pod]) -> None:
    def attach(*_: object, **__: object) -> Link:
        raise KeyExists(errno.EEXIST, "theirs")

    with pytest.raises(DatapathError, match=r"attaching its entry stub.*theirs; undone") as caught:
        connect(attach=attach)
    assert isinstance(caught.value.__cause__, KeyExists)


def test_what_cannot_be_undone_is_told_and_the_rest_is_undone(
    connect: Callable[..., Pod], bpffs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: str) -> None:
        raise KernelError(errno.EIO, "the pin stays")

    with monkeypatch.context() as broken:
        broken.setattr(pins, "unpin", refuse)
        with pytest.raises(DatapathError) as caught:
            connect(device="eth7")
    assert caught.value.rolled_back == (STUB, ARRAY)
    assert caught.value.__cause__ is not None
    assert caught.value.__cause__.__notes__ == [f"could not undo (removed pin {bpffs / 'pod0'}): the pin stays"]
    (bpffs / "pod0").unlink()


def test_closing_goes_on_after_a_failure(connect: Callable[..., Pod], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: str) -> None:
        raise KernelError(errno.EIO, "the pin stays")

    pod = connect()
    with monkeypatch.context() as broken:
        broken.setattr(pins, "unpin", refuse)
        with pytest.raises(KernelError, match="the pin stays"):
            pod.close()
    assert pod.link.closed
    assert pod.slots.closed
    assert pod.closed
    pod.slots.unpin()  # is still known, and can be tried again


MOMENTS: dict[str, tuple[object, str]] = {
    "array": (maps, "map_create"),
    "pin": (pins, "obj_pin"),
    "stub": (programs, "prog_load"),
    "slot": (maps, "update_u32"),
    "tcx": (links, "link_create"),
    "qdisc": (clsact, "add_clsact"),
    "filter": (clsact, "add_filter"),
}


@pytest.mark.parametrize(
    "moment", [pytest.param(name, marks=[pytest.mark.needs_tcx] * (name == "tcx")) for name in MOMENTS]
)
@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
def test_interrupted_while_connecting(
    moment: str, before: bool, connect: Callable[..., Pod], monkeypatch: pytest.MonkeyPatch
) -> None:
    module, function = MOMENTS[moment]
    ways: dict[str, Any] = {"tcx": attach_tcx, "qdisc": attach_clsact, "filter": attach_clsact}
    options = {"attach": ways[moment]} if moment in ways else {}
    with monkeypatch.context() as patched:
        interrupted = interrupting(patched, module, function, before)
        with pytest.raises(KeyboardInterrupt):
            connect(**options)
        assert interrupted.is_set()


@pytest.mark.parametrize("moment", [(pins, "unpin"), (clsact, "delete_filter"), (clsact, "delete_clsact")])
@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
def test_interrupted_while_closing(
    moment: tuple[object, str], before: bool, connect: Callable[..., Pod], monkeypatch: pytest.MonkeyPatch
) -> None:
    pod = connect(attach=attach_clsact)
    with monkeypatch.context() as patched:
        interrupted = interrupting(patched, *moment, before)
        with pytest.raises(KeyboardInterrupt):
            pod.close()
        assert interrupted.is_set()
    assert pod.closed
    assert pod.slots.closed


def interrupting(patched: pytest.MonkeyPatch, module: object, function: str, before: bool) -> threading.Event:
    """Have Ctrl-C pressed as a function is called, or as it has ended; give what tells whether it was."""
    does = getattr(module, function)
    pressed = threading.Event()

    def press() -> None:
        pressed.set()
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    def interrupted(*args: Any, **options: Any) -> Any:
        if before:
            press()
        done = does(*args, **options)
        if not before:
            press()
        return done

    patched.setattr(module, function, interrupted)
    return pressed

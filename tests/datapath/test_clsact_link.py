"""A link of clsact: which qdisc and filter are its own, what stands in its way, and what is left when."""

from __future__ import annotations

import errno
import shlex
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ebpfasm import AttachType, Program, ProgramType
from ebpfasm.datapath import ClsactLink, attach_clsact
from ebpfasm.errors import AlreadyAttached, ClosedError, KernelError, KeyExists, NotSupported, OperandError
from ebpfasm.kernel import clsact, netlink
from ebpfasm.kernel.clsact import EGRESS, INGRESS, Filter
from ebpfasm.kernel.conversation import Conversation
from ebpfasm.kernel.netns import delete, run_in
from tests.datapath.packets import OK, SHOT, returning
from tests.net import Veth

pytestmark = [pytest.mark.needs_kernel, pytest.mark.needs_netns]

Attach = Callable[..., ClsactLink]


@pytest.fixture
def program() -> Iterator[Program]:
    with returning(OK, name="first") as loaded:
        yield loaded


@pytest.fixture
def other() -> Iterator[Program]:
    with returning(SHOT, name="other") as loaded:
        yield loaded


@pytest.fixture
def attach(veth: Veth) -> Attach:
    """Attach to the near end's egress."""
    return lambda program, **options: attach_clsact(
        veth.index, program, AttachType.TCX_EGRESS, netns=veth.netns, **options
    )


def filters(pair: Veth, hook: int = EGRESS) -> list[tuple[str, int | None]]:
    return [(each.name, each.program_id) for each in clsact.list_filters(pair.index, hook, pair.netns)]


def has_qdisc(pair: Veth) -> bool:
    return clsact.has_clsact(pair.index, pair.netns)


def interrupt() -> None:
    """Press Ctrl-C: the signal goes to the main thread, whichever thread this is."""
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)


def interrupting(monkeypatch: pytest.MonkeyPatch, step: str, *, before: bool) -> None:
    """Have Ctrl-C pressed while a step of clsact is done."""
    does = getattr(clsact, step)

    def interrupted(*args: Any, **options: Any) -> Any:
        if before:
            interrupt()
        done = does(*args, **options)
        if not before:
            interrupt()
        return done

    monkeypatch.setattr(clsact, step, interrupted)


def test_the_filter_is_ciliums(attach: Attach, veth: Veth, program: Program) -> None:
    with attach(program) as link:
        assert link.info == Filter(
            1, 1, clsact.ETH_P_ALL, "bpf", "polEntry", program.id, bytes.fromhex(program.tag), True
        )
        assert repr(link) == (
            f"<ClsactLink filter 'polEntry' (priority 1, handle 1) at egress of interface {veth.index}>"
        )
    assert repr(link).endswith(": closed>")


def test_another_name_and_place(attach: Attach, veth: Veth, program: Program, other: Program) -> None:
    with attach(program), attach(other, name="late", priority=65535, handle=0xFFFFFFFF) as late:
        assert (late.info.name, late.info.priority, late.info.handle) == ("late", 65535, 0xFFFFFFFF)
        assert filters(veth) == [("polEntry", program.id), ("late", other.id)]
    assert not has_qdisc(veth)


@pytest.mark.parametrize("wrong", [{"priority": 0}, {"priority": 65536}, {"handle": 0}, {"handle": 1 << 32}])
def test_no_such_place(attach: Attach, veth: Veth, program: Program, wrong: dict[str, int]) -> None:
    with pytest.raises(OperandError, match=next(iter(wrong))):
        attach(program, **wrong)
    assert not has_qdisc(veth)


def test_the_same_program_again_is_the_same_filter(attach: Attach, veth: Veth, program: Program) -> None:
    with attach(program) as first:
        with attach(program) as second:
            assert filters(veth) == [("polEntry", program.id)]
            assert second.info == first.info
        assert filters(veth) == []
        assert has_qdisc(veth)  # the first link's
    assert not has_qdisc(veth)


def test_another_program_is_in_the_way(attach: Attach, veth: Veth, program: Program, other: Program) -> None:
    attach(other, name="theirs").keep()
    with pytest.raises(AlreadyAttached) as caught:
        attach(program)
    message, _, advice = str(caught.value).rpartition(": ")
    assert message.startswith(
        f"attaching program 'first' at egress of interface {veth.index} in network namespace {veth.netns!r}: "
        f"filter 'theirs' (program {other.id}) stands there already at priority 1, handle 1; if a process left it"
    )
    assert caught.value.errno == errno.EEXIST
    assert filters(veth) == [("theirs", other.id)]
    assert advice == "tc filter del dev eth0 egress protocol all prio 1 handle 0x1 bpf"
    run_in(veth.netns, lambda: subprocess.run(shlex.split(advice), check=True))
    with attach(program):
        assert filters(veth) == [("polEntry", program.id)]
    assert has_qdisc(veth)  # not this link's


def test_a_qdisc_that_was_there_stays(attach: Attach, veth: Veth, program: Program) -> None:
    clsact.add_clsact(veth.index, veth.netns)
    attach(program).close()
    assert has_qdisc(veth)
    assert filters(veth) == []


@pytest.mark.parametrize("hook", [EGRESS, INGRESS])
def test_a_qdisc_that_somebody_else_came_to_use_stays(
    attach: Attach, veth: Veth, program: Program, other: Program, hook: int
) -> None:
    link = attach(program)
    clsact.add_filter(veth.index, hook, other.fileno(), priority=7, handle=7, name="theirs", netns=veth.netns)
    link.close()
    assert has_qdisc(veth)
    assert filters(veth, hook) == [("theirs", other.id)]


def test_an_ingress_qdisc_in_the_way_stays(attach: Attach, veth: Veth, program: Program) -> None:
    netlink.ask(veth.netns, "RTM_NEWQDISC", "adding ingress", lambda route: route.tc("add", "ingress", veth.index))
    with pytest.raises(KeyExists, match="ingress qdisc, which takes the same place"):
        attach(program)
    with pytest.raises(KeyExists):
        clsact.add_clsact(veth.index, veth.netns)


def test_update(attach: Attach, veth: Veth, program: Program, other: Program) -> None:
    with attach(program) as link:
        link.update(other)
        assert filters(veth) == [("polEntry", other.id)]
        with returning(OK) as closed:
            pass
        with pytest.raises(ClosedError):
            link.update(closed)
        with (
            returning(OK, ProgramType.XDP, "xdp") as xdp,
            pytest.raises(OperandError, match="tc takes programs of type SCHED_CLS"),
        ):
            link.update(xdp)
        assert filters(veth) == [("polEntry", other.id)]
        assert link.program_id == other.id


def test_the_filter_outlives_its_program_object(attach: Attach, veth: Veth) -> None:
    with returning(OK) as program:
        link = attach(program)
        number = program.id
    with link:
        assert link.info.program_id == number


@pytest.mark.parametrize("gone", ["filter", "qdisc"])
def test_somebody_else_removed_it(attach: Attach, veth: Veth, program: Program, gone: str) -> None:
    link = attach(program)
    if gone == "filter":
        clsact.delete_filter(veth.index, EGRESS, priority=1, handle=1, netns=veth.netns)
    else:
        clsact.delete_clsact(veth.index, veth.netns)
    with pytest.raises(KernelError, match=r"filter 'polEntry' .* is gone") as caught:
        link.info  # noqa: B018
    assert caught.value.errno == errno.ENOENT
    link.close()
    assert not has_qdisc(veth)


def test_kept(attach: Attach, veth: Veth, program: Program) -> None:
    link = attach(program)
    link.keep()
    assert link.closed
    assert filters(veth) == [("polEntry", program.id)]
    with pytest.raises(ClosedError):
        link.detach()
    link.close()
    assert filters(veth) == [("polEntry", program.id)]
    attach(program).close()  # the way to take it back
    assert filters(veth) == []


def test_it_cannot_be_pinned(attach: Attach, program: Program, tmp_path: Path) -> None:
    with attach(program) as link, pytest.raises(NotSupported, match=r"cannot be pinned .* left by keep\(\)"):
        link.pin(tmp_path / "link")


def test_dropped_it_warns_and_stays(attach: Attach, veth: Veth, program: Program) -> None:
    with pytest.warns(ResourceWarning, match="polEntry.* was dropped without close.*still attached"):
        attach(program)
    assert filters(veth) == [("polEntry", program.id)]


def test_it_holds_the_namespace(attach: Attach, veth: Veth, program: Program) -> None:
    link = attach(program)
    delete(veth.netns)
    assert link.info.program_id == program.id
    link.close()


def test_a_refusal_that_cannot_be_undone_tells_both(
    attach: Attach, veth: Veth, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(what: str) -> Callable[..., None]:
        def refusing(*_: object, **__: object) -> None:
            raise KernelError(errno.EIO, f"{what} refused")

        return refusing

    monkeypatch.setattr(clsact, "add_filter", refuse("adding"))
    monkeypatch.setattr(clsact, "delete_clsact", refuse("deleting"))
    with pytest.raises(KernelError, match="adding refused") as caught:
        attach(program)
    assert caught.value.__notes__ == [f"could not undo (made clsact on interface {veth.index}): deleting refused"]


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize("step", ["add_clsact", "add_filter"])
def test_interrupted_it_is_not_attached(
    attach: Attach, veth: Veth, program: Program, monkeypatch: pytest.MonkeyPatch, step: str, before: bool
) -> None:
    interrupting(monkeypatch, step, before=before)
    with pytest.raises(KeyboardInterrupt):
        attach(program)
    assert not has_qdisc(veth)


def test_interrupted_it_leaves_what_was_there(
    attach: Attach, veth: Veth, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    with attach(program):
        with monkeypatch.context() as patched:
            interrupting(patched, "list_filters", before=False)
            with pytest.raises(KeyboardInterrupt):
                attach(program)
        assert filters(veth) == [("polEntry", program.id)]


@pytest.mark.parametrize("step", ["delete_filter", "count_filters", "delete_clsact"])
def test_interrupted_it_is_detached_all_the_same(
    attach: Attach, veth: Veth, program: Program, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    link = attach(program)
    interrupting(monkeypatch, step, before=True)
    with pytest.raises(KeyboardInterrupt):
        link.close()
    assert link.closed
    assert not has_qdisc(veth)


def test_a_refused_close_can_be_tried_again(
    attach: Attach, veth: Veth, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise KernelError(errno.EBUSY, "not now")

    link = attach(program)
    with monkeypatch.context() as broken:
        broken.setattr(clsact, "delete_filter", refuse)
        with pytest.raises(KernelError, match="not now"):
            link.close()
    assert not link.closed
    link.close()
    assert not has_qdisc(veth)


def test_over_a_conversation(veth: Veth, program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    with Conversation(veth.netns) as talk:
        with monkeypatch.context() as alone:
            alone.setattr("ebpfasm.datapath.clsact_link.in_thread", None)
            link = attach_clsact(veth.index, program, AttachType.TCX_EGRESS, netns=talk)
        with pytest.raises(AlreadyAttached, match=veth.netns), returning(OK) as other:
            attach_clsact(veth.index, other, AttachType.TCX_EGRESS, netns=talk)
    assert link.program_id == program.id
    link.close()
    assert not has_qdisc(veth)

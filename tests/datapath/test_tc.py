"""Attaching programs to a device: both ways and both hooks, however device and namespace are named."""

from __future__ import annotations

import errno
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ebpfasm import AttachFlag, AttachType, Link, NetNS, Program, ProgramType
from ebpfasm.datapath import ClsactLink, attach, attach_clsact, attach_tcx
from ebpfasm.errors import AlreadyAttached, ClosedError, KernelError, NotSupported, OperandError, PermissionDenied
from ebpfasm.kernel import clsact, libc, links, netlink
from ebpfasm.kernel.netns import delete, run_in
from tests.datapath.packets import OK, SHOT, counting, returning, streaming
from tests.datapath.ways import ALL_WAYS, WAYS, Way, by_tcx
from tests.kernel.fake import FakeKernel
from tests.net import Veth, own_namespace, refusal_as_nobody

pytestmark = [pytest.mark.needs_kernel, pytest.mark.needs_netns]

INGRESS, EGRESS = AttachType.TCX_INGRESS, AttachType.TCX_EGRESS
SIDES = pytest.mark.parametrize("where", [INGRESS, EGRESS], ids=["ingress", "egress"])

HOOKS = {INGRESS: clsact.INGRESS, EGRESS: clsact.EGRESS}


@pytest.fixture
def program() -> Iterator[Program]:
    with returning(OK, name="first") as loaded:
        yield loaded


@pytest.fixture
def other() -> Iterator[Program]:
    with returning(SHOT, name="other") as loaded:
        yield loaded


def running(pair: Veth, where: AttachType) -> list[int]:
    """The ids of the programs at a hook of the near end, those of tcx first, as they run."""
    return [
        *by_tcx(pair, where),
        *(each.program_id or 0 for each in clsact.list_filters(pair.index, HOOKS[where], pair.netns)),
    ]


def bare(pair: Veth) -> bool:
    """Whether nothing at all is attached to the near end, and it has no clsact."""
    return not running(pair, INGRESS) + running(pair, EGRESS) and not clsact.has_clsact(pair.index, pair.netns)


@SIDES
@ALL_WAYS
def test_attached_until_closed(way: Way, where: AttachType, veth: Veth, program: Program) -> None:
    for device in ("eth0", veth.index):
        with way(device, program, where, netns=veth.netns) as link:
            assert running(veth, where) == [program.id]
            assert not link.closed
        assert link.closed
        link.close()
        assert bare(veth)


@SIDES
@WAYS
def test_it_sees_the_packets_of_that_hook(way: Way, where: AttachType, veth: Veth) -> None:
    place, index = (veth.netns, veth.index) if where is EGRESS else (veth.peer_netns, veth.peer_index)
    with streaming(veth) as stream, counting() as counter:
        assert stream.arrive(5)
        assert counter.hits == 0
        with way(index, counter.program, where, netns=place):
            assert stream.arrive(7)
            assert counter.hits == 7
        assert stream.arrive(3)
        assert counter.hits == 7


@WAYS
def test_its_verdict_counts(way: Way, veth: Veth, program: Program, other: Program) -> None:
    with streaming(veth) as stream, way("eth0", other, EGRESS, netns=veth.netns) as link:
        assert not stream.arrive(3)
        link.update(program)
        assert stream.arrive(3)
        link.update(other)
        assert not stream.arrive(3)
        link.detach()
        assert stream.arrive(3)


@ALL_WAYS
def test_every_way_to_name_the_namespace(way: Way, veth: Veth, program: Program) -> None:
    path = f"/run/netns/{veth.netns}"
    sleeper = run_in(veth.netns, subprocess.Popen, ["sleep", "60"])
    try:
        with (
            open(path, "rb") as file,
            NetNS(veth.netns) as opened,
            NetNS.of_pid(sleeper.pid) as of_process,
        ):
            for netns in (veth.netns, path, Path(path), file.fileno(), file, opened, of_process):
                with way("eth0", program, EGRESS, netns=netns):
                    assert running(veth, EGRESS) == [program.id]
                assert bare(veth)
            assert not opened.closed
    finally:
        sleeper.kill()
        sleeper.wait()


@ALL_WAYS
def test_without_a_namespace_it_is_the_callers(way: Way, veth: Veth, program: Program) -> None:
    def inside() -> list[int]:
        with way("eth0", program, EGRESS):
            return running(veth, EGRESS)

    assert run_in(veth.netns, inside) == [program.id]
    assert bare(veth)


@pytest.mark.needs_tcx
def test_attach_takes_tcx_where_there_is_tcx(veth: Veth, program: Program) -> None:
    with attach("eth0", program, EGRESS, netns=veth.netns) as link:
        assert isinstance(link, Link)


def test_attach_takes_clsact_where_there_is_no_tcx(
    veth: Veth, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    lacking(monkeypatch, "tcx")
    with attach("eth0", program, EGRESS, netns=veth.netns) as link:
        assert isinstance(link, ClsactLink)
        assert (link.name, link.priority, link.handle) == ("polEntry", 1, 1)
        assert running(veth, EGRESS) == [program.id]
    assert bare(veth)
    with pytest.raises(NotSupported, match="no tcx here"):
        attach_tcx("eth0", program, EGRESS, netns=veth.netns)


def test_attach_does_not_hide_that_something_else_is_lacking(
    veth: Veth, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    lacking(monkeypatch, "bpf(2)")
    with pytest.raises(NotSupported, match=r"no bpf\(2\) here"):
        attach("eth0", program, EGRESS, netns=veth.netns)
    assert bare(veth)


def lacking(monkeypatch: pytest.MonkeyPatch, feature: str) -> None:
    def link_create(*_: object) -> int:
        raise NotSupported(errno.EINVAL, f"no {feature} here", feature=feature)

    monkeypatch.setattr(links, "link_create", link_create)


@pytest.mark.needs_tcx
@SIDES
def test_tcx_twice(where: AttachType, veth: Veth, program: Program, other: Program) -> None:
    side = where.name.removeprefix("TCX_").lower()
    with attach_tcx("eth0", program, where, netns=veth.netns):
        with pytest.raises(AlreadyAttached) as caught:
            attach_tcx("eth0", program, where, netns=veth.netns)
        message = (
            f"attaching program 'first' to tcx {side} of eth0 in network namespace {veth.netns!r}: BPF_LINK_CREATE"
        )
        assert str(caught.value).startswith(message)
        assert str(caught.value).endswith("this program is attached there already")
        with attach_tcx("eth0", other, where, netns=veth.netns):
            assert running(veth, where) == [program.id, other.id]
    assert bare(veth)


@pytest.mark.needs_tcx
def test_tcx_before_another(veth: Veth, program: Program, other: Program) -> None:
    with (
        attach_tcx("eth0", program, EGRESS, netns=veth.netns) as link,
        attach_tcx(
            "eth0", other, EGRESS, netns=veth.netns, flags=AttachFlag.BEFORE | AttachFlag.LINK, relative=link.fileno()
        ),
    ):
        assert running(veth, EGRESS) == [other.id, program.id]
        revision = run_in(veth.netns, links.prog_query, veth.index, EGRESS).revision
        with pytest.raises(KernelError) as caught, returning(OK) as third:
            attach_tcx("eth0", third, EGRESS, netns=veth.netns, expected_revision=revision - 1)
        assert caught.value.errno == errno.ESTALE


@pytest.mark.needs_tcx
def test_tcx_pinned(veth: Veth, program: Program, other: Program, bpffs: Path) -> None:
    with attach_tcx("eth0", program, EGRESS, netns=veth.netns) as link:
        link.pin(bpffs / "link")
    assert running(veth, EGRESS) == [program.id]
    with Link.from_pin(bpffs / "link") as link:
        link.update(other)
        assert running(veth, EGRESS) == [other.id]
    with Link.from_pin(bpffs / "link") as link:
        link.detach()
        assert link.closed
    assert bare(veth)


@pytest.mark.needs_tcx
def test_tcx_dropped_is_detached(veth: Veth, program: Program) -> None:
    with pytest.warns(ResourceWarning, match="link 'tcx egress of eth0'"):
        attach_tcx("eth0", program, EGRESS, netns=veth.netns)
    assert bare(veth)


@pytest.mark.needs_tcx
def test_tcx_interrupted_it_is_not_attached(veth: Veth, program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    create = Link.create

    def interrupted(*given: Any, **options: Any) -> Link:
        link = create(*given, **options)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        return link

    monkeypatch.setattr(Link, "create", interrupted)
    with pytest.raises(KeyboardInterrupt):
        attach_tcx("eth0", program, EGRESS, netns=veth.netns)
    assert bare(veth)


@pytest.mark.needs_tcx
def test_tcx_survives_the_move_to_another_namespace(veth: Veth, program: Program, other: Program) -> None:
    netlink.delete_link(veth.peer_index, veth.peer_netns)
    index, _ = netlink.create_veth("move0", "stay0", netns=veth.netns, peer_netns=veth.netns)
    with attach_tcx("move0", program, EGRESS, netns=veth.netns) as link, NetNS(veth.peer_netns) as there:
        netlink.ask(
            veth.netns, "RTM_SETLINK", "moving", lambda route: route.link("set", index=index, net_ns_fd=there.fileno())
        )
        link.update(other)
        assert run_in(there, links.prog_query, link.info.ifindex, EGRESS).prog_ids == (other.id,)


@WAYS
@pytest.mark.parametrize("ending", ["close", "detach"])
def test_the_device_is_gone_before(way: Way, ending: str, veth: Veth, program: Program, other: Program) -> None:
    link = way("eth0", program, EGRESS, netns=veth.netns)
    netlink.delete_link(veth.index, veth.netns)
    with pytest.raises(KernelError):
        link.update(other)
    getattr(link, ending)()
    assert link.closed


@WAYS
@pytest.mark.parametrize("ending", ["close", "detach"])
def test_the_namespace_is_gone_before(way: Way, ending: str, veth: Veth, program: Program) -> None:
    link = way("eth0", program, EGRESS, netns=veth.netns)
    delete(veth.netns)
    delete(veth.peer_netns)
    getattr(link, ending)()
    assert link.closed


@WAYS
def test_a_closed_link(way: Way, veth: Veth, program: Program) -> None:
    link = way("eth0", program, EGRESS, netns=veth.netns)
    link.close()
    for call in (lambda: link.update(program), link.detach, lambda: link.info, link.__enter__):
        with pytest.raises(ClosedError):
            call()
    link.close()


@ALL_WAYS
def test_no_such_interface(way: Way, veth: Veth, program: Program) -> None:
    there = rf"network namespace {veth.netns!r}; there is 'lo' \(1\), 'eth0' \({veth.index}\)"
    with pytest.raises(KernelError, match=rf"^there is no interface 'eth7' in {there}$") as caught:
        way("eth7", program, EGRESS, netns=veth.netns)
    assert caught.value.errno == errno.ENODEV
    with pytest.raises(KernelError, match=rf"interface 9999.* in network namespace {veth.netns!r}") as caught:
        way(9999, program, EGRESS, netns=veth.netns)
    assert caught.value.errno == errno.ENODEV
    assert bare(veth)


@ALL_WAYS
def test_no_such_namespace(way: Way, veth: Veth, program: Program) -> None:
    with pytest.raises(KernelError, match=f"no network namespace '{veth.netns}x'.*{veth.netns!r}") as caught:
        way("eth0", program, EGRESS, netns=f"{veth.netns}x")
    assert caught.value.errno == errno.ENOENT
    with pytest.raises(KernelError, match="'/etc/passwd' is not a network namespace"):
        way("eth0", program, EGRESS, netns="/etc/passwd")


@ALL_WAYS
def test_a_program_of_another_type(way: Way, veth: Veth) -> None:
    with (
        returning(OK, ProgramType.XDP, "xdp") as xdp,
        pytest.raises(OperandError, match="tc takes programs of type SCHED_CLS, and program 'xdp' is of type XDP"),
    ):
        way("eth0", xdp, EGRESS, netns=veth.netns)
    assert bare(veth)


@ALL_WAYS
@pytest.mark.parametrize("given", [5, None, [], "entry"])
def test_no_program(way: Way, given: Any, veth: Veth) -> None:
    with pytest.raises(OperandError, match="program must be a Program, not"):
        way("eth0", given, EGRESS, netns=veth.netns)
    assert bare(veth)


@ALL_WAYS
@pytest.mark.parametrize("where", [0, AttachType.XDP, 48, -1, "egress", None])
def test_no_hook_of_tc(way: Way, where: Any, veth: Veth, program: Program) -> None:
    message = r"where must be AttachType\.TCX_INGRESS or AttachType\.TCX_EGRESS, not"
    with pytest.raises(OperandError, match=message):
        way("eth0", program, where, netns=veth.netns)


@ALL_WAYS
@pytest.mark.parametrize("device", [0, -1, 1 << 31, True, None, 1.0, b"eth0"])
def test_no_device(way: Way, device: Any, veth: Veth, program: Program) -> None:
    with pytest.raises(OperandError, match=r"ifindex: a device is a name or a number in 1\.\.2147483647, not"):
        way(device, program, EGRESS, netns=veth.netns)


@ALL_WAYS
def test_a_closed_program(way: Way, veth: Veth) -> None:
    with returning(OK, name="gone") as gone:
        pass
    with pytest.raises(ClosedError, match="program 'gone' is closed"):
        way("eth0", gone, EGRESS, netns=veth.netns)
    assert bare(veth)


@ALL_WAYS
def test_another_namespace_without_privilege(way: Way, veth: Veth, program: Program) -> None:
    with way("eth0", program, EGRESS, netns=veth.netns):  # imports what the child must have
        pass
    with NetNS(veth.netns) as place:
        refusal = refusal_as_nobody(lambda: way("eth0", program, EGRESS, netns=place))
    assert refusal == f"PermissionDenied: entering {place} was refused: it needs CAP_SYS_ADMIN"
    assert bare(veth)


def test_clsact_without_privilege(veth: Veth, program: Program) -> None:
    with attach_clsact("eth0", program, EGRESS, netns=veth.netns):  # imports what the child must have
        pass
    with NetNS(veth.netns) as place:
        refusal = refusal_as_nobody(lambda: attach_clsact("eth0", program, EGRESS), inside=place)
    assert refusal.startswith(f"PermissionDenied: adding clsact to interface {veth.index} in network namespace")
    assert refusal.endswith("it needs CAP_NET_ADMIN there")
    assert bare(veth)


def test_clsact_without_privilege_where_there_is_one(veth: Veth, program: Program) -> None:
    clsact.add_clsact(veth.index, veth.netns)
    with NetNS(veth.netns) as place:
        refusal = refusal_as_nobody(lambda: attach_clsact("eth0", program, EGRESS), inside=place)
    assert refusal.endswith("it needs CAP_NET_ADMIN there")


def test_tcx_where_the_kernel_says_no(veth: Veth, program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    # Linux 6.18 lets whoever has a program's descriptor attach it by tcx: link_create(), kernel/bpf/syscall.c.
    # With a fake kernel, then: one that asks for the capability, as an LSM may.
    create = links.link_create

    def refusing(*given: Any) -> int:
        with monkeypatch.context() as broken:
            FakeKernel(broken, -errno.EPERM)
            return create(*given)

    monkeypatch.setattr(links, "link_create", refusing)
    with pytest.raises(PermissionDenied, match=r"attaching program 'first' to tcx egress of eth0.*CAP_NET_ADMIN"):
        attach_tcx("eth0", program, EGRESS, netns=veth.netns)


@pytest.mark.parametrize(
    ("way", "module", "step"),
    [
        pytest.param(attach_tcx, libc, "setns", marks=pytest.mark.needs_tcx),
        pytest.param(attach_tcx, links, "link_create", marks=pytest.mark.needs_tcx),
        (attach_clsact, libc, "setns"),
        (attach_clsact, clsact, "add_clsact"),
        (attach_clsact, clsact, "add_filter"),
    ],
)
@pytest.mark.parametrize("error", [KernelError(errno.EIO, "injected"), KeyboardInterrupt("injected")])
def test_a_step_fails(
    way: Way,
    module: Any,
    step: str,
    error: BaseException,
    veth: Veth,
    program: Program,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    before = own_namespace()
    with monkeypatch.context() as broken:
        broken.setattr(module, step, fail)
        with pytest.raises((type(error), PermissionDenied), match="injected"):
            way("eth0", program, EGRESS, netns=veth.netns)
    assert own_namespace() == before
    assert bare(veth)

"""One pod's datapath from connecting to closing, and what a process that was killed leaves of it."""

from __future__ import annotations

import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ebpfasm import AttachType, MapType, NetNS, Program, ProgramArray, ProgramType
from ebpfasm.datapath import ClsactLink, Pod, attach_clsact, attach_tcx
from ebpfasm.errors import AlreadyAttached, ClosedError, DatapathError, KernelError, KeyExists
from ebpfasm.kernel import clsact, ids, netlink
from ebpfasm.kernel.netns import delete, run_in
from tests.datapath.packets import OK, SHOT, returning
from tests.datapath.ways import ALL_WAYS, WAYS, Way, by_tcx
from tests.net import Veth, eventually, own_namespace

pytestmark = [pytest.mark.needs_kernel, pytest.mark.needs_netns]


PACKET = bytes(64)


@pytest.fixture
def program() -> Iterator[Program]:
    with returning(5, name="five") as loaded:
        yield loaded


@pytest.fixture
def other() -> Iterator[Program]:
    with returning(6, name="six") as loaded:
        yield loaded


def attached(pair: Veth) -> list[int]:
    """The ids of the programs at the near end's egress."""
    return [
        *by_tcx(pair, AttachType.TCX_EGRESS),
        *(each.program_id or 0 for each in clsact.list_filters(pair.index, clsact.EGRESS, pair.netns)),
    ]


def bare(pair: Veth) -> bool:
    return not attached(pair) and not clsact.has_clsact(pair.index, pair.netns)


def verdict(pod: Pod) -> int:
    """What the stub gives on a packet."""
    return pod.entry.test_run(PACKET).retval


@ALL_WAYS
def test_from_connecting_to_closing(way: Way, veth: Veth, program: Program, other: Program) -> None:
    before = own_namespace()
    pod = Pod.connect(veth.netns, name="pod7", program=program, attach=way, miss=SHOT)
    assert own_namespace() == before
    assert (pod.name, pod.device, pod.closed) == ("pod7", "eth0", False)
    assert isinstance(pod.slots, ProgramArray)
    assert (pod.slots.type, pod.slots.max_entries, pod.slots.info.name) == (MapType.PROG_ARRAY, 1, "pod7")
    assert (pod.entry.info.type, pod.entry.info.name) == (ProgramType.SCHED_CLS, "entry")
    assert attached(veth) == [pod.entry.id]
    assert repr(pod) == "<Pod 'pod7' on eth0>"

    assert (pod.program_id, verdict(pod)) == (program.id, 5)
    pod.swap(other)
    assert (pod.program_id, verdict(pod)) == (other.id, 6)
    pod.clear()
    pod.clear()
    assert (pod.program_id, verdict(pod)) == (None, SHOT)
    pod.swap(program)

    pod.close()
    assert pod.closed
    assert pod.slots.closed
    assert pod.entry.closed
    assert pod.link.closed
    assert repr(pod) == "<Pod 'pod7' on eth0: closed>"
    assert own_namespace() == before
    assert bare(veth)
    pod.close()
    assert not program.closed


def test_without_a_program_packets_get_the_miss(veth: Veth) -> None:
    for miss in (OK, SHOT):
        with Pod.connect(veth.netns, miss=miss) as pod:
            assert (pod.program_id, verdict(pod)) == (None, miss)
    with Pod.connect(veth.netns) as pod:
        assert verdict(pod) == OK


@WAYS
def test_every_way_to_name_device_and_namespace(way: Way, veth: Veth) -> None:
    with NetNS(veth.netns) as opened:
        for netns in (veth.netns, f"/run/netns/{veth.netns}", Path("/run/netns", veth.netns), opened, opened.fileno()):
            for device in ("eth0", veth.index):
                with Pod.connect(netns, device, attach=way) as pod:
                    assert attached(veth) == [pod.entry.id]
        assert not opened.closed
    assert bare(veth)


def test_the_slot_takes_what_has_a_descriptor_and_keeps_it(veth: Veth) -> None:
    with Pod.connect(veth.netns) as pod:
        with returning(5) as short_lived:
            number = short_lived.id
            pod.swap(short_lived)
        assert (pod.program_id, verdict(pod)) == (number, 5)


def test_a_refused_swap_changes_nothing(veth: Veth, program: Program) -> None:
    with Pod.connect(veth.netns, program=program) as pod, returning(2, ProgramType.XDP, "xdp") as xdp:
        with pytest.raises(KernelError, match="owned by programs of type SCHED_CLS, and program 'xdp' is of type XDP"):
            pod.swap(xdp)
        assert verdict(pod) == 5


def test_closed(veth: Veth, program: Program) -> None:
    with Pod.connect(veth.netns) as pod:
        pass
    calls: list[Callable[[], object]] = [lambda: pod.swap(program), pod.clear, lambda: pod.program_id, pod.__enter__]
    for call in calls:
        with pytest.raises(ClosedError, match="map 'pod0' is closed"):
            call()


@WAYS
def test_an_exception_in_the_block_closes_it(way: Way, veth: Veth) -> None:
    with pytest.raises(ZeroDivisionError), Pod.connect(veth.netns, attach=way) as pod:
        1 / 0  # noqa: B018
    assert pod.closed
    assert bare(veth)


def test_a_user_may_close_parts_of_it_before(veth: Veth) -> None:
    with Pod.connect(veth.netns) as pod:
        pod.link.detach()
        assert bare(veth)
        pod.slots.close()
        assert repr(pod)
    assert pod.closed


@WAYS
@pytest.mark.parametrize("gone", ["device", "namespace"])
def test_the_pod_is_gone_before(way: Way, gone: str, veth: Veth, program: Program) -> None:
    with Pod.connect(veth.netns, attach=way) as pod:
        if gone == "device":
            netlink.delete_link(veth.index, veth.netns)
        else:
            delete(veth.netns)
        pod.swap(program)
    assert pod.closed


def test_with_another_attach_function(veth: Veth) -> None:
    def attach_late(*given: object, **options: object) -> ClsactLink:
        return attach_clsact(*given, **options, name="late", priority=9, handle=9)  # type: ignore[arg-type]

    with Pod.connect(veth.netns, attach=attach_late) as pod:
        assert isinstance(pod.link, ClsactLink)
        assert (pod.link.info.name, pod.link.info.priority) == ("late", 9)
    assert bare(veth)


@WAYS
def test_two_pods_on_one_device(way: Way, veth: Veth) -> None:
    with Pod.connect(veth.netns, attach=way, name="first"):
        if way is attach_tcx:
            with Pod.connect(veth.netns, attach=way, name="second"):
                assert len(attached(veth)) == 2
        else:
            with pytest.raises(DatapathError, match=r"pod 'second': attaching.*stands there already"):
                Pod.connect(veth.netns, attach=way, name="second")
        assert len(attached(veth)) == 1
    assert bare(veth)


class TestPinned:
    @WAYS
    def test_the_slot_outlives_the_descriptor(self, way: Way, veth: Veth, program: Program, bpffs: Path) -> None:
        with Pod.connect(veth.netns, program=program, attach=way, pin=bpffs / "pod0", miss=SHOT) as pod:
            pod.slots.close()
            assert verdict(pod) == 5
            with ProgramArray.from_pin(bpffs / "pod0") as slots:
                assert slots[0] == program.id
                del slots[0]
            assert verdict(pod) == SHOT
        assert not (bpffs / "pod0").exists()

    @WAYS
    def test_without_a_pin_it_is_emptied_with_the_descriptor(self, way: Way, veth: Veth, program: Program) -> None:
        with Pod.connect(veth.netns, program=program, attach=way, miss=SHOT) as pod:
            number = pod.slots.id
            assert verdict(pod) == 5
            pod.slots.close()
            # The kernel empties it in a work of its own (prog_array_map_clear, kernel/bpf/arraymap.c).
            assert eventually(lambda: verdict(pod) == SHOT)
            with ProgramArray.from_id(number) as slots:
                assert slots.get(0) is None

    def test_somebody_else_removed_the_pin(self, veth: Veth, bpffs: Path) -> None:
        with Pod.connect(veth.netns, pin=bpffs / "pod0"):
            (bpffs / "pod0").unlink()
        assert not (bpffs / "pod0").exists()


CONNECT_AND_WAIT = """
import sys
from ebpfasm import Program, ProgramType, asm, datapath
netns, way, pin = sys.argv[1:]
five = Program.load(ProgramType.SCHED_CLS, [asm.Mov.Imm(asm.R0, 5), asm.Return()])
pod = datapath.Pod.connect(netns, program=five, attach=getattr(datapath, way), pin=pin or None, miss=2)
print(pod.entry.id, pod.slots.id, pod.link.id if way == "attach_tcx" else 0, flush=True)
sys.stdin.read()
"""


class TestAfterAKill:
    @staticmethod
    def killed(pair: Veth, way: str, pin: Path | str = "") -> tuple[int, int, int]:
        """Connect a pod in a process that is killed then; return the ids of its stub, array and link."""
        command = [sys.executable, "-c", CONNECT_AND_WAIT, pair.netns, way, str(pin)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
            assert child.stdout is not None
            entry, slots, link = map(int, child.stdout.readline().split())
            assert attached(pair) == [entry]
            child.kill()
            child.wait()
            assert child.returncode == -signal.SIGKILL
        return entry, slots, link

    @pytest.mark.needs_tcx
    def test_tcx_leaves_nothing(self, veth: Veth, program: Program) -> None:
        entry, slots, link = self.killed(veth, "attach_tcx")
        assert bare(veth)
        with Pod.connect(veth.netns, program=program, attach=attach_tcx) as pod:
            assert verdict(pod) == 5
        gone(entry, slots, link)

    def test_clsact_leaves_the_stub_which_misses(self, veth: Veth, program: Program) -> None:
        entry, slots, _ = self.killed(veth, "attach_clsact")
        assert attached(veth) == [entry]
        with Program.from_id(entry) as stub:
            assert eventually(lambda: stub.test_run(PACKET).retval == SHOT)
        with pytest.raises(DatapathError) as caught:
            Pod.connect(veth.netns, program=program, attach=attach_clsact)
        assert isinstance(caught.value.__cause__, AlreadyAttached)
        assert f"filter 'polEntry' (program {entry}) stands there already" in str(caught.value)
        assert attached(veth) == [entry]

        advice = str(caught.value.__cause__).rpartition(": ")[2]
        run_in(veth.netns, lambda: subprocess.run(shlex.split(advice), check=True))
        with Pod.connect(veth.netns, program=program, attach=attach_clsact) as pod:
            assert verdict(pod) == 5
        assert attached(veth) == []
        gone(entry, slots)

    def test_a_pin_stays_and_can_be_taken_up(self, veth: Veth, program: Program, bpffs: Path) -> None:
        pin = bpffs / "pod0"
        entry, slots, _ = self.killed(veth, "attach_clsact", pin)
        with Program.from_id(entry) as stub, ProgramArray.from_pin(pin) as kept:
            assert (kept.id, stub.test_run(PACKET).retval) == (slots, 5)
            kept[0] = program
            assert kept[0] == program.id
        with pytest.raises(DatapathError, match=f"BPF_OBJ_PIN {pin}: EEXIST: there is something.* rm;") as caught:
            Pod.connect(veth.netns, program=program, attach=attach_clsact, pin=pin)
        assert isinstance(caught.value.__cause__, KeyExists)
        assert caught.value.rolled_back == ("closed program array 'pod0'",)
        clsact.delete_clsact(veth.index, veth.netns)
        pin.unlink()
        with Pod.connect(veth.netns, program=program, attach=attach_clsact, pin=pin) as pod:
            assert verdict(pod) == 5
        assert bare(veth)
        gone(entry, slots)


def gone(program: int, array: int, link: int = 0) -> None:
    """Fail unless the kernel has freed these; it does so some time after their last user."""
    for next_id, number in ((ids.next_prog_id, program), (ids.next_map_id, array), (ids.next_link_id, link)):
        for _ in range(1_000_000):
            if not number or next_id(number - 1) != number:
                break
        else:
            pytest.fail(f"{next_id.__name__} still finds {number}")

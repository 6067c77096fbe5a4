"""Packets through a pod's datapath: none is lost while programs change, and each verdict is followed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from ebpfasm import AttachType, Program
from ebpfasm.datapath import Pod, attach, attach_clsact, attach_tcx
from tests.datapath.packets import OK, SHOT, counting, returning, streaming
from tests.datapath.ways import WAYS, Way
from tests.effort import share
from tests.net import Veth

pytestmark = [pytest.mark.needs_kernel, pytest.mark.needs_netns]

PACKETS = share(20_000)
SWAPS = share(1_000)
MOST_PACKETS = 5_000_000  # the end of a test whose swaps do not come about


@contextmanager
def swapping(swap: Callable[[Program], None], programs: list[Program]) -> Iterator[list[Program]]:
    """Swap the programs in turn, as fast as can be, in a thread; give the list of the swaps done."""
    done: list[Program] = []
    errors: list[BaseException] = []
    stop = threading.Event()

    def work() -> None:
        try:
            while not stop.is_set():
                program = programs[len(done) % len(programs)]
                swap(program)
                done.append(program)
        except BaseException as error:
            errors.append(error)
            raise

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield done
    finally:
        stop.set()
        thread.join()
    assert errors == []


def more(sent: int, swaps: list[Program], at_least: int) -> bool:
    return (sent < PACKETS or len(swaps) < at_least) and sent < MOST_PACKETS


@WAYS
def test_swaps_lose_no_packet(way: Way, veth: Veth) -> None:
    with (
        streaming(veth) as stream,
        counting(name="one") as one,
        counting(name="other") as other,
        # A packet that met an empty slot would be dropped.
        Pod.connect(veth.netns, program=one.program, attach=way, miss=SHOT) as pod,
    ):
        with swapping(pod.swap, [other.program, one.program]) as swaps:
            stream.run(lambda sent: more(sent, swaps, SWAPS))
        assert stream.lost == set()
        assert len(stream.received) == stream.sent >= PACKETS
        assert len(swaps) >= SWAPS
        assert one.hits + other.hits == stream.sent
        assert one.hits > 0
        assert other.hits > 0


@pytest.mark.parametrize(
    ("way", "updates"),
    [
        pytest.param(attach_tcx, SWAPS, marks=pytest.mark.needs_tcx),
        (attach_clsact, 50),
    ],
)
def test_updates_of_the_link_lose_no_packet(way: Way, updates: int, veth: Veth) -> None:
    with (
        streaming(veth) as stream,
        counting(name="one") as one,
        counting(name="other") as other,
        way("eth0", one.program, AttachType.TCX_EGRESS, netns=veth.netns) as link,
    ):
        with swapping(link.update, [other.program, one.program]) as swaps:
            stream.run(lambda sent: more(sent, swaps, updates))
        assert stream.lost == set()
        assert len(swaps) >= updates
        # With neither attached a packet would pass, but be counted by nobody.
        assert one.hits + other.hits == stream.sent
        assert one.hits > 0
        assert other.hits > 0


@WAYS
@pytest.mark.parametrize("miss", [OK, SHOT], ids=["pass", "drop"])
def test_an_empty_slot(way: Way, miss: int, veth: Veth) -> None:
    with streaming(veth) as stream, counting() as counter:
        with Pod.connect(veth.netns, attach=way, miss=miss) as pod:
            assert stream.arrive(10) is (miss == OK)
            pod.swap(counter.program)
            assert stream.arrive(10)
            assert counter.hits == 10
            pod.clear()
            assert stream.arrive(10) is (miss == OK)
            assert counter.hits == 10
        assert stream.arrive(10)


@WAYS
def test_a_dropping_program(way: Way, veth: Veth) -> None:
    with (
        streaming(veth) as stream,
        counting(SHOT) as dropping,
        returning(OK) as passing,
        Pod.connect(veth.netns, program=dropping.program, attach=way) as pod,
    ):
        assert not stream.arrive(500)
        assert dropping.hits == 500
        pod.swap(passing)
        assert stream.arrive(50)
        assert dropping.hits == 500
        assert stream.lost == set(range(500))


@WAYS
def test_only_what_leaves_the_pod_meets_the_stub(way: Way, veth: Veth) -> None:
    # The far end is the pod here: what comes in to it passes, though its slot drops all.
    with (
        streaming(veth) as stream,
        counting(SHOT) as dropping,
        Pod.connect(veth.peer_netns, veth.peer_index, program=dropping.program, attach=way),
    ):
        assert stream.arrive(20)
        assert dropping.hits == 0


def test_two_pods_from_two_threads(netns: Callable[[], str], veth: Veth) -> None:
    # The two ends of one pair: what one pod sends, the other receives.
    back = Veth(
        veth.peer_netns, veth.peer, veth.peer_index, veth.peer_address, veth.netns, veth.name, veth.index, veth.address
    )
    results: dict[str, tuple[int, int, int]] = {}
    meeting = threading.Barrier(2, timeout=30)

    def live(pair: Veth, way: Way) -> None:
        with (
            streaming(pair) as stream,
            counting(name="one") as one,
            counting(name="other") as other,
        ):
            for _ in range(5):
                meeting.wait()
                with Pod.connect(pair.netns, name=f"pod{pair.address[-1]}", attach=way, miss=SHOT) as pod:
                    for number in range(100):
                        pod.swap((one, other)[number % 2].program)
                        stream.send(4)
                        stream.receive(4)
            results[pair.address] = (len(stream.lost), stream.sent, one.hits + other.hits)

    threads = [threading.Thread(target=live, args=each) for each in ((veth, attach), (back, attach_clsact))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {veth.address: (0, 2000, 2000), back.address: (0, 2000, 2000)}

"""Taking a node down: an interrupt leaves nothing behind."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable

import pytest

from ebpfasm.datapath import Endpoint, Node
from ebpfasm.kernel.interfaces import interfaces
from tests.datapath.connectors import topology
from tests.datapath.pod_ways import WAYS, Way

pytestmark = [pytest.mark.needs_kernel, pytest.mark.needs_netns]


def test_interrupted_it_takes_everything_down(netns: Callable[[], str], monkeypatch: pytest.MonkeyPatch) -> None:
    way: Way = WAYS["veth"].values[0]  # type: ignore[assignment]
    with topology.node(netns) as around:
        before = interfaces(around.host)
        give_back_id = Endpoint._give_back_id
        pressed = threading.Event()

        def interrupted(endpoint: Endpoint) -> None:
            if not pressed.is_set():
                pressed.set()
                signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
            give_back_id(endpoint)

        monkeypatch.setattr(Endpoint, "_give_back_id", interrupted)
        node = Node.create(way.connector(), netns=around.host)
        for pod in "ab":
            node.connect(netns(), way.pods[pod].values())
        with pytest.raises(KeyboardInterrupt):
            node.close()
        assert node.closed
        assert node.pods == {}
        assert interfaces(around.host) == before

"""Skip what this machine cannot do, and say why; with EBPFASM_REQUIRE_KERNEL=1 such a skip is a failure."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from ebpfasm.kernel.netns import create, delete, names
from tests.net import Veth, footprint, unique_name
from tests.privileges import REASONS, REQUIRED

LOOPBACK = 1  # the index of lo in every namespace


def pytest_configure() -> None:
    """Have Ctrl-C raise KeyboardInterrupt, for tests that send it: a script's ``&`` starts processes that ignore it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a marked test whose reason not to run is not empty."""
    for marker, why_not in REASONS.items():
        if item.get_closest_marker(marker) and (reason := why_not()):
            pytest.skip(reason)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip of a marked test, by whatever means, into a failure where the kernel is required."""
    report = yield
    if REQUIRED and report.skipped and any(item.get_closest_marker(marker) for marker in REASONS):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"EBPFASM_REQUIRE_KERNEL is set, and this test did not run. {reason}"
    return report


@pytest.fixture
def netns() -> Iterator[Callable[[], str]]:
    """Give a function that makes a network namespace and returns its unique name; they are deleted afterwards."""

    def make() -> str:
        name = unique_name()
        create(name)
        undo.callback(delete_if_there, name)
        return name

    def delete_if_there(name: str) -> None:
        if name in names():  # a test may have deleted its own
            delete(name)

    with ExitStack() as undo:
        yield make


@pytest.fixture
def veth(netns: Callable[[], str]) -> Veth:
    """Give a veth pair between two namespaces made for it: ``eth0`` in both, up, addressed, ``lo`` up too."""
    from ebpfasm.kernel import netlink

    near, far = netns(), netns()
    index, peer_index = netlink.create_veth("eth0", "eth0", netns=near, peer_netns=far)
    pair = Veth(near, "eth0", index, "10.0.0.1", far, "eth0", peer_index, "10.0.0.2")
    for place, its_index, address in ((near, index, pair.address), (far, peer_index, pair.peer_address)):
        netlink.set_up(LOOPBACK, place)
        netlink.add_address(its_index, f"{address}/24", place)
        netlink.set_up(its_index, place)
    return pair


@pytest.fixture
def bpffs(tmp_path: Path) -> Iterator[Path]:
    """Give the path of a BPF file system of the test's own, unmounted afterwards with the pins in it."""
    path = tmp_path / "bpf"
    path.mkdir()
    subprocess.run(["mount", "-t", "bpf", "bpf", path], check=True)
    yield path
    subprocess.run(["umount", "-l", path], check=True)


@pytest.fixture
def no_leaks() -> Iterator[None]:
    """Fail if the test leaves a namespace, a link of this namespace, or a BPF object; to be asked for first.

    What other processes make meanwhile does not count.
    """
    with footprint() as seen:
        yield
        assert seen.left() == {}

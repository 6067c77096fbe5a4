"""The pytest plugin: loaded in every run of whoever has ebpfasm installed, so it imports what it needs when asked."""

from __future__ import annotations

import pytest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from pathlib import Path
    from typing import Any

    from ebpfasm.objects.programs import Program
    from ebpfasm.testing.network import Veth
    from ebpfasm.testing.snapshots import Snapshot, Snapshots

MARKERS = {
    "needs_kernel": "needs bpf(2) with privileges; skipped, with the reason, where there is none",
    "needs_netns": "needs to make network namespaces; skipped, with the reason, where that is not allowed",
    "needs_dummy": "needs dummy devices, in a kernel that has them",
    "needs_ipvlan": "needs IPVLAN devices, in a kernel that has them",
    "needs_netkit": "needs netkit devices, in a kernel that has them",
    "needs_tcx": "needs tcx links, in a kernel that has them",
    "needs_vxlan": "needs VXLAN devices, in a kernel that has them",
    "needs_linux(version, what)": "needs what Linux does in that version, '6.13', and in later ones",
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the switch that writes snapshots."""
    parser.getgroup("ebpfasm").addoption(
        "--ebpfasm-update",
        action="store_true",
        help="write the snapshots of encodings that are missing or have changed, and remove those no test uses",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Make the markers known."""
    for name, meaning in MARKERS.items():
        config.addinivalue_line("markers", f"{name}: {meaning}")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a marked test that cannot run here."""
    for marker in MARKERS:
        if item.get_closest_marker(marker):
            _skip_unless(marker)
    if older := _older(item):
        pytest.skip(older)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip of a marked test, by whatever means, into a failure where the kernel is required.

    Not where the kernel lacks what one of the markers stands for.
    """
    report = yield
    if report.skipped and any(item.get_closest_marker(marker.partition("(")[0]) for marker in MARKERS):
        from ebpfasm.testing.privileges import FEATURES, required

        lacking = any(item.get_closest_marker(name) and FEATURES[name].why_not() for name in FEATURES) or _older(item)
        if required() and not lacking:
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
            report.outcome = "failed"
            report.longrepr = _told(str(reason))
    return report


def pytest_assertrepr_compare(op: str, left: object, right: object) -> list[str] | None:
    """Explain why two programs or instructions are not equal, side by side."""
    from sys import modules

    if op != "==" or "ebpfasm.asm.program" not in modules:
        return None
    from ebpfasm.testing.side_by_side import explanation

    return explanation(left, right)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Find the snapshots no test uses any more."""
    snapshots = session.config.stash.get(_snapshots, None)
    if snapshots is not None:
        snapshots.finish(session, exitstatus)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Tell what was written, and what no test uses any more."""
    snapshots = config.stash.get(_snapshots, None)
    if snapshots is not None:
        lines = snapshots.summary()
        if lines:
            terminalreporter.section("ebpfasm snapshots")
            for line in lines:
                terminalreporter.write_line(line)


_snapshots: pytest.StashKey[Snapshots] = pytest.StashKey()


def _told(reason: str) -> str:
    from ebpfasm.testing.privileges import REQUIRE

    return f"{REQUIRE} is set, and this test did not run. {reason}"


def _older(item: pytest.Item) -> str:
    """Return what the running kernel is too old for, of the markers ``needs_linux``."""
    for mark in item.iter_markers("needs_linux"):
        from ebpfasm.testing.privileges import why_older

        if reason := why_older(*mark.args):
            return reason
    return ""


def _skip_unless(marker: str) -> None:
    """Skip the test unless the machine has what the marker stands for."""
    from ebpfasm.errors import PermissionDenied
    from ebpfasm.testing.privileges import FEATURES, REASONS

    if marker in REASONS:
        _skip_for(REASONS[marker]())
        return
    _skip_for(REASONS[FEATURES[marker].privilege]())
    try:
        lack = FEATURES[marker].why_not()
    except PermissionDenied as error:
        _skip_for(str(error))
        return
    if lack:
        pytest.skip(lack)


def _skip_for(reason: str) -> None:
    """Skip the test if there is a reason, or let it fail where that is asked for."""
    from ebpfasm.testing.privileges import required

    if reason and required():
        pytest.fail(_told(reason), pytrace=False)
    if reason:
        pytest.skip(reason)


@pytest.fixture
def netns() -> Iterator[Callable[[], str]]:
    """Give a function that makes a network namespace and returns its unique name; they are deleted afterwards."""
    _skip_unless("needs_netns")
    from ebpfasm.testing.network import namespaces

    with namespaces() as make:
        yield make


@pytest.fixture
def veth(netns: Callable[[], str]) -> Veth:
    """Give a veth pair between two namespaces made for it: ``eth0`` in both, up, addressed, ``lo`` up too."""
    from ebpfasm.testing.network import veth_pair

    return veth_pair(netns)


@pytest.fixture
def bpffs(tmp_path: Path) -> Iterator[Path]:
    """Give the path of a BPF file system of the test's own, unmounted afterwards with the pins in it."""
    _skip_unless("needs_kernel")
    from ebpfasm.testing.bpffs import mounted

    with mounted(tmp_path / "bpf") as (path, why_not):
        _skip_for(why_not)
        yield path


@pytest.fixture
def load_program() -> Iterator[Callable[..., Program]]:
    """Give a function that loads a program into the kernel; it is closed afterwards.

    ``load_program(instructions, type=ProgramType.SCHED_CLS, **options)``, with the options of `Program.load`.
    """
    _skip_unless("needs_kernel")
    from contextlib import ExitStack

    from ebpfasm.objects.programs import Program
    from ebpfasm.uapi import ProgramType

    with ExitStack() as stack:

        def load(instructions: Any, type: int = ProgramType.SCHED_CLS, **options: Any) -> Program:
            return stack.enter_context(Program.load(type, instructions, **options))

        yield load


@pytest.fixture
def no_leaks() -> Iterator[None]:
    """Fail if the test leaves a namespace, a link of this namespace, or a BPF object; to be asked for first.

    What other processes make meanwhile does not count.
    """
    _skip_unless("needs_kernel")
    from ebpfasm.testing.footprint import footprint

    with footprint() as seen:
        yield
        left = seen.left()
        if left:
            pytest.fail(f"the test left behind: {left}", pytrace=False)


@pytest.fixture
def encoding_snapshot(request: pytest.FixtureRequest) -> Snapshot:
    """Give a function that compares a program with the snapshot of its encoding: ``encoding_snapshot(program)``.

    Snapshots stand in ``__snapshots__`` beside the test's module; ``pytest --ebpfasm-update`` writes them.
    """
    from ebpfasm.testing.snapshots import Snapshots

    config = request.config
    if _snapshots not in config.stash:
        config.stash[_snapshots] = Snapshots(update=config.getoption("--ebpfasm-update"))
    return config.stash[_snapshots].of(request.node)

"""Network namespaces: every way to name one, being called inside one, making and deleting them."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

import pytest

from ebpfasm.errors import ClosedError, KernelError, KeyExists, OperandError, PermissionDenied
from ebpfasm.kernel import libc
from ebpfasm.kernel.netns import NetNS, create, delete, names, run_in
from ebpfasm.kernel.threads import in_thread
from tests.net import own_namespace, refusal_as_nobody, unique_name

pytestmark = pytest.mark.needs_netns

MakeNetNS = Callable[[], str]


@pytest.fixture(autouse=True)
def _thread_stays() -> Iterator[None]:
    """After every test, passed or failed, its thread is where it was, and no thread or descriptor is left."""
    before, threads, files = own_namespace(), threading.active_count(), set(os.listdir("/proc/self/fd"))
    yield
    assert own_namespace() == before
    assert threading.active_count() == threads
    assert set(os.listdir("/proc/self/fd")) == files


def identity(path: str) -> tuple[int, int]:
    status = os.stat(path)
    return status.st_dev, status.st_ino


def test_every_way_to_name_one_is_the_same_namespace(netns: MakeNetNS) -> None:
    name = netns()
    path = f"/run/netns/{name}"
    with (
        open(path, "rb") as file,
        NetNS(name) as by_name,
        NetNS.named(name) as by_named,
        NetNS(path) as by_path,
        NetNS(Path(path)) as by_path_object,
        NetNS.at(path) as by_at,
        NetNS(file.fileno()) as by_fd,
        NetNS(file) as by_file,
        NetNS.of_fd(file) as by_of_fd,
        NetNS(by_name) as copy,
    ):
        everything = [by_name, by_named, by_path, by_path_object, by_at, by_fd, by_file, by_of_fd, copy]
        assert {(each.device, each.inode) for each in everything} == {identity(path)}
        assert len(set(everything)) == 1
        assert len({each.fileno() for each in everything} | {file.fileno()}) == len(everything) + 1
        assert not any(os.get_inheritable(each.fileno()) for each in everything)


def test_a_process_names_its_namespace(netns: MakeNetNS) -> None:
    name = netns()
    sleeper = run_in(name, subprocess.Popen, ["sleep", "60"])
    try:
        with NetNS.of_pid(sleeper.pid) as of_process, NetNS(name) as named, NetNS.of_pid(os.getpid()) as own:
            assert of_process == named
            assert own != named
    finally:
        sleeper.kill()
        sleeper.wait()


def test_none_is_the_callers_own_namespace(netns: MakeNetNS) -> None:
    with NetNS(None) as own, NetNS.current() as current, NetNS(netns()) as other:
        assert own == current
        assert (own.device, own.inode) == own_namespace()
        assert own.is_current()
        assert not other.is_current()
        assert run_in(other, other.is_current)


def test_of_a_thread_in_another_namespace_none_is_that_threads(netns: MakeNetNS) -> None:
    def inner() -> tuple[int, int]:
        with NetNS() as own:
            return own.device, own.inode

    name = netns()
    assert run_in(name, inner) == identity(f"/run/netns/{name}")


def test_relative_path(netns: MakeNetNS, monkeypatch: pytest.MonkeyPatch) -> None:
    name = netns()
    monkeypatch.chdir("/run/netns")
    with NetNS.at(name) as at, NetNS(Path(name)) as path_object, NetNS(f"./{name}") as dotted, NetNS(name) as named:
        assert at == path_object == dotted == named


def test_identity_is_what_compares(netns: MakeNetNS) -> None:
    with NetNS(netns()) as one, NetNS(netns()) as other:
        assert one != other
        assert hash(one) != hash(other)
        assert one != "one"
        assert repr(one) == f"<NetNS {one.what}, inode {one.inode}>"
    assert repr(one).endswith(", closed>")


def test_held_open_it_outlives_its_name(netns: MakeNetNS) -> None:
    name = netns()
    with NetNS(name) as held:
        delete(name)
        assert run_in(held, own_namespace) == (held.device, held.inode)


def test_closed() -> None:
    own = NetNS()
    own.close()
    own.close()
    assert own.closed
    with pytest.raises(ClosedError, match="network namespace of the caller is closed"):
        own.fileno()
    with pytest.raises(ClosedError):
        own.__enter__()
    with pytest.raises(ClosedError):
        run_in(own, os.getpid)
    with pytest.raises(ClosedError):
        NetNS(own)


def test_dropped_without_close_warns() -> None:
    with pytest.warns(ResourceWarning, match="network namespace of the caller"):
        NetNS()


def test_the_callers_descriptor_stays_the_callers(netns: MakeNetNS) -> None:
    with open(f"/run/netns/{netns()}", "rb") as file:
        NetNS(file).close()
        assert os.fstat(file.fileno())


@pytest.mark.parametrize("given", [True, False, b"pod0", 1.5, object(), -1, "", ".", "..", "a\0b", "a/\0", "x" * 256])
def test_what_can_name_no_namespace(given: object) -> None:
    with pytest.raises(OperandError):
        NetNS(given)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", "a\0b", "é" * 128, 7, None])
def test_what_can_be_no_name(name: str) -> None:
    for function in (NetNS.named, create, delete):
        with pytest.raises(OperandError, match="a network namespace's name must"):
            function(name)


def test_the_longest_name() -> None:
    name = unique_name().ljust(255, "x")
    create(name)
    try:
        NetNS(name).close()
    finally:
        delete(name)


@pytest.mark.parametrize("pid", [0, -1, True, "1", None])
def test_what_can_be_no_pid(pid: int) -> None:
    with pytest.raises(OperandError, match=r"NetNS\.of_pid: pid must be a number from 1, not"):
        NetNS.of_pid(pid)


def test_dead_process() -> None:
    dead = subprocess.Popen(["true"])
    dead.wait()
    with pytest.raises(KernelError, match=f"there is no process {dead.pid} .*/proc/{dead.pid}/ns/net") as caught:
        NetNS.of_pid(dead.pid)
    assert caught.value.errno == errno.ENOENT


@pytest.mark.parametrize("path", ["/etc/passwd", "/etc", "/dev/null", "/proc/self/ns/mnt", "/proc/self/status"])
def test_something_else_than_a_network_namespace(path: str) -> None:
    with pytest.raises(KernelError, match=f"^'{path}' is not a network namespace$") as caught:
        NetNS(path)
    assert caught.value.errno == errno.EINVAL


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(KernelError, match="pipe' is not a network namespace"):
        NetNS(tmp_path / "pipe")


def test_descriptor_of_something_else_or_of_nothing(tmp_path: Path) -> None:
    with open(tmp_path / "file", "w") as file:
        number = file.fileno()
        with pytest.raises(KernelError, match=f"^fd {number} is not a network namespace$"):
            NetNS(file)
    for unused in (number, 1 << 40):
        with pytest.raises(KernelError, match=f"^fd {unused} is not open$") as caught:
            NetNS(unused)
        assert caught.value.errno == errno.EBADF


def test_missing_name_tells_what_was_tried_and_what_is_close(netns: MakeNetNS) -> None:
    name = netns()
    with pytest.raises(KernelError) as caught:
        NetNS(name + "x")
    assert caught.value.errno == errno.ENOENT
    assert f"no /run/netns/{name}x or /var/run/netns/{name}x" in str(caught.value)
    assert repr(name) in str(caught.value)
    with pytest.raises(KernelError, match=r"there is .*ebpfasm"):
        NetNS("nothing at all like it")


@pytest.mark.parametrize("path", ["/nowhere/at/all", "/etc/passwd/x"])
def test_missing_path(path: str) -> None:
    with pytest.raises(KernelError, match=f"^there is no network namespace '{path}'$") as caught:
        NetNS(path)
    assert caught.value.errno == errno.ENOENT


def test_run_in_returns_the_result_from_inside(netns: MakeNetNS) -> None:
    name = netns()
    assert run_in(name, lambda *args: (args, own_namespace()), 1, 2) == ((1, 2), identity(f"/run/netns/{name}"))


def test_run_in_raises_what_the_function_raises(netns: MakeNetNS) -> None:
    class OddError(BaseException):
        pass

    def fail() -> None:
        raise odd

    odd = OddError("from inside")
    with pytest.raises(OddError, match="from inside") as caught:
        run_in(netns(), fail)
    assert caught.value is odd
    assert [entry.name for entry in caught.traceback][-1] == "fail"


def test_run_in_the_callers_own_namespace_is_a_plain_call(netns: MakeNetNS) -> None:
    here = threading.get_ident()
    with NetNS.current() as own, NetNS(netns()) as other:
        assert run_in(None, threading.get_ident) == here
        assert run_in(own, threading.get_ident) == here
        assert run_in("/proc/thread-self/ns/net", threading.get_ident) == here
        assert run_in(other, threading.get_ident) != here


def test_run_in_nests(netns: MakeNetNS) -> None:
    first, second = netns(), netns()

    def outer() -> list[tuple[int, int]]:
        return [own_namespace(), run_in(second, own_namespace), own_namespace()]

    one, two = identity(f"/run/netns/{first}"), identity(f"/run/netns/{second}")
    assert run_in(first, outer) == [one, two, one]


def test_two_threads_in_two_namespaces_at_once(netns: MakeNetNS) -> None:
    places = [netns(), netns()]
    meeting = threading.Barrier(2, timeout=30)

    def inside() -> tuple[int, int]:
        meeting.wait()  # both are inside now
        found = own_namespace()
        meeting.wait()
        return found

    seen: dict[str, set[tuple[int, int]]] = {name: set() for name in places}

    def visit(name: str) -> None:
        for _ in range(20):
            seen[name].add(run_in(name, inside))

    threads = [threading.Thread(target=visit, args=(name,)) for name in places]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == {name: {identity(f"/run/netns/{name}")} for name in places}


def test_an_interrupt_is_raised_when_the_call_has_ended(netns: MakeNetNS) -> None:
    ended = threading.Event()

    def interrupted() -> None:
        for _ in range(3):
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
            time.sleep(0.02)
        ended.set()

    with pytest.raises(KeyboardInterrupt):
        run_in(netns(), interrupted)
    assert ended.is_set()


def test_an_interrupted_call_that_fails_tells_both(netns: MakeNetNS) -> None:
    def interrupted() -> None:
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        time.sleep(0.02)
        raise ValueError("from inside")

    with pytest.raises(KeyboardInterrupt) as caught:
        run_in(netns(), interrupted)
    assert isinstance(caught.value.__cause__, ValueError)


def test_an_interrupt_before_the_thread_is_known_to_run_stops_it(monkeypatch: pytest.MonkeyPatch) -> None:
    ran = threading.Event()
    start = threading.Thread.start

    def start_and_interrupt(thread: threading.Thread) -> None:
        start(thread)
        raise KeyboardInterrupt

    monkeypatch.setattr(threading.Thread, "start", start_and_interrupt)
    with pytest.raises(KeyboardInterrupt):
        in_thread(ran.set)
    for thread in threading.enumerate():
        if thread is not threading.current_thread():
            thread.join(10)
    assert not ran.is_set()


def test_an_interrupt_at_any_moment_leaves_nothing_running() -> None:
    # A signal is looked at when a call has returned: interrupt after the first call that in_thread makes, the second …
    moment, interrupts = 0, 0
    while interrupts == moment:
        started, ended, calls = threading.Event(), threading.Event(), 0

        def work(started: threading.Event = started, ended: threading.Event = ended) -> None:
            started.set()
            time.sleep(0.01)
            ended.set()

        def interrupt(frame: FrameType, event: str, _: object, moment: int = moment) -> None:
            nonlocal calls, interrupts
            here = frame if event == "c_return" else frame.f_back
            if event in {"c_return", "return"} and here is not None and here.f_code is in_thread.__code__:
                calls += 1
                if calls == moment + 1:
                    interrupts += 1
                    raise KeyboardInterrupt

        threads = threading.active_count()
        sys.setprofile(interrupt)
        try:
            in_thread(work)
        except KeyboardInterrupt:
            pass
        finally:
            sys.setprofile(None)
        had_ended = ended.is_set()
        deadline = time.monotonic() + 10
        while threading.active_count() > threads and time.monotonic() < deadline:
            time.sleep(0.001)  # one that may not work ends by itself
        assert threading.active_count() == threads
        assert started.is_set() == had_ended, f"it worked on alone when interrupted after call {moment + 1}"
        moment += 1
    assert moment > 5


def test_entering_needs_a_capability(netns: MakeNetNS) -> None:
    with NetNS(netns()) as place:
        run_in(place, own_namespace)  # imports what the child must have
        refusal = refusal_as_nobody(lambda: run_in(place, own_namespace))
    assert refusal == f"PermissionDenied: entering {place} was refused: it needs CAP_SYS_ADMIN"


def test_setns_refused_leaves_the_thread(netns: MakeNetNS, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(fd: int, kind: int) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(libc, "setns", refuse)
    with pytest.raises(PermissionDenied, match="CAP_SYS_ADMIN"):
        run_in(netns(), pytest.fail, "called though it is not inside")


def test_create_and_delete() -> None:
    name = unique_name()
    create(name)
    try:
        assert name in names()
        with NetNS(name) as place:
            assert not place.is_current()
        with pytest.raises(KeyExists, match=f"{name!r} exists already"):
            create(name)
    finally:
        delete(name)
    assert name not in names()
    with pytest.raises(KernelError, match=f"no network namespace {name!r}") as caught:
        delete(name)
    assert caught.value.errno == errno.ENOENT


@pytest.mark.parametrize("step", ["unshare", "mount"])
def test_failed_creation_leaves_nothing(step: str, monkeypatch: pytest.MonkeyPatch, netns: MakeNetNS) -> None:
    netns()  # so that /run/netns is a shared mount already, and the step that fails is the namespace's own
    mount = libc.mount

    def refuse(*args: object) -> None:
        if step == "mount" and args[2] != libc.MS_BIND:
            return mount(*args)  # type: ignore[arg-type]
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(libc, step, refuse)
    name = unique_name()
    with pytest.raises(PermissionDenied, match=f"creating network namespace {name!r} was refused.*CAP_SYS_ADMIN"):
        create(name)
    assert name not in names()


def test_deleting_a_name_that_nothing_is_mounted_at(netns: MakeNetNS) -> None:
    netns()  # so that there is a directory for names
    name = unique_name()
    Path("/run/netns", name).touch()
    with pytest.raises(KernelError, match=f"^{name!r} is not a network namespace$"):
        NetNS(name)
    delete(name)
    assert name not in names()


def test_creating_and_deleting_needs_a_capability(netns: MakeNetNS) -> None:
    name = netns()
    assert refusal_as_nobody(lambda: create(unique_name())).startswith("PermissionDenied: creating network namespace")
    assert refusal_as_nobody(lambda: delete(name)).endswith("it needs CAP_SYS_ADMIN")
    assert name in names()

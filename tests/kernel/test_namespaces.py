"""Every network namespace that can be reached, once each."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from ebpfasm.kernel import libc, namespaces
from ebpfasm.kernel.namespaces import Reachable, everywhere
from ebpfasm.kernel.netns import NetNS, delete, run_in
from tests.net import own_namespace

pytestmark = pytest.mark.needs_netns

MakeNetNS = Callable[[], str]


def found() -> dict[tuple[int, int], Reachable]:
    listed = everywhere()
    by_identity = {(one.device, one.inode): one for one in listed}
    assert len(by_identity) == len(listed)
    return by_identity


def test_own_and_named_ones(netns: MakeNetNS) -> None:
    name = netns()
    there = found()
    own, one = next(iter(there.items()))
    assert own == own_namespace()
    assert (one.words, one.named) == ("this process's", False)
    with NetNS(name) as place:
        one = there[place.device, place.inode]
        assert one.words == name
        assert one.named
        again = one.open()
        assert again == place
        assert again is not None
        again.close()


def test_one_that_only_a_process_holds(netns: MakeNetNS) -> None:
    name = netns()
    with NetNS(name) as place:
        child = run_in(place, subprocess.Popen, ["sleep", "60"])
        try:
            identity = place.device, place.inode
            delete(name)
            place.close()
            one = found()[identity]
            assert one.words == f"process {child.pid} (sleep)"
        finally:
            child.kill()
            child.wait()
    assert one.open() is None


def test_one_that_only_a_descriptor_of_ours_holds(netns: MakeNetNS) -> None:
    name = netns()
    with NetNS(name) as place:
        delete(name)
        one = found()[place.device, place.inode]
        assert one.words == f"descriptor {place.fileno()}"


def test_one_that_is_mounted_elsewhere(netns: MakeNetNS, tmp_path: Path) -> None:
    name = netns()
    path = tmp_path / "a name\twith \\white space"
    path.touch()
    with NetNS(name) as place:
        libc.mount(f"/proc/self/fd/{place.fileno()}", os.fspath(path), libc.MS_BIND)
        try:
            delete(name)
            assert found()[place.device, place.inode].words == os.fspath(path)
        finally:
            libc.unmount(os.fspath(path))


def test_without_proc(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(namespaces, "MOUNTS", os.fspath(tmp_path / "none"))
    monkeypatch.setattr(namespaces, "PROCESSES", os.fspath(tmp_path / "none"))
    assert own_namespace() in found()

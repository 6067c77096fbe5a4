"""The helpers and fixtures that other tests rely on to notice what is left behind."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ebpfasm import AttachType, MapType
from ebpfasm.kernel import info
from ebpfasm.kernel.fd import Fd
from ebpfasm.kernel.links import link_create
from ebpfasm.kernel.netns import NetNS, run_in
from ebpfasm.kernel.pins import obj_get, obj_pin
from ebpfasm.objects.links import Link
from ebpfasm.objects.maps import Map
from ebpfasm.testing import footprint as footprints
from tests.net import footprint, verdict_program

pytestmark = [pytest.mark.needs_netns, pytest.mark.needs_kernel]

LOAD_AND_WAIT = """
import sys
from tests.net import verdict_program
with verdict_program(0):
    print("loaded", flush=True)
    sys.stdin.read()
"""


@pytest.mark.needs_tcx
def test_what_is_left_behind_is_named(netns: Callable[[], str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(footprints, "SETTLE_S", 0)
    with footprint() as seen:
        name = netns()
        with (
            Map.create(MapType.ARRAY, key_size=4, value_size=4, max_entries=1) as made,
            verdict_program(0) as program,
            NetNS(name) as place,
            Link(Fd(run_in(place, link_create, program, 1, AttachType.TCX_EGRESS)), "") as link,
        ):
            assert seen.left() == {
                "namespaces": [name],
                "maps": [str(made.id)],
                "programs": [str(info.prog_info(program).id)],
                "bpf_links": [str(link.id)],
            }


def test_what_goes_in_time_is_not_left_behind(no_leaks: None) -> None:
    with footprint() as seen:
        with verdict_program(0):
            assert list(seen.there()) == ["programs"]
        assert seen.left() == {}


def test_what_another_process_makes_is_not_ours() -> None:
    with footprint() as seen:
        child = subprocess.Popen([sys.executable, "-c", LOAD_AND_WAIT], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        with child:
            assert child.stdout is not None
            assert child.stdout.readline() == b"loaded\n"
            assert seen.there() == {}
            child.communicate(b"\n")


def test_bpffs_holds_pins(bpffs: Path) -> None:
    with verdict_program(0) as fd:
        obj_pin(fd, str(bpffs / "verdict"))
    os.close(obj_get(str(bpffs / "verdict")))
    assert os.path.ismount(bpffs)

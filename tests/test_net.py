"""The helpers and fixtures that other tests rely on to notice what is left behind."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from ebpfasm.kernel.pins import obj_get, obj_pin
from tests import net
from tests.net import kernel_state, left_behind, verdict_program

pytestmark = [pytest.mark.net, pytest.mark.kernel]


def test_what_is_left_behind_is_named(netns: Callable[[], str], monkeypatch: pytest.MonkeyPatch) -> None:
    before = kernel_state()
    name = netns()
    with verdict_program(0), monkeypatch.context() as impatient:
        impatient.setattr(net, "SETTLE_S", 0)
        more = left_behind(before)
    assert more["namespaces"] == [name]
    assert len(more["programs"]) >= 1


def test_what_goes_in_time_is_not_left_behind(no_leaks: None) -> None:
    before = kernel_state()
    with verdict_program(0):
        assert kernel_state().programs - before.programs
    assert left_behind(before) == {}


def test_bpffs_holds_pins(bpffs: Path) -> None:
    with verdict_program(0) as fd:
        obj_pin(fd, str(bpffs / "verdict"))
    os.close(obj_get(str(bpffs / "verdict")))
    assert os.path.ismount(bpffs)

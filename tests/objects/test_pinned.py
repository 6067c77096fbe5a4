"""Pins found by walking, and ids listed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ebpfasm import AttachType, Link, Map, MapType, Program, ProgramType, asm
from ebpfasm.datapath import attach_tcx
from ebpfasm.errors import KernelError
from ebpfasm.kernel import pins
from ebpfasm.kernel.netns import run_in
from ebpfasm.objects.links import attached
from ebpfasm.objects.pinned import pinned
from tests.net import Veth, refusal_as_nobody

pytestmark = pytest.mark.needs_kernel


def passing() -> Program:
    return Program.load(ProgramType.SCHED_CLS, [asm.Mov.Imm(asm.R0, 0), asm.Return()], name="passing")


def test_what_is_pinned_where(bpffs: Path) -> None:
    (bpffs / "deep" / "er").mkdir(parents=True)
    with passing() as program, Map.create(MapType.ARRAY, key_size=4, value_size=4, max_entries=1) as made:
        made.pin(bpffs / "map")
        program.pin(bpffs / "deep" / "program")
        program.pin(bpffs / "deep" / "er" / "again")
        os.symlink(bpffs / "map", bpffs / "link")
        found = pinned()
        assert found[("map", made.id)] == (str(bpffs / "map"),)
        assert found[("program", program.id)] == (
            str(bpffs / "deep" / "er" / "again"),
            str(bpffs / "deep" / "program"),
        )
        made.unpin()
        assert ("map", made.id) not in pinned()


def test_a_file_system_is_walked_once_however_often_it_is_mounted(bpffs: Path, tmp_path: Path) -> None:
    from ebpfasm.kernel import libc

    other = tmp_path / "other place"
    other.mkdir()
    libc.mount(str(bpffs), str(other), libc.MS_BIND)
    try:
        assert sum(each in {str(bpffs), str(other)} for each in pins.file_systems()) == 1
    finally:
        libc.unmount(str(other))


def test_a_mount_with_blanks_in_its_path(tmp_path: Path) -> None:
    from ebpfasm.testing.bpffs import mounted

    with mounted(tmp_path / "a b\tc\\d") as (path, why_not), passing() as program:
        if why_not:
            pytest.skip(why_not)
        program.pin(path / "pin")
        assert pinned()[("program", program.id)] == (str(path / "pin"),)


def test_ids() -> None:
    with passing() as program, Map.create(MapType.ARRAY, key_size=4, value_size=4, max_entries=1) as made:
        for kind, id in ((Program, program.id), (Map, made.id)):
            found = list(kind.ids())
            assert id in found
            assert found == sorted(set(found))


@pytest.mark.needs_netns
@pytest.mark.needs_tcx
def test_what_is_attached(veth: Veth) -> None:
    with passing() as program, attach_tcx(veth.index, program, AttachType.TCX_EGRESS, netns=veth.netns) as link:
        assert isinstance(link, Link)
        assert link.id in set(Link.ids())
        found = run_in(veth.netns, attached, veth.index, AttachType.TCX_EGRESS)
        assert (found.prog_ids, found.link_ids) == ((program.id,), (link.id,))
        assert run_in(veth.netns, attached, veth.index, AttachType.TCX_INGRESS).prog_ids == ()
    with pytest.raises(KernelError):
        run_in(veth.netns, attached, 9999, AttachType.TCX_EGRESS)


@pytest.mark.parametrize("kind", [Program, Map, Link])
def test_ids_take_a_privilege(kind: type[Program] | type[Map] | type[Link]) -> None:
    assert "CAP_SYS_ADMIN" in refusal_as_nobody(lambda: list(kind.ids()))

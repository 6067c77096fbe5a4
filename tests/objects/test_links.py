"""Links at a tcx hook of an interface that the test made, in a namespace that the test made."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from ebpfasm import AttachFlag, AttachType, Link, LinkType, Map, MapType, Program, ProgramType
from ebpfasm.errors import AlreadyAttached, ClosedError, KernelError
from ebpfasm.kernel.links import prog_query
from ebpfasm.kernel.netns import run_in
from tests.net import Veth, eventually, own_namespace

pytestmark = [pytest.mark.needs_kernel, pytest.mark.needs_netns]

EGRESS = AttachType.TCX_EGRESS
NO_INTERFACE = 0x7FFFFF
NO_ID = 0x7FFFFFFF
NEXT = -1  # TC_ACT_UNSPEC: on to the next program of the hook

Load = Callable[..., Program]


def drop(held: list[Link]) -> None:
    """Give up the last reference to what the list holds."""
    held.clear()
    gc.collect()


class Hook:
    """The egress of an interface that only the test has."""

    def __init__(self, pair: Veth, stack: ExitStack) -> None:
        self.pair = pair
        self.stack = stack
        self.home = own_namespace()

    def attach(self, program: Program, index: int | None = None, **members: Any) -> Link:
        """Make a link in the interface's namespace; it is closed at the test's end."""
        link = run_in(self.pair.netns, self._attach, program, index or self.pair.index, members)
        return self.stack.enter_context(link)

    def _attach(self, program: Program, index: int, members: dict[str, Any]) -> Link:
        # The same index is another device in another namespace: never one of the machine's own.
        assert own_namespace() != self.home
        return Link.create(program, index, members.pop("attach_type", EGRESS), **members)

    def programs(self) -> tuple[int, ...]:
        """Return the ids of what is attached, in the order it runs."""
        return run_in(self.pair.netns, prog_query, self.pair.index, EGRESS).prog_ids


@pytest.fixture
def hook(veth: Veth) -> Iterator[Hook]:
    with ExitStack() as stack:
        yield Hook(veth, stack)


@pytest.mark.needs_tcx
def test_a_link_attaches_and_closing_detaches(hook: Hook, load: Load) -> None:
    program = load(NEXT)
    link = hook.attach(program, name="pod0")
    assert hook.programs() == (program.id,)
    assert (link.info.type, link.info.prog_id, link.info.ifindex) == (LinkType.TCX, program.id, hook.pair.index)
    assert link.info.attach_type == EGRESS
    assert link.id == link.info.id
    assert link.name == "pod0"
    assert repr(link) == f"<{type(link).__name__} 'pod0': fd {link.fileno()}>"
    link.close()
    assert hook.programs() == ()


@pytest.mark.needs_tcx
def test_the_end_of_a_with_block_detaches(hook: Hook, load: Load) -> None:
    with hook.attach(load(NEXT)):
        assert len(hook.programs()) == 1
    assert hook.programs() == ()


@pytest.mark.needs_tcx
def test_a_link_keeps_its_program(hook: Hook, load: Load) -> None:
    program = load(NEXT)
    identity = program.id
    hook.attach(program)
    program.close()
    assert hook.programs() == (identity,)


@pytest.mark.needs_tcx
def test_a_program_is_exchanged(hook: Hook, load: Load) -> None:
    one, two, three = load(NEXT), load(NEXT), load(NEXT)
    link = hook.attach(one)
    identity = link.id
    link.update(two)
    assert hook.programs() == (two.id,)
    link.update(three, replacing=two)
    assert hook.programs() == (three.id,)
    assert link.id == identity
    with pytest.raises(KernelError, match="the link runs another program than the one to be replaced"):
        link.update(one, replacing=two)
    assert hook.programs() == (three.id,)


@pytest.mark.needs_tcx
def test_a_program_of_another_type_is_not_put_in(hook: Hook, load: Load) -> None:
    program = load(NEXT)
    link = hook.attach(program)
    with pytest.raises(KernelError, match=r"EINVAL: .*the program is not of the link's type"):
        link.update(load(2, ProgramType.XDP))
    assert hook.programs() == (program.id,)


@pytest.mark.needs_tcx
def test_detach_detaches_and_closes(hook: Hook, load: Load) -> None:
    link = hook.attach(load(NEXT), name="pod0")
    link.detach()
    assert hook.programs() == ()
    assert link.closed
    with pytest.raises(ClosedError, match=r"^link 'pod0' is closed$"):
        link.detach()


@pytest.mark.needs_tcx
def test_a_pin_keeps_the_program_attached_until_it_is_detached(hook: Hook, load: Load, bpffs: Path) -> None:
    program = load(NEXT)
    link = hook.attach(program)
    identity = link.id
    link.pin(bpffs / "link")
    link.close()
    assert hook.programs() == (program.id,)
    with Link.from_pin(bpffs / "link") as found:
        assert found.id == identity
        other = load(NEXT)
        found.update(other)
        assert hook.programs() == (other.id,)
        found.detach()
    assert hook.programs() == (), "although the pin is still there"
    assert (bpffs / "link").exists()


@pytest.mark.needs_tcx
def test_removing_the_pin_of_a_closed_link_detaches(hook: Hook, load: Load, bpffs: Path) -> None:
    link = hook.attach(load(NEXT))
    link.pin(bpffs / "link")
    link.close()
    assert len(hook.programs()) == 1
    link.unpin()
    # The kernel gives up the file's reference some time later (bpf_free_inode(), kernel/bpf/inode.c).
    assert eventually(lambda: hook.programs() == ())


@pytest.mark.needs_tcx
def test_a_link_is_found_by_its_id(hook: Hook, load: Load) -> None:
    program = load(NEXT)
    link = hook.attach(program)
    with Link.from_id(link.id) as found:
        assert found.fileno() != link.fileno()
        assert found.info.prog_id == program.id
        link.close()
        assert hook.programs() == (program.id,), "the other descriptor holds it"
    assert hook.programs() == ()


def test_an_id_or_a_pin_there_is_not(bpffs: Path, tmp_path: Path) -> None:
    with pytest.raises(KernelError, match=f"of id {NO_ID}: ENOENT: there is no link with that id"):
        Link.from_id(NO_ID)
    with pytest.raises(KernelError, match="nothing is pinned there"):
        Link.from_pin(bpffs / "link")
    with pytest.raises(KernelError, match="is not on a bpf file system"):
        Link.from_pin(tmp_path / "link")


def test_a_pin_of_something_else(create: Callable[..., Map], bpffs: Path) -> None:
    create(MapType.ARRAY).pin(bpffs / "map")
    before = set(os.listdir("/proc/self/fd"))
    with pytest.raises(KernelError, match=r"file descriptor \d+ is not a link but map"):
        Link.from_pin(bpffs / "map")
    assert set(os.listdir("/proc/self/fd")) == before


@pytest.mark.needs_tcx
def test_the_same_program_twice(hook: Hook, load: Load) -> None:
    program = load(NEXT)
    hook.attach(program)
    with pytest.raises(AlreadyAttached, match="EEXIST: this program is attached there already"):
        hook.attach(program)
    assert hook.programs() == (program.id,)


@pytest.mark.needs_tcx
def test_links_are_placed_among_each_other(hook: Hook, load: Load) -> None:
    first, second, third = load(NEXT), load(NEXT), load(NEXT)
    link = hook.attach(first)
    hook.attach(second, flags=AttachFlag.BEFORE, relative=first.fileno())
    hook.attach(third, flags=AttachFlag.BEFORE | AttachFlag.LINK, relative=link.fileno())
    assert hook.programs() == (second.id, third.id, first.id)


@pytest.mark.needs_tcx
def test_a_revision_that_is_not_the_present_one(hook: Hook, load: Load) -> None:
    hook.attach(load(NEXT))
    revision = run_in(hook.pair.netns, prog_query, hook.pair.index, EGRESS).revision
    with pytest.raises(KernelError, match="ESTALE: what is attached has changed since the expected revision"):
        hook.attach(load(NEXT), expected_revision=revision + 1)
    hook.attach(load(NEXT), expected_revision=revision)
    assert len(hook.programs()) == 2


@pytest.mark.needs_tcx
def test_an_interface_there_is_not(hook: Hook, load: Load) -> None:
    with pytest.raises(
        KernelError, match="ENODEV: there is no such interface in the calling thread's network namespace"
    ):
        hook.attach(load(NEXT), NO_INTERFACE)


@pytest.mark.needs_tcx
def test_a_program_of_another_type_is_not_attached(hook: Hook, load: Load) -> None:
    with pytest.raises(KernelError, match="EINVAL: the program type does not go with this attach type"):
        hook.attach(load(2, ProgramType.XDP))


@pytest.mark.needs_tcx
def test_a_closed_program_is_not_attached(hook: Hook, load: Load) -> None:
    program = load(NEXT, name="late")
    program.close()
    with pytest.raises(ClosedError, match=r"^program 'late' is closed$"):
        hook.attach(program)
    link = hook.attach(load(NEXT))
    with pytest.raises(ClosedError, match=r"^program 'late' is closed$"):
        link.update(program)


@pytest.mark.needs_tcx
def test_an_interface_that_goes_away(hook: Hook, load: Load) -> None:
    from ebpfasm.kernel import netlink

    link = hook.attach(load(NEXT))
    netlink.delete_link(hook.pair.index, hook.pair.netns)
    assert link.info.ifindex == 0
    with pytest.raises(KernelError, match="ENOLINK: what the link was attached to is gone"):
        link.update(load(NEXT))
    link.close()


@pytest.mark.needs_tcx
def test_a_dropped_link_warns_and_detaches(hook: Hook, load: Load) -> None:
    held = [run_in(hook.pair.netns, Link.create, load(NEXT), hook.pair.index, EGRESS)]
    assert len(hook.programs()) == 1
    with pytest.warns(ResourceWarning, match=r"^link \(file descriptor \d+\) was dropped without close"):
        drop(held)
    assert hook.programs() == ()


@pytest.mark.parametrize(
    "use",
    [
        lambda link, program: link.fileno(),
        lambda link, program: link.info,
        lambda link, program: link.id,
        lambda link, program: link.update(program),
        lambda link, program: link.detach(),
        lambda link, program: link.pin("/link"),
    ],
)
@pytest.mark.needs_tcx
def test_a_closed_link(hook: Hook, load: Load, use: Callable[[Link, Program], object]) -> None:
    program = load(NEXT)
    link = hook.attach(program, name="pod0")
    link.close()
    with pytest.raises(ClosedError, match=r"^link 'pod0' is closed$"):
        use(link, program)

"""What maps, programs and links share: an owned descriptor, and pins."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from ebpfasm import Map, MapType, Program, ProgramType
from ebpfasm.asm import R0, Mov, Return
from ebpfasm.errors import ClosedError, KernelError, KeyExists
from ebpfasm.kernel.fd import Fd
from ebpfasm.objects.owned import KernelObject


def thing() -> KernelObject:
    """Return an object that owns a descriptor of nothing in particular."""
    return KernelObject(Fd(os.open(os.devnull, os.O_RDONLY), "thing 'pod0'"), "pod0")


def drop(held: list[KernelObject]) -> None:
    """Give up the last reference to what the list holds."""
    held.clear()
    gc.collect()


def pins(directory: Path) -> list[str]:
    """Return what is pinned in a directory; names with a dot are the kernel's own (maps.debug)."""
    return sorted(name for name in os.listdir(directory) if "." not in name)


def is_open(number: int) -> bool:
    return os.path.exists(f"/proc/self/fd/{number}")


# the descriptor; no kernel object is needed


def test_an_object_gives_its_descriptor_until_it_is_closed() -> None:
    owned = thing()
    number = owned.fileno()
    assert is_open(number)
    assert not owned.closed
    assert repr(owned) == f"<KernelObject 'pod0': fd {number}>"
    owned.close()
    assert not is_open(number)
    assert owned.closed
    assert repr(owned) == "<KernelObject 'pod0': closed>"
    with pytest.raises(ClosedError, match=r"^thing 'pod0' is closed$"):
        owned.fileno()


def test_closing_again_does_nothing_not_even_to_who_has_the_number_now() -> None:
    owned = thing()
    number = owned.fileno()
    owned.close()
    reader, writer = os.pipe()
    assert number in {reader, writer}, "the lowest free number is given away first"
    owned.close()
    assert is_open(number)
    os.close(reader)
    os.close(writer)


def test_the_end_of_a_with_block_closes() -> None:
    with thing() as owned:
        number = owned.fileno()
    assert owned.closed
    assert not is_open(number)
    with pytest.raises(ClosedError), owned:
        pytest.fail("a closed object was entered")


def test_a_with_block_left_by_an_error_closes_too() -> None:
    with pytest.raises(RuntimeError, match="inside"), thing() as owned:
        raise RuntimeError("inside")
    assert owned.closed


def test_an_object_that_is_dropped_is_closed_and_warns() -> None:
    held = [thing()]
    number = held[0].fileno()
    with pytest.warns(ResourceWarning, match=rf"^thing 'pod0' \(file descriptor {number}\) was dropped without close"):
        drop(held)
    assert not is_open(number)


def test_pinning_what_is_closed(tmp_path: Path) -> None:
    owned = thing()
    owned.close()
    with pytest.raises(ClosedError):
        owned.pin(tmp_path / "pin")


# objects of the kernel


@pytest.mark.needs_kernel
def test_a_dropped_map_is_named_in_the_warning() -> None:
    held: list[KernelObject] = [Map.create(MapType.ARRAY, key_size=4, value_size=4, max_entries=1, name="pod0")]
    with pytest.warns(ResourceWarning, match=r"^map 'pod0' \(file descriptor \d+\) was dropped without close"):
        drop(held)


@pytest.mark.needs_kernel
def test_a_dropped_program_is_named_in_the_warning() -> None:
    held: list[KernelObject] = [Program.load(ProgramType.SCHED_CLS, [Mov.Imm(R0, 0), Return()], name="pod0")]
    with pytest.warns(ResourceWarning, match=r"^program 'pod0' \(file descriptor \d+\) was dropped without close"):
        drop(held)


@pytest.mark.needs_kernel
def test_a_descriptor_is_not_inherited_and_no_standard_stream(create: Callable[..., Map]) -> None:
    number = create(MapType.ARRAY).fileno()
    assert number > 2
    assert not os.get_inheritable(number)


@pytest.mark.needs_kernel
def test_a_pin_outlives_the_object(create: Callable[..., Map], bpffs: Path) -> None:
    owned = create(MapType.ARRAY, name="pod0")
    identity = owned.id
    owned.pin(bpffs / "pod0")
    owned.close()
    with Map.from_pin(bpffs / "pod0") as again:
        assert (again.id, again.name) == (identity, "pod0")
    assert (bpffs / "pod0").exists(), "closing removes no pin"


@pytest.mark.needs_kernel
def test_pins_are_given_as_text_or_path_and_relative_too(
    create: Callable[..., Map], bpffs: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    owned = create(MapType.ARRAY)
    monkeypatch.chdir(bpffs)
    owned.pin("relative")
    owned.pin(str(bpffs / "text"))
    monkeypatch.chdir(tmp_path)
    assert pins(bpffs) == ["relative", "text"]
    owned.unpin()
    assert pins(bpffs) == [], "the relative one is found from anywhere"


@pytest.mark.needs_kernel
def test_unpin_without_a_path_removes_what_this_object_pinned(create: Callable[..., Map], bpffs: Path) -> None:
    owned, other = create(MapType.ARRAY), create(MapType.ARRAY)
    owned.pin(bpffs / "one")
    owned.pin(bpffs / "two")
    owned.pin(bpffs / "gone")
    other.pin(bpffs / "other")
    (bpffs / "gone").unlink()
    owned.unpin()
    assert pins(bpffs) == ["other"]
    owned.unpin()
    assert pins(bpffs) == ["other"]


@pytest.mark.needs_kernel
def test_unpin_with_a_path_removes_that_pin_only(create: Callable[..., Map], bpffs: Path) -> None:
    owned = create(MapType.ARRAY)
    owned.pin(bpffs / "one")
    owned.pin(bpffs / "two")
    owned.unpin(bpffs / "one")
    assert pins(bpffs) == ["two"]
    with pytest.raises(KernelError, match=r"one: No such file or directory \(ENOENT\)"):
        owned.unpin(bpffs / "one")
    owned.unpin()
    assert pins(bpffs) == []


@pytest.mark.needs_kernel
def test_a_path_that_was_given_up_is_not_removed_from_who_has_it_now(create: Callable[..., Map], bpffs: Path) -> None:
    owned, other = create(MapType.ARRAY), create(MapType.ARRAY)
    owned.pin(bpffs / "one")
    owned.unpin(bpffs / "one")
    other.pin(bpffs / "one")
    owned.unpin()
    assert pins(bpffs) == ["one"]


@pytest.mark.needs_kernel
def test_a_pin_can_be_removed_after_the_object_was_closed(create: Callable[..., Map], bpffs: Path) -> None:
    owned = create(MapType.ARRAY)
    owned.pin(bpffs / "one")
    owned.close()
    owned.unpin()
    assert pins(bpffs) == []


@pytest.mark.needs_kernel
def test_a_pin_where_there_is_one(create: Callable[..., Map], bpffs: Path) -> None:
    owned = create(MapType.ARRAY)
    owned.pin(bpffs / "one")
    with pytest.raises(KeyExists, match="there is something under that path"):
        owned.pin(bpffs / "one")
    owned.unpin()
    assert pins(bpffs) == []


@pytest.mark.needs_kernel
def test_a_pin_outside_a_bpf_file_system(create: Callable[..., Map], tmp_path: Path) -> None:
    owned = create(MapType.ARRAY)
    with pytest.raises(KernelError, match="is not on a bpf file system; mount one there"):
        owned.pin(tmp_path / "pod0")
    with pytest.raises(KernelError, match="there is no directory"):
        owned.pin(tmp_path / "missing" / "pod0")
    common = tmp_path / "file"
    common.touch()
    with pytest.raises(KernelError, match="is not on a bpf file system"):
        owned.unpin(common)
    assert common.exists()
    owned.unpin()


@pytest.mark.needs_kernel
def test_a_pin_with_a_dot_in_its_name(create: Callable[..., Map], bpffs: Path) -> None:
    with pytest.raises(KernelError, match="the name of a pin cannot have a dot in it"):
        create(MapType.ARRAY).pin(bpffs / "pod0.v1")

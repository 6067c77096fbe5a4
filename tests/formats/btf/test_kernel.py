"""The running kernel's BTF, and the cache of its index; bpftool is the referee."""

from __future__ import annotations

import os
import re
import subprocess
import time
from pathlib import Path

import pytest

from ebpfasm.errors import TypeNotFound
from ebpfasm.formats.btf import Btf, BtfBuilder, Enum, Enum64, Ptr, Struct, Typedef, Union, cache
from ebpfasm.formats.btf.btf import KERNEL
from tests.bpftool import bpftool
from tests.formats.btf.samples import every_kind

VMLINUX = Path(KERNEL, "vmlinux")

needs_kernel_btf = pytest.mark.skipif(not os.access(VMLINUX, os.R_OK), reason=f"there is no {VMLINUX}")
needs_bpftool = pytest.mark.skipif(bpftool() is None, reason="bpftool is not installed")


def dumped(*arguments: str) -> str:
    """Return what bpftool says of some BTF."""
    command = [str(bpftool()), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "ebpfasm"


@pytest.fixture
def kernel(directory: Path) -> Btf:
    return Btf.kernel()


@needs_bpftool
@needs_kernel_btf
def test_all_types_are_as_bpftool_has_them(kernel: Btf) -> None:
    ours = "".join(f"{kernel.to_raw(type_id)}\n" for type_id in kernel.own_ids())
    assert ours == dumped("btf", "dump", "file", str(VMLINUX), "format", "raw")


@needs_bpftool
@needs_kernel_btf
def test_definitions_in_c_are_as_bpftool_has_them(kernel: Btf) -> None:
    text = dumped("btf", "dump", "file", str(VMLINUX), "format", "c")
    theirs = set(re.sub(r"___\d+\b", "", text).split("\n\n"))  # it gives types of one name numbers
    compared = 0
    for type_id in kernel.own_ids():
        found = kernel[type_id]
        if not isinstance(found, (Struct, Union, Typedef)) or not found.name:
            continue
        if found.name == "__builtin_va_list":
            continue  # the compiler's own
        compared += 1
        assert kernel.to_c(type_id) in theirs
    assert compared > 1000


@needs_kernel_btf
def test_what_is_read_can_be_written(kernel: Btf) -> None:
    again = Btf.from_bytes(BtfBuilder(list(kernel)[1:]).encode(kernel.byteorder))
    assert len(again) == len(kernel)
    assert all(one == other for one, other in zip(kernel, again, strict=True))


@needs_kernel_btf
def test_the_index_is_kept(kernel: Btf, directory: Path) -> None:
    (file,) = directory.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    before = file.stat().st_mtime_ns
    again = Btf.kernel()
    assert file.stat().st_mtime_ns == before
    assert list(again._index.positions) == list(kernel._index.positions)
    assert list(again._index.names) == list(kernel._index.names)
    assert again.type_by_name("task_struct", Struct) == kernel.type_by_name("task_struct", Struct)


@needs_kernel_btf
@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "long", "foreign", "writable"])
def test_a_damaged_cache_is_made_anew(kernel: Btf, directory: Path, damage: str) -> None:
    (file,) = directory.iterdir()
    good = file.read_bytes()
    half = len(good) // 2
    file.write_bytes({
        "flip": good[:half] + bytes([good[half] ^ 1]) + good[half + 1 :],
        "cut": good[:-8],
        "empty": b"",
        "long": good + bytes(8),
        "foreign": good.replace(b"ebpfasm", b"another", 1),
        "writable": good,
    }[damage])  # fmt: skip
    if damage == "writable":
        file.chmod(0o666)
    os.utime(file, (time.time() - 60,) * 2)
    assert Btf.kernel().type_by_name("task_struct", Struct).size
    assert file.read_bytes() == good
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in directory.iterdir()] == [file.name]


@needs_kernel_btf
def test_nothing_fails_for_want_of_a_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert Btf.kernel().type_by_name("task_struct", Struct).size


def test_where_caches_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/someone")
    for value in ("", "relative"):
        monkeypatch.setenv("XDG_CACHE_HOME", value)
        assert cache.directory() == "/home/someone/.cache/ebpfasm"
    monkeypatch.setenv("XDG_CACHE_HOME", "/elsewhere")
    assert cache.directory() == "/elsewhere/ebpfasm"


@pytest.mark.parametrize("module", ["no_such_module", "../btf/vmlinux", "..", "a\0b"])
def test_modules_that_are_not_there(module: str, directory: Path) -> None:
    with pytest.raises(TypeNotFound, match=r"no BTF|no name of a module"):
        Btf.kernel(module, base=every_kind().build())


@needs_bpftool
@pytest.mark.parametrize("byteorder", ["little", "big"])
def test_bpftool_reads_what_is_built(byteorder: str, tmp_path: Path) -> None:
    builder = every_kind()
    types = [one for one in builder.types if not getattr(one, "attribute", False)]  # not known to all bpftools
    builder = BtfBuilder(types)
    path = tmp_path / "types.btf"
    path.write_bytes(builder.encode(byteorder))  # type: ignore[arg-type]
    btf = Btf.from_file(path)
    ours = "".join(f"{btf.to_raw(type_id)}\n" for type_id in btf.own_ids())
    assert dumped("btf", "dump", "file", str(path), "format", "raw") == ours
    theirs = dumped("btf", "dump", "file", str(path), "format", "c").split("\n\n")
    for type_id in btf.own_ids():
        found = btf[type_id]
        if found.name and isinstance(found, (Struct, Union, Enum, Enum64, Typedef)):
            assert btf.to_c(type_id) in theirs


@needs_bpftool
def test_bpftool_reads_what_is_split(tmp_path: Path) -> None:
    base = BtfBuilder([Struct("node", 8)])
    split = BtfBuilder(base=base.build())
    split.add(Typedef("node_t", split.add(Ptr(1))))
    (tmp_path / "base").write_bytes(base.encode())
    (tmp_path / "split").write_bytes(split.encode())
    btf = split.build()
    ours = "".join(f"{btf.to_raw(type_id)}\n" for type_id in btf.own_ids())
    text = dumped("-B", str(tmp_path / "base"), "btf", "dump", "file", str(tmp_path / "split"), "format", "raw")
    assert text == ours

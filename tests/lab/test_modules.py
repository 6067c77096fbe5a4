"""Modules made for the test: what they say of themselves, and the order they load in."""

from __future__ import annotations

import lzma
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.lab.errors import LabError
from tests.lab.modules import Modules, modinfo


def module(information: str) -> bytes:
    """Return an ELF object with a section .modinfo, and another one before it."""
    text = information.encode()
    names = b"\0.text\0.modinfo\0.shstrtab\0"
    contents = [(0, b""), (1, b"\x90" * 7), (7, text), (16, names)]
    head = bytearray(b"\x7fELF\x02\x01".ljust(64, b"\0"))
    body, headers, at = b"", b"", 64
    for name, content in contents:
        headers += struct.pack("<IIQQQQIIQQ", name, 1, 0, 0, at, len(content), 0, 0, 1, 0)
        body += content
        at += len(content)
    struct.pack_into("<Q", head, 0x28, at)
    struct.pack_into("<HH", head, 0x3C, len(contents), len(contents) - 1)
    return bytes(head) + body + headers


Make = Callable[..., Modules]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Give a function that makes a directory of modules: file name -> what it depends on."""

    def modules(**depends: str) -> Modules:
        directory = tmp_path / "kernel/drivers/net"
        directory.mkdir(parents=True)
        for name, others in depends.items():
            (directory / f"{name}.ko").write_bytes(module(f"license=GPL\0depends={others}\0name={name}\0"))
        return Modules(tmp_path)

    return modules


def test_modinfo() -> None:
    assert modinfo(module("license=GPL\0depends=a,b\0alias=x=y\0\0")) == {
        "license": "GPL",
        "depends": "a,b",
        "alias": "x=y",
    }
    assert modinfo(module("")) == {}


@pytest.mark.parametrize("data", [b"", b"\x7fELF\x01\x01" + bytes(60), b"!<arch>\n"])
def test_what_is_no_module(data: bytes) -> None:
    with pytest.raises(LabError, match="no 64-bit little-endian ELF object"):
        modinfo(data)


def test_each_after_what_it_depends_on(make: Make) -> None:
    modules = make(ipvlan="l3mdev,tunnel", tunnel="l3mdev", l3mdev="", veth="")
    assert modules.in_order(["ipvlan", "veth"]) == ["l3mdev", "tunnel", "ipvlan", "veth"]
    assert modules.in_order(["veth", "l3mdev", "tunnel"]) == ["veth", "l3mdev", "tunnel"]


def test_what_is_built_in_or_lacking_is_left_out(make: Make) -> None:
    assert make(veth="").in_order(["netkit", "veth"]) == ["veth"]


def test_a_dash_in_a_file_name_is_an_underscore(make: Make, tmp_path: Path) -> None:
    modules = make(bridge="nf_tables")
    (tmp_path / "kernel/nf-tables.ko").write_bytes(module("depends=\0"))
    assert Modules(tmp_path).in_order(["bridge"]) == ["nf_tables", "bridge"]
    with pytest.raises(LabError, match="bridge depends on nf_tables, which the packages do not have"):
        modules.in_order(["bridge"])


def test_a_dependency_that_is_not_told(make: Make) -> None:
    assert make(libcrc32c="", crc32c_generic="").in_order(["libcrc32c"]) == ["crc32c_generic", "libcrc32c"]


def test_newer_kernels_have_no_libcrc32c_and_no_crc32c_generic(make: Make) -> None:
    assert make(libcrc32c="").in_order(["libcrc32c", "crc32c_generic"]) == ["libcrc32c"]


def test_a_circle(make: Make) -> None:
    with pytest.raises(LabError, match="in a circle: a -> b -> a"):
        make(a="b", b="a").in_order(["a"])


def test_packed_modules(make: Make, tmp_path: Path) -> None:
    make(veth="")
    plain = module("depends=veth\0")
    (tmp_path / "kernel/packed.ko.xz").write_bytes(lzma.compress(plain))
    (tmp_path / "kernel/other.ko.zst").write_bytes(plain)
    modules = Modules(tmp_path)
    assert modules.content("packed") == plain
    assert modules.in_order(["packed"]) == ["veth", "packed"]
    with pytest.raises(LabError, match=r"other\.ko\.zst: a module must be plain or packed by xz"):
        modules.content("other")

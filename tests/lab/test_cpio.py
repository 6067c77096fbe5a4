"""The archive, read back by a reader that knows only the format's description."""

from __future__ import annotations

import stat
from typing import NamedTuple

import pytest

from tests.lab.cpio import Archive


class Entry(NamedTuple):
    name: str
    mode: int
    content: bytes


def read(data: bytes) -> list[Entry]:
    entries: list[Entry] = []
    at = 0
    while True:
        assert at % 4 == 0
        assert data[at : at + 6] == b"070701"
        _, mode, _, _, _, _, size, _, _, _, _, size_of_name, check = (
            int(data[place : place + 8], 16) for place in range(at + 6, at + 110, 8)
        )
        assert check == 0
        name = data[at + 110 : at + 110 + size_of_name]
        assert name.endswith(b"\0")
        start = -(-(at + 110 + size_of_name) // 4) * 4
        if name == b"TRAILER!!!\0":
            assert start == len(data)
            return entries
        entries.append(Entry(name[:-1].decode(), mode, data[start : start + size]))
        at = -(-(start + size) // 4) * 4


def test_what_is_put_in_comes_out() -> None:
    archive = Archive()
    archive.add_file("init", b"#!/bin/sh\n", executable=True)
    archive.add_file("lib/modules/a.ko", b"abc")
    archive.add_file("lib/modules/b.ko", b"")
    archive.add_link("bin/sh", "busybox")
    archive.add_directory("proc")
    assert read(archive.encode()) == [
        ("init", stat.S_IFREG | 0o755, b"#!/bin/sh\n"),
        ("lib", stat.S_IFDIR | 0o755, b""),
        ("lib/modules", stat.S_IFDIR | 0o755, b""),
        ("lib/modules/a.ko", stat.S_IFREG | 0o644, b"abc"),
        ("lib/modules/b.ko", stat.S_IFREG | 0o644, b""),
        ("bin", stat.S_IFDIR | 0o755, b""),
        ("bin/sh", stat.S_IFLNK | 0o777, b"busybox"),
        ("proc", stat.S_IFDIR | 0o755, b""),
    ]


def test_an_empty_one() -> None:
    assert read(Archive().encode()) == []


@pytest.mark.parametrize("path", ["/init", "../init", "a/../../b", "."])
def test_a_path_that_is_not_below_the_root(path: str) -> None:
    with pytest.raises(ValueError, match="must be below its root"):
        Archive().add_file(path, b"")


def test_a_path_twice() -> None:
    archive = Archive()
    archive.add_directory("bin")
    with pytest.raises(ValueError, match="has 'bin' already"):
        archive.add_file("bin", b"")

"""Kernel modules: which there are, and in which order they load, without the tables that depmod makes."""

from __future__ import annotations

import lzma
import struct
from collections.abc import Iterable
from pathlib import Path

from tests.lab.errors import LabError

__all__ = ["Modules", "modinfo"]

# What a module needs without saying so in depends=: libcrc32c asks the crypto API for crc32c by name, until 6.14.
UNTOLD = {"libcrc32c": ["crc32c_generic"]}


class Modules:
    """The modules of one kernel, in the directory that its packages have for them."""

    def __init__(self, directory: Path) -> None:
        self._paths = {_name(path.name): path for path in directory.glob("kernel/**/*.ko*")}
        self._contents: dict[str, bytes] = {}

    def __contains__(self, name: str) -> bool:
        """Whether it is a module: what is built in, and what the kernel lacks, are none."""
        return name in self._paths

    def content(self, name: str) -> bytes:
        """Return a module as the kernel takes it, unpacked."""
        if name not in self._contents:
            path = self._paths[name]
            data = path.read_bytes()
            if path.suffix == ".xz":
                data = lzma.decompress(data)
            elif path.suffix != ".ko":
                raise LabError(f"{path.name}: a module must be plain or packed by xz")
            self._contents[name] = data
        return self._contents[name]

    def depends(self, name: str) -> list[str]:
        """Return what must be loaded before it."""
        told = modinfo(self.content(name)).get("depends", "")
        untold = [other for other in UNTOLD.get(name, []) if other in self]
        return untold + [_name(other) for other in told.split(",") if other]

    def in_order(self, names: Iterable[str]) -> list[str]:
        """Return those of ``names`` that are modules, and what they depend on, each after what it depends on."""
        order: dict[str, None] = {}

        def visit(name: str, above: tuple[str, ...]) -> None:
            if name in above:
                raise LabError(f"modules depend on each other in a circle: {' -> '.join([*above, name])}")
            if name in order:
                return
            if name not in self:
                raise LabError(f"module {above[-1]} depends on {name}, which the packages do not have")
            for other in self.depends(name):
                visit(other, (*above, name))
            order[name] = None

        for name in names:
            if name in self:
                visit(name, ())
        return list(order)


def modinfo(data: bytes) -> dict[str, str]:
    """Return what a module says of itself in its section .modinfo; of what it says twice, the last."""
    section = _section(data, b".modinfo")
    pairs = (text.decode("utf-8", "replace").partition("=") for text in section.split(b"\0") if text)
    return {key: value for key, _, value in pairs}


def _name(file: str) -> str:
    """Return a module's name: file names may have a dash where the kernel has an underscore."""
    return file.split(".ko", 1)[0].replace("-", "_")


def _section(data: bytes, wanted: bytes) -> bytes:
    """Return a section of a 64-bit little-endian ELF object, empty if it has none of that name."""
    if data[:6] != b"\x7fELF\x02\x01":
        raise LabError("a module is no 64-bit little-endian ELF object")
    (table,) = struct.unpack_from("<Q", data, 0x28)
    count, names_index = struct.unpack_from("<HH", data, 0x3C)
    headers = [struct.unpack_from("<IIQQQQ", data, table + 64 * at) for at in range(count)]
    names = headers[names_index][4]
    for name, _, _, _, offset, size in headers:
        start = names + name
        if data[start : data.index(b"\0", start)] == wanted:
            return data[offset : offset + size]
    return b""

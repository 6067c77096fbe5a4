"""Debian's kernels: the newest of a series, such as 6.12, downloaded once."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from tests.lab.apt import Apt
from tests.lab.cache import locked
from tests.lab.errors import LabError
from tests.lab.suites import apt_with_all_suites

__all__ = ["Kernel", "busybox", "kernel", "newest", "packages"]

# The generic image: the one for clouds has no 9p, through which the checkout comes.
IMAGE = re.compile(r"linux-image-((\d+\.\d+)\S*-amd64)(-unsigned)?")
PARTS = ("image", "binary", "modules")  # since 7.3 the image is but a name for the other two
OTHERS = re.compile(r"-(cloud|rt|rt-\w+)-amd64")


class Kernel(NamedTuple):
    """A kernel that can be booted: its ``uname -r``, and the directory with the files of its packages."""

    release: str
    root: Path

    @property
    def image(self) -> Path:
        """The file to boot."""
        for path in (f"boot/vmlinuz-{self.release}", f"usr/lib/modules/{self.release}/vmlinuz"):
            if (self.root / path).exists():
                return self.root / path
        raise LabError(f"the packages of Linux {self.release} have no vmlinuz where Debian puts it")

    @property
    def modules(self) -> Path:
        """The directory of its modules."""
        for path in ("usr/lib/modules", "lib/modules"):
            if (self.root / path / self.release / "kernel").exists():
                return self.root / path / self.release
        raise LabError(f"the packages of Linux {self.release} have no modules where Debian puts them")

    def options(self) -> dict[str, str]:
        """Return how it was configured: ``{"CONFIG_IPVLAN": "m", …}``; nothing where the packages do not say."""
        for path in (self.root / f"boot/config-{self.release}", self.modules / "config"):
            if path.exists():
                lines = path.read_text(encoding="utf-8").splitlines()
                return dict(line.split("=", 1) for line in lines if line.startswith("CONFIG_"))
        return {}


def kernel(series: str) -> Kernel:
    """Return the newest kernel of a series, such as ``"6.12"``: from the cache, else downloaded.

    Looked for where the machine's apt looks, and then in Debian's other suites.
    """
    if not re.fullmatch(r"\d+\.\d+", series):
        raise LabError(f"a series of kernels is named like 6.12, not {series!r}")
    with locked() as cache:
        apt = Apt()
        release = newest(series, images := apt.names("linux-image-"))
        if release is None:
            apt = apt_with_all_suites()
            release = newest(series, images := apt.names("linux-image-"))
        if release is None:
            raise LabError(f"no repository has a kernel of the series {series}; there is {', '.join(_series(images))}")
        found = Kernel(release, cache / "kernels" / release)
        if not found.root.exists():
            available = [*images, *apt.names("linux-binary-"), *apt.names("linux-modules-")]
            _unpacked(apt, packages(release, available), found.root)
        return found


def packages(release: str, available: Iterable[str]) -> list[str]:
    """Return the packages that a kernel consists of: signed where there is the choice, with the same content."""
    there = set(available)
    pairs = [(f"linux-{part}-{release}", f"linux-{part}-{release}-unsigned") for part in PARTS]
    return [signed if signed in there else unsigned for signed, unsigned in pairs if {signed, unsigned} & there]


def busybox() -> Path:
    """Return a busybox that needs no libraries, downloaded once."""
    with locked() as cache:
        root = cache / "busybox-static"
        if not root.exists():
            apt = Apt()
            if not apt.names("busybox-static"):
                apt = apt_with_all_suites()
            _unpacked(apt, ["busybox-static"], root)
        return next(path for path in (root / "bin/busybox", root / "usr/bin/busybox") if path.exists())


def newest(series: str, images: Iterable[str]) -> str | None:
    """Return the release of the newest generic kernel of a series, of those that packages are named after."""
    matches = [match for name in images if (match := IMAGE.fullmatch(name)) and not OTHERS.search(name)]
    releases = [match[1] for match in matches if match[2] == series]
    return max(releases, key=_version, default=None)


def _series(images: Iterable[str]) -> list[str]:
    series = {match[2] for name in images if (match := IMAGE.fullmatch(name))}
    return sorted(series, key=_version)


def _version(text: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", text)]


def _unpacked(apt: Apt, packages: list[str], root: Path) -> None:
    """Unpack packages into a directory that is there with all of them or not at all."""
    partial = root.with_name(f"{root.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    for package in packages:
        apt.unpack(package, partial)
    partial.rename(root)

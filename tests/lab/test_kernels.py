"""Which package has the kernel that is wanted, and where apt is to look for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lab import kernels
from tests.lab.apt import Apt, Repository
from tests.lab.errors import LabError
from tests.lab.kernels import Kernel, kernel, newest, packages
from tests.lab.suites import SUITES, source_lines

IMAGES = [
    "linux-image-5.10.0-9-amd64",
    "linux-image-5.10.0-46-amd64",
    "linux-image-6.1.0-9-amd64-unsigned",
    "linux-image-6.1.0-56-cloud-amd64",
    "linux-image-6.1.0-56-rt-amd64",
    "linux-image-6.1.0-56-amd64-dbg",
    "linux-image-6.1.0-47-amd64-unsigned",
    "linux-image-6.12.9+deb12-amd64",
    "linux-image-6.12.117+deb12-amd64",
    "linux-image-6.12.117+deb12-amd64-unsigned",
    "linux-image-6.12.118+deb12-arm64",
    "linux-image-7.3.4+deb13-amd64",
    "linux-image-amd64",
    "linux-image-cloud-amd64",
]


@pytest.mark.parametrize(
    ("series", "release"),
    [
        ("5.10", "5.10.0-46-amd64"),
        ("6.1", "6.1.0-47-amd64"),
        ("6.12", "6.12.117+deb12-amd64"),
        ("7.3", "7.3.4+deb13-amd64"),
        ("7.4", None),
        ("6", None),
    ],
)
def test_the_newest_generic_kernel_of_a_series(series: str, release: str | None) -> None:
    assert newest(series, IMAGES) == release


def test_the_packages_of_a_kernel() -> None:
    assert packages("6.1.0-47-amd64", IMAGES) == ["linux-image-6.1.0-47-amd64-unsigned"]
    assert packages("6.12.117+deb12-amd64", IMAGES) == ["linux-image-6.12.117+deb12-amd64"]
    divided = ["linux-binary-7.3.4+deb13-amd64", "linux-modules-7.3.4+deb13-amd64", "linux-modules-7.3.5+deb13-amd64"]
    assert packages("7.3.4+deb13-amd64", [*IMAGES, *divided]) == ["linux-image-7.3.4+deb13-amd64", *divided[:2]]


@pytest.mark.parametrize("series", ["", "6", "6.12.117", "../6", "newest"])
def test_what_is_no_series(series: str) -> None:
    with pytest.raises(LabError, match="named like 6"):
        kernel(series)


class FakeApt(Apt):
    """A repository with `IMAGES`, whose packages have the files that Debian's have."""

    def __init__(self) -> None:
        self.unpacked: list[str] = []

    def names(self, prefix: str) -> list[str]:
        return [name for name in IMAGES if name.startswith(prefix)]

    def unpack(self, package: str, into: Path) -> None:
        self.unpacked.append(package)
        release = package.removeprefix("linux-image-").removesuffix("-unsigned")
        (into / "boot").mkdir()
        (into / f"boot/vmlinuz-{release}").touch()
        (into / f"boot/config-{release}").write_text("# comment\nCONFIG_IPVLAN=m\n# CONFIG_NETKIT is not set\n")
        (into / f"lib/modules/{release}/kernel").mkdir(parents=True)


@pytest.fixture
def apt(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeApt:
    """Have that repository instead of the machine's, and an empty cache."""
    fake = FakeApt()
    monkeypatch.setattr(kernels, "Apt", lambda: fake)
    monkeypatch.setattr(kernels, "apt_with_all_suites", lambda: fake)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return fake


def test_a_kernel_is_downloaded_once(apt: FakeApt, tmp_path: Path) -> None:
    found = kernel("6.1")
    assert found == kernel("6.1")
    assert apt.unpacked == ["linux-image-6.1.0-47-amd64-unsigned"]
    assert found == Kernel("6.1.0-47-amd64", tmp_path / "ebpfasm/lab/kernels/6.1.0-47-amd64")
    assert found.image == found.root / "boot/vmlinuz-6.1.0-47-amd64"
    assert found.modules == found.root / "lib/modules/6.1.0-47-amd64"
    assert found.options() == {"CONFIG_IPVLAN": "m"}


def test_a_download_that_fails_leaves_no_kernel(apt: FakeApt, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def broken(package: str, into: Path) -> None:
        (into / "half").touch()
        raise LabError("no space")

    with monkeypatch.context() as context:
        context.setattr(apt, "unpack", broken)
        with pytest.raises(LabError, match="no space"):
            kernel("6.12")
    assert not (tmp_path / "ebpfasm/lab/kernels/6.12.117+deb12-amd64").exists()
    assert kernel("6.12").image.exists()


@pytest.mark.usefixtures("apt")
def test_a_series_there_is_not() -> None:
    with pytest.raises(
        LabError, match=r"no repository has a kernel of the series 6\.2; there is 5\.10, 6\.1, 6\.12, 7\.3"
    ):
        kernel("6.2")


def test_the_suites_are_where_the_own_ones_are() -> None:
    repositories = {
        Repository("http://mirror.example/debian/", "bookworm"),
        Repository("http://mirror.example/debian/", "bookworm-updates"),
        Repository("http://other.example/debian-security/", "bookworm-security"),
        Repository("http://third.example/", "stable"),
    }
    places = [line.split()[-3:] for line in source_lines(repositories, "bookworm").splitlines()]
    assert places == [
        *(["http://mirror.example/debian/", suite, "main"] for suite in SUITES["archive"]),
        *(["http://other.example/debian-security/", suite, "main"] for suite in SUITES["security"]),
    ]


def test_no_suite_of_the_own_release() -> None:
    with pytest.raises(LabError, match="no repository of the suite 'jammy'"):
        source_lines({Repository("http://third.example/", "stable")}, "jammy")

"""Kernels of other Debian releases: apt with more suites than the machine is configured for, at the same mirrors."""

from __future__ import annotations

import time
from pathlib import Path

from tests.lab.apt import Apt, Repository
from tests.lab.cache import cache
from tests.lab.errors import LabError

__all__ = ["SUITES", "apt_with_all_suites", "source_lines"]

SUITES = {
    "archive": ("bullseye", "bookworm", "bookworm-updates", "trixie", "trixie-updates", "trixie-backports", "sid"),
    "security": ("bullseye-security", "bookworm-security", "trixie-security"),
}
"""The suites to look in, by the repository that has them."""

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
FRESH_S = 24 * 3600.0


def apt_with_all_suites() -> Apt:
    """Return apt with its own configuration, lists and cache, fetched anew once a day; the machine's stay as they are.

    The addresses are those that the machine's own configuration has for the release that it runs.
    """
    root = cache() / "apt"
    for directory in ("lists/partial", "archives/partial"):
        (root / directory).mkdir(parents=True, exist_ok=True)
    sources = root / "sources.list"
    lines = source_lines(Apt().repositories(), _codename())
    unchanged = sources.exists() and sources.read_text() == lines
    sources.write_text(lines)
    configuration = root / "apt.conf"
    configuration.write_text(
        f'Dir::Etc::SourceList "{sources}";\n'
        'Dir::Etc::SourceParts "-";\n'
        f'Dir::State::Lists "{root}/lists";\n'
        f'Dir::Cache "{root}";\n'
        'Acquire::Languages "none";\n'
        'APT::Sandbox::User "root";\n'
    )
    apt = Apt(configuration)
    stamp = root / "updated"
    if not unchanged or not stamp.exists() or time.time() - stamp.stat().st_mtime > FRESH_S:
        apt.update()
        stamp.touch()
    return apt


def source_lines(repositories: set[Repository], codename: str) -> str:
    """Return what apt's sources.list must say for all `SUITES` to be found where the machine's own suites are."""
    options = f" [signed-by={KEYRING}]" if Path(KEYRING).exists() else ""
    lines = []
    for kind, own_suite in (("archive", codename), ("security", f"{codename}-security")):
        addresses = sorted(repository.address for repository in repositories if repository.suite == own_suite)
        if addresses:
            lines += [f"deb{options} {addresses[0]} {suite} main\n" for suite in SUITES[kind]]
    if not lines:
        raise LabError(f"apt has no repository of the suite {codename!r}, from which others could be derived")
    return "".join(lines)


def _codename() -> str:
    for line in Path("/etc/os-release").read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition("=")
        if name == "VERSION_CODENAME":
            return value.strip('"')
    raise LabError("/etc/os-release has no VERSION_CODENAME: this is no release of Debian")

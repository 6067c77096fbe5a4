"""Debian packages by name, through apt: which there are, their files."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import NamedTuple

from tests.lab.errors import LabError

__all__ = ["Apt", "Repository"]


class Repository(NamedTuple):
    """Where packages come from: the address that apt was given, and the suite."""

    address: str
    suite: str


class Apt:
    """apt as the machine has it configured, or with a configuration of one's own in the file ``configuration``."""

    def __init__(self, configuration: Path | None = None) -> None:
        for command in ("apt-get", "apt-cache", "dpkg-deb"):
            if shutil.which(command) is None:
                raise LabError(f"the lab gets kernels as Debian packages, and there is no {command} on the PATH")
        self._environment = {**os.environ, "LC_ALL": "C"}
        if configuration is not None:
            self._environment["APT_CONFIG"] = str(configuration)

    def names(self, prefix: str) -> list[str]:
        """Return the names of all packages that begin with ``prefix`` and can be downloaded."""
        found = self._run("apt-cache", "pkgnames", prefix).split()
        if not found:
            return []
        # A name may be one that others only mention: madison knows those that some repository has.
        rows = [line.split("|") for line in self._run("apt-cache", "madison", *found).splitlines()]
        return sorted({row[0].strip() for row in rows if len(row) == 3 and "Packages" in row[2]})

    def repositories(self) -> set[Repository]:
        """Return the repositories that are configured."""
        text = self._run("apt-get", "indextargets", "--no-release-info", "--format", "$(REPO_URI) $(RELEASE)")
        return {Repository(*words) for line in text.splitlines() if len(words := line.split()) == 2}

    def update(self) -> None:
        """Fetch the lists of packages, of as many repositories as answer."""
        subprocess.run(
            ["apt-get", "update", "-qq"],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )

    def unpack(self, package: str, into: Path) -> None:
        """Download a package and unpack its files into a directory; none of its scripts run."""
        with tempfile.TemporaryDirectory(dir=into.parent, prefix="download-") as download:
            self._run("apt-get", "download", "-qq", package, directory=download)
            (archive,) = Path(download).glob("*.deb")
            self._run("dpkg-deb", "--extract", str(archive), str(into))

    def _run(self, *command: str, directory: str | None = None) -> str:
        done = subprocess.run(
            command,
            env=self._environment,
            cwd=directory,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise LabError(f"{' '.join(command[:4])} failed with status {done.returncode}: {done.stderr.strip()}")
        return done.stdout

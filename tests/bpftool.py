"""Where bpftool is: what kernel objects and BTF are compared with."""

from __future__ import annotations

import os
import shutil

__all__ = ["bpftool"]


def bpftool() -> str | None:
    """Return the path of bpftool, or None; distributions put it into sbin, which is not in everybody's PATH."""
    return shutil.which("bpftool", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")

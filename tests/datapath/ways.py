"""The ways to attach a program, as parameters of tests: tcx only where the kernel has it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ebpfasm import AttachType, Link
from ebpfasm.datapath import ClsactLink, attach, attach_clsact, attach_tcx
from ebpfasm.kernel.links import has_tcx, prog_query
from ebpfasm.kernel.netns import run_in
from tests.net import Veth

__all__ = ["ALL_WAYS", "TCX", "WAYS", "Way", "by_tcx"]

Way = Callable[..., Link | ClsactLink]

TCX = pytest.param(attach_tcx, marks=pytest.mark.needs_tcx)
WAYS = pytest.mark.parametrize("way", [TCX, attach_clsact])
ALL_WAYS = pytest.mark.parametrize("way", [TCX, attach_clsact, attach])


def by_tcx(pair: Veth, where: AttachType) -> tuple[int, ...]:
    """The ids of the programs that tcx has at the near end, in the order they run; none on a kernel without it."""
    return run_in(pair.netns, prog_query, pair.index, where).prog_ids if has_tcx() else ()

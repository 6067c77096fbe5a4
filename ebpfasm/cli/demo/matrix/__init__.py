"""``ebpfasm demo matrix``: who reaches whom among two pods, their host and one outside, before and after a policy."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ebpfasm.cli.demo.matrix.story import Story as Story

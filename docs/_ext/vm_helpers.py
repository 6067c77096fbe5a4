"""A directive that lists the helper functions of the vm from their table: ``vm-helpers``."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

from builder_words import table
from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from ebpfasm.asm.helpers import HELPERS as WORDS
from ebpfasm.uapi import ProgramType
from ebpfasm.vm.helpers import HELPERS, TYPES

if TYPE_CHECKING:
    from sphinx.application import Sphinx

EVERY = frozenset[int]().union(*TYPES.values())


class VmHelpers(SphinxDirective):
    """One row for each helper: its number, its word, what it does, and which programs may call it."""

    def run(self) -> list[nodes.Node]:
        """Return the table."""
        headings = ("number", "word", "arguments, and what it does", "program types")
        return [table(headings, (8, 26, 60, 30), (self.cells(number) for number in sorted(HELPERS)))]

    @staticmethod
    def cells(number: int) -> tuple[nodes.Node, ...]:
        """Return the cells of a helper's row."""
        about = " ".join((inspect.getdoc(HELPERS[number]) or "").replace("``", "").split())
        types = TYPES[number]
        named = "all" if types == EVERY else ", ".join(sorted(ProgramType(each).name for each in types))
        return (
            nodes.Text(str(number)), nodes.literal(text=WORDS[number].name), nodes.Text(about), nodes.Text(named),
        )  # fmt: skip


def setup(app: Sphinx) -> dict[str, bool]:
    """Tell sphinx about the directive."""
    app.add_directive("vm-helpers", VmHelpers)
    return {"parallel_read_safe": True}

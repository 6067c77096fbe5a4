"""The ``builder-words`` directive: the table of instructions as a page, drawn from the rows themselves."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from ebpfasm.asm.table import FORMS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sphinx.application import Sphinx

    from ebpfasm.asm.form import Form

HEADINGS = ("word", "clang writes", "opcode")


def call(form: Form) -> str:
    """Return the word with the names of its parameters, such as ``Add.Imm(dst, value)``."""
    return f"{form.name}({', '.join(param if isinstance(param, str) else param.name for param in form.params)})"


def assembly(form: Form) -> str:
    """Return the form's text with its operands by their names."""
    return re.sub(
        r"\{([^\w}]?)(\w+)\}", lambda match: f"{'+ ' if match[1] == '+' else ''}{{{match[2]}}}", form.assembly
    )


class BuilderWords(SphinxDirective):
    """One row for each form."""

    def run(self) -> list[nodes.Node]:
        """Return the table."""
        group = nodes.tgroup("", cols=len(HEADINGS))
        group += [nodes.colspec(colwidth=width) for width in (40, 50, 10)]
        group += nodes.thead("", self.row(nodes.Text(heading) for heading in HEADINGS))
        group += nodes.tbody(
            "",
            *(
                self.row(nodes.literal(text=text) for text in (call(form), assembly(form), f"{form.opcode:#04x}"))
                for form in FORMS
            ),
        )
        return [nodes.table("", group)]

    @staticmethod
    def row(cells: Iterable[nodes.Node]) -> nodes.row:
        """Return a row with one paragraph in each cell."""
        return nodes.row("", *(nodes.entry("", nodes.paragraph("", "", cell)) for cell in cells))


def setup(app: Sphinx) -> dict[str, bool]:
    """Tell sphinx about the directive."""
    app.add_directive("builder-words", BuilderWords)
    return {"parallel_read_safe": True}

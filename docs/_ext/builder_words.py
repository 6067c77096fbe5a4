"""Directives that draw the instruction set from the rows themselves: ``builder-words`` and ``instruction-history``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from ebpfasm.asm.facts import FACTS, ISA_SOURCES
from ebpfasm.asm.instruction import Instruction
from ebpfasm.asm.program import Instructions
from ebpfasm.asm.table import FORMS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sphinx.application import Sphinx

    from ebpfasm.asm.form import Form

EXAMPLES = {
    "dst": 1,
    "src": 2,
    "offset": 8,
    "target": 3,
    "value": 7,
    "to": 0,
    "from_": 1,
    "map": 5,
    "index": 5,
    "btf_id": 77,
    "module_fd": 0,
}
"""What stands for each operand in the examples."""

IN_GO = {
    "AddrSpaceCast": "—",
    "BuiltinFunc": "BuiltinFunc(n).Call()",
    "CallKfunc": "—",
    "CallReg": "—",
    "JumpTable": "—",
    "LoadBTFID": "—",
    "LoadFunc": "—",
    "LoadMapIndex": "—",
    "LoadMapIndexValue": "—",
    "MayGoto.Label": "JCOND.Label",
    "Neg.Reg": "Neg.Imm(dst, 0)",
    "Neg.Reg32": "Neg.Imm32(dst, 0)",
    "NoSpec": "—",
    "PercpuAddr": "—",
}
"""cilium/ebpf's words where they are not ours; a dash where it has none."""


def example(form: Form) -> Instruction:
    """Return an instruction of this form."""
    fields: dict[str, int] = {}
    for field in ("dst", "src", "off", "imm"):
        fixed = getattr(form, field)
        fields[field] = fixed if isinstance(fixed, int) else 0
    for operand in form.operands:
        fields[operand.field] |= EXAMPLES[operand.name] << operand.shift
    return Instruction(form.opcode, **fields)


def in_go(form: Form) -> str:
    """Return what cilium/ebpf calls this form's word."""
    return IN_GO.get(form.name, form.name)


def versions(form: Form) -> tuple[str, str]:
    """Return the kernel and the ISA version of a form as they stand in the table."""
    facts = form.facts
    if facts is None:
        raise ValueError(f"{form} does not say since when it is there")
    kernel = facts.kernel or "none"
    if form.beyond is not None:
        name, since = form.beyond
        kernel += f"; {FACTS[since].kernel} with {name}"
    return kernel, facts.isa


def table(headings: tuple[str, ...], widths: tuple[int, ...], rows: Iterable[tuple[nodes.Node, ...]]) -> nodes.table:
    """Return a table with one paragraph in each cell."""

    def row(cells: Iterable[nodes.Node]) -> nodes.row:
        return nodes.row("", *(nodes.entry("", nodes.paragraph("", "", cell)) for cell in cells))

    group = nodes.tgroup("", cols=len(headings))
    group += [nodes.colspec(colwidth=width) for width in widths]
    group += nodes.thead("", row(nodes.Text(heading) for heading in headings))
    group += nodes.tbody("", *(row(cells) for cells in rows))
    return nodes.table("", group)


class BuilderWords(SphinxDirective):
    """One row for each form: what it is called there and here, and an example as text and bytes."""

    def run(self) -> list[nodes.Node]:
        """Return the table."""
        headings = ("cilium/ebpf", "ebpfasm", "assembly", "bytes, little-endian", "Linux", "ISA")
        return [table(headings, (18, 30, 36, 24, 8, 8), (self.cells(form) for form in FORMS))]

    @staticmethod
    def cells(form: Form) -> tuple[nodes.Node, ...]:
        """Return the cells of a form's row."""
        instruction = example(form)
        literals = (
            in_go(form),
            repr(instruction),
            str(instruction),
            Instructions([instruction]).encode("little").hex(),
        )
        kernel, isa = versions(form)
        return (*(nodes.literal(text=text) for text in literals), nodes.Text(kernel), nodes.Text(isa))


class InstructionHistory(SphinxDirective):
    """One row for each step in the history of the instruction set, with its source."""

    def run(self) -> list[nodes.Node]:
        """Return the table, and what vouches for the ISA versions."""
        rows = []
        for key, facts in sorted(FACTS.items(), key=lambda item: item[1].release):
            words = dict.fromkeys(form.name for form in FORMS if form.since == key)
            with_operand = {
                f"{form.name} with {form.beyond[0]}": None for form in FORMS if (form.beyond or "")[1:] == (key,)
            }
            named = ", ".join([*words, *with_operand])
            cells = (facts.kernel or "none", facts.isa, named, facts.source)
            rows.append(tuple(nodes.Text(cell) for cell in cells))
        history = table(("Linux", "ISA", "words", "source"), (8, 8, 50, 60), rows)
        isa = table(
            ("ISA", "source"),
            (10, 90),
            ((nodes.literal(text=name), nodes.Text(source)) for name, source in ISA_SOURCES.items()),
        )
        return [history, isa]


def setup(app: Sphinx) -> dict[str, bool]:
    """Tell sphinx about the directives."""
    app.add_directive("builder-words", BuilderWords)
    app.add_directive("instruction-history", InstructionHistory)
    return {"parallel_read_safe": True}

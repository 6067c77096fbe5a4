"""A program as a table in HTML, for notebooks."""

from __future__ import annotations

import sys
from html import escape

from ebpfasm.asm.listing import Line, lines
from ebpfasm.errors import EncodeError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ebpfasm.asm.program import Instructions

__all__ = ["table"]

ROWS = 400
"""A table has no more rows than these."""

# No colours: the page's own are right in the dark as well. Alignment on each cell: Jupyter's style sheet sets it there.
CELL = 'style="text-align:left;padding:0 1em 0 0;white-space:pre;vertical-align:top"'
FAINT = 'style="text-align:left;padding:0 1em 0 0;white-space:pre;vertical-align:top;opacity:.6"'
TABLE = 'style="font-family:monospace;border-collapse:collapse"'


def table(program: Instructions, margin: Mapping[int, str] | None = None) -> str:
    """A ``<table>`` of units, bytes, text and comments, in this machine's byte order, and nothing from elsewhere.

    A part of a program, whose labels are not all there, is shown as text, with the reason.

    Args:
        margin: how often each instruction ran, by its unit, for a column of its own.
    """
    rows: list[str] = []
    left_out = 0
    try:
        for line in lines(program, sys.byteorder):
            if len(rows) < ROWS:
                rows.append(_row(line, margin))
            else:
                left_out += 1
    except EncodeError as error:
        return f"<div><pre>{escape(str(program))}</pre><p>{escape(str(error))}</p></div>"
    names = ("unit", "bytes", "text", "comment") if margin is None else ("runs", "unit", "bytes", "text", "comment")
    header = "".join(f"<th {CELL}>{name}</th>" for name in names)
    note = f"<p>{left_out} more rows; listing() has them all.</p>" if left_out else ""
    return f"<div><table {TABLE}><thead><tr>{header}</tr></thead><tbody>{''.join(rows)}</tbody></table>{note}</div>"


def _row(line: Line, margin: Mapping[int, str] | None) -> str:
    if line.step is None:
        return f'<tr><th colspan="{4 if margin is None else 5}" {CELL}>{escape(line.label)}:</th></tr>'
    first = "" if margin is None else f"<td {CELL}>{escape(margin.get(line.step.unit, ''))}</td>"
    return (
        f"<tr>{first}<td {FAINT}>{line.step.unit}</td><td {FAINT}>{'<br>'.join(line.raw)}</td>"
        f"<td {CELL}>{escape(line.text)}</td><td {CELL}>{escape(line.note)}</td></tr>"
    )

"""A graph in DOT, the language of Graphviz."""

from __future__ import annotations

from ebpfasm.asm.dot import escaped, quoted
from ebpfasm.cli.datapath.graph import ARROWS, KINDS
from ebpfasm.cli.datapath.markup import marked_up

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ebpfasm.cli.datapath.graph import Box, Graph

__all__ = ["dot"]


def dot(drawn: Graph) -> str:
    """The text of a ``digraph``: a table for each box, in the cluster of its namespace."""
    lines = [
        'digraph "datapath" {',
        '    graph [rankdir="LR", fontname="monospace", fontsize="11"];',
        '    node [shape="plain", fontname="monospace", fontsize="10", fontcolor="#000000"];',
        '    edge [arrowsize="0.7"];',
    ]
    for frame in drawn.frames:
        label = f"{escaped(frame.title)}\\l{escaped(frame.detail)}\\l"
        lines += [f'    subgraph "cluster_{frame.id}" {{', f'        label={quoted(label)}; style="dashed";']
        lines += [f"        {_node(box)}" for box in drawn.boxes if box.frame == frame.id]
        lines.append("    }")
    lines += [f"    {_node(box)}" for box in drawn.boxes if not box.frame]
    for arrow in drawn.arrows:
        port = "" if arrow.row is None else f':"r{arrow.row}"'
        style = ', style="dashed", dir="none", constraint="false"' if arrow.kind == "lower" else ""
        lines.append(f'    "{arrow.source}"{port} -> "{arrow.target}" [color="{ARROWS[arrow.kind]}"{style}];')
    return "\n".join([*lines, "}"]) + "\n"


def _node(box: Box) -> str:
    _, fill, border = KINDS[box.kind]
    told = [f"<b>{marked_up(box.title)}</b>", *map(marked_up, box.lines)]
    # Of HTML's kind, not records: dot loses an edge between two records of one rank.
    cells = [f'<td align="left" balign="left">{"<br/>".join(told)}</td>']
    cells += [f'<td align="left" port="r{number}">{marked_up(row)}</td>' for number, row in enumerate(box.rows)]
    table = f'<table border="0" cellborder="1" cellspacing="0" cellpadding="4" bgcolor="{fill}" color="{border}">'
    return f'"{box.id}" [label=<{table}{"".join(f"<tr>{cell}</tr>" for cell in cells)}</table>>];'

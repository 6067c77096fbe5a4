"""A control flow as a graph in DOT, the language of Graphviz."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ebpfasm.asm.cfg import Block, ControlFlow

__all__ = ["digraph"]

# Colours that can be told apart on white and on black.
STYLES = {
    "taken": 'label="taken", color="#2e9e4f", fontcolor="#2e9e4f"',
    "not taken": 'label="not taken", color="#d0493a", fontcolor="#d0493a"',
    "may_goto": 'label="may_goto", color="#c77f0a", fontcolor="#c77f0a"',
    "always": "",
    "fall through": 'color="#808080"',
    "call": 'label="call", style="dashed", constraint="false"',
    "callback": 'label="callback", style="dotted", constraint="false"',
}


def digraph(flow: ControlFlow, name: str) -> str:
    """The text of a ``digraph``: a box for each block, with its text, in the cluster of its function."""
    dead = {block.start for block in flow.unreachable}
    lines = [
        f"digraph {quoted(escaped(name))} {{",
        '    node [shape="box", fontname="monospace", fontsize="10"];',
        '    edge [fontname="monospace", fontsize="9"];',
    ]
    for number, function in enumerate(flow.functions):
        lines += [f'    subgraph "cluster_{number}" {{', f"        label={quoted(escaped(function.name))};"]
        for block in function.blocks:
            style = ', style="dashed", tooltip="unreachable"' if block.start in dead else ""
            lines.append(f'        "{block.start}" [label={quoted(_text(block))}{style}];')
        lines.append("    }")
    arrows = (
        f'    "{edge.source}" -> "{edge.target}"' + (f" [{STYLES[edge.kind]}];" if STYLES[edge.kind] else ";")
        for edge in flow.edges
    )
    return "\n".join([*lines, *dict.fromkeys(arrows), "}"]) + "\n"


def _text(block: Block) -> str:
    """The label of a block's box; ``\\l`` ends a line and sets it to the left."""
    lines = []
    unit = block.start
    for instruction in block.instructions:
        lines += [f"{escaped(symbol)}:\\l" for symbol in instruction.symbols]
        lines.append(f"{unit:3}: {escaped(str(instruction))}\\l")
        unit += instruction.units
    return "".join(lines)


def escaped(text: str) -> str:
    r"""Text for a label, in which Graphviz reads ``\N``, ``\n`` and the like, and the character entities of HTML."""
    text = "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)
    return re.sub(r"&(?=#?\w+;)", "&amp;", text.replace("\\", "\\\\"))


def quoted(text: str) -> str:
    """A string of the language: in it only a quotation mark needs its backslash."""
    return '"' + text.replace('"', '\\"') + '"'

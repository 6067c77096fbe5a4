"""Text within markup: XML, and the labels of Graphviz that look like HTML."""

from __future__ import annotations

__all__ = ["marked_up"]


def marked_up(text: str) -> str:
    """The text without what markup would take for its own, and without characters that it cannot have."""
    plain = "".join(each if each.isprintable() or each == "\n" else repr(each)[1:-1] for each in text)
    return plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")

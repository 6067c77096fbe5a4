"""``ebpfasm datapath show``: what datapath there is on this machine, as a tree, JSON, DOT or SVG."""

from __future__ import annotations

import sys

from ebpfasm.cli.streams import STANDARD, write_output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace

    from ebpfasm.datapath.survey import Survey

__all__ = ["FORMATS", "show"]

FORMATS = ("tree", "json", "dot", "svg")


def show(options: Namespace) -> None:
    """Look at the kernel and write what is found as `ebpfasm.cli` was told.

    Raises:
        PermissionDenied: it takes CAP_SYS_ADMIN.
        KernelError: there is no such namespace.
        OSError: the output cannot be written.
    """
    from ebpfasm.datapath.survey import survey

    seen = survey(options.netns)
    if seen.empty:
        where = "no network namespace that can be reached" if options.netns is None else "none of these namespaces"
        print(f"ebpfasm: there is no datapath: {where} has a program at a hook", file=sys.stderr)
    form = options.format or "tree"
    if form == "tree":
        _show_tree(seen, options)
    else:
        write_output(_drawn(seen, form), options.output)


def _drawn(seen: Survey, form: str) -> str:
    if form == "json":
        from ebpfasm.cli.datapath.document import document

        return document(seen)
    from ebpfasm.cli.datapath.graph import graph

    if form == "dot":
        from ebpfasm.cli.datapath.dot import dot

        return dot(graph(seen))
    from ebpfasm.cli.datapath.svg import svg

    return svg(graph(seen))


def _show_tree(seen: Survey, options: Namespace) -> None:
    from ebpfasm.cli.datapath.tree import painted, tree

    if options.output != STANDARD or sys.stdout is None:
        write_output("".join(f"{painted(line, _plain)}\n" for line in tree(seen)), options.output)
        return
    from ebpfasm.cli.demo.screen import Screen

    screen = Screen(sys.stdout, colour=not options.no_color)
    for line in tree(seen):
        screen.line(painted(line, screen.painted))


def _plain(text: str, style: str) -> str:
    return text

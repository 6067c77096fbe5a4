"""``ebpfasm datapath show``: what datapath there is on this machine, as a tree, JSON, DOT or SVG."""

from __future__ import annotations

import sys

from ebpfasm.cli.streams import STANDARD, write_output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from typing import NoReturn

    from ebpfasm.datapath.survey import Survey

__all__ = ["FORMATS", "show"]

FORMATS = ("tree", "json", "dot", "svg")
CLEAR = "\x1b[H\x1b[2J"  # ECMA-48: to the upper left corner, and erase the screen


def show(options: Namespace) -> None:
    """Look at the kernel and write what is found as `ebpfasm.cli` was told.

    Raises:
        PermissionDenied: it takes CAP_SYS_ADMIN.
        KernelError: there is no such namespace.
        OSError: the output cannot be written.
    """
    form = options.format or "tree"
    if options.watch is not None and (form != "tree" or options.output != STANDARD):
        options.refuse("--watch is for the tree, and writes it to stdout")
    if options.watch is not None:
        _watch(options)
    seen = _seen(options)
    if form == "tree":
        _show_tree(seen, options)
    else:
        write_output(_drawn(seen, form), options.output)


def _watch(options: Namespace) -> NoReturn:
    """Show the tree again and again, until an interrupt comes or nobody reads any more."""
    import time

    while True:
        seen = _seen(options)
        if sys.stdout.isatty():
            sys.stdout.write(CLEAR)
        _show_tree(seen, options)
        if not sys.stdout.isatty():
            print(flush=True)
        time.sleep(options.watch)


def _seen(options: Namespace) -> Survey:
    from ebpfasm.datapath.survey import survey

    seen = survey(options.netns)
    if seen.empty:
        where = "no network namespace that can be reached" if options.netns is None else "none of these namespaces"
        print(f"ebpfasm: there is no datapath: {where} has a program at a hook", file=sys.stderr)
    return seen


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

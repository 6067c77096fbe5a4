"""A survey as a tree of lines: namespaces, devices, hooks, programs, arrays, slots."""

from __future__ import annotations

from typing import NamedTuple

from ebpfasm.cli.datapath import words
from ebpfasm.datapath.survey.relations import addresses_by_slot, shared, users

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ebpfasm.datapath.survey import Device, Hook, Namespace, SeenMap, SeenProgram, Survey

__all__ = ["Line", "tree"]


class Line(NamedTuple):
    """One line: the branches before it, what it is about, and what there is to say of that."""

    branches: str
    title: str
    detail: str


class Node(NamedTuple):
    """A thing with what hangs on it."""

    title: str
    detail: str
    children: list[Node]


def tree(seen: Survey) -> Iterator[Line]:
    """The lines of the tree; a line without anything in it stands between two parts.

    Maps and program arrays of several programs or a whole node have a part of their own; where they are used they are
    only named.
    """
    growing = _Growing(seen)
    parts = [growing.namespace(place) for place in seen.namespaces]
    parts += growing.shared()
    for number, part in enumerate(parts):
        if number:
            yield Line("", "", "")
        yield Line("", part.title, part.detail)
        yield from _lines(part.children, "")


def _lines(nodes: list[Node], before: str) -> Iterator[Line]:
    for node in nodes:
        last = node is nodes[-1]
        yield Line(f"{before}{'└─' if last else '├─'} ", node.title, node.detail)
        yield from _lines(node.children, f"{before}{'   ' if last else '│  '}")


class _Growing:
    """Makes nodes of a survey; a program or map is shown with all of its own once, and by its name again."""

    def __init__(self, seen: Survey) -> None:
        self._seen = seen
        self._users = users(seen)
        self._shared = shared(seen)
        self._shown: set[int] = set()
        self._maps_shown: set[int] = set()

    def namespace(self, place: Namespace) -> Node:
        return Node(
            words.namespace(place),
            f"namespace, inode {place.inode}",
            [self._device(device, place) for device in place.devices],
        )

    def shared(self) -> list[Node]:
        """What no single program has for itself; and arrays that are pinned, and that nothing at a hook leads to."""
        maps = self._seen.maps.values()
        found = [self._used(each) for each in maps if each.id in self._shared]
        # What only a program uses that nothing but its own array leads to.
        found += [self._used(each) for each in maps if each.role == "slots" and each.id not in self._maps_shown]
        return found

    def _used(self, each: SeenMap) -> Node:
        number = len(self._users[each.id])
        used = (
            f"used by {number} program{'s' if number > 1 else ''}" if number else "used by no program that is attached"
        )
        node = self._map(each)
        return node._replace(detail=f"{node.detail}; {used}")

    def _device(self, device: Device, place: Namespace) -> Node:
        parts = [words.device(device), *words.addresses(device)]
        end = words.other_end(self._seen, device, place)
        detail = ", ".join(parts) + (f"; {end}" if end else "")
        return Node(device.name, detail, [self._hook(hook) for hook in device.hooks])

    def _hook(self, hook: Hook) -> Node:
        return Node(
            words.hook(hook.where),
            "",
            [self._program(each.program, words.attachment(each)) for each in hook.attached],
        )

    def _program(self, id: int, attached: str = "", before: str = "") -> Node:
        program = self._seen.programs.get(id)
        if program is None:
            return Node(f"{before}program {id}", "gone meanwhile", [])
        detail = ", ".join([words.program_kind(program), *([attached] if attached else []), *_pinned(program)])
        title = f"{before}{words.name(program)}"
        if id in self._shown:
            return Node(title, f"program {id}, as above", [])
        self._shown.add(id)
        children = []
        for number in program.maps:
            found = self._seen.maps.get(number)
            if found is None:
                continue
            if number not in self._shared | self._maps_shown:
                children.append(self._map(found))
                continue
            slot = f"slot {program.entry.slot} of " if program.entry is not None else ""
            seen = "above" if number in self._maps_shown else "below"
            children.append(Node(f"{slot}{words.name(found)}", f"{words.map_kind(found)}, see {seen}", []))
        return Node(title, detail, children)

    def _map(self, found: SeenMap) -> Node:
        self._maps_shown.add(found.id)
        detail = ", ".join([words.map_kind(found), *_pinned(found)])
        if found.role != "slots":
            return Node(words.name(found), detail, [Node(line, "", []) for line in words.entry_lines(found)])
        leading = addresses_by_slot(self._seen, found)
        slots = []
        for index, program in found.slots.items():
            to = f"{', '.join(map(words.prefix, leading[index]))}: " if index in leading else ""
            slots.append(self._program(program, before=f"[{index}] {to}"))
        if not slots:
            slots.append(Node("(all slots are empty)" if found.max_entries > 1 else "[0] (empty)", "", []))
        return Node(words.name(found), detail, slots)


def _pinned(what: SeenProgram | SeenMap) -> list[str]:
    return [f"pinned as {path}" for path in what.pins]


def painted(line: Line, paint: Callable[[str, str], str]) -> str:
    """A line as text; ``paint`` gives a piece of it a style: "heading", "bold" or "dim"."""
    title = paint(_printable(line.title), "bold" if line.branches else "heading")
    detail = f"  {paint(_printable(line.detail), 'dim')}" if line.detail else ""
    return f"{line.branches}{title}{detail}"


def _printable(text: str) -> str:
    """Text without what a terminal would obey: devices and processes are called what their makers like."""
    return text if text.isprintable() else "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)

"""A survey as boxes and arrows, which `dot` and `svg` draw each in its own way."""

from __future__ import annotations

from typing import NamedTuple

from ebpfasm.cli.datapath import words
from ebpfasm.datapath.survey.relations import addresses_by_slot, shared

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ebpfasm.datapath.survey import Device, Namespace, SeenMap, SeenProgram, Survey

__all__ = ["ARROWS", "KINDS", "Arrow", "Box", "Frame", "Graph", "graph"]

MOST_ROWS = 12
"""So many entries of a map are drawn; slots with programs are all drawn, since arrows start there."""


class Kind(NamedTuple):
    """How boxes of one kind are drawn: colours that can be told apart, dark on light."""

    word: str
    fill: str
    border: str


KINDS = {
    "device": Kind("device", "#eaf2fb", "#3b73b9"),
    "stub": Kind("entry stub", "#fff4d9", "#b7791f"),
    "program": Kind("program", "#e9f7ee", "#2f855a"),
    "slots": Kind("program array", "#f3ebfd", "#6b46c1"),
    "map": Kind("map", "#f1f4f8", "#64748b"),
}
ARROWS = {"runs": "#3b73b9", "calls": "#6b46c1", "uses": "#94a3b8", "lower": "#3b73b9"}
"""The colour of each kind of arrow."""


class Box(NamedTuple):
    """A thing."""

    id: str
    """A word that is its own in the graph."""
    kind: str
    """One of `KINDS`."""
    title: str
    lines: tuple[str, ...]
    """What there is to say of it."""
    rows: tuple[str, ...]
    """Its hooks, slots or entries: arrows may start at each of them."""
    frame: str = ""
    """The id of the frame it is in, if it is in one."""


class Frame(NamedTuple):
    """A namespace, around its devices."""

    id: str
    title: str
    detail: str


class Arrow(NamedTuple):
    """From a box, or one of its rows, to a box."""

    source: str
    row: int | None
    target: str
    kind: str
    """``"runs"`` (a hook its program), ``"calls"`` (a slot its program), ``"uses"`` (a program a map), or ``"lower"``
    (a device the one it hangs on): one of `ARROWS`."""


class Graph(NamedTuple):
    """All that is drawn."""

    frames: tuple[Frame, ...]
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]


def graph(seen: Survey) -> Graph:
    """The graph of a survey. A program has the maps that only it uses as lines within its box."""
    frames, boxes, arrows = [], [], []
    for place in seen.namespaces:
        frame = Frame(f"ns{place.inode}", words.namespace(place), f"network namespace, inode {place.inode}")
        frames.append(frame)
        for device in place.devices:
            boxes.append(_device(device, place, frame, seen))
            arrows += _from_device(boxes[-1].id, device, seen)
    alone = shared(seen)
    within = {id for id, found in seen.maps.items() if id not in alone and found.role != "slots"}
    for program in seen.programs.values():
        boxes.append(_program(program, [seen.maps[id] for id in dict.fromkeys(program.maps) if id in within]))
        for id in dict.fromkeys(program.maps):
            if id in seen.maps and id not in within:
                arrows.append(Arrow(boxes[-1].id, None, _map_id(id), "uses"))
    for found in seen.maps.values():
        if found.id not in within:
            box, more = _map(found, seen)
            boxes.append(box)
            arrows += more
    return Graph(tuple(frames), tuple(boxes), tuple(arrows))


def _device(device: Device, place: Namespace, frame: Frame, seen: Survey) -> Box:
    rows = []
    for hook in device.hooks:
        ways = dict.fromkeys(each.way for each in hook.attached)
        rows.append(f"{words.hook(hook.where)} · {', '.join(ways)}")
    end = words.other_end(seen, device, place)
    lines = [words.device(device), *words.addresses(device), *([end] if end else [])]
    return Box(_device_id(place.inode, device.ifindex), "device", device.name, tuple(lines), tuple(rows), frame.id)


def _from_device(id: str, device: Device, seen: Survey) -> list[Arrow]:
    arrows = [
        Arrow(id, row, _program_id(each.program), "runs")
        for row, hook in enumerate(device.hooks)
        for each in hook.attached
        if each.program in seen.programs
    ]
    lower = device.lower
    if lower is not None and seen.device(lower) is not None and lower.namespace is not None:
        target = _device_id(lower.namespace, lower.ifindex)
        # The two ends of a pair each have the other as their lower device: one line is enough.
        if device.kind not in {"veth", "netkit"} or id < target:
            arrows.append(Arrow(id, None, target, "lower"))
    return arrows


def _program(program: SeenProgram, private: list[SeenMap]) -> Box:
    kind = "program" if program.entry is None else "stub"
    lines = words.program_kind(program).split(", ")
    lines += [f"pinned as {path}" for path in program.pins]
    rows = []
    for found in private:
        rows += [f"{words.name(found)} · {line}" for line in words.entry_lines(found, MOST_ROWS)] or [
            f"{words.name(found)} · {words.map_kind(found)}"
        ]
    return Box(_program_id(program.id), kind, words.name(program), tuple(lines), tuple(rows))


def _map(found: SeenMap, seen: Survey) -> tuple[Box, list[Arrow]]:
    id = _map_id(found.id)
    lines = (words.map_kind(found), *(f"pinned as {path}" for path in found.pins))
    if found.role != "slots":
        return Box(id, "map", words.name(found), lines, tuple(words.entry_lines(found, MOST_ROWS))), []
    leading = addresses_by_slot(seen, found)
    rows, arrows = [], []
    for row, (index, program) in enumerate(found.slots.items()):
        rows.append(f"[{index}] {', '.join(map(words.prefix, leading.get(index, ())))}".rstrip())
        if program in seen.programs:
            arrows.append(Arrow(id, row, _program_id(program), "calls"))
    empty = found.max_entries - len(found.slots)
    if empty:
        rows.append("(empty)" if not found.slots else f"({empty} empty)")
    return Box(id, "slots", words.name(found), lines, tuple(rows)), arrows


def _device_id(inode: int, index: int) -> str:
    return f"ns{inode}_dev{index}"


def _program_id(id: int) -> str:
    return f"prog{id}"


def _map_id(id: int) -> str:
    return f"map{id}"

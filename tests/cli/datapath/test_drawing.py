"""A datapath drawn as a tree, JSON, DOT and SVG, from a survey as it could be."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import pytest

from ebpfasm.cli.datapath.document import document
from ebpfasm.cli.datapath.dot import dot
from ebpfasm.cli.datapath.graph import ARROWS, KINDS, graph
from ebpfasm.cli.datapath.svg import svg
from ebpfasm.cli.datapath.tree import painted, tree
from ebpfasm.datapath.survey import Survey
from tests.datapath.survey import example

SVG = "{http://www.w3.org/2000/svg}"


def text_of(seen: Survey) -> str:
    return "".join(f"{painted(line, lambda text, style: text)}\n" for line in tree(seen))


def test_the_whole_tree() -> None:
    assert text_of(example.IPVLAN) == (Path(__file__).parent / "ipvlan.txt").read_text(encoding="utf-8")


def test_the_tree_of_nothing() -> None:
    assert text_of(Survey((), {}, {})) == ""


def test_everything_is_in_the_tree_once() -> None:
    text = text_of(example.IPVLAN)
    for program in example.IPVLAN.programs.values():
        assert text.count(f"tag {program.tag}") == 1
    for found in example.IPVLAN.maps.values():
        assert len(re.findall(rf"\b(map|program array) {found.id}\b(?!.*see below)", text)) == 1


def test_a_program_that_leads_back_to_itself_ends_the_tree() -> None:
    seen = example.round_trip()
    text = text_of(seen)
    assert "[3] again  program 2, as above" in text
    # Nothing at a hook leads to this one.
    assert "\nlost  program array 9, 4 slots, pinned as /sys/fs/bpf/lost; used by 1 program\n" in text
    assert text.endswith("   └─ lost  program array 9, 4 slots, see above\n")


def test_what_went_meanwhile_is_named_in_the_tree() -> None:
    seen = example.IPVLAN._replace(programs={}, maps={})
    assert "program 30  gone meanwhile" in text_of(seen)


def test_many_entries_are_cut_short() -> None:
    entries = {f"10.0.{number // 256}.{number % 256}/32": number for number in range(1000)}
    maps = {**example.IPVLAN.maps, 100: example.IPVLAN.maps[100]._replace(entries=entries)}
    seen = example.IPVLAN._replace(maps=maps)
    text = text_of(seen)
    assert "… 984 more" in text
    assert "10.0.0.15: endpoint 15" in text
    assert "10.0.0.16: endpoint 16" not in text
    assert len(json.loads(document(seen))["maps"][0]["entries"]) == 1000


def test_the_document() -> None:
    told = json.loads(document(example.IPVLAN))
    assert set(told) == {"namespaces", "programs", "maps"}
    host = told["namespaces"][0]
    assert set(host) == {"inode", "name", "own", "devices"}
    assert (host["name"], host["own"]) == ("this namespace", True)
    assert host["devices"][1] == {
        "ifindex": 7,
        "name": "iph",
        "kind": "ipvlan",
        "mode": "l3s",
        "up": True,
        "mtu": 1500,
        "addresses": ["10.0.0.1/32"],
        "lower": {"ifindex": 3, "namespace": example.HOST},
        "hooks": [
            {
                "where": "egress",
                "attached": [
                    {"program": 31, "way": "tcx", "link": 41, "filter": "", "priority": 0, "handle": 0},
                ],
            }
        ],
    }
    programs = {each["id"]: each for each in told["programs"]}
    assert programs[50]["entry"] == {"array": 140, "slot": 0, "miss": 2}
    assert programs[41]["entry"] is None
    assert programs[41]["maps"] == [121, 100, 101, 130]
    maps = {each["id"]: each for each in told["maps"]}
    assert maps[101]["slots"] == {"11": 42, "12": 52}
    assert maps[101]["pins"] == ["/sys/fs/bpf/ebpfasm/policies"]
    assert maps[122]["entries"]["default"] == {"packets": 1, "bytes": 98}


def test_the_documents_members_are_documented() -> None:
    """What is written down as always there is there, and nothing else."""
    from ebpfasm.cli.datapath import document as module

    documented = set(re.findall(r"\w+", module.__doc__ or ""))

    def members(value: object) -> set[str]:
        if isinstance(value, dict):
            return {key for key in value if key.isidentifier()} | set().union(*map(members, value.values()), set())
        return set().union(*map(members, value), set()) if isinstance(value, list) else set()

    told = json.loads(document(example.IPVLAN))
    for each in told["maps"]:
        del each["entries"]
    assert members(told) <= documented


def test_the_graph_has_all_of_it() -> None:
    drawn = graph(example.IPVLAN)
    boxes = {box.id: box for box in drawn.boxes}
    assert len(boxes) == len(drawn.boxes)
    assert {box.kind for box in drawn.boxes} == set(KINDS)
    assert {arrow.kind for arrow in drawn.arrows} == set(ARROWS)
    for arrow in drawn.arrows:
        assert arrow.target in boxes
        assert arrow.row is None or arrow.row < len(boxes[arrow.source].rows)
    # A map that one program uses is within its box; one that several use is not.
    assert "cnt_0 · delivered: 120" in boxes["prog30"].rows
    assert "map110" not in boxes
    assert boxes["map130"].rows == ("delivered: 9",)
    assert boxes["map101"].rows == ("[11] 10.0.0.11, fd00::11", "[12] 10.0.0.12, fd00::12", "(4094 empty)")


def test_a_pair_is_one_line() -> None:
    drawn = graph(example.pair())
    assert sum(arrow.kind == "lower" for arrow in drawn.arrows) == 1


@pytest.mark.parametrize("seen", [example.IPVLAN, example.pair(), example.round_trip(), Survey((), {}, {})])
def test_graphviz_takes_the_graph(seen: Survey) -> None:
    text = dot(graph(seen))
    assert text.startswith('digraph "datapath" {\n')
    command = shutil.which("dot")
    if command is None:
        pytest.skip("there is no dot (Graphviz) here")
    result = subprocess.run([command, "-Tsvg"], input=text, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")
    titles = [title.text for title in ElementTree.fromstring(result.stdout).iter(f"{SVG}title")]
    assert {box.id for box in graph(seen).boxes} <= set(titles)


def boxes_of(picture: ElementTree.Element) -> dict[str, tuple[float, float, float, float]]:
    """Each box's borders: left, top, right, bottom."""
    found = {}
    for group in picture.iter(f"{SVG}g"):
        if group.get("class") == "box":
            rect = group.find(f"{SVG}rect")
            assert rect is not None
            x, y, width, height = (float(rect.get(name, "nan")) for name in ("x", "y", "width", "height"))
            found[group.get("id", "")] = (x, y, x + width, y + height)
    return found


@pytest.mark.parametrize(
    "seen",
    [example.IPVLAN, example.pair(), example.round_trip(), example.crowd(40)],
    ids=["ipvlan", "pair", "round trip", "crowd"],
)
def test_the_picture(seen: Survey) -> None:
    text = svg(graph(seen))
    assert text == svg(graph(seen))
    picture = ElementTree.fromstring(text)
    boxes = boxes_of(picture)
    assert set(boxes) == {box.id for box in graph(seen).boxes}
    width, height = float(picture.get("width", 0)), float(picture.get("height", 0))
    for left, top, right, bottom in boxes.values():
        assert 0 <= left < right <= width
        assert 0 <= top < bottom <= height
    for (one, first), (other, second) in combinations(boxes.items(), 2):
        apart = first[2] <= second[0] or second[2] <= first[0] or first[3] <= second[1] or second[3] <= first[1]
        assert apart, f"{one} and {other} overlap"
    arrows = [each for each in picture.iter(f"{SVG}g") if each.get("class") in {"runs", "calls", "uses"}]
    assert len(arrows) == sum(arrow.kind != "lower" for arrow in graph(seen).arrows)


def test_the_picture_of_nothing() -> None:
    picture = ElementTree.fromstring(svg(graph(Survey((), {}, {}))))
    assert boxes_of(picture) == {}


def test_names_cannot_break_out_of_the_pictures() -> None:
    name = '<b>&"]>\\N\x1b'
    places = tuple(place._replace(name=name) for place in example.IPVLAN.namespaces)
    seen = example.IPVLAN._replace(namespaces=places)
    picture = ElementTree.fromstring(svg(graph(seen)))
    shown = [each.text for each in picture.iter(f"{SVG}text")]
    assert '<b>&"]>\\N\\x1b' in shown
    assert "\x1b" not in dot(graph(seen))
    assert "\x1b" not in text_of(seen)

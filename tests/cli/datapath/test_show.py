"""``ebpfasm datapath show``, of real pods."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from ebpfasm.cli import main
from ebpfasm.datapath import Pod, attach_clsact
from tests.cli.run import run, start
from tests.datapath.packets import OK, returning
from tests.net import Veth

pytestmark = [pytest.mark.needs_kernel, pytest.mark.needs_netns]


@pytest.fixture
def pod(veth: Veth) -> Iterator[Pod]:
    with (
        returning(OK, name="verdict") as program,
        Pod.connect(veth.netns, name="pod7", program=program, attach=attach_clsact) as connected,
    ):
        yield connected


Show = Callable[..., str]


@pytest.fixture
def show(veth: Veth, capsys: pytest.CaptureFixture[str]) -> Show:
    """Give a function that shows the two namespaces, in this process, and returns what is on stdout."""

    def shown(*arguments: str) -> str:
        assert main(["datapath", "show", *chosen(veth), *arguments]) == 0
        out, err = capsys.readouterr()
        assert err == ""
        return out

    return shown


def chosen(veth: Veth) -> list[str]:
    return ["--netns", veth.netns, "--netns", f"/run/netns/{veth.peer_netns}"]


def test_the_tree(show: Show, veth: Veth, pod: Pod) -> None:
    lines = show().splitlines()
    assert lines[0].startswith(f"{veth.netns}  namespace, inode ")
    assert lines[1].startswith(f"└─ eth0  index {veth.index}, veth, mtu 1500, 10.0.0.1/24")
    assert lines[2] == "   └─ egress"
    assert lines[3].startswith(
        f"      └─ entry  entry stub {pod.entry.id}, tag {pod.entry.tag}, clsact filter 'polEntry'"
    )
    assert lines[4] == f"         └─ pod7  program array {pod.slots.id}, 1 slot"
    assert lines[5].startswith(f"            └─ [0] verdict  program {pod.program_id}, tag ")
    assert lines[6] == ""
    assert lines[7].startswith(f"/run/netns/{veth.peer_netns}  namespace, inode ")
    pod.clear()
    assert "            └─ [0] (empty)" in show().splitlines()


def test_a_terminal_without_box_characters(veth: Veth, pod: Pod) -> None:
    text = run("datapath", "show", *chosen(veth), PYTHONUTF8="0", PYTHONIOENCODING="ascii", LC_ALL="C").stdout
    assert text.isascii()
    assert "   +- egress" in text.splitlines()


def test_json(show: Show, veth: Veth, pod: Pod) -> None:
    told = json.loads(show("--json"))
    assert [each["name"] for each in told["namespaces"]] == [veth.netns, f"/run/netns/{veth.peer_netns}"]
    (attached,) = told["namespaces"][0]["devices"][0]["hooks"][0]["attached"]
    assert attached == {
        "program": pod.entry.id, "way": "clsact", "link": 0, "filter": "polEntry", "priority": 1, "handle": 1,
    }  # fmt: skip
    assert {each["id"] for each in told["programs"]} == {pod.entry.id, pod.program_id}
    (array,) = told["maps"]
    assert array["slots"] == {"0": pod.program_id}


@pytest.mark.parametrize("form", ["dot", "svg", "json"])
def test_a_file(show: Show, veth: Veth, pod: Pod, tmp_path: Path, form: str) -> None:
    path = tmp_path / "out"
    assert show(f"--{form}", "-o", str(path)) == ""
    text = path.read_text(encoding="utf-8")
    assert text == show(f"--{form}")
    assert "pod7" in text
    if form == "svg":
        ElementTree.fromstring(text)


def test_the_tree_in_a_file(show: Show, veth: Veth, pod: Pod, tmp_path: Path) -> None:
    assert show("-o", str(tmp_path / "tree")) == ""
    assert (tmp_path / "tree").read_text(encoding="utf-8") == show()


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_where_there_is_nothing_it_says_so(veth: Veth, form: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["datapath", "show", "--netns", veth.netns, *form]) == 0
    out, err = capsys.readouterr()
    assert err == "ebpfasm: there is no datapath: none of these namespaces has a program at a hook\n"
    assert json.loads(out or "null") == ({"namespaces": [], "programs": [], "maps": []} if form else None)


def test_all_namespaces_as_another_process(veth: Veth, pod: Pod) -> None:
    result = run("datapath", "show", "--json")
    assert result.returncode == 0
    assert veth.netns in {each["name"] for each in json.loads(result.stdout)["namespaces"]}


def test_a_namespace_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["datapath", "show", "--netns", "nowhere-at-all"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "no network namespace 'nowhere-at-all'" in err


def test_watching_shows_what_changes_until_an_interrupt(veth: Veth, pod: Pod) -> None:
    with start("datapath", "show", "--netns", veth.netns, "--watch", "0.1") as process:
        assert process.stdout is not None
        assert any("[0] verdict" in line for line in process.stdout)
        pod.clear()
        assert any("[0] (empty)" in line for line in process.stdout)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (130, "")


@pytest.mark.parametrize(
    "arguments",
    [
        ("datapath",),
        ("datapath", "draw"),
        ("datapath", "show", "--json", "--svg"),
        ("datapath", "show", "--watch", "--svg"),
        ("datapath", "show", "--watch", "-o", "file"),
        ("datapath", "show", "--watch", "0"),
    ],
)
def test_wrong_usage(arguments: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    assert ended.value.code == 2


def test_what_is_another_processs_is_left_alone(show: Show, veth: Veth, pod: Pod) -> None:
    """Looking takes no descriptor that stays: the array still ends with its owner."""
    show()
    before = pod.program_id
    show("--svg")
    assert pod.program_id == before

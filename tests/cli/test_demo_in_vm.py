"""The demo where there is no kernel: the same stub and programs, in the vm."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from typing import Any

import pytest

from ebpfasm import vm
from ebpfasm.cli import main
from ebpfasm.cli.demo import programs
from ebpfasm.cli.demo.in_vm import VmPackets, VmSlot, VmStory, packet
from ebpfasm.cli.demo.verdict import promises_of_vm
from ebpfasm.datapath import entry_stub
from ebpfasm.errors import EbpfError
from ebpfasm.uapi import ProgramType
from tests.cli.test_demo_verdict import good_story

QUICK = ("demo", "--seconds", "0.1", "--swaps", "200")


@pytest.fixture(autouse=True)
def _without_a_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the demo find that it cannot use the kernel."""
    monkeypatch.setattr("ebpfasm.cli.demo.missing", lambda: ["a kernel"])


def test_it_keeps_its_promises(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(QUICK) == 0
    out, err = capfd.readouterr()
    lines = out.splitlines()
    assert "  ✗ a kernel" in lines
    assert "Without the kernel: the same stub and programs in ebpfasm's vm" in lines
    marks = [line for line in lines if line.startswith("  ✓ ")]
    assert len(marks) == 7
    assert "packets lost across 200 swaps between passing programs" in marks[0]
    assert max(len(line) for line in lines if "sudo" not in line) <= 80
    assert err == "ebpfasm demo: this was the vm, not the kernel, because something is missing here: a kernel\n"


def test_its_result_as_json(capfd: pytest.CaptureFixture[str]) -> None:
    assert main([*QUICK, "--json"]) == 0
    told = json.loads(capfd.readouterr().out)
    assert (told["verified"], told["engine"], told["missing"], told["swaps"]) == (True, "vm", ["a kernel"], 200)
    phases = {phase["slot"].split()[0]: phase for phase in told["phases"]}
    assert phases["drop"]["delivered"] == 0 < phases["drop"]["sent"] == phases["drop"]["counted"]["packets"]
    assert phases["storm"]["lost"] == 0 < phases["storm"]["sent"]


def test_the_stub_and_the_programs_are_those_for_the_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = []
    load = vm.Program.load

    def watched(type: int, instructions: Any, **options: Any) -> vm.Program:
        loaded.append(instructions)
        return load(type, instructions, **options)

    monkeypatch.setattr(vm.Program, "load", watched)
    built = programs.built()
    monkeypatch.setattr(programs, "built", lambda: built)
    assert main(QUICK) == 0
    stub, *others = loaded
    assert stub == entry_stub("slots")
    assert [id(each) for each in others] == [id(each) for each in built.values()]


def test_a_signal_ends_it(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    before = VmStory._storm

    def interrupted(self: VmStory, *arguments: Any) -> None:
        signal.raise_signal(signal.SIGTERM)
        before(self, *arguments)

    monkeypatch.setattr(VmStory, "_storm", interrupted)
    assert main(QUICK) == 128 + signal.SIGTERM
    assert capfd.readouterr().err == "ebpfasm demo: stopped by SIGTERM; it made nothing outside of itself\n"


def test_a_program_that_goes_wrong_stops_it(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    from ebpfasm import asm

    wrong = asm.Instructions([asm.Mov.Imm(asm.R1, 0), asm.LoadMem(asm.R0, asm.R1, 0, asm.Word), asm.Return()])
    built = programs.built() | {"pass": wrong}
    monkeypatch.setattr(programs, "built", lambda: built)
    assert main(QUICK) == 1
    err = capfd.readouterr().err
    assert err.startswith("ebpfasm: the stream of packets broke off: unit 1, ")
    assert "through a null pointer" in err
    assert err.count("\n") == 1


def test_the_slot_has_the_names_of_a_pod() -> None:
    slot = VmSlot()
    passing = vm.Program.load(ProgramType.SCHED_CLS, programs.passing(), name="pass")
    assert slot.program_id is None
    slot.clear()
    slot.swap(passing)
    assert slot.program_id == passing.id
    slot.clear()
    assert slot.program_id is None
    assert slot.entry.test_run(packet("10.0.1.2")).retval == programs.TC_ACT_OK


def test_what_is_sent_arrives_if_the_program_lets_it() -> None:
    slot = VmSlot()
    with VmPackets(slot.entry) as packets:
        while packets.sent < 6:
            packets.check()
        packets.stop_sending()
        sent = packets.sent
    assert packets.delivered(0, sent) == sent
    assert packets.sent_to(0, 0, 6) == 4
    assert packets.sent_to(1, 0, 6) == 2
    failed = VmPackets(slot.entry)
    failed._failure = ValueError("no")
    with pytest.raises(EbpfError, match="broke off: no"):
        failed.check()


def good() -> Any:
    record = good_story()
    story: Any = VmStory(2, 1.0, None, None)  # type: ignore[arg-type]
    story.phases, story.swap_times = record.phases, record.swap_times
    story.sent_by_destination, story.entries = record.sent_by_destination, [10, 10]
    return story


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (lambda story: None, []),
        (lambda story: setattr(story.phases[1], "delivered", 1), [3]),
        (lambda story: setattr(story, "entries", [10, 11]), [6]),
        (lambda story: setattr(story.phases[3], "in_slot", 13), [6]),
    ],
)
def test_its_promises_can_be_broken(spoil: Callable[[Any], None], expected: list[int]) -> None:
    story = good()
    spoil(story)
    assert [number for number, promise in enumerate(promises_of_vm(story)) if not promise.kept] == expected


def test_a_packet_is_what_it_should_be() -> None:
    made = packet("10.0.1.2")
    assert made[12:14] == b"\x08\x00"
    assert made[30:34] == bytes([10, 0, 1, 2])
    assert int.from_bytes(made[16:18]) == len(made) - 14

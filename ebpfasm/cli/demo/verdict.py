"""What the demo promised, held against the record of a run."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ebpfasm.cli.demo.in_vm import VmStory
    from ebpfasm.cli.demo.phase import Phase
    from ebpfasm.cli.demo.story import Story
    from ebpfasm.cli.demo.swaps import Swaps

__all__ = ["Promise", "as_dict", "judged", "promises", "promises_of_vm", "swap_time", "vm_as_dict"]


class Promise:
    """A promise in words, with the numbers of this run, and whether it was kept."""

    __slots__ = ("kept", "words")

    def __init__(self, kept: bool, words: str) -> None:
        self.kept = kept
        self.words = words


def promises(story: Story, left: list[str]) -> list[Promise]:
    """Judge a run in the kernel that came to its end; ``left`` is what was still in the kernel after it."""
    return [
        *_traffic(story),
        _attached_once(story),
        _tags_agree(story),
        Promise(not left, f"still there: {', '.join(left)}" if left else f"gone again: {story.traces.words()}"),
    ]


def promises_of_vm(story: VmStory) -> list[Promise]:
    """Judge a run in the vm that came to its end."""
    return [
        *_traffic(story),
        Promise(
            _in_slot(story) and story.entries[0] == story.entries[-1],
            f"one entry stub throughout, program {story.entries[0]}; slot 0 held what was put there",
        ),
    ]


def _traffic(story: Swaps) -> list[Promise]:
    """What the packets showed."""
    counted, dropped, by_destination, passed, empty, storm = story.phases
    return [
        _storm_lost_nothing(story, storm),
        _storm_counted_all(storm),
        Promise(
            counted.lost == 0 < counted.sent == counted.counted["packets"],
            f"pass + count: {counted.lost} of {counted.sent} packets lost, {counted.counted['packets']} counted",
        ),
        Promise(
            dropped.delivered == 0 < dropped.sent == dropped.counted["packets"],
            f"drop: {dropped.delivered} of {dropped.sent} packets delivered, {dropped.counted['packets']} counted",
        ),
        _counted_by_destination(story, by_destination),
        Promise(
            passed.lost == 0 < passed.sent and empty.lost == 0 < empty.sent,
            f"pass: {passed.lost} of {passed.sent} packets lost; empty slot: {empty.lost} of {empty.sent}",
        ),
    ]


def swap_time(story: Swaps) -> str:
    """How long one swap took, in words; what is measured and not promised."""
    times = sorted(story.swap_times)
    return f"one swap took {times[len(times) // 2] * 1e6:.0f} µs in the median, {times[-1] * 1e6:.0f} µs at most"


def as_dict(story: Story, kept: list[Promise]) -> dict[str, Any]:
    """A run in the kernel and its judgement, for JSON."""
    return {
        **judged(kept),
        "engine": "kernel",
        "pods": story.lab.kind,
        "stub": {"bytes": story.stub_bytes.hex(), "attachment": story.attachments[0]},
        "programs": [program._asdict() for program in story.programs],
        **_gone_through(story),
    }


def vm_as_dict(story: VmStory, kept: list[Promise], lacking: list[str]) -> dict[str, Any]:
    """A run in the vm and its judgement, with what was missing for the kernel, for JSON."""
    return {**judged(kept), "engine": "vm", "missing": lacking, **_gone_through(story)}


def judged(kept: list[Promise]) -> dict[str, Any]:
    """A judgement, for JSON."""
    return {
        "verified": all(promise.kept for promise in kept),
        "promises": [{"kept": promise.kept, "words": promise.words} for promise in kept],
    }


def _gone_through(story: Swaps) -> dict[str, Any]:
    return {
        "phases": [
            {
                "slot": phase.name,
                "program_ids": phase.ids,
                "sent": phase.sent,
                "delivered": phase.delivered,
                "lost": phase.lost,
                "counted": phase.counted,
            }
            for phase in story.phases
        ],
        "swaps": len(story.swap_times),
    }


def _storm_lost_nothing(story: Swaps, storm: Phase) -> Promise:
    swaps = len(story.swap_times)
    return Promise(
        storm.lost == 0 < storm.sent and swaps == story.swaps,
        f"{storm.lost} of {storm.sent} packets lost across {swaps} swaps between passing programs",
    )


def _storm_counted_all(storm: Phase) -> Promise:
    counts = storm.counted.values()
    return Promise(
        sum(counts) == storm.sent and all(counts),
        f"{storm.style(storm.counted)} = {sum(counts)} packets counted by the two programs, {storm.sent} sent",
    )


def _counted_by_destination(story: Swaps, phase: Phase) -> Promise:
    sent = story.sent_by_destination
    each = ", ".join(f"{phase.counted.get(address, 0)} of {number} to {address}" for address, number in sent.items())
    return Promise(phase.lost == 0 < phase.sent and phase.counted == sent, f"counted by destination: {each}")


def _attached_once(story: Story) -> Promise:
    first, last = story.attachments[0], story.attachments[-1]
    in_slot = _in_slot(story)
    same = first == last
    words = f"attached once: {first}" + ("" if same else f", but at the end {last}")
    return Promise(
        same and in_slot, words if in_slot else f"{words}; but slot 0 held something else than was put there"
    )


def _in_slot(story: Swaps) -> bool:
    """Whether slot 0 held in each phase what was put there."""
    return all(phase.in_slot == (phase.ids[0] if phase.ids else None) for phase in story.phases)


def _tags_agree(story: Story) -> Promise:
    agree = [program for program in story.programs if program.hash]
    hashes = " and ".join(sorted({program.hash for program in agree}))
    return Promise(
        len(agree) == len(story.programs),
        f"the kernel's tags of {len(agree)} of {len(story.programs)} programs are the ones computed here"
        + (f" ({hashes})" if hashes else ""),
    )

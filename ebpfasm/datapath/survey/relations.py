"""What in a survey belongs together: who uses a map, and which addresses lead to a slot."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ebpfasm.datapath.survey.model import SeenMap, SeenProgram, Survey

__all__ = ["addresses_by_slot", "private_maps", "users"]


def users(seen: Survey) -> dict[int, list[SeenProgram]]:
    """For each map the programs that use it."""
    found: dict[int, list[SeenProgram]] = {id: [] for id in seen.maps}
    for program in seen.programs.values():
        for id in dict.fromkeys(program.maps):
            if id in found:
                found[id].append(program)
    return found


def private_maps(seen: Survey) -> dict[int, list[SeenMap]]:
    """For each program the maps that no other program uses, program arrays aside."""
    found: dict[int, list[SeenMap]] = {id: [] for id in seen.programs}
    for id, programs in users(seen).items():
        if len(programs) == 1 and seen.maps[id].role != "slots":
            found[programs[0].id].append(seen.maps[id])
    return found


def addresses_by_slot(seen: Survey, array: SeenMap) -> dict[int, list[str]]:
    """Which prefixes lead to which slots of an array of policies: those of the endpoint maps used along with it."""
    found: dict[int, list[str]] = {}
    together = {id for program in seen.programs.values() if array.id in program.maps for id in program.maps}
    for id in sorted(together):
        if id in seen.maps and seen.maps[id].role == "endpoints":
            for prefix, slot in seen.maps[id].entries.items():
                if isinstance(slot, int) and slot in array.slots:
                    found.setdefault(slot, []).append(prefix)
    return found

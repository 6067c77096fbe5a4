"""What in a survey belongs together: who uses a map, and which addresses lead to a slot."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ebpfasm.datapath.survey.model import SeenMap, SeenProgram, Survey

__all__ = ["addresses_by_slot", "shared", "users"]

POLICIES = "policies"
"""The name of a node's array of policies."""


def users(seen: Survey) -> dict[int, list[SeenProgram]]:
    """For each map the programs that use it."""
    found: dict[int, list[SeenProgram]] = {id: [] for id in seen.maps}
    for program in seen.programs.values():
        for id in dict.fromkeys(program.maps):
            if id in found:
                found[id].append(program)
    return found


def shared(seen: Survey) -> frozenset[int]:
    """The ids of maps that belong to no single program: several use them, or none; or they are a whole node's."""
    return frozenset(
        id
        for id, programs in users(seen).items()
        if len(programs) != 1 or seen.maps[id].role in {"endpoints", "tunnels"} or seen.maps[id].name == POLICIES
    )


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

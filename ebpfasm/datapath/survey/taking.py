"""Takes a survey: the hooks of every namespace, and from there programs, program arrays and their slots."""

from __future__ import annotations

from contextlib import ExitStack
from errno import ENOENT
from os import PathLike

from ebpfasm.datapath.survey import contents, devices
from ebpfasm.datapath.survey.model import SeenMap, SeenProgram, Survey
from ebpfasm.datapath.survey.stubs import LONGEST, entry_of
from ebpfasm.errors import KernelError
from ebpfasm.kernel.namespaces import everywhere
from ebpfasm.kernel.netns import NetNS
from ebpfasm.objects.maps import Map
from ebpfasm.objects.pinned import pinned
from ebpfasm.objects.programs import Program

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ebpfasm.kernel.netns import NetNSLike

__all__ = ["survey"]

SCHED_CLS, PROG_ARRAY = 3, 3  # ProgramType.SCHED_CLS, MapType.PROG_ARRAY
UNIT = 8  # bytes
OWN = "this namespace"
"""What the calling thread's is called, whatever name it has besides."""


def survey(netns: Iterable[NetNSLike] | None = None) -> Survey:
    """See what datapath there is now, from the kernel alone: it does not matter which process made it.

    What goes while it is looked at is left out. Pins are those that this process's mount namespace shows.

    Args:
        netns: the network namespaces to look at, in any of the ways that name one; None for all that can be reached.

    Raises:
        PermissionDenied: CAP_SYS_ADMIN is missing.
        KernelError: there is no such namespace.
    """
    next(Program.ids(), None)  # without the privilege everything would seem to have gone meanwhile
    with ExitStack() as opened:
        found = devices.namespaces(_all(opened) if netns is None else _chosen(netns, opened))
    pins = pinned()
    seen = _Seen(pins)
    for namespace in found:
        for device in namespace.devices:
            for hook in device.hooks:
                for attachment in hook.attached:
                    seen.program(attachment.program)
    if netns is None:
        for kind, id in pins:
            if kind == "map":
                seen.pinned_array(id)
    return Survey(found, dict(sorted(seen.programs.items())), dict(sorted(seen.maps.items())))


def _all(opened: ExitStack) -> list[tuple[NetNS, str]]:
    """Every namespace that can be reached, with what to call it; ``opened`` closes them."""
    found = []
    for each in everywhere():
        place = each.open()
        if place is not None:
            found.append((opened.enter_context(place), OWN if place.is_current() else each.words))
    return found


def _chosen(netns: Iterable[NetNSLike], opened: ExitStack) -> list[tuple[NetNS, str]]:
    """These namespaces, each once, with what to call it."""
    found: dict[NetNS, str] = {}
    for each in netns:
        place = opened.enter_context(NetNS(each))
        found.setdefault(place, str(each) if isinstance(each, (str, PathLike)) else place.what)
    return list(found.items())


class _Seen:
    """The programs and maps read so far, each once; what they refer to is read with them."""

    def __init__(self, pins: dict[tuple[str, int], tuple[str, ...]]) -> None:
        self.programs: dict[int, SeenProgram] = {}
        self.maps: dict[int, SeenMap] = {}
        self._pins = pins
        self._asked: set[tuple[str, int]] = set()

    def program(self, id: int) -> None:
        """Read a program and everything it leads to."""
        waiting = [("program", id)]
        while waiting:  # not by recursion: tail calls can go round, and far
            kind, id = waiting.pop()
            if (kind, id) not in self._asked:
                self._asked.add((kind, id))
                waiting += self._read_program(id) if kind == "program" else self._read_map(id)

    def pinned_array(self, id: int) -> None:
        """Read a map, if it is a program array, and everything that leads to."""
        if id in self.maps:
            return
        try:
            with Map.from_id(id) as found:
                wanted = found.type == PROG_ARRAY
        except KernelError:
            return
        if wanted:
            self._asked.add(("map", id))
            for _, program in self._read_map(id):
                self.program(program)

    def _read_program(self, id: int) -> list[tuple[str, int]]:
        try:
            with Program.from_id(id) as found:
                about = found.info
                short = found.type == SCHED_CLS and about.xlated_prog_len <= LONGEST * UNIT
                entry = entry_of(found.translated()) if short else None
        except KernelError as error:
            return _gone(error)
        self.programs[id] = SeenProgram(
            id, about.name, _type_name("ProgramType", about.type), about.tag.hex(),
            about.xlated_prog_len // UNIT, about.map_ids, entry, self._pins.get(("program", id), ()),
        )  # fmt: skip
        return [("map", number) for number in about.map_ids]

    def _read_map(self, id: int) -> list[tuple[str, int]]:
        try:
            with Map.from_id(id) as found:
                role = contents.role_of(found)
                slots = contents.slots_of(found) if role == "slots" else {}
                entries = contents.entries_of(found, role)
        except KernelError as error:
            return _gone(error)
        self.maps[id] = SeenMap(
            id, found.name, _type_name("MapType", found.type), found.key_size, found.value_size, found.max_entries,
            role, slots, entries, self._pins.get(("map", id), ()),
        )  # fmt: skip
        return [("program", number) for number in slots.values()]


def _gone(error: KernelError) -> list[tuple[str, int]]:
    """Nothing, for what is gone; the error, for all else."""
    if error.errno == ENOENT:
        return []
    raise error


def _type_name(kind: str, number: int) -> str:
    from ebpfasm import uapi

    try:
        return str(getattr(uapi, kind)(number).name)
    except ValueError:  # newer than this library
        return str(number)

"""What a test leaves in the kernel: BPF objects, namespaces, links."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import Any, NamedTuple

from ebpfasm.testing.network import OWN_PREFIX

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["Footprint", "footprint"]

SETTLE_S = 60.0  # the kernel frees programs, maps and namespaces some time after their last user, later when it is busy


class Kind(NamedTuple):
    """A kind of BPF object: the command that makes it, its line in fdinfo, and how to walk over the ids of all."""

    command: int
    id_line: str
    next_id: Callable[[int], int | None]


def kinds() -> dict[str, Kind]:
    """The kinds of BPF objects that are looked for."""
    from ebpfasm.kernel import commands, ids

    return {
        "maps": Kind(commands.BPF_MAP_CREATE, "map_id", ids.next_map_id),
        "programs": Kind(commands.BPF_PROG_LOAD, "prog_id", ids.next_prog_id),
        "bpf_links": Kind(commands.BPF_LINK_CREATE, "link_id", ids.next_link_id),
    }


class Footprint:
    """What this process makes from now on: BPF objects as ids, namespaces by `unique_name`, links of its namespace.

    Only its own, since others may use the kernel at the same time. What child processes make is not seen.
    """

    def __init__(self) -> None:
        self._kinds = kinds()
        self._made: dict[str, set[int]] = {name: set() for name in self._kinds}
        self._before = self._named()

    def note(self, command: int, fd: int) -> None:
        """Remember the object that a command of bpf(2) answered with."""
        for name, kind in self._kinds.items():
            if command == kind.command:
                with open(f"/proc/self/fdinfo/{fd}") as lines:
                    about = dict(line.split(":", 1) for line in lines)
                self._made[name].add(int(about[kind.id_line]))

    def there(self) -> dict[str, list[str]]:
        """Return what of it is there now, by kind; empty when all is gone."""
        found = {name: sorted(now - self._before[name]) for name, now in self._named().items()}
        for name, made in self._made.items():
            found[name] = [str(number) for number in sorted(made) if self._kinds[name].next_id(number - 1) == number]
        return {name: things for name, things in found.items() if things}

    def left(self) -> dict[str, list[str]]:
        """Return what is there after the kernel has had time to free it; empty when all is gone."""
        deadline = time.monotonic() + SETTLE_S
        while (found := self.there()) and time.monotonic() < deadline:
            time.sleep(0.02)
        return found

    @staticmethod
    def _named() -> dict[str, set[str]]:
        from ebpfasm.kernel import interfaces, netns

        ours = {name for name in netns.names() if name.startswith(f"{OWN_PREFIX}-")}
        return {"namespaces": ours, "links": set(interfaces.interfaces())}


@contextmanager
def footprint() -> Iterator[Footprint]:
    """Give the footprint of what is done inside the block."""
    from ebpfasm.kernel import ids, syscall

    seen = Footprint()
    ids.next_map_id()  # the first call of all replaces syscall.enter
    enter = syscall.enter

    def note(number: int, command: int, attr: Any, size: int) -> int:
        result = enter(number, command, attr, size)
        if result >= 0:
            seen.note(command, result)
        return result

    syscall.enter = note
    try:
        yield seen
    finally:
        syscall.enter = enter

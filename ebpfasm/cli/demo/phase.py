"""A phase of the demo: what is in the slot for some time, and what became of the packets sent meanwhile."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ebpfasm.cli.demo.swaps import Packets
    from ebpfasm.objects.programs import Program

__all__ = ["HEADINGS", "Phase"]

LAYOUT = "  {:20}{:>12}{:>6}{:>10}{:>6}  {}"
HEADINGS = LAYOUT.format("in slot 0", "program", "sent", "delivered", "lost", "counted by the program")


class Phase:
    """From one swap to the next.

    Args:
        name: what is in the slot.
        programs: which are in it, one after the other.
        passes: whether its packets are to arrive.
        read: reads the counters of the programs, by what they counted.
        style: how the counters are written.

    Attributes:
        first, end: numbers of its first packet and of the next phase's.
        ids: of the programs.
        in_slot: the id of the program that the kernel said was in the slot.
        counted: what ``read`` read after its last packet.
    """

    def __init__(
        self,
        name: str,
        programs: tuple[Program, ...],
        passes: bool,
        read: Callable[[], dict[str, int]] = dict,
        style: Callable[[dict[str, int]], str] = lambda counted: ", ".join(map(str, counted.values())) or "-",
    ) -> None:
        self.name = name
        self.programs = programs
        self.ids = [program.id for program in programs]
        self.passes = passes
        self.read = read
        self.style = style
        self.first = self.end = 0
        self.delivered = 0
        self.in_slot: int | None = None
        self.counted: dict[str, int] = {}

    @property
    def sent(self) -> int:
        """How many packets."""
        return self.end - self.first

    @property
    def lost(self) -> int:
        """How many of them did not arrive."""
        return self.sent - self.delivered

    def look(self, stream: Packets, end: int) -> None:
        """Take down how it stands with the packets before ``end``."""
        self.end = end
        self.delivered = stream.delivered(self.first, end)
        self.counted = self.read()

    def row(self) -> str:
        """The phase as a line of the table."""
        ids = ",".join(map(str, self.ids)) or "-"
        return LAYOUT.format(self.name, ids, self.sent, self.delivered, self.lost, self.style(self.counted))

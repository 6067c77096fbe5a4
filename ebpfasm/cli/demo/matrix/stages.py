"""What the story does to the pods' policies, and what it promises that the matrix shows then."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ebpfasm.cli.demo.matrix.places import DB, HOST, OUTSIDE, WEB, Column, Place
from ebpfasm.cli.demo.matrix.probes import CELLS, VERSIONS, Cell

if TYPE_CHECKING:
    from ebpfasm.cli.demo.matrix.probes import Reached

__all__ = ["STAGES", "Rules", "Stage"]


class Rules(NamedTuple):
    """A pod's policy, as text."""

    pod: Place
    text: str


class Stage(NamedTuple):
    """Some policies, and whom they keep from what; everything else is reached."""

    name: str
    rules: tuple[Rules, ...]
    """Of pods that have a policy; the others let everything through."""
    denied: tuple[tuple[Place, Column], ...]

    @property
    def promised(self) -> Reached:
        """The cells that are reached."""
        kept = {Cell(sender, column, version) for sender, column in self.denied for version in VERSIONS}
        return frozenset(cell for cell in CELLS if cell not in kept)


SSH, SQL, HTTPS = Column(WEB, 22), Column(DB, 5432), Column(OUTSIDE, 443)

WEB_RULES = """\
allow ingress from 10.0.0.1,fd00::1 udp port 22
deny ingress from any udp port 22
default ingress allow
default egress allow
"""
DB_RULES = """\
allow ingress from 10.0.0.11,fd00::11 udp port 5432
deny ingress from any udp port 5432
default ingress allow
deny egress to 192.0.2.0/24,2001:db8::/32
default egress allow
"""

STAGES = (
    Stage("No policies: every service is reached", (), ()),
    Stage(
        "Policies for web and db, while they run",
        (Rules(WEB, WEB_RULES), Rules(DB, DB_RULES)),
        ((DB, SSH), (OUTSIDE, SSH), (HOST, SQL), (OUTSIDE, SQL), (DB, HTTPS)),
    ),
    Stage("No policies again", (), ()),
)

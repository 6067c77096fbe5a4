"""A policy whose rules are held in maps: they change without loading a program."""

from __future__ import annotations

from ebpfasm.datapath.counters import create_counters
from ebpfasm.datapath.policy.counts import FIRST_RULE
from ebpfasm.datapath.policy.entries import entries, value_size
from ebpfasm.datapath.policy.loaded import SCHED_CLS, LoadedPolicy, counters_name
from ebpfasm.datapath.policy.policy import Policy
from ebpfasm.datapath.policy.rule import DIRECTIONS, check_word
from ebpfasm.datapath.policy.walk import INNER_KEY, walking
from ebpfasm.errors import OperandError
from ebpfasm.kernel.threads import in_thread
from ebpfasm.objects.maps import Map
from ebpfasm.objects.programs import Program

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ebpfasm.asm.program import Instructions
    from ebpfasm.datapath.policy.rule import Direction, Rule

__all__ = ["MOST_ENTRIES", "Numbering", "PolicyTable"]

# MapType.ARRAY and ARRAY_OF_MAPS; uapi would cost the import of enum.
ARRAY, ARRAY_OF_MAPS = 2, 12
MOST_ENTRIES = 2048
"""About what the verifier can look at in one program (BPF_COMPLEXITY_LIMIT_JMP_SEQ in kernel/bpf/verifier.c)."""


class PolicyTable(LoadedPolicy):
    """A policy in maps, and the program that walks them; made by `create`, and changed by `replace`.

    Each packet meets all rules of one policy, the old or the new.

    Attributes:
        policy: whose rules are in force.
        capacity: how many rules there can be, and how many entries for each family (`ebpfasm.datapath.policy.entries`).
        table: the array of one map that the program looks into.
    """

    __slots__ = ("_numbering", "capacity", "policy", "table")

    policy: Policy
    capacity: int
    table: Map
    _numbering: Numbering

    @classmethod
    def create(
        cls,
        direction: Direction,
        capacity: int = 256,
        *,
        policy: Policy | None = None,
        name: str = "policy",
        then: Instructions | None = None,
    ) -> PolicyTable:
        """Load the program, with the rules of ``policy``, or none and the verdict to deny.

        Args:
            direction: ``"ingress"`` or ``"egress"``.
            capacity: how many rules there can be, and entries for each family: a rule takes one for each combination
                of its peers, ports and source ports. Each takes 112 bytes of memory, and the verifier's time.
            name: of the program, such as ``policy_web``; its counters are then ``cnt_web``, its map ``rules_web``.
            then: what an allowed packet goes on with, as for `ebpfasm.datapath.policy.compiler.compiled`.

        Raises:
            OperandError: the direction, capacity or name cannot be, or the policy has more rules than fit.
            PermissionDenied: a capability is missing.
        """
        check_word("direction", direction, DIRECTIONS)
        if isinstance(capacity, bool) or not isinstance(capacity, int) or not 1 <= capacity <= MOST_ENTRIES:
            raise OperandError(
                f"PolicyTable: capacity must be an int in 1..{MOST_ENTRIES}, not {capacity!r}",
                field="capacity", value=capacity, low=1, high=MOST_ENTRIES,
            )  # fmt: skip
        made: list[Map | Program] = []
        try:
            counters = create_counters(counters_name(name), FIRST_RULE + 2 * capacity)
            made.append(counters)
            with _inner(capacity) as pattern:
                table = Map.create(
                    ARRAY_OF_MAPS, key_size=4, value_size=4, max_entries=1, inner_map=pattern,
                    name=counters_name(name).replace("cnt_", "rules_", 1)[:15],
                )  # fmt: skip
            made.append(table)
            program = Program.load(SCHED_CLS, walking(table, counters, capacity, direction, then), name=name)
            made.append(program)
            new = cls(direction, program, counters)
            new.table, new.capacity, new.policy = table, capacity, Policy()
            new._numbering = Numbering(capacity)
            new.replace(policy if policy is not None else Policy())
        except BaseException:
            for each in made:
                each.close()
            raise
        return new

    @property
    def rules(self) -> dict[int, Rule]:
        """The rules in force, in their order, by the index of their counter."""
        return dict(zip(self._numbering.indices, self.policy.of(self.direction), strict=True))

    def replace(self, policy: Policy) -> None:
        """Put other rules in the place of those in force, between two packets.

        Rules that the old policy had as well keep their counters; the others begin at 0. What is counted besides,
        such as the default, goes on. When it returns, no packet is under way any more that meets the old rules.
        Only one thread at a time may replace them.

        Raises:
            OperandError: it is no policy, or has more rules than fit.
            ClosedError: the table is closed.
        """
        if not isinstance(policy, Policy):
            raise OperandError(
                f"PolicyTable.replace: policy must be a Policy, not {policy!r}", field="policy", value=policy
            )
        in_thread(self._replace, policy)  # an interrupt between the maps and what is known of them would part the two

    def _replace(self, policy: Policy) -> None:
        rules = policy.of(self.direction)
        numbering = self._numbering.following(rules)
        lines = entries(policy, self.direction, numbering.indices, self.capacity)
        nothing = [(0, 0)] * len(self.counters[0])
        for index in numbering.new:
            self.counters[index] = nothing
        with _inner(self.capacity) as inner:
            for family, key in INNER_KEY.items():
                inner[key] = lines[family]
            # The kernel waits for programs that still look at the old one (maybe_wait_bpf_programs()).
            self.table[0] = inner.fileno()
        self.policy, self._numbering = policy, numbering

    def close(self) -> None:
        """Give up program and maps. Closing again does nothing."""
        super().close()
        self.table.close()


class Numbering:
    """Which counter each rule has: twice as many as rules, so that those of old and new ones are never the same.

    Attributes:
        indices: of the rules, in their order.
        new: those that must begin at 0.
    """

    __slots__ = ("_capacity", "_rules", "indices", "new")

    def __init__(self, capacity: int, rules: tuple[Rule, ...] = (), indices: tuple[int, ...] = ()) -> None:
        self._capacity = capacity
        self._rules = rules
        self.indices = list(indices)
        self.new: list[int] = []

    def following(self, rules: tuple[Rule, ...]) -> Numbering:
        """The numbering of other rules: those that were there keep theirs, each of several equal ones its own.

        Raises:
            OperandError: there are more rules than the table has entries.
        """
        if len(rules) > self._capacity:
            raise OperandError(
                f"policy: it has {len(rules)} rules, and the table has {self._capacity} entries",
                field="policy", value=len(rules), low=0, high=self._capacity,
            )  # fmt: skip
        kept: dict[Rule, list[int]] = {}
        for rule, index in zip(self._rules, self.indices, strict=True):
            kept.setdefault(rule, []).append(index)
        used = set(self.indices)
        free = (index for index in range(FIRST_RULE, FIRST_RULE + 2 * self._capacity) if index not in used)
        made = Numbering(self._capacity, rules)
        for rule in rules:
            if kept.get(rule):
                made.indices.append(kept[rule].pop(0))
            else:
                made.new.append(next(free))
                made.indices.append(made.new[-1])
        return made


def _inner(capacity: int) -> Map:
    return Map.create(ARRAY, key_size=4, value_size=value_size(capacity), max_entries=len(INNER_KEY), name="rules")

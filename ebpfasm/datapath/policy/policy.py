"""Policies: rules in order, and what becomes of packets that none of them matches."""

from __future__ import annotations

from ebpfasm.datapath.policy.rule import ACTIONS, DIRECTIONS, Rule, check_word
from ebpfasm.errors import OperandError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ebpfasm.asm.program import Instructions
    from ebpfasm.asm.wide import HasFileno
    from ebpfasm.datapath.policy.compiler import Compiled
    from ebpfasm.datapath.policy.rule import Action, Direction

__all__ = ["Policy"]


class Policy:
    """Rules in order, of which the first that matches a packet decides; immutable.

    Args:
        rules: of both directions; each direction has its own order.
        ingress, egress: what becomes of packets that no rule of their direction matches.

    Raises:
        OperandError: a rule is none, or a verdict neither ``"allow"`` nor ``"deny"``.
    """

    __slots__ = ("egress", "ingress", "rules")

    rules: tuple[Rule, ...]
    ingress: Action
    egress: Action

    def __init__(self, rules: Iterable[Rule] = (), *, ingress: Action = "deny", egress: Action = "deny") -> None:
        rules = tuple(rules)
        for rule in rules:
            if not isinstance(rule, Rule):
                raise OperandError(f"Policy: a rule must be a Rule, not {rule!r}", field="rules", value=rule)
        object.__setattr__(self, "rules", rules)
        object.__setattr__(self, "ingress", check_word("Policy: ingress", ingress, ACTIONS))
        object.__setattr__(self, "egress", check_word("Policy: egress", egress, ACTIONS))

    @classmethod
    def parse(cls, text: str) -> Policy:
        """The policy that ``text`` is: one rule a line, as `Rule` prints it, and ``default ingress deny``.

        ``#`` begins a comment. `ebpfasm.datapath.policy.text` has the grammar.

        Raises:
            PolicySyntaxError: with all mistakes of the text, each with its line and column.
        """
        from ebpfasm.datapath.policy.text import parse

        return parse(text)

    def of(self, direction: Direction) -> tuple[Rule, ...]:
        """The rules of a direction, in their order.

        Raises:
            OperandError: it is neither ``"ingress"`` nor ``"egress"``.
        """
        check_word("direction", direction, DIRECTIONS)
        return tuple(rule for rule in self.rules if rule.direction == direction)

    def default(self, direction: Direction) -> Action:
        """What becomes of packets of a direction that no rule matches."""
        verdict: Action = getattr(self, check_word("direction", direction, DIRECTIONS))
        return verdict

    def compile(
        self, direction: Direction, counts: int | str | HasFileno, then: Instructions | None = None
    ) -> Compiled:
        """The program of a direction: `ebpfasm.datapath.policy.compiler.compiled`, which says more.

        Args:
            counts: the map of its counters, or a name to bind later.
            then: what an allowed packet goes on with, instead of passing.
        """
        from ebpfasm.datapath.policy.compiler import compiled

        return compiled(self, direction, counts, then)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a policy cannot be changed: {name}")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"a policy cannot be changed: {name}")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Policy):
            return NotImplemented
        return (self.rules, self.ingress, self.egress) == (other.rules, other.ingress, other.egress)

    def __hash__(self) -> int:
        return hash((self.rules, self.ingress, self.egress))

    def __reduce__(self) -> tuple[object, ...]:
        return _policy, (self.rules, self.ingress, self.egress)

    def __str__(self) -> str:
        """The policy's text, which `parse` reads."""
        defaults = [f"default ingress {self.ingress}", f"default egress {self.egress}"]
        return "\n".join([*map(str, self.rules), *defaults, ""])

    def __repr__(self) -> str:
        return f"<Policy of {len(self.rules)} rules, default ingress {self.ingress}, egress {self.egress}>"


def _policy(rules: tuple[Rule, ...], ingress: Action, egress: Action) -> Policy:
    return Policy(rules, ingress=ingress, egress=egress)

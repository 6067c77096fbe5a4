"""A policy in the kernel: its program and counters, as one thing to close."""

from __future__ import annotations

from abc import ABC, abstractmethod

from ebpfasm.datapath.counters import create_counters
from ebpfasm.datapath.policy.compiler import compiled
from ebpfasm.datapath.policy.counts import FIRST_RULE, read_counts
from ebpfasm.errors import VerifierError
from ebpfasm.objects.programs import Program

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from ebpfasm.asm.program import Instructions
    from ebpfasm.datapath.policy.compiler import Compiled
    from ebpfasm.datapath.policy.counts import Counts
    from ebpfasm.datapath.policy.policy import Policy
    from ebpfasm.datapath.policy.rule import Direction, Rule
    from ebpfasm.objects.maps import Map

__all__ = ["CompiledPolicy", "LoadedPolicy", "counters_name"]

SCHED_CLS = 3
"""ProgramType.SCHED_CLS; uapi would cost the import of enum."""
PREFIX = "policy_"
NAME_LENGTH = 15


class LoadedPolicy(ABC):
    """A policy's program and its maps in the kernel; a context manager that gives up all of them.

    The kernel keeps them as long as a program array or a hook has the program. It goes into a slot like a program:
    ``policies[endpoint] = policy``.

    Attributes:
        direction: ``"ingress"`` or ``"egress"``.
        program: the program, of type SCHED_CLS, with expected_attach_type 0.
        counters: the map of its counters.
    """

    __slots__ = ("counters", "direction", "program")

    def __init__(self, direction: Direction, program: Program, counters: Map) -> None:
        self.direction = direction
        self.program = program
        self.counters = counters

    @property
    @abstractmethod
    def rules(self) -> dict[int, Rule]:
        """The rules, in their order, by the index of their counter."""

    def counts(self) -> Counts:
        """Packets and bytes of each rule, and of what no rule decided."""
        return read_counts(self.counters, self.rules)

    def fileno(self) -> int:
        """The program's file descriptor.

        Raises:
            ClosedError: it is closed.
        """
        return self.program.fileno()

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self.program.closed

    def close(self) -> None:
        """Give up program and maps. Closing again does nothing."""
        self.program.close()
        self.counters.close()

    def __enter__(self) -> Self:
        self.fileno()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        state = ": closed" if self.closed else ""
        return f"<{type(self).__name__} {self.program.name!r}, {self.direction} of {len(self.rules)} rules{state}>"


class CompiledPolicy(LoadedPolicy):
    """A policy compiled and loaded; made by `load`. Other rules are another program.

    Attributes:
        compiled: what was loaded, with its listing.
    """

    __slots__ = ("compiled",)

    def __init__(self, code: Compiled, program: Program, counters: Map) -> None:
        super().__init__(code.direction, program, counters)
        self.compiled = code

    @classmethod
    def load(
        cls,
        policy: Policy,
        direction: Direction,
        *,
        name: str = "policy",
        then: Instructions | None = None,
    ) -> CompiledPolicy:
        """Compile a policy and have the kernel take it in.

        Args:
            policy, direction, then: as for `ebpfasm.datapath.policy.compiler.compiled`.
            name: of the program, such as ``policy_web``; its counters are then ``cnt_web``.

        Raises:
            OperandError: there is no such direction, or the name cannot be.
            VerifierError: the kernel refuses the program: it has too many rules, peers and ports for its verifier.
            PermissionDenied: a capability is missing.
        """
        counters = create_counters(counters_name(name), FIRST_RULE + len(policy.of(direction)))
        try:
            code = compiled(policy, direction, counters, then)
            return cls(code, _loaded(code, name), counters)
        except BaseException:
            counters.close()
            raise

    @property
    def rules(self) -> dict[int, Rule]:
        """The rules, in their order, by the index of their counter."""
        return self.compiled.rules

    @property
    def policy(self) -> Policy:
        """What was compiled."""
        return self.compiled.policy


def counters_name(name: str) -> str:
    """What the counters of the program ``name`` are called: ``cnt_web`` for ``policy_web``."""
    return f"cnt_{name.removeprefix(PREFIX)}"[:NAME_LENGTH]


def _loaded(code: Compiled, name: str) -> Program:
    try:
        return Program.load(SCHED_CLS, code.instructions, name=name)
    except VerifierError as error:
        raise VerifierError(
            error.errno or 0,
            f"{error}: it has {len(code.rules)} rules in {code.instructions.units} units; if that is too much for one "
            f"program, a PolicyTable may hold them, or fewer prefixes and ports say the same",
            command=error.command, log=error.log, summary=error.summary,
        ) from error  # fmt: skip

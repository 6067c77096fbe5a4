"""The author of programs: which statements there are, how often each, and a whole program of them."""

from __future__ import annotations

from ebpfasm.asm import Instructions, Label, Mov
from ebpfasm.testing.programs import maps, numbers, packets, paths
from ebpfasm.testing.programs.forms import NEWEST, pools
from ebpfasm.testing.programs.frame import CONTEXT, Frame

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ebpfasm.asm import Instruction
    from ebpfasm.testing.programs.choices import Choices
    from ebpfasm.testing.specs import MapSpec

    Write = Callable[[Frame], None]

__all__ = ["CALLS", "CONTEXTS", "KINDS", "LEGACY", "PATHS", "STRAIGHT", "Author"]

STRAIGHT, PATHS, CALLS, CONTEXTS, LEGACY = "straight", "paths", "calls", "contexts", "legacy"
KINDS = (STRAIGHT, PATHS, CALLS, CONTEXTS, LEGACY)
"""Kinds of statements: straight code, branches and loops, calls of own functions, what needs a context, LD_ABS."""

LEGACY_ACCESS = frozenset({0x20, 0x40})
"""LD_ABS and LD_IND without their sizes, which find the packet through register 6 (RFC 9669 §5.5)."""

DEEPEST = 2
"""So many branches and loops may stand within each other."""


class Statement:
    """A kind of statement: who writes it, how often it is chosen, and where it may stand.

    ``needs`` is one of `KINDS`; ``nests`` says that others may stand in it, ``pointer`` that a register must point
    somewhere, ``attribute`` which list of maps must not be empty, and ``main`` that it is for the first function only.
    """

    __slots__ = ("attribute", "main", "needs", "nests", "pointer", "weight", "write")

    def __init__(
        self,
        write: Write,
        weight: int,
        needs: str,
        *,
        nests: bool = False,
        pointer: bool = False,
        attribute: str = "",
        main: bool = False,
    ) -> None:
        self.write = write
        self.weight = weight
        self.needs = needs
        self.nests = nests
        self.pointer = pointer
        self.attribute = attribute
        self.main = main


STATEMENTS = (
    Statement(numbers.move, 3, STRAIGHT),
    Statement(numbers.arithmetic, 8, STRAIGHT),
    Statement(numbers.constant, 2, STRAIGHT),
    Statement(numbers.stack, 5, STRAIGHT),
    Statement(paths.branch, 4, PATHS, nests=True),
    Statement(paths.loop, 2, PATHS, nests=True),
    Statement(paths.leave, 1, PATHS),
    Statement(paths.call, 2, CALLS),
    Statement(packets.context_load, 3, CONTEXTS),
    Statement(packets.context_store, 2, CONTEXTS),
    Statement(packets.spill, 1, CONTEXTS),
    Statement(packets.packet, 4, CONTEXTS, nests=True),
    Statement(packets.load_bytes, 1, CONTEXTS),
    Statement(packets.store_bytes, 1, CONTEXTS),
    Statement(packets.checksum, 1, CONTEXTS),
    Statement(packets.redirect, 1, CONTEXTS),
    Statement(packets.helper, 3, CONTEXTS),
    Statement(packets.through_pointer, 14, STRAIGHT, pointer=True),
    Statement(packets.legacy_load, 4, LEGACY, main=True),
    Statement(maps.look_up, 4, CONTEXTS, nests=True, attribute="tables"),
    Statement(maps.update, 2, CONTEXTS, attribute="tables"),
    Statement(maps.delete, 1, CONTEXTS, attribute="tables"),
    Statement(maps.global_data, 2, CONTEXTS, attribute="globals"),
    Statement(maps.tail_call, 1, CONTEXTS, attribute="program_arrays", main=True),
)


class Function:
    """A function of the program besides the first: its name, and what its arguments are (number, context, frame)."""

    __slots__ = ("name", "rank", "takes")

    def __init__(self, name: str, rank: int, takes: tuple[str, ...]) -> None:
        self.name = name
        self.rank = rank
        self.takes = takes


class Author:
    """Writes one program.

    Args:
        choices: where decisions come from.
        kinds: the kinds of statements it may use.
        map_specs: the maps it may refer to, by name.
        release: the kernel it is for, such as (6, 18).
        most: how many statements the first function may have, those inside others not counted.
    """

    MOST_FUNCTIONS = 3

    def __init__(
        self,
        choices: Choices,
        kinds: tuple[str, ...],
        map_specs: Mapping[str, MapSpec] | None = None,
        *,
        release: tuple[int, ...] = NEWEST,
        most: int = 12,
    ) -> None:
        self.choices = choices
        self.kinds = kinds
        self.pools = pools(release)
        self.most = most
        named = tuple((map_specs or {}).items())
        self.program_arrays = tuple((name, spec) for name, spec in named if spec.type == maps.PROG_ARRAY)
        self.globals = tuple(
            (name, spec) for name, spec in named if spec.type == 2 and spec.max_entries == 1 and spec.value_size >= 8
        )
        self.tables = tuple((name, spec) for name, spec in named if spec.type != maps.PROG_ARRAY)
        self.functions: list[Function] = []
        self._labels: dict[str, int] = {}
        self._menus: dict[tuple[bool, ...], tuple[Write, ...]] = {}

    def program(self) -> Instructions:
        """The program."""
        main = Frame(self, 64, main=True, context=CONTEXTS in self.kinds, rank=0)
        written = self._body(main, self.most)
        if main.context and any(_uses_context(item) for item in written if not isinstance(item, Label)):
            written.insert(0, Mov.Reg(CONTEXT, 1))
        for function in self.functions:  # more may be added on the way
            written.append(Label(function.name))
            frame = Frame(self, 32, main=False, context="context" in function.takes, rank=function.rank)
            for register, kind in enumerate(function.takes, 1):
                if kind == "context":
                    frame.emit(Mov.Reg(CONTEXT, register))
                elif kind == "frame":
                    frame.point(register, "frame", 8)
                else:
                    frame.state.scalars.add(register)
            written += self._body(frame, 5)
        return Instructions(written)

    def _body(self, frame: Frame, most: int) -> list[Instruction | Label]:
        for _ in self.choices.times(0, most):
            self.choices.part(self.statement_for(frame))
        paths.finish(frame)
        return list(frame.items)

    def statement_for(self, frame: Frame) -> Callable[[], None]:
        """Something that writes one statement that may stand at the place the frame has reached."""

        def write() -> None:
            self.choices.pick(self._menu(frame))(frame)

        return write

    def _menu(self, frame: Frame) -> tuple[Write, ...]:
        key = (frame.level < DEEPEST, bool(frame.state.pointers), frame.main, frame.context)
        found = self._menus.get(key)
        if found is None:
            found = self._menus[key] = tuple(
                statement.write
                for statement in STATEMENTS
                if statement.needs in self.kinds
                and (frame.level < DEEPEST or not statement.nests)
                and (frame.state.pointers or not statement.pointer)
                and (frame.context or statement.needs != CONTEXTS)
                and (not statement.attribute or getattr(self, statement.attribute))
                and (frame.main or not statement.main)
                for _ in range(statement.weight)
            )
        return found

    def new_function(self, caller: Frame) -> Function:
        """One more function, to be written after the first."""
        takes = [
            "number" if kind == 0 else "frame" if kind == 1 else "number"
            for kind in (self.choices.integer(0, 3) for _ in self.choices.times(0, 4))
        ]
        if caller.context and self.choices.integer(0, 1):
            takes.insert(0, "context")
        made = Function(self.label("function"), len(self.functions) + 1, tuple(takes))
        self.functions.append(made)
        return made

    def label(self, what: str) -> str:
        """A name for a place that no other has."""
        count = self._labels[what] = self._labels.get(what, 0) + 1
        return f"{what}{count}"


def _uses_context(instruction: Instruction) -> bool:
    legacy = instruction.opcode & 0xE7 in LEGACY_ACCESS
    return legacy or CONTEXT in (instruction.dst, instruction.src)

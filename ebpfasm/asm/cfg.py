"""The control flow of a program: basic blocks, the ways between them, functions, and what nothing leads to."""

from __future__ import annotations

from dataclasses import dataclass

from ebpfasm.asm.flow import JUMPS, Step, steps
from ebpfasm.errors import OperandError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ebpfasm.asm.instruction import Instruction
    from ebpfasm.asm.program import Instructions

__all__ = ["Block", "ControlFlow", "Edge", "Function", "control_flow"]

GOTOX = 0x0D


@dataclass(frozen=True, slots=True)
class Block:
    """Instructions that run one after the other once the first does; ``start`` is its unit."""

    start: int
    instructions: tuple[Instruction, ...]

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels at its first instruction."""
        return self.instructions[0].symbols


@dataclass(frozen=True, slots=True)
class Edge:
    """A way from the block that starts at unit ``source`` to the one at ``target``, by the instruction at ``unit``.

    ``kind`` is ``taken`` or ``not taken`` of a conditional jump and of may_goto (whose jump is ``may_goto``),
    ``always``, ``fall through``, ``call``, or ``callback``: a function whose address is loaded, for a helper to call.
    """

    source: int
    target: int
    kind: str
    unit: int


@dataclass(frozen=True, slots=True)
class Function:
    """An entry point: the program's own (``main`` if no label stands there), or what is called or loaded by address.

    As the kernel sees it (kernel/bpf/verifier.c, check_subprogs), it has all blocks up to the next function.
    """

    name: str
    start: int
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class ControlFlow:
    """The basic blocks of a program, in its order.

    ``unreachable`` are those to which no way leads from the first. Where a ``gotox`` leads is not in the
    program but in a map: it has no edges, and every block of its function counts as reached.
    """

    blocks: tuple[Block, ...]
    edges: tuple[Edge, ...]
    functions: tuple[Function, ...]
    unreachable: tuple[Block, ...]

    def to_dot(self, name: str = "program") -> str:
        """The graph in the language of Graphviz; functions are clusters, what is unreachable is dashed."""
        from ebpfasm.asm.dot import digraph

        return digraph(self, name)


def control_flow(program: Instructions) -> ControlFlow:
    """The control flow of a program; see `Instructions.cfg`."""
    program.resolved()  # refuses what refers to no label, or to one too far away
    placed = list(steps(program))
    leading = _checked(placed)
    entries = {0} | {step.target for step in leading if step.kind not in JUMPS}
    leaders = entries | {step.target for step in leading}
    blocks: list[list[Step]] = []
    new = True
    for step in placed:
        if new or step.unit in leaders:
            blocks.append([])
        blocks[-1].append(step)
        new = step.kind in JUMPS or not step.goes_on
    edges = tuple(_edges(blocks))
    made = tuple(Block(block[0].unit, tuple(step.instruction for step in block)) for block in blocks)
    functions = _functions(made, entries)
    reached = _reached(functions, edges)
    return ControlFlow(made, edges, functions, tuple(block for block in made if block.start not in reached))


def _checked(placed: list[Step]) -> list[Step]:
    """The steps that lead elsewhere, all to an instruction of the program."""
    starts = {step.unit for step in placed}
    units = placed[-1].unit + placed[-1].instruction.units if placed else 0
    leading = [step for step in placed if step.kind]
    for step in leading:
        target = step.target
        if target in starts or target is None:
            continue
        if not 0 <= target < units:
            where = f"outside of the program, which has units 0..{units - 1}"
        else:
            where = f"in the middle of the 64-bit load at unit {target - 1}"
        form = step.instruction.form
        assert form is not None  # what leads anywhere is a form
        raise OperandError(
            f"{form.name} at unit {step.unit}: its target, unit {target}, is {where}",
            field=next(operand.field for operand in form.operands if operand.kind == "label"),
            value=target - step.unit - 1,
        )
    return leading


def _edges(blocks: list[list[Step]]) -> Iterable[Edge]:
    for number, block in enumerate(blocks):
        source = block[0].unit
        for step in block:
            if step.kind and step.target is not None:
                yield Edge(source, step.target, step.kind, step.unit)
        last = block[-1]
        if last.goes_on and number + 1 < len(blocks):
            kind = "not taken" if last.kind in JUMPS else "fall through"
            yield Edge(source, blocks[number + 1][0].unit, kind, last.unit)


def _functions(blocks: tuple[Block, ...], entries: set[int | None]) -> tuple[Function, ...]:
    members: list[list[Block]] = []
    for block in blocks:
        if block.start in entries:
            members.append([])
        members[-1].append(block)
    return tuple(
        Function(
            first.labels[0] if first.labels else f"function at {first.start}" if first.start else "main",
            first.start,
            (first, *others),
        )
        for first, *others in members
    )


def _reached(functions: tuple[Function, ...], edges: tuple[Edge, ...]) -> set[int]:
    """The starts of the blocks to which a way leads from the first."""
    ways: dict[int, list[int]] = {}
    for edge in edges:
        ways.setdefault(edge.source, []).append(edge.target)
    for function in functions:
        for block in function.blocks:
            last = block.instructions[-1]
            if last.opcode == GOTOX and last.form is not None:
                ways[block.start] = [*ways.get(block.start, ()), *(other.start for other in function.blocks)]
    reached: set[int] = set()
    waiting = [0] if functions else []
    while waiting:
        start = waiting.pop()
        if start not in reached:
            reached.add(start)
            waiting += ways.get(start, ())
    return reached

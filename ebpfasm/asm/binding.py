"""Maps put in place of the names by which instructions refer to them."""

from __future__ import annotations

from ebpfasm.asm.program import Instructions
from ebpfasm.errors import SymbolError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["bound"]


def bound(program: Instructions, maps: dict[str, Any]) -> Instructions:
    """The program with these maps; see `Instructions.bind`."""
    unused = dict(maps)
    instructions = []
    for instruction in program:
        reference = instruction.reference
        if isinstance(reference, str) and reference in maps and instruction.form.reference == "map":  # type: ignore[union-attr]
            unused.pop(reference, None)
            if maps[reference] is None:  # as a reference it would leave the fd 0
                raise SymbolError(f"map {reference!r} cannot be bound to None", symbol=reference)
            instruction = instruction.with_reference(maps[reference])  # noqa: PLW2901
        instructions.append(instruction)
    if unused:
        name = next(iter(unused))
        raise SymbolError(f"no instruction refers to a map named {name!r}", symbol=name)
    return Instructions._of(tuple(instructions), program.end_symbols)

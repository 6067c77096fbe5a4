"""One sequence of instructions out of a mixture: labels go to what follows them, programs are spliced in."""

from __future__ import annotations

from ebpfasm.asm.checks import shown, wrong
from ebpfasm.asm.form import Row
from ebpfasm.asm.instruction import Instruction
from ebpfasm.asm.program import Instructions, Label
from ebpfasm.errors import SymbolError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import NoReturn

__all__ = ["refuse_double", "with_labels"]


def with_labels(items: Iterable[object]) -> tuple[tuple[Instruction, ...], tuple[str, ...]]:
    """The instructions of a mixture of instructions, labels and programs, and the labels at its end.

    Raises:
        OperandError: an item is none of these.
    """
    flat: list[Instruction] = []
    labels: dict[int, list[str]] = {}  # by the index of the instruction they stand at
    for item in items:
        if isinstance(item, Instruction):
            flat.append(item)
        elif isinstance(item, Label):
            labels.setdefault(len(flat), []).append(item.name)
        elif isinstance(item, Instructions):
            flat.extend(item)
            labels.setdefault(len(flat), []).extend(item.end_symbols)
        else:
            _refuse(len(flat), item)
    ends = labels.pop(len(flat), [])
    for at, names in labels.items():
        if names:
            instruction = flat[at]
            symbols = (*names, *instruction.symbols)
            flat[at] = instruction._annotated(symbols, instruction.reference, instruction.comment)
    return tuple(flat), tuple(ends)


def _refuse(index: int, item: object) -> NoReturn:
    called = ""
    if callable(item) or isinstance(item, Row) or hasattr(item, "Call"):
        called = "; was it meant to be called?"
    message = f"item {index} is {shown(item)}, not an Instruction, Label or Instructions{called}"
    wrong("Instructions", "items", item, None, None, message)


def refuse_double(names: list[str], items: tuple[Instruction, ...], end_symbols: tuple[str, ...]) -> NoReturn:
    """Complain of the first of these names, of all labels, that is there twice."""
    double = next(name for index, name in enumerate(names) if name in names[:index])
    places = [str(index) for index, item in enumerate(items) for name in item.symbols if name == double]
    places += ["the end"] * end_symbols.count(double)
    raise SymbolError(f"label {double!r} is defined twice: at instructions {' and '.join(places)}", symbol=double)

"""Where instructions were built: the file and line of the builder's caller, remembered on request."""

from __future__ import annotations

import os
import sys

from ebpfasm.asm import instruction as instruction_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType, TracebackType

    from ebpfasm.asm.instruction import Instruction

__all__ = ["Origin", "origin_of", "remember_origins"]

OUR_CODE = os.path.dirname(__file__) + os.sep

# An instruction has no place for it: by identity, with the instruction, so that an id stays its own. The line is
# found when it is asked for: to ask a frame for its line takes as long as building ten instructions.
_origins: dict[int, tuple[Instruction, CodeType, int]] = {}


class Origin:
    """The place in a source file that built an instruction; ``str()`` is ``file.py:12, in entry_prog``."""

    __slots__ = ("filename", "function", "line")

    def __init__(self, filename: str, line: int, function: str) -> None:
        self.filename = filename
        self.line = line
        self.function = function

    def __str__(self) -> str:
        return f"{self.filename}:{self.line}, in {self.function}"


class remember_origins:  # noqa: N801 - a context manager, used like a function
    """Remember where instructions are built, from here on, or within a ``with`` block only.

    Errors of the vm name the line then. What is made of an instruction, with a label or bound to a map, was built
    where the instruction was.

    It makes building several times slower, and keeps every instruction that is built: for finding mistakes.
    ``remember_origins.forget()`` ends it and drops what was remembered.

    Words whose instruction is always the same, such as ``Return()``, give the same object each time, and have none.
    """

    def __init__(self) -> None:
        self._before = instruction_module._Made.__init__
        instruction_module._Made.__init__ = _remember

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        instruction_module._Made.__init__ = self._before

    @staticmethod
    def forget() -> None:
        """End it, and drop what was remembered."""
        instruction_module._Made.__init__ = object.__init__
        _origins.clear()


def origin_of(instruction: Instruction) -> Origin | None:
    """Where an instruction was built, or None where that was not remembered."""
    found = _origins.get(id(instruction))
    if found is None:
        return None
    _, code, position = found
    lines = list(code.co_positions())
    line = lines[position // 2][0] or code.co_firstlineno
    return Origin(code.co_filename, line, code.co_name)


def _remember(made: Instruction) -> None:
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(OUR_CODE):
        before = _origins.get(id(frame.f_locals.get("self")))
        if before is not None:  # made of another: `Instruction.with_symbol` and its like
            _origins[id(made)] = (made, *before[1:])
            return
        frame = frame.f_back
    _origins[id(made)] = (made, frame.f_code, frame.f_lasti)

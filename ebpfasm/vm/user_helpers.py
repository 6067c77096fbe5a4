"""Helper functions that users bring: checked when they are given, and when they return."""

from __future__ import annotations

from inspect import Parameter, signature

from ebpfasm.errors import OperandError
from ebpfasm.vm.memory import Fault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from ebpfasm.asm.jump import Helper as HelperWord
    from ebpfasm.vm.machine import Machine

__all__ = ["UserHelper", "numbered"]

MOST = 5
"""Helpers take R1 to R5 (RFC 9669 §2)."""
POSITIONAL = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)


class UserHelper:
    """A user's function as a helper.

    ``takes`` is how many of R1 to R5 it gets, and ``needs`` how many of these must have been written: a parameter with
    a default keeps that where its register holds nothing.
    """

    __slots__ = ("function", "name", "needs", "takes")

    def __init__(self, name: str, function: Callable[..., Any]) -> None:
        if not callable(function):
            raise OperandError(f"helpers: {name} must be a function, not {function!r}", field="helpers", value=function)
        parameters = list(signature(function).parameters.values())
        positional = [each for each in parameters if each.kind in POSITIONAL]
        every = any(each.kind is Parameter.VAR_POSITIONAL for each in parameters)
        if not positional or len(positional) > 1 + MOST:
            raise OperandError(
                f"helpers: {name} takes the machine and at most {MOST} registers, "
                f"not ({', '.join(map(str, parameters))})",
                field="helpers",
                value=function,
            )
        self.name = name
        self.function = function
        self.takes = MOST if every else len(positional) - 1
        self.needs = sum(each.default is each.empty for each in positional) - 1

    def __call__(self, machine: Machine, *registers: int | None) -> int:
        """Call the function with the registers that were written, up to the first that was not."""
        given = registers[: registers.index(None)] if None in registers else registers
        result = self.function(machine, *given)
        if not isinstance(result, int):
            raise Fault(f"calls helper {self.name}, whose function returned {result!r}, which is no int")
        return result


def numbered(helpers: Mapping[int | HelperWord, Callable[..., Any]]) -> dict[int, UserHelper]:
    """A user's helpers by number.

    Raises:
        OperandError: a key is neither a number nor a word such as ``asm.FnRedirect``, or a value no such function.
    """
    found = {}
    for which, function in helpers.items():
        number = which if isinstance(which, int) else getattr(which, "number", None)
        if not isinstance(number, int):
            raise OperandError(
                f"helpers: a helper is named by its number or its word, asm.FnRedirect, not {which!r}",
                field="helpers",
                value=which,
            )
        found[number] = UserHelper(str(which), function)
    return found

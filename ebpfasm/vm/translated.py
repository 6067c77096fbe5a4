"""Runs translated programs: makes Python functions of them, calls those, and explains what went wrong in them."""

from __future__ import annotations

import struct

from ebpfasm.errors import VmError
from ebpfasm.vm.interpreter import Interpreter
from ebpfasm.vm.machine import Machine, TailCall, takes
from ebpfasm.vm.meaning import quotient, remainder
from ebpfasm.vm.memory import Fault
from ebpfasm.vm.translator import Translation

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from ebpfasm.vm.linked import Linked
    from ebpfasm.vm.machine import Activation

__all__ = ["execute", "source_of"]


class Stop(Exception):
    """Translated code found that an instruction cannot be done; the interpreter says why."""


class NearLimit(Exception):
    """So few instructions are left to the limit that they are counted one by one: by the interpreter, to the end."""


class Translated:
    """A function of a program as a Python function, and what its lines are."""

    __slots__ = ("function", "places", "source")

    def __init__(self, translation: Translation, name: str) -> None:
        self.source = translation.source
        self.places = translation.places
        namespace = dict(BUILTINS)
        exec(compile(self.source, f"<{name}>", "exec"), namespace)
        self.function: Callable[..., int] = namespace["function"]


def execute(machine: Machine, program: Linked, arguments: Sequence[int]) -> int:
    """Run a program from its first instruction; returns R0.

    Raises:
        VmError: it did what it must not, or ran into the machine's limit.
    """
    machine.engine = Engine(machine)
    return invoke(machine, program, 0, arguments)


class Engine:
    """What `Machine.call` reaches, and the functions that a run has called."""

    __slots__ = ("functions", "machine")

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.functions: dict[tuple[Linked, int], Translated] = {}

    def callback(self, start: int, arguments: Sequence[int]) -> int:
        """Run a function of the program for a helper; returns its R0."""
        return invoke(self.machine, self.machine.frames[-1].program, start, arguments)


def invoke(machine: Machine, program: Linked, start: int, arguments: Sequence[int | None]) -> int:
    """Call a function of a program, and the programs it leaves for by tail calls; returns R0."""
    activation = machine.enter(program, start)
    while True:
        translated = _translated(machine, activation)
        try:
            result = translated.function(machine, activation, *arguments)
        except TailCall as jump:
            activation = machine.replace(jump.program.linked)
            arguments = (jump.context,)
        except VmError:
            raise
        except NearLimit as near:
            return _interpreted(machine, activation, translated, near)
        except Exception as error:
            explained = _explained(machine, activation, translated, error)
            if explained is None:
                raise
            raise explained from None
        else:
            machine.frames.pop()
            return result


def source_of(program: Linked, machine: Machine) -> str:
    """The Python that a program becomes, for people."""
    parts = []
    for start, routine in program.routines.items():
        translation = Translation(program, routine, machine.helpers, strict=machine.memory.strict)
        parts.append(f"# {routine.name}, unit {start}\n{translation.source}")
    return "\n".join(parts)


def _translated(machine: Machine, activation: Activation) -> Translated:
    """The function for an activation, made when it is first called."""
    program, routine = activation.program, activation.routine
    functions: dict[tuple[Linked, int], Translated] = machine.engine.functions
    found = functions.get((program, routine.start))
    if found is None:
        helpers = {number: machine.helpers[number] for number in program.helpers if machine.has_helper(number)}
        strict = machine.memory.strict
        how = (routine.start, strict, tuple((number, takes(helper)) for number, helper in helpers.items()))
        found = program.translated.get(how)
        if found is None:
            translation = Translation(program, routine, helpers, strict=strict)
            found = program.translated[how] = Translated(translation, f"{routine.name} at unit {routine.start}")
        functions[program, routine.start] = found
    return found


def _explained(machine: Machine, activation: Activation, translated: Translated, error: Exception) -> VmError | None:
    """The error for what went wrong in translated code: the interpreter does that instruction again.

    None for what did not happen there, but in a helper function of the user's, say.
    """
    assert error.__traceback__ is not None
    here = error.__traceback__.tb_next  # the first is `invoke`
    assert here is not None
    if here.tb_next is not None and not isinstance(error, Fault):
        return None
    before = _restore(activation, translated, error)
    calls = activation.program.at(activation.unit).meaning.calls
    if isinstance(error, Fault):
        if not calls:  # a call has brought it up to date, and may have run more
            machine.steps = before + 1
        return machine.explained(error)
    if calls and not isinstance(error, Stop):
        return None
    machine.steps = before
    try:
        Interpreter(machine).step()
    except VmError as explained:
        return explained
    return None


def _restore(activation: Activation, translated: Translated, error: Exception) -> int:
    """Give an activation the unit and registers its function was at; returns how many instructions had run before."""
    assert error.__traceback__ is not None
    here = error.__traceback__.tb_next
    assert here is not None
    activation.unit, before = translated.places[here.tb_lineno]
    values = here.tb_frame.f_locals
    activation.registers[:10] = [values.get(f"r{register}") for register in range(10)]
    activation.registers[10] = activation.frame_pointer
    return int(values["n"]) + before


def _interpreted(machine: Machine, activation: Activation, translated: Translated, near: NearLimit) -> int:
    """Finish a function by the interpreter; returns its R0."""
    machine.steps = _restore(activation, translated, near)
    interpreter = Interpreter(machine)
    activation.callback = True  # its caller waits for the result, not for the next instruction
    interpreter.until(len(machine.frames) - 1)
    assert interpreter.result is not None
    return interpreter.result


BUILTINS: dict[str, Any] = {
    "NearLimit": NearLimit,
    "Stop": Stop, "invoke": invoke, "packet": Machine.legacy_load, "quotient": quotient, "remainder": remainder,
    "from_bytes": int.from_bytes,
}  # fmt: skip
"""What translated code uses."""
for _size, _letter in {1: "B", 2: "H", 4: "I", 8: "Q"}.items():
    _struct = struct.Struct("=" + _letter)
    BUILTINS[f"load{_size}"] = _struct.unpack_from
    BUILTINS[f"store{_size}"] = _struct.pack_into
    BUILTINS[f"ones{_size}"] = b"\1" * _size

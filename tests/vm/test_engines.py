"""The translator against the interpreter, on programs made by chance: no kernel is needed for that."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from ebpfasm.testing.compare import differences, run_in_vm
from ebpfasm.testing.programs.cases import seeded_case
from ebpfasm.vm.interpreter import Interpreter
from ebpfasm.vm.linked import Linked
from ebpfasm.vm.machine import Machine

PROGRAMS = 400
FIRST = 2_000_000


def interpreted(machine: Machine, program: Linked, arguments: Sequence[int]) -> int:
    """As `ebpfasm.vm.translated.execute`, by the interpreter."""
    interpreter = Interpreter(machine)
    interpreter.begin(program, arguments)
    return interpreter.run()


def test_engines_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    units = 0
    for seed in range(FIRST, FIRST + PROGRAMS):
        case = seeded_case(seed)
        fast = run_in_vm(case.program, case.data, ctx=case.ctx, maps=case.maps)
        with monkeypatch.context() as patched:
            patched.setattr("ebpfasm.vm.translated.execute", interpreted)
            plain = run_in_vm(case.program, case.data, ctx=case.ctx, maps=case.maps)
        assert differences(fast, plain) == [], f"seed {seed}:\n{case.program.listing()}"
        assert (fast.stopped, plain.stopped) == (None, None)
        units += case.program.units
    assert units > 10 * PROGRAMS

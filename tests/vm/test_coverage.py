"""Coverage counts what ran, over any number of runs."""

from __future__ import annotations

import json

import pytest

from ebpfasm import asm, vm
from ebpfasm.asm import R0, R1, R2, Byte, Instructions, Word
from ebpfasm.errors import OperandError, VmError
from ebpfasm.vm import Coverage
from tests.vm.programs import SEARCH, tail_calling

END = asm.Return()
EVEN = [
    asm.LoadMem(R0, R1, 0, Byte),
    asm.JSet.Imm(R0, 1, "odd"),
    asm.Mov.Imm(R0, 2),
    END,
    asm.Mov.Imm(R0, 1).with_symbol("odd"),
    END,
]


def test_one_run() -> None:
    coverage = Coverage()
    assert coverage.add(SEARCH).retval == 5
    covered = coverage.of(SEARCH)
    assert covered.runs == {0: 1, 1: 5, 2: 5, 3: 5, 4: 5, 5: 4, 6: 0, 7: 1, 8: 1, 9: 1, 10: 5, 11: 5, 12: 5}
    assert covered.ways == {4: [4, 1], 5: [0, 4]}
    assert [place.unit for place in coverage.uncovered()] == [6]
    assert [place.unit for place in coverage.one_way()] == [5]
    assert coverage.percent == pytest.approx(100 * 12 / 13)
    assert coverage.branch_percent == 75


def test_runs_add_up_also_of_an_equal_program() -> None:
    coverage = Coverage()
    coverage.add(EVEN, b"\2")
    assert [place.unit for place in coverage.uncovered()] == [4, 5]
    assert coverage.branch_percent == 50
    coverage.add(Instructions(list(EVEN)), b"\3")
    (covered,) = coverage
    assert coverage.uncovered() == coverage.one_way() == ()
    assert covered.runs[0] == 2
    assert (coverage.percent, coverage.branch_percent) == (100, 100)


def test_what_it_draws() -> None:
    coverage = Coverage()
    coverage.add(EVEN, b"\2")
    coverage.add(EVEN, b"\4")
    lines = str(coverage).splitlines()
    rows = [(line[:5].strip(), line[6:13].strip(), line[13:19].strip()) for line in lines[:-1]]
    assert rows == [
        ("2", "", "0:"),
        ("2", "never", "1:"),
        ("2", "", "2:"),
        ("2", "", "3:"),
        ("", "", "odd:"),
        ("#####", "", "4:"),
        ("#####", "", "5:"),
    ]
    assert lines[-1] == "4 of 6 instructions (66 %), 1 of 2 ways of branches (50 %)"
    always = Coverage()
    always.add(EVEN, b"\1")
    assert str(always).splitlines()[1][6:13].strip() == "always"


def test_several_programs() -> None:
    entry, target = tail_calling()
    coverage = Coverage()
    coverage.add(entry, bytes(64))
    assert [covered.name for covered in coverage] == ["entry", "first_word"]
    assert [(place.program, place.unit) for place in coverage.uncovered()] == [("entry", 4), ("entry", 5)]
    assert coverage.of(target).runs[0] == 1
    assert "program 'first_word': 8 of 8 instructions (100 %)" in str(coverage)


def test_what_ran_before_an_error_counts() -> None:
    coverage = Coverage()
    program = Instructions([asm.Mov.Imm(R2, 0), asm.LoadMem(R0, R2, 0, Word), END])
    with pytest.raises(VmError):
        coverage.add(program)
    assert coverage.of(program).runs == {0: 1, 1: 1, 2: 0}


def test_a_program_that_never_ran() -> None:
    with pytest.raises(OperandError, match="no run came to this program"):
        Coverage().of(SEARCH)
    assert (Coverage().percent, str(Coverage())) == (100, "")


def test_a_jump_to_the_next_instruction_goes_both_ways() -> None:
    coverage = Coverage()
    coverage.add([asm.Mov.Imm(R0, 0), asm.JEq.Imm(R0, 0, 0), END])
    assert coverage.branch_percent == 100


def test_for_machines_and_notebooks() -> None:
    coverage = Coverage()
    coverage.add(EVEN, b"\2")
    (program,) = json.loads(json.dumps(coverage.as_dict()))["programs"]
    assert program["runs"] == {"0": 1, "1": 1, "2": 1, "3": 1, "4": 0, "5": 0}
    assert program["branches"] == {"1": {"not_taken": 1, "taken": 0}}
    html = coverage._repr_html_()
    assert html.count("<tr>") == 1 + 7
    assert html.count("#####") == 2
    assert ">runs</th>" in html


def test_a_helper_of_ones_own() -> None:
    coverage = Coverage()
    result = coverage.add([asm.BuiltinFunc(9999).Call(), END], helpers={9999: lambda machine: 3})
    assert result.retval == 3
    assert vm.run([asm.Mov.Imm(R0, 3), END]).retval == 3

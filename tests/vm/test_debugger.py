"""The debugger stops where it is told to, and shows and changes what is there."""

from __future__ import annotations

from typing import Any

import pytest

from ebpfasm import asm, vm
from ebpfasm.asm import R0, R1, R2, RFP, DWord, Instructions, Word
from ebpfasm.errors import ClosedError, OperandError, SymbolError, VmError
from ebpfasm.vm import Debugger
from tests.vm.callbacks import looping
from tests.vm.programs import SEARCH, tail_calling

END = asm.Return()


def unit(debugger: Debugger) -> int | None:
    return None if debugger.place is None else debugger.place.unit


def test_it_stands_at_the_beginning() -> None:
    debugger = Debugger(SEARCH, b"abc")
    assert (unit(debugger), debugger.steps, debugger.result) == (0, 0, None)
    assert list(debugger.registers)[:3] == [None, 0xA0000000, 3]
    assert debugger.read(0xA0000000, 3) == b"abc"


def test_step_by_step_to_the_end() -> None:
    debugger = Debugger(SEARCH)
    units = []
    while debugger.place is not None:
        units.append(debugger.place.unit)
        debugger.step()
    assert units[:9] == [0, 1, 2, 3, 10, 11, 12, 4, 5]
    assert debugger.result is not None
    assert (debugger.result.retval, debugger.result.steps) == (5, len(units))
    assert debugger.result.steps == vm.run(SEARCH).steps
    for act in (debugger.step, debugger.over, debugger.out, debugger.resume):
        with pytest.raises(ClosedError, match="the program is over"):
            act()
    with pytest.raises(ClosedError):
        _ = debugger.registers
    assert "the program is over" in debugger.show()


def test_over_a_call_and_out_of_one() -> None:
    debugger = Debugger(SEARCH)
    for _ in range(3):
        debugger.step()
    assert unit(debugger) == 3
    debugger.over()
    assert (unit(debugger), debugger.registers.r0) == (4, 1)
    for _ in range(4):
        debugger.step()
    assert debugger.step().unit == 3
    assert [place.unit for place in debugger.where()] == [3, 10]
    assert [place.function for place in debugger.where()] == ["main", "square"]
    debugger.out()
    assert unit(debugger) == 4
    debugger.out()
    assert debugger.result is not None


def test_a_breakpoint_at_a_unit() -> None:
    debugger = Debugger(SEARCH)
    stop = debugger.stop_at(4)
    seen = []
    while debugger.resume() is stop:
        seen.append(debugger.registers.r0)
    assert seen == [1, 4, 9, 16, 25]
    assert stop.hits == 5
    assert debugger.result is not None


def test_a_breakpoint_at_a_label() -> None:
    debugger = Debugger(SEARCH)
    stop = debugger.stop_at("square", when="r1 == 3")
    assert debugger.resume() is stop
    assert (unit(debugger), debugger.registers.r1) == (10, 3)
    debugger.breakpoints.remove(stop)
    assert debugger.resume() is None


def test_a_breakpoint_within_what_is_stepped_over() -> None:
    debugger = Debugger(SEARCH)
    stop = debugger.stop_at(11)
    assert debugger.over() is None
    assert debugger.over() is None
    assert debugger.over() is None
    assert debugger.over() is stop
    assert unit(debugger) == 11


def test_a_breakpoint_at_the_line_that_built_it() -> None:
    with asm.remember_origins():
        program = Instructions(
            [
                asm.Mov.Imm(R0, 0),
                asm.Mov.Imm(R1, 1),
                END,
            ]
        )
    from ebpfasm.asm.origin import origin_of

    origin = origin_of(program[1])
    assert origin is not None
    debugger = Debugger(program)
    debugger.stop_at(f"test_debugger.py:{origin.line}")
    assert debugger.resume() is not None
    assert unit(debugger) == 1
    assert debugger.place is not None
    assert str(debugger.place).endswith(str(origin))


def test_a_condition_stops_when_it_becomes_true() -> None:
    debugger = Debugger(SEARCH)
    stop = debugger.stop_when("r6 > 2 and r6 < 5")
    assert debugger.resume() is stop
    assert (debugger.registers.r6, unit(debugger)) == (3, 2)
    debugger.resume()
    assert debugger.registers.r6 == 3  # r6 is the function's own: it was not 3 within square
    assert unit(debugger) == 4


def test_a_condition_of_ones_own() -> None:
    debugger = Debugger(SEARCH)
    debugger.stop_when(lambda each: each.steps == 12)
    debugger.resume()
    assert debugger.steps == 12


@pytest.mark.parametrize("place", ["nowhere", "test_debugger.py:1", 99])
def test_a_place_that_nothing_has(place: int | str) -> None:
    with pytest.raises(SymbolError, match="breakpoint: no"):
        Debugger(SEARCH).stop_at(place)


def test_the_second_half_of_a_load_is_no_place() -> None:
    with pytest.raises(SymbolError, match="no instruction begins at unit 1"):
        Debugger([asm.LoadImm(R0, 1, DWord), END]).stop_at(1)


@pytest.mark.parametrize(("when", "message"), [("r11 == 1", "there is no register 'r11'"), ("r0 =", "invalid syntax")])
def test_a_wrong_condition(when: str, message: str) -> None:
    with pytest.raises(OperandError, match=message):
        Debugger(SEARCH).stop_when(when)


def test_registers_are_set() -> None:
    debugger = Debugger([asm.Mov.Imm(R0, 1), END])
    debugger.step()
    debugger.registers.r0 = -1
    assert debugger.registers[0] == 0xFFFF_FFFF_FFFF_FFFF
    debugger.registers[0] = 7
    debugger.resume()
    assert debugger.result is not None
    assert debugger.result.r0 == 7


def test_registers_that_cannot_be_set() -> None:
    registers = Debugger(SEARCH).registers
    with pytest.raises(OperandError, match="R10 is read-only"):
        registers.r10 = 0
    with pytest.raises(OperandError, match="64 bits"):
        registers.r0 = 1 << 64
    with pytest.raises(OperandError, match=r"0\.\.10"):
        _ = registers[11]
    with pytest.raises(AttributeError, match="r11"):
        _ = registers.r11
    assert len(registers) == 11


def test_memory_is_read_and_written() -> None:
    debugger = Debugger([asm.LoadMem(R0, RFP, -8, DWord), END])
    place = debugger.registers[10]
    assert place is not None
    assert debugger.name_of(place - 8) == "stack at r10-8"
    assert debugger.read(place - 8, 8) == bytes(8)
    debugger.write(place - 8, (1234).to_bytes(8, "little"))
    debugger.resume()
    assert debugger.result is not None
    assert debugger.result.r0 in (1234, int.from_bytes((1234).to_bytes(8, "little"), "big"))
    with pytest.raises(OperandError, match="there are no 8 bytes at stack at r10-4"):
        Debugger(SEARCH).read(place - 4, 8)
    with pytest.raises(OperandError, match="there are no 1 bytes at 0x0"):
        Debugger(SEARCH).read(0, 1)


def test_it_stands_where_something_went_wrong() -> None:
    debugger = Debugger([asm.Mov.Imm(R2, 5), asm.LoadMem(R0, R1, 8, Word), END], b"1234")
    with pytest.raises(VmError, match="reads 4 bytes of packet at 8"):
        debugger.resume()
    assert (unit(debugger), debugger.registers.r2) == (1, 5)


def test_the_registers_of_a_caller() -> None:
    debugger = Debugger(SEARCH)
    debugger.stop_at("square")
    debugger.resume()
    assert (debugger.registers_at(0).r6, debugger.registers.r6) == (1, None)
    with pytest.raises(OperandError, match="there is no function 2"):
        debugger.registers_at(2)


def test_through_a_tail_call() -> None:
    entry, target = tail_calling()
    debugger = Debugger(entry, b"\x07\0\0\0" + bytes(60))
    label = debugger.stop_at("short")
    other = debugger.stop_at(4, program=target)
    assert debugger.resume() is other
    assert str(debugger.place) == "unit 4, in start of program 'first_word': r0 = 2"
    assert debugger.resume() is label
    assert debugger.resume() is None
    assert debugger.result is not None
    assert debugger.result.retval == int.from_bytes(b"\x07\0\0\0", "little")


def test_a_unit_is_of_the_first_program() -> None:
    entry, _ = tail_calling()
    debugger = Debugger(entry, bytes(64))
    debugger.stop_at(3)
    debugger.resume()
    assert (debugger.steps, unit(debugger)) == (2, 3)
    assert debugger.resume() is None


def test_a_function_that_a_helper_calls_runs_in_one_step() -> None:
    program = looping(3)
    debugger = Debugger(program)
    for _ in range(4):
        debugger.step()
    debugger.step()
    assert (debugger.registers.r0, debugger.steps) == (3, 5 + 3 * 2)


def test_what_it_shows() -> None:
    debugger = Debugger(SEARCH)
    debugger.stop_at("square")
    debugger.resume()
    shown = debugger.show(around=2).splitlines()
    assert shown[2].startswith("=>    10: ")
    assert shown[5:] == ["   r1 = 1", "   r2 = 0", "   r10 = 0x20000200 (stack of frame 1 at r10)"]
    assert str(debugger) == debugger.show()
    debugger.out()
    assert [line for line in debugger.show(around=20).splitlines() if line.startswith("●")] != []


def test_options_are_those_of_run() -> None:
    options: dict[str, Any] = {"helpers": {9999: lambda machine: 42}, "limit": 2}
    debugger = Debugger([asm.BuiltinFunc(9999).Call(), END], **options)
    debugger.step()
    assert debugger.registers.r0 == 42
    looping = Debugger([asm.Ja.Label("again").with_symbol("again"), END], limit=2)
    with pytest.raises(VmError, match="limit of this run"):
        looping.resume()

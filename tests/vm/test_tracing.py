"""A trace says of each instruction what it changed."""

from __future__ import annotations

import json
import sys

import pytest

from ebpfasm import asm, vm
from ebpfasm.asm import R0, R1, R2, R3, R4, RFP, DWord, Half, Word
from ebpfasm.errors import VmError
from ebpfasm.vm import Entry
from tests.vm.callbacks import looping
from tests.vm.programs import SEARCH, tail_calling

END = asm.Return()


def only(program: list[asm.Instruction], at: int, data: bytes = b"") -> Entry:
    return list(vm.trace(program, data))[at]


def test_every_instruction_has_an_entry() -> None:
    tracing = vm.trace(SEARCH)
    entries = list(tracing)
    assert tracing.result is not None
    assert [entry.steps for entry in entries] == list(range(1, tracing.result.steps + 1))
    assert tracing.result.retval == vm.run(SEARCH).retval == 5
    assert [(entry.unit, entry.depth) for entry in entries[2:8]] == [(2, 0), (3, 0), (10, 1), (11, 1), (12, 1), (4, 0)]
    assert list(tracing) == []


def test_registers_before_and_after() -> None:
    entry = only([asm.Mov.Imm(R0, 1), asm.Add.Imm(R0, 4), END], 1)
    assert entry.changed == {0: (1, 5)}
    assert str(entry).endswith("r0 = 5")
    assert only([asm.Mov.Imm(R0, 1), asm.Mov.Imm(R0, 1), END], 1).changed == {0: (1, 1)}


def test_what_returns_gives_its_result() -> None:
    entries = {entry.steps: entry for entry in vm.trace(SEARCH)}
    assert entries[7].unit == 12
    assert entries[7].changed == {0: (None, 1)}
    assert entries[4].changed == {}


def test_memory_before_and_after() -> None:
    program = [asm.StoreImm(RFP, -8, 0x11, DWord), asm.StoreImm(RFP, -8, 0x22, Half), asm.Mov.Imm(R0, 0), END]
    first, second, *_ = vm.trace(program)
    (write,) = first.writes
    assert (write.name, write.before, write.after) == ("stack at r10-8", None, (0x11).to_bytes(8, sys.byteorder))
    (write,) = second.writes
    assert (write.before, write.after) == (
        (0x11).to_bytes(8, sys.byteorder)[:2],
        (0x22).to_bytes(2, sys.byteorder),
    )
    assert "stack at r10-8 = " in str(second)
    assert "(was " in str(second)
    assert "(was " not in str(first)


def test_an_atomic_is_one_write() -> None:
    entry = only([asm.Mov.Imm(R2, 5), asm.FetchAdd.Mem(R1, R2, Word, 0), asm.Mov.Imm(R0, 0), END], 1, bytes(8))
    assert [write.after for write in entry.writes] == [(5).to_bytes(4, sys.byteorder)]
    assert entry.changed == {2: (5, 0)}


def test_what_a_helper_writes() -> None:
    store = [
        asm.Mov.Imm(R2, 6),
        asm.StoreImm(RFP, -8, -1, Half),
        asm.Mov.Reg(R3, RFP),
        asm.Add.Imm(R3, -8),
        asm.Mov.Imm(R4, 2),
        asm.Mov.Imm(asm.R5, 0),
        asm.FnSkbStoreBytes.Call(),
        END,
    ]
    entries = list(vm.trace(store, bytes(20), ctx=vm.SkBuff()))
    (write,) = entries[6].writes
    assert (write.name, write.before, write.after) == ("packet at 6", bytes(2), b"\xff\xff")
    assert "bpf_skb_store_bytes" in str(entries[6])


def test_through_a_tail_call() -> None:
    entry, _ = tail_calling()
    tracing = vm.trace(entry, bytes(64))
    lines = list(tracing.lines())
    assert [line for line in lines if line.startswith("in ")] == [
        "in main of program 'entry'",
        "in start of program 'first_word'",
    ]
    assert tracing.result is not None
    assert tracing.result.retval == 0
    assert {each.place.program for each in vm.trace(entry, bytes(64))} == {"entry", "first_word"}


def test_what_runs_within_a_helper_comes_after_it() -> None:
    program = looping(2)
    entries = list(vm.trace(program))
    assert [(entry.unit, entry.depth) for entry in entries[4:]] == [(5, 0), (7, 1), (8, 1), (7, 1), (8, 1), (6, 0)]
    assert [entry.steps for entry in entries] == list(range(1, 11))
    assert entries[4].changed == {0: (None, 2)}


def test_an_endless_program_can_be_looked_at() -> None:
    tracing = vm.trace([asm.Ja.Label("again").with_symbol("again"), END])
    assert [next(tracing).unit for _ in range(5)] == [0] * 5
    assert tracing.result is None


def test_what_goes_wrong_is_raised_after_what_went_well() -> None:
    tracing = vm.trace([asm.Mov.Imm(R2, 0), asm.LoadMem(R0, R2, 0, Word), END])
    assert next(tracing).unit == 0
    with pytest.raises(VmError, match="null pointer"):
        next(tracing)


def test_a_loaded_program_runs_with_the_context_of_its_type() -> None:
    entry, target = tail_calling()
    traced = vm.trace(target, b"\1\2\3\4" + bytes(16))
    assert len(list(traced)) == 8
    assert traced.result is not None
    assert traced.result.retval == int.from_bytes(b"\1\2\3\4", sys.byteorder)
    assert entry.test_run(b"\1\2\3\4" + bytes(16)).retval == traced.result.retval


def test_entries_as_json() -> None:
    told = [json.loads(json.dumps(entry.as_dict())) for entry in vm.trace(SEARCH)]
    assert told[0] == {
        "step": 1, "program": "", "function": "main", "depth": 0, "unit": 0, "text": "r6 = 0", "registers": {"r6": 0},
        "writes": [],
    }  # fmt: skip
    (write,) = next(each["writes"] for each in told if each["writes"])
    assert (write["name"], write["before"], len(write["after"])) == ("stack at r10-8", None, 16)


def test_numbers_that_are_addresses_are_named() -> None:
    entry = only([asm.Mov.Reg(R2, R1), asm.Mov.Imm(R0, 0), END], 0, b"abc")
    assert str(entry).endswith("r2 = 0xa0000000 (packet at 0)")
    assert repr(entry).startswith("<Entry 1 0: r2 = r1")

"""What a program sees of a map through the helpers: the kernel's helpers against the calls the vm's make."""

from __future__ import annotations

import os
import struct
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from ebpfasm import MapFlag, MapType, Program, ProgramType
from ebpfasm.asm import (
    JNE,
    R0,
    R1,
    R2,
    R3,
    R4,
    R6,
    R10,
    Add,
    DWord,
    FnMapDeleteElem,
    FnMapLookupElem,
    FnMapUpdateElem,
    Instruction,
    LoadImm,
    LoadMapPtr,
    LoadMem,
    Mov,
    Return,
    StoreImm,
    Word,
)
from ebpfasm.errors import KernelError
from ebpfasm.vm.maps.hashes import Hash
from tests.effort import share
from tests.vm.maps.pairs import Pair

pytestmark = pytest.mark.needs_kernel

SHAPES: list[dict[str, Any]] = [
    {"type": MapType.ARRAY},
    {"type": MapType.PERCPU_ARRAY},
    {"type": MapType.HASH},
    {"type": MapType.HASH, "flags": MapFlag.NO_PREALLOC},
    {"type": MapType.PERCPU_HASH},
    {"type": MapType.LRU_HASH, "max_entries": 4000},
    {"type": MapType.LRU_PERCPU_HASH, "max_entries": 4000},
    {"type": MapType.LPM_TRIE, "key_size": 8, "flags": MapFlag.NO_PREALLOC},
]
PACKET = bytes(14)
MISSED = 0xFFFFFFFF
KEY, VALUE = -8, -16


@pytest.fixture(autouse=True)
def _one_cpu() -> Iterator[None]:
    """Stay on one CPU, so that it is known whose values a program writes."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    yield
    os.sched_setaffinity(0, before)


class Helpers(RuleBasedStateMachine):
    """Has programs of the kernel do to its map what is done to the vm's."""

    numbers = st.integers(0, 4)
    flags = st.sampled_from([0, 0, 0, 1, 2, 3, 4, 5, 6, 1 << 32])

    shapes = SHAPES

    @initialize(data=st.data())
    def make(self, data: st.DataObject) -> None:
        shape = data.draw(st.sampled_from(self.shapes), "shape")
        self.pair = Pair(**({"key_size": 4, "value_size": 4, "max_entries": 3} | shape))
        self.cpu = min(os.sched_getaffinity(0))

    def teardown(self) -> None:
        if hasattr(self, "pair"):
            self.pair.close()

    def key(self, number: int) -> bytes:
        """Return a key; of a trie, a prefix of 0, 8, 16, 24 or 32 bits."""
        if self.pair.vm.key_size == 8:
            return struct.pack("=I", number * 8) + bytes([10, number, 0, 1])
        return struct.pack("=I", number)

    def run(self, code: list[Instruction]) -> int:
        with Program.load(ProgramType.SCHED_CLS, code) as program:
            return program.test_run(PACKET).retval

    def arguments(self, key: bytes, value: int | None = None, flags: int = 0) -> list[Instruction]:
        code = [StoreImm(R10, KEY + at, struct.unpack_from("=i", key, at)[0], Word) for at in range(0, len(key), 4)]
        code += [LoadMapPtr(R1, self.pair.kernel), Mov.Reg(R2, R10), Add.Imm(R2, KEY)]
        if value is not None:
            code += [StoreImm(R10, VALUE, value, Word), Mov.Reg(R3, R10), Add.Imm(R3, VALUE)]
            code += [LoadImm(R4, flags, DWord)]
        return code

    def returned(self, ask: Any) -> int:
        """Return what a helper of the vm would return."""
        try:
            ask()
        except KernelError as error:
            return -(error.errno or 0) & 0xFFFFFFFF
        return 0

    @rule(number=numbers, value=st.integers(0, 99), flags=flags)
    def update(self, number: int, value: int, flags: int) -> None:
        key = self.key(number)
        kernel = self.run([*self.arguments(key, value, flags), FnMapUpdateElem.Call(), Return()])
        raw = value.to_bytes(4, sys.byteorder)
        assert self.returned(lambda: self.pair.vm.update_bytes(key, raw, flags, self.cpu)) == kernel

    @rule(number=numbers)
    def delete(self, number: int) -> None:
        key = self.key(number)
        kernel = self.run([*self.arguments(key), FnMapDeleteElem.Call(), Return()])
        assert self.returned(lambda: self.pair.vm.delete_bytes(key)) == kernel

    @rule(number=numbers)
    def lookup(self, number: int) -> None:
        key = self.key(number)
        code = [*self.arguments(key), FnMapLookupElem.Call(), *self.missed(), LoadMem(R0, R0, 0, Word), Return()]
        cell = self.pair.vm.lookup(key, self.cpu)
        assert (MISSED if cell is None else int.from_bytes(cell, sys.byteorder)) == self.run(code)

    @rule(number=numbers, value=st.integers(100, 199))
    def update_what_is_held(self, number: int, value: int) -> None:
        key = self.key(number)
        code = [
            *self.arguments(key), FnMapLookupElem.Call(), *self.missed(), Mov.Reg(R6, R0),
            *self.arguments(key, value), FnMapUpdateElem.Call(), LoadMem(R0, R6, 0, Word), Return(),
        ]  # fmt: skip
        cell = self.pair.vm.lookup(key, self.cpu)
        if cell is not None:
            # Of a trie the held entry may be of a shorter prefix, and the update adds one.
            self.returned(lambda: self.pair.vm.update_bytes(key, value.to_bytes(4, sys.byteorder), 0, self.cpu))
        assert (MISSED if cell is None else int.from_bytes(cell, sys.byteorder)) == self.run(code)

    @staticmethod
    def missed() -> list[Instruction]:
        """Return MISSED where a lookup found nothing."""
        return [JNE.Imm(R0, 0, "found"), Mov.Imm(R0, -1), Return(), Mov.Reg(R0, R0).with_symbol("found")]

    @rule()
    def look(self) -> None:
        self.pair.ask(lambda map: sorted(map.items()))

    @rule(number=numbers)
    def write_in_user_space(self, number: int) -> None:
        key = self.key(number)
        per_cpu = "PERCPU" in MapType(self.pair.vm.type).name
        value = [number + 50] * self.pair.vm.cpus if per_cpu else number + 50
        self.pair.ask(lambda map: map.update(key, value))


examples = settings(deadline=None, max_examples=share(60), stateful_step_count=25)


def test_the_same_answers() -> None:
    run_state_machine_as_test(Helpers, settings=examples)  # type: ignore[no-untyped-call]


def test_a_hash_that_writes_in_place_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def in_place(self: Hash, key: bytes, value: bytes, flags: int = 0, cpu: int = 0) -> None:
        self._admit(key, flags)
        self._cells.setdefault(key, bytearray(self.value_size))[:] = value

    monkeypatch.setattr(Hash, "update_bytes", in_place)
    wrong = type("Wrong", (Helpers,), {"shapes": [{"type": MapType.HASH}]})
    strict = settings(examples, max_examples=60, phases=[Phase.generate], database=None, derandomize=True)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(wrong, settings=strict)  # type: ignore[no-untyped-call]

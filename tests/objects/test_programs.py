"""Programs: loading, running, finding, tags, and what the verifier and the kernel say."""

from __future__ import annotations

import os
import random
import struct
import sys
from collections.abc import Callable
from errno import EACCES, EINVAL
from pathlib import Path
from typing import Any

import pytest

from ebpfasm import AttachType, Instructions, Map, MapType, Program, ProgramType, asm
from ebpfasm.asm import R0, R1, R2, R3, R10, Label, Mov, Return, Word
from ebpfasm.datapath import entry_stub
from ebpfasm.errors import (
    ClosedError,
    KernelError,
    NotSupported,
    OperandError,
    PermissionDenied,
    SymbolError,
    VerifierError,
)
from ebpfasm.kernel.machine import release
from tests.net import refusal_as_nobody

pytestmark = pytest.mark.needs_kernel

SCHED_CLS = ProgramType.SCHED_CLS
PACKET = bytes(range(64))
NO_ID = 0x7FFFFFFF
ALGORITHM: Any = "sha256" if release() >= (6, 18) else "sha1"

Load = Callable[..., Program]
Create = Callable[..., Map]


# loading


@pytest.mark.parametrize(
    "instructions",
    [
        Instructions([Mov.Imm(R0, 5), Return()]),
        [Mov.Imm(R0, 5), Return()],
        iter([Mov.Imm(R0, 5), Return()]),
        Instructions([Mov.Imm(R0, 5), Return()]).encode(),
        bytearray(Instructions([Mov.Imm(R0, 5), Return()]).encode()),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_program_of_instructions_or_bytes(instructions: Any) -> None:
    with Program.load(SCHED_CLS, instructions, name="five") as program:
        assert program.test_run(PACKET).retval == 5
        assert (program.type, program.name, program.log) == (SCHED_CLS, "five", "")
        assert (program.info.type, program.info.name, program.info.id) == (SCHED_CLS, "five", program.id)
        assert repr(program) == f"<Program 'five': fd {program.fileno()}>"


def test_labels_are_resolved_and_maps_filled_in(create: Create) -> None:
    counter = create(MapType.ARRAY, value_size=8, max_entries=1, name="count")
    instructions = [
        asm.StoreImm(R10, -4, 0, Word),
        asm.LoadMapPtr(R1, counter),
        Mov.Reg(R2, R10),
        asm.Add.Imm(R2, -4),
        asm.FnMapLookupElem.Call(),
        asm.JEq.Imm(R0, 0, "miss"),
        Mov.Imm(R1, 1),
        asm.AddAtomic.Mem(R0, R1, asm.DWord, 0),
        Mov.Imm(R0, 7),
        Return(),
        Mov.Imm(R0, 8).with_symbol("miss"),
        Return(),
    ]
    with Program.load(SCHED_CLS, instructions) as program:
        assert program.test_run(PACKET, repeat=10).retval == 7
        assert counter[0] == 10
        assert program.info.map_ids == (counter.id,)


def test_the_license_opens_helpers(create: Create) -> None:
    instructions = [
        Mov.Imm(R1, 0),
        Mov.Imm(R2, 0),
        asm.FnTracePrintk.Call(),
        Return(),
    ]
    with Program.load(SCHED_CLS, [Mov.Imm(R0, 0), Return()], license="Proprietary") as program:
        assert program.info.gpl_compatible == 0
    with pytest.raises(VerifierError, match="GPL"):
        Program.load(SCHED_CLS, instructions, license="Proprietary")


def test_an_accepted_program_has_a_log_where_one_was_asked_for(load: Load) -> None:
    assert "0: (b7) r0 = 0" in load(0, log_level=2).log
    assert load(0).log == ""


def test_an_expected_attach_type(load: Load) -> None:
    load(1, ProgramType.SK_LOOKUP, expected_attach_type=AttachType.SK_LOOKUP)
    with pytest.raises(KernelError, match="EINVAL: the program type does not go with this attach type"):
        load(1, ProgramType.SK_LOOKUP, expected_attach_type=AttachType.TCX_EGRESS)


@pytest.mark.parametrize(
    ("members", "message"),
    [
        (
            {"type": 9999},
            "BPF_PROG_LOAD 'five': EINVAL: the program type does not go with this attach type or these flags",
        ),
        ({"flags": 1 << 31}, "BPF_PROG_LOAD 'five': EINVAL"),
    ],
)
def test_what_the_kernel_will_not_load(load: Load, members: dict[str, Any], message: str) -> None:
    with pytest.raises(KernelError, match=message) as caught:
        load(5, **({"name": "five"} | members))
    assert (caught.value.errno, caught.value.command) == (EINVAL, "BPF_PROG_LOAD")
    assert not isinstance(caught.value, VerifierError)


@pytest.mark.parametrize("name", ["sixteen_letters_", "pod-0"])
def test_a_name_the_kernel_does_not_take(load: Load, name: str) -> None:
    with pytest.raises(OperandError, match="name: must be at most 15 of the characters"):
        load(name=name)


def test_no_instructions_at_all() -> None:
    for nothing in ([], b"", Instructions()):
        with pytest.raises(OperandError, match=r"^Program\.load: a program has at least one instruction$"):
            Program.load(SCHED_CLS, nothing)


def test_half_an_instruction() -> None:
    with pytest.raises(OperandError, match="multiple of 8 bytes, not 7"):
        Program.load(SCHED_CLS, bytes(7))


def test_instructions_that_cannot_be_encoded(create: Create) -> None:
    with pytest.raises(SymbolError, match=r"map 'slots', .* is not bound"):
        Program.load(SCHED_CLS, entry_stub("slots"))
    with pytest.raises(SymbolError, match="label 'end'"):
        Program.load(SCHED_CLS, [asm.Ja.Label("end")])
    with pytest.raises(OperandError, match="was it meant to be called"):
        Program.load(SCHED_CLS, [Mov.Imm(R0, 0), Return])
    slots = create(MapType.PROG_ARRAY, name="pod0")
    slots.close()
    with pytest.raises(ClosedError, match="map 'pod0' is closed"):
        Program.load(SCHED_CLS, entry_stub(slots))


def test_a_descriptor_that_is_no_map(load: Load) -> None:
    program = load()
    with open(os.devnull) as file:
        for thing, number in ((file, file.fileno()), (program, program.fileno()), (1048575, 1048575)):
            with pytest.raises(VerifierError, match=f"fd {number} is not pointing to valid bpf_map"):
                Program.load(SCHED_CLS, entry_stub(thing))


def test_a_map_of_another_type_for_the_stub(create: Create) -> None:
    # Linux 6.1 says it in other words.
    with pytest.raises(VerifierError, match=r"expected prog array map for tail call|misconfigured verifier"):
        Program.load(SCHED_CLS, entry_stub(create(MapType.ARRAY)))


# the verifier


def test_a_refused_program_carries_the_whole_log() -> None:
    before = set(os.listdir("/proc/self/fd"))
    with pytest.raises(VerifierError) as caught:
        Program.load(SCHED_CLS, [Mov.Imm(R2, 1), Mov.Reg(R3, R2), Return()], name="entry")
    error = caught.value
    assert "0: (b7) r2 = 1" in error.log, "the first line"
    assert "2: (95) exit" in error.log
    assert "R0 !read_ok" in error.log
    assert "processed 3 insns" in error.log, "the last line"
    assert "R0 !read_ok" in error.summary
    assert str(error).startswith("BPF_PROG_LOAD 'entry': the verifier refused the program: ")
    assert "R0 !read_ok" in str(error)
    assert (error.errno, error.command) == (EACCES, "BPF_PROG_LOAD")
    assert isinstance(error, (KernelError, OSError))
    assert set(os.listdir("/proc/self/fd")) == before


def test_a_log_longer_than_any_first_buffer() -> None:
    registers = [asm.Register(number) for number in range(1, 6)]
    clear = [Mov.Imm(register, 0) for register in registers]
    steps = [asm.Add.Imm(registers[number % 5], 0) for number in range(4000)]
    with pytest.raises(VerifierError) as caught:
        Program.load(SCHED_CLS, [*clear, *steps, Return()])
    assert len(caught.value.log) > 1 << 16
    assert "0: (b7) r1 = 0" in caught.value.log
    assert "4005: (95) exit" in caught.value.log
    assert "processed 4006 insns" in caught.value.log


def test_a_fault_the_verifier_finds_in_one_of_two_functions() -> None:
    instructions = [asm.Call.Label("f"), Return(), asm.LoadMem(R0, R10, -8, asm.DWord).with_symbol("f"), Return()]
    with pytest.raises(VerifierError) as caught:
        Program.load(ProgramType.SOCKET_FILTER, [*instructions, Mov.Imm(R0, 0).with_symbol("never"), Return()])
    assert "unreachable insn 4" in caught.value.log


# privileges


def test_without_privileges_the_capabilities_are_named(load: Load) -> None:
    load()
    told = refusal_as_nobody(lambda: load(0, name="entry"))
    assert told.startswith("PermissionDenied: BPF_PROG_LOAD 'entry': EPERM: needs CAP_BPF and CAP_NET_ADMIN; ")
    assert "this process lacks CAP_BPF and CAP_NET_ADMIN; " in told
    assert "kernel.unprivileged_bpf_disabled is " in told
    assert issubclass(PermissionDenied, PermissionError)


# running


def test_a_run_tells_what_the_program_did() -> None:
    with Program.load(SCHED_CLS, [Mov.Imm(R0, -2), Return()]) as program:
        result = program.test_run(PACKET)
        assert (result.retval, result.data, result.ctx) == (0xFFFFFFFE, PACKET, b"")
        assert result.duration_ns >= 0
        assert program.test_run(bytearray(PACKET)).data == PACKET


def test_a_run_with_a_context() -> None:
    mark = 8  # offset of mark in struct __sk_buff
    instructions = [asm.LoadMem(R0, R1, mark, Word), Mov.Imm(R2, 9), asm.StoreMem(R1, mark, R2, Word), Return()]
    context = bytes(mark) + struct.pack("=I", 5) + bytes(180)
    with Program.load(SCHED_CLS, instructions) as program:
        result = program.test_run(PACKET, ctx=context)
    assert result.retval == 5
    assert struct.unpack_from("=I", result.ctx, mark) == (9,)


def test_a_run_without_a_packet(load: Load) -> None:
    with pytest.raises(KernelError, match="EINVAL: the data is too short for this program type"):
        load().test_run()


@pytest.mark.parametrize("given", [64, "packet", None])
def test_a_run_on_what_are_no_bytes(load: Load, given: Any) -> None:
    with pytest.raises(OperandError, match=rf"^Program\.test_run: data must be bytes, not {given!r}$"):
        load().test_run(given)
    with pytest.raises(OperandError, match=r"^Program\.test_run: ctx must be bytes, not 64$"):
        load().test_run(PACKET, ctx=64)  # type: ignore[arg-type]


def test_a_result_tells_itself(load: Load) -> None:
    assert repr(load(5).test_run(PACKET)).startswith(
        f"<RunResult retval 5, {len(PACKET)} bytes of data, 0 of context, "
    )


def test_a_type_that_cannot_be_run(load: Load) -> None:
    with pytest.raises(NotSupported, match="programs of this type cannot be run by hand"):
        load(1, ProgramType.SOCK_OPS).test_run()


# finding


def test_a_program_is_found_by_its_id_and_by_its_pin(load: Load, bpffs: Path) -> None:
    made = load(5, name="five")
    made.pin(bpffs / "five")
    for found in (Program.from_id(made.id), Program.from_pin(bpffs / "five"), Program.from_pin(str(bpffs / "five"))):
        with found:
            assert found.fileno() != made.fileno()
            assert (found.id, found.name, found.type, found.tag) == (made.id, "five", SCHED_CLS, made.tag)
            assert found.test_run(PACKET).retval == 5


def test_an_id_or_a_pin_there_is_not(bpffs: Path, tmp_path: Path) -> None:
    with pytest.raises(KernelError, match=f"of id {NO_ID}: ENOENT: there is no program with that id"):
        Program.from_id(NO_ID)
    with pytest.raises(KernelError, match="nothing is pinned there"):
        Program.from_pin(bpffs / "five")
    with pytest.raises(KernelError, match="is not on a bpf file system"):
        Program.from_pin(tmp_path / "five")


def test_a_pin_of_something_else(create: Create, bpffs: Path) -> None:
    create(MapType.ARRAY).pin(bpffs / "map")
    before = set(os.listdir("/proc/self/fd"))
    with pytest.raises(KernelError, match=r"file descriptor \d+ is not a program but map"):
        Program.from_pin(bpffs / "map")
    assert set(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize(
    "use",
    [
        lambda program: program.fileno(),
        lambda program: program.info,
        lambda program: program.id,
        lambda program: program.tag,
        lambda program: program.test_run(PACKET),
        lambda program: program.translated(),
        lambda program: program.pin("/five"),
    ],
)
def test_a_closed_program(load: Load, use: Callable[[Program], object]) -> None:
    program = load(name="five")
    program.close()
    with pytest.raises(ClosedError, match=r"^program 'five' is closed$"):
        use(program)


# tags and translation


def test_the_stubs_tag_is_the_kernels(create: Create) -> None:
    slots, others = create(MapType.PROG_ARRAY), create(MapType.PROG_ARRAY)
    stub = entry_stub(slots)
    with Program.load(SCHED_CLS, stub) as program, Program.load(SCHED_CLS, entry_stub(others)) as another:
        assert program.tag == stub.tag(ALGORITHM)
        assert another.tag == program.tag, "the map is no part of it"
    with Program.load(SCHED_CLS, entry_stub(slots, 1)) as program:
        assert program.tag == entry_stub("slots", 1).tag(ALGORITHM) != stub.tag(ALGORITHM)


def random_program(seed: int, values: Map) -> Instructions:
    """Return a program the verifier accepts: numbers, jumps forward, a function, and two ways to refer to a map."""
    chance = random.Random(seed)
    registers = [asm.Register(number) for number in range(6)]
    items: list[Any] = [Mov.Imm(register, chance.randrange(-1000, 1000)) for register in registers]
    words = (asm.Add, asm.Sub, asm.Mul, asm.And, asm.Or, asm.Xor, asm.Mov)
    jumps = (asm.JEq, asm.JNE, asm.JGT, asm.JSLT, asm.JSet)
    for number in range(60):
        dst, src, value = chance.choice(registers), chance.choice(registers), chance.randrange(-(1 << 31), 1 << 31)
        word, jump = chance.choice(words), chance.choice(jumps)
        items.append(
            chance.choice(
                [
                    word.Imm(dst, value),
                    word.Reg32(dst, src),
                    asm.LSh.Imm(dst, chance.randrange(64)),
                    asm.LoadImm(dst, value << 20, asm.DWord),
                    jump.Imm(dst, value, f"after{number}"),
                    jump.Reg32(dst, src, f"after{number}"),
                    asm.HostTo(asm.BE, dst, asm.Half),
                ]
            )
        )
        items.append(Label(f"after{number}"))
    tail = [
        asm.LoadMapPtr(R1, values),
        asm.LoadMapValue(R3, values, 4),
        asm.LoadMem(R2, R3, 0, Word),
        asm.Call.Label("f"),
        Return(),
        Mov.Imm(R0, seed).with_symbol("f"),
        Return(),
    ]
    return Instructions([*items, *tail])


@pytest.mark.parametrize("seed", range(5))
def test_the_tag_of_any_program_is_the_kernels(create: Create, seed: int) -> None:
    instructions = random_program(seed, create(MapType.ARRAY, value_size=8, max_entries=1))
    with Program.load(SCHED_CLS, instructions) as program:
        assert program.tag == instructions.tag(ALGORITHM)
        assert program.test_run(PACKET).retval == seed


def test_the_translated_program_shows_the_maps_id(create: Create) -> None:
    slots = create(MapType.PROG_ARRAY)
    with Program.load(SCHED_CLS, entry_stub(slots, 3)) as program:
        translated = program.translated()
    assert translated == entry_stub(slots.id, 3)


def test_the_translated_program_is_what_the_kernel_made_of_it(load: Load) -> None:
    program = load(5)
    assert list(program.translated()) == [Mov.Imm(R0, 5), Return()]
    assert program.translated().units * 8 == program.info.xlated_prog_len


def test_bytes_are_taken_in_the_machines_order() -> None:
    other: Any = "big" if sys.byteorder == "little" else "little"
    with pytest.raises(KernelError):
        Program.load(SCHED_CLS, Instructions([Mov.Imm(R1, 5), Mov.Imm(R0, 0), Return()]).encode(other))

"""Programs made by chance: they are what they promise, and use all there is."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

from ebpfasm import Instruction, Instructions, Map, Program, ProgramType, asm, vm
from ebpfasm.asm import table
from ebpfasm.asm.flow import steps
from ebpfasm.errors import KernelError, VerifierError
from ebpfasm.kernel.machine import release
from ebpfasm.testing import strategies
from ebpfasm.testing.compare import run_in_kernel, run_in_vm
from ebpfasm.testing.programs import packets
from ebpfasm.testing.programs.author import PATHS, STRAIGHT, Author
from ebpfasm.testing.programs.cases import Case, seeded_case
from ebpfasm.testing.programs.choices import EDGES, Seeded, number
from ebpfasm.testing.programs.forms import NEWEST, pools
from tests.asm.test_one_row import nand_in_the_table as nand_in_the_table  # noqa: PLC0414 - a fixture

examples = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])

OLD = (5, 10)
CALL = 0x85


# choices


def test_a_seed_decides_everything() -> None:
    assert repr(seeded_case(7)) == repr(seeded_case(7))
    assert repr(seeded_case(7)) != repr(seeded_case(8))


def test_this_seed_is_this_program_on_every_python() -> None:
    """The seed of a failure is of use to others only if theirs gives the same program."""
    assert str(Author(Seeded(5), (STRAIGHT, PATHS), release=OLD, most=3).program()) == PROGRAM_OF_SEED_5


PROGRAM_OF_SEED_5 = """\
\tr7 = -2022907142
\tif r7 s<= r7 goto then1
\t*(u8 *)(r10 - 31) = 127
\tw7 /= -1461988776
\tgoto end1
then1:
\tr7 <<= 0
\tif r7 > r7 goto end2
\tif w7 <= w7 goto on1
\tr0 = r7
\tr1 = r0
\tr1 >>= 32
\tr0 ^= r1
\texit
on1:
end2:
end1:
\tr8 = 0
loop1:
\tr7 *= 5
\tr8 += 1
\tif r8 < 5 goto loop1
\tr0 = r7
\tr0 *= 31
\tr0 += r8
\tr1 = r0
\tr1 >>= 32
\tr0 ^= r1
\texit"""


def test_numbers_reach_the_edges() -> None:
    choices = Seeded(1)
    found = {number(choices, 64) for _ in range(5000)}
    assert set(EDGES[64]) <= found
    assert {0, 1, -1, 16} <= found
    assert all(-(1 << 63) <= value < 1 << 63 for value in found)
    assert all(-(1 << 31) <= number(choices, 32) < 1 << 31 for _ in range(1000))


# what programs are made of


def forms_of(program: Instructions) -> set[str]:
    return {repr(instruction.form) for instruction in program}


def test_every_form_a_program_may_have_comes_up() -> None:
    """All that a kernel takes from user space, but for what needs BTF, an arena, or another program's fd array."""
    found: set[str] = set()
    for seed in range(1500):
        found |= forms_of(seeded_case(seed).program)
    missing = {repr(form) for form in table.FORMS if form.facts is None or form.facts.loadable} - found
    assert {name.split()[1] for name in missing} == {
        "AddrSpaceCast", "CallKfunc", "JumpTable", "LoadBTFID", "LoadFunc", "LoadMapIndex", "LoadMapIndexValue",
    }  # fmt: skip


def test_an_older_kernel_gets_older_instructions() -> None:
    for seed in range(300):
        needs = seeded_case(seed, release=OLD).program.requirements()
        assert needs.kernel is None or tuple(int(part) for part in needs.kernel.split(".")) <= OLD
    assert any(seeded_case(seed).program.requirements().kernel == "6.15" for seed in range(300))


def test_a_new_row_comes_up_by_itself(nand_in_the_table: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with_it = len(pools(NEWEST).arithmetic)
    with monkeypatch.context() as without:
        without.setattr(table, "ROWS", table.ROWS[:-1])
        assert len(pools(NEWEST).arithmetic) == with_it - 4
    names = Counter(
        name for seed in range(100) for name in forms_of(Author(Seeded(seed), (STRAIGHT,), most=20).program())
    )
    assert sum(count for name, count in names.items() if "Nand" in name) > 0


def test_all_statements_come_up() -> None:
    labels = Counter(
        step.kind for seed in range(300) for step in steps(seeded_case(seed).program) if step.kind is not None
    )
    assert set(labels) == {"always", "call", "may_goto", "taken"}
    called = {
        item.imm for seed in range(800) for item in seeded_case(seed).program if item.opcode == CALL and not item.src
    }
    others = (
        asm.FnMapLookupElem, asm.FnMapUpdateElem, asm.FnMapDeleteElem, asm.FnTailCall, asm.FnCsumDiff,
        asm.FnSkbLoadBytes, asm.FnSkbLoadBytesRelative, asm.FnSkbStoreBytes,
        asm.FnRedirect, asm.FnRedirectPeer, asm.FnRedirectNeigh,
    )  # fmt: skip
    assert called == {word.number for word in (*others, *(word for word, _ in packets.HELPERS))}


# what they promise


def runs(program: Instructions) -> int:
    return vm.run(program).retval


@examples
@given(strategies.instructions())
def test_an_instruction_has_a_form(instruction: Instruction) -> None:
    assert instruction.form is not None
    assert eval(repr(instruction), {}, vars(asm)) == instruction


@examples
@given(strategies.instructions(labels=("here", "there")))
def test_a_jump_leads_to_a_label_if_there_are_any(instruction: Instruction) -> None:
    assert instruction.form is not None
    assert (instruction.form.reference == "label") == (instruction.reference in ("here", "there"))


@examples
@given(strategies.straight_line_programs())
def test_straight_line_programs_have_no_jumps_and_run(program: Instructions) -> None:
    assert all(step.kind is None for step in steps(program))
    runs(program)


@examples
@given(strategies.programs())
def test_programs_end(program: Instructions) -> None:
    runs(program)


@examples
@given(strategies.cases())
def test_cases_run_in_the_vm(case: Case) -> None:
    outcome = run_in_vm(case.program, case.data, ctx=case.ctx, maps=case.maps)
    assert outcome.stopped is None, outcome.stopped


@examples
@given(strategies.verifiable_programs())
def test_verifiable_programs_refer_to_no_map(program: Instructions) -> None:
    assert all(item.form is None or item.form.reference != "map" for item in program)


@pytest.mark.needs_kernel
def test_the_verifier_accepts_them() -> None:
    refused = []
    for seed in range(300):
        case = seeded_case(seed, release=release())
        try:
            run_in_kernel(case.program, case.data, ctx=case.ctx, maps=case.maps)
        except VerifierError as error:
            refused.append((seed, error.summary))
    assert len(refused) < 15, refused


@pytest.mark.needs_kernel
@examples
@given(strategies.straight_line_programs(kernel=release()), strategies.programs(kernel=release()))
def test_the_verifier_accepts_the_plain_ones_too(one: Instructions, other: Instructions) -> None:
    for program in (one, other):
        Program.load(ProgramType.SCHED_CLS, program).close()


# how they shrink


def simplest(strategy: st.SearchStrategy[Instructions], wanted: object) -> str:
    assert callable(wanted)
    quick = settings(max_examples=3000, phases=(Phase.generate, Phase.shrink), derandomize=True, database=None)
    return str(find(strategy, wanted, settings=quick))


def test_the_simplest_program() -> None:
    assert simplest(strategies.programs(), lambda program: True) == "\tr0 = 0\n\texit"
    assert simplest(strategies.verifiable_programs(), lambda program: True) == "\tr0 = 0\n\texit"


def test_the_simplest_program_with_a_signed_division() -> None:
    text = simplest(strategies.programs(), lambda program: any("s/=" in str(item) for item in program))
    assert len(text.splitlines()) <= 7, text


def test_the_simplest_program_with_a_loop_keeps_its_label() -> None:
    text = simplest(strategies.programs(), lambda program: "loop1" in program.symbols())
    assert "loop1:" in text
    assert len(text.splitlines()) <= 14, text


# operations on maps


@examples
@given(st.lists(strategies.map_operations(keys=st.integers(0, 3), values=st.integers(0, 9)), max_size=20))
def test_operations_on_a_map_are_calls_of_it(operations: list[tuple[object, ...]]) -> None:
    made = vm.Map.create(1, key_size=4, value_size=4, max_entries=3)
    for name, *arguments in operations:
        method = getattr(made, str(name))
        try:
            answer = method(*arguments)
            if name in ("items", "keys"):
                list(answer)
        except KernelError:
            pass


def test_a_map_that_cannot_delete_is_not_asked_to() -> None:
    names = set()

    @settings(database=None, max_examples=100)
    @given(strategies.map_operations(keys=st.just(0), values=st.just(0), deletes=False))
    def collect(operation: tuple[object, ...]) -> None:
        names.add(operation[0])

    collect()
    assert names == {"update", "__getitem__", "__contains__", "items", "keys"}
    assert all(hasattr(Map, str(name)) for name in names)

"""What holds for any program and any text: nothing is lost on the way through text, and no text breaks the parser."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ebpfasm import asm
from ebpfasm.asm import R1, Instructions, Label
from ebpfasm.asm.form import Form
from ebpfasm.asm.table import FORMS
from ebpfasm.errors import AssemblySyntaxError, DecodeError, UnknownForm
from tests.asm import floods
from tests.asm.test_properties import any_bytes, called
from tests.asm.test_referees_live import LOST_BY_THE_KERNEL
from tests.asm.vectors import load

examples = settings(deadline=None, max_examples=100)
dialects = st.sampled_from(floods.DIALECTS)

# programs

WORDS = (
    "exit",
    "goto",
    "r1",
    "w10",
    "if",
    "ll",
    "call",
    "kfunc",
    "pc",
    "lock",
    ".byte",
    "a b",
    '"',
    "\\",
    "a\nb",
    "#",
    ";",
)
names = st.one_of(
    st.sampled_from(WORDS), st.text(min_size=1, max_size=8), st.from_regex(r"[A-Za-z_.$][\w.$]*", fullmatch=True)
)


def argument(param: Any, named: st.SearchStrategy[str] | None) -> st.SearchStrategy[Any]:
    """Return what a parameter of a form can be given; with ``named``, labels and maps by name as well."""
    if isinstance(param, str):
        return st.just(vars(asm)[param])
    numbers = st.one_of(st.sampled_from([param.low, param.high, 0]), st.integers(param.low, param.high))
    if param.kind == "register":
        return st.builds(asm.Register, numbers)
    if param.kind in ("label", "map") and named is not None:
        return st.one_of(named, numbers)
    return numbers


def instruction_of(form: Form, named: st.SearchStrategy[str] | None) -> st.SearchStrategy[asm.Instruction]:
    """Return what the builder word of a form makes."""
    return st.builds(called, st.just(form), st.tuples(*(argument(param, named) for param in form.params)))


def bare_instructions(*left_out: str) -> st.SearchStrategy[asm.Instruction]:
    """Return instructions without names."""
    forms = [form for form in FORMS if form.name not in left_out]
    return st.sampled_from(forms).flatmap(lambda form: instruction_of(form, None))


@st.composite
def programs(draw: st.DrawFn) -> Instructions:
    """Return a program whose labels and maps have any names, some of them the same; not each label has a place."""
    chosen = draw(st.lists(names, min_size=1, max_size=4, unique=True))
    named = st.sampled_from(chosen)
    items: list[Any] = draw(
        st.lists(st.sampled_from(FORMS).flatmap(lambda form: instruction_of(form, named)), max_size=8)
    )
    for name in draw(st.lists(named, unique=True)):
        items.insert(draw(st.integers(0, len(items))), Label(name))
    return Instructions(items)


class Map:
    """A map by object."""

    def __init__(self, name: str) -> None:
        self.name = name

    def fileno(self) -> int:
        return 3


@examples
@given(any_bytes)
def test_any_decodable_program_comes_back_from_its_text(data: bytes) -> None:
    try:
        program = Instructions.decode(data, "little")
    except DecodeError:
        return
    text = program.format()
    assert str(program) == text
    assert Instructions.parse(text) == program
    assert Instructions(list(program)).format() == text  # by objects as by bytes
    assert "\n".join(f"\t{instruction}" for instruction in program) == text


@settings(deadline=None, max_examples=200)
@given(programs())
def test_any_program_comes_back_from_its_text(program: Instructions) -> None:
    assert Instructions.parse(program.format()) == program


@examples
@given(names, st.lists(names, unique=True))
def test_a_map_is_written_by_its_name(name: str, labels: list[str]) -> None:
    by_object = Instructions([*map(Label, labels), asm.LoadMapPtr(R1, Map(name)), asm.LoadMapValue(R1, Map(name), 4)])
    by_name = Instructions([*map(Label, labels), asm.LoadMapPtr(R1, name), asm.LoadMapValue(R1, name, 4)])
    assert by_object.format() == by_name.format()
    assert Instructions.parse(by_object.format()) == by_name


@examples
@given(programs())
def test_what_ubpf_can_say_comes_back(program: Instructions) -> None:
    try:
        text = program.format("ubpf")
    except UnknownForm:
        said = [form for form in FORMS if "ubpf" in form.texts and form.name != "CallKfunc"]
        program = Instructions([one for one in program if one.form in said and one.opcode != 0x18])
        text = program.format("ubpf")
    # There the first exit is a label, too: a name nobody defines is found.
    assume("exit" in program.symbols() or "exit" not in [one.reference for one in program])
    assert Instructions.parse(text, "ubpf") == program


@examples
@given(st.lists(bare_instructions("LoadBTFID", *LOST_BY_THE_KERNEL), max_size=8))
def test_what_the_kernel_can_say_comes_back(items: list[asm.Instruction]) -> None:
    program = Instructions(items)
    assert Instructions.parse(program.format("kernel"), "kernel") == program


@examples
@given(programs())
def test_the_kernel_s_text_has_distances_for_labels(program: Instructions) -> None:
    defined = program.symbols()
    kept = [
        one
        for one in program
        if one.form is not None
        and one.form.name not in {"LoadBTFID", *LOST_BY_THE_KERNEL}
        and (one.reference is None or (one.reference in defined and one.form.reference == "label"))
    ]
    program = Instructions([*kept, *(Label(name) for name in defined if name not in Instructions(kept).symbols())])
    bare = Instructions([one.without_symbols() for one in program.resolved()])
    assert Instructions.parse(program.format("kernel"), "kernel") == bare


# texts

REAL = [
    *(vector["text"] for vector in load("llvm_codegen")[::20]),
    *[vector["text"] for vector in load("conformance") if "text" in vector][:20],
    "\n".join(f"{at}: (00) {vector['text']} ; R0=0" for at, vector in enumerate(load("xlated")[:40])),
    "\n".join(vector["text"] for vector in load("llvm_mc")[::100]),
    '.text\n.section a,"ax"\n.byte 1,2,3,4\n"odd \\n": /* c */ goto "odd \\n" # x\nr1 = \'a\' + 1 << 2',
]
TOKENS = sorted({word for text in REAL for word in text.replace("(", " ( ").replace(",", " , ").split()})[:400]
NOISE = [
    '"',
    "'",
    "\\",
    "\n",
    "\r\n",
    "#",
    "//",
    "/*",
    "*/",
    ";",
    ":",
    "-",
    "(",
    "0x",
    "9" * 30,
    "r11",
    ".byte",
    "\0",
    "٣",
    "²",
]


@st.composite
def mutations(draw: st.DrawFn) -> str:
    """Return a real program with a few changes."""
    text = draw(st.sampled_from(REAL))
    start = draw(st.integers(0, len(text)))
    text = text[start : start + 400]
    for _ in range(draw(st.integers(1, 5))):
        at = draw(st.integers(0, len(text)))
        until = at + draw(st.integers(0, 5))
        text = text[:at] + draw(st.sampled_from([*NOISE, *TOKENS, ""])) + text[until:]
    return text


any_text = st.one_of(
    st.text(),
    st.text(alphabet="rw0123456789 +-*/%&|^<>=()[]s\"'\\#;:.,abxulgotoifce\n"),
    st.lists(st.sampled_from([*TOKENS, *NOISE]), max_size=12).map(" ".join),
    mutations(),
)


@settings(deadline=None, max_examples=600)
@given(any_text, dialects)
def test_any_text_is_a_program_or_refused(text: str, dialect: str) -> None:
    mistakes: tuple[AssemblySyntaxError, ...] = ()
    try:
        program = Instructions.parse(text, dialect)
    except AssemblySyntaxError as error:
        mistakes = error.errors
        shown = str(error)
    else:
        assert Instructions.parse(program.format()) == program
    lines = text.split("\n")
    for one in mistakes:
        assert one.source == lines[one.line - 1].rstrip("\r")
        assert 1 <= one.column <= len(one.source) + 1
        assert f"line {one.line}, column {one.column}: " in shown or len(mistakes) > one.MOST_SHOWN


@examples
@given(mutations(), dialects)
def test_reading_a_text_twice_says_the_same(text: str, dialect: str) -> None:
    def outcome() -> object:
        try:
            return Instructions.parse(text, dialect)
        except AssemblySyntaxError as error:
            return str(error)

    assert outcome() == outcome()


# noise


@pytest.mark.parametrize("flood", floods.FLOODS)
def test_a_flood_ends(flood: str) -> None:
    # In a process of its own: what never came back could not be stopped here. It takes a second or two.
    result = subprocess.run(
        [sys.executable, "-m", floods.__name__, flood],
        cwd=Path(__file__).parent.parent.parent,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert result.returncode == 0, result.stderr[-2000:]
    assert [line.split()[0] for line in result.stdout.splitlines()] == list(floods.DIALECTS)
    assert "at length" not in result.stdout

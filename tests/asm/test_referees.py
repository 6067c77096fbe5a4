"""Text against what other tools make of it: LLVM, the verifier, bpftool and the assembler of bpf_conformance."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

import pytest

from ebpfasm import asm
from ebpfasm.asm import Instructions
from ebpfasm.asm.table import form_of
from ebpfasm.errors import AssemblySyntaxError, DecodeError, UnknownForm
from tests.asm.explained import EXPLAINED, Difference, Explained
from tests.asm.vectors import load


def read(text: str, dialect: str, byteorder: Any = "little") -> str:
    """Return the bytes of a text, in hexadecimal, or that it is refused and why."""
    try:
        return Instructions.parse(text, dialect).encode(byteorder).hex()
    except AssemblySyntaxError as error:
        return f"refused: {error.reason}"


def printed(encoding: str, dialect: str, byteorder: Any = "little") -> str:
    """Return the text of one instruction, or that there is none."""
    try:
        return Instructions.decode(bytes.fromhex(encoding), byteorder).format(dialect).strip()
    except UnknownForm:
        return "UnknownForm"


def llvm_differences() -> Iterator[Difference]:
    """Compare llvm-mc's bytes and llvm-objdump's texts."""
    for vector in load("llvm_mc"):
        text, encoding, byteorder = vector["text"], vector["hex"], vector["byteorder"]
        objdump = vector.get("objdump", text)
        texts = {"llvm-mc": {text}, "llvm-objdump": {objdump, vector.get("objdump_v1", objdump)}}
        for referee, readable in texts.items():
            for one in sorted(readable):
                if (ours := read(one, "llvm", byteorder)) != encoding:
                    yield Difference(referee, one, encoding, ours)
        if (ours := printed(encoding, "llvm", byteorder)) != objdump:
            yield Difference("llvm-print", objdump, encoding, ours)
    for vector in load("llvm_refused"):
        if not (ours := read(vector["text"], "llvm")).startswith("refused"):
            yield Difference("llvm-refused", vector["text"], "", ours, vector["reason"] or vector["outcome"])


def kernel_differences() -> Iterator[Difference]:
    """Compare the texts of the verifier and of bpftool."""
    for referee, name in (("verifier", "verifier_log"), ("bpftool", "xlated")):
        for vector in load(name):
            text, encoding = vector["text"], vector["hex"]
            note = vector.get("verdict", "patched" if "patched" in vector else "")
            if (ours := read(text, "kernel")) != encoding:
                yield Difference(referee, text, encoding, ours, note)
            if (ours := printed(encoding, "kernel")) != text:
                yield Difference(f"{referee}-print", text, encoding, ours, note)


def gnu_differences() -> Iterator[Difference]:
    """Compare the texts of GNU objdump, in both of its syntaxes."""
    for vector in load("gnu_objdump"):
        (instruction,) = Instructions.decode(bytes.fromhex(vector["hex"]), "little")
        form = form_of(instruction)
        texts = {"ubpf": {vector["text"], vector.get("hexadecimal", vector["text"])}, "llvm": {vector["pseudoc"]}}
        for dialect, readable in texts.items():
            for text in sorted(readable):
                if (ours := read(text, dialect)) != vector["hex"]:
                    referee = "gnu" if dialect == "ubpf" else "gnu-pseudoc"
                    yield Difference(referee, text, vector["hex"], ours, form.name if form else "reserved")


@functools.cache
def all_differences() -> tuple[Difference, ...]:
    """Return every difference there is, explained or not."""
    return (*llvm_differences(), *kernel_differences(), *gnu_differences())


def test_every_difference_is_explained() -> None:
    unexplained = [
        difference for difference in all_differences() if not any(entry.explains(difference) for entry in EXPLAINED)
    ]
    assert not unexplained


@pytest.mark.parametrize("entry", EXPLAINED, ids=lambda entry: f"{entry.referee}: {entry.text}")
def test_every_explanation_is_needed(entry: Explained) -> None:
    assert any(entry.explains(difference) for difference in all_differences())
    assert entry.form
    assert entry.right in {"ebpfasm", "both", "neither", "verifier", "bpftool"}
    assert len(entry.source) > 8


def test_gnu_s_text_is_read_as_other_bytes_only_where_it_is_that_of_those_bytes_too() -> None:
    columns = {"gnu": ("text", "hexadecimal"), "gnu-pseudoc": ("pseudoc",)}
    others = [one for one in all_differences() if one.referee in columns and not one.ours.startswith("refused")]
    said = {
        (referee, vector["hex"]): {vector.get(name) for name in names}
        for vector in load("gnu_objdump")
        for referee, names in columns.items()
    }
    assert len(others) > 200
    for one in others:
        if one.text and (one.referee, one.ours) in said:
            assert one.text in said[one.referee, one.ours]
        # The opcode is as GNU has it: what is lost are fields.
        assert one.ours[:2] in (one.hex[:2], "")
    assert sum((one.referee, one.ours) in said for one in others) > 50


def test_reserved_fields_are_all_that_the_verifier_s_text_loses() -> None:
    read_otherwise = [
        difference
        for difference in all_differences()
        if difference.referee == "verifier" and not difference.ours.startswith("refused")
    ]
    assert len(read_otherwise) > 1000
    for difference in read_otherwise:
        if not difference.text.startswith("call unknown#"):  # whose src says that it is no helper's number
            assert printed(difference.ours, "kernel") == difference.text
        assert form_of(Instructions.decode(bytes.fromhex(difference.hex), "little")[0]) is None


def test_what_the_kernel_says_of_a_valid_encoding_is_read_back() -> None:
    lost = []
    seen = 0
    for vector in (*load("verifier_log"), *load("xlated")):
        (instruction,) = Instructions.decode(bytes.fromhex(vector["hex"]), "little")
        if form_of(instruction) is None or "kptr" in vector["text"]:
            continue
        seen += 1
        if read(printed(vector["hex"], "kernel"), "kernel") != vector["hex"]:
            lost.append(vector)
    assert not lost
    assert seen > 5000


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("ld_pseudo r9, 3 + 1, -1", "18490000ffffffff0000000000000000"),
        ("ld_pseudo r1, 2 - 1, 5", "18110000050000000000000000000000"),
        ("call kfunc 77 + 2", "852000004f000000"),
        ("call kfunc 77, +2", "852002004d000000"),
    ],
)
def test_a_sum_is_one_number_and_no_two_though_commas_may_be_left_out(text: str, encoding: str) -> None:
    # The first two are llvm-mc's bytes.
    assert read(text, "llvm") == encoding
    assert read("ld_pseudo r1 1 -5", "llvm").startswith("refused")  # by llvm-mc, too: there is one number


# clang's programs


class Nothing:
    """A map whose file descriptor is what an object file has in its place."""

    def fileno(self) -> int:
        return 0


def linked(text: str) -> Instructions:
    """Read a text and define what it leaves to the linker: functions stand at its end, maps are zero."""
    program = Instructions.parse(text)
    defined = program.symbols()
    functions: list[Any] = []
    maps = {}
    for instruction in program:
        name = instruction.reference
        if isinstance(name, str) and name not in defined and instruction.opcode == 0x18:
            maps[name] = Nothing()
        elif isinstance(name, str) and name not in defined and name not in [label.name for label in functions]:
            functions.append(asm.Label(name))
    return Instructions([program, *functions]).bind(**maps)


@pytest.mark.parametrize("vector", load("llvm_codegen"), ids=lambda vector: vector["name"])
def test_clang_s_programs_are_llvm_s_bytes(vector: dict[str, Any]) -> None:
    program = linked(vector["text"])
    ours = program.encode(vector["byteorder"])
    theirs = bytes.fromhex(vector["hex"])
    assert len(ours) == len(theirs)
    left_to_the_linker = {unit + more for unit in vector["relocated"] for more in (0, 1)}
    for unit in range(len(ours) // 8):
        end = unit * 8 + (1 if unit in left_to_the_linker else 8)
        assert ours[unit * 8 : end] == theirs[unit * 8 : end], f"unit {unit}"
    again = Instructions.parse(vector["text"])
    assert Instructions.parse(again.format()) == again


def test_some_of_clang_s_programs_need_no_linker() -> None:
    assert sum(not vector["relocated"] for vector in load("llvm_codegen")) > 190


# bpf_conformance and ubpf

CONFORMANCE = load("conformance")


@pytest.mark.parametrize(
    "vector", [vector for vector in CONFORMANCE if "text" in vector], ids=lambda vector: vector["name"]
)
def test_conformance(vector: dict[str, Any]) -> None:
    if "refused" in vector or "%r11" in vector["text"]:
        with pytest.raises(AssemblySyntaxError):
            Instructions.parse(vector["text"], "ubpf")
        return
    program = Instructions.parse(vector["text"], "ubpf")
    assert program.encode("little").hex() == vector["hex"]
    bare = Instructions.decode(bytes.fromhex(vector["hex"]), "little")
    assert Instructions.parse(bare.format("ubpf"), "ubpf") == bare
    assert Instructions.parse(program.format("ubpf"), "ubpf") == program


@pytest.mark.parametrize(
    "vector", [vector for vector in CONFORMANCE if "text" not in vector], ids=lambda vector: vector["name"]
)
def test_what_no_text_of_conformance_can_say(vector: dict[str, Any]) -> None:
    data = bytes.fromhex(vector["hex"])
    try:
        program = Instructions.decode(data, "little")
    except DecodeError:
        assert "lddw" in vector["name"]
        return
    with pytest.raises(UnknownForm):
        program.format("ubpf")
    assert Instructions.parse(program.format()) == program

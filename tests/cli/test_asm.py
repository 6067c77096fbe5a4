"""``ebpfasm asm``: text in, bytes out, and all that is wrong with the text."""

from __future__ import annotations

import os
import pty
import random
import subprocess
import sys
from pathlib import Path

import pytest

from ebpfasm.asm import Instructions
from ebpfasm.cli.formats import CODE, READABLE
from tests.cli.conftest import Ebpfasm
from tests.cli.run import COMMAND, environment, run

COUNT = """\
\tr2 = 5
start:
\tif r2 == 0 goto out  // done
\tr2 += -1
\tgoto start
out:
\tr0 = 0
\texit
"""
LITTLE = "b702000005000000150202000000000007020000ffffffff0500fdff00000000b7000000000000009500000000000000"
BIG = "b7200000000000051520000200000000072000" + "00ffffffff0500fffd00000000b7000000000000009500000000000000"


def test_hexadecimal_is_the_default(ebpfasm: Ebpfasm) -> None:
    assert ebpfasm("asm", "--byteorder", "little", given=COUNT) == (0, f"{LITTLE}\n".encode(), "")
    assert ebpfasm("asm", "--byteorder", "big", given=COUNT) == (0, f"{BIG}\n".encode(), "")
    assert ebpfasm("asm", given=COUNT).out.strip().decode() == {"little": LITTLE, "big": BIG}[sys.byteorder]


@pytest.mark.parametrize("byteorder", ["little", "big"])
@pytest.mark.parametrize("form", READABLE)
def test_what_is_written_is_read(form: str, byteorder: str, ebpfasm: Ebpfasm) -> None:
    made = ebpfasm("asm", "-", "--format", form, "--byteorder", byteorder, given=COUNT)
    assert (made.status, made.err) == (0, "")
    for source in ("auto", form):
        text = ebpfasm("disasm", "--input", source, "--byteorder", byteorder, given=made.out)
        assert (text.status, text.err) == (0, "")
        assert Instructions.parse(text.out.decode()).encode("little").hex() == LITTLE


@pytest.mark.parametrize("form", CODE)
def test_nothing_is_an_empty_program(form: str, ebpfasm: Ebpfasm) -> None:
    made = ebpfasm("asm", "--format", form, given="\n# nothing\n")
    assert (made.status, made.err) == (0, "")
    if form in READABLE:
        assert ebpfasm("disasm", given=made.out) == (0, b"", "")


def test_the_listing_has_bytes_and_labels(ebpfasm: Ebpfasm) -> None:
    lines = ebpfasm("asm", "--format", "listing", "--byteorder", "big", given=COUNT).out.decode().splitlines()
    assert lines[0].startswith("    0: b7 20 00 00 00 00 00 05")
    assert lines[1].startswith("start:")


def test_the_name_is_the_files(ebpfasm: Ebpfasm, tmp_path: Path) -> None:
    source = tmp_path / "2 two-words.v1.s"
    source.write_text(COUNT)
    assert b"static const unsigned char _2_two_words_v1_code[48]" in ebpfasm("asm", str(source), "--format", "c").out
    assert ebpfasm("asm", str(source), "--format", "python").out.startswith(b"_2_two_words_v1_code = bytes.fromhex(")
    assert ebpfasm("asm", str(source), "--format", "dot").out.startswith(b'digraph "_2_two_words_v1_code"')
    assert b"unsigned char program_code[48]" in ebpfasm("asm", "--format", "c", given=COUNT).out


def test_from_a_file_to_a_file(ebpfasm: Ebpfasm, tmp_path: Path) -> None:
    source, target = tmp_path / "count.s", tmp_path / "count.o"
    source.write_bytes(b"\xef\xbb\xbf" + COUNT.replace("\n", "\r\n").encode())
    answer = ebpfasm("asm", str(source), "--format", "raw", "--byteorder", "little", "-o", str(target))
    assert answer == (0, b"", "")
    assert target.read_bytes().hex() == LITTLE


def test_a_mistake_leaves_the_output_as_it_was(ebpfasm: Ebpfasm, tmp_path: Path) -> None:
    target = tmp_path / "count.o"
    target.write_bytes(b"before")
    assert ebpfasm("asm", "-o", str(target), given="exti").status == 1
    assert target.read_bytes() == b"before"


@pytest.mark.parametrize(
    ("dialect", "text"),
    [
        ("llvm", "r0 = 0\nexit\n"),
        ("kernel", "   0: (b7) r0 = 0\n   1: (95) exit\n"),
        ("ubpf", "mov %r0, 0\nexit\n"),
    ],
)
def test_dialects(dialect: str, text: str, ebpfasm: Ebpfasm) -> None:
    made = ebpfasm("asm", "--dialect", dialect, "--byteorder", "little", given=text)
    assert made == (0, b"b7000000000000009500000000000000\n", "")
    back = ebpfasm("disasm", "--dialect", dialect, "--byteorder", "little", given=made.out).out.decode()
    assert Instructions.parse(back, dialect) == Instructions.parse(text, dialect)


# mistakes


def test_mistakes_are_told_as_compilers_do(ebpfasm: Ebpfasm, tmp_path: Path) -> None:
    source = tmp_path / "bad.s"
    source.write_text("r0 = 0\nexti\n\tr12 = 4; r1 = r2\n\t\t r1 += 4294967296\nexit\n")
    answer = ebpfasm("asm", str(source))
    assert (answer.status, answer.out) == (1, b"")
    lines = answer.err.splitlines()
    assert [line for line in lines if line.startswith(str(source))] == [
        f"{source}:2:1: 'exti' is no instruction; did you mean 'exit'?",
        f"{source}:3:3: register must be 0..10, not 12",
        f"{source}:4:10: immediate must be in -2147483648..4294967295, not 4294967296",
    ]
    assert lines[1::3] == ["  exti", "  \tr12 = 4; r1 = r2", "  \t\t r1 += 4294967296"]
    assert lines[2::3] == ["  ^", "  \t ^", "  \t\t       ^"]


def test_ten_mistakes_are_ten(ebpfasm: Ebpfasm) -> None:
    answer = ebpfasm("asm", given="exit\nnonsense\n" * 10)
    assert [line for line in answer.err.splitlines() if line.startswith("<stdin>:")] == [
        f"<stdin>:{line}:1: 'nonsense' is no instruction" for line in range(2, 21, 2)
    ]


def test_names_that_nothing_has_are_told_where_they_are_used(ebpfasm: Ebpfasm) -> None:
    text = 'start:\nif r1 == 0 goto strat // goto end\n/* goto end */ goto "end"\nr1 = slots ll\ncall strat\nexit'
    answer = ebpfasm("asm", "-", given=text)
    assert (answer.status, answer.out) == (1, b"")
    assert [line for line in answer.err.splitlines() if line.startswith("<stdin>:")] == [
        "<stdin>:2:17: label 'strat' is not defined; did you mean 'start'?",
        "<stdin>:3:21: label 'end' is not defined",
        "<stdin>:4:6: map 'slots' has no file descriptor here: give it as a number, ld_pseudo r1, 1, 5",
        "<stdin>:5:6: label 'strat' is not defined; did you mean 'start'?",
    ]


def test_a_jump_that_does_not_reach_is_one_line(ebpfasm: Ebpfasm) -> None:
    answer = ebpfasm("asm", given="if r1 == 0 goto far\n" + "r0 = 0\n" * 40_000 + "far: exit")
    assert (answer.status, answer.out) == (1, b"")
    assert answer.err.startswith("<stdin>: ")
    assert "'far' is 40000 units away" in answer.err
    assert answer.err.count("\n") == 1


def test_what_is_no_text_is_told_where(ebpfasm: Ebpfasm) -> None:
    answer = ebpfasm("asm", given=b"exit\nr0 = 0 // \xe9t\xe9 \x1b[2J\n")
    assert answer.err.splitlines() == [
        "<stdin>:2:11: this is no text: byte 0xe9 is not UTF-8",
        "  r0 = 0 // \ufffdt\ufffd \ufffd[2J",
        "            ^",
    ]
    assert answer.status == 1


def test_a_long_line_is_shown_in_part(ebpfasm: Ebpfasm) -> None:
    answer = ebpfasm("asm", given="r0 = 0; " * 100_000 + "nonsense; " + "exit; " * 100_000)
    head, line, caret = answer.err.splitlines()
    assert head == "<stdin>:1:800001: 'nonsense' is no instruction"
    assert len(line) < 200
    assert line[caret.index("^") :].startswith("nonsense;")


@pytest.mark.parametrize("seed", [1, 2])
def test_a_megabyte_of_noise_is_refused(seed: int, ebpfasm: Ebpfasm) -> None:
    chance = random.Random(seed)
    noise = (
        chance.randbytes(1 << 20) if seed == 1 else bytes(chance.choices(b'r0 =+-;:,.()[]*/"#\n\texit19w', k=1 << 20))
    )
    answer = ebpfasm("asm", given=noise)
    assert (answer.status, answer.out) == (1, b"")
    assert answer.err.startswith("<stdin>:")


@pytest.mark.parametrize(
    ("text", "dialect", "others"),
    [
        ("mov %r0, 1", "llvm", ["ubpf"]),
        ("0: (b7) r0 = 0", "llvm", ["kernel"]),
        ("0: (b7) r0 = 0", "ubpf", ["kernel"]),
        ("r0 = 0", "ubpf", ["llvm", "kernel"]),
        ("frob", "llvm", []),
        ("mov %r0, 1\nr0 = 1", "llvm", []),
    ],
)
def test_another_dialect_is_told(text: str, dialect: str, others: list[str], ebpfasm: Ebpfasm) -> None:
    answer = ebpfasm("asm", "--dialect", dialect, given=text)
    assert (answer.status, answer.out) == (1, b"")
    hints = [line for line in answer.err.splitlines() if "--dialect" in line]
    assert hints == [f"<stdin>: this can be read with --dialect {other}" for other in others]


# files and streams


def test_a_file_that_is_not_there(ebpfasm: Ebpfasm, tmp_path: Path) -> None:
    path = str(tmp_path / "no.s")
    assert ebpfasm("asm", path) == (1, b"", f"ebpfasm: {path}: No such file or directory\n")
    assert ebpfasm("asm", "-o", f"{path}/x", given="exit").err.startswith(f"ebpfasm: {path}/x: No such")
    assert ebpfasm("asm", str(tmp_path)).err == f"ebpfasm: {tmp_path}: Is a directory\n"


def test_in_a_process_of_its_own() -> None:
    result = run("asm", "--byteorder", "little", given=COUNT)
    assert (result.returncode, result.stdout, result.stderr) == (0, f"{LITTLE}\n", "")


def test_a_stream_without_the_characters_gets_others() -> None:
    result = run("asm", "--format", "listing", "--byteorder", "little", given="a: goto a", PYTHONIOENCODING="ascii")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == "a:\n    0: 05 00 ff ff 00 00 00 00  @-> goto a\n"


@pytest.mark.parametrize("arguments", [["asm"], ["stub", "--fd", "5"]])
def test_raw_bytes_are_not_for_a_terminal(arguments: list[str], tmp_path: Path) -> None:
    master, terminal = pty.openpty()
    try:
        command = [*COMMAND, *arguments, "--format", "raw"]
        result = subprocess.run(
            command, env=environment(), stdin=subprocess.DEVNULL, stdout=terminal, stderr=subprocess.PIPE, check=False
        )
        assert result.returncode == 2
        assert b"raw bytes are not for a terminal: give -o FILE" in result.stderr
        result = subprocess.run(
            [*command, "-o", str(tmp_path / "out")],
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=terminal,
            check=False,
        )
        assert result.returncode == 0
    finally:
        os.close(terminal)
        os.close(master)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--format", "text"], "invalid choice: 'text'"),
        (["--dialect", "intel"], "invalid choice: 'intel'"),
        (["--byteorder", "middle"], "invalid choice: 'middle'"),
        (["--json", "--format", "c"], "not allowed with argument"),
        (["one.s", "two.s"], "unrecognized arguments: two.s"),
        (["--form", "c"], "unrecognized arguments: --form"),
    ],
)
def test_wrong_usage_is_status_2(arguments: list[str], message: str, ebpfasm: Ebpfasm) -> None:
    answer = ebpfasm("asm", *arguments)
    assert (answer.status, answer.out) == (2, b"")
    assert message in answer.err

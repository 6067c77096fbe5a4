"""``ebpfasm disasm``: bytes in any format, or a program in the kernel, and what is wrong with them."""

from __future__ import annotations

import json
import random
import sys
from errno import EPERM
from pathlib import Path

import pytest

from ebpfasm import Program, ProgramType
from ebpfasm.asm import R0, Instructions, Ja, Mov, Return
from ebpfasm.cli.formats import VIEWS
from ebpfasm.errors import PermissionDenied
from tests.cli.conftest import Ebpfasm
from tests.cli.run import run

DROP = "b7000000020000009500000000000000"
DROP_BIG = "b7000000000000029500000000000000"
TEXT = b"\tr0 = 2\n\texit\n"


def test_text_is_the_default(ebpfasm: Ebpfasm) -> None:
    assert ebpfasm("disasm", "--byteorder", "little", given=DROP) == (0, TEXT, "")
    assert ebpfasm("disasm", "--byteorder", "big", given=DROP_BIG) == (0, TEXT, "")
    assert ebpfasm("disasm", "-", given={"little": DROP, "big": DROP_BIG}[sys.byteorder]) == (0, TEXT, "")


def test_bytes_on_the_command_line(ebpfasm: Ebpfasm) -> None:
    given = "b7 00 00 00 02 00 00 00  95 00 00 00 00 00 00 00"
    assert ebpfasm("disasm", "--byteorder", "little", "--hex", given, given="not read") == (0, TEXT, "")


def test_from_a_file_to_a_file(ebpfasm: Ebpfasm, tmp_path: Path) -> None:
    source, target = tmp_path / "drop.bin", tmp_path / "drop.s"
    source.write_bytes(bytes.fromhex(DROP))
    assert ebpfasm("disasm", str(source), "--byteorder", "little", "-o", str(target)) == (0, b"", "")
    assert target.read_bytes() == TEXT


def test_json_says_its_byte_order(ebpfasm: Ebpfasm) -> None:
    other = {"little": "big", "big": "little"}[sys.byteorder]
    made = ebpfasm("asm", "--json", "--byteorder", other, given=TEXT).out
    assert ebpfasm("disasm", given=made) == (0, TEXT, "")
    assert json.loads(ebpfasm("disasm", "--json", given=made).out) == json.loads(made)
    refused = ebpfasm("disasm", "--byteorder", sys.byteorder, given=made)
    assert refused == (
        1,
        b"",
        f"<stdin>: the input says that it is {other}-endian, --byteorder that it is {sys.byteorder}-endian\n",
    )


def test_labels_of_json_come_back(ebpfasm: Ebpfasm) -> None:
    text = b"again:\n\tr0 += 1\n\tif r0 != 9 goto again\n\texit\n"
    assert ebpfasm("disasm", given=ebpfasm("asm", "--json", given=text).out) == (0, text, "")


def test_listing_and_graph(ebpfasm: Ebpfasm) -> None:
    listing = ebpfasm("disasm", "--byteorder", "big", "--hex", DROP_BIG, "--format", "listing").out.decode()
    assert listing == Instructions([Mov.Imm(R0, 2), Return()]).listing("big") + "\n"
    assert ebpfasm("disasm", "--hex", DROP, "--format", "dot").out.startswith(b'digraph "program_code" {')


@pytest.mark.parametrize("form", VIEWS)
def test_no_input_is_an_empty_program(form: str, ebpfasm: Ebpfasm) -> None:
    answer = ebpfasm("disasm", "--format", form, given="")
    assert (answer.status, answer.err) == (0, "")
    if form in ("text", "listing"):
        assert answer.out == b""


def test_dialects(ebpfasm: Ebpfasm) -> None:
    assert (
        ebpfasm("disasm", "--byteorder", "little", "--hex", DROP, "--dialect", "ubpf").out
        == (Instructions([Mov.Imm(R0, 2), Return()]).format("ubpf") + "\n").encode()
    )
    members = json.loads(ebpfasm("disasm", "--byteorder", "little", "--hex", DROP, "--dialect", "ubpf", "--json").out)
    assert members["instructions"][0]["text"].startswith("mov")


# what is wrong with an input


def test_a_dialect_without_a_text_for_an_instruction(ebpfasm: Ebpfasm) -> None:
    answer = ebpfasm("disasm", "--hex", "ff00000000000000", "--dialect", "ubpf")
    assert (answer.status, answer.out) == (1, b"")
    assert answer.err.startswith("--hex: the ubpf dialect has no text for ")


def test_a_place_is_shown(ebpfasm: Ebpfasm, tmp_path: Path) -> None:
    source = tmp_path / "drop.h"
    source.write_text("char drop[] = {\n\t1, 0x200,\n};\n")
    answer = ebpfasm("disasm", str(source))
    assert (answer.status, answer.out) == (1, b"")
    assert answer.err == f"{source}:2:5: '0x200' is no byte: a number in 0..255\n  \t1, 0x200,\n  \t   ^\n"
    assert ebpfasm("disasm", "--hex", "b7\udce9").status == 1


@pytest.mark.parametrize("arguments", [["--input", "raw"], ["--input", "hex"]])
def test_bytes_that_are_no_program(arguments: list[str], ebpfasm: Ebpfasm) -> None:
    given = bytes.fromhex(DROP)[:-1] if "raw" in arguments else DROP[:-2]
    assert ebpfasm("disasm", *arguments, given=given) == (
        1,
        b"",
        "<stdin>: 15 bytes are no whole number of units of 8: 7 are left over at byte 8\n",
    )


def test_what_cannot_be_recognised(ebpfasm: Ebpfasm) -> None:
    answer = ebpfasm("disasm", given="r0 = 0\nexit\n")
    assert (answer.status, answer.out) == (1, b"")
    assert answer.err == (
        "<stdin>: this text looks like none of hex, raw, c, python, json, base64: say what it is with --input, or, "
        "if it is assembly, give it to ebpfasm asm\n"
    )
    answer = ebpfasm("disasm", given="B7000000000000009500000000000000")
    assert answer.err == "<stdin>: this can be read in more than one way: say --input hex or --input base64\n"
    answer = ebpfasm("disasm", "--byteorder", "little", "--input", "hex", given="B7000000020000009500000000000000")
    assert answer == (0, TEXT, "")


def test_a_graph_of_what_leads_nowhere(ebpfasm: Ebpfasm) -> None:
    code = Instructions([Ja.Label(100), Return()]).encode("little").hex()
    answer = ebpfasm("disasm", "--byteorder", "little", "--hex", code, "--format", "dot")
    assert (answer.status, answer.out) == (1, b"")
    assert answer.err.startswith("--hex: ")
    assert answer.err.count("\n") == 1


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("source", ["auto", "raw", "hex", "base64"])
def test_a_megabyte_of_noise(seed: int, source: str, ebpfasm: Ebpfasm) -> None:
    chance = random.Random(seed)
    noise = chance.randbytes(1 << 20) if seed == 1 else bytes(chance.choices(b"0123456789abcdefABX+/= \n", k=1 << 20))
    answer = ebpfasm("disasm", "--input", source, given=noise)
    assert answer.status == 1 or (source == "raw" and 0x18 not in noise[::8])
    assert answer.status == 0 or (answer.out == b"" and answer.err.startswith("<stdin>:"))


# wrong usage


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--hex", "b7", "--id", "5"], "--hex and --id: one program at a time"),
        (["-", "--pin", "/sys/fs/bpf/x"], "FILE and --pin: one program at a time"),
        (["--hex", "b7", "--input", "hex"], "there is nothing to say of --hex"),
        (["--id", "5", "--input", "raw"], "there is nothing to say of --id"),
        (["--id", "5", "--byteorder", "big"], "--id: a program in the kernel has this machine's byte order"),
        (["--pin", "x", "--byteorder", "little"], "--pin: a program in the kernel has this machine's byte order"),
        (["--dialect", "kernel", "--format", "listing"], "--dialect: a listing has one way to write instructions"),
        (["--dialect", "ubpf", "--format", "dot"], "--dialect: a dot has one way to write instructions"),
        (["--id", "0"], "must be a number in 1..4294967295, not '0'"),
        (["--format", "c"], "invalid choice: 'c'"),
        (["--input", "elf"], "invalid choice: 'elf'"),
        (["--json", "--format", "text"], "not allowed with argument"),
    ],
)
def test_wrong_usage_is_status_2(arguments: list[str], message: str, ebpfasm: Ebpfasm) -> None:
    answer = ebpfasm("disasm", *arguments)
    assert (answer.status, answer.out) == (2, b"")
    assert message in answer.err


# programs in the kernel


@pytest.mark.needs_kernel
def test_a_program_by_its_pin_and_by_its_id(no_leaks: None, bpffs: Path) -> None:
    with Program.load(ProgramType.SCHED_CLS, [Mov.Imm(R0, 2), Return()], name="drop") as program:
        program.pin(str(bpffs / "drop"))
        for source in (["--pin", str(bpffs / "drop")], ["--id", str(program.id)]):
            result = run("disasm", *source)
            assert (result.returncode, result.stdout, result.stderr) == (0, TEXT.decode(), "")
            members = json.loads(run("disasm", *source, "--json").stdout)
            assert members["byteorder"] == sys.byteorder
            assert members["bytes"] == {"little": DROP, "big": DROP_BIG}[sys.byteorder]
            assert run("disasm", *source, "--format", "dot").stdout.startswith('digraph "drop_code" {')


@pytest.mark.needs_kernel
def test_what_is_no_program(no_leaks: None, bpffs: Path, ebpfasm: Ebpfasm) -> None:
    for source in (["--id", "4294967295"], ["--pin", str(bpffs / "nothing")], ["--pin", "/dev/null"]):
        answer = ebpfasm("disasm", *source)
        assert (answer.status, answer.out) == (1, b"")
        assert answer.err.startswith("ebpfasm: BPF_")
        assert answer.err.count("\n") == 1


class Hidden:
    """A program that the kernel keeps to itself."""

    name = "hidden"

    def __enter__(self) -> Hidden:
        return self

    def __exit__(self, *_: object) -> None: ...

    def translated(self) -> Instructions:
        return Instructions()


def test_a_program_that_the_kernel_does_not_show(ebpfasm: Ebpfasm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Program, "from_id", lambda _: Hidden())
    monkeypatch.setattr(Program, "from_pin", lambda _: Hidden())
    assert ebpfasm("disasm", "--id", "7").err.startswith(
        "ebpfasm: the kernel does not show the instructions of program 7: that takes CAP_BPF, and where "
    )
    answer = ebpfasm("disasm", "--pin", "/p")
    assert (answer.status, answer.out) == (1, b"")
    assert "of the program pinned as /p: " in answer.err


def test_no_right_to_a_program(ebpfasm: Ebpfasm, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: int) -> None:
        raise PermissionDenied(EPERM, "BPF_PROG_GET_FD_BY_ID: takes CAP_SYS_ADMIN")

    monkeypatch.setattr(Program, "from_id", refuse)
    assert ebpfasm("disasm", "--id", "7") == (1, b"", "ebpfasm: BPF_PROG_GET_FD_BY_ID: takes CAP_SYS_ADMIN\n")


def test_without_cffi(ebpfasm: Ebpfasm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ebpfasm.objects.programs", None)
    answer = ebpfasm("disasm", "--id", "7")
    assert (answer.status, answer.out) == (1, b"")
    assert answer.err.startswith("ebpfasm: a program in the kernel cannot be reached without cffi: ")

"""``ebpfasm stub``: the same program in every format."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ebpfasm.asm import Instructions
from ebpfasm.cli import main
from ebpfasm.cli.formats import READABLE
from ebpfasm.datapath.entry import entry_stub
from tests.cli.conftest import Ebpfasm
from tests.cli.run import COMMAND, environment

LITTLE = "18120000ddccbb0a0000000000000000b703000000000000850000000c000000b7000000000000009500000000000000"
BIG = "182100000abbccdd0000000000000000b730000000000000850000000000000cb7000000000000009500000000000000"
FD = str(0x0ABBCCDD)


def test_hexadecimal_is_one_line(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["stub", "--fd", FD, "--byteorder", "little"]) == 0
    assert capfd.readouterr() == (f"{LITTLE}\n", "")


def test_big_endian(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["stub", "--fd", "0x0abbccdd", "--byteorder", "big", "--format", "hex"]) == 0
    assert capfd.readouterr().out == f"{BIG}\n"


def test_the_default_byte_order_is_this_machines(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["stub", "--fd", FD]) == 0
    assert capfd.readouterr().out.strip() == {"little": LITTLE, "big": BIG}[sys.byteorder]


def test_raw_bytes(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["stub", "--fd", FD, "--byteorder", "little", "--format", "raw"]) == 0
    assert capfdbinary.readouterr().out == bytes.fromhex(LITTLE)


@pytest.mark.parametrize(("byteorder", "expected"), [("little", LITTLE), ("big", BIG)])
def test_the_c_array_holds_the_same_bytes(byteorder: str, expected: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["stub", "--fd", FD, "--byteorder", byteorder, "--format", "c"]) == 0
    source = capfd.readouterr().out
    declaration, _, rest = source.partition("{\n")
    assert "entry_stub[48]" in declaration
    assert "memcpy(entry_stub + 4, &fd, 4)" in declaration
    assert f"{byteorder}-endian" in declaration
    code = [line.partition("/*")[0] for line in rest.partition("};")[0].splitlines()]
    assert bytes(int(byte, 16) for line in code for byte in line.split(",") if byte.strip()).hex() == expected
    assert declaration.count("/*") == declaration.count("*/") == 1


@pytest.mark.parametrize("byteorder", ["little", "big"])
@pytest.mark.parametrize("form", READABLE)
def test_every_format_that_can_be_read_is_the_same_program(form: str, byteorder: str, ebpfasm: Ebpfasm) -> None:
    answer = ebpfasm("stub", "--fd", "5", "--index", "7", "--format", form, "--byteorder", byteorder)
    assert (answer.status, answer.err) == (0, "")
    text = ebpfasm("disasm", "--byteorder", byteorder, given=answer.out)
    assert text == (0, f"{entry_stub(5, 7)}\n".encode(), "")


def test_json_for_short(ebpfasm: Ebpfasm) -> None:
    answer = ebpfasm("stub", "--fd", FD, "--byteorder", "big", "--json")
    assert json.loads(answer.out)["bytes"] == BIG
    assert answer == ebpfasm("stub", "--fd", FD, "--byteorder", "big", "--format", "json")


def test_the_python_says_what_it_is(ebpfasm: Ebpfasm) -> None:
    source = ebpfasm("stub", "--fd", FD, "--byteorder", "little", "--format", "python").out.decode()
    names: dict[str, bytes] = {}
    exec(source, names)
    assert names["entry_stub"].hex() == LITTLE
    assert f"# Bytes 4..7 are the array's file descriptor ({FD} here)" in source


def test_the_graph_is_named(ebpfasm: Ebpfasm) -> None:
    assert ebpfasm("stub", "--fd", "5", "--format", "dot").out.startswith(b'digraph "entry_stub" {')


def test_to_a_file(ebpfasm: Ebpfasm, tmp_path: Path) -> None:
    path = tmp_path / "stub.bin"
    assert ebpfasm("stub", "--fd", FD, "--byteorder", "little", "--format", "raw", "-o", str(path)) == (0, b"", "")
    assert path.read_bytes().hex() == LITTLE


def test_the_listing_shows_units_and_text(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["stub", "--fd", "5", "--format", "listing", "--byteorder", "little"]) == 0
    lines = capfd.readouterr().out.splitlines()
    assert lines[0] == "    0: 18 12 00 00 05 00 00 00  ld_pseudo r2, 1, 5  ; map fd 5"
    assert len(lines) == 6


def test_the_index_is_the_slot(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["stub", "--fd", "5", "--index", "7"]) == 0
    program = Instructions.decode(bytes.fromhex(capfd.readouterr().out))
    assert program[1].imm == 7


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "COMMAND"),
        (["nothing"], "invalid choice: 'nothing'"),
        (["stub"], "--fd"),
        (["stub", "--fd", "-1"], "must be a number in 0..2147483647, not '-1'"),
        (["stub", "--fd", "2147483648"], "must be a number in 0..2147483647, not '2147483648'"),
        (["stub", "--fd", "five"], "must be a number in 0..2147483647, not 'five'"),
        (["stub", "--fd", "5", "--index", "-1"], "--index: must be a number"),
        (["stub", "--fd", "5", "--format", "elf"], "invalid choice: 'elf'"),
        (["stub", "--fd", "5", "--byteorder", "middle"], "invalid choice: 'middle'"),
        (["stub", "--fd", "5", "--json", "--format", "hex"], "not allowed with argument --json"),
        (["stub", "--fd", "5", "--format", "text"], "invalid choice: 'text'"),
        (["demo", "--swaps", "99"], "must be a number in 100..1000000, not '99'"),
        (["demo", "--seconds", "nan"], "must be a number of seconds in 0.1..600, not 'nan'"),
        (["demo", "--seconds", "long"], "must be a number of seconds in 0.1..600, not 'long'"),
        (["demo", "--attach", "xdp"], "invalid choice: 'xdp'"),
    ],
)
def test_wrong_usage_is_status_2(arguments: list[str], message: str, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert message in err


def test_a_reader_that_went_away_is_no_traceback() -> None:
    with subprocess.Popen(
        [*COMMAND, "stub", "--fd", "5", "--format", "raw"],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == b""
    assert process.returncode == 1


def test_a_full_disk_is_one_line() -> None:
    with open("/dev/full", "wb") as full:
        result = subprocess.run(
            [*COMMAND, "stub", "--fd", "5"],
            env=environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert result.returncode == 1
    assert result.stderr == "ebpfasm: No space left on device\n"

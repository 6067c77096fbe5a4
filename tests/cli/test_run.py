"""``ebpfasm run``: programs in, results out; in the vm, and in the kernel the same."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from ebpfasm.asm import Instructions
from ebpfasm.cli import TYPES
from ebpfasm.cli.formats import READABLE
from tests.cli.conftest import Ebpfasm

RETURN_2 = "r0 = 2\nexit\n"
FIRST_WORD = "r0 = *(u32 *)(r1 + 0)\nexit\n"
MARK = "r0 = *(u32 *)(r1 + 8)\nr2 = 9\n*(u32 *)(r1 + 8) = r2\nexit\n"
PACKET = "00" * 12 + "0806" + "00" * 6
COUNT = """\
    *(u32 *)(r10 - 4) = 7
    r1 = counts ll
    r2 = r10
    r2 += -4
    call 1
    if r0 == 0 goto new
    r1 = 1
    lock *(u64 *)(r0 + 0) += r1
    goto out
new:
    *(u64 *)(r10 - 16) = 1
    r1 = counts ll
    r2 = r10
    r2 += -4
    r3 = r10
    r3 += -16
    r4 = 0
    call 2
out:
    r0 = 0
    exit
"""
MAP = "counts=hash:4:8:16"
SEVEN = (7).to_bytes(4, sys.byteorder).hex()


def eight(number: int) -> str:
    return number.to_bytes(8, sys.byteorder).hex()


def told(out: bytes) -> Any:
    """Return the one object that was written."""
    (line,) = out.decode().splitlines()
    return json.loads(line)


def test_text_from_stdin(ebpfasm: Ebpfasm) -> None:
    assert ebpfasm("run", given=RETURN_2) == (0, b"retval  2\nsteps   2\n", "")
    assert ebpfasm("run", "-", given=RETURN_2).out == b"retval  2\nsteps   2\n"


@pytest.mark.parametrize("form", READABLE)
def test_every_format_of_bytes(form: str, ebpfasm: Ebpfasm, tmp_path: Path) -> None:
    made = ebpfasm("asm", "--format", form, given=RETURN_2).out
    for source in ("auto", form):
        assert ebpfasm("run", "--input", source, given=made) == (0, b"retval  2\nsteps   2\n", "")
    path = tmp_path / "program"
    path.write_bytes(made)
    assert ebpfasm("run", str(path)).status == 0


def test_digits_on_the_command_line(ebpfasm: Ebpfasm) -> None:
    digits = Instructions.parse(RETURN_2).encode().hex()
    assert ebpfasm("run", "--hex", digits) == (0, b"retval  2\nsteps   2\n", "")


def test_another_dialect(ebpfasm: Ebpfasm) -> None:
    answer = ebpfasm("run", "--dialect", "ubpf", given="mov %r0, 2\nexit\n")
    assert answer == (0, b"retval  2\nsteps   2\n", "")


def test_the_packet(ebpfasm: Ebpfasm, tmp_path: Path) -> None:
    packet, program = tmp_path / "packet", tmp_path / "first.s"
    packet.write_bytes(b"\1\2\3\4\5")
    program.write_text(FIRST_WORD)
    first = int.from_bytes(b"\1\2\3\4", sys.byteorder)
    expected = f"retval  {first}\nsteps   2\ndata    01 02 03 04 05\n".encode()
    assert ebpfasm("run", "--data", "01 02:03,04 05", given=FIRST_WORD) == (0, expected, "")
    assert ebpfasm("run", "--data-file", str(packet), given=FIRST_WORD).out == expected
    assert ebpfasm("run", str(program), "--data-file", "-", given=b"\1\2\3\4\5").out == expected


def test_a_negative_number_is_shown_as_such(ebpfasm: Ebpfasm) -> None:
    assert ebpfasm("run", given="r0 = -1\nexit").out.startswith(
        b"retval  4294967295 (-1)\nr0      0xffffffffffffffff\n"
    )


def test_a_context(ebpfasm: Ebpfasm) -> None:
    answer = ebpfasm("run", "--type", "sched_cls", "--ctx", "mark=0x5", "--ctx", "cb=1,2", "--data", PACKET, given=MARK)
    assert (answer.status, answer.err) == (0, "")
    assert answer.out.startswith(b"retval  5\n")
    assert b"mark=9" in answer.out
    assert b"cb[1]=2" in answer.out
    assert ebpfasm("run", "--type", "sched_cls", "--data", PACKET, given=MARK).out.startswith(b"retval  0\n")


def test_xdp(ebpfasm: Ebpfasm) -> None:
    text = "r0 = *(u32 *)(r1 + 12)\nexit"
    answer = ebpfasm("run", "--type", "xdp", "--ctx", "ingress_ifindex=3", "--data", PACKET, "--json", given=text)
    assert told(answer.out)["retval"] == 3


def test_maps_are_printed_afterwards(ebpfasm: Ebpfasm) -> None:
    answer = ebpfasm("run", "--map", MAP, "--repeat", "3", given=COUNT)
    assert answer.out.decode().splitlines()[2:] == ["map counts (hash, 1 entry)", f"  {SEVEN}: {eight(3)}"]
    assert answer.status == 0


def test_a_map_by_its_descriptor(ebpfasm: Ebpfasm) -> None:
    text = "ld_pseudo r1, 2, 5\nr2 = 1\nlock *(u64 *)(r1 + 0) += r2\nr0 = 0\nexit"
    answer = ebpfasm("run", "--map", "5=array:4:8:1", "--repeat", "2", given=text)
    assert answer.out.decode().splitlines()[2:] == ["map 5 (array, 1 entry)", f"  00000000: {eight(2)}"]
    text = "ld_pseudo r1, 1, 5\nr0 = 0\nexit"
    answer = ebpfasm("run", "--map", "5=array:4:8:3", given=text)
    assert answer.out.decode().splitlines()[2:] == ["map 5 (array, 0 entries, 3 of zeros)"]


RECORD = """\
    *(u64 *)(r10 - 8) = 42
    r1 = sent ll
    r2 = r10
    r2 += -8
    r3 = {size}
    r4 = 0
    call {helper}
    r0 = 0
    exit
"""


def test_a_ring_buffer_has_records(ebpfasm: Ebpfasm) -> None:
    answer = ebpfasm("run", "--map", "sent=ringbuf:0:0:4096", given=RECORD.format(size=8, helper=130))
    assert answer.out.decode().splitlines()[2:] == ["map sent (ringbuf, 1 entry)", f"  0: {eight(42)}"]


def test_what_cannot_be_listed(ebpfasm: Ebpfasm) -> None:
    answer = ebpfasm("run", "--map", "sent=queue:0:8:4", given=RECORD.format(size=0, helper=87))
    assert answer.out.decode().splitlines()[2:] == ["map sent (queue, whose entries cannot be listed)"]


@pytest.mark.needs_kernel
def test_a_ring_buffer_of_the_kernel(ebpfasm: Ebpfasm, no_leaks: None) -> None:
    arguments = ("run", "--type", "sched_cls", "--data", PACKET, "--map", "sent=ringbuf:0:0:4096", "--kernel", "--json")
    result = told(ebpfasm(*arguments, given=RECORD.format(size=8, helper=130)).out)
    assert result["maps"]["sent"] == {"type": "ringbuf", "entries": None}


def test_values_of_each_cpu(ebpfasm: Ebpfasm) -> None:
    answer = ebpfasm("run", "--map", "counts=percpu_hash:4:8:16", given=COUNT)
    assert answer.out.decode().splitlines()[-1] == f"  {SEVEN}: {eight(1)}"


def test_an_empty_slot(ebpfasm: Ebpfasm) -> None:
    answer = ebpfasm("run", "--map", "slots=prog_array:4:4:2", given="r2 = slots ll\nr3 = 0\ncall 12\nr0 = 5\nexit")
    assert answer.out.decode().splitlines() == ["retval  5", "steps   5", "map slots (prog_array, 0 entries)"]


def test_json(ebpfasm: Ebpfasm) -> None:
    answer = ebpfasm("run", "--json", "--map", MAP, given=COUNT)
    assert (answer.status, answer.err) == (0, "")
    result = told(answer.out)
    assert result.pop("duration_ns") >= 0
    assert result == {
        "retval": 0, "r0": 0, "steps": 16, "printed": [], "redirect": None, "data": "", "ctx": {},
        "maps": {"counts": {"type": "hash", "entries": [[SEVEN, eight(1)]]}},
    }  # fmt: skip


def test_a_trace(ebpfasm: Ebpfasm) -> None:
    lines = ebpfasm("run", "--trace", given=RETURN_2).out.decode().splitlines()
    assert [line.split() for line in lines] == [
        ["in", "main"],
        ["1", "0:", "r0", "=", "2", "r0", "=", "2"],
        ["2", "1:", "exit"],
        [],
        ["retval", "2"],
        ["steps", "2"],
    ]


def test_a_trace_as_json_is_one_object_a_line(ebpfasm: Ebpfasm) -> None:
    answer = ebpfasm("run", "--trace", "--json", "--map", MAP, given=COUNT)
    *entries, result = [json.loads(line) for line in answer.out.decode().splitlines()]
    assert [entry["step"] for entry in entries] == list(range(1, 17))
    assert entries[0]["writes"][0]["name"] == "stack at r10-4"
    assert result["retval"] == 0


def test_coverage(ebpfasm: Ebpfasm) -> None:
    lines = ebpfasm("run", "--coverage", "--map", MAP, given=COUNT).out.decode().splitlines()
    assert next(line for line in lines if line.startswith("#####")).endswith("r1 = 1")
    assert "16 of 19 instructions (84 %), 1 of 2 ways of branches (50 %)" in lines
    answer = ebpfasm("run", "--coverage", "--json", "--repeat", "2", "--map", MAP, given=COUNT)
    assert told(answer.out)["coverage"]["percent"] == 100


def test_what_goes_wrong_is_told_as_it_is(ebpfasm: Ebpfasm) -> None:
    answer = ebpfasm("run", "--data", "0102", given=FIRST_WORD)
    assert (answer.status, answer.out) == (1, b"")
    assert answer.err.splitlines() == [
        "<stdin>: unit 0, w0 = *(u32 *)(r1 + 0): reads 4 bytes of packet at 0, which has 2 bytes",
        "    r1 = 0xa0000000 (packet at 0)",
    ]


def test_what_goes_wrong_as_json(ebpfasm: Ebpfasm) -> None:
    answer = ebpfasm("run", "--json", "--data", "0102", given=FIRST_WORD)
    assert answer.status == 1
    error = told(answer.out)["error"]
    assert (error["unit"], error["region"], error["steps"]) == (0, "packet", 1)
    assert error["registers"]["r2"] == 2
    assert answer.err != ""


def test_the_limit(ebpfasm: Ebpfasm) -> None:
    answer = ebpfasm("run", "--limit", "100", given="again: goto again")
    assert answer.status == 1
    assert "is next after 100 instructions" in answer.err


def test_the_seed(ebpfasm: Ebpfasm) -> None:
    outs = {ebpfasm("run", "--seed", seed, given="call 7\nexit").out for seed in ("1", "1", "2")}
    assert len(outs) == 2


@pytest.mark.parametrize(
    ("arguments", "given", "message"),
    [
        ((), COUNT, "<stdin>: unit 1: there is no map 'counts': make one with --map counts=TYPE:KEY:VALUE:ENTRIES"),
        (("--map", MAP), RETURN_2, "<stdin>: no instruction refers to the map 'counts' of --map"),
        (("--hex", "zz"), "", "--hex:1:1: 'z' is no hexadecimal digit"),
        (("--data", "0"), RETURN_2, "--data:1:1: bytes have two digits, and here are 1, an odd number"),
        ((), "exti\n", "<stdin>:1:1: 'exti' is no instruction; did you mean 'exit'?"),
        ((), "goto nowhere\n", "<stdin>: label 'nowhere'"),
        ((), "", "<stdin>: a program has at least one instruction"),
        (("/nonexistent",), "", "ebpfasm: "),
        (("--type", "sched_cls", "--data", "00"), RETURN_2, "ebpfasm: BPF_PROG_TEST_RUN: EINVAL: the packet must"),
    ],
)
def test_what_cannot_be_run_is_status_1(arguments: tuple[str, ...], given: str, message: str, ebpfasm: Ebpfasm) -> None:
    answer = ebpfasm("run", *arguments, given=given)
    assert (answer.status, answer.out) == (1, b"")
    assert answer.err.startswith(message)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["x", "--hex", "00"], "FILE and --hex: one program at a time"),
        (["--hex", "00", "--input", "raw"], "--input is of a file or stdin"),
        (["--data-file", "-"], "cannot both be read from stdin"),
        (["--data", "00", "--data-file", "x"], "not allowed with argument"),
        (["--ctx", "mark=5"], "say --type"),
        (["--type", "raw", "--ctx", "mark=5"], "say --type"),
        (["--ctx", "mark"], "must be FIELD=NUMBER, such as mark=5, not 'mark'"),
        (["--kernel"], "the kernel takes no raw program"),
        (["--kernel", "--type", "xdp", "--trace"], "--trace is of the vm"),
        (["--kernel", "--type", "xdp", "--limit", "5"], "--limit is of the vm"),
        (["--trace", "--coverage"], "not allowed with argument"),
        (["--type", "kprobe"], "invalid choice: 'kprobe'"),
        (["--map", "counts"], "must be NAME=TYPE:KEY_BYTES:VALUE_BYTES:ENTRIES[:FLAGS]"),
        (["--map", "counts=hasch:4:8:1"], "there is no map type 'hasch'; did you mean 'hash'?"),
        (["--map", "counts=hash:4:x:1"], "sizes are numbers"),
        (["--repeat", "0"], "must be a number in 1..1000000, not '0'"),
    ],
)
def test_wrong_usage_is_status_2(arguments: list[str], message: str, ebpfasm: Ebpfasm) -> None:
    answer = ebpfasm("run", *arguments, given=RETURN_2)
    assert (answer.status, answer.out) == (2, b"")
    assert message in answer.err


@pytest.mark.parametrize(("kind", "field"), [("sched_cls", "marc=5"), ("xdp", "mark=5"), ("sched_cls", "mark=1,2")])
def test_fields_that_no_context_has(kind: str, field: str, ebpfasm: Ebpfasm) -> None:
    answer = ebpfasm("run", "--type", kind, "--ctx", field, "--data", PACKET, given=RETURN_2)
    assert (answer.status, answer.out) == (2, b"")
    assert "--ctx: " in answer.err


def test_the_types_are_those_the_vm_has() -> None:
    from ebpfasm.uapi import ProgramType
    from ebpfasm.vm.sk_buff_fields import RIGHTS

    assert sorted(TYPES) == sorted(["raw", *(ProgramType(each).name.lower() for each in (*RIGHTS, ProgramType.XDP))])


@pytest.mark.needs_kernel
def test_the_kernel_says_the_same(ebpfasm: Ebpfasm, no_leaks: None) -> None:
    arguments = ("run", "--type", "sched_cls", "--json", "--map", MAP, "--data", PACKET, "--repeat", "2")
    one = told(ebpfasm(*arguments, given=COUNT).out)
    other = told(ebpfasm(*arguments, "--kernel", given=COUNT).out)
    assert {name: one[name] for name in other if name != "duration_ns"} == {
        name: value for name, value in other.items() if name != "duration_ns"
    }
    assert one["maps"]["counts"]["entries"] == [[SEVEN, eight(2)]]


@pytest.mark.needs_kernel
def test_a_map_of_the_kernel_by_its_descriptor(ebpfasm: Ebpfasm, no_leaks: None) -> None:
    text = "ld_pseudo r1, 2, 5\nr2 = 1\nlock *(u64 *)(r1 + 0) += r2\nr0 = 0\nexit"
    arguments = ("run", "--type", "sched_cls", "--data", PACKET, "--map", "5=array:4:8:1", "--kernel")
    assert ebpfasm(*arguments, given=text).out.decode().splitlines()[-1] == f"  00000000: {eight(1)}"


@pytest.mark.needs_kernel
def test_the_kernel_with_a_context(ebpfasm: Ebpfasm, no_leaks: None) -> None:
    arguments = ("run", "--type", "sched_cls", "--ctx", "mark=5", "--ctx", "cb=1,2", "--data", PACKET, "--kernel")
    answer = ebpfasm(*arguments, given=MARK)
    assert (answer.status, answer.err) == (0, "")
    assert answer.out.startswith(b"retval  5\n")
    assert b"mark=9" in answer.out


@pytest.mark.needs_kernel
def test_xdp_in_the_kernel(ebpfasm: Ebpfasm, no_leaks: None) -> None:
    text = "r2 = *(u32 *)(r1 + 0)\nr3 = *(u32 *)(r1 + 8)\nr2 -= r3\nr0 = r2\nexit"
    arguments = ("run", "--type", "xdp", "--ctx", "metadata=4", "--data", "00" * 32, "--json")
    assert told(ebpfasm(*arguments, given=text).out)["retval"] == 4
    assert told(ebpfasm(*arguments, "--kernel", given=text).out)["retval"] == 4


@pytest.mark.needs_kernel
def test_what_the_verifier_refuses_is_one_line(ebpfasm: Ebpfasm, no_leaks: None) -> None:
    answer = ebpfasm("run", "--type", "sched_cls", "--data", PACKET, "--kernel", given="exit")
    assert (answer.status, answer.out) == (1, b"")
    assert answer.err.startswith("ebpfasm: BPF_PROG_LOAD")
    assert answer.err.count("\n") == 1

"""Every format: what is written is read again, and what others write is read or refused with a reason."""

from __future__ import annotations

import base64
import json
import random
from typing import Any, Literal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ebpfasm import asm
from ebpfasm.asm import R0, R1, Instruction, Instructions, Ja, JEq, Label, LoadImm, Mov, Return
from ebpfasm.cli.formats import CODE, FORMATS, READABLE, VIEWS, FormatError, Setting, python, recognised
from ebpfasm.errors import DecodeError, EbpfError, SymbolError
from tests.test_layers import modules_after

Endian = Literal["little", "big"]
endians = st.sampled_from(["little", "big"])
examples = settings(deadline=None, max_examples=150)

DROP = Instructions([Mov.Imm(R0, 2), Return()])
DROP_BYTES = bytes.fromhex("b7000000020000009500000000000000")

s32 = st.integers(-(1 << 31), (1 << 31) - 1)
nibble = st.integers(0, 15)
s16 = st.integers(-0x8000, 0x7FFF)
instructions = st.one_of(
    st.builds(Instruction, st.integers(0, 255).filter(lambda opcode: opcode != 0x18), nibble, nibble, s16, s32),
    st.builds(Instruction, st.just(0x18), nibble, nibble, s16, st.integers(-(1 << 63), (1 << 63) - 1)),
    st.builds(Mov.Imm, st.integers(0, 10), s32),
    st.just(Return()),
)
programs = st.builds(Instructions, st.lists(instructions, max_size=12))
LABELS = ("a", "b.c", "out")


def written(name: str, program: Instructions, byteorder: str = "little", **more: Any) -> bytes:
    made = FORMATS[name].write(program, Setting(byteorder, "drop_code", **more))
    return made if isinstance(made, bytes) else made.encode()


def read(name: str, data: bytes | str, byteorder: str | None = "little") -> tuple[Instructions, str]:
    reader = FORMATS[name].read
    assert reader is not None
    return reader(data if isinstance(data, bytes) else data.encode(), byteorder)


def bytes_of(name: str, data: bytes | str) -> bytes:
    return read(name, data)[0].encode("little")


# there and back


@pytest.mark.parametrize("name", READABLE)
@examples
@given(program=programs, byteorder=endians)
@example(program=Instructions(), byteorder="big")
def test_what_was_written_is_read_again(name: str, program: Instructions, byteorder: Endian) -> None:
    assert read(name, written(name, program, byteorder), byteorder) == (program, byteorder)


def printable(data: bytes) -> bool:
    return all(byte in b"\t\n\v\f\r" or 32 <= byte < 127 for byte in data)


@pytest.mark.parametrize("name", READABLE)
@examples
@given(program=programs)
def test_what_was_written_is_recognised_or_asked_about(name: str, program: Instructions) -> None:
    data = written(name, program)
    if name == "raw" and printable(data):
        return  # it is text, or at least nobody could tell
    try:
        found = recognised(data)
    except FormatError as error:
        found = str(error)
    # Nothing at all, or only an end of line, is no program in any of them.
    assert found == name or f"--input {name}" in found or not data.strip()


@st.composite
def labelled(draw: st.DrawFn) -> Instructions:
    items: list[Any] = draw(st.lists(instructions, max_size=6))
    present = draw(st.lists(st.sampled_from(LABELS), unique=True))
    items += [Ja.Label(name) for name in draw(st.lists(st.sampled_from(present), max_size=3))] if present else []
    items += [JEq.Imm(R1, draw(s32), name) for name in present]
    items = draw(st.permutations(items))
    for name in present:
        items.insert(draw(st.integers(0, len(items))), Label(name))
    return Instructions(items)


@examples
@given(program=labelled(), byteorder=endians)
def test_json_keeps_labels(program: Instructions, byteorder: Endian) -> None:
    assert read("json", written("json", program, byteorder), None) == (program, byteorder)


@pytest.mark.parametrize("name", [name for name in CODE if name not in ("json", "dot", "listing")])
@examples
@given(program=labelled())
def test_labels_are_resolved_elsewhere(name: str, program: Instructions) -> None:
    assert bytes_of(name, written(name, program)) == program.encode("little")


def test_json_keeps_comments_and_labels_at_the_end() -> None:
    program = Instructions([Ja.Label("end").with_comment("out"), Return(), Label("end")])
    again, _ = read("json", written("json", program))
    assert again == program
    assert again[0].comment == "out"
    assert again.end_symbols == ("end",)


# what is written


def test_the_members_of_the_json_object() -> None:
    program = Instructions([JEq.Imm(R1, 0, "out"), LoadImm(R1, -2, asm.DWord), Return().with_symbol("out")])
    assert json.loads(written("json", program, "big")) == {
        "byteorder": "big",
        "units": 4,
        "bytes": program.encode("big").hex(),
        "instructions": [
            {
                "opcode": 0x15,
                "dst": 1,
                "src": 0,
                "off": 2,
                "imm": 0,
                "text": "if r1 == 0 goto out",
                "reference": "out",
            },
            {"opcode": 0x18, "dst": 1, "src": 0, "off": 0, "imm": -2, "text": str(program[1])},
            {"opcode": 0x95, "dst": 0, "src": 0, "off": 0, "imm": 0, "text": "exit", "symbols": ["out"]},
        ],
    }


def test_the_text_in_json_is_of_the_dialect() -> None:
    program = Instructions([Ja.Label("out"), Return().with_symbol("out")])
    kernel = json.loads(written("json", program, dialect="kernel"))
    assert [item["text"] for item in kernel["instructions"]] == ["goto pc+0", "exit"]


@examples
@given(program=programs)
def test_the_python_is_python(program: Instructions) -> None:
    names: dict[str, Any] = {}
    exec(written("python", program).decode(), names)
    assert names["drop_code"] == program.encode("little")


def test_the_c_array_and_its_comments() -> None:
    program = Instructions([Ja.Label("*/"), Return().with_symbol("*/")])
    lines = written("c", program, about="one\n\ntwo").decode().splitlines()
    assert lines[:5] == ["/*", " * one", " *", " * two", " */"]
    assert lines[5:7] == [
        "static const unsigned char drop_code[16] __attribute__((aligned(8))) = {",
        "    0x05, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,  /* goto * / */",
    ]
    assert lines[7:] == ["    0x95, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,  /* * /: exit */", "};"]


@pytest.mark.parametrize("name", FORMATS)
def test_text_ends_with_a_line_end(name: str) -> None:
    for program in (DROP, Instructions()):
        made = FORMATS[name].write(program, Setting("little", "drop"))
        assert isinstance(made, bytes) or made == "" or (made.endswith("\n") and not made.endswith("\n\n"))
        assert FORMATS[name].binary == isinstance(made, bytes)


def test_the_lists_of_formats_are_of_the_table() -> None:
    assert {*CODE, *VIEWS} == set(FORMATS)
    assert all(FORMATS[name].read for name in READABLE)


# what others write


@pytest.mark.parametrize(
    "text",
    [
        "b7000000020000009500000000000000",
        "B7000000 02000000 95000000 00000000",
        "b7 00 00 00 02 00 00 00\r\n95 00 00 00 00 00 00 00\r\n",
        "b7:00:00:00:02:00:00:00:95:00:00:00:00:00:00:00",
        "0xb7, 0x00, 0x00, 0X00, 0x02,00,00,00 9500000000000000",
        r"\xb7\x00\x00\x00\x02\x00\x00\x00\x95" + r"\x00" * 7,
        "\ufeffb700000002000000\n\t9500000000000000\n\n",
    ],
)
def test_hexadecimal_of_others(text: str) -> None:
    assert bytes_of("hex", text) == DROP_BYTES
    assert recognised(text.encode()) == "hex"


@pytest.mark.parametrize(
    "text",
    [
        "unsigned char drop_o[] = {\n  " + ", ".join(map(hex, DROP_BYTES)) + "\n};\nunsigned int drop_o_len = 16;\n",
        "#include <stdint.h>\nstatic const uint8_t code[16] = {" + ",".join(map(str, DROP_BYTES)) + ",};",
        '// b[] = { 1 }\n/* b[] = { */ __u8 b [2 * 8] __attribute__((section("x"))) = {'
        + ", /* } */ ".join(f"0{byte:o}" for byte in DROP_BYTES)
        + "\n, };",
        "char a[] = {" + ", ".join(f"0b{byte:b}" for byte in DROP_BYTES) + " // é\n};",
    ],
)
def test_arrays_of_others(text: str) -> None:
    assert bytes_of("c", text) == DROP_BYTES
    assert recognised(text.encode()) == "c"


@pytest.mark.parametrize(
    "text",
    [
        repr(DROP_BYTES),
        f"code = {DROP_BYTES!r}  # the program\n",
        "# drop\ncode: bytes = (\n    b'\\xb7\\0\\0\\0\\2\\0\\0\\0'\n    B\"\\x95\\000\\0\\0\\0\\0\\0\\0\"\n)\n",
        f"bytes.fromhex('{DROP_BYTES.hex(' ')}')",
        f"x = bytes . fromhex ( \"{DROP_BYTES[:8].hex()}\" '{DROP_BYTES[8:].hex()}', );",
    ],
)
def test_literals_of_others(text: str) -> None:
    assert bytes_of("python", text) == DROP_BYTES
    assert recognised(text.encode()) == "python"


def test_every_escape_of_a_bytes_literal() -> None:
    data = bytes(range(256))
    octal = "".join(f"\\{byte:03o}" for byte in data)
    hexadecimal = "".join(f"\\x{byte:02x}" for byte in data)
    source = f"b'{octal}' b'{hexadecimal}'" + r""" b'\\\'\"\a\b\f\n\r\t\v\0\08' b"'#" b'"' """
    assert python.read(source) == eval(source)


@pytest.mark.parametrize("width", [0, 64, 76])
def test_base64_of_others(width: int) -> None:
    data = bytes.fromhex("b7000000020000009500000000000000") * 10
    text = base64.b64encode(data).decode()
    if width:
        text = "\n".join(text[at : at + width] for at in range(0, len(text), width))
    assert bytes_of("base64", text) == data
    assert recognised(text.encode()) == "base64"


def test_json_without_instructions_and_with_other_members() -> None:
    assert read("json", '{"bytes": "B700000002000000 9500000000000000", "name": "drop"}') == (DROP, "little")


def test_json_says_the_byte_order() -> None:
    text = written("json", DROP, "big")
    assert read("json", text, None) == (DROP, "big")
    assert read("json", text, "big") == (DROP, "big")
    with pytest.raises(FormatError, match=r"the input says that it is big-endian, --byteorder that it is little"):
        read("json", text, "little")


# what is refused, and where


@pytest.mark.parametrize(
    ("name", "text", "place", "reason"),
    [
        ("hex", "b700\n  95zz", (2, 5), "'z' is no hexadecimal digit"),
        ("hex", "b7 0", (1, 4), "bytes have two digits, and here are 1, an odd number"),
        ("hex", "0x00000000000000b7", (1, 1), "this is a number, not a byte; leave out the 0x"),
        ("base64", "AAAA\nA-AA", (2, 2), "'-' is no base64"),
        ("base64", "AAAAA\n", (1, 5), "this is no base64: "),
        ("base64", "AA=A", (1, 4), "this is no base64: "),
        ("c", "int main;", (1, 1), "there is no array: name[] = { … }"),
        ("c", "char a[] = {1};\nchar b[] = {2};", (2, 12), "there must be one array here, and this is a second"),
        ("c", "struct bpf_insn a[] = {1};", (1, 1), "this must be an array of bytes"),
        ("c", "int n;\n unsigned long a[] = {1};", (2, 2), "this must be an array of bytes"),
        ("c", "char a[] = {1,\n 256};", (2, 2), "'256' is no byte: a number in 0..255"),
        ("c", "char a[] = {1,\n , 2};", (2, 2), "'' is no byte"),
        ("c", "char a[] = {1, {2}};", (1, 16), "'{2' is no byte"),
        ("c", "char a[] = {-1};", (1, 13), "'-1' is no byte"),
        ("c", "char a[] = {09};", (1, 13), "'09' is no byte"),
        ("c", "char a[] = {0x100};", (1, 13), "'0x100' is no byte"),
        ("c", "char a[] = {1, 2", (1, 12), "the array has no end"),
        ("python", "print('b7')", (1, 1), 'this must be one bytes.fromhex("…") or b"…"'),
        ("python", "a = b'1'\nb = b'2'", (1, 1), "this must be one"),
        ("python", "rb'1'", (1, 1), "this must be one"),
        ("python", "b'1' '2'", (1, 1), "this must be one"),
        ("python", "b'1", (1, 1), "this must be one"),
        ("python", "b'1\n2'", (1, 1), "this must be one"),
        ("python", "bytes.fromhex('b7'\n'0')", (2, 1), "fromhex takes pairs of hexadecimal digits"),
        ("python", "a = b'ab\\q'", (1, 9), "cannot stand here in a bytes literal"),
        ("python", "a = b'é'", (1, 7), "cannot stand here in a bytes literal"),
        ("json", '{"bytes": }', (1, 11), "this is no JSON: Expecting value"),
        ("json", "[]", (1, 1), "this must be one JSON object"),
    ],
)
def test_what_cannot_be_read_has_a_place(name: str, text: str, place: tuple[int, int], reason: str) -> None:
    with pytest.raises(FormatError) as caught:
        read(name, text)
    error = caught.value
    assert (error.line, error.column) == place
    assert error.source == text.split("\n")[place[0] - 1]
    assert reason in error.reason
    assert str(error) == error.reason


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"bytes": None}, '"bytes" must be there, in hexadecimal'),
        ({"bytes": "b7 0"}, '"bytes" must be there, in hexadecimal'),
        ({"byteorder": "middle"}, "byteorder must be 'little' or 'big', not 'middle'"),
        ({"byteorder": ["little"]}, "byteorder must be 'little' or 'big'"),
        ({"units": 3}, "units is 3, but there are bytes of 2"),
        ({"instructions": [{}]}, "instructions must be a list of 2"),
        ({"instructions": {}}, "instructions must be a list of 2"),
        ({"instructions": [{}, {}], "end_symbols": "a"}, "instructions must be a list of 2"),
        ({"instructions": [{}, 5]}, "instruction 1 must be an object"),
        ({"instructions": [{"symbols": "a"}, {}]}, "instruction 0 must be an object, and its symbols a list"),
        ({"instructions": [{"imm": 3}, {}]}, "imm of instruction 0 is 3, but 2 in the bytes"),
        ({"instructions": [{"imm": [2]}, {}]}, "imm of instruction 0 is [2], but 2 in the bytes"),
    ],
)
def test_json_that_contradicts_itself(change: dict[str, Any], reason: str) -> None:
    members = json.loads(written("json", DROP)) | change
    with pytest.raises(FormatError) as caught:
        read("json", json.dumps(members))
    assert reason in str(caught.value)
    assert caught.value.line == 0


@pytest.mark.parametrize(
    "annotations",
    [
        [{"reference": "out"}, {}, {"symbols": ["out"]}],
        [{"reference": "out"}, {"symbols": ["in"]}, {}],
        [{"reference": 5}, {}, {}],
        [{}, {"reference": "out", "symbols": ["out"]}, {}],
        [{}, {"symbols": [""]}, {}],
        [{}, {"symbols": [5]}, {}],
        [{"symbols": ["a"]}, {"symbols": ["a"]}, {}],
    ],
)
def test_json_with_labels_that_are_not_so(annotations: list[dict[str, Any]]) -> None:
    program = Instructions([Ja.Label("next"), Return().with_symbol("next"), Return()])
    members = json.loads(written("json", program)) | {"instructions": annotations}
    with pytest.raises((FormatError, SymbolError)):
        read("json", json.dumps(members))


def test_bytes_that_are_no_program() -> None:
    for name, text in {"hex": "b7", "c": "char a[] = {0x18,0,0,0,0,0,0,0};", "python": "b'1'"}.items():
        with pytest.raises(DecodeError):
            read(name, text)


def test_text_must_be_utf8() -> None:
    with pytest.raises(FormatError) as caught:
        read("hex", "é\n b7 é".encode() + b"\xe9")
    assert (caught.value.line, caught.value.column) == (2, 6)
    assert caught.value.reason == "this is no text: byte 0xe9 is not UTF-8"
    with pytest.raises(FormatError) as caught:
        read("hex", b"\xef\xbb\xbfb7\xe9")
    assert caught.value.line == 1


# recognising


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"", "hex"),
        (b"\n", "hex"),
        (DROP_BYTES, "raw"),
        (b"\x95", "raw"),
        (b'{"bytes": ""}', "json"),
        (b"{}", "json"),
        (b"b7", "hex"),
        (b"0" * 32, "hex"),
        (b"char *text[] = {", "c"),
        (b"x = b''", "python"),
    ],
)
def test_recognised(data: bytes, name: str) -> None:
    assert recognised(data) == name


@pytest.mark.parametrize(
    "text",
    [b"r0 = 0\nexit\n", b"x = b'", b"exit\n" * 8, b"hello", b"A" * 33, b"{1, 2}", b"b7 0g", b"QUJD QUJD QUJD QUJD" * 2],
)
def test_text_that_is_none_of_them(text: bytes) -> None:
    with pytest.raises(FormatError, match=r"looks like none of hex, raw, c, python, json, base64: say .* --input"):
        recognised(text)


def test_text_that_is_two_of_them() -> None:
    with pytest.raises(FormatError, match=r"more than one way: say --input hex or --input base64$"):
        recognised(b"B7000000000000009500000000000000")


def test_an_elf_object_is_not_taken_for_bytes() -> None:
    with pytest.raises(FormatError, match=r"this is an ELF object"):
        recognised(b"\x7fELF" + bytes(60))


NOISE = {
    "bytes": random.Random(1).randbytes(1 << 20),
    "text": bytes(random.Random(2).choices(b"ab8 \n\t\"'\\=[]{}();,#/*0x", k=1 << 20)),
    "quotes": b'"\\"' * 350_000,
    "comments": b"/*/" * 350_000,
    "brackets": b"x[" * 500_000,
    "lists": b'{"bytes":' + b"[" * (1 << 20) + b"}",
    "digits": b'{"bytes":' + b"1" * (1 << 20) + b"}",
    "bytes literal": b'b"' + b"\\x18" * (1 << 18) + b'"',
    "array": b"char a[]={" + b"24," * (1 << 18) + b"}",
    "hex": b"18" * (1 << 19),
    "surrogates": b'{"bytes": "", "instructions": [], "end_symbols": ["\\ud800"]}' + b" " * (1 << 20),
}


@pytest.mark.parametrize("name", ["auto", *READABLE])
@pytest.mark.parametrize("noise", NOISE)
def test_noise_is_read_or_refused(name: str, noise: str) -> None:
    data = NOISE[noise]
    message = ""
    try:
        read(recognised(data) if name == "auto" else name, data)
    except EbpfError as error:
        message = str(error)
    assert len(message) < 400


# what it costs to have them


def test_the_formats_need_little() -> None:
    loaded = modules_after("import ebpfasm.cli.formats")
    assert not loaded & {"json", "base64", "binascii", "ast", "typing", "dataclasses"}
    assert not {name for name in loaded if name.startswith(("ebpfasm.kernel", "ebpfasm.objects", "ebpfasm.datapath"))}

"""Python values to the bytes of keys and values and back; no kernel is needed for any of it."""

from __future__ import annotations

import enum
import sys
from typing import Any

import pytest

from ebpfasm.errors import EncodeError, OperandError
from ebpfasm.values.codecs import PerCpu, codec_for


class Answer(enum.IntEnum):
    YES = 42


class Words:
    """A codec of the test's own: one of three words as a byte."""

    ALL = ("red", "green", "blue")

    def encode(self, value: str) -> bytes:
        return bytes([self.ALL.index(value)])

    def decode(self, data: bytes) -> str:
        return self.ALL[data[0]]


def refusal(codec: Any, value: object) -> OperandError:
    with pytest.raises(OperandError) as caught:
        codec.encode(value)
    assert caught.value.value is value
    assert isinstance(caught.value, (EncodeError, ValueError))
    return caught.value


# integers


@pytest.mark.parametrize("size", [1, 2, 4, 8])
def test_an_integer_at_the_ends_of_its_range(size: int) -> None:
    codec = codec_for(None, size, "value")
    top = (1 << size * 8) - 1
    for value, read in ((0, 0), (1, 1), (top, top), (-1, top), (-(1 << size * 8 - 1), 1 << size * 8 - 1)):
        data = codec.encode(value)
        assert data == (value & top).to_bytes(size, sys.byteorder)
        assert codec.decode(data) == read


@pytest.mark.parametrize("size", [1, 2, 4, 8])
def test_an_integer_one_past_its_range(size: int) -> None:
    low, high = -(1 << size * 8 - 1), (1 << size * 8) - 1
    for value in (low - 1, high + 1):
        error = refusal(codec_for(None, size, "key"), value)
        assert str(error) == f"key must be in {low}..{high} (it has {size} bytes), not {value}"
        assert (error.field, error.low, error.high) == ("key", low, high)


@pytest.mark.parametrize("value", [True, None, 1.0, "1", [1]], ids=repr)
def test_what_is_no_integer(value: object) -> None:
    error = refusal(codec_for(None, 4, "value"), value)
    assert str(error) == f"value must be an int or 4 bytes, not {type(value).__name__} {value!r}"
    assert error.field == "value"


def test_an_integer_may_be_given_as_bytes_or_by_its_index() -> None:
    codec = codec_for(None, 4, "value")
    assert codec.encode(b"abcd") == codec.encode(bytearray(b"abcd")) == codec.encode(memoryview(b"abcd")) == b"abcd"
    assert codec.encode(Answer.YES) == (42).to_bytes(4, sys.byteorder)


# bytes


@pytest.mark.parametrize("size", [0, 3, 5, 16])
def test_other_sizes_are_bytes(size: int) -> None:
    codec = codec_for(None, size, "key")
    assert codec.encode(bytearray(size)) == bytes(size)
    assert codec.decode(bytes(size)) == bytes(size)


def test_bytes_that_are_too_many_or_too_few() -> None:
    for size, given in ((3, b"ab"), (3, b"abcd"), (0, b"a"), (4, b"abc")):
        error = refusal(codec_for(None, size, "key"), given)
        assert str(error) == f"key must be {size} bytes long, not {len(given)}"


def test_bytes_may_be_asked_for_where_an_integer_is_usual() -> None:
    codec = codec_for(bytes, 4, "value")
    assert codec.encode(b"abcd") == codec.decode(b"abcd") == b"abcd"
    error = refusal(codec, 5)
    assert str(error) == "value must be 4 bytes, not int 5"


# structs


def test_a_struct_is_a_tuple() -> None:
    codec = codec_for("!IH", 6, "key")
    assert codec.encode((0x0A000001, 80)) == codec.encode([0x0A000001, 80]) == bytes.fromhex("0a0000010050")
    assert codec.decode(bytes.fromhex("0a0000010050")) == (0x0A000001, 80)
    assert codec.encode(bytes.fromhex("0a0000010050")) == bytes.fromhex("0a0000010050")


def test_a_struct_of_one_member_is_the_member() -> None:
    codec = codec_for("!I", 4, "key")
    assert codec.encode(1) == codec.encode((1,)) == b"\0\0\0\1"
    assert codec.decode(b"\0\0\0\1") == 1


def test_a_struct_that_does_not_fit() -> None:
    codec = codec_for("!IH", 6, "key")
    for value in ((1,), (1, 2, 3), (1, 65536), (1, "a"), "text", None):
        error = refusal(codec, value)
        assert str(error).startswith(f"key {value!r} does not fit format '!IH': ")
    assert str(refusal(codec, b"short")) == "key must be 6 bytes long, not 5"


def test_a_format_that_is_none_or_of_another_size() -> None:
    with pytest.raises(OperandError, match=r"^key: 'Q!' is no struct format: ") as caught:
        codec_for("Q!", 8, "key")
    assert (caught.value.field, caught.value.value) == ("key", "Q!")
    with pytest.raises(OperandError, match=r"^value: format '!IH' has 6 bytes, the map's value 8$"):
        codec_for("!IH", 8, "value")


# codecs of one's own


def test_any_object_that_encodes_and_decodes() -> None:
    words = Words()
    assert codec_for(words, 1, "value") is words


@pytest.mark.parametrize("given", [int, 5, 4.0, object(), {"encode": 1}], ids=["int", "5", "4.0", "object", "dict"])
def test_what_is_no_codec(given: object) -> None:
    with pytest.raises(OperandError) as caught:
        codec_for(given, 4, "key")
    assert str(caught.value) == (
        f"key: a codec is None, bytes, a struct format or an object with encode() and decode(), not {given!r}"
    )


# per-CPU values


@pytest.mark.parametrize(("size", "padded"), [(1, 8), (4, 8), (8, 8), (12, 16)])
def test_the_values_of_each_cpu_are_padded_to_eight_bytes(size: int, padded: int) -> None:
    codec = PerCpu(codec_for(bytes, size, "value"), size, 3)
    values = [bytes([cpu + 1] * size) for cpu in range(3)]
    data = codec.encode(values)
    assert data == b"".join(value.ljust(padded, b"\0") for value in values)
    assert codec.decode(data) == values
    assert codec.encode(tuple(values)) == data


@pytest.mark.parametrize("value", [[1, 2], [1, 2, 3, 4], []], ids=repr)
def test_a_list_for_another_number_of_cpus(value: list[int]) -> None:
    error = refusal(PerCpu(codec_for(None, 4, "value"), 4, 3), value)
    assert str(error) == f"value must be a list of 3, one for each possible CPU, not {len(value)} of them"


@pytest.mark.parametrize("value", [5, None, b"abcd", {1, 2, 3}], ids=repr)
def test_what_is_no_list_for_cpus(value: object) -> None:
    error = refusal(PerCpu(codec_for(None, 4, "value"), 4, 3), value)
    assert str(error) == f"value must be a list of 3, one for each possible CPU, not {value!r}"


def test_each_value_of_a_cpu_is_checked() -> None:
    codec = PerCpu(codec_for(None, 4, "value"), 4, 3)
    with pytest.raises(OperandError, match=r"value must be in -2147483648..4294967295"):
        codec.encode([1, 2, 1 << 32])

"""`assert_encodes`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ebpfasm import testing
from ebpfasm.asm import R0, R1, Add, Instructions, Mov, Return
from ebpfasm.errors import OperandError
from ebpfasm.testing import assert_encodes
from tests.test_layers import modules, modules_after

PROGRAM = Instructions([Mov.Imm(R0, 1), Return()])


def test_it_takes_instructions_programs_bytes_and_digits() -> None:
    assert_encodes(Mov.Imm(R0, 1), "b700000001000000")
    assert_encodes(PROGRAM, "b700000001000000 9500000000000000")
    assert_encodes(list(PROGRAM), PROGRAM.encode("little"))
    assert_encodes(Mov.Reg(R0, R1), "bf01000000000000", "big")


def test_other_bytes_are_told_side_by_side() -> None:
    with pytest.raises(AssertionError) as caught:
        assert_encodes([Mov.Imm(R0, 1), Add.Imm(R0, 2), Return()], "b700000001000000 0700000003000000 9500000000000000")
    assert str(caught.value).splitlines() == [
        "the program has other bytes:",
        "  b700000001000000 0700000002000000 9500000000000000",
        "  b700000001000000 0700000003000000 9500000000000000  expected",
        "    0    r0 = 1         0    r0 = 1",
        "    1    r0 += 2  |     1    r0 += 3",
        "                  ^          imm 2 -> 3",
        "    2    exit           2    exit",
    ]


def test_expected_bytes_that_are_no_program() -> None:
    with pytest.raises(AssertionError, match="and those expected are no program"):
        assert_encodes(PROGRAM, "b7")


@pytest.mark.parametrize("expected", ["no digits", 5])
def test_what_is_no_encoding(expected: str) -> None:
    with pytest.raises(OperandError, match="assert_encodes: expected must be bytes or hexadecimal digits, not"):
        assert_encodes(PROGRAM, expected)


def test_the_kernel_is_not_touched_before_it_is_needed() -> None:
    modules = [f"ebpfasm.testing.{name}" for name, _ in modules_of_the_kit()]
    loaded = modules_after(
        f"sys.path += sys.argv[2:]; import {', '.join(modules)}", str(Path(pytest.__file__).parents[1])
    )
    assert set(modules) <= loaded
    assert {name for name in loaded if name.startswith(("ebpfasm.kernel", "ebpfasm.objects", "_cffi"))} == set()


def modules_of_the_kit() -> list[tuple[str, Path]]:
    return [(name.partition(".")[2], path) for name, path in modules() if name.startswith("testing.")]


def test_names_of_the_package() -> None:
    assert set(testing.__all__) <= set(dir(testing))
    for name in testing.__all__:
        made: Callable[..., object] = getattr(testing, name)
        assert callable(made)
    with pytest.raises(AttributeError, match=r"'ebpfasm\.testing' has no attribute 'assert_encoded'"):
        testing.assert_encoded  # type: ignore[attr-defined] # noqa: B018

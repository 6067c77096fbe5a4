"""The golden bytes are still what llvm-mc 19 makes, in both byte orders, and what the running kernel prints."""

from __future__ import annotations

import re

import pytest

from ebpfasm import asm
from tests.asm.test_golden import built
from tests.generate import golden

needs_llvm_mc = pytest.mark.skipif(
    golden.llvm_mc() is None, reason="llvm-mc-19 is not on the PATH (Debian: the package llvm-19)"
)
FROM_LLVM = [line for line in golden.read() if line.from_llvm]


@needs_llvm_mc
def test_llvm_mc_makes_these_bytes() -> None:
    assert golden.regenerated() == golden.PATH.read_text()


@needs_llvm_mc
def test_big_endian_is_what_llvm_mc_makes() -> None:
    expected = golden.assemble([line.assembly for line in FROM_LLVM], "big")
    ours = [asm.Instructions([built(line.builder)]).encode("big").hex() for line in FROM_LLVM]
    names = [line.builder for line in FROM_LLVM]
    assert dict(zip(names, ours, strict=True)) == dict(zip(names, expected, strict=True))


@needs_llvm_mc
def test_assemble_refuses_a_line_it_cannot_read() -> None:
    with pytest.raises(RuntimeError, match="refused a line"):
        golden.assemble(["r0 = 0", "this is no instruction"], "little")


def test_lines_of_another_origin_say_which() -> None:
    text = golden.PATH.read_text()
    others = [line for line in golden.read() if not line.from_llvm]
    blocks = [block for block in re.split(r"\n\n+", text) if golden.ORIGIN in block and " | " in block]
    assert len(others) == sum(
        not row.startswith("#") and " | " in row for block in blocks[1:] for row in block.splitlines()
    )
    assert all(re.search(r"# origin: .{20}", block) for block in blocks[1:])

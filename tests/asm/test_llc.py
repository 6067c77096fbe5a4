"""Whole files of llc, with all directives, comments, debug information and data they have, are read as its objects."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from ebpfasm.asm import Instructions
from tests.asm import elf
from tests.asm.test_referees import linked
from tests.generate import llvm

pytestmark = pytest.mark.skipif(
    not shutil.which("llc-19"), reason="llc-19 is not on the PATH (Debian: the package llvm-19)"
)

SOURCES = sorted((Path(__file__).parent.parent / "data" / "llc").glob("*.ll"))
WAYS = {
    "v1": ["-mcpu=v1"],
    "v2": ["-mcpu=v2"],
    "v3": ["-mcpu=v3"],
    "v4": ["-mcpu=v4"],
    "alu32": ["-mcpu=v1", "-mattr=+alu32"],
    "unoptimised": ["-mcpu=v4", "-O0"],
    "sections": ["-mcpu=v4", "-function-sections", "-data-sections", "-addrsig"],
    "terse": ["-mcpu=v4", "-asm-verbose=false", "-relocation-model=static", "-dwarf-version=4"],
}
NEEDS = {
    "sdiv": {"v4", "unoptimised", "sections", "terse"},
    "atomics": {"v3", "v4", "alu32", "unoptimised", "sections", "terse"},
}
"""What older CPUs have no instructions for."""
CASES = [(source, way) for source in SOURCES for way in WAYS if way in NEEDS.get(source.stem, WAYS)]


def test_there_are_sources() -> None:
    assert len(SOURCES) >= 14
    assert {source.stem for source in SOURCES} >= set(NEEDS)


@pytest.mark.parametrize(("source", "way"), CASES, ids=[f"{source.stem}-{way}" for source, way in CASES])
@pytest.mark.parametrize("byteorder", ["little", "big"])
def test_llc_s_files_are_its_objects(source: Path, way: str, byteorder: Any) -> None:
    text, data = (llvm.compiled(source, byteorder, kind, WAYS[way]) for kind in ("asm", "obj"))
    expected = elf.read(data, byteorder)
    bare = Instructions.parse(text.decode())
    assert bare.units == expected.units
    assert Instructions.parse(bare.format()) == bare
    program = linked(text.decode())
    code, labels = program.encode(byteorder), program.symbols()
    assert expected.functions
    for name, theirs, relocated in expected.functions:
        start = labels[name] * 8
        ours = code[start : start + len(theirs)]
        # Of what the linker fills in, the opcode is there already.
        left = {unit + second for unit in relocated for second in (0, 1)}
        for unit in range(len(theirs) // 8):
            end = unit * 8 + (1 if unit in left else 8)
            assert ours[unit * 8 : end] == theirs[unit * 8 : end], f"{name}, unit {unit}"

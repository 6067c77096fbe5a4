"""Builder words against bytes that other assemblers made: is the encoding right?"""

from __future__ import annotations

import pytest

from ebpfasm import asm
from ebpfasm.asm.table import FORMS, form_of
from tests.generate import golden

LINES = golden.read()


def built(expression: str) -> asm.Instruction:
    """Return the instruction of one builder expression of the golden file."""
    instruction = eval(expression, {"__builtins__": {}}, vars(asm))
    assert isinstance(instruction, asm.Instruction)
    return instruction


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.builder)
def test_builder_encodes_to_the_golden_bytes(line: golden.Line) -> None:
    program = asm.Instructions([built(line.builder)])
    assert program.encode("little").hex() == line.encoding


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.builder)
def test_golden_bytes_decode_to_what_the_builder_makes(line: golden.Line) -> None:
    assert list(asm.Instructions.decode(bytes.fromhex(line.encoding), "little")) == [built(line.builder)]


def test_every_form_has_a_line() -> None:
    covered = {form_of(next(iter(asm.Instructions.decode(bytes.fromhex(line.encoding), "little")))) for line in LINES}
    missing = [form for form in FORMS if form not in covered]
    assert not missing, f"no line of {golden.PATH.name} has the bytes of {missing}"


def test_no_line_stands_twice() -> None:
    builders = [line.builder for line in LINES]
    assert sorted(builders) == sorted(set(builders))


def test_the_file_counts_what_it_should() -> None:
    # A reader that skips lines would make the tests above pass with nothing to do.
    separators = [text for text in golden.PATH.read_text().splitlines() if " | " in text and not text.startswith("#")]
    assert len(LINES) == len(separators) > 450

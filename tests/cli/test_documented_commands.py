"""Each command of docs/cli.md is run, in the order they stand there, and answers what the page says it answers."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

from ebpfasm import Program, ProgramType
from ebpfasm.asm import R0, Mov, Return
from ebpfasm.cli import _parser
from tests.cli.run import COMMAND, TIMEOUT_S, environment

PAGE = Path(__file__).parent.parent.parent / "docs" / "cli.md"
TEXT = PAGE.read_text(encoding="utf-8")
BLOCK = re.compile(r"(<!-- kernel -->\n)?```console\n(.*?)```", re.DOTALL)
BPF_FILE_SYSTEM = "/sys/fs/bpf"


class Step(NamedTuple):
    """A command, which may go on on lines that begin with ``>``, and what it prints on stdout and stderr."""

    command: str
    output: str


def steps(block: str) -> list[Step]:
    found = []
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        match = re.match(r".*\n(?:>(?: .*)?\n)*", part)
        assert match is not None
        found.append(Step(re.sub(r"^> ?", "", match[0], flags=re.MULTILINE), part[match.end() :]))
    return found


BLOCKS = [(bool(match[1]), steps(match[2])) for match in BLOCK.finditer(TEXT)]
PURE = [step for kernel, block in BLOCKS if not kernel for step in block]
KERNEL = [step for kernel, block in BLOCKS if kernel for step in block]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Give the directory in which all commands run, with an ``ebpfasm`` in its ``bin``."""
    script = tmp_path / "bin" / "ebpfasm"
    script.parent.mkdir()
    script.write_text(f'#!/bin/sh\nexec {shlex.join(COMMAND)} "$@"\n')
    script.chmod(0o755)
    return tmp_path


def run(command: str, directory: Path) -> str:
    root = str(PAGE.parent.parent)
    result = subprocess.run(
        ["sh", "-c", command],
        cwd=directory,
        env=environment(PATH=f"{directory / 'bin'}{os.pathsep}{os.environ['PATH']}", PYTHONPATH=root),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=TIMEOUT_S,
    )
    return result.stdout


def test_there_is_something_to_run() -> None:
    assert len(PURE) > 20
    assert len(KERNEL) == 1


def test_what_needs_no_kernel(directory: Path) -> None:
    for step in PURE:  # some read what those before have written
        assert (step.command, run(step.command, directory)) == (step.command, step.output)


@pytest.mark.needs_kernel
def test_what_needs_the_kernel(no_leaks: None, bpffs: Path, directory: Path) -> None:
    with Program.load(ProgramType.SCHED_CLS, [Mov.Imm(R0, 2), Return()], name="drop") as program:
        program.pin(str(bpffs / "drop"))
        for step in KERNEL:
            assert BPF_FILE_SYSTEM in step.command
            assert run(step.command.replace(BPF_FILE_SYSTEM, str(bpffs)), directory) == step.output


@pytest.mark.parametrize("command", ["asm", "disasm", "stub", "run", "datapath show", "demo"])
def test_every_option_is_on_the_page(command: str) -> None:
    usage = re.search(rf"```\n(ebpfasm {command} .*?)```", TEXT, re.DOTALL)
    assert usage is not None
    parser = _parser()
    for word in command.split():
        parser = next(action.choices for action in parser._actions if isinstance(action.choices, dict))[word]
    options = {option for action in parser._actions for option in action.option_strings}
    assert set(re.findall(r"--?\w[\w-]*", usage[1])) == options - {"-h", "--help", "--output"}
    for action in parser._actions:
        if action.choices and not action.const:
            assert "|".join(action.choices) in usage[1]

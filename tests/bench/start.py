"""Figures of starting a process: from nothing to the entry stub loaded, against an interpreter that does nothing."""

from __future__ import annotations

import compileall
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import ebpfasm
from tests.bench.clock import Effort, Task, in_turns
from tests.bench.table import Row, Target

__all__ = ["rows_and_imports"]

LOAD_THE_STUB = """\
from ebpfasm import Map, MapType, Program, ProgramType
from ebpfasm.datapath import entry_stub

with (
    Map.create(MapType.PROG_ARRAY, key_size=4, value_size=4, max_entries=1, name="pod0") as slots,
    Program.load(ProgramType.SCHED_CLS, entry_stub(slots), name="entry") as entry,
):
    pass
"""

IMPORT_ASM, LOAD_STUB, NOTHING = "python, import ebpfasm.asm", "python, entry stub loaded", "python -c pass"

WATCHED = ("re", "typing", "enum", "dataclasses", "inspect", "asyncio", "cffi", "elftools", "pyroute2")
"""Modules that take long to import, and that the way to a loaded program is better off without."""

REPORT = "import sys\nprint(*sorted(sys.modules))\n"


def rows_and_imports(effort: Effort, why_no_kernel: str) -> tuple[list[Row], list[str]]:
    """Measure whole processes, from exec to their end; and say which of `WATCHED` they import.

    All of them find byte code in place, as in an installed package that has run before.
    """
    compileall.compile_dir(Path(ebpfasm.__file__).parent, quiet=2)
    scripts = {IMPORT_ASM: "import ebpfasm.asm\n"}
    if not why_no_kernel:
        scripts[LOAD_STUB] = LOAD_THE_STUB
    with tempfile.TemporaryDirectory() as directory:
        commands = {NOTHING: [sys.executable, "-c", "pass"]}
        imports = []
        for number, (figure, source) in enumerate(scripts.items()):
            script = Path(directory, f"script{number}.py")
            script.write_text(source)
            commands[figure] = [sys.executable, str(script)]
            imports.append(_imports(figure, source))
        tasks = [Task(_run, prepare=lambda command=command: command) for command in commands.values()]  # type: ignore[misc]
        times = dict(zip(commands, in_turns(tasks, effort.starts), strict=True))
    nothing = times[NOTHING]
    return [
        Row(IMPORT_ASM, times[IMPORT_ASM], NOTHING, nothing),
        Row(LOAD_STUB, times.get(LOAD_STUB), NOTHING, nothing, Target(2.5), why_no_kernel),
    ], imports


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def _run(command: list[str]) -> None:
    """Run a process to its end; by posix_spawn and waitpid, so that nothing but the process takes time."""
    process = os.posix_spawn(command[0], command, _environment())
    status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    if status != 0:
        raise subprocess.CalledProcessError(status, command)


def _imports(figure: str, source: str) -> str:
    """What a process that runs the source has imported beyond one that does nothing."""

    def modules(statements: str) -> set[str]:
        command = [sys.executable, "-c", statements + REPORT]
        return set(
            subprocess.run(command, env=_environment(), capture_output=True, text=True, check=True).stdout.split()
        )

    added = modules(source) - modules("")
    heavy = ", ".join(name for name in WATCHED if name in added)
    light = ", ".join(name for name in WATCHED if name not in added)
    return f"{figure}: imports {len(added)} modules, with {heavy or 'none of those to avoid'}; without {light}"

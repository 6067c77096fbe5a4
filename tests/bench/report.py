"""The whole benchmark as one text."""

from __future__ import annotations

import os
import platform

from tests.bench import assembler, kernel, pods, policy, start, text, vm
from tests.bench.clock import Effort
from tests.bench.table import Row, table

__all__ = ["report"]


def report(effort: Effort, why_no_kernel: str) -> str:
    """Measure everything, and say what it was measured on; ``why_no_kernel`` is why bpf(2) is out of reach, or ""."""
    rows: list[Row] = [*assembler.rows(effort, why_no_kernel), *text.rows(effort), *kernel.rows(effort, why_no_kernel)]
    process_rows, imports = start.rows_and_imports(effort, why_no_kernel)
    in_vm = vm.rows(effort)
    of_pods = pods.rows(effort, why_no_kernel)
    programs = policy.rows(effort, why_no_kernel)
    rows += [*process_rows, *in_vm, *of_pods, *programs]
    missed = [row.figure for row in rows if row.missed]
    lines = [
        f"{platform.python_implementation()} {platform.python_version()}, {platform.system()} {platform.release()} "
        f"{platform.machine()}, {os.cpu_count()} CPUs",
        f"Mixed program of {effort.size:,} builder words; medians of {effort.repetitions} repetitions in turns "
        f"({effort.starts} for processes), garbage collector off.",
        "Only ratios mean anything: the times of one run share a machine and its load, those of two runs do not.",
        "",
        table(rows),
        "",
        *imports,
        text.memory_line(effort),
        vm.speed_line(in_vm),
        pods.growth_line(of_pods),
        policy.stub_line(programs),
        "",
        f"Targets missed: {', '.join(missed)}" if missed else "No measured ratio misses its target.",
        "",
    ]
    return "\n".join(lines)

"""Programs made by chance, in the vm and in the kernel: ``make differential COUNT=20000 SEED=0``."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import NamedTuple, TextIO

from ebpfasm.errors import VerifierError
from ebpfasm.kernel.machine import release
from ebpfasm.testing.compare import differences, run_in_kernel, run_in_vm, told
from ebpfasm.testing.privileges import required, why_no_kernel
from ebpfasm.testing.programs.cases import seeded_case

BUNCH = 100
"""So many programs one process takes at a time."""
LEAST_ACCEPTED = 0.95
"""Of the programs, the verifier must accept this part, or the strategy is not what it says."""
BAR = 40


class Count(NamedTuple):
    """How a bunch of programs went: by seeds, the text of each difference and of each refusal."""

    programs: int
    units: int
    different: dict[int, str]
    refused: dict[int, str]

    def __add__(self, other: Count) -> Count:  # type: ignore[override]
        return Count(
            self.programs + other.programs,
            self.units + other.units,
            self.different | other.different,
            self.refused | other.refused,
        )


def compared(seeds: Iterable[int]) -> Count:
    """Run the programs of these seeds on both sides."""
    count = Count(0, 0, {}, {})
    for seed in seeds:
        case = seeded_case(seed, release=release())
        different, refused = {}, {}
        try:
            kernel = run_in_kernel(case.program, case.data, ctx=case.ctx, maps=case.maps)
        except VerifierError as error:
            refused[seed] = f"{error.summary}\n{case.program.listing()}"
        else:
            here = run_in_vm(case.program, case.data, ctx=case.ctx, maps=case.maps)
            found = differences(here, kernel)
            if found or kernel.stopped:
                found = found or [("outcome", repr(here.stopped), repr(kernel.stopped))]
                text = told(found, case.program, case.data, case.ctx, case.maps)
                different[seed] = f"seed {seed}: {text}"
        count += Count(1, case.program.units, different, refused)
    return count


def bunches(first: int, programs: int) -> Iterator[range]:
    """Cut the seeds into bunches."""
    for start in range(first, first + programs, BUNCH):
        yield range(start, min(start + BUNCH, first + programs))


class Progress:
    """A bar that is drawn over itself on a terminal, and a line for each tenth elsewhere."""

    def __init__(self, stream: TextIO, whole: int) -> None:
        self._stream = stream
        self._whole = whole
        self._live = stream.isatty()
        self._tenths = 0

    def show(self, count: Count) -> None:
        """Show how far it is."""
        part = count.programs / self._whole
        text = f"{count.programs} of {self._whole} programs, {len(count.different)} differ"
        if self._live:
            bar = "#" * int(part * BAR)
            self._stream.write(f"\r[{bar:{BAR}}] {text}")
            self._stream.flush()
        elif int(part * 10) > self._tenths:
            self._tenths = int(part * 10)
            self._stream.write(f"{text}\n")
            self._stream.flush()

    def end(self) -> None:
        """Leave the bar's line."""
        if self._live:
            self._stream.write("\n")


def main(arguments: list[str] | None = None) -> int:
    """Compare many programs with all processors; 1 if any differs, or the verifier refuses too many."""
    parser = argparse.ArgumentParser(prog="python -m tests.vm.differential", description=__doc__)
    parser.add_argument("--count", type=int, default=20_000, help="how many programs (default %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="the seed of the first, which is counted on from there")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes (default %(default)s)")
    options = parser.parse_args(arguments)
    reason = why_no_kernel()
    if reason:
        print(f"nothing to compare with: {reason}", file=sys.stderr)
        return 1 if required() else 0
    started = time.monotonic()
    progress = Progress(sys.stderr, options.count)
    count = Count(0, 0, {}, {})
    with ProcessPoolExecutor(options.jobs) as pool:
        for done in pool.map(compared, bunches(options.seed, options.count)):
            count += done
            progress.show(count)
    progress.end()
    print(report(count, options.seed, time.monotonic() - started))
    return 1 if count.different or len(count.refused) > (1 - LEAST_ACCEPTED) * count.programs else 0


def report(count: Count, first: int, taken_s: float) -> str:
    """The differences, the reasons of the verifier, and one line with the figures."""
    lines = list(count.different.values())
    lines += [f"refused, seed {seed}: {text}" for seed, text in list(count.refused.items())[:5]]
    accepted = count.programs - len(count.refused)
    lines.append(
        f"differential: {count.programs} programs (seeds {first}..{first + count.programs - 1}, "
        f"{count.units / max(count.programs, 1):.0f} units on average), the verifier accepts {accepted} "
        f"({accepted / max(count.programs, 1):.2%}), {len(count.different)} differ; {taken_s:.0f} s"
    )
    return "\n\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())

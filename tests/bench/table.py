"""The table the benchmark prints: figure, value, what it is compared with, ratio, target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tests.bench.clock import Times

__all__ = ["Row", "Target", "table"]

HEADINGS = ("figure", "median", "min", "reference", "median", "min", "ratio", "target")
TEXT_COLUMNS = (0, 3, 7)

UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"))


@dataclass(frozen=True)
class Target:
    """What the ratio has to be: at most ``limit``, or less than it."""

    limit: float
    below: bool = False

    def __str__(self) -> str:
        return f"{'<' if self.below else '<='} {self.limit:g}"

    def met_by(self, ratio: float) -> bool:
        """Whether a ratio is as it should be."""
        return ratio < self.limit if self.below else ratio <= self.limit


@dataclass(frozen=True)
class Row:
    """One figure. Without ``value`` or ``reference`` it could not be measured, and ``why_not`` says why."""

    figure: str
    value: Times | None = None
    reference_name: str = ""
    reference: Times | None = None
    target: Target | None = None
    why_not: str = ""

    @property
    def ratio(self) -> float | None:
        """The medians' ratio, or None where one is missing."""
        if self.value is None or self.reference is None:
            return None
        return self.value.median / self.reference.median

    @property
    def missed(self) -> bool:
        """Whether there is a target that the ratio misses."""
        return self.target is not None and self.ratio is not None and not self.target.met_by(self.ratio)


def table(rows: Sequence[Row]) -> str:
    """The rows in aligned columns, each reason why something is missing once below."""
    reasons: list[str] = []
    for row in rows:
        if row.why_not and row.why_not not in reasons:
            reasons.append(row.why_not)
    lines = [HEADINGS, *(_cells(row, reasons) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    text = []
    for line in lines:
        cells = [
            cell.ljust(width) if column in TEXT_COLUMNS else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        text.append("  ".join(cells).rstrip())
    text.insert(1, "-" * max(map(len, text)))
    text += [f"[{number}] not measured: {reason}" for number, reason in enumerate(reasons, 1)]
    return "\n".join(text)


def _cells(row: Row, reasons: list[str]) -> tuple[str, ...]:
    missing = f"[{reasons.index(row.why_not) + 1}]" if row.why_not else "-"
    value, reference = row.value, row.reference
    target = str(row.target) if row.target is not None else ""
    return (
        row.figure,
        _time(value.median) if value else missing,
        _time(value.least) if value else "",
        row.reference_name,
        _time(reference.median) if reference else missing if row.reference_name else "",
        _time(reference.least) if reference else "",
        f"{row.ratio:.{2 if row.ratio >= 0.1 else 3}f}" if row.ratio is not None else "",
        f"{target}  MISSED" if row.missed else target,
    )


def _time(seconds: float) -> str:
    scale, unit = next(((scale, unit) for scale, unit in UNITS if seconds >= scale), UNITS[-1])
    return f"{seconds / scale:.3g} {unit}" if seconds < 1000 * scale else f"{seconds / scale:.0f} {unit}"

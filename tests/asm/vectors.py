"""The vectors of other tools in ``tests/data/vectors``; its README says what each has."""

from __future__ import annotations

import functools
import gzip
import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent.parent / "data" / "vectors"


@functools.cache
def load(name: str) -> tuple[dict[str, Any], ...]:
    """Read one of the compressed files, by its name without the endings."""
    with gzip.open(FOLDER / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        return tuple(json.loads(line) for line in lines)

"""Runs the benchmark: ``python -m tests.bench``."""

from __future__ import annotations

import sys

from ebpfasm.testing.privileges import why_no_kernel
from tests.bench.clock import Effort
from tests.bench.report import report

sys.stdout.write(report(Effort(), why_no_kernel()))

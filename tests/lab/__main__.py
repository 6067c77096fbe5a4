"""The lab's commands: ``python -m tests.lab test``, ``python -m tests.lab run 6.12 -- ip link``."""

from __future__ import annotations

import sys

from tests.lab.command import main

sys.exit(main(sys.argv[1:]))

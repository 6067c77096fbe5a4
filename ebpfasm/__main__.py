"""``python -m ebpfasm``: the command line."""

from __future__ import annotations

import sys

if __name__ == "__main__":
    try:
        from ebpfasm.cli import main

        sys.exit(main())
    except KeyboardInterrupt:  # before the command could take care of it; nothing was made yet
        sys.exit(130)

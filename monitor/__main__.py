"""`python -m monitor` and the `monitor` command. All of it is in `cli`."""

from __future__ import annotations

import sys

from monitor.cli import main

__all__ = ["main"]

if __name__ == "__main__":
    sys.exit(main())

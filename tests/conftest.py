"""What every test needs: Qt without a screen unless the caller chose one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real market data recorded by others; it is not part of the project."""
    if not SHARED.is_dir():
        pytest.skip("shared market data is not beside the project")
    return SHARED

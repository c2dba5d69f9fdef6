"""What every test needs: Qt without a screen unless the caller chose one, and a watch over what
tests leave behind: exceptions that only a log has seen, threads that run on."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

# Whatever the event loops complain about is a task or an exception that got lost.
LOOPS = ("asyncio", "qasync")
PATIENCE_S = 5.0

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real market data recorded by others; it is not part of the project."""
    if not SHARED.is_dir():
        pytest.skip("shared market data is not beside the project")
    return SHARED


@pytest.fixture(autouse=True)
def nothing_left_behind(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """A test fails when a loop has logged a lost task or exception, or a thread outlives it."""
    before = set(threading.enumerate())
    yield
    logged = [*caplog.get_records("setup"), *caplog.get_records("call")]
    lost = [record for record in logged if record.name.partition(".")[0] in LOOPS]
    complaints = [record.getMessage() for record in lost if record.levelno >= logging.WARNING]
    assert complaints == []
    for thread in set(threading.enumerate()) - before:
        thread.join(PATIENCE_S)
        assert not thread.is_alive(), f"the thread {thread.name} outlives its test"

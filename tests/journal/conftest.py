"""One recording for all tests that only read; a copy of it for each that damages it."""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path

import pytest
from journal_world import DATABASE, Desk, recorded
from venue_sessions import record_at_venue


@pytest.fixture(scope="session")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return recorded(tmp_path_factory.mktemp("recording"))


@pytest.fixture(autouse=True)
def own_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("MONITOR_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def desk(recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    """A database of its own over the recording's files, which nobody may change."""
    shutil.copy(recording / DATABASE, tmp_path / DATABASE)
    return Desk(tmp_path, capsys)


@pytest.fixture(scope="session")
def venue_recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("venue")
    asyncio.run(record_at_venue(folder))
    return folder


@pytest.fixture
def venue_desk(venue_recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    """The recording of a session at a venue, to be damaged."""
    shutil.copy(venue_recording / DATABASE, tmp_path / DATABASE)
    return Desk(tmp_path, capsys)

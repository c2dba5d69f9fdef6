"""A real database file, an open store, a session in it, and a second program that locks it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from store_world import OtherProgram, begin

from monitor.store import Store


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "data" / "monitor.sqlite"


@pytest.fixture
async def store(file: Path) -> AsyncIterator[Store]:
    """Open; a test that breaks it for good closes it itself."""
    opened = await Store.open(file, lock_wait_s=0.02)
    yield opened
    await opened.close(patience_s=5)


@pytest.fixture
async def session_id(store: Store) -> int:
    return await begin(store)


@pytest.fixture
def other_program(store: Store, file: Path) -> Iterator[OtherProgram]:
    program = OtherProgram(file)
    yield program
    program.connection.close()

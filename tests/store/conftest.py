"""A real database, an open store, a session in it, and a second program that locks it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from database_places import KINDS, OtherProgram, Place, place_of
from store_world import begin

from monitor.store import Store


@pytest.fixture(params=KINDS)
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    """The same test on every kind of database; `only` in `store_world` narrows that."""
    async with place_of(request.param, tmp_path) as found:
        yield found


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The file of a place that is one."""
    return tmp_path / "data" / "monitor.sqlite"


@pytest.fixture
async def store(place: Place) -> AsyncIterator[Store]:
    """Open; a test that breaks it for good closes it itself."""
    opened = await Store.open(place.address, lock_wait_s=0.02)
    yield opened
    await opened.close(patience_s=5)


@pytest.fixture
async def session_id(store: Store) -> int:
    return await begin(store)


@pytest.fixture
async def other_program(store: Store, place: Place) -> AsyncIterator[OtherProgram]:
    program = OtherProgram(place)
    yield program
    await program.close()

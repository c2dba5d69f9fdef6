"""A mirror of a door in memory on a free port, and clients of it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from memory_door import MemoryDoor, busy_door
from mirror_clients import WEB

from monitor.net.mirror import Mirror


@pytest.fixture
def door() -> MemoryDoor:
    return busy_door()


@pytest.fixture
async def mirror(door: MemoryDoor) -> AsyncIterator[Mirror]:
    running = Mirror(door, port=0, web_root=WEB)
    await running.start()
    yield running
    await running.stop()


@pytest.fixture
async def web(mirror: Mirror) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=mirror.url) as client:
        yield client


@pytest.fixture
def ws_url(mirror: Mirror) -> str:
    return mirror.url.replace("http", "ws")

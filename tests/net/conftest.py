"""A mirror on a free port, and clients that hold it to its protocol."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from memory_door import MemoryDoor, busy_door

from monitor.net.mirror import Mirror

WEB = Path(__file__).resolve().parents[2] / "resources" / "web"


class TableClient:
    """An order table kept by nothing but the protocol's messages."""

    def __init__(self) -> None:
        self.orders: dict[int, dict[str, Any]] = {}
        self.seq = 0
        self.actions: list[str] = []

    def hear(self, text: str | bytes) -> None:
        content = json.loads(text)
        for message in content if isinstance(content, list) else [content]:
            self._apply(message)

    def _apply(self, message: dict[str, Any]) -> None:
        assert message["seq"] == self.seq + 1
        assert message["strategy_id"] == 1
        assert message["timestamp"] > 1_600_000_000_000
        self.seq += 1
        self.actions.append(message["action"])
        match message["action"]:
            case "clear":
                self.orders.clear()
            case "add":
                order = message["order"]
                assert order["order_id"] not in self.orders, "added twice"
                self.orders[order["order_id"]] = order
            case "update":
                assert message["order"]["order_id"] in self.orders, "update of an unknown order"
                self.orders[message["order"]["order_id"]] |= message["order"]
            case "remove":
                del self.orders[message["order_id"]]
            case other:
                raise AssertionError(other)


async def until(reached: Callable[[], object], seconds: float = 10.0) -> None:
    """Wait for a condition that nobody announces."""
    async with asyncio.timeout(seconds):
        while not reached():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


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

"""A client that holds the mirror to its protocol, and how to wait for what nobody announces."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

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

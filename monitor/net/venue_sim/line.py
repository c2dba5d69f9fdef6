"""One client's connection: what it follows, and what the script does to its frames.

Frames leave in the order of their due times; a client that does not read is cut off when too
much waits for it. Knows no exchange.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from monitor.net.venue_sim.adversary import Adversary, Delivery
from monitor.net.venue_sim.matching import Push

MOST_WAITING = 50_000


class ClientLine:
    """`pump` runs beside the reading of requests until the connection is gone."""

    def __init__(self, socket: ServerConnection, number: int, adversary: Adversary) -> None:
        self.number = number
        self.adversary = adversary
        self.accounts: frozenset[str] = frozenset()
        self.symbols: frozenset[str] = frozenset()
        self._socket = socket
        self._waiting: list[tuple[float, int, Delivery]] = []
        self._count = itertools.count()
        self._last_due: dict[str, float] = {}
        self._news = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def follows(self, push: Push) -> bool:
        if push.channel == "quotes":
            return push.key in self.symbols
        return push.key in self.accounts if push.key else bool(self.accounts)

    def say(self, kind: str, text: str) -> None:
        """Send a frame, as the script lets it through."""
        now = self._loop.time()
        self._schedule(self.adversary.passes(kind, text, now), now)

    def _schedule(self, deliveries: list[Delivery], now: float) -> None:
        for one in deliveries:
            due = now + one.after_s
            if one.kind:
                due = self._last_due[one.kind] = max(due, self._last_due.get(one.kind, 0.0))
            heapq.heappush(self._waiting, (due, next(self._count), one))
        if len(self._waiting) > MOST_WAITING:
            self.cut()
        self._news.set()

    def cut(self) -> None:
        """Gone without a word, as when a cable is pulled."""
        self._socket.transport.abort()

    async def pump(self) -> None:
        try:
            while True:
                now = self._loop.time()
                self._schedule(self.adversary.release(now), now)
                while self._waiting and self._waiting[0][0] <= self._loop.time():
                    payload = heapq.heappop(self._waiting)[2].payload
                    if payload is None:
                        self.cut()
                        return
                    await self._socket.send(payload)
                await self._wait()
        except ConnectionClosed:
            return

    async def _wait(self) -> None:
        """Until there is something new, or the next frame is due."""
        self._news.clear()
        dues = [due for due in (self.adversary.due_s, self._waiting[0][0] if self._waiting else None) if due]
        patience = max(0.0, min(dues) - self._loop.time()) if dues else None
        try:
            async with asyncio.timeout(patience):
                await self._news.wait()
        except TimeoutError:
            pass

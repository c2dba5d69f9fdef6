"""One WebSocket client: sends a feed at the pace its reader allows, and hangs up on the dead.

Owns waiting: the merge window, the time a reader may stall, the heartbeat. Knows nothing of
what the feed says.
"""

from __future__ import annotations

import asyncio
from typing import NamedTuple

import msgspec
from starlette.websockets import WebSocket, WebSocketDisconnect

from monitor.net.feeds import Feed, asleep
from monitor.net.uvicorn_server import drop_of


class Care(msgspec.Struct, frozen=True, kw_only=True):
    """How connections are cared for. After sending, news is collected for a window before it
    is sent again; 0 sends each at once. A client whose reader takes nothing for `stall_s` is
    hopeless."""

    order_window_s: float = 0.02
    live_window_s: float = 0.05
    heartbeat_s: float = 5.0
    ping_s: float = 20.0
    stall_s: float = 15.0
    budget: int = 32 * 1024
    max_clients: int = 1_000


class Farewell(NamedTuple):
    code: int
    reason: str


TOO_SLOW = Farewell(1013, "You read too slowly. Connect again for the full list.")
NO_MESSAGES = Farewell(1008, "This socket only sends: it takes no messages.")
STOPPING = Farewell(1012, "The mirror is stopping.")


class Sender:
    def __init__(self, socket: WebSocket, feed: Feed, care: Care, window_s: float) -> None:
        self._socket = socket
        self._feed = feed
        self._care = care
        self._window_s = window_s
        self._awake = asyncio.Event()
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Serve until the client leaves, is dropped, or the mirror stops."""
        await self._socket.accept()
        self._feed.wake = self._awake.set
        self._awake.set()
        jobs = [asyncio.create_task(job()) for job in (self._read, self._write, self._wait_for_stop)]
        try:
            done, _ = await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._feed.wake = asleep
            for job in jobs:
                job.cancel()
            await asyncio.gather(*jobs, return_exceptions=True)
        for farewell in [job.result() for job in done]:
            if farewell is not None:
                drop_of(self._socket.scope)(*farewell)

    def stop(self) -> None:
        self._stopping.set()

    async def _wait_for_stop(self) -> Farewell:
        await self._stopping.wait()
        return STOPPING

    async def _read(self) -> Farewell | None:
        message = await self._socket.receive()
        return None if message["type"] == "websocket.disconnect" else NO_MESSAGES

    async def _write(self) -> Farewell | None:
        try:
            while True:
                if await self._news():
                    self._awake.clear()
                    await self._send_news()
                    await asyncio.sleep(self._window_s)
                elif frame := self._feed.heartbeat():
                    await self._send([frame])
        except TimeoutError:
            return TOO_SLOW
        except WebSocketDisconnect:
            return None

    async def _news(self) -> bool:
        """Wait until there is something to say. False when it is time for a heartbeat."""
        try:
            async with asyncio.timeout(self._care.heartbeat_s):
                await self._awake.wait()
        except TimeoutError:
            return False
        return True

    async def _send_news(self) -> None:
        """Send what there is, portion by portion; a portion that is not full is the last."""
        full = True
        while full:
            frames = self._feed.take(self._care.budget)
            await self._send(frames)
            full = sum(map(len, frames)) >= self._care.budget

    async def _send(self, frames: list[bytes]) -> None:
        async with asyncio.timeout(self._care.stall_s):
            for frame in frames:
                await self._socket.send({"type": "websocket.send", "text": frame.decode()})
        await asyncio.sleep(0)

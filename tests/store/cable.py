"""The cable between a store and its server: a TCP proxy that can be cut, frozen, or torn in the
moment when a commit has been made and its answer is under way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from database_places import Place, administrator

Pair = tuple[asyncio.StreamWriter, asyncio.StreamWriter]


class Cable:
    """Made by `cable_to`. It is whole at first."""

    def __init__(self, place: Place) -> None:
        server = administrator(place.kind)
        self._server = (server.host or "127.0.0.1", server.port or 0)
        self._listening: asyncio.Server | None = None
        self._port = 0
        self._pairs: set[Pair] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._place = place
        self.tear_after_commit = False
        self.torn = asyncio.Event()

    @property
    def address(self) -> str:
        url = self._place.url.set(host="127.0.0.1", port=self._port)
        return url.render_as_string(hide_password=False)

    async def plug_in(self) -> None:
        self._listening = await asyncio.start_server(self._accept, "127.0.0.1", self._port)
        self._port = self._listening.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """All connections are gone, and no new one is taken."""
        if self._listening is not None:
            self._listening.close()
        self._tear()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def freeze(self) -> None:
        """Nothing goes through any more, and nobody is told."""
        self._flowing.clear()

    def thaw(self) -> None:
        self._flowing.set()

    def _tear(self) -> None:
        for pair in self._pairs:
            for end in pair:
                end.transport.abort()
        self._pairs.clear()

    async def _accept(self, ours: asyncio.StreamReader, to_us: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        theirs, to_them = await asyncio.open_connection(*self._server)
        pair = (to_us, to_them)
        self._pairs.add(pair)
        try:
            await asyncio.gather(self._up(ours, pair), self._down(theirs, pair))
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            self._pairs.discard(pair)
            for end in pair:
                end.transport.abort()

    async def _up(self, source: asyncio.StreamReader, pair: Pair) -> None:
        while data := await source.read(65536):
            await self._flowing.wait()
            if self.tear_after_commit and b"COMMIT" in data.upper():
                self.tear_after_commit = False
                self._lost = pair
            pair[1].write(data)
        await self._flowing.wait()
        raise ConnectionResetError

    async def _down(self, source: asyncio.StreamReader, pair: Pair) -> None:
        while data := await source.read(65536):
            await self._flowing.wait()
            if self._lost is pair:
                self.torn.set()
                raise ConnectionResetError
            pair[0].write(data)
        raise ConnectionResetError

    _lost: Pair | None = None


@asynccontextmanager
async def cable_to(place: Place) -> AsyncIterator[Cable]:
    cable = Cable(place)
    await cable.plug_in()
    try:
        yield cable
    finally:
        cable.thaw()
        await cable.cut()

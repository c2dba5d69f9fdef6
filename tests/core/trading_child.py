"""The program that trades, as a child that tests can kill: commands in as JSON lines, answers out.

    python tests/core/trading_child.py DATABASE VENUE_URL [VENUE_URL ...]

It is what `monitor serve --connect` runs, without the mirror: a store, a core, real sockets. An
answer is written when the core has given it; until then whoever asked knows nothing.
"""

from __future__ import annotations

import asyncio
import os
import sys
from decimal import Decimal
from pathlib import Path

import msgspec
from trading_desk import NOTHING, QuickVenues

from monitor.core.core import Core
from monitor.engine.commands import AnyCommand, Reply
from monitor.engine.options import VenueOptions
from monitor.engine.rows import AccountRow, EvidenceRow, OrderRow, PositionRow, TradeRow
from monitor.store.store import Store


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Without a command: what is shown now. `stop`: end cleanly."""

    number: int
    command: AnyCommand | None = None
    stop: bool = False


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """The present of a session, as far as it is compared with the venue's truth."""

    seq: int
    connected: bool
    orders: dict[int, OrderRow]
    trades: dict[int, TradeRow]
    positions: dict[str, PositionRow]
    accounts: dict[str, AccountRow]
    evidence: dict[str, EvidenceRow]
    prices: dict[str, Decimal]


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    number: int
    reply: Reply | None = None
    shown: Shown | None = None


def shown(core: Core) -> Shown:
    live = core.live
    assert live is not None
    now, state = core.snapshot(), live.trading.state
    return Shown(
        seq=now.seq,
        connected=all(state.reachable(venue.name) for venue in live.config.terms.venues),
        # All of them: a snapshot has only the newest of what ended.
        orders={number: one.row() for number, one in state.book.orders.items()},
        trades=dict(state.trades),
        positions=now.positions,
        accounts=now.accounts,
        evidence={name: row for name, row in now.evidence.items() if not row.over},
        prices={symbol: quote.last for symbol, quote in state.quotes.items() if quote.last is not None},
    )


class Listener:
    """Reads lines and answers them, each when it is ready."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._answering: set[asyncio.Task[None]] = set()

    async def listen(self) -> None:
        reader = asyncio.StreamReader(limit=1 << 24)
        loop = asyncio.get_running_loop()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        decoder = msgspec.json.Decoder(Asked)
        while line := await reader.readline():
            asked = decoder.decode(line)
            if asked.stop:
                break
            task = asyncio.create_task(self._answer(asked))
            self._answering.add(task)
            task.add_done_callback(self._answering.discard)
        self._core.stop()

    async def _answer(self, asked: Asked) -> None:
        if asked.command is None:
            say(Answered(number=asked.number, shown=shown(self._core)))
        else:
            say(Answered(number=asked.number, reply=await self._core.submit(asked.command)))


def say(answered: Answered) -> None:
    line = msgspec.json.encode(answered) + b"\n"
    while line:
        line = line[os.write(1, line) :]


async def trade(database: str, url: str, *further: str) -> None:
    store = await Store.open(database if "://" in database else Path(database))
    try:
        core = Core(store, window=False, venues=QuickVenues())
        await core.open(VenueOptions(url=url, further=further), NOTHING)
        say(Answered(number=0))
        listening = asyncio.create_task(Listener(core).listen())
        try:
            await core.run()
        finally:
            listening.cancel()
            await core.close()
    finally:
        await store.close()


if __name__ == "__main__":
    asyncio.run(trade(*sys.argv[1:]))

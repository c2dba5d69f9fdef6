"""A real core on a real database, fed by small bar files: what core tests are written in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path

from monitor.core.core import Core
from monitor.engine.changes import Changes
from monitor.engine.commands import AnyCommand, Reply
from monitor.engine.klines import make_bars, write_klines
from monitor.engine.options import ReplayOptions
from monitor.engine.rows import OrderRow, PositionRow, SessionRow
from monitor.store.store import Store

Ohlcv = tuple[float, float, float, float, float]

HOLDER = '''
from monitor.engine.strategy import Strategy, parameter


class Holder(Strategy):
    """Buys at the market on its first bar and keeps a target and a stop resting."""

    target: float = parameter(1000.0)

    def on_start(self):
        self.bought = False

    def on_bar(self, bar):
        if not self.bought:
            self.bought = True
            self.buy(volume=2, why="first bar")

    def on_trade(self, trade):
        if trade.offset == "OPEN":
            self.sell(trade.price + 1000, trade.volume, why="far target")


class Idle(Strategy):
    """Never trades: a person does."""
'''


def wave(count: int, start: float = 100.0) -> list[Ohlcv]:
    """Bars that climb and fall, busy enough for crossings and fills."""
    bars = []
    price = start
    for index in range(count):
        step = [1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1, -1][index % 15] + (index % 3 - 1)
        close = max(10.0, price + step)
        bars.append((price, max(price, close) + 1, min(price, close) - 1, close, 1000.0))
        price = close
    return bars


def write_bars(path: Path, bars: Sequence[Ohlcv]) -> Path:
    write_klines(path, make_bars(list(bars), symbol="SHFE.test", tick=Decimal(1)))
    return path


def write_strategies(folder: Path) -> Path:
    path = folder / "test_strategies.py"
    path.write_text(HOLDER, encoding="utf-8")
    return path


def options(file: Path, strategy: str = "double_ma", **changes: object) -> ReplayOptions:
    fields = {"file": str(file), "strategy": strategy, "symbol": "SHFE.test", "tick": Decimal(1)}
    return ReplayOptions(**{**fields, **changes})  # type: ignore[arg-type]


class CoreWorld:
    """An open core, its driver running."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self.seen = Changes()
        core.subscribe(self._hear)
        self._heard = asyncio.Event()

    def _hear(self, changes: Changes) -> None:
        self.seen.absorb(changes)
        self._heard.set()

    async def does(self, command: AnyCommand) -> Reply:
        return await self.core.submit(command)

    async def until_bar(self, bar: int) -> None:
        while (row := self.core.snapshot().replay) is None or row.bar < bar:
            self._heard.clear()
            await self._heard.wait()

    async def hears(self) -> None:
        """Wait for the next word of the core."""
        self._heard.clear()
        await self._heard.wait()

    async def until_another_session(self, first: SessionRow | None) -> None:
        while self.core.snapshot().session == first:
            self._heard.clear()
            await self._heard.wait()

    @property
    def now(self) -> Changes:
        return self.core.snapshot()

    def active_orders(self) -> dict[int, OrderRow]:
        return {i: row for i, row in self.now.orders.items() if row.status.active}

    def position(self) -> PositionRow | None:
        return next((row for row in self.now.positions.values() if row.volume), None)


@asynccontextmanager
async def core_world(
    database: Path | str, start: ReplayOptions | None, *, fallback: ReplayOptions | None = None
) -> AsyncIterator[CoreWorld]:
    """A paused core that is closed cleanly afterwards."""
    store = await Store.open(database)
    try:
        core = Core(store)
        whatever = start or fallback
        assert whatever is not None
        await core.open(start, whatever)
        running = asyncio.create_task(core.run())
        try:
            yield CoreWorld(core)
        finally:
            core.stop()
            await running
            await core.close()
    finally:
        await store.close()

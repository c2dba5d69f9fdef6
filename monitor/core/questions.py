"""What a server may ask of what is kept: pages from the database, sums over records.

Every answer is up to the present moment, or `Unavailable` says at once why there is none. Owns
which session is on the stage; changes nothing of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from typing import TypeVar

from monitor.boundary import (
    AlertPage,
    AlertQuery,
    ExecutionPage,
    ExecutionQuery,
    OrderFact,
    OrderPage,
    OrderQuery,
    RecordPage,
    RecordQuery,
    SignalPage,
    SignalQuery,
    TradePage,
    TradeQuery,
    Unavailable,
)
from monitor.core.history import facts_of
from monitor.core.live import LiveSession
from monitor.core.sessions import Opened
from monitor.engine.advanced_errors import PositionRecordingError
from monitor.engine.execution import ExecutionSummary
from monitor.engine.records import RecordStatistics, StatisticsFold
from monitor.engine.rows import SignalRow
from monitor.engine.session import ReplaySession
from monitor.engine.values import Instrument
from monitor.store.faults import StoreError
from monitor.store.store import Store

Q = TypeVar("Q")
P = TypeVar("P")

_SIGNALS = 500
_AT_ONCE = 200
"""Records taken in before the loop does something else: about a millisecond."""


class Questions:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._opened: Opened | None = None

    @property
    def session(self) -> ReplaySession | None:
        return self._opened.session if self._opened is not None else None

    @property
    def live(self) -> LiveSession | None:
        return self._opened.live if self._opened is not None else None

    @property
    def _engine(self) -> ReplaySession | LiveSession | None:
        """Whichever of both is on the stage."""
        return self.session or self.live

    async def finished_orders(self, query: OrderQuery) -> OrderPage:
        """From the database, after everything so far is in it."""
        return await self._asked(self._store.finished_orders, query)

    async def trades(self, query: TradeQuery) -> TradePage:
        return await self._asked(self._store.trades, query)

    async def position_records(self, query: RecordQuery) -> RecordPage:
        return await self._asked(self._store.position_records, query)

    async def record_statistics(self, query: RecordQuery) -> RecordStatistics:
        return await self._asked(self._statistics, query)

    async def executions(self, query: ExecutionQuery) -> ExecutionPage:
        return await self._asked(self._store.executions, query)

    def execution_summary(self) -> ExecutionSummary | None:
        return self.live.trading.quality.summary() if self.live is not None else None

    async def signals(self, query: SignalQuery) -> SignalPage:
        return await self._asked(self._store.signals, query)

    async def alerts(self, query: AlertQuery) -> AlertPage:
        return await self._asked(self._store.alerts, query)

    async def newest_signals(self, to_ns: int | None = None) -> dict[int, SignalRow]:
        """Those of the session until then, which no engine keeps; the oldest first. May raise StoreError."""
        if self._opened is None:
            return {}
        query = SignalQuery(to_ns=to_ns, size=_SIGNALS)
        page = await self._store.signals(self._opened.session_id, query)
        return {row.signal_id: row for row in reversed(page.signals)}

    async def order_history(
        self, order_id: int, from_ns: int | None = None, to_seq: int | None = None
    ) -> tuple[OrderFact, ...]:
        """The newest facts that name an order, the oldest of them first."""
        opened = self._opened
        if opened is None:
            raise Unavailable("Nothing is open.")
        begun_ns = from_ns if opened.live is not None else None  # a replay's clock goes back
        try:
            await self._store.settle()
            return await facts_of(self._store, opened.session_id, order_id, begun_ns, to_seq)
        except StoreError as error:
            raise Unavailable(str(error)) from error

    async def _asked(self, read: Callable[[int, Q], Awaitable[P]], query: Q) -> P:
        if self._opened is None:
            raise Unavailable("Nothing is open.")
        try:
            await self._store.settle()
            return await read(self._opened.session_id, query)
        except StoreError as error:
            raise Unavailable(str(error)) from error

    async def _statistics(self, session_id: int, query: RecordQuery) -> RecordStatistics:
        fold = StatisticsFold(_instruments(self._engine))
        try:
            async with aclosing(self._store.all_position_records(session_id, query)) as parts:
                async for rows in parts:
                    for first in range(0, len(rows), _AT_ONCE):
                        for row in rows[first : first + _AT_ONCE]:
                            fold.add(row)
                        await asyncio.sleep(0)
        except PositionRecordingError as error:
            raise Unavailable(f"The records do not add up: {error}.") from error
        return fold.result()


def _instruments(engine: ReplaySession | LiveSession | None) -> Mapping[str, Instrument]:
    if isinstance(engine, LiveSession):
        return dict(engine.trading.state.instruments)
    return {engine.plan.instrument.symbol: engine.plan.instrument} if engine is not None else {}

"""The two doors of the core: what a window in another thread and what a server on the core's
own loop may do with it. Only frozen values and `Changes` pass.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from typing import Protocol

import msgspec

from monitor.engine.changes import Changes
from monitor.engine.commands import AnyCommand, Reply
from monitor.engine.events import AnyEvent
from monitor.engine.execution import ExecutionSummary
from monitor.engine.records import RecordStatistics
from monitor.engine.rows import (
    AlertRow,
    ExecutionRow,
    OrderRow,
    PositionRecordRow,
    SignalRow,
    TradeRow,
)
from monitor.engine.values import LogLevel, OrderStatus, RecordType, SignalKind


class OrderQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Finished orders, newest first. `page` from 1; times in ns UTC, both ends included."""

    strategy_id: int | None = None
    order_id: int | None = None
    page: int = 1
    size: int = 50
    symbol: str | None = None
    status: OrderStatus | None = None
    from_ns: int | None = None
    to_ns: int | None = None


class OrderPage(msgspec.Struct, frozen=True, kw_only=True):
    orders: list[OrderRow]
    total: int
    page: int
    size: int


class TradeQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Trades, newest first."""

    strategy_id: int | None = None
    order_id: int | None = None
    page: int = 1
    size: int = 50
    symbol: str | None = None
    from_ns: int | None = None
    to_ns: int | None = None


class TradePage(msgspec.Struct, frozen=True, kw_only=True):
    trades: list[TradeRow]
    total: int
    page: int
    size: int


class RecordQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Position records, newest first. `include_archive`: those that retention has moved as well."""

    account_id: str | None = None
    symbol: str | None = None
    strategy_id: int | None = None
    order_id: int | None = None
    type: RecordType | None = None
    from_ns: int | None = None
    to_ns: int | None = None
    page: int = 1
    size: int = 50
    include_archive: bool = False


class RecordPage(msgspec.Struct, frozen=True, kw_only=True):
    records: list[PositionRecordRow]
    total: int
    page: int
    size: int


class SignalQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Signals of orders, newest first."""

    order_id: int | None = None
    account_id: str | None = None
    symbol: str | None = None
    kind: SignalKind | None = None
    from_ns: int | None = None
    to_ns: int | None = None
    page: int = 1
    size: int = 50


class SignalPage(msgspec.Struct, frozen=True, kw_only=True):
    signals: list[SignalRow]
    total: int
    page: int
    size: int


class ExecutionQuery(msgspec.Struct, frozen=True, kw_only=True):
    """How well orders were executed, the one that changed last first."""

    order_id: int | None = None
    account_id: str | None = None
    symbol: str | None = None
    venue: str | None = None
    from_ns: int | None = None
    to_ns: int | None = None
    page: int = 1
    size: int = 50


class ExecutionPage(msgspec.Struct, frozen=True, kw_only=True):
    executions: list[ExecutionRow]
    total: int
    page: int
    size: int


class AlertQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Alerts, newest first. `standing` True: only those nobody took note of, False: the others."""

    standing: bool | None = None
    level: LogLevel | None = None
    cause: str | None = None
    order_id: int | None = None
    account_id: str | None = None
    symbol: str | None = None
    from_ns: int | None = None
    to_ns: int | None = None
    page: int = 1
    size: int = 50


class AlertPage(msgspec.Struct, frozen=True, kw_only=True):
    alerts: list[AlertRow]
    total: int
    page: int
    size: int


class CoreStats(msgspec.Struct, frozen=True, kw_only=True):
    """Health in numbers: shown by link dots, /healthz and `monitor doctor`.

    `beat_s` is `time.monotonic()` of the core's last sign of life, 0.0 before the first: when it
    is old, the engine does not answer."""

    journal_seq: int = 0
    durable_seq: int = 0
    journal_error: str = ""
    mirror_url: str = ""
    mirror_clients: int = 0
    mirror_error: str = ""
    loop_delay_ms: float = 0.0
    beat_s: float = 0.0


class PastMoment(msgspec.Struct, frozen=True, kw_only=True):
    """A moment of the journal, by its number and time, and how far the journal reaches."""

    seq: int
    time_ns: int
    first_seq: int
    first_ns: int
    last_seq: int
    last_ns: int


class OrderFact(msgspec.Struct, frozen=True):
    """A fact of the journal that names an order."""

    seq: int
    time_ns: int
    event: AnyEvent


class Unavailable(Exception):  # noqa: N818 the field's word
    """The core cannot answer at present; the text says why, for the user."""


class WindowDoor(Protocol):
    """For the GUI thread. No method blocks."""

    def submit(self, command: AnyCommand) -> Future[Reply]:
        """Hand a command to the core. The future is resolved in the core's thread."""
        ...

    def take(self) -> Changes | None:
        """Everything that changed since the last call, merged, or None."""
        ...

    def stats(self) -> CoreStats: ...

    def look_back(self, seq: int | None = None, time_ns: int | None = None) -> Future[PastMoment]:
        """Show a past moment: by its number, or the last one at or before a time. `take` then
        gives that moment, cleared first, and nothing of the present until `look_ahead`; commands
        from the window are refused meanwhile, but for the emergency stop. Raises
        `Unavailable` through the future when there is no such moment."""
        ...

    def look_ahead(self) -> Future[None]:
        """Back to the present: `take` gives all of it, cleared first, and what follows."""
        ...

    def position_records(self, query: RecordQuery) -> Future[RecordPage]:
        """Kept records, newest first. Raises `Unavailable` through the future."""
        ...

    def order_history(
        self, order_id: int, from_ns: int | None = None, to_seq: int | None = None
    ) -> Future[tuple[OrderFact, ...]]:
        """The newest 500 facts that name the order and still hold, the oldest first. `from_ns`: when
        the order began, which saves looking further back; `to_seq`: none after that. Likewise."""
        ...


class ServerDoor(Protocol):
    """For servers on the core's own loop."""

    def snapshot(self) -> Changes:
        """The whole present: `cleared` is set, active orders and recent history included."""
        ...

    def subscribe(self, listener: Callable[[Changes], None]) -> Callable[[], None]:
        """Call `listener` with every `Changes` from now on; returns how to stop. A listener
        must not raise, wait or change what it is given."""
        ...

    def submit(self, command: AnyCommand) -> asyncio.Future[Reply]: ...

    async def finished_orders(self, query: OrderQuery) -> OrderPage:
        """Up to the present moment. Raises `Unavailable` at once rather than wait."""
        ...

    async def trades(self, query: TradeQuery) -> TradePage:
        """Likewise."""
        ...

    async def position_records(self, query: RecordQuery) -> RecordPage:
        """Likewise."""
        ...

    async def record_statistics(self, query: RecordQuery) -> RecordStatistics:
        """Over all records that match, whatever the page; others get their turn meanwhile."""
        ...

    async def executions(self, query: ExecutionQuery) -> ExecutionPage:
        """Likewise by page."""
        ...

    def execution_summary(self) -> ExecutionSummary | None:
        """Over all orders of the session; None where execution is not measured (a replay)."""
        ...

    async def signals(self, query: SignalQuery) -> SignalPage:
        """By page, up to the present moment."""
        ...

    async def alerts(self, query: AlertQuery) -> AlertPage:
        """Likewise."""
        ...

    def stats(self) -> CoreStats: ...

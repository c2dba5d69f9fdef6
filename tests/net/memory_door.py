"""A core's door held in memory: fed with hand-made `Changes`, it keeps rows as the core does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

import msgspec
import numpy as np

from monitor.boundary import (
    AlertPage,
    AlertQuery,
    CoreStats,
    ExecutionPage,
    ExecutionQuery,
    OrderPage,
    OrderQuery,
    RecordPage,
    RecordQuery,
    SignalPage,
    SignalQuery,
    TradePage,
    TradeQuery,
)
from monitor.engine.changes import Changes, EquityChunk
from monitor.engine.commands import AnyCommand, Reply, ResetReplay, accepted, refused
from monitor.engine.execution import ExecutionSummary
from monitor.engine.records import RecordStatistics, record_statistics
from monitor.engine.rows import (
    AccountRow,
    OrderRow,
    PositionRow,
    ReplayRow,
    SessionRow,
    StrategyRow,
    TradeRow,
)
from monitor.engine.values import (
    Direction,
    EngineState,
    Offset,
    OrderStatus,
    OrderType,
    ReplayState,
    Side,
    StrategyState,
    TimeInForce,
    World,
)

START_NS = 1_576_800_000_000_000_000
MINUTE_NS = 60_000_000_000


class MemoryDoor:
    """`ServerDoor` over one merged `Changes`."""

    def __init__(self) -> None:
        self.whole = Changes(cleared=True)
        self.commands: list[AnyCommand] = []
        self.answer: Reply | None = None
        self.figures = CoreStats()
        self._listeners: list[Callable[[Changes], None]] = []

    def change(self, **content: Any) -> None:
        """One event's effects: rows by list, everything else as `Changes` takes it."""
        keys = {
            "orders": "order_id",
            "trades": "trade_id",
            "positions": "position_id",
            "accounts": "account_id",
            "strategies": "strategy_id",
            "waiting": "order_id",
            "executions": "order_id",
            "signals": "signal_id",
            "records": "record_id",
            "alerts": "alert_id",
            "evidence": "evidence_id",
            "links": "link_id",
        }
        for name, key in keys.items():
            if name in content:
                content[name] = {getattr(row, key): row for row in content[name]}
        self.publish(Changes(seq=self.whole.seq + 1, **content))

    def publish(self, changes: Changes) -> None:
        self.whole.absorb(changes)
        for listener in list(self._listeners):
            listener(changes)

    @property
    def listeners(self) -> int:
        return len(self._listeners)

    def active(self, strategy_id: int) -> dict[int, OrderRow]:
        rows = self.whole.orders.values()
        return {row.order_id: row for row in rows if row.status.active and row.strategy_id == strategy_id}

    def snapshot(self) -> Changes:
        copy = Changes(cleared=True)
        copy.absorb(self.whole)
        return copy

    def subscribe(self, listener: Callable[[Changes], None]) -> Callable[[], None]:
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def submit(self, command: AnyCommand) -> asyncio.Future[Reply]:
        self.commands.append(command)
        answer: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        if self.answer is None and isinstance(command, ResetReplay):
            strategies = list(self.whole.strategies.values())
            self.change(cleared=True, strategies=strategies)
            self.answer = accepted()
        answer.set_result(self.answer or refused("not offered"))
        return answer

    async def finished_orders(self, query: OrderQuery) -> OrderPage:
        ended = [row for row in self.whole.orders.values() if not row.status.active]
        rows, page = _found(ended, query, "created_ns")
        return OrderPage(orders=rows, **page)

    async def trades(self, query: TradeQuery) -> TradePage:
        rows, page = _found(self.whole.trades.values(), query, "time_ns")
        return TradePage(trades=rows, **page)

    async def position_records(self, query: RecordQuery) -> RecordPage:
        rows, page = _found(self.whole.records.values(), query, "time_ns")
        return RecordPage(records=rows, **page)

    async def record_statistics(self, query: RecordQuery) -> RecordStatistics:
        rows, _ = _found(self.whole.records.values(), msgspec.structs.replace(query, size=10**6), "time_ns")
        return record_statistics(reversed(rows))

    async def executions(self, query: ExecutionQuery) -> ExecutionPage:
        rows, page = _found(self.whole.executions.values(), query, "updated_ns")
        return ExecutionPage(executions=rows, **page)

    def execution_summary(self) -> ExecutionSummary | None:
        return None

    async def signals(self, query: SignalQuery) -> SignalPage:
        rows, page = _found(self.whole.signals.values(), query, "time_ns")
        return SignalPage(signals=rows, **page)

    async def alerts(self, query: AlertQuery) -> AlertPage:
        standing = query.standing
        asked = [row for row in self.whole.alerts.values() if standing in {None, row.settled_ns is None}]
        rows, page = _found(asked, query, "time_ns")
        return AlertPage(alerts=rows, **page)

    def stats(self) -> CoreStats:
        return self.figures


def _found(rows: Iterable[Any], query: Any, time: str) -> tuple[list[Any], dict[str, int]]:
    """Newest first: rows that have what the query names, and what a page of them says of itself."""
    apart = {"page", "size", "from_ns", "to_ns", "include_archive", "standing"}
    named = {name: getattr(query, name) for name in query.__struct_fields__ if name not in apart}
    first = (query.page - 1) * query.size
    matching = [
        row
        for row in reversed(list(rows))
        if all(value in {None, getattr(row, name)} for name, value in named.items())
        and (query.from_ns or 0) <= getattr(row, time) <= (query.to_ns or 2**63)
    ]
    page = {"total": len(matching), "page": query.page, "size": query.size}
    return matching[first : first + query.size], page


def order(order_id: int, status: OrderStatus = OrderStatus.CREATED, **fields: Any) -> OrderRow:
    row = OrderRow(
        order_id=order_id,
        strategy_id=1,
        account_id="sim-1",
        symbol="SHFE.au2512",
        side=Side.BUY,
        offset=Offset.OPEN,
        type=OrderType.LIMIT,
        time_in_force=TimeInForce.GTC,
        quantity=Decimal(2),
        price=Decimal("752.30"),
        status=status,
        created_ns=START_NS + order_id * MINUTE_NS,
        updated_ns=START_NS + order_id * MINUTE_NS,
    )
    return msgspec.structs.replace(row, **fields)


def trade(trade_id: int, **fields: Any) -> TradeRow:
    row = TradeRow(
        trade_id=trade_id,
        order_id=trade_id,
        strategy_id=1,
        account_id="sim-1",
        symbol="SHFE.au2512",
        side=Side.BUY,
        offset=Offset.OPEN,
        price=Decimal("752.30"),
        volume=Decimal(2),
        commission=Decimal("12.04"),
        slippage=Decimal(0),
        realised_profit=Decimal(0),
        time_ns=START_NS + trade_id * MINUTE_NS,
    )
    return msgspec.structs.replace(row, **fields)


def position(volume: int = 2, **fields: Any) -> PositionRow:
    row = PositionRow(
        position_id="sim-1.SHFE.au2512.LONG",
        account_id="sim-1",
        strategy_id=1,
        symbol="SHFE.au2512",
        direction=Direction.LONG,
        volume=Decimal(volume),
        volume_today=Decimal(volume),
        frozen=Decimal(0),
        average_price=Decimal("752.30"),
        last_price=Decimal("753.06"),
        unrealised_profit=Decimal("1520.00"),
        realised_profit=Decimal("-310.5"),
        margin=Decimal("150460.00"),
        multiplier=Decimal(1000),
        price_digits=2,
        tick=Decimal("0.02"),
        quote_ns=START_NS,
        opened_ns=START_NS,
        updated_ns=START_NS,
        version=1,
    )
    return msgspec.structs.replace(row, **fields)


def account(**fields: Any) -> AccountRow:
    row = AccountRow(
        account_id="sim-1",
        currency="CNY",
        static_balance=Decimal(1_000_000),
        balance=Decimal("1012340.50"),
        available=Decimal("861880.50"),
        margin=Decimal("150460.00"),
        frozen=Decimal(0),
        commission=Decimal("120.40"),
        slippage=Decimal(0),
        realised_profit=Decimal("10940.90"),
        unrealised_profit=Decimal("1520.00"),
        today_profit=Decimal("3120.00"),
        risk_ratio=0.1486,
        drawdown=0.0123,
        max_drawdown=0.0456,
        updated_ns=START_NS,
    )
    return msgspec.structs.replace(row, **fields)


def strategy(**fields: Any) -> StrategyRow:
    row = StrategyRow(
        strategy_id=1,
        name="double_ma",
        source="double_ma",
        account_id="sim-1",
        symbol="SHFE.au2512",
        state=StrategyState.RUNNING,
        parameters={"fast_window": 10, "slow_window": 20},
        position=Decimal(2),
        net_profit=Decimal("2310.00"),
        trade_count=14,
        trigger_count=31,
    )
    return msgspec.structs.replace(row, **fields)


def replay(bar: int = 4213, **fields: Any) -> ReplayRow:
    row = ReplayRow(
        file="sample.csv",
        symbol="SHFE.au2512",
        bar=bar,
        bars=10_215,
        time_ns=START_NS + bar * MINUTE_NS,
        first_ns=START_NS,
        last_ns=START_NS + 10_215 * MINUTE_NS,
        state=ReplayState.PLAYING,
        speed=4.0,
        bars_per_second=40.0,
        synthetic=True,
    )
    return msgspec.structs.replace(row, **fields)


def session(**fields: Any) -> SessionRow:
    row = SessionRow(
        session_id=1,
        world=World.REPLAY,
        engine_state=EngineState.NORMAL,
        title="double_ma on SHFE.au2512",
        zone="Asia/Shanghai",
    )
    return msgspec.structs.replace(row, **fields)


def equity(start: int, values: list[float]) -> EquityChunk:
    times = START_NS + MINUTE_NS * np.arange(start, start + len(values), dtype=np.int64)
    return EquityChunk("sim-1", start, times, np.array(values, np.float64))


def busy_door() -> MemoryDoor:
    """A door in the middle of a replay."""
    door = MemoryDoor()
    door.change(
        session=session(),
        replay=replay(),
        strategies=[strategy()],
        accounts=[account()],
        positions=[position()],
    )
    return door

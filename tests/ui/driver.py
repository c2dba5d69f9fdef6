"""A door fed by hand: made-up changes that look like a real replay, for tests of the window.

The core itself is tested elsewhere; here the question is only what the window does with what
it is told, and what it asks for.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future
from decimal import Decimal
from typing import Any

import msgspec
import numpy as np

from monitor.boundary import CoreStats, OrderFact, PastMoment, RecordPage, RecordQuery
from monitor.engine.changes import Changes, EquityChunk, merged
from monitor.engine.commands import AnyCommand, Reply, accepted
from monitor.engine.rows import (
    AccountRow,
    LogRow,
    OrderRow,
    PositionRow,
    ReplayRow,
    SessionRow,
    StrategyRow,
    TradeRow,
    TriggerRow,
)
from monitor.engine.values import (
    NS_PER_SECOND,
    Direction,
    EngineState,
    LogLevel,
    Offset,
    OrderStatus,
    OrderType,
    ReplayState,
    Side,
    StrategyState,
    TimeInForce,
    TriggerAction,
    TriggerResult,
    World,
)

MINUTE = 60 * NS_PER_SECOND
BEGIN = 1_560_301_260 * NS_PER_SECOND  # 2019-06-12 09:01:00 in Shanghai
SYMBOL = "SHFE.au1912"


class HandDoor:
    """A `WindowDoor` whose other side is the test."""

    def __init__(self) -> None:
        self.submitted: list[AnyCommand] = []
        self.futures: list[Future[Reply]] = []
        self.waiting: deque[Changes] = deque()
        self.health = CoreStats(journal_seq=812, durable_seq=812, mirror_url="http://127.0.0.1:8765")
        self.reply: Reply | None = accepted()
        self.taken = 0
        self.looked: list[int | tuple[int | None] | str] = []
        self.looks: deque[Future[Any]] = deque()
        self.queries: list[RecordQuery] = []
        self.histories: list[tuple[int, int | None, int | None]] = []

    def look_back(self, seq: int | None = None, time_ns: int | None = None) -> Future[PastMoment]:
        self.looked.append((time_ns,) if seq is None else seq)
        return self._looking()

    def look_ahead(self) -> Future[None]:
        self.looked.append("present")
        return self._looking()

    def position_records(self, query: RecordQuery) -> Future[RecordPage]:
        self.queries.append(query)
        return self._looking()

    def order_history(
        self, order_id: int, from_ns: int | None = None, to_seq: int | None = None
    ) -> Future[tuple[OrderFact, ...]]:
        self.histories.append((order_id, from_ns, to_seq))
        return self._looking()

    def _looking(self) -> Future[Any]:
        self.looks.append(Future())
        return self.looks[-1]

    def shows(self, past: Changes, moment: PastMoment) -> None:
        """Answer the question under way: the rows, then the word."""
        self.feed(past)
        self.looks.popleft().set_result(moment)

    def shows_present(self, present: Changes) -> None:
        self.feed(present)
        self.looks.popleft().set_result(None)

    def submit(self, command: AnyCommand) -> Future[Reply]:
        self.submitted.append(command)
        future: Future[Reply] = Future()
        self.futures.append(future)
        if self.reply is not None:
            future.set_result(self.reply)
        return future

    def take(self) -> Changes | None:
        self.taken += 1
        together = merged(self.waiting)
        self.waiting.clear()
        return together

    def stats(self) -> CoreStats:
        return self.health

    def feed(self, changes: Changes) -> None:
        self.waiting.append(changes)


def session(**different: object) -> SessionRow:
    row = SessionRow(
        session_id=1,
        world=World.REPLAY,
        engine_state=EngineState.NORMAL,
        title="SHFE.au1912.1m.csv · double_ma",
        zone="Asia/Shanghai",
    )
    return msgspec.structs.replace(row, **different)


def replay(bar: int = 4_213, **different: object) -> ReplayRow:
    row = ReplayRow(
        file="SHFE.au1912.1m.csv",
        symbol=SYMBOL,
        bar=bar,
        bars=10_215,
        time_ns=moment(bar),
        first_ns=BEGIN,
        last_ns=moment(10_215),
        state=ReplayState.PLAYING,
        speed=4.0,
        bars_per_second=39.7,
        synthetic=True,
    )
    return msgspec.structs.replace(row, **different)


def moment(bar: int) -> int:
    """225 one-minute bars a day, as the exchange has them."""
    day, minute = divmod(bar, 225)
    return BEGIN + day * 1440 * MINUTE + minute * MINUTE


def account(**different: object) -> AccountRow:
    row = AccountRow(
        account_id="sim-1",
        currency="CNY",
        static_balance=Decimal("1000000.00"),
        balance=Decimal("1012340.50"),
        available=Decimal("886240.50"),
        margin=Decimal("126100.00"),
        frozen=Decimal("0.00"),
        commission=Decimal("1840.20"),
        slippage=Decimal("0.00"),
        realised_profit=Decimal("12060.70"),
        unrealised_profit=Decimal("2120.00"),
        today_profit=Decimal("3120.00"),
        risk_ratio=0.1246,
        drawdown=0.0035,
        max_drawdown=0.0213,
        updated_ns=moment(4_213),
    )
    return msgspec.structs.replace(row, **different)


def order(order_id: int, **different: object) -> OrderRow:
    row = OrderRow(
        order_id=order_id,
        strategy_id=1,
        account_id="sim-1",
        symbol=SYMBOL,
        side=Side.BUY if order_id % 2 else Side.SELL,
        offset=Offset.OPEN if order_id % 2 else Offset.CLOSE,
        type=OrderType.LIMIT,
        time_in_force=TimeInForce.GTC,
        quantity=Decimal(2),
        price=Decimal("315.25") + order_id % 7,
        status=OrderStatus.PLACED,
        created_ns=moment(4_200 + order_id % 12),
        updated_ns=moment(4_201 + order_id % 12),
    )
    return msgspec.structs.replace(row, **different)


def filled(order_id: int) -> OrderRow:
    return order(
        order_id,
        status=OrderStatus.FILLED,
        filled_quantity=Decimal(2),
        average_price=Decimal("315.25"),
        created_ns=moment(order_id * 20),
        updated_ns=moment(order_id * 20 + 1),
        executed_ns=moment(order_id * 20 + 1),
    )


def trade(trade_id: int) -> TradeRow:
    return TradeRow(
        trade_id=trade_id,
        order_id=trade_id,
        strategy_id=1,
        account_id="sim-1",
        symbol=SYMBOL,
        side=Side.BUY if trade_id % 2 else Side.SELL,
        offset=Offset.OPEN if trade_id % 2 else Offset.CLOSE,
        price=Decimal("315.25"),
        volume=Decimal(2),
        commission=Decimal("20.00"),
        slippage=Decimal("0.00"),
        realised_profit=Decimal(0) if trade_id % 2 else Decimal(trade_id * 37 % 900 - 400),
        time_ns=moment(trade_id * 20 + 1),
    )


def position(position_id: str = "sim-1.au.long", **different: object) -> PositionRow:
    row = PositionRow(
        position_id=position_id,
        account_id="sim-1",
        strategy_id=1,
        symbol=SYMBOL,
        direction=Direction.LONG,
        volume=Decimal(4),
        volume_today=Decimal(4),
        frozen=Decimal(0),
        average_price=Decimal("314.72"),
        last_price=Decimal("315.25"),
        unrealised_profit=Decimal("2120.00"),
        realised_profit=Decimal("310.00"),
        margin=Decimal("126100.00"),
        multiplier=Decimal(1000),
        price_digits=2,
        tick=Decimal("0.05"),
        quote_ns=moment(4_213),
        opened_ns=moment(4_100),
        updated_ns=moment(4_213),
        version=7,
    )
    return msgspec.structs.replace(row, **different)


def strategy(strategy_id: int = 1, **different: object) -> StrategyRow:
    row = StrategyRow(
        strategy_id=strategy_id,
        name="double_ma",
        source="double_ma",
        account_id="sim-1",
        symbol=SYMBOL,
        state=StrategyState.RUNNING,
        parameters={"fast_window": 10, "slow_window": 20},
        position=Decimal(4),
        net_profit=Decimal("12340.50"),
        trade_count=211,
        trigger_count=212,
    )
    return msgspec.structs.replace(row, **different)


def trigger(trigger_id: int) -> TriggerRow:
    up = trigger_id % 2
    return TriggerRow(
        trigger_id=trigger_id,
        strategy_id=1,
        time_ns=moment(trigger_id * 20),
        condition="fast average crossed above slow" if up else "fast average crossed below slow",
        price=Decimal("315.25"),
        action=TriggerAction.BUY if up else TriggerAction.SELL,
        result=TriggerResult.SUCCESS,
        order_id=trigger_id,
    )


def equity(start: int, stop: int) -> EquityChunk:
    """The same random walk whatever part of it is asked for."""
    steps = np.random.default_rng(7).normal(2.9, 160.0, 20_000)
    values = 1_000_000 + np.cumsum(steps)
    times = np.fromiter((moment(bar) for bar in range(start, stop)), np.int64)
    return EquityChunk("sim-1", start, times, values[start:stop].copy())


def log_line(log_id: int, text: str, level: LogLevel = LogLevel.INFO) -> LogRow:
    return LogRow(log_id=log_id, time_ns=moment(0), level=level, source="replay", message=text)


def whole_replay(bar: int = 4_213) -> Changes:
    """A session in the middle of a replay: everything there is at once."""
    working = {1001: order(1001), 1002: order(1002), 1003: order(1003, filled_quantity=Decimal(1))}
    working[1003] = msgspec.structs.replace(
        working[1003], status=OrderStatus.PARTIAL, average_price=Decimal("317.25")
    )
    return Changes(
        seq=812,
        cleared=True,
        orders={**{id: filled(id) for id in range(1, 211)}, **working},
        trades={id: trade(id) for id in range(1, 211)},
        positions={"sim-1.au.long": position()},
        accounts={"sim-1": account()},
        strategies={1: strategy()},
        triggers={id: trigger(id) for id in range(1, 213)},
        equity=[equity(0, bar)],
        log=[
            log_line(1, "SHFE.au1912.1m.csv: 10,215 bars, 45 days"),
            log_line(2, "12 minutes are missing in 3 gaps", LogLevel.WARNING),
        ],
        replay=replay(bar),
        session=session(),
    )

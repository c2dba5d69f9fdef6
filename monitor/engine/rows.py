"""The read side: immutable rows that the window, REST, WebSocket and the database all show.

A row is the whole truth about one thing at one moment; front ends never compute money
themselves. Times are integer nanoseconds UTC (`*_ns`), money and volumes Decimal, curves
float. Unknown is None.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TypeAlias

import msgspec

from monitor.engine.values import (
    Direction,
    EngineState,
    InnerState,
    LogLevel,
    Offset,
    OrderStatus,
    OrderType,
    Origin,
    Priority,
    ReplayState,
    Side,
    StrategyState,
    TimeInForce,
    TriggerAction,
    TriggerResult,
    World,
)

Scalar: TypeAlias = int | float | str | bool | None


class OrderRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    order_id: int
    strategy_id: int
    account_id: str
    symbol: str
    side: Side
    offset: Offset
    type: OrderType
    time_in_force: TimeInForce
    quantity: Decimal
    price: Decimal | None = None
    trigger_price: Decimal | None = None
    filled_quantity: Decimal = Decimal(0)
    average_price: Decimal | None = None
    status: OrderStatus = OrderStatus.CREATED
    inner_state: InnerState | None = None
    priority: Priority = Priority.NORMAL
    reduce_only: bool = False
    origin: Origin = Origin.STRATEGY
    created_ns: int
    updated_ns: int
    executed_ns: int | None = None
    reason: str = ""
    venue_order_id: str = ""


class TradeRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One fill. `realised_profit` is what this fill closed, before fees."""

    trade_id: int
    order_id: int
    strategy_id: int
    account_id: str
    symbol: str
    side: Side
    offset: Offset
    price: Decimal
    volume: Decimal
    commission: Decimal
    slippage: Decimal
    realised_profit: Decimal
    time_ns: int
    venue_trade_id: str = ""


class PositionRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One position. `volume` 0 means it is gone: tables drop the row.

    `position_id` is a URL-safe text, unique in a session. `version` grows by one with each
    change of volume, average or today's part (not with the price or `frozen`): a close names
    the version it was asked about. `frozen` is volume held by working closing orders.
    """

    position_id: str
    account_id: str
    strategy_id: int
    symbol: str
    direction: Direction
    volume: Decimal
    volume_today: Decimal
    frozen: Decimal
    average_price: Decimal
    last_price: Decimal | None
    unrealised_profit: Decimal | None
    realised_profit: Decimal
    margin: Decimal
    multiplier: Decimal
    price_digits: int
    tick: Decimal
    quote_ns: int | None
    opened_ns: int
    updated_ns: int
    version: int
    close_commission: Decimal | None = None


class AccountRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """balance = static_balance + realised_profit + unrealised_profit - commission - slippage;
    available = balance - margin - frozen. `today_profit` is since the trading day's start.
    `drawdown` and `risk_ratio` (margin / balance) are fractions."""

    account_id: str
    currency: str
    static_balance: Decimal
    balance: Decimal
    available: Decimal
    margin: Decimal
    frozen: Decimal
    commission: Decimal
    slippage: Decimal
    realised_profit: Decimal
    unrealised_profit: Decimal
    today_profit: Decimal
    risk_ratio: float
    drawdown: float
    max_drawdown: float
    updated_ns: int


class StrategyRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """`source` is the registered name or the file it was loaded from."""

    strategy_id: int
    name: str
    source: str
    account_id: str
    symbol: str
    state: StrategyState
    parameters: dict[str, Scalar]
    position: Decimal
    net_profit: Decimal
    trade_count: int
    trigger_count: int
    error: str = ""


class TriggerRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    trigger_id: int
    strategy_id: int
    time_ns: int
    condition: str
    price: Decimal | None
    action: TriggerAction
    result: TriggerResult
    order_id: int | None = None
    error: str = ""


class LogRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A line of the application log. `time_ns` is wall-clock time."""

    log_id: int
    time_ns: int
    level: LogLevel
    source: str
    message: str


class OperationRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A command somebody gave, also a refused one. `time_ns` is wall-clock time."""

    operation_id: int
    time_ns: int
    origin: str
    command: str
    detail: str
    accepted: bool
    reason: str = ""


class ReplayRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """`bar` bars of `bars` have been replayed. `speed` None is as fast as possible."""

    file: str
    symbol: str
    bar: int
    bars: int
    time_ns: int | None
    first_ns: int
    last_ns: int
    state: ReplayState
    speed: float | None
    bars_per_second: float
    synthetic: bool = False


class SessionRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What the banner says. `notice` is one sentence for the user, or empty.
    `zone` is the IANA zone of the data, for showing times."""

    session_id: int
    world: World
    engine_state: EngineState
    title: str
    zone: str
    notice: str = ""
    read_only: bool = False

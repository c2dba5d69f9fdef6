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
    FillDirection,
    InnerState,
    LinkSide,
    LinkState,
    LogLevel,
    Offset,
    OrderFlag,
    OrderStatus,
    OrderType,
    Origin,
    Priority,
    RecordType,
    ReplayState,
    Side,
    SignalKind,
    StrategyState,
    TimeInForce,
    TriggerAction,
    TriggerResult,
    WaitingKind,
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
    client_order_id: str = ""
    flags: tuple[OrderFlag, ...] = ()


class TradeRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One fill. `realised_profit` is what this fill closed, before fees. `commission` is in
    `fee_currency`, "" being the account's. `void`: inferred, and the real fills came."""

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
    fee_currency: str = ""
    direction: FillDirection | None = None
    void: bool = False


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
    available = balance - margin - frozen. Deposits, withdrawals, funding and corrections are
    part of `static_balance`, and told apart in `transferred` (deposits less withdrawals) and
    `funding`. `foreign` is cash in other currencies, as text by currency: fees paid in them.
    `today_profit` is since the trading day's start.
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
    transferred: Decimal = Decimal(0)
    funding: Decimal = Decimal(0)
    foreign: dict[str, str] = msgspec.field(default_factory=dict)


class SignalRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What was told of an order, once: see `SignalEmitted`. `commission` by currency."""

    signal_id: int
    order_id: int
    account_id: str
    symbol: str
    kind: SignalKind
    key: str
    status: OrderStatus
    volume: Decimal
    average_price: Decimal | None
    commission: dict[str, str]
    realised_profit: Decimal | None
    directions: tuple[FillDirection, ...]
    first_ns: int | None
    last_ns: int | None
    time_ns: int
    reason: str = ""


class WaitingRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An order that waits before the venue: for a time, a condition, another order, its turn or a
    person. `over`: it waits no longer, tables drop the row. `place` from 1 in its queue, None
    when it is not queued. `condition` is the text of all of them; `truth` how each was at the
    last evaluation, None unknown. `detail` says in words what it waits for now."""

    order_id: int
    strategy_id: int
    account_id: str
    symbol: str
    kind: WaitingKind
    priority: Priority
    detail: str
    condition: str = ""
    truth: tuple[bool | None, ...] = ()
    place: int | None = None
    not_before_ns: int | None = None
    expires_ns: int | None = None
    parent_id: int | None = None
    group_id: int | None = None
    attempts: int = 0
    error: str = ""
    since_ns: int
    evaluated_ns: int | None = None
    over: bool = False


class QueueRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Statistics of the order queue. Waits in seconds; `rate` orders a second over the last minute."""

    length: int = 0
    high: int = 0
    normal: int = 0
    low: int = 0
    held: int = 0
    conditional: int = 0
    manual: int = 0
    capacity: int = 1000
    sent: int = 0
    refused: int = 0
    retried: int = 0
    longest_wait_s: float = 0.0
    average_wait_s: float = 0.0
    rate: float = 0.0


class ExecutionRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """How well an order was executed. `slippage` is money, positive when it cost: (average price
    - arrival price) x volume x multiplier, signed by side. Waits in seconds, None while unknown:
    in the queue, from sent to acknowledged, from sent to the first and the last fill."""

    order_id: int
    account_id: str
    symbol: str
    side: Side
    quantity: Decimal
    filled_quantity: Decimal
    arrival_price: Decimal | None
    average_price: Decimal | None
    slippage: Decimal | None
    commission: Decimal
    attempts: int
    venue: str
    queue_wait_s: float | None
    acknowledged_s: float | None
    first_fill_s: float | None
    last_fill_s: float | None
    updated_ns: int


class PositionRecordRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One change of one position and its cause. `change` signed, in lots of this direction;
    `volume` and `average_price` are what resulted. `by` is who: a strategy, a person, the venue,
    "reconciliation"."""

    record_id: int
    time_ns: int
    account_id: str
    strategy_id: int
    symbol: str
    direction: Direction
    type: RecordType
    change: Decimal
    price: Decimal | None
    volume: Decimal
    average_price: Decimal | None
    realised_profit: Decimal
    commission: Decimal
    order_id: int | None = None
    trade_id: int | None = None
    by: str = ""
    note: str = ""


class AlertRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """`settled_ns` None: it still stands. `by`: who took note."""

    alert_id: int
    time_ns: int
    level: LogLevel
    cause: str
    message: str
    order_id: int | None = None
    account_id: str = ""
    symbol: str = ""
    settled_ns: int | None = None
    by: str = ""


class EvidenceRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What the tracker waits for. `kind`: "held status", "waiting fills", "unclaimed", "unknown
    order". `over`: it waits no longer, tables drop the row. `evidence_id` unique in a session."""

    evidence_id: str
    kind: str
    account_id: str
    symbol: str
    venue_order_id: str
    order_id: int | None
    since_ns: int
    until_ns: int | None
    detail: str
    over: bool = False


class LinkRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A line to a venue. `link_id` is `venue.side`. Ages are for the reader to compute."""

    link_id: str
    venue: str
    side: LinkSide
    state: LinkState
    reason: str = ""
    attempt: int = 0
    last_message_ns: int | None = None
    round_trip_ms: float | None = None
    next_try_ns: int | None = None


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
    """What the banner says. `notice` is one sentence for the user, or empty; `engine_reason` why
    the engine is in its state, and who brought it there, or empty.
    `zone` is the IANA zone of the data, for showing times. `past`: a past moment is looked at,
    read-only: the journal's number and time are those of `past_seq` and `past_ns`."""

    session_id: int
    world: World
    engine_state: EngineState
    title: str
    zone: str
    notice: str = ""
    engine_reason: str = ""
    read_only: bool = False
    past_seq: int | None = None
    past_ns: int | None = None

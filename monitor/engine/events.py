"""The facts of the journal, in the past tense: inputs (commands, bars) and what venues said.

Orders and money are a fold over these: `Book.apply` and `Ledger.post` are the only mutators.
Facts only grow: none is ever changed, a duplicate changes nothing.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TypeAlias, get_args

import msgspec

from monitor.engine.commands import AnyCommand
from monitor.engine.values import (
    Offset,
    OrderType,
    Origin,
    Side,
    TimeInForce,
    TriggerAction,
)


class Event(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag_field="event", tag=True):
    """Its time, its number and the bar it arose in are the journal record's."""


class OrderCreated(Event, frozen=True, kw_only=True, gc=False):
    """Our intent. `trail` is a trailing stop's distance in price; `expires_ns` of GTD."""

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
    trail: Decimal | None = None
    expires_ns: int | None = None
    reduce_only: bool = False
    origin: Origin = Origin.STRATEGY


class OrderPlaced(Event, frozen=True, kw_only=True, gc=False):
    """The venue has it."""

    order_id: int
    venue_order_id: str = ""


class OrderTriggered(Event, frozen=True, kw_only=True, gc=False):
    order_id: int


class TriggerMoved(Event, frozen=True, kw_only=True, gc=False):
    """A trailing stop followed the price."""

    order_id: int
    trigger_price: Decimal


class TradeExecuted(Event, frozen=True, kw_only=True, gc=False):
    """One fill. (`order_id`, `venue_trade_id`) identifies it: the same again is a duplicate."""

    order_id: int
    trade_id: int
    venue_trade_id: str
    price: Decimal
    volume: Decimal
    commission: Decimal
    slippage: Decimal


class CancelRequested(Event, frozen=True, kw_only=True, gc=False):
    order_id: int
    reason: str


class CancelRejected(Event, frozen=True, kw_only=True, gc=False):
    order_id: int
    reason: str


class OrderCanceled(Event, frozen=True, kw_only=True, gc=False):
    """Final word of the venue. `cumulative` is its total filled, None when it did not say."""

    order_id: int
    reason: str = ""
    cumulative: Decimal | None = None


class OrderRejected(Event, frozen=True, kw_only=True, gc=False):
    order_id: int
    reason: str = ""
    cumulative: Decimal | None = None


class OrderExpired(Event, frozen=True, kw_only=True, gc=False):
    order_id: int
    reason: str = ""
    cumulative: Decimal | None = None


class StrategyTriggered(Event, frozen=True, kw_only=True, gc=False):
    trigger_id: int
    strategy_id: int
    condition: str
    price: Decimal | None
    action: TriggerAction
    order_id: int | None = None


class StrategyStarted(Event, frozen=True, kw_only=True, gc=False):
    strategy_id: int


class StrategyStopped(Event, frozen=True, kw_only=True, gc=False):
    strategy_id: int


class StrategyFailed(Event, frozen=True, kw_only=True, gc=False):
    strategy_id: int
    error: str


class CommandTaken(Event, frozen=True, kw_only=True, gc=False):
    """An input: somebody's command that the engine accepted, before its effects."""

    command: AnyCommand


class BarsReplayed(Event, frozen=True, kw_only=True, gc=False):
    """An input: the replay has reached `bar`."""

    bar: int


class Rewound(Event, frozen=True, kw_only=True, gc=False):
    """Everything after `bar` is void: the state is again what it was there.

    With `reset` also the commands given at bar 0 are void.
    """

    bar: int
    reset: bool = False


OrderEvent: TypeAlias = (
    OrderCreated
    | OrderPlaced
    | OrderTriggered
    | TriggerMoved
    | TradeExecuted
    | CancelRequested
    | CancelRejected
    | OrderCanceled
    | OrderRejected
    | OrderExpired
)
Verdict: TypeAlias = OrderCanceled | OrderRejected | OrderExpired
AnyEvent: TypeAlias = (
    OrderEvent
    | StrategyTriggered
    | StrategyStarted
    | StrategyStopped
    | StrategyFailed
    | CommandTaken
    | BarsReplayed
    | Rewound
)

KINDS: dict[str, type[Event]] = {kind.__name__: kind for kind in get_args(AnyEvent)}

ENCODER = msgspec.json.Encoder()
DECODER = msgspec.json.Decoder(AnyEvent)

"""The facts of the journal, in the past tense: inputs (commands, bars) and what venues said.

Orders and money are a fold over these: `Book.apply` and `Ledger.post` are the only mutators.
Facts only grow: none is ever changed, a duplicate changes nothing.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TypeAlias, get_args

import msgspec

from monitor.engine.commands import AnyCommand
from monitor.engine.fact import Event as Event
from monitor.engine.live_events import (
    AlertRaised as AlertRaised,
    AlertSettled as AlertSettled,
    DayRolled as DayRolled,
    EngineStateChanged as EngineStateChanged,
    EvidenceClaimed as EvidenceClaimed,
    EvidenceHeld as EvidenceHeld,
    GuardFired as GuardFired,
    InstrumentsListed as InstrumentsListed,
    LinkChanged as LinkChanged,
    MoneyMoved as MoneyMoved,
    PositionCorrected as PositionCorrected,
    PricesMarked as PricesMarked,
    Reconciled as Reconciled,
    SignalEmitted as SignalEmitted,
)
from monitor.engine.orderplan import PLAIN, OrderPlan
from monitor.engine.values import (
    FillDirection,
    Offset,
    OrderType,
    Origin,
    Side,
    TimeInForce,
    TriggerAction,
)


class OrderCreated(Event, frozen=True, kw_only=True, gc=False):
    """Our intent, or (EXTERNAL) an order found at a venue. `trail` is a trailing stop's distance
    in price; `expires_ns` of GTD. `client_order_id` is what the venue knows it by: one for all
    attempts. `venue` "" is the only one there is. An external order's `quantity` is 0 while the
    venue has not told it; `venue_order_id` is what it was found by, `venue_ns` when the venue told
    its quantity and prices."""

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
    client_order_id: str = ""
    venue: str = ""
    plan: OrderPlan = PLAIN
    venue_order_id: str = ""
    venue_ns: int | None = None


class OrderReleased(Event, frozen=True, kw_only=True, gc=False):
    """It waited for something and waits no longer: it may join the queue. `quantity` when less
    than was meant may leave now (a parent that is partly filled)."""

    order_id: int
    reason: str = ""
    quantity: Decimal | None = None


class OrderSent(Event, frozen=True, kw_only=True, gc=False):
    """Our intent to send it now, durable before anything leaves. `attempt` from 1. `arrival` is
    the price that slippage is measured against (mid, else last)."""

    order_id: int
    attempt: int = 1
    venue: str = ""
    arrival: Decimal | None = None


class OrderRefused(Event, frozen=True, kw_only=True, gc=False):
    """This attempt failed for certain: the venue does not have the order. Not yet its end: the
    life cycle answers with `OrderQueued`, `OrderHandedOver` or `OrderRejected`. `attempt` is the
    one that was answered, 0 the newest: a late answer to an old one must not undo a new one."""

    order_id: int
    reason: str
    retryable: bool = False
    attempt: int = 0


class OrderLost(Event, frozen=True, kw_only=True, gc=False):
    """Nobody knows whether this attempt arrived: looked up, never sent again blindly. `attempt`
    as of `OrderRefused`."""

    order_id: int
    reason: str
    attempt: int = 0


class OrderAbsent(Event, frozen=True, kw_only=True, gc=False):
    """A look-up asked at `polled_ns` found no such order at the venue."""

    order_id: int
    polled_ns: int


class OrderQueued(Event, frozen=True, kw_only=True, gc=False):
    """Back into the queue for another attempt, not before `not_before_ns`."""

    order_id: int
    not_before_ns: int
    venue: str = ""
    reason: str = ""


class OrderHandedOver(Event, frozen=True, kw_only=True, gc=False):
    """It waits for a person's decision."""

    order_id: int
    reason: str


class OrderTakenBack(Event, frozen=True, kw_only=True, gc=False):
    """A person decided: it goes to the queue again."""

    order_id: int


class ConditionFailed(Event, frozen=True, kw_only=True, gc=False):
    """A condition could not be evaluated. The order goes on waiting, marked; others are not harmed."""

    order_id: int
    condition: str
    error: str


class ConditionLatched(Event, frozen=True, kw_only=True, gc=False):
    """Condition number `index` of an order with latched conditions has come true."""

    order_id: int
    index: int


class OrderReported(Event, frozen=True, kw_only=True, gc=False):
    """A venue's word that is not final: its total filled, quantity and prices as it has them.
    `offset`, `type`: which lots an order of others takes, and what it is, told after it was adopted."""

    order_id: int
    venue_order_id: str = ""
    cumulative: Decimal | None = None
    quantity: Decimal | None = None
    price: Decimal | None = None
    trigger_price: Decimal | None = None
    venue_ns: int | None = None
    offset: Offset | None = None
    type: OrderType | None = None


class OrderDone(Event, frozen=True, kw_only=True, gc=False):
    """The venue's final word `filled`. Below our quantity it is an under-fill: closed so."""

    order_id: int
    venue_order_id: str = ""
    reason: str = ""
    cumulative: Decimal | None = None
    venue_ns: int | None = None


class ReplaceRequested(Event, frozen=True, kw_only=True, gc=False):
    """Our intent to change a working order, durable before it leaves. None: as it is."""

    order_id: int
    quantity: Decimal | None = None
    price: Decimal | None = None
    trigger_price: Decimal | None = None


class OrderReplaced(Event, frozen=True, kw_only=True, gc=False):
    """The change took effect. `venue_order_id` is the successor's, `predecessor` the one it took
    the place of; both "" when the venue keeps the id."""

    order_id: int
    venue_order_id: str = ""
    predecessor: str = ""
    quantity: Decimal | None = None
    price: Decimal | None = None
    trigger_price: Decimal | None = None


class ReplaceRejected(Event, frozen=True, kw_only=True, gc=False):
    order_id: int
    reason: str


class OrdersMerged(Event, frozen=True, kw_only=True, gc=False):
    """`orphan_id`, adopted as external, turned out to be `order_id`: all its evidence is."""

    order_id: int
    orphan_id: int


class FillCorrected(Event, frozen=True, kw_only=True, gc=False):
    """The inferred fill `venue_trade_id` is void: the real ones came."""

    order_id: int
    venue_trade_id: str


class OrderReopened(Event, frozen=True, kw_only=True, gc=False):
    """Its end had been inferred from absence; the venue has it after all."""

    order_id: int
    venue_order_id: str = ""


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
    """One fill. (`order_id`, `venue_trade_id`) identifies it: the same again is a duplicate.

    `commission` in the instrument's currency, or in `fee_currency` when that is not "".
    `venue_ns` and `chain` give the venue's order of fills, by which positions are folded.
    `provisional`: inferred from the venue's total, until the real fill comes. `offset` and `profit`
    (realised, before fees) are the venue's own words, None where it has none."""

    order_id: int
    trade_id: int
    venue_trade_id: str
    price: Decimal
    volume: Decimal
    commission: Decimal
    slippage: Decimal
    venue_order_id: str = ""
    direction: FillDirection | None = None
    fee_currency: str = ""
    venue_ns: int | None = None
    chain: str = ""
    provisional: bool = False
    liquidation: bool = False
    offset: Offset | None = None
    profit: Decimal | None = None


class CancelRequested(Event, frozen=True, kw_only=True, gc=False):
    order_id: int
    reason: str


class CancelRejected(Event, frozen=True, kw_only=True, gc=False):
    """`gone`: the venue says there is nothing to cancel, so it is looked up. Otherwise the
    cancel is tried again."""

    order_id: int
    reason: str
    gone: bool = False


class OrderCanceled(Event, frozen=True, kw_only=True, gc=False):
    """Final word of the venue. `cumulative` is its total filled, None when it did not say.
    `provisional`: inferred, because the venue no longer knows the order."""

    order_id: int
    reason: str = ""
    cumulative: Decimal | None = None
    venue_order_id: str = ""
    venue_ns: int | None = None
    provisional: bool = False


class OrderRejected(Event, frozen=True, kw_only=True, gc=False):
    order_id: int
    reason: str = ""
    cumulative: Decimal | None = None
    venue_order_id: str = ""
    venue_ns: int | None = None
    provisional: bool = False


class OrderExpired(Event, frozen=True, kw_only=True, gc=False):
    order_id: int
    reason: str = ""
    cumulative: Decimal | None = None
    venue_order_id: str = ""
    venue_ns: int | None = None
    provisional: bool = False


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
    | OrderReleased
    | OrderSent
    | OrderRefused
    | OrderLost
    | OrderAbsent
    | OrderQueued
    | OrderHandedOver
    | OrderTakenBack
    | ConditionFailed
    | ConditionLatched
    | OrderReported
    | OrderDone
    | ReplaceRequested
    | OrderReplaced
    | ReplaceRejected
    | OrdersMerged
    | FillCorrected
    | OrderReopened
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
ORDER_EVENTS: tuple[type[Event], ...] = get_args(OrderEvent)
Verdict: TypeAlias = OrderCanceled | OrderRejected | OrderExpired | OrderDone
LiveEvent: TypeAlias = (
    EvidenceHeld
    | EvidenceClaimed
    | SignalEmitted
    | AlertRaised
    | AlertSettled
    | EngineStateChanged
    | GuardFired
    | InstrumentsListed
    | MoneyMoved
    | DayRolled
    | PositionCorrected
    | PricesMarked
    | Reconciled
    | LinkChanged
)
AnyEvent: TypeAlias = (
    OrderEvent
    | LiveEvent
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

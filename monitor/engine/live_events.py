"""Facts of trading at a venue that are not about one order's state: what was heard of unknown
orders, signals, alerts, guards, money, days, reconciliation and lines.

As all facts they only grow; `events.py` has the whole vocabulary.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from monitor.engine.fact import Event
from monitor.engine.values import (
    ZERO,
    Direction,
    EngineState,
    FillDirection,
    Instrument,
    LinkSide,
    LinkState,
    LogLevel,
    MoneyKind,
    OrderStatus,
    RecordType,
    SignalKind,
)
from monitor.engine.venue import FillReport, OrderReport


class EvidenceHeld(Event, frozen=True, kw_only=True, gc=False):
    """A message about an order we cannot name yet: kept until somebody claims it."""

    message: OrderReport | FillReport


class EvidenceClaimed(Event, frozen=True, kw_only=True, gc=False):
    """What was held about this venue order is `order_id`'s: its facts follow. `client_order_id` is
    told where the venue told no id of its own."""

    account_id: str
    venue_order_id: str
    order_id: int
    client_order_id: str = ""


class SignalEmitted(Event, frozen=True, kw_only=True, gc=False):
    """Unique on (order, kind, key): the mark that survives a restart, and what was said.

    Of a `finished`: everything the order did. `directions` names what its fills did, each once.
    `commission` by currency. `reason` in words; `status` the order's at that moment."""

    signal_id: int
    order_id: int
    kind: SignalKind
    key: str = ""
    status: OrderStatus = OrderStatus.CREATED
    volume: Decimal = ZERO
    average_price: Decimal | None = None
    commission: dict[str, Decimal] = msgspec.field(default_factory=dict)
    realised_profit: Decimal | None = None
    directions: tuple[FillDirection, ...] = ()
    first_ns: int | None = None
    last_ns: int | None = None
    reason: str = ""


class AlertRaised(Event, frozen=True, kw_only=True, gc=False):
    """Somebody must look. `cause` is a stable word; (cause, order_id, key) is raised once."""

    alert_id: int
    level: LogLevel
    cause: str
    message: str
    order_id: int | None = None
    account_id: str = ""
    symbol: str = ""
    key: str = ""


class AlertSettled(Event, frozen=True, kw_only=True, gc=False):
    """Its cause is gone, or (`by` not "") somebody has taken note."""

    alert_id: int
    by: str = ""


class EngineStateChanged(Event, frozen=True, kw_only=True, gc=False):
    state: EngineState
    reason: str
    by: str


class GuardFired(Event, frozen=True, kw_only=True, gc=False):
    """A risk guard refused, warned or clamped."""

    guard: str
    action: str
    message: str
    order_id: int | None = None
    symbol: str = ""


class InstrumentsListed(Event, frozen=True, kw_only=True, gc=False):
    venue: str
    instruments: tuple[Instrument, ...]


class MoneyMoved(Event, frozen=True, kw_only=True, gc=False):
    """`amount` signed: what the account gained. (`account_id`, `kind`, `venue_id`) is booked once."""

    account_id: str
    amount: Decimal
    currency: str
    kind: MoneyKind
    venue_id: str
    symbol: str = ""
    note: str = ""


class DayRolled(Event, frozen=True, kw_only=True, gc=False):
    """A trading day ends; `day` begins. Positions are settled at `prices`."""

    day: str
    prices: dict[str, Decimal]


class PositionCorrected(Event, frozen=True, kw_only=True, gc=False):
    """The account has `volume` of this now, whatever our trades say: found by reconciliation
    (CORRECTION), or told by a person (ADJUSTMENT). `average_price` None keeps ours. `polled_ns`:
    when the venue was asked (our clock): it was so then; None: it is so now."""

    account_id: str
    symbol: str
    direction: Direction
    volume: Decimal
    average_price: Decimal | None
    type: RecordType
    reason: str
    by: str
    polled_ns: int | None = None


class PricesMarked(Event, frozen=True, kw_only=True, gc=False):
    """Last prices, at most once a second: what the past is valued at."""

    prices: dict[str, Decimal]


class Reconciled(Event, frozen=True, kw_only=True, gc=False):
    """A comparison with the venue was done; `corrections` facts before this one were its result."""

    account_id: str
    corrections: int
    polled_ns: int


class LinkChanged(Event, frozen=True, kw_only=True, gc=False):
    venue: str
    side: LinkSide
    state: LinkState
    reason: str = ""

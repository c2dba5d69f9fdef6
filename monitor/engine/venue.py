"""What a venue says and is told, in our words: messages in, requests out. Plain frozen values.

A gateway decodes a venue's frames into these messages and encodes these requests; the engine
knows no other form. Unknown is None or "", never a guess. Times are the venue's, in ns UTC.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

import msgspec

from monitor.engine.values import (
    FillDirection,
    Instrument,
    LinkSide,
    LinkState,
    MoneyKind,
    Offset,
    OrderType,
    Quote,
    Side,
    TimeInForce,
)


class VenueStatus(StrEnum):
    """A venue's word about an order. OTHER is one we do not know: kept, told, never final."""

    OPEN = "open"
    TRIGGERED = "triggered"
    FILLED = "filled"
    CANCELED = "canceled"
    REJECTED = "rejected"
    EXPIRED = "expired"
    OTHER = "other"

    __hash__ = str.__hash__  # looked up per message

    @property
    def final(self) -> bool:
        return self in _FINAL


_FINAL = frozenset({VenueStatus.FILLED, VenueStatus.CANCELED, VenueStatus.REJECTED, VenueStatus.EXPIRED})


class Message(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag_field="message", tag=True):
    pass


class OrderReport(Message, frozen=True, kw_only=True, gc=False):
    """An order's state at the venue. Identified by (`account_id`, `venue_order_id`), or by our
    `client_order_id`, or both. `cumulative` is the venue's total filled. `replaces`: the
    venue's id of the order that this one took the place of (cancel-replace, triggered stop).
    `raw_status` is the venue's word when `status` is OTHER. `polled_ns`: our clock when the
    question was asked that this answers; None for what the venue pushed."""

    account_id: str
    status: VenueStatus
    venue_order_id: str = ""
    client_order_id: str = ""
    symbol: str = ""
    side: Side | None = None
    offset: Offset | None = None
    type: OrderType | None = None
    quantity: Decimal | None = None
    price: Decimal | None = None
    trigger_price: Decimal | None = None
    cumulative: Decimal | None = None
    reason: str = ""
    raw_status: str = ""
    replaces: str = ""
    time_ns: int | None = None
    polled_ns: int | None = None


class FillReport(Message, frozen=True, kw_only=True, gc=False):
    """One fill. (`account_id`, `venue_order_id`, `venue_trade_id`, `side`) identifies it.

    `fee` negative is a rebate; `fee_currency` "" is the instrument's. `chain` orders fills of
    the same instant (a start position, a trade number), "" when the venue gives none.
    `profit` is what the venue says it realised. `liquidation`: the venue did it by itself."""

    account_id: str
    venue_order_id: str
    venue_trade_id: str
    symbol: str
    side: Side
    price: Decimal
    volume: Decimal
    direction: FillDirection | None = None
    offset: Offset | None = None
    client_order_id: str = ""
    fee: Decimal = Decimal(0)
    fee_currency: str = ""
    profit: Decimal | None = None
    chain: str = ""
    liquidation: bool = False
    time_ns: int | None = None


class PlaceRefused(Message, frozen=True, kw_only=True, gc=False):
    """A definite answer: the venue does not have this order. `retryable`: the reason may pass
    (too many requests, being restarted). A refusal of a rule, of money, is not. `attempt` is that of the
    request answered, 0 when the gateway cannot tell."""

    account_id: str
    client_order_id: str
    reason: str
    retryable: bool = False
    attempt: int = 0


class RequestKind(StrEnum):
    PLACE = "place"
    CANCEL = "cancel"
    REPLACE = "replace"
    LOOK_UP = "look_up"
    SNAPSHOT = "snapshot"

    __hash__ = str.__hash__


class RequestLost(Message, frozen=True, kw_only=True, gc=False):
    """Time-out, disconnect, server error: nobody knows whether the venue has the order or the
    cancel. `never_sent`: it certainly did not leave (then it is a definite failure). `attempt` as
    of `PlaceRefused`."""

    account_id: str
    client_order_id: str
    request: RequestKind
    reason: str
    never_sent: bool = False
    attempt: int = 0


class OrderUnknown(Message, frozen=True, kw_only=True, gc=False):
    """The answer to a look-up: the venue knows no such order. Absence never beats presence."""

    account_id: str
    client_order_id: str
    venue_order_id: str = ""
    polled_ns: int


class CancelRefused(Message, frozen=True, kw_only=True, gc=False):
    """`gone`: not found, already closed or filled: look it up. Otherwise the cancel may be
    tried again."""

    account_id: str
    client_order_id: str = ""
    venue_order_id: str = ""
    reason: str = ""
    gone: bool = False


class ReplaceRefused(Message, frozen=True, kw_only=True, gc=False):
    account_id: str
    client_order_id: str = ""
    venue_order_id: str = ""
    reason: str = ""


class MoneyReport(Message, frozen=True, kw_only=True, gc=False):
    """Funding, a fee without a trade, a deposit. `amount` signed: what the account gained."""

    account_id: str
    amount: Decimal
    currency: str
    kind: MoneyKind
    venue_id: str
    symbol: str = ""
    time_ns: int | None = None


class QuoteReport(Message, frozen=True, kw_only=True, gc=False):
    """`venue` "" when there is only one."""

    quote: Quote
    venue: str = ""


class InstrumentReport(Message, frozen=True, kw_only=True, gc=False):
    """All that `venue` ("" when there is only one) lists."""

    instruments: tuple[Instrument, ...]
    venue: str = ""


class SettlementReport(Message, frozen=True, kw_only=True, gc=False):
    """A trading day ended with these settlement prices; `day` such as 2026-11-20 begins."""

    day: str
    prices: dict[str, Decimal]
    time_ns: int | None = None


class VenuePosition(msgspec.Struct, frozen=True, kw_only=True):
    """`volume` above 0; `long` tells the direction."""

    symbol: str
    long: bool
    volume: Decimal
    average_price: Decimal | None = None
    volume_today: Decimal | None = None


class VenueSnapshot(Message, frozen=True, kw_only=True, gc=False):
    """All that a reconciliation needs, asked for at `polled_ns` (our clock). `fills` are those
    since `fills_since_ns`, None when they are all there ever were. `balance` is money without
    unrealised profit; None when the venue does not tell."""

    account_id: str
    polled_ns: int
    open_orders: tuple[OrderReport, ...]
    fills: tuple[FillReport, ...]
    positions: tuple[VenuePosition, ...]
    fills_since_ns: int | None = None
    balance: Decimal | None = None
    currency: str = ""


class LinkReport(Message, frozen=True, kw_only=True, gc=False):
    """About our own line to the venue, from the gateway. `attempt` of reconnecting, 0 when live.
    Times are of our clock."""

    venue: str
    side: LinkSide
    state: LinkState
    reason: str = ""
    attempt: int = 0
    last_message_ns: int | None = None
    round_trip_ms: float | None = None
    next_try_ns: int | None = None


VenueMessage: TypeAlias = (
    OrderReport
    | FillReport
    | PlaceRefused
    | RequestLost
    | OrderUnknown
    | CancelRefused
    | ReplaceRefused
    | MoneyReport
    | QuoteReport
    | InstrumentReport
    | SettlementReport
    | VenueSnapshot
    | LinkReport
)


# What a venue is asked -----------------------------------------------------------------------
class Request(msgspec.Struct, frozen=True, kw_only=True, tag_field="request", tag=True):
    """Leaves only after the fact that caused it is durable (`seq` of the journal)."""

    venue: str
    account_id: str
    seq: int = 0


class PlaceRequest(Request, frozen=True, kw_only=True):
    """`expires_ns` of GTD, the venue's clock."""

    client_order_id: str
    symbol: str
    side: Side
    offset: Offset
    type: OrderType
    time_in_force: TimeInForce
    quantity: Decimal
    price: Decimal | None = None
    trigger_price: Decimal | None = None
    reduce_only: bool = False
    expires_ns: int | None = None
    attempt: int = 1


class CancelRequest(Request, frozen=True, kw_only=True):
    client_order_id: str
    venue_order_id: str = ""
    symbol: str = ""


class ReplaceRequest(Request, frozen=True, kw_only=True):
    """The new total quantity and price; None leaves as it is."""

    client_order_id: str
    venue_order_id: str = ""
    symbol: str = ""
    quantity: Decimal | None = None
    price: Decimal | None = None
    trigger_price: Decimal | None = None


class LookUpRequest(Request, frozen=True, kw_only=True):
    """What became of this order? Answered by OrderReport and FillReports, or OrderUnknown."""

    client_order_id: str
    venue_order_id: str = ""
    symbol: str = ""


class SnapshotRequest(Request, frozen=True, kw_only=True):
    """Everything a reconciliation needs; fills since then (venue's clock)."""

    fills_since_ns: int | None = None


Instruction: TypeAlias = PlaceRequest | CancelRequest | ReplaceRequest
"""What changes something at the venue; the others ask."""
AnyRequest: TypeAlias = Instruction | LookUpRequest | SnapshotRequest

KIND_OF: dict[type[Request], RequestKind] = {
    PlaceRequest: RequestKind.PLACE,
    CancelRequest: RequestKind.CANCEL,
    ReplaceRequest: RequestKind.REPLACE,
    LookUpRequest: RequestKind.LOOK_UP,
    SnapshotRequest: RequestKind.SNAPSHOT,
}

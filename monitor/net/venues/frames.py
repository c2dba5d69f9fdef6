"""The frames of `monitor-venue/1` as a client sees them, decoded strictly, field by field.

Whatever a venue sends becomes a value or a `Malformed` with a sentence. Knows no requests.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, TypeAlias, TypeVar

import msgspec
from msgspec import Meta

from monitor.engine.values import FillDirection, Instrument, MoneyKind, Offset, OrderType, Side
from monitor.engine.venue import VenueStatus

Text: TypeAlias = Annotated[str, Meta(max_length=500)]
Name: TypeAlias = Annotated[str, Meta(min_length=1, max_length=100)]
Moment: TypeAlias = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Number: TypeAlias = Annotated[int, Meta(ge=0, le=2**53)]


class Malformed(msgspec.Struct, frozen=True):
    """A frame that says nothing we can use, and why."""

    reason: str


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """The outside of any frame: an answer has an `id` and `ok`, a push a `channel`."""

    id: Number | None = None
    ok: bool | None = None
    result: msgspec.Raw = msgspec.Raw()
    error: msgspec.Raw = msgspec.Raw()
    channel: Text = ""
    data: msgspec.Raw = msgspec.Raw()


class VenueError(msgspec.Struct, frozen=True, kw_only=True):
    code: Name
    message: Text = ""
    retryable: bool = False


class OrderFrame(msgspec.Struct, frozen=True, kw_only=True):
    account_id: Name
    venue_order_id: Name
    status: Text
    client_order_id: Text = ""
    symbol: Text = ""
    side: Side | None = None
    offset: Offset | None = None
    type: OrderType | None = None
    quantity: Decimal | None = None
    price: Decimal | None = None
    trigger_price: Decimal | None = None
    cumulative: Decimal | None = None
    reason: Text = ""
    replaces: Text = ""
    time_ns: Moment | None = None


class FillFrame(msgspec.Struct, frozen=True, kw_only=True):
    account_id: Name
    venue_order_id: Name
    venue_trade_id: Name
    symbol: Name
    side: Side
    price: Decimal
    volume: Decimal
    fee: Decimal
    direction: FillDirection | None = None
    offset: Offset | None = None
    client_order_id: Text = ""
    fee_currency: Text = ""
    profit: Decimal | None = None
    chain: Text = ""
    liquidation: bool = False
    time_ns: Moment | None = None


class QuoteFrame(msgspec.Struct, frozen=True, kw_only=True):
    symbol: Name
    last: Decimal | None = None
    bid: Decimal | None = None
    ask: Decimal | None = None
    bid_volume: Decimal | None = None
    ask_volume: Decimal | None = None
    mark: Decimal | None = None
    volume: Decimal | None = None
    open_interest: Decimal | None = None
    time_ns: Moment | None = None


class MoneyFrame(msgspec.Struct, frozen=True, kw_only=True):
    account_id: Name
    amount: Decimal
    currency: Name
    kind: MoneyKind
    venue_id: Name
    symbol: Text = ""
    time_ns: Moment | None = None


class SettlementFrame(msgspec.Struct, frozen=True, kw_only=True):
    day: Name
    prices: dict[str, Decimal]
    time_ns: Moment | None = None


class PositionFrame(msgspec.Struct, frozen=True, kw_only=True):
    symbol: Name
    long: bool
    volume: Decimal
    average_price: Decimal | None = None
    volume_today: Decimal | None = None


class SnapshotFrame(msgspec.Struct, frozen=True, kw_only=True):
    orders: tuple[OrderFrame, ...]
    fills: tuple[FillFrame, ...]
    positions: tuple[PositionFrame, ...]
    balance: Decimal | None = None
    currency: Text = ""


class AccountFrame(msgspec.Struct, frozen=True, kw_only=True):
    account_id: Name
    currency: Text = ""
    hedged: bool = False


class HelloFrame(msgspec.Struct, frozen=True, kw_only=True):
    protocol: Name
    venue: Name
    world: Name
    accounts: tuple[AccountFrame, ...]


class InstrumentsFrame(msgspec.Struct, frozen=True, kw_only=True):
    instruments: tuple[Instrument, ...]


class OneOrder(msgspec.Struct, frozen=True, kw_only=True):
    order: OrderFrame
    replaced: OrderFrame | None = None


class Legs(msgspec.Struct, frozen=True, kw_only=True):
    orders: tuple[OrderFrame, ...]
    fills: tuple[FillFrame, ...]


T = TypeVar("T", bound=msgspec.Struct)
_BROKEN = (msgspec.MsgspecError, UnicodeError, RecursionError, ArithmeticError)
_COUNTS = frozenset(
    {"quantity", "cumulative", "volume", "volume_today", "bid_volume", "ask_volume", "open_interest"}
)
_ABOVE_ZERO = {FillFrame: frozenset({"volume"}), Instrument: frozenset({"tick", "lot", "multiplier"})}
_LONGEST_REASON = 200
_OUTSIDE = msgspec.json.Decoder(Frame)


def outside(frame: str | bytes) -> Frame | Malformed:
    """What kind of frame this is. A binary frame is none of this protocol."""
    if not isinstance(frame, str):
        return Malformed("a binary frame")
    try:
        return _OUTSIDE.decode(frame)
    except _BROKEN as error:
        return Malformed(_sentence(error))


def read(raw: msgspec.Raw, as_: type[T]) -> T | Malformed:
    """The inside of a frame, with numbers of this world."""
    try:
        value: T = _DECODERS[as_].decode(raw)
        wrong = _wrong_number(value)
    except _BROKEN as error:
        return Malformed(_sentence(error))
    return Malformed(wrong) if wrong else value


_DECODERS: dict[type, msgspec.json.Decoder[Any]] = {
    one: msgspec.json.Decoder(one)
    for one in (
        VenueError,
        OrderFrame,
        FillFrame,
        QuoteFrame,
        MoneyFrame,
        SettlementFrame,
        SnapshotFrame,
        HelloFrame,
        InstrumentsFrame,
        OneOrder,
        Legs,
    )
}


def _wrong_number(value: object) -> str:
    """Which number cannot be, or "": NaN, infinities, numbers nobody trades in, volumes below 0
    or, of fills and lots, 0."""
    if isinstance(value, msgspec.Struct):
        least_above = _ABOVE_ZERO[FillFrame if isinstance(value, FillFrame) else Instrument]
        for name in value.__struct_fields__:
            each = getattr(value, name)
            if isinstance(each, Decimal) and not _may_be(name, each, least_above):
                return f"{name} is {str(each)[:40]}"
            if isinstance(each, (tuple, dict, msgspec.Struct)) and (wrong := _wrong_number(each)):
                return wrong
    elif isinstance(value, dict):
        return next((f"{key} is {str(one)[:40]}" for key, one in value.items() if not sane(one)), "")
    elif isinstance(value, tuple):
        return next((wrong for one in value if (wrong := _wrong_number(one))), "")
    return ""


def _may_be(name: str, number: Decimal, above_zero: frozenset[str]) -> bool:
    if not sane(number) or (name in above_zero and number <= 0):
        return False
    return number >= 0 or name not in _COUNTS


def sane(number: Decimal) -> bool:
    return number.is_finite() and abs(number.adjusted()) <= 24 and len(number.as_tuple().digits) <= 40


def _sentence(error: Exception) -> str:
    return " ".join(f"{error}".split())[:_LONGEST_REASON] or type(error).__name__


def status_of(word: str) -> VenueStatus:
    """A venue's word; what we do not know is OTHER."""
    try:
        return VenueStatus(word)
    except ValueError:
        return VenueStatus.OTHER

"""The frames of `monitor-venue/1` as a client sees them, decoded strictly, field by field.

Whatever a venue sends becomes a value or a `Malformed` with a sentence. Knows no requests.
"""

from __future__ import annotations

from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow, Subnormal
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


class Capabilities(msgspec.Struct, frozen=True, kw_only=True):
    """`native`: the order types that the venue takes itself."""

    native: tuple[str, ...] = ()


class HelloFrame(msgspec.Struct, frozen=True, kw_only=True):
    protocol: Name
    venue: Name
    world: Name
    accounts: tuple[AccountFrame, ...]
    capabilities: Capabilities = Capabilities()
    zone: Text = ""


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
_ABOVE_ZERO: dict[type, frozenset[str]] = {
    FillFrame: frozenset({"volume"}),
    Instrument: frozenset({"tick", "lot", "multiplier"}),
}
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
    kind = type(value)
    if kind is tuple:
        return next((wrong for one in value if (wrong := _wrong_number(one))), "")  # type: ignore[attr-defined]
    if kind is dict:
        return next((f"{key} is {str(one)[:40]}" for key, one in value.items() if not sane(one)), "")  # type: ignore[attr-defined]
    numbers, inner = _CHECKED.get(kind) or _checked(kind)
    for name, may_be_0, may_be_less in numbers:
        number = getattr(value, name)
        if number is None:
            continue
        if not sane(number) or (number < 0 and not may_be_less) or (not number and not may_be_0):
            return f"{name} is {str(number)[:40]}"
    return next((wrong for name in inner if (wrong := _wrong_number(getattr(value, name)))), "")


Checked: TypeAlias = tuple[tuple[tuple[str, bool, bool], ...], tuple[str, ...]]
_CHECKED: dict[type, Checked] = {type(None): ((), ())}


def _checked(kind: type) -> Checked:
    """The numbers of a frame, which of them may be 0 or less, and where there are more."""
    above = _ABOVE_ZERO.get(kind, frozenset())
    numbers, inner = [], []
    for field in msgspec.structs.fields(kind):
        said = str(field.type)
        if any(word in said for word in ("tuple", "dict", "Frame")):
            inner.append(field.name)
        elif "Decimal" in said:
            positive = field.name in above
            numbers.append((field.name, not positive, not positive and field.name not in _COUNTS))
    _CHECKED[kind] = tuple(numbers), tuple(inner)
    return _CHECKED[kind]


def sane(number: Decimal) -> bool:
    """Finite, of at most 40 digits, between 1e-24 and 1e25."""
    try:
        _THIS_WORLD.plus(number)
    except ArithmeticError:
        return False
    return number.is_finite()


_THIS_WORLD = Context(prec=40, Emin=-24, Emax=24, traps=[Inexact, InvalidOperation, Overflow, Subnormal])


def _sentence(error: Exception) -> str:
    return " ".join(f"{error}".split())[:_LONGEST_REASON] or type(error).__name__


def status_of(word: str) -> VenueStatus:
    """A venue's word; what we do not know is OTHER."""
    return _STATUSES.get(word, VenueStatus.OTHER)


_STATUSES = {one.value: one for one in VenueStatus}

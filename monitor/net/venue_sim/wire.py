"""The frames of `monitor-venue/1` as the exchange reads and writes them.

A request is a JSON object with `id` and `request`; it is answered once, by its id. What is told
unasked has a `channel`. Knows no orders and no sockets.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, TypeAlias

import msgspec

from monitor.engine.values import Offset, OrderType, Side, TimeInForce
from monitor.net.venue_sim.orders import Refusal

CHANNELS = ("orders", "fills", "money", "settlement", "quotes")
LARGEST_FRAME = 1 << 20
_LARGEST_ID = 2**53


class Asked(msgspec.Struct, frozen=True, kw_only=True, tag_field="request"):
    id: int


class Hello(Asked, frozen=True, kw_only=True, tag="hello"):
    protocol: str
    client: str = ""


class Instruments(Asked, frozen=True, kw_only=True, tag="instruments"):
    pass


class Subscribe(Asked, frozen=True, kw_only=True, tag="subscribe"):
    accounts: tuple[str, ...] = ()
    symbols: tuple[str, ...] = ()


class Ping(Asked, frozen=True, kw_only=True, tag="ping"):
    pass


class Place(Asked, frozen=True, kw_only=True, tag="place"):
    account_id: str
    client_order_id: str
    symbol: str
    side: Side
    type: OrderType
    quantity: Decimal
    offset: Offset = Offset.OPEN
    time_in_force: TimeInForce = TimeInForce.GTC
    price: Decimal | None = None
    trigger_price: Decimal | None = None
    reduce_only: bool = False
    expires_ns: int | None = None


class Cancel(Asked, frozen=True, kw_only=True, tag="cancel"):
    account_id: str
    client_order_id: str = ""
    venue_order_id: str = ""


class Replace(Asked, frozen=True, kw_only=True, tag="replace"):
    account_id: str
    client_order_id: str = ""
    venue_order_id: str = ""
    quantity: Decimal | None = None
    price: Decimal | None = None
    trigger_price: Decimal | None = None


class LookUp(Asked, frozen=True, kw_only=True, tag="order"):
    account_id: str
    client_order_id: str = ""
    venue_order_id: str = ""


class Snapshot(Asked, frozen=True, kw_only=True, tag="snapshot"):
    account_id: str
    fills_since_ns: int | None = None


Trading: TypeAlias = Place | Cancel | Replace | LookUp | Snapshot
AnyAsked: TypeAlias = Hello | Instruments | Subscribe | Ping | Trading

_DECODER = msgspec.json.Decoder(AnyAsked)
_ENCODER = msgspec.json.Encoder(decimal_format="string")


class _Numbered(msgspec.Struct):
    id: int | None = None


def read(frame: str | bytes) -> AnyAsked | Refusal:
    """The request in a frame, or why it is none."""
    try:
        asked: AnyAsked = _DECODER.decode(frame)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        return Refusal("malformed", f"{error}")
    if not 0 <= asked.id <= _LARGEST_ID:
        return Refusal("malformed", f"an id is a whole number from 0 to {_LARGEST_ID}")
    for name in ("quantity", "price", "trigger_price"):
        number = getattr(asked, name, None)
        if number is not None and not sane(number):
            return Refusal("malformed", f"{name} is no number of this world")
    return asked


def sane(number: Decimal) -> bool:
    return number.is_finite() and -12 <= number.adjusted() <= 18 and len(number.as_tuple().digits) <= 28


def number_of(frame: str | bytes) -> int | None:
    """The id of a request that cannot be read otherwise, None when that cannot be read either."""
    try:
        return msgspec.json.decode(frame, type=_Numbered).id
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None


def answer(number: int | None, result: dict[str, Any] | Refusal) -> str:
    if isinstance(result, Refusal):
        return encode({"id": number, "ok": False, "error": msgspec.structs.asdict(result)})
    return encode({"id": number, "ok": True, "result": result})


def encode(value: Any) -> str:
    return _ENCODER.encode(value).decode()

"""Orders and fills as the exchange itself keeps them, and how they look on the wire.

Decimals are written as plain digits in JSON strings, so nobody's float rounds them.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from monitor.engine.values import ZERO, FillDirection, Instrument, Offset, OrderType, Quote, Side, TimeInForce
from monitor.engine.venue import VenueStatus

WORKING = frozenset({VenueStatus.OPEN, VenueStatus.TRIGGERED})


class Refusal(msgspec.Struct, frozen=True):
    """Why the exchange does not do what was asked. `retryable`: the reason may pass."""

    code: str
    message: str
    retryable: bool = False


class VenueOrder(msgspec.Struct, kw_only=True):
    """One order under one id of the venue. A changed order, or a triggered stop, may go on
    as another that `replaces` this one."""

    account_id: str
    venue_order_id: str
    client_order_id: str
    symbol: str
    side: Side
    offset: Offset
    type: OrderType
    time_in_force: TimeInForce
    quantity: Decimal
    price: Decimal | None
    trigger_price: Decimal | None
    reduce_only: bool
    expires_ns: int | None
    time_ns: int
    status: VenueStatus = VenueStatus.OPEN
    cumulative: Decimal = ZERO
    notional: Decimal = ZERO
    reason: str = ""
    replaces: str = ""
    triggered: bool = False
    liquidation: bool = False

    @property
    def working(self) -> bool:
        return self.status in WORKING

    @property
    def remaining(self) -> Decimal:
        return max(ZERO, self.quantity - self.cumulative)

    @property
    def dormant(self) -> bool:
        """A stop that has not triggered: nothing fills it."""
        return self.type in (OrderType.STOP, OrderType.STOP_LIMIT) and not self.triggered

    @property
    def limit(self) -> Decimal | None:
        """The worst price it may fill at, None for any."""
        return self.price if self.type in (OrderType.LIMIT, OrderType.STOP_LIMIT) else None

    def wire(self) -> dict[str, Any]:
        return {
            "account_id": self.account_id,
            "venue_order_id": self.venue_order_id,
            "client_order_id": self.client_order_id,
            "symbol": self.symbol,
            "side": self.side,
            "offset": self.offset,
            "type": self.type,
            "time_in_force": self.time_in_force,
            "quantity": digits(self.quantity),
            "price": digits(self.price),
            "trigger_price": digits(self.trigger_price),
            "reduce_only": self.reduce_only,
            "status": self.status,
            "cumulative": digits(self.cumulative),
            "average_price": digits(self.notional / self.cumulative) if self.cumulative else None,
            "reason": self.reason,
            "replaces": self.replaces,
            "time_ns": self.time_ns,
        }


class VenueFill(msgspec.Struct, frozen=True, kw_only=True):
    account_id: str
    venue_order_id: str
    client_order_id: str
    venue_trade_id: str
    symbol: str
    side: Side
    offset: Offset
    direction: FillDirection
    price: Decimal
    volume: Decimal
    fee: Decimal
    fee_currency: str
    profit: Decimal | None
    chain: str
    liquidation: bool
    time_ns: int

    def wire(self) -> dict[str, Any]:
        exact = {name: digits(getattr(self, name)) for name in ("price", "volume", "fee", "profit")}
        return {**msgspec.structs.asdict(self), **exact}


def digits(number: Decimal | None) -> str | None:
    return None if number is None else format(number, "f")


_QUOTE_NUMBERS = ("last", "bid", "ask", "bid_volume", "ask_volume", "mark", "volume", "open_interest")


def quote_wire(quote: Quote) -> dict[str, Any]:
    numbers = {name: digits(getattr(quote, name)) for name in _QUOTE_NUMBERS}
    return {"symbol": quote.symbol, **numbers, "time_ns": quote.time_ns}


def instrument_wire(instrument: Instrument) -> dict[str, Any]:
    plain = msgspec.structs.asdict(instrument)
    return {name: digits(each) if isinstance(each, Decimal) else each for name, each in plain.items()}

"""What a person or a test can make the exchange do: fill, refuse, cancel, settle, quote, tell the truth.

Commands are JSON objects with `do`, or words (`fill c1 0.4 @ 101`). Works on the exchange only;
what concerns lines and scripts is the server's.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeAlias

import msgspec

from monitor.engine.values import ZERO, MoneyKind, Offset, OrderType, Quote, Side, TimeInForce
from monitor.engine.venue import VenueStatus
from monitor.net.venue_sim.exchange import Exchange, opposite_price
from monitor.net.venue_sim.matching import Push
from monitor.net.venue_sim.orders import Refusal, VenueOrder, digits
from monitor.net.venue_sim.wire import sane


class Control(msgspec.Struct, frozen=True, kw_only=True, tag_field="do", forbid_unknown_fields=True):
    id: int | None = None


class OfOrder(Control, frozen=True, kw_only=True):
    """`order` is a client_order_id or the venue's id; `account_id` where several have it."""

    order: str
    account_id: str = ""


class Fill(OfOrder, frozen=True, kw_only=True, tag="fill"):
    """All that is left at the order's price or the touch, where nothing is said. `trade_id` may
    repeat one; more than is left may be filled, and orders that are closed."""

    volume: Decimal | None = None
    price: Decimal | None = None
    trade_id: str = ""


class Reject(OfOrder, frozen=True, kw_only=True, tag="reject"):
    reason: str = "rejected by the exchange"


class CancelIt(OfOrder, frozen=True, kw_only=True, tag="cancel"):
    reason: str = "canceled by the exchange"


class Expire(OfOrder, frozen=True, kw_only=True, tag="expire"):
    reason: str = "expired"


class Trigger(OfOrder, frozen=True, kw_only=True, tag="trigger"):
    pass


class SayAgain(OfOrder, frozen=True, kw_only=True, tag="say_again"):
    """Push the order, and its fills, once more."""


class RejectNext(Control, frozen=True, kw_only=True, tag="reject_next"):
    """Refuse the next orders at the door: the venue never has them."""

    code: str = "rejected"
    message: str = "refused by the script"
    retryable: bool = False
    times: int = 1


class External(Control, frozen=True, kw_only=True, tag="external"):
    """An order of the account that we did not send: LIMIT with a price, else MARKET."""

    account_id: str
    symbol: str
    side: Side
    quantity: Decimal
    price: Decimal | None = None
    offset: Offset = Offset.OPEN


class Liquidate(Control, frozen=True, kw_only=True, tag="liquidate"):
    """Cancel the account's orders in the symbol and close its positions there."""

    account_id: str
    symbol: str
    price: Decimal | None = None


class Settle(Control, frozen=True, kw_only=True, tag="settle"):
    """The trading day ends at these prices (else the last ones): DAY orders expire, today becomes
    yesterday. `day` begins."""

    day: str = ""
    prices: dict[str, Decimal] = {}


class Fund(Control, frozen=True, kw_only=True, tag="fund"):
    """`amount` signed: what the account gains."""

    account_id: str
    amount: Decimal
    kind: MoneyKind = MoneyKind.FUNDING
    symbol: str = ""


class SetQuote(Control, frozen=True, kw_only=True, tag="quote"):
    """`last` without a word is the middle of the touch; volumes are 1,000,000 lots."""

    symbol: str
    bid: Decimal
    ask: Decimal
    last: Decimal | None = None
    bid_volume: Decimal | None = None
    ask_volume: Decimal | None = None


AnyControl: TypeAlias = (
    Fill
    | Reject
    | CancelIt
    | Expire
    | Trigger
    | SayAgain
    | RejectNext
    | External
    | Liquidate
    | Settle
    | Fund
    | SetQuote
)
Done = dict[str, Any] | Refusal


def carry_out(exchange: Exchange, asked: AnyControl, now_ns: int) -> Done:
    """Do it, or say why it cannot be."""
    for name in ("volume", "price", "quantity", "amount", "bid", "ask"):
        number = getattr(asked, name, None)
        if number is not None and not sane(number):
            return Refusal("malformed", f"{name} is no number of this world")
    if isinstance(asked, OfOrder):
        order = _named(exchange, asked)
        if isinstance(order, Refusal):
            return order
        return _DO_ORDER[type(asked)](exchange, order, asked, now_ns)
    account_id = getattr(asked, "account_id", None)
    if account_id is not None and account_id not in exchange.accounts:
        return Refusal("unknown_account", f"there is no account {account_id}")
    symbol = getattr(asked, "symbol", "")
    if symbol and symbol not in exchange.instruments:
        return Refusal("unknown_symbol", f"there is no {symbol}")
    return _DO[type(asked)](exchange, asked, now_ns)


def _named(exchange: Exchange, asked: OfOrder) -> VenueOrder | Refusal:
    accounts = [asked.account_id] if asked.account_id else list(exchange.accounts)
    if asked.order in exchange.orders:
        return exchange.orders[asked.order]
    found = [chain[-1] for one in accounts if (chain := exchange.find(one, asked.order))]
    if len(found) != 1:
        return Refusal("unknown_order", f"{len(found)} orders are called {asked.order}")
    return found[0]


def _fill(exchange: Exchange, order: VenueOrder, asked: Fill, now_ns: int) -> Done:
    touch = exchange.touches.get(order.symbol)
    price = asked.price or order.price or opposite_price(touch, order.side)
    if price is None:
        return Refusal("no_price", "name a price: there is no quote")
    volume = order.remaining if asked.volume is None else asked.volume
    account, instrument = exchange.accounts[order.account_id], exchange.instruments[order.symbol]
    closing = account.closes(instrument, order.side, order.offset, volume)
    if volume <= 0 or closing > account.closable(instrument, order.side, order.offset):
        return Refusal("bad_quantity", f"{volume:f} cannot be filled")
    exchange.fill(order, price, volume, now_ns, asked.trade_id)
    return {"order": order.wire(), "fill": exchange.fills[-1].wire()}


def _finish(status: VenueStatus) -> Callable[..., Done]:
    def finish(exchange: Exchange, order: VenueOrder, asked: Reject | CancelIt | Expire, now_ns: int) -> Done:
        if not order.working:
            return Refusal("order_closed", f"the order is {order.status}")
        exchange.finish(order, status, asked.reason, now_ns)
        return {"order": order.wire()}

    return finish


def _trigger(exchange: Exchange, order: VenueOrder, asked: Trigger, now_ns: int) -> Done:
    if not order.working or not order.dormant:
        return Refusal("order_closed", "the order waits for no trigger")
    return {"order": exchange.trigger(order, now_ns).wire()}


def _say_again(exchange: Exchange, order: VenueOrder, asked: SayAgain, now_ns: int) -> Done:
    fills = exchange.fills_of(order)
    exchange.pushes += [Push("fills", order.account_id, fill.wire()) for fill in fills]
    exchange.tell(order)
    return {"fills": len(fills)}


def _reject_next(exchange: Exchange, asked: RejectNext, now_ns: int) -> Done:
    exchange.reject_next += [Refusal(asked.code, asked.message, asked.retryable)] * asked.times
    return {"waiting": len(exchange.reject_next)}


def _external(exchange: Exchange, asked: External, now_ns: int) -> Done:
    order = _own_order(exchange, asked.account_id, asked.symbol, asked.side, asked.quantity, now_ns)
    order.offset, order.price = asked.offset, asked.price
    order.type = OrderType.MARKET if asked.price is None else OrderType.LIMIT
    exchange.accept(order)
    return {"order": order.wire()}


def _own_order(
    exchange: Exchange, account_id: str, symbol: str, side: Side, quantity: Decimal, now_ns: int
) -> VenueOrder:
    return VenueOrder(
        account_id=account_id,
        venue_order_id=exchange.next_id("V"),
        client_order_id="",
        symbol=symbol,
        side=side,
        offset=Offset.OPEN,
        type=OrderType.MARKET,
        time_in_force=TimeInForce.GTC,
        quantity=quantity,
        price=None,
        trigger_price=None,
        reduce_only=False,
        expires_ns=None,
        time_ns=now_ns,
    )


def _liquidate(exchange: Exchange, asked: Liquidate, now_ns: int) -> Done:
    for order in exchange.working(asked.symbol):
        if order.account_id == asked.account_id:
            exchange.finish(order, VenueStatus.CANCELED, "liquidation", now_ns)
    account, closed = exchange.accounts[asked.account_id], []
    for long in (True, False):
        held = account.holding(exchange.instruments[asked.symbol], long)
        side = Side.SELL if long else Side.BUY
        price = asked.price or opposite_price(exchange.touches.get(asked.symbol), side)
        if not held.volume or price is None:
            continue
        order = _own_order(exchange, asked.account_id, asked.symbol, side, held.volume, now_ns)
        order.offset, order.liquidation, order.reason = Offset.CLOSE, True, "liquidation"
        exchange.accept(order)
        exchange.fill(order, price, order.quantity, now_ns)
        closed.append(order.wire())
    return {"orders": closed}


def _settle(exchange: Exchange, asked: Settle, now_ns: int) -> Done:
    lasts = {
        symbol: touch.quote.last for symbol, touch in exchange.touches.items() if touch.quote.last is not None
    }
    prices = {**lasts, **asked.prices}
    exchange.day += 1
    for symbol in exchange.instruments:
        for order in exchange.working(symbol):
            if order.time_in_force is TimeInForce.DAY:
                exchange.finish(order, VenueStatus.EXPIRED, "day over", now_ns)
    for account in exchange.accounts.values():
        account.end_day(prices)
    data: dict[str, Any] = {
        "day": asked.day or f"day-{exchange.day}",
        "prices": {symbol: digits(price) for symbol, price in prices.items()},
        "time_ns": now_ns,
    }
    exchange.pushes.append(Push("settlement", "", data))
    return data


def _fund(exchange: Exchange, asked: Fund, now_ns: int) -> Done:
    account = exchange.accounts[asked.account_id]
    account.balance += asked.amount
    data: dict[str, Any] = {
        "account_id": asked.account_id,
        "amount": digits(asked.amount),
        "currency": account.terms.currency,
        "kind": asked.kind,
        "venue_id": exchange.next_id("M"),
        "symbol": asked.symbol,
        "time_ns": now_ns,
    }
    exchange.pushes.append(Push("money", asked.account_id, data))
    return data


def _quote(exchange: Exchange, asked: SetQuote, now_ns: int) -> Done:
    plenty = 1_000_000 * exchange.instruments[asked.symbol].lot
    middle = exchange.instruments[asked.symbol].price((asked.bid + asked.ask) / 2)
    quote = Quote(
        symbol=asked.symbol,
        last=middle if asked.last is None else asked.last,
        bid=asked.bid,
        ask=asked.ask,
        bid_volume=plenty if asked.bid_volume is None else asked.bid_volume,
        ask_volume=plenty if asked.ask_volume is None else asked.ask_volume,
        volume=ZERO,
        time_ns=now_ns,
    )
    exchange.quote(quote, now_ns)
    return {"symbol": asked.symbol}


_DO_ORDER: dict[type, Callable[..., Done]] = {
    Fill: _fill,
    Reject: _finish(VenueStatus.REJECTED),
    CancelIt: _finish(VenueStatus.CANCELED),
    Expire: _finish(VenueStatus.EXPIRED),
    Trigger: _trigger,
    SayAgain: _say_again,
}
_DO: dict[type, Callable[..., Done]] = {
    RejectNext: _reject_next,
    External: _external,
    Liquidate: _liquidate,
    Settle: _settle,
    Fund: _fund,
    SetQuote: _quote,
}

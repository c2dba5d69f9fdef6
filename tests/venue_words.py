"""What a venue says of one order, in few words, for the tests of orders and money."""

from __future__ import annotations

from decimal import Decimal

from monitor.engine import events as ev
from monitor.engine.orders import Book, Order
from monitor.engine.values import Offset, OrderStatus, OrderType, Side, TimeInForce

QUANTITY = Decimal(10)


def created(order_id: int = 1, side: Side = Side.BUY, quantity: Decimal = QUANTITY) -> ev.OrderCreated:
    return ev.OrderCreated(
        order_id=order_id,
        strategy_id=1,
        account_id="sim-1",
        symbol="TEST.x1",
        side=side,
        offset=Offset.OPEN,
        type=OrderType.LIMIT,
        time_in_force=TimeInForce.GTC,
        quantity=quantity,
        price=Decimal(100),
    )


def placed() -> ev.OrderPlaced:
    return ev.OrderPlaced(order_id=1, venue_order_id="S1")


def triggered() -> ev.OrderTriggered:
    return ev.OrderTriggered(order_id=1)


def fill(name: str, volume: int | Decimal, price: int | Decimal = 100) -> ev.TradeExecuted:
    """`name` is the venue's id of it: the same name again is the same fill."""
    return ev.TradeExecuted(
        order_id=1,
        trade_id=sum(name.encode()),
        venue_trade_id=name,
        price=Decimal(price),
        volume=Decimal(volume),
        commission=Decimal(volume) / 10,
        slippage=Decimal(0),
    )


def canceled(total: int | None = None, reason: str = "asked") -> ev.OrderCanceled:
    return ev.OrderCanceled(order_id=1, reason=reason, cumulative=_decimal(total))


def rejected(total: int | None = None) -> ev.OrderRejected:
    return ev.OrderRejected(order_id=1, reason="no money", cumulative=_decimal(total))


def expired(total: int | None = None) -> ev.OrderExpired:
    return ev.OrderExpired(order_id=1, reason="day over", cumulative=_decimal(total))


def cancel_requested() -> ev.CancelRequested:
    return ev.CancelRequested(order_id=1, reason="manual")


def cancel_rejected() -> ev.CancelRejected:
    return ev.CancelRejected(order_id=1, reason="too late")


def book(*heard: ev.OrderEvent) -> Book:
    """A book with one order of ten lots, after hearing these."""
    made = Book()
    made.apply(created(), 0)
    for time_ns, event in enumerate(heard, start=1):
        made.apply(event, time_ns)
    return made


def status(*heard: ev.OrderEvent) -> OrderStatus:
    return order(*heard).status


def order(*heard: ev.OrderEvent) -> Order:
    return book(*heard).orders[1]


def _decimal(total: int | None) -> Decimal | None:
    return None if total is None else Decimal(total)

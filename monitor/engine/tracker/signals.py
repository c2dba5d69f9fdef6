"""What is told of an order: signals made of its evidence. Pure: decides nothing, keeps nothing."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from hashlib import blake2b

from monitor.engine import events as ev
from monitor.engine.orders import Order
from monitor.engine.tracker.terms import Desk
from monitor.engine.values import ZERO, FillDirection, SignalKind


def accepted(desk: Desk, order: Order) -> ev.SignalEmitted:
    return ev.SignalEmitted(
        signal_id=desk.next_signal_id(),
        order_id=order.order_id,
        kind=SignalKind.ACCEPTED,
        status=order.status,
    )


def of_fill(desk: Desk, order: Order, fill: ev.TradeExecuted) -> ev.SignalEmitted:
    return ev.SignalEmitted(
        signal_id=desk.next_signal_id(),
        order_id=order.order_id,
        kind=SignalKind.FILL,
        key=fill.venue_trade_id,
        status=order.status,
        volume=fill.volume,
        average_price=fill.price,
        commission=_fees(desk, order, (fill,)),
        directions=() if fill.direction is None else (fill.direction,),
        first_ns=fill.venue_ns,
        last_ns=fill.venue_ns,
    )


def of_end(desk: Desk, order: Order, kind: SignalKind, key: str = "") -> ev.SignalEmitted:
    """One signal for all that the order did."""
    fills = in_venue_order(order)
    times = [fill.venue_ns for fill in fills if fill.venue_ns is not None]
    return ev.SignalEmitted(
        signal_id=desk.next_signal_id(),
        order_id=order.order_id,
        kind=kind,
        key=key,
        status=order.status,
        volume=order.filled,
        average_price=order.notional / order.filled if order.filled else None,
        commission=_fees(desk, order, fills),
        realised_profit=desk.profit_of(order.order_id),
        directions=_directions(fills),
        first_ns=min(times) if times else None,
        last_ns=max(times) if times else None,
        reason=order.reason,
    )


def in_venue_order(order: Order) -> list[ev.TradeExecuted]:
    """By the venue's time, chain and id: not by the order in which they were heard."""
    fills = list(order.counted())
    if len(fills) > 1:
        fills.sort(key=_place)
    return fills


def view_key(order: Order, said: ev.SignalEmitted) -> str:
    """The same view has the same key in every process; opened again it is another view."""
    fees = sorted((currency, str(fee.normalize())) for currency, fee in said.commission.items())
    numbers = f"{order.filled.normalize()}|{order.notional.normalize()}|{order.dossier.reopened}"
    text = f"{said.status}|{numbers}|{fees}"
    return blake2b(text.encode(), digest_size=8).hexdigest()


def inferred_id(account_id: str, venue_order_id: str, known: Decimal, total: Decimal) -> str:
    """Of the fill that must have happened between what is known and what the venue counts."""
    text = f"{account_id}|{venue_order_id}|{known.normalize()}|{total.normalize()}"
    return f"inferred-{blake2b(text.encode(), digest_size=8).hexdigest()}"


def _place(fill: ev.TradeExecuted) -> tuple[int, str, str]:
    return fill.venue_ns or 0, fill.chain, fill.venue_trade_id


def _directions(fills: Iterable[ev.TradeExecuted]) -> tuple[FillDirection, ...]:
    return tuple(dict.fromkeys(fill.direction for fill in fills if fill.direction is not None))


def _fees(desk: Desk, order: Order, fills: Iterable[ev.TradeExecuted]) -> dict[str, Decimal]:
    fees: dict[str, Decimal] = {}
    for fill in fills:
        currency = fill.fee_currency
        if not currency:
            instrument = desk.instrument(order.intent.symbol)
            currency = instrument.currency if instrument is not None else ""
        fees[currency] = fees.get(currency, ZERO) + fill.commission
    return fees

"""What is told of an order: signals made of its evidence. Pure: decides nothing, keeps nothing."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from hashlib import blake2b

from monitor.engine import events as ev
from monitor.engine.evidence import PLAIN
from monitor.engine.orders import Order
from monitor.engine.tracker.terms import Desk
from monitor.engine.values import ZERO, FillDirection, SignalKind

# Bound once: to look a member up in its class is slow, and these are asked for per message.
_ACCEPTED, _FILL = SignalKind.ACCEPTED, SignalKind.FILL


def accepted(desk: Desk, order: Order) -> ev.SignalEmitted:
    return ev.SignalEmitted(
        signal_id=desk.next_signal_id(),
        order_id=order.intent.order_id,
        kind=_ACCEPTED,
        status=order.status,
    )


def of_fill(desk: Desk, order: Order, fill: ev.TradeExecuted) -> ev.SignalEmitted:
    return ev.SignalEmitted(
        signal_id=desk.next_signal_id(),
        order_id=order.intent.order_id,
        kind=_FILL,
        key=fill.venue_trade_id,
        status=order.status,
        volume=fill.volume,
        average_price=fill.price,
        commission=_fee(desk, order, fill),
        directions=() if fill.direction is None else (fill.direction,),
        first_ns=fill.venue_ns,
        last_ns=fill.venue_ns,
    )


def of_end(desk: Desk, order: Order, kind: SignalKind, key: str = "") -> ev.SignalEmitted:
    """One signal for all that the order did."""
    fills = list(order.fills.values() if order.dossier is PLAIN else order.counted())
    times = [fill.venue_ns for fill in fills if fill.venue_ns is not None]
    filled = order.filled
    return ev.SignalEmitted(
        signal_id=desk.next_signal_id(),
        order_id=order.intent.order_id,
        kind=kind,
        key=key,
        status=order.status,
        volume=filled,
        average_price=order.notional / filled if filled else None,
        commission=_fees(desk, order, fills),
        realised_profit=desk.profit_of(order.intent.order_id),
        directions=_directions(fills),
        first_ns=min(times) if times else None,
        last_ns=max(times) if times else None,
        reason=order.reason,
    )


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


def _directions(fills: list[ev.TradeExecuted]) -> tuple[FillDirection, ...]:
    """Each once, in the venue's order of fills: not in the order in which they were heard."""
    if not fills:
        return ()
    first = fills[0].direction
    for fill in fills:
        if fill.direction is not first:
            in_order = sorted(fills, key=_place)
            return tuple(dict.fromkeys(fill.direction for fill in in_order if fill.direction is not None))
    return () if first is None else (first,)


def _fee(desk: Desk, order: Order, fill: ev.TradeExecuted) -> dict[str, Decimal]:
    currency = fill.fee_currency
    if currency:
        return {currency: fill.commission}
    return {_currency(desk, order): ZERO + fill.commission}


def _fees(desk: Desk, order: Order, fills: Iterable[ev.TradeExecuted]) -> dict[str, Decimal]:
    """By currency; the instrument's own has no name in a fill."""
    own: Decimal | None = None
    fees: dict[str, Decimal] = {}
    for fill in fills:
        currency, fee = fill.fee_currency, fill.commission
        if not currency:
            own = fee if own is None else own + fee
        elif currency in fees:
            fees[currency] += fee
        else:
            fees[currency] = fee
    if own is not None:
        currency = _currency(desk, order)
        fees[currency] = fees.get(currency, ZERO) + own
    return fees


def _currency(desk: Desk, order: Order) -> str:
    instrument = desk.instrument(order.intent.symbol)
    return instrument.currency if instrument is not None else ""

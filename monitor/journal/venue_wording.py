"""Facts of trading at a venue as sentences: sending, waiting, doubts, signals, money and lines.

Owns words only: it decides nothing and reads nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from monitor.engine import events as ev
from monitor.engine.values import OrderStatus, SignalKind, tidy
from monitor.engine.venue import FillReport, OrderReport


def money(amount: Decimal) -> str:
    return f"{tidy(amount):f}"


def because(reason: str) -> str:
    return f": {reason}" if reason else ""


def volume_of(cumulative: Decimal | None) -> str:
    """Of a venue's word."""
    return "" if cumulative is None else f", {cumulative:f} filled"


def changed(change: Any) -> str:
    """The terms that a change of an order names."""
    named = [
        f"{word} {value:f}"
        for word, field in (("quantity", "quantity"), ("price", "price"), ("trigger", "trigger_price"))
        if (value := getattr(change, field)) is not None
    ]
    return f" to {', '.join(named)}" if named else ""


def _at(venue: str, before: str = " to ") -> str:
    return f"{before}{venue}" if venue else ""


def _id(venue_order_id: str) -> str:
    return f" ({venue_order_id})" if venue_order_id else ""


def _sent(event: ev.OrderSent) -> str:
    arrival = "" if event.arrival is None else f", the price was {event.arrival:f}"
    return f"order {event.order_id} sent{_at(event.venue, ' to ')}, attempt {event.attempt}{arrival}"


def _attempt(event: ev.OrderRefused | ev.OrderLost) -> str:
    return f", attempt {event.attempt}" if event.attempt else ""


def _refused(event: ev.OrderRefused) -> str:
    again = ", it may be tried again" if event.retryable else ""
    return f"order {event.order_id} was refused{_attempt(event)}{again}{because(event.reason)}"


def _queued(event: ev.OrderQueued) -> str:
    where = _at(event.venue, " for ")
    return f"order {event.order_id} is queued again{where}{because(event.reason)}"


def _released(event: ev.OrderReleased) -> str:
    part = "" if event.quantity is None else f" with {event.quantity:f}"
    return f"order {event.order_id} waits no longer{part}{because(event.reason)}"


def _reported(event: ev.OrderReported) -> str:
    terms = changed(event).replace(" to ", ", ", 1)
    name = f"order {event.order_id}{_id(event.venue_order_id)}"
    return f"venue says {name} works{terms}{volume_of(event.cumulative)}"


def _done(event: ev.OrderDone) -> str:
    name = f"order {event.order_id}{_id(event.venue_order_id)}"
    return f"venue says {name} is filled{volume_of(event.cumulative)}{because(event.reason)}"


def _replaced(event: ev.OrderReplaced) -> str:
    was = f", it was {event.predecessor}" if event.predecessor else ""
    return f"order {event.order_id} was changed{changed(event)}{_id(event.venue_order_id)}{was}"


def _held(event: ev.EvidenceHeld) -> str:
    message = event.message
    name = f"an order {message.venue_order_id or message.client_order_id} that nobody here knows"
    if isinstance(message, FillReport):
        what = f"{message.side} {message.volume:f} {message.symbol} at {message.price:f} of {name}"
        return f"{message.account_id}: {what}, kept"
    assert isinstance(message, OrderReport)
    return f"{message.account_id}: {name} is {message.status}{volume_of(message.cumulative)}, kept"


def _signal(event: ev.SignalEmitted) -> str:
    if event.kind is SignalKind.ACCEPTED:
        return f"signal: order {event.order_id} was accepted"
    if event.kind is SignalKind.ALERT:
        return f"signal: order {event.order_id} needs a look{because(event.reason)}"
    traded = _traded(event)
    if event.kind is SignalKind.FILL:
        return f"signal: order {event.order_id} fill{because(traded)}"
    again = "" if event.kind is SignalKind.FINISHED else ", corrected"
    ended = "finished" if event.status is OrderStatus.FILLED else f"finished, {_ended(event.status)}"
    return f"signal: order {event.order_id} {ended}{again}: {traded}{because(event.reason)}"


def _ended(status: OrderStatus) -> str:
    return status.lower().replace("canceled", "cancelled")


def _traded(event: ev.SignalEmitted) -> str:
    price = "" if event.average_price is None else f" at {money(event.average_price)}"
    fees = " and ".join(f"{money(fee)} {currency}".strip() for currency, fee in event.commission.items())
    parts = [f"{event.volume:f}{price}"]
    if fees:
        parts.append(f"fees {fees}")
    if event.realised_profit is not None:
        parts.append(f"profit {money(event.realised_profit)}")
    return ", ".join(parts)


def _alert(event: ev.AlertRaised) -> str:
    order = "" if event.order_id is None else f", order {event.order_id}"
    return f"alert {event.alert_id} ({event.level}{order}): {event.message}"


def _settled(event: ev.AlertSettled) -> str:
    return f"alert {event.alert_id} {f'noted by {event.by}' if event.by else 'is over'}"


def _guard(event: ev.GuardFired) -> str:
    order = "" if event.order_id is None else f" order {event.order_id}"
    return f"guard {event.guard} {_ACTIONS.get(event.action, event.action)}{order}{because(event.message)}"


_ACTIONS = {"refuse": "refused", "warn": "warned of", "clamp": "made smaller"}


def _listed(event: ev.InstrumentsListed) -> str:
    symbols = [instrument.symbol for instrument in event.instruments]
    more = f" and {len(symbols) - 5} more" if len(symbols) > 5 else ""
    return f"instruments{_at(event.venue, ' of ')}: {', '.join(symbols[:5])}{more}"


def _moved(event: ev.MoneyMoved) -> str:
    what = f"{event.kind} of {money(event.amount)} {event.currency}"
    symbol = f" for {event.symbol}" if event.symbol else ""
    return f"{event.account_id}: {what}{symbol}{because(event.note)}"


def _prices(prices: dict[str, Decimal]) -> str:
    named = [f"{symbol} {price:f}" for symbol, price in list(prices.items())[:5]]
    more = f" and {len(prices) - 5} more" if len(prices) > 5 else ""
    return f"{', '.join(named)}{more}"


def _corrected(event: ev.PositionCorrected) -> str:
    price = "" if event.average_price is None else f" at {money(event.average_price)}"
    what = f"{event.volume:f} {event.symbol} {event.direction}{price}"
    return f"{event.account_id} has {what}, {event.type} by {event.by}{because(event.reason)}"


def _reconciled(event: ev.Reconciled) -> str:
    found = f"{event.corrections} corrections" if event.corrections else "nothing differed"
    return f"{event.account_id} was compared with the venue: {found}"


def _plain(text: str) -> Callable[[Any], str]:
    return lambda event: f"order {event.order_id} {text}{because(getattr(event, 'reason', ''))}"


def _lost(event: ev.OrderLost) -> str:
    return f"nobody knows whether order {event.order_id} arrived{_attempt(event)}{because(event.reason)}"


def _day(event: ev.DayRolled) -> str:
    settled = f", settled at {_prices(event.prices)}" if event.prices else ""
    return f"day {event.day} begins{settled}"


VENUE_SENTENCES: dict[type, Callable[[Any], str]] = {
    ev.OrderReleased: _released,
    ev.OrderSent: _sent,
    ev.OrderRefused: _refused,
    ev.OrderLost: _lost,
    ev.OrderAbsent: _plain("was looked up: the venue does not know it"),
    ev.OrderQueued: _queued,
    ev.OrderHandedOver: _plain("waits for a person"),
    ev.OrderTakenBack: _plain("goes to the queue again, a person decided"),
    ev.ConditionFailed: lambda event: (
        f"order {event.order_id}: {event.condition} cannot be evaluated{because(event.error)}"
    ),
    ev.ConditionLatched: lambda event: f"order {event.order_id}: condition {event.index + 1} has come true",
    ev.OrderReported: _reported,
    ev.OrderDone: _done,
    ev.ReplaceRequested: lambda event: f"order {event.order_id} is to be changed{changed(event)}",
    ev.OrderReplaced: _replaced,
    ev.ReplaceRejected: _plain("was not changed"),
    ev.OrdersMerged: lambda event: f"order {event.orphan_id}, found at the venue, is order {event.order_id}",
    ev.FillCorrected: lambda event: (
        f"order {event.order_id}: the inferred fill {event.venue_trade_id} is void, the real ones came"
    ),
    ev.OrderReopened: lambda event: f"order {event.order_id}{_id(event.venue_order_id)} works after all",
    ev.EvidenceHeld: _held,
    ev.EvidenceClaimed: lambda event: (
        f"{event.account_id}: what was kept of {event.venue_order_id} is order {event.order_id}'s"
    ),
    ev.SignalEmitted: _signal,
    ev.AlertRaised: _alert,
    ev.AlertSettled: _settled,
    ev.EngineStateChanged: lambda event: f"engine {event.state}, by {event.by}{because(event.reason)}",
    ev.GuardFired: _guard,
    ev.InstrumentsListed: _listed,
    ev.MoneyMoved: _moved,
    ev.DayRolled: _day,
    ev.PositionCorrected: _corrected,
    ev.PricesMarked: lambda event: f"prices: {_prices(event.prices)}",
    ev.Reconciled: _reconciled,
    ev.LinkChanged: lambda event: (
        f"line to {event.venue} ({event.side}) is {event.state}{because(event.reason)}"
    ),
}

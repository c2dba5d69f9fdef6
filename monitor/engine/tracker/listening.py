"""Venue messages become facts: of a message about a known order only what is news.

Asks the book what is known and yields the rest; each fact is applied before the next is thought
of. Knows whose order it is (`tracker.py` found that out), no signals and no times to wait for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from monitor.engine import events as ev
from monitor.engine.dossier import Leg, Told
from monitor.engine.evidence import PLAIN, outweighs, surer_type
from monitor.engine.merging import differs
from monitor.engine.offsets import surer, told_by
from monitor.engine.orders import Order
from monitor.engine.tracker.terms import Desk
from monitor.engine.tracker.watch import Watch
from monitor.engine.values import (
    ZERO,
    Offset,
    OrderType,
    Origin,
    Side,
    TimeInForce,
)
from monitor.engine.venue import (
    FillReport,
    OrderReport,
    VenueStatus,
)

# Bound once: to look a member up in its class is slow, and these are asked for per message.
_TRIGGERED = VenueStatus.TRIGGERED
_EXTERNAL = Origin.EXTERNAL
VERDICT: dict[VenueStatus, type[ev.OrderCanceled | ev.OrderRejected | ev.OrderExpired | ev.OrderDone]] = {
    VenueStatus.FILLED: ev.OrderDone,
    VenueStatus.CANCELED: ev.OrderCanceled,
    VenueStatus.REJECTED: ev.OrderRejected,
    VenueStatus.EXPIRED: ev.OrderExpired,
}
FILLED_FIRST = "it was filled before it could be changed"


def is_plain(order: Order, report: OrderReport) -> bool:
    """Neither the order nor the report has a story: no links, changes or inferences."""
    known, vid = order.venue_order_id, report.venue_order_id
    return order.dossier is PLAIN and not report.replaces and (not known or not vid or known == vid)


def is_plain_fill(order: Order, venue_order_id: str) -> bool:
    """It tells nothing besides itself."""
    return order.dossier is PLAIN and not _is_other_id(order, venue_order_id)


def of_earlier_attempt(order: Order, report: OrderReport) -> bool:
    """A rejection without an id may be the answer to an attempt before this one: then the venue is
    asked. Its answer counts, unless it has the order under an id."""
    if report.status is not VenueStatus.REJECTED or order.attempt < 2:
        return False
    heads = order.dossier.heads().values()
    live = any(leg.verdict is None for leg in heads) if heads else bool(order.venue_order_id)
    return report.polled_ns is None or (live and order.verdict is None)


def of_report(watch: Watch, report: OrderReport) -> Iterator[ev.OrderEvent]:
    """Links first, then the word itself, then numbers that it told besides."""
    yield from _special(watch, report, final=report.status in VERDICT)
    yield from of_plain(watch, report)


def of_plain(watch: Watch, report: OrderReport) -> list[ev.OrderEvent]:
    """At most three facts, which do not depend on each other being applied."""
    order = watch.order
    kind = VERDICT.get(report.status)
    if kind is not None:
        return _final(order, report, kind)
    vid = report.venue_order_id
    facts: list[ev.OrderEvent] = []
    if not order.placed or (vid and vid not in watch.names.venue):
        facts.append(ev.OrderPlaced(order_id=order.intent.order_id, venue_order_id=vid))
    if report.status is _TRIGGERED and not order.triggered:
        facts.append(ev.OrderTriggered(order_id=order.intent.order_id))
    news = _numbers(order, report)
    if news is not None:
        facts.append(news)
    return facts


def _final(order: Order, report: OrderReport, kind: Any) -> list[ev.OrderEvent]:
    terms = _terms(order, report) if order.intent.origin is _EXTERNAL else None
    facts: list[ev.OrderEvent] = [] if terms is None else [terms]
    word = _verdict(kind, order, report)
    if word is not None:
        facts.append(word)
    return facts


def _is_other_id(order: Order, venue_order_id: str) -> bool:
    return venue_order_id != "" and order.venue_order_id not in ("", venue_order_id)


def _verdict(
    kind: type[ev.OrderCanceled | ev.OrderRejected | ev.OrderExpired | ev.OrderDone],
    order: Order,
    report: OrderReport,
) -> ev.Verdict | None:
    """The final word, when it says more than is known under that id."""
    if order.dossier is PLAIN:
        known, total = order.verdict, order.venue_total
    else:
        leg = order.dossier.legs.get(report.venue_order_id)
        known, total = (leg.verdict, leg.total) if leg is not None else (None, None)
    told = report.cumulative
    word = kind(
        order_id=order.intent.order_id,
        reason=report.reason,
        cumulative=told,
        venue_order_id=report.venue_order_id,
        venue_ns=report.time_ns,
    )
    if known is None or (told is not None and (total is None or told > total)):
        return word
    if type(word) is type(known) and word.reason == known.reason:
        return None  # said again, later
    return word if outweighs(word, known) else None


def _numbers(order: Order, report: OrderReport) -> ev.OrderReported | None:
    """Its total and its terms, as far as they are news."""
    total = report.cumulative
    raised = total is not None and _raises(order, report.venue_order_id, total)
    if order.intent.origin is _EXTERNAL:
        terms = _terms(order, report) or (_bare(order, report) if raised or order.uncertain else None)
        return terms if terms is None or not raised else replace(terms, cumulative=total)
    price, trigger = _told_prices(order, report)
    if not raised and not order.uncertain and price is None and trigger is None:
        return None
    return ev.OrderReported(
        order_id=order.intent.order_id,
        venue_order_id=report.venue_order_id,
        cumulative=total if raised else None,
        price=price,
        trigger_price=trigger,
        venue_ns=report.time_ns,
    )


def news_of_offset(order: Order, told: Offset | None) -> Offset | None:
    """Which lots an order of others takes, when that is more than was known."""
    if told is None or order.intent.origin is not _EXTERNAL or surer(order.offset, told) is order.offset:
        return None
    return told


def of_known_fill(
    desk: Desk, order: Order, report: FillReport, venue_order_id: str
) -> Iterator[ev.OrderEvent]:
    """What a fill that was told before tells besides: another channel may know which lots it took,
    or contradict it."""
    known = order.fills[report.venue_trade_id]
    if not order.dossier.conflict:
        again = executed(desk, order, report, venue_order_id)
        if differs(known, again):
            yield again
    offset = news_of_offset(order, told_by(report))
    if offset is not None:
        yield ev.OrderReported(
            order_id=order.intent.order_id,
            venue_order_id=venue_order_id,
            venue_ns=report.time_ns,
            offset=offset,
        )


def _raises(order: Order, venue_order_id: str, total: Decimal) -> bool:
    """Whether a total is news. One that our fills cover is none, as long as all fills are real and
    under one id."""
    dossier = order.dossier
    if not dossier.links and not dossier.provisional and total <= order.filled:
        return False
    leg = dossier.legs.get(venue_order_id)
    known = order.venue_total if dossier is PLAIN else leg.total if leg is not None else None
    return total > (known or ZERO)


def _bare(order: Order, report: OrderReport) -> ev.OrderReported:
    return ev.OrderReported(
        order_id=order.intent.order_id, venue_order_id=report.venue_order_id, venue_ns=report.time_ns
    )


def _terms(order: Order, report: OrderReport) -> ev.OrderReported | None:
    """What an order of others is, as far as that is news. Of ours we know what we asked for."""
    quantity, price, trigger = _new_numbers(order, report)
    offset, kind, known = news_of_offset(order, report.offset), type_of(report), order.intent.type
    if kind is known or surer_type(known, kind) is known:
        kind = None
    if quantity is None and price is None and trigger is None and offset is None and kind is None:
        return None
    return ev.OrderReported(
        order_id=order.intent.order_id,
        venue_order_id=report.venue_order_id,
        quantity=quantity,
        price=price,
        trigger_price=trigger,
        venue_ns=report.time_ns,
        offset=offset,
        type=kind,
    )


_Numbers = tuple[Decimal | None, Decimal | None, Decimal | None]


def _new_numbers(order: Order, report: OrderReport) -> _Numbers:
    """Quantity, price and trigger price, where they are other than known, and newer."""
    dossier = order.dossier
    told = report.quantity, report.price, report.trigger_price
    if dossier is not PLAIN:
        if dossier.asked or dossier.changes:
            told = report.quantity, None, None
        leg = dossier.legs.get(report.venue_order_id)
        return told if leg is None else _newer(leg, report.time_ns or 0, told)
    known = order.target or None, order.price, order.trigger_price
    if known in (told, _UNKNOWN):
        return _UNKNOWN if known == told else told
    return _newer(order.own_terms(), report.time_ns or 0, told)


def _newer(leg: Leg, age: int, told: _Numbers) -> _Numbers:
    quantity, price, trigger = told
    return (
        _newest(leg.quantity, age, quantity),
        _newest(leg.price, age, price),
        _newest(leg.trigger_price, age, trigger),
    )


def _newest(known: Told | None, age: int, number: Decimal | None) -> Decimal | None:
    if number is None or (known is not None and (known[1] == number or (age, number) <= known)):
        return None
    return number


_UNKNOWN: _Numbers = (None, None, None)


def type_of(report: OrderReport) -> OrderType | None:
    """A price without a type is a limit."""
    return OrderType.LIMIT if report.type is None and report.price is not None else report.type


def _told_prices(order: Order, report: OrderReport) -> tuple[Decimal | None, Decimal | None]:
    """Prices the venue changed by itself (post-only). After a change of ours an older report
    could be mistaken for that, so then ours stand."""
    if order.dossier.asked or order.dossier.changes:
        return None, None
    price = report.price if order.price is not None and report.price != order.price else None
    trigger = report.trigger_price
    if order.trigger_price is None or trigger == order.trigger_price or order.intent.trail is not None:
        trigger = None
    return price, trigger


def _special(watch: Watch, report: OrderReport, *, final: bool) -> Iterator[ev.OrderEvent]:
    """What only orders with a story need: reopening, links, answers to a change we asked for."""
    order, vid = watch.order, report.venue_order_id
    if not final and reopens(order):
        yield ev.OrderReopened(order_id=order.intent.order_id, venue_order_id=vid)
    link = link_of(watch, vid, report.replaces)
    if link is not None:
        yield link
    dossier = order.dossier
    if dossier.asked and not _is_other_id(order, vid):
        if answers(dossier.asked[0], report):
            yield _changed(order, report)
        elif report.status is VenueStatus.FILLED:
            yield ev.ReplaceRejected(order_id=order.intent.order_id, reason=FILLED_FIRST)
        elif _ended_before_too(watch, report) if final else _asked_after_loss(order, report):
            yield ev.ReplaceRejected(order_id=order.intent.order_id, reason="the venue did not change it")
    if order.cancel_pending and not final and _asked_after_loss(order, report):
        yield ev.CancelRejected(order_id=order.intent.order_id, reason="the venue still has it")


def _ended_before_too(watch: Watch, report: OrderReport) -> bool:
    """An end may be the change itself, whose new order follows in the same answer. When it is said
    in answer to another question as well, and still nothing took its place, it is the end."""
    if report.polled_ns is None or report.polled_ns <= watch.asked_ns:
        return False
    if watch.ended_ns is None:
        watch.ended_ns = report.polled_ns
    return report.polled_ns > watch.ended_ns


def was_filled_first(order: Order) -> bool:
    """A change waits for an answer that says no more than the venue's last word has said."""
    dossier = order.dossier
    heads = dossier.heads().values() if dossier.asked else ()
    return bool(heads) and all(type(leg.verdict) is ev.OrderDone for leg in heads)


def reopens(order: Order) -> bool:
    """Presence after an end that was only inferred."""
    return order.verdict is not None and order.verdict is order.dossier.inferred


def link_of(watch: Watch, venue_order_id: str, replaces: str) -> ev.OrderReplaced | None:
    """A new venue id that took the place of another: by the venue's word, or because a change of
    ours was under way and the same client id came back under it."""
    order = watch.order
    if not venue_order_id or venue_order_id == replaces:
        return None
    links = order.dossier.links
    if replaces:
        predecessor = replaces
    elif order.dossier.asked and order.venue_order_id and venue_order_id not in watch.names.venue:
        predecessor = order.venue_order_id
    else:
        return None
    if predecessor in links or predecessor == venue_order_id:
        return None
    asked = order.dossier.asked[0] if order.dossier.asked else None
    return ev.OrderReplaced(
        order_id=order.intent.order_id,
        venue_order_id=venue_order_id,
        predecessor=predecessor,
        quantity=asked.quantity if asked is not None else None,
        price=asked.price if asked is not None else None,
        trigger_price=asked.trigger_price if asked is not None else None,
    )


def answers(asked: ev.ReplaceRequested, report: OrderReport) -> bool:
    """Whether the order is at the venue as we asked for."""
    pairs = (
        (asked.quantity, report.quantity),
        (asked.price, report.price),
        (asked.trigger_price, report.trigger_price),
    )
    return all(wanted is None or wanted == told for wanted, told in pairs)


def _changed(order: Order, report: OrderReport) -> ev.OrderReplaced:
    asked = order.dossier.asked[0]
    return ev.OrderReplaced(
        order_id=order.intent.order_id,
        quantity=asked.quantity,
        price=asked.price,
        trigger_price=asked.trigger_price,
    )


def _asked_after_loss(order: Order, report: OrderReport) -> bool:
    """It answers a question that was put after our request got lost."""
    lost_ns = order.dossier.lost_ns
    return report.polled_ns is not None and lost_ns is not None and report.polled_ns >= lost_ns


def before_fill(watch: Watch, venue_order_id: str, known: ev.TradeExecuted | None) -> Iterable[ev.OrderEvent]:
    """What a fill tells besides itself. Inferred fills yield to real ones."""
    order = watch.order
    if known is not None or is_plain_fill(order, venue_order_id):
        return ()
    return _before_fill(watch, venue_order_id)


def _before_fill(watch: Watch, venue_order_id: str) -> Iterator[ev.OrderEvent]:
    order = watch.order
    if reopens(order):
        yield ev.OrderReopened(order_id=order.intent.order_id, venue_order_id=venue_order_id)
    link = link_of(watch, venue_order_id, "")
    if link is not None:
        yield link
    for key in sorted(order.dossier.provisional - order.dossier.void):
        yield ev.FillCorrected(order_id=order.intent.order_id, venue_trade_id=key)


def other_half(order: Order, report: FillReport) -> FillReport:
    """A fill that turned a position over may be told in two halves under one id of the trade: what
    it closed and what it opened."""
    known = order.fills.get(report.venue_trade_id)
    if known is None or known.volume == report.volume or known.direction is report.direction:
        return report
    if known.direction is None or report.direction is None:
        return report
    return replace(report, venue_trade_id=f"{report.venue_trade_id}/{report.direction}")


def executed(desk: Desk, order: Order, report: FillReport, venue_order_id: str) -> ev.TradeExecuted:
    currency = report.fee_currency
    if currency:
        instrument = desk.instrument(order.intent.symbol)
        if instrument is not None and instrument.currency == currency:
            currency = ""
    return ev.TradeExecuted(
        order_id=order.intent.order_id,
        trade_id=desk.next_trade_id(),
        venue_trade_id=report.venue_trade_id,
        price=report.price,
        volume=report.volume,
        commission=report.fee,
        slippage=ZERO,
        venue_order_id=venue_order_id,
        direction=report.direction,
        fee_currency=currency,
        venue_ns=report.time_ns,
        chain=report.chain,
        liquidation=report.liquidation,
        offset=report.offset,
        profit=report.profit,
    )


# Orders that are not ours -----------------------------------------------------------------------
def adopted(order_id: int, venue_order_id: str, messages: list[OrderReport | FillReport]) -> ev.OrderCreated:
    """An external order, as what was heard of it describes it. It must tell symbol and side."""
    reports = [m for m in messages if isinstance(m, OrderReport)]
    newest = _NOTHING
    if reports:
        newest = max([r for r in reports if r.quantity is not None] or reports, key=_age)
    type_ = OrderType.MARKET
    for report in reports:
        type_ = surer_type(type_, type_of(report))
    return ev.OrderCreated(
        order_id=order_id,
        strategy_id=0,
        account_id=messages[0].account_id,
        symbol=next(m.symbol for m in messages if m.symbol),
        side=next(m.side for m in messages if m.side is not None),
        offset=_offset(messages),
        type=type_,
        time_in_force=TimeInForce.GTC,
        quantity=newest.quantity or ZERO,
        price=newest.price,
        trigger_price=newest.trigger_price,
        origin=_EXTERNAL,
        client_order_id=next((m.client_order_id for m in messages if m.client_order_id), ""),
        venue_order_id=venue_order_id,
        venue_ns=newest.time_ns,
    )


_NOTHING = OrderReport(account_id="", status=VenueStatus.OTHER)


def _age(report: OrderReport) -> tuple[int, Decimal]:
    return report.time_ns or -1, report.quantity or ZERO


def _offset(messages: list[OrderReport | FillReport]) -> Offset:
    offset = Offset.OPEN
    for message in messages:
        offset = surer(offset, told_by(message) if isinstance(message, FillReport) else message.offset)
    return offset


def alias(order: Order, side: Side, venue_order_id: str) -> str:
    """Fills of both sides under one venue id are kept as two orders: money must not mix them up."""
    return venue_order_id if order.intent.side is side else f"{venue_order_id}/{side}"

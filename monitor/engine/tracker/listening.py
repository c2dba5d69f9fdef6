"""Venue messages become facts: of a message about a known order only what is news.

Asks the book what is known and yields the rest; each fact is applied before the next is thought
of. Knows whose order it is (`tracker.py` found that out), no signals and no times to wait for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from typing import Any

from monitor.engine import events as ev
from monitor.engine.evidence import PLAIN, outweighs
from monitor.engine.offsets import surer, told_by
from monitor.engine.orders import Order
from monitor.engine.tracker.terms import Desk
from monitor.engine.tracker.watch import Watch
from monitor.engine.values import (
    ZERO,
    InnerState,
    Offset,
    OrderStatus,
    OrderType,
    Origin,
    Side,
    TimeInForce,
)
from monitor.engine.venue import (
    CancelRefused,
    FillReport,
    OrderReport,
    PlaceRefused,
    ReplaceRefused,
    RequestKind,
    RequestLost,
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
_IN_FLIGHT = (InnerState.IN_FLIGHT, InnerState.UNKNOWN)


def is_plain(order: Order, report: OrderReport) -> bool:
    """Neither the order nor the report has a story: no links, changes or inferences."""
    known, vid = order.venue_order_id, report.venue_order_id
    return order.dossier is PLAIN and not report.replaces and (not known or not vid or known == vid)


def is_plain_fill(order: Order, venue_order_id: str) -> bool:
    """It tells nothing besides itself."""
    return order.dossier is PLAIN and not _is_other_id(order, venue_order_id)


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
    facts: list[ev.OrderEvent] = []
    quantity, offset = _told_quantity(order, report), news_of_offset(order, report.offset)
    if quantity is not None or offset is not None:
        facts.append(
            ev.OrderReported(
                order_id=order.intent.order_id,
                venue_order_id=report.venue_order_id,
                quantity=quantity,
                venue_ns=report.time_ns,
                offset=offset,
            )
        )
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
    quantity = _told_quantity(order, report)
    price, trigger = _told_prices(order, report)
    offset = news_of_offset(order, report.offset)
    told = raised or order.uncertain
    if not told and quantity is None and price is None and trigger is None and offset is None:
        return None
    return ev.OrderReported(
        order_id=order.intent.order_id,
        venue_order_id=report.venue_order_id,
        cumulative=total if raised else None,
        quantity=quantity,
        price=price,
        trigger_price=trigger,
        venue_ns=report.time_ns,
        offset=offset,
    )


def news_of_offset(order: Order, told: Offset | None) -> Offset | None:
    """Which lots an order of others takes, when that is more than was known."""
    if told is None or order.intent.origin is not _EXTERNAL or surer(order.offset, told) is order.offset:
        return None
    return told


def of_known_fill(order: Order, report: FillReport, venue_order_id: str) -> Iterator[ev.OrderEvent]:
    """What a fill that was told before tells besides: another channel may know which lots it took."""
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


def _told_quantity(order: Order, report: OrderReport) -> Decimal | None:
    """Only of an order of others: of ours we know what we asked for."""
    if order.intent.origin is not _EXTERNAL or report.quantity is None:
        return None
    leg = order.dossier.legs.get(report.venue_order_id)
    known = leg.quantity[1] if leg is not None and leg.quantity is not None else None
    if known is None and order.dossier is PLAIN:
        known = order.target
    return None if known == report.quantity else report.quantity


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


# Answers to our requests ------------------------------------------------------------------------
def of_refusal(order: Order, refused: PlaceRefused) -> Iterator[ev.OrderEvent]:
    """Ignored when the order is there after all, or another attempt is under way. Without its number
    it is certain of the only attempt there was."""
    here = order.placed or order.fills or order.venue_order_id
    if here or order.step not in _IN_FLIGHT or refused.attempt not in (0, order.attempt):
        return
    if not _is_of_newest(order, refused.attempt):
        yield from _in_doubt(order, refused.reason)
    else:
        yield ev.OrderRefused(
            order_id=order.intent.order_id,
            reason=refused.reason,
            retryable=refused.retryable,
            attempt=refused.attempt,
        )


def _is_of_newest(order: Order, attempt: int) -> bool:
    """Whether the answer is certainly about the newest attempt: one without a number may be a
    repeated answer to an earlier one."""
    return attempt == order.attempt or order.attempt <= 1


def _in_doubt(order: Order, reason: str) -> Iterator[ev.OrderEvent]:
    """It is looked up: sending it again could make it two."""
    if order.step is InnerState.IN_FLIGHT:
        yield ev.OrderLost(order_id=order.intent.order_id, reason=reason, attempt=order.attempt)


def of_loss(order: Order, lost: RequestLost) -> Iterator[ev.OrderEvent]:
    """Of a question nothing is lost: it is asked again."""
    rule = _LOST.get(lost.request)
    if rule is not None and order.status.active and lost.attempt in (0, order.attempt):
        yield from rule(order, lost)


def _place_lost(order: Order, lost: RequestLost) -> Iterator[ev.OrderEvent]:
    if order.placed or order.status is not OrderStatus.CREATED or order.step not in _IN_FLIGHT:
        return
    if lost.never_sent and _is_of_newest(order, lost.attempt):
        yield ev.OrderRefused(
            order_id=order.intent.order_id, reason=lost.reason, retryable=True, attempt=lost.attempt
        )
    else:
        yield from _in_doubt(order, lost.reason)


def _cancel_lost(order: Order, lost: RequestLost) -> Iterator[ev.OrderEvent]:
    if not order.cancel_pending:
        return
    if lost.never_sent:
        yield ev.CancelRejected(order_id=order.intent.order_id, reason=lost.reason)
    elif not order.uncertain:
        yield ev.OrderLost(order_id=order.intent.order_id, reason=lost.reason)


def _replace_lost(order: Order, lost: RequestLost) -> Iterator[ev.OrderEvent]:
    if not order.dossier.asked:
        return
    if lost.never_sent:
        yield ev.ReplaceRejected(order_id=order.intent.order_id, reason=lost.reason)
    elif not order.uncertain:
        yield ev.OrderLost(order_id=order.intent.order_id, reason=lost.reason)


_LOST: dict[RequestKind, Callable[[Order, RequestLost], Iterator[ev.OrderEvent]]] = {
    RequestKind.PLACE: _place_lost,
    RequestKind.CANCEL: _cancel_lost,
    RequestKind.REPLACE: _replace_lost,
}


def of_cancel_refusal(order: Order, refused: CancelRefused) -> Iterator[ev.OrderEvent]:
    if order.cancel_pending:
        yield ev.CancelRejected(order_id=order.intent.order_id, reason=refused.reason, gone=refused.gone)


def of_replace_refusal(order: Order, refused: ReplaceRefused) -> Iterator[ev.OrderEvent]:
    if order.dossier.asked:
        yield ev.ReplaceRejected(order_id=order.intent.order_id, reason=refused.reason)


# Orders that are not ours -----------------------------------------------------------------------
def adopted(order_id: int, venue_order_id: str, messages: list[OrderReport | FillReport]) -> ev.OrderCreated:
    """An external order, as what was heard of it describes it. It must tell symbol and side."""
    reports = [m for m in messages if isinstance(m, OrderReport)]
    side = next(m.side for m in messages if m.side is not None)
    price = next((r.price for r in reports if r.price is not None), None)
    type_ = next((r.type for r in reports if r.type is not None), None)
    return ev.OrderCreated(
        order_id=order_id,
        strategy_id=0,
        account_id=messages[0].account_id,
        symbol=next(m.symbol for m in messages if m.symbol),
        side=side,
        offset=_offset(messages),
        type=type_ or (OrderType.MARKET if price is None else OrderType.LIMIT),
        time_in_force=TimeInForce.GTC,
        quantity=next((r.quantity for r in reports if r.quantity is not None), ZERO),
        price=price,
        trigger_price=next((r.trigger_price for r in reports if r.trigger_price is not None), None),
        origin=_EXTERNAL,
        client_order_id=next((m.client_order_id for m in messages if m.client_order_id), ""),
        venue_order_id=venue_order_id,
    )


def _offset(messages: list[OrderReport | FillReport]) -> Offset:
    offset = Offset.OPEN
    for message in messages:
        offset = surer(offset, told_by(message) if isinstance(message, FillReport) else message.offset)
    return offset


def alias(order: Order, side: Side, venue_order_id: str) -> str:
    """Fills of both sides under one venue id are kept as two orders: money must not mix them up."""
    return venue_order_id if order.intent.side is side else f"{venue_order_id}/{side}"

"""How each kind of fact becomes evidence of an order: one small function per kind.

All of them grow what is known and never shrink it, except where an inference of ours is taken
back. They set no status: that is derived afterwards.
"""

from __future__ import annotations

from collections.abc import Callable

from monitor.engine import events as ev
from monitor.engine.evidence import NO_FILLS, PLAIN, UNSENT, Order, outweighs
from monitor.engine.offsets import surer, told_by
from monitor.engine.values import ZERO, InnerState, Offset, Origin

_EXTERNAL = Origin.EXTERNAL  # bound once: to look a member up in its class is slow


def other_leg(order: Order, venue_order_id: str) -> bool:
    """Whether a word under this id is about one of several legs, or the order has a dossier."""
    if order.dossier is not PLAIN:
        return True
    return venue_order_id != "" and order.venue_order_id != "" and order.venue_order_id != venue_order_id


def is_inferred(verdict: ev.Verdict) -> bool:
    return type(verdict) is not ev.OrderDone and verdict.provisional  # type: ignore[union-attr]


def _know_id(order: Order, venue_order_id: str) -> None:
    """An id that the venue has it under."""
    if not venue_order_id or (order.venue_order_id == venue_order_id and order.dossier is PLAIN):
        return
    if not order.venue_order_id and order.dossier is PLAIN:
        order.venue_order_id = venue_order_id
        return
    order.open_dossier().leg(venue_order_id)


def _merge_placed(order: Order, event: ev.OrderPlaced, time_ns: int) -> None:
    order.placed = True
    order.heard_ns = time_ns
    if event.venue_order_id and order.venue_order_id != event.venue_order_id:
        _know_id(order, event.venue_order_id)


def _merge_triggered(order: Order, _: ev.OrderTriggered, time_ns: int) -> None:
    order.placed = order.triggered = True
    order.heard_ns = time_ns


def _merge_trigger_moved(order: Order, event: ev.TriggerMoved, _: int) -> None:
    if order.step not in UNSENT:  # one that is watched here is not at the venue
        order.placed = True
    order.trigger_price = event.trigger_price


def _merge_reported(order: Order, event: ev.OrderReported, time_ns: int) -> None:
    order.placed = True
    order.heard_ns = time_ns
    if event.offset is not None:
        _hear_offset(order, event.offset)
    told = order.venue_total
    if event.cumulative is not None and (told is None or event.cumulative > told):
        order.told_ns = time_ns
    terms = event.quantity is not None or event.price is not None or event.trigger_price is not None
    external = order.intent.origin is _EXTERNAL
    if external and event.type is not None:
        order.hear_type(event.type)
    if terms and external and not other_leg(order, event.venue_order_id):
        order.hear_terms(event)
    elif terms or other_leg(order, event.venue_order_id):
        leg = order.open_dossier().leg(event.venue_order_id)
        leg.hear_total(event.cumulative)
        leg.hear_terms(event)
        return
    order.venue_order_id = order.venue_order_id or event.venue_order_id
    if event.cumulative is not None and (told is None or event.cumulative > told):
        order.venue_total = event.cumulative


def _hear_offset(order: Order, told: Offset) -> None:
    """Of an order of ours we know what we asked for."""
    if order.intent.origin is _EXTERNAL:
        order.offset = surer(order.offset, told)


def differs(known: ev.TradeExecuted, fill: ev.TradeExecuted) -> bool:
    """The same fill with another direction or fee, when both times one was told."""
    turned = known.direction is not fill.direction and None not in (known.direction, fill.direction)
    dearer = known.commission != fill.commission and bool(known.commission and fill.commission)
    return turned or dearer


def _merge_fill(order: Order, fill: ev.TradeExecuted, time_ns: int) -> None:
    key = fill.venue_trade_id
    known = order.fills.get(key)
    if known is not None:
        if known.price != fill.price or known.volume != fill.volume or differs(known, fill):
            order.open_dossier().conflict = True
        return
    if order.fills is NO_FILLS:
        order.fills = {}
    order.fills[key] = fill
    order.heard_ns = time_ns
    if order.intent.origin is _EXTERNAL:
        order.offset = surer(order.offset, told_by(fill))
    if fill.venue_order_id and order.venue_order_id != fill.venue_order_id:
        _know_id(order, fill.venue_order_id)
    if fill.provisional:
        order.open_dossier().provisional.add(key)
    if key in order.dossier.void:
        return
    order.filled += fill.volume
    order.notional += fill.price * fill.volume
    if order.executed_ns is None or time_ns > order.executed_ns:
        order.executed_ns = time_ns


def _merge_verdict(order: Order, verdict: ev.Verdict, time_ns: int) -> None:
    order.cancel_pending = False
    order.heard_ns = time_ns
    vid, total = verdict.venue_order_id, verdict.cumulative
    if is_inferred(verdict):
        order.told_ns = time_ns
        order.open_dossier().inferred = verdict
        return
    if order.dossier is not PLAIN or (vid and vid != order.venue_order_id and other_leg(order, vid)):
        leg = order.open_dossier().leg(vid)
        if leg.verdict is None or (total is not None and (leg.total is None or total > leg.total)):
            order.told_ns = time_ns
        leg.hear_verdict(verdict)
        return
    if vid:
        order.venue_order_id = vid
    known = order.verdict
    if known is None:
        order.told_ns = time_ns  # what is waited for is not put off by saying it again
    if known is None or outweighs(verdict, known):
        order.verdict = verdict
    if total is not None and (order.venue_total is None or total > order.venue_total):
        order.venue_total = total
        order.told_ns = time_ns


def _merge_cancel_requested(order: Order, event: ev.CancelRequested, time_ns: int) -> None:
    order.cancel_pending = order.verdict is None
    order.cancel_reason = order.cancel_reason or event.reason


def _merge_cancel_rejected(order: Order, _: ev.CancelRejected, time_ns: int) -> None:
    order.cancel_pending = False


# Our own steps --------------------------------------------------------------------------------
def _merge_released(order: Order, event: ev.OrderReleased, _: int) -> None:
    """A child of a partly filled parent is no larger than that fill, and done when it is filled."""
    order.step, order.step_reason = InnerState.QUEUED, event.reason
    if event.quantity is not None:
        order.open_dossier().released = event.quantity


def _merge_sent(order: Order, event: ev.OrderSent, time_ns: int) -> None:
    order.step, order.step_reason = InnerState.IN_FLIGHT, ""
    order.attempt = max(order.attempt, event.attempt)


def _merge_refused(order: Order, event: ev.OrderRefused, _: int) -> None:
    if order.step in _IN_FLIGHT and event.attempt in (0, order.attempt):
        order.step, order.step_reason = InnerState.QUEUED, event.reason
        if order.dossier is not PLAIN:
            order.dossier.lost_ns = None


def _merge_lost(order: Order, event: ev.OrderLost, time_ns: int) -> None:
    if event.attempt not in (0, order.attempt):
        return
    order.open_dossier().lost_ns = time_ns
    if order.step is InnerState.IN_FLIGHT:
        order.step, order.step_reason = InnerState.UNKNOWN, event.reason


def _merge_absent(order: Order, event: ev.OrderAbsent, _: int) -> None:
    dossier = order.open_dossier()
    count, first, last = dossier.absences or (0, event.polled_ns, event.polled_ns)
    if event.polled_ns > last or not count:
        dossier.absences = (count + 1, first, event.polled_ns)


def _merge_queued(order: Order, event: ev.OrderQueued, _: int) -> None:
    order.step, order.step_reason = InnerState.QUEUED, event.reason


def _merge_handed_over(order: Order, event: ev.OrderHandedOver, _: int) -> None:
    order.step, order.step_reason = InnerState.MANUAL, event.reason


def _merge_taken_back(order: Order, _: ev.OrderTakenBack, __: int) -> None:
    order.step, order.step_reason = InnerState.QUEUED, ""


def _merge_nothing(_: Order, __: ev.OrderEvent, ___: int) -> None:
    """It is of no weight for the status: the waiting room keeps it."""


# Changes and inferences -----------------------------------------------------------------------
def _merge_replace_requested(order: Order, event: ev.ReplaceRequested, _: int) -> None:
    order.open_dossier().asked.append(event)


def _merge_replaced(order: Order, event: ev.OrderReplaced, time_ns: int) -> None:
    """A change that gave a new id is known by its link; one that kept it answers a request."""
    dossier = order.open_dossier()
    order.placed = True
    order.heard_ns = time_ns
    if event.predecessor and event.venue_order_id:
        if event.predecessor in dossier.links:
            return
        dossier.links[event.predecessor] = event
        dossier.leg(event.predecessor).successor = event.venue_order_id
        dossier.leg(event.venue_order_id)
        del dossier.asked[:1]
    elif dossier.asked:
        del dossier.asked[:1]
        dossier.changes.append(event)
        for leg in dossier.heads().values():
            leg.price = leg.trigger_price = None


def _merge_replace_rejected(order: Order, _: ev.ReplaceRejected, __: int) -> None:
    if order.dossier is not PLAIN:
        del order.dossier.asked[:1]


def _merge_corrected(order: Order, event: ev.FillCorrected, _: int) -> None:
    dossier = order.open_dossier()
    if event.venue_trade_id in dossier.void:
        return
    dossier.void.add(event.venue_trade_id)
    fill = order.fills.get(event.venue_trade_id)
    if fill is not None:
        order.filled -= fill.volume
        order.notional -= fill.price * fill.volume


def _merge_reopened(order: Order, event: ev.OrderReopened, time_ns: int) -> None:
    dossier = order.open_dossier()
    if dossier.inferred is None:
        return
    dossier.inferred = None
    dossier.absences = dossier.lost_ns = None
    dossier.reopened += 1
    order.placed = True
    order.heard_ns = time_ns
    _know_id(order, event.venue_order_id)


def absorb(order: Order, orphan: Order) -> None:
    """All evidence of `orphan` becomes `order`'s, and none is left that could count twice."""
    mine, theirs = order.open_dossier(), orphan.open_dossier()
    if theirs.merged_into is not None:
        return
    theirs.merged_into = order.order_id
    for name, leg in theirs.legs.items():
        if order.intent.origin is not _EXTERNAL:  # how ours is, we know
            leg.quantity = leg.price = leg.trigger_price = None
        mine.leg(name).absorb(leg)
    mine.links = {**theirs.links, **mine.links}
    mine.provisional |= theirs.provisional
    mine.void |= theirs.void
    for fill in orphan.fills.values():
        _merge_fill(order, fill, orphan.executed_ns or orphan.heard_ns)
    order.placed |= orphan.placed
    order.triggered |= orphan.triggered
    _hear_offset(order, orphan.offset)
    if order.intent.origin is _EXTERNAL:
        order.hear_type(orphan.intent.type)
    order.heard_ns = max(order.heard_ns, orphan.heard_ns)
    order.told_ns = max(order.told_ns, orphan.told_ns)
    orphan.fills, orphan.filled, orphan.notional = NO_FILLS, ZERO, ZERO
    theirs.legs.clear()
    theirs.inferred = ev.OrderCanceled(order_id=orphan.order_id, reason=f"it is order {order.order_id}")


_IN_FLIGHT = frozenset({InnerState.IN_FLIGHT, InnerState.UNKNOWN})

MERGE: dict[type, Callable[..., None]] = {
    ev.OrderReleased: _merge_released,
    ev.OrderSent: _merge_sent,
    ev.OrderRefused: _merge_refused,
    ev.OrderLost: _merge_lost,
    ev.OrderAbsent: _merge_absent,
    ev.OrderQueued: _merge_queued,
    ev.OrderHandedOver: _merge_handed_over,
    ev.OrderTakenBack: _merge_taken_back,
    ev.ConditionFailed: _merge_nothing,
    ev.ConditionLatched: _merge_nothing,
    ev.OrderReported: _merge_reported,
    ev.OrderDone: _merge_verdict,
    ev.ReplaceRequested: _merge_replace_requested,
    ev.OrderReplaced: _merge_replaced,
    ev.ReplaceRejected: _merge_replace_rejected,
    ev.FillCorrected: _merge_corrected,
    ev.OrderReopened: _merge_reopened,
    ev.OrderPlaced: _merge_placed,
    ev.OrderTriggered: _merge_triggered,
    ev.TriggerMoved: _merge_trigger_moved,
    ev.TradeExecuted: _merge_fill,
    ev.OrderCanceled: _merge_verdict,
    ev.OrderRejected: _merge_verdict,
    ev.OrderExpired: _merge_verdict,
    ev.CancelRequested: _merge_cancel_requested,
    ev.CancelRejected: _merge_cancel_rejected,
}

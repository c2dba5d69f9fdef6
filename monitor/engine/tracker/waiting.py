"""What an order waits for after its words are in: fills, an answer, a link; and until when.

Pure functions of an order's evidence and of when things happened; nothing here is kept, so a
restart waits for the same.
"""

from __future__ import annotations

import msgspec

from monitor.engine import events as ev
from monitor.engine.evidence import PLAIN, Order
from monitor.engine.tracker.terms import TrackerTerms
from monitor.engine.tracker.watch import Watch
from monitor.engine.values import NS_PER_SECOND, ZERO, InnerState, OrderStatus, Origin

# Bound once: to look a member up in its class is slow, and these are asked for per message.
_CREATED = OrderStatus.CREATED
_EXTERNAL = Origin.EXTERNAL


class Times:
    """The terms, in ns."""

    def __init__(self, terms: TrackerTerms) -> None:
        self.remember = _ns(terms.remember_s)
        self.clean_every = _ns(terms.clean_every_s)
        self.grace = _ns(terms.grace_s)
        self.sweep = _ns(terms.sweep_s)
        self.alert_after = _ns(terms.alert_after_s)
        self.absence = _ns(terms.absence_s)
        self.absence_count = terms.absence_count
        self.fresh = _ns(terms.fresh_s)
        self.stale = _ns(terms.stale_s)
        self.look_up_again = _ns(terms.look_up_again_s)
        self.look_up_most = _ns(terms.look_up_most_s)


def _ns(seconds: float) -> int:
    return int(seconds * NS_PER_SECOND)


class Wait(msgspec.Struct, frozen=True, gc=False):
    """`kind` as in `EvidenceRow`. `swept`: when it is over, something is wrong."""

    kind: str
    since_ns: int
    until_ns: int
    swept: bool = False


def is_quiet(watch: Watch) -> bool:
    """Nothing about the order is in doubt: it works, or it ended and is told of."""
    order = watch.order
    if order.dossier is not PLAIN or order.cancel_pending or watch.seek or watch.confirmed_ns is not None:
        return False
    total = order.venue_total
    if order.verdict is None:
        return order.status is not _CREATED and (total is None or order.filled >= total)
    return watch.told is not None and total is not None and order.filled >= total


def until_finished(watch: Watch, times: Times) -> Wait | None:
    """Of an order that ended but is not complete: how long its signal waits. None: no longer."""
    order = watch.order
    since = max(order.told_ns, order.executed_ns or 0) if order.dossier.asked else order.told_ns
    if order.dossier.asked:
        return Wait("waiting fills", since, since + times.sweep, True)
    if order.venue_total is None and not order.filled and not order.never_left:
        ours = order.intent.origin is not _EXTERNAL
        if ours and type(order.verdict) is not ev.OrderDone:
            return Wait("held status", since, since + times.grace)
        return Wait("held status", since, since + times.remember)
    if _more_to_come(order):
        since = max(since, order.executed_ns or 0)
        return Wait("waiting fills", since, since + times.grace)
    if order.fills_missing or (order.dossier is not PLAIN and _leg_unknown(watch)):
        return Wait("waiting fills", since, since + times.sweep, True)
    return None


def _more_to_come(order: Order) -> bool:
    """It was filled, nobody told how far, and the fills known are below its quantity."""
    unnumbered = order.venue_total is None and type(order.verdict) is ev.OrderDone
    return unnumbered and ZERO < order.filled < order.target


def _leg_unknown(watch: Watch) -> bool:
    """A leg that another took the place of has not told how much was filled under it."""
    legs = watch.order.dossier.legs
    return any(leg.successor and leg.total is None for leg in legs.values())


def wants_look_up(watch: Watch, times: Times) -> int | None:
    """From when on the order should be looked up; None: nothing about it is in doubt."""
    order = watch.order
    dossier = order.dossier
    if watch.seek:
        return 0
    if order.status is _CREATED:
        if order.step is InnerState.IN_FLIGHT:
            return watch.sent_ns + times.stale
        return dossier.lost_ns if order.step is InnerState.UNKNOWN else None
    if dossier is not PLAIN and order.uncertain:
        return dossier.lost_ns
    if watch.told is None or order.status.active:
        if order.fills_missing:
            return order.told_ns + times.grace
        if watch.told is None and dossier is not PLAIN and order.verdict is not None and _leg_unknown(watch):
            return order.told_ns + times.grace
    if order.status.active and (order.cancel_pending or dossier.asked):
        return max(watch.asked_ns, order.heard_ns) + times.stale
    return None


def next_look_up(watch: Watch, times: Times, wanted_ns: int) -> int:
    """With back-off: twice as long after each that did not help."""
    if not watch.looked_up:
        return wanted_ns
    pause = min(times.look_up_again << min(watch.looked_up - 1, 16), times.look_up_most)
    return max(wanted_ns, watch.look_up_ns + pause)

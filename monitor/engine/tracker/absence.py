"""The venue does not know an order: when that may be believed. Absence never beats presence."""

from __future__ import annotations

from collections.abc import Iterator

from monitor.engine import events as ev
from monitor.engine.tracker.waiting import Times
from monitor.engine.tracker.watch import Watch

NEVER_ARRIVED = "it never arrived at the venue"
GONE = "the venue no longer has it"


def of_absence(watch: Watch, polled_ns: int, times: Times) -> Iterator[ev.OrderEvent]:
    """Counts only a question that was put well after the order's last sign of life. Enough of
    them, over long enough, end the order; provisionally, because the venue may still be wrong."""
    order = watch.order
    watch.seek = False
    if not order.status.active or order.verdict is not None or order.never_left:
        return
    sign_of_life = max(watch.heard_ns, order.heard_ns, watch.sent_ns)
    if polled_ns < sign_of_life + times.fresh:
        return
    known = order.dossier.absences
    if known is not None and polled_ns <= known[2]:
        return
    yield ev.OrderAbsent(order_id=order.order_id, polled_ns=polled_ns)
    count, first, last = order.dossier.absences or (0, 0, 0)
    if count < times.absence_count or last - first < times.absence:
        return
    if order.placed or order.venue_order_id:
        yield ev.OrderCanceled(order_id=order.order_id, reason=GONE, provisional=True)
    else:
        yield ev.OrderRejected(order_id=order.order_id, reason=NEVER_ARRIVED, provisional=True)

"""Answers to our requests become facts: refused, lost, not cancelled, not changed.

Asks the book what is known and yields what is news. Knows whose order it is; no signals.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from monitor.engine import events as ev
from monitor.engine.orders import Order
from monitor.engine.values import InnerState, OrderStatus
from monitor.engine.venue import CancelRefused, PlaceRefused, ReplaceRefused, RequestKind, RequestLost

_IN_FLIGHT = (InnerState.IN_FLIGHT, InnerState.UNKNOWN)


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

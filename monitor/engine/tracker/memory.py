"""What the tracker no longer needs to know, and what it cannot know after a restart."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from monitor.engine import events as ev
from monitor.engine.orders import Book
from monitor.engine.tracker import listening
from monitor.engine.tracker.waiting import is_quiet
from monitor.engine.tracker.watch import Names, Watch
from monitor.engine.values import InnerState, OrderStatus


def after_restart(book: Book, watches: dict[int, Watch]) -> Iterator[ev.AnyEvent]:
    """What was under way when the program ended is uncertain: nobody heard the answers."""
    for order in list(book.active.values()):
        unanswered = order.step is InnerState.IN_FLIGHT and order.status is OrderStatus.CREATED
        asked = order.placed and (order.cancel_pending or order.dossier.asked)
        if (unanswered or asked) and not order.uncertain:
            yield ev.OrderLost(order_id=order.order_id, reason="the program was restarted")
    for order_id, watch in list(watches.items()):
        if listening.was_filled_first(watch.order):
            yield ev.ReplaceRejected(order_id=order_id, reason=listening.FILLED_FIRST)


def forget(orders: Collection[int], watches: dict[int, Watch], names: dict[str, Names]) -> list[int]:
    """Drop orders whose end is told and in no doubt, with the names they went by. Which those were."""
    gone = [order_id for order_id in orders if _is_over(watches[order_id])]
    for order_id in gone:
        del watches[order_id]
    dropped = frozenset(gone)
    for known in names.values():
        for ids in (known.venue, known.client):
            for name in [name for name, order_id in ids.items() if order_id in dropped]:
                del ids[name]
    return gone


def _is_over(watch: Watch) -> bool:
    return not watch.order.status.active and watch.told is not None and is_quiet(watch)

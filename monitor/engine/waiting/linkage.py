"""What linked orders do to each other: one cancels the others, a parent's fills let children work.

The rules, where the documents leave a choice:

* A child is released with the parent's first fill, as large as that fill; later fills enlarge it:
  while it queues by another `OrderReleased`, at the venue by `ReplaceRequested`, one at a time. A
  refused enlargement raises an alert: the rest has no exit.
* When an exit (a child that closes) trades while its parent still works, the parent's rest is
  cancelled: a position that is being left is not added to.
* A parent that ended unfilled takes its waiting children with it. One that ended partly filled
  leaves them at the size that was filled.
* Only fills cancel the other orders of a group: not a cancel, a refusal or an expiry of one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal

from monitor.engine import events as ev
from monitor.engine.orders import Order
from monitor.engine.values import ZERO, LogLevel, Offset, OrderStatus
from monitor.engine.waiting.entry import Entry, Stage
from monitor.engine.waiting.gates import RoomView
from monitor.engine.waiting.links import Links

BOTH_FILLED = "oco-both-filled"
EXIT_TOO_SMALL = "exit-too-small"
_WORKING = frozenset({OrderStatus.PLACED, OrderStatus.PARTIAL})


class Linkage:
    """`entries` are those that wait; `awake` has an order's gates looked at."""

    def __init__(
        self, view: RoomView, links: Links, entries: dict[int, Entry], awake: Callable[[int], None]
    ) -> None:
        self._view = view
        self._links = links
        self._entries = entries
        self._awake = awake
        self._asked: set[int] = set()
        self._alerted: set[tuple[str, int | None]] = set()
        self._replacing: set[int] = set()
        self._stuck: set[int] = set()
        self._allotted: dict[int, Decimal] = {}

    def apply(self, event: ev.AnyEvent) -> None:
        """Facts that say what was asked for already."""
        if isinstance(event, ev.AlertRaised):
            self._alerted.add((event.cause, event.order_id))
            return
        order_id = getattr(event, "order_id", None)
        if order_id is None or order_id not in self._links:
            return
        if isinstance(event, ev.CancelRequested):
            self._asked.add(order_id)
        elif isinstance(event, ev.ReplaceRequested):
            self._replacing.add(order_id)
            if event.quantity is not None:
                self._allotted[order_id] = event.quantity
        elif isinstance(event, ev.OrderReplaced):
            self._replacing.discard(order_id)
        elif isinstance(event, ev.ReplaceRejected):
            self._replacing.discard(order_id)
            self._stuck.add(order_id)
        elif isinstance(event, ev.OrderReleased) and event.quantity is not None:
            self._allotted[order_id] = event.quantity
        if isinstance(event, ev.TradeExecuted):
            self._links.filled(order_id)
        else:
            self._links.heard(order_id)

    def decide(self) -> Iterator[ev.AnyEvent]:
        while self._links.dirty_groups or self._links.dirty_parents:
            if self._links.dirty_groups:
                group_id = next(iter(self._links.dirty_groups))
                del self._links.dirty_groups[group_id]
                yield from self._group(group_id)
            else:
                parent_id = next(iter(self._links.dirty_parents))
                del self._links.dirty_parents[parent_id]
                yield from self._parent(parent_id)

    # One cancels the others --------------------------------------------------------------------
    def _group(self, group_id: int) -> Iterator[ev.AnyEvent]:
        winner = self._links.winner.get(group_id)
        if winner is None:
            return
        for order_id in list(self._links.members[group_id]):
            if order_id == winner:
                continue
            yield from self._withdraw(order_id, f"order {winner} of its group was filled")
            order = self._order(order_id)
            if order is not None and order.filled and (BOTH_FILLED, order_id) not in self._alerted:
                yield self._alert(
                    order, BOTH_FILLED, f"Order {order_id} was filled as well as order {winner} of its group."
                )

    def _withdraw(self, order_id: int, reason: str) -> Iterator[ev.AnyEvent]:
        """Cancel: at once what has not left, by asking what the venue may have."""
        if order_id in self._entries:
            yield ev.OrderCanceled(order_id=order_id, reason=reason, cumulative=ZERO)
            return
        order = self._order(order_id)
        if order is not None and order.status.active and order_id not in self._asked:
            yield ev.CancelRequested(order_id=order_id, reason=reason)

    # One triggers the others -------------------------------------------------------------------
    def _parent(self, parent_id: int) -> Iterator[ev.AnyEvent]:
        parent = self._order(parent_id)
        if parent is None:
            return
        for child_id in list(self._links.children.get(parent_id, ())):
            if not parent.status.active and not parent.filled:
                yield from self._orphan(child_id, parent_id)
            elif parent.filled:
                yield from self._grow(child_id, parent)
        if parent.status.active:
            yield from self._leave(parent)

    def _orphan(self, child_id: int, parent_id: int) -> Iterator[ev.AnyEvent]:
        if child_id in self._entries:
            reason = f"order {parent_id}, which it waited for, ended unfilled"
            yield ev.OrderCanceled(order_id=child_id, reason=reason, cumulative=ZERO)

    def _grow(self, child_id: int, parent: Order) -> Iterator[ev.AnyEvent]:
        allotted = self._links.allotment(child_id, parent.filled)
        entry = self._entries.get(child_id)
        if entry is not None and entry.stage is Stage.HELD:
            self._awake(child_id)
            return
        known = self._allotted.get(child_id)
        if known is None or allotted <= known:
            return
        if entry is not None:
            yield ev.OrderReleased(
                order_id=child_id, reason=f"order {parent.order_id} was filled further", quantity=allotted
            )
            return
        yield from self._enlarge(child_id, allotted)

    def _enlarge(self, child_id: int, allotted: Decimal) -> Iterator[ev.AnyEvent]:
        child = self._order(child_id)
        if child is None or child_id in self._asked or child_id in self._replacing:
            return
        if child_id in self._stuck:
            if (EXIT_TOO_SMALL, child_id) not in self._alerted:
                yield self._alert(
                    child, EXIT_TOO_SMALL, f"Order {child_id} could not be enlarged to {allotted}."
                )
        elif child.status in _WORKING and child.verdict is None:
            yield ev.ReplaceRequested(order_id=child_id, quantity=allotted)

    def _leave(self, parent: Order) -> Iterator[ev.AnyEvent]:
        """The exit trades already: no more of the entry."""
        for child_id in self._links.children.get(parent.order_id, ()):
            child = self._order(child_id)
            if child is not None and child.filled and _exits(child):
                yield from self._withdraw(parent.order_id, f"its exit, order {child_id}, was filled")
                return

    def _order(self, order_id: int) -> Order | None:
        order: Order | None = self._view.book.orders.get(order_id)
        return order

    def _alert(self, order: Order, cause: str, message: str) -> ev.AlertRaised:
        return ev.AlertRaised(
            alert_id=self._view.next_alert_id(),
            level=LogLevel.ERROR,
            cause=cause,
            message=message,
            order_id=order.order_id,
            account_id=order.intent.account_id,
            symbol=order.intent.symbol,
        )


def _exits(order: Order) -> bool:
    return order.intent.reduce_only or order.intent.offset is not Offset.OPEN

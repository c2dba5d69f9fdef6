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
* Exits that close the same position at a venue have rules of their own (`exiting.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal

from monitor.engine import events as ev
from monitor.engine.orders import Order
from monitor.engine.values import ZERO, LogLevel, OrderStatus
from monitor.engine.waiting.entry import Entry, Stage
from monitor.engine.waiting.exiting import BOTH_FILLED, EXIT_TOO_SMALL, Exiting
from monitor.engine.waiting.exits import Exits, closes
from monitor.engine.waiting.gates import RoomView
from monitor.engine.waiting.links import Links

_WORKING = frozenset({OrderStatus.PLACED, OrderStatus.PARTIAL})


class Linkage:
    """`entries` are those that wait; `awake` has an order's gates looked at. `version` grows with
    every fact about a linked order."""

    def __init__(
        self,
        view: RoomView,
        links: Links,
        exits: Exits,
        entries: dict[int, Entry],
        awake: Callable[[int], None],
    ) -> None:
        self._view = view
        self._links = links
        self._exits = exits
        self._exiting = Exiting(view, links, exits, self)
        self.version = 0
        self._entries = entries
        self._awake = awake
        self._asked: set[int] = set()
        self._alerted: set[tuple[str, int | None]] = set()
        self._replacing: set[int] = set()
        self._stuck: set[int] = set()
        self._allotted: dict[int, Decimal] = {}

    def apply(self, event: ev.AnyEvent, time_ns: int) -> None:
        """Facts that say what was asked for already."""
        self._exiting.apply(event, time_ns)
        if isinstance(event, ev.AlertRaised):
            self._alerted.add((event.cause, event.order_id))
            return
        order_id = getattr(event, "order_id", None)
        if order_id is None or order_id not in self._links:
            return
        self.version += 1
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

    def decide(self, now_ns: int) -> Iterator[ev.AnyEvent]:
        yield from self._dirty()
        yield from self._exiting.overdue(now_ns)

    def due_ns(self) -> int | None:
        return self._exiting.due_ns()

    def _dirty(self) -> Iterator[ev.AnyEvent]:
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
        for order_id in list(self._links.members[group_id]):
            yield from self._exiting.refused(order_id)
        winner = self._links.winner.get(group_id)
        if self._exits.exclusive_group(group_id):
            yield from self._exiting.group(group_id)
        elif winner is not None:
            yield from self._others(group_id, winner)

    def _others(self, group_id: int, winner: int) -> Iterator[ev.AnyEvent]:
        for order_id in list(self._links.members[group_id]):
            if order_id == winner:
                continue
            yield from self.withdraw(order_id, f"order {winner} of its group was filled")
            order = self._order(order_id)
            if order is not None and order.filled:
                message = f"Order {order_id} was filled as well as order {winner} of its group."
                yield from self.alert(order, BOTH_FILLED, message)

    def asked(self, order_id: int) -> bool:
        """Whether anybody wanted it cancelled."""
        return order_id in self._asked

    def withdraw(self, order_id: int, reason: str) -> Iterator[ev.AnyEvent]:
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
        children = list(self._links.children.get(parent_id, ()))
        for child_id in children:
            yield from self._exiting.refused(child_id)
            if not parent.status.active and not parent.filled:
                yield from self._orphan(child_id, parent_id)
            elif parent.filled:
                yield from self._grow(child_id, parent)
        if parent.status.active:
            yield from self._leave(parent)
        for group_id in dict.fromkeys(self._links.group[i] for i in children if i in self._links.group):
            yield from self._group(group_id)
        if children:
            yield from self._exiting.left_over(parent)

    def _orphan(self, child_id: int, parent_id: int) -> Iterator[ev.AnyEvent]:
        if child_id in self._entries:
            reason = f"order {parent_id}, which it waited for, ended unfilled"
            yield ev.OrderCanceled(order_id=child_id, reason=reason, cumulative=ZERO)

    def _grow(self, child_id: int, parent: Order) -> Iterator[ev.AnyEvent]:
        exclusive = self._exits.exclusive(child_id)
        allotted = self._exits.left(child_id) if exclusive else self._links.allotment(child_id, parent.filled)
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
        yield from self.resize(child_id, allotted)

    def resize(self, child_id: int, allotted: Decimal) -> Iterator[ev.AnyEvent]:
        child = self._order(child_id)
        if child is None or child_id in self._asked or child_id in self._replacing:
            return
        if child_id in self._stuck:
            message = f"Order {child_id} could not be resized to {allotted}."
            yield from self.alert(child, EXIT_TOO_SMALL, message)
        elif child.status in _WORKING and child.verdict is None:
            yield ev.ReplaceRequested(order_id=child_id, quantity=allotted)

    def _leave(self, parent: Order) -> Iterator[ev.AnyEvent]:
        """The exit trades already: no more of the entry."""
        for child_id in self._links.children.get(parent.order_id, ()):
            child = self._order(child_id)
            if child is not None and child.filled and closes(child.intent):
                yield from self.withdraw(parent.order_id, f"its exit, order {child_id}, was filled")
                return

    def _order(self, order_id: int) -> Order | None:
        order: Order | None = self._view.book.orders.get(order_id)
        return order

    def alert(self, order: Order, cause: str, message: str) -> Iterator[ev.AnyEvent]:
        """Once for an order and a cause."""
        if (cause, order.order_id) in self._alerted:
            return
        yield ev.AlertRaised(
            alert_id=self._view.next_alert_id(),
            level=LogLevel.ERROR,
            cause=cause,
            message=message,
            order_id=order.order_id,
            account_id=order.intent.account_id,
            symbol=order.intent.symbol,
        )

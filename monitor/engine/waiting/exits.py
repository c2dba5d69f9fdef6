"""Which exits close the same position and cancel one another, and how much of it each may close.

Looks only; what is to be done is decided in `exiting.py`. A venue reserves what a resting order
may close, so that a second order for the same lots is refused: of such exits at most one is there.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Protocol

from monitor.engine import events as ev
from monitor.engine.orders import Order
from monitor.engine.trading.parts import View
from monitor.engine.values import TRIGGERED_AS, ZERO, Offset, OrderType
from monitor.engine.waiting.entry import Entry, Stage
from monitor.engine.waiting.links import Links


class ExitView(View, Protocol):
    def native(self, venue: str, type_: OrderType) -> bool:
        """Whether the venue takes this type itself; otherwise its trigger is watched here."""
        ...

    def reserves(self, venue: str) -> bool:
        """Whether a resting order that closes keeps others from closing the same lots there."""
        ...


def closes(intent: ev.OrderCreated) -> bool:
    return intent.reduce_only or intent.offset is not Offset.OPEN


def watched_here(view: ExitView, venue: str, intent: ev.OrderCreated) -> bool:
    """Whether its trigger is pulled here: the venue has no such type, or the order is one of several
    exits, of which only the target may rest there."""
    if intent.type not in TRIGGERED_AS:
        return False
    one_of_exits = intent.plan.group_id is not None and closes(intent)
    return not view.native(venue, intent.type) or (one_of_exits and view.reserves(venue))


def takes_over(intent: ev.OrderCreated) -> bool:
    """Whether it asks a resting sibling back when its moment has come. A plain limit does not: it
    waits until there is room for it."""
    plan = intent.plan
    return intent.type is not OrderType.LIMIT or bool(plan.conditions or plan.not_before_ns or plan.delay_s)


class Exits:
    """`entries` are those that wait. An exit is `exclusive` when it is of a group all of whose
    orders close the same position at a venue that reserves."""

    def __init__(self, view: ExitView, links: Links, entries: Mapping[int, Entry]) -> None:
        self._view = view
        self._links = links
        self._entries = entries

    def exclusive(self, order_id: int) -> bool:
        group_id = self._links.group.get(order_id)
        return group_id is not None and self.exclusive_group(group_id)

    def exclusive_group(self, group_id: int) -> bool:
        members = [self._view.book.orders.get(i) for i in self._links.members[group_id]]
        intents = [order.intent for order in members if order is not None]
        same = {(i.account_id, i.symbol, i.side) for i in intents}
        return len(same) == 1 and all(closes(i) and self._view.reserves(i.venue) for i in intents)

    def siblings(self, order_id: int) -> list[Order]:
        members = self._links.members[self._links.group[order_id]]
        orders = self._view.book.orders
        return [orders[other] for other in members if other != order_id and other in orders]

    def share(self, order_id: int) -> Decimal:
        """What all exits of its group may close together: what the parent was filled, as far as it
        is for them; without a parent what the largest of them was meant to close."""
        parent_id = self._links.parent.get(order_id)
        if parent_id is None:
            return self._links.meant_together(order_id)
        parent = self._view.book.orders.get(parent_id)
        return self._links.share(order_id, parent.filled) if parent is not None else ZERO

    def left(self, order_id: int) -> Decimal:
        """The size that this exit may have: never more than its siblings have not closed."""
        closed = sum((told(other) for other in self.siblings(order_id)), ZERO)
        meant = self._view.book.orders[order_id].intent.quantity
        return max(ZERO, min(meant, self.share(order_id) - closed))

    def is_over(self, order_id: int) -> bool:
        """Whether its siblings have closed all there will be."""
        parent = self._view.book.orders.get(self._links.parent.get(order_id, 0))
        if parent is not None and parent.status.active:
            return False
        return bool(self.share(order_id)) and not self.left(order_id)

    def in_the_way(self, order_id: int) -> list[Order]:
        """Its siblings that a venue may have."""
        return [other for other in self.siblings(order_id) if at_venue(other)]

    def free(self, order_id: int) -> bool:
        """Whether it may be sent: no two exits for the same lots."""
        if not self.exclusive(order_id):
            return True
        entry, left = self._entries[order_id], self.left(order_id)
        return bool(left) and size(entry) <= left and not self.in_the_way(order_id)

    def due(self, order_id: int) -> Entry | None:
        """The order as it waits, when its moment has come and it only has not left yet."""
        entry = self._entries.get(order_id)
        return entry if entry is not None and entry.stage is Stage.QUEUED else None


def size(entry: Entry) -> Decimal:
    return entry.intent.quantity if entry.quantity is None else entry.quantity


def at_venue(order: Order) -> bool:
    """Whether it may trade there. One that ended with a known total cannot, though its fills may
    not all have been heard of."""
    ended = order.verdict is not None and order.venue_total is not None
    return order.status.active and not order.never_left and not ended


def told(order: Order) -> Decimal:
    """What it was filled, by its fills or the venue's word."""
    return max(order.filled, order.venue_total or ZERO)

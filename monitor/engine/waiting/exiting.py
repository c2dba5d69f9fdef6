"""What exits that cancel one another do: one at the venue, and nobody left without one unawares.

The rules, where the documents leave a choice:

* Only fills that leave nothing to close end the others ("its sibling filled"); a partial one makes
  them smaller. While the parent may still be filled, a stop that is watched here stays.
* An exit whose moment has come asks its sibling at the venue back, and its parent, and takes the
  place of siblings that have not left. It leaves when the sibling has ended, for what is left then.
* A cancel that finds nothing ("gone") ends nothing: the sibling is looked up, and until its end is
  known the stop waits and says so. An absence that the venue has repeated until the order counts as
  rejected is an end; should the sibling turn up all the same, it is asked back.
* Two that are at a venue in spite of all this: the one that took over stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Protocol

from monitor.engine import events as ev
from monitor.engine.orders import Order
from monitor.engine.values import (
    NS_PER_SECOND,
    TRIGGERED_AS,
    ZERO,
    Direction,
    OrderStatus,
    OrderType,
    Side,
)
from monitor.engine.waiting.entry import Entry
from monitor.engine.waiting.exits import Exits, ExitView, at_venue, closes, size, takes_over
from monitor.engine.waiting.links import Links

BOTH_FILLED = "oco-both-filled"
EXIT_REFUSED = "exit-refused"
EXIT_TOO_SMALL = "exit-too-small"
STOP_WAITS = "stop-waits"
PATIENCE_NS = 5 * NS_PER_SECOND
"""How long a sibling may take to end before somebody is told."""

_AT_MARKET = frozenset({OrderType.MARKET, OrderType.STOP, OrderType.TRAILING})


class Hand(Protocol):
    """What the rules of links do for those of exits."""

    def withdraw(self, order_id: int, reason: str) -> Iterator[ev.AnyEvent]: ...
    def resize(self, order_id: int, quantity: Decimal) -> Iterator[ev.AnyEvent]: ...
    def asked(self, order_id: int) -> bool: ...
    def alert(self, order: Order, cause: str, message: str) -> Iterator[ev.AnyEvent]: ...


class Exiting:
    def __init__(self, view: ExitView, links: Links, exits: Exits, hand: Hand) -> None:
        self._view = view
        self._links = links
        self._exits = exits
        self._hand = hand
        self._due_since: dict[int, int] = {}
        self._told: set[int] = set()

    def apply(self, event: ev.AnyEvent, time_ns: int) -> None:
        if isinstance(event, ev.OrderReleased) and self._exits.exclusive(event.order_id):
            self._due_since.setdefault(event.order_id, time_ns)
        elif isinstance(event, ev.AlertRaised) and event.cause == STOP_WAITS and event.order_id is not None:
            self._told.add(event.order_id)

    # One group -------------------------------------------------------------------------------
    def group(self, group_id: int) -> Iterator[ev.AnyEvent]:
        members = self._known(self._links.members[group_id])
        for order in members:
            order_id = order.order_id
            if not order.status.active:
                continue
            if self._exits.is_over(order_id):
                yield from self._hand.withdraw(order_id, "its sibling filled")
                continue
            due = self._exits.due(order_id)
            if due is not None:
                yield from self._come(due)
            elif at_venue(order):
                yield from self._keep_small(order)
        yield from self._only_one(group_id)
        yield from self._too_much(members)

    def _come(self, entry: Entry) -> Iterator[ev.AnyEvent]:
        """Its moment has come: make room, and fit it to what is left."""
        order_id, left = entry.order_id, self._exits.left(entry.order_id)
        if left and left != size(entry):
            yield ev.OrderReleased(order_id=order_id, reason=f"{left} are left to close", quantity=left)
        if not takes_over(entry.intent):
            return
        for sibling in self._exits.siblings(order_id):
            if self._gives_way(sibling):
                yield from self._hand.withdraw(sibling.order_id, f"order {order_id} of its group is due")
        parent = self._view.book.orders.get(self._links.parent.get(order_id, 0))
        if parent is not None and at_venue(parent):
            yield from self._hand.withdraw(parent.order_id, f"its exit, order {order_id}, is due")

    def _gives_way(self, sibling: Order) -> bool:
        if at_venue(sibling):
            return sibling.intent.type not in _AT_MARKET
        return self._exits.due(sibling.order_id) is not None and not takes_over(sibling.intent)

    def _keep_small(self, order: Order) -> Iterator[ev.AnyEvent]:
        """At the venue for more than its siblings' late fills have left."""
        left = self._exits.left(order.order_id)
        if order.filled < left < order.target:
            yield from self._hand.resize(order.order_id, left)

    def _only_one(self, group_id: int) -> Iterator[ev.AnyEvent]:
        orders = self._known(self._links.members[group_id])
        there = sorted((o for o in orders if at_venue(o)), key=lambda o: not takes_over(o.intent))
        for order in there[1:]:
            yield from self._hand.withdraw(order.order_id, f"order {there[0].order_id} closes the same")

    def _known(self, order_ids: Iterable[int]) -> list[Order]:
        """Without those that were forgotten since they ended."""
        orders = self._view.book.orders
        return [orders[order_id] for order_id in order_ids if order_id in orders]

    def _too_much(self, orders: list[Order]) -> Iterator[ev.AnyEvent]:
        closed = sum((order.filled for order in orders), ZERO)
        filled = [order for order in orders if order.filled]
        share = self._exits.share(orders[0].order_id)
        if len(filled) > 1 and closed > share:
            message = f"Exits of one group closed {closed} together, meant were {share}."
            yield from self._hand.alert(filled[-1], BOTH_FILLED, message)

    # Whose position is left alone --------------------------------------------------------------
    def refused(self, order_id: int) -> Iterator[ev.AnyEvent]:
        """An exit that ended otherwise than by a fill or a wish, while its position is open."""
        order = self._view.book.orders.get(order_id)
        if order is None or not closes(order.intent) or not self._failed(order) or not self._is_open(order):
            return
        word = _name(order.intent)
        reason = getattr(order.verdict, "reason", "") or "no reason given"
        message = (
            f"Order {order_id}, the {word} of {order.intent.symbol}, ended {order.status.value}: {reason}. "
            f"The position has no {word} now."
        )
        yield from self._hand.alert(order, EXIT_REFUSED, message)

    def _failed(self, order: Order) -> bool:
        if order.status in {OrderStatus.REJECTED, OrderStatus.EXPIRED}:
            return True
        if order.status is not OrderStatus.CANCELED:
            return False
        if isinstance(order.verdict, ev.OrderRejected | ev.OrderExpired):
            return True
        by_itself = order.attempt > 0 and not self._hand.asked(order.order_id)
        return by_itself and self._view.reserves(order.intent.venue)

    def left_over(self, parent: Order) -> Iterator[ev.AnyEvent]:
        """More of the entry than its exits closed, and they have all ended."""
        children = self._known(self._links.children[parent.order_id])
        exits = [child for child in children if closes(child.intent)]
        if not exits or any(child.status.active for child in exits):
            return
        closed = sum((child.filled for child in exits), ZERO)
        if not closed or closed >= parent.filled or not self._is_open(exits[0]):
            return
        if self._view.reserves(parent.intent.venue):
            message = (
                f"Order {parent.order_id} was filled {parent.filled}, its exits {closed}: the rest has none."
            )
            yield from self._hand.alert(parent, EXIT_TOO_SMALL, message)

    def _is_open(self, exit_: Order) -> bool:
        intent = exit_.intent
        direction = Direction.LONG if intent.side is Side.SELL else Direction.SHORT
        return self._view.position(intent.account_id, intent.symbol, direction) > 0

    # Time --------------------------------------------------------------------------------------
    def overdue(self, now_ns: int) -> Iterator[ev.AnyEvent]:
        for order_id, since_ns in list(self._waiting()):
            ways = self._exits.in_the_way(order_id)
            if now_ns < since_ns + PATIENCE_NS or not ways:
                continue
            names = " and ".join(f"order {order.order_id}" for order in ways)
            message = (
                f"Order {order_id} is due and waits: {names} was asked back and has not ended at the venue."
            )
            yield from self._hand.alert(self._view.book.orders[order_id], STOP_WAITS, message)

    def due_ns(self) -> int | None:
        dues = (since for order_id, since in self._waiting() if self._exits.in_the_way(order_id))
        earliest = min(dues, default=None)
        return None if earliest is None else earliest + PATIENCE_NS

    def _waiting(self) -> Iterator[tuple[int, int]]:
        """Those that are due, take over, and of whom nobody was told."""
        for order_id in [i for i in self._due_since if self._exits.due(i) is None]:
            del self._due_since[order_id]
        for order_id, since_ns in self._due_since.items():
            due = self._exits.due(order_id)
            if due is not None and takes_over(due.intent) and order_id not in self._told:
                yield order_id, since_ns


def _name(intent: ev.OrderCreated) -> str:
    if intent.type in TRIGGERED_AS:
        return "stop"
    return "target" if intent.type is OrderType.LIMIT else "exit"

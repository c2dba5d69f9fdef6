"""Whether a held order may go on: its parent, its time, its conditions, its trigger, in this order.

Proposes facts about one order at a time. A gate that has opened stays open because a fact says
so, or because it is a fact of nature (time passes, a parent's fills only grow).
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from decimal import Decimal
from typing import Protocol

from monitor.engine import events as ev
from monitor.engine.advanced_errors import ConditionEvaluationError
from monitor.engine.values import OrderType, Side
from monitor.engine.waiting.conditions import Asker, evaluate
from monitor.engine.waiting.entry import Entry
from monitor.engine.waiting.exits import Exits, ExitView
from monitor.engine.waiting.links import Links


class RoomView(ExitView, Protocol):
    """What the waiting room looks at."""

    def next_alert_id(self) -> int: ...


class Gates:
    """`zone` is the IANA zone of times in conditions when the order's instrument is unknown."""

    def __init__(self, view: RoomView, links: Links, exits: Exits, zone: str) -> None:
        self._view = view
        self._links = links
        self._exits = exits
        self._zone = zone

    def pass_through(self, entry: Entry, now_ns: int) -> Iterator[ev.AnyEvent]:
        """What this event means for a held order. At most one `OrderReleased`."""
        if not self._in_its_place(entry):
            return
        allotted = self.allotment(entry)
        if allotted is not None and not allotted:
            return
        if entry.not_before_ns is not None and now_ns < entry.not_before_ns:
            return
        if entry.conditional and not entry.armed:
            met = self._evaluate(entry, now_ns)
            yield from self._failures(entry)
            if not (yield from self._arm(entry, met)):
                return
        if entry.local:
            yield from self._pull(entry, allotted)
            return
        yield self._release(entry, allotted, self._why(entry))

    def allotment(self, entry: Entry) -> Decimal | None:
        """How much of a child may leave by its parent's fills, of an exit by what its siblings have
        left; None: all of it."""
        if self._exits.exclusive(entry.order_id):
            return self._exits.left(entry.order_id)
        parent_id = entry.intent.plan.parent_id
        if parent_id is None:
            return None
        parent = self._view.book.orders.get(parent_id)
        return self._links.allotment(entry.order_id, parent.filled) if parent is not None else Decimal(0)

    def _in_its_place(self, entry: Entry) -> bool:
        """Whether the order that it replaces has ended: never do both work."""
        other = self._view.book.orders.get(entry.intent.plan.instead_of or 0)
        return other is None or not other.status.active

    # Conditions ----------------------------------------------------------------------------------
    def _evaluate(self, entry: Entry, now_ns: int) -> set[int]:
        """Look at every condition, so that each crossing sees every event. Those that are true."""
        if entry.broken:
            return set()
        asker = Asker(entry.intent.account_id, self._zone_of(entry))
        entry.evaluated_ns = now_ns
        entry.errors.clear()
        for index, condition in enumerate(entry.conditions):
            try:
                entry.truth[index] = evaluate(condition, self._view, asker, entry.crossings[index])
            except ConditionEvaluationError as error:
                entry.truth[index] = None
                entry.errors[str(condition)] = str(error)
        return {index for index, truth in enumerate(entry.truth) if truth}

    def _failures(self, entry: Entry) -> Iterator[ev.ConditionFailed]:
        """Each error of an order is told once."""
        for text, error in list(entry.errors.items()):
            if (text, error) not in entry.failures:
                yield ev.ConditionFailed(order_id=entry.order_id, condition=text, error=error)

    def _arm(self, entry: Entry, met: set[int]) -> Generator[ev.AnyEvent, None, bool]:
        """Whether its conditions are behind it now. It is kept when they need not be true together,
        and when a trigger is still to come."""
        together = len(met) == len(entry.conditions) > 0
        if entry.intent.plan.latched or (entry.local and together):
            for index in sorted(met - entry.latched):
                yield ev.ConditionLatched(order_id=entry.order_id, index=index)
            return entry.armed
        return together

    def _zone_of(self, entry: Entry) -> str:
        instrument = self._view.instrument(entry.intent.symbol)
        return instrument.zone if instrument is not None else self._zone

    def _why(self, entry: Entry) -> str:
        if entry.conditional:
            return "its conditions are met"
        if entry.intent.plan.instead_of is not None:
            return f"order {entry.intent.plan.instead_of} has ended"
        return "its parent is filled" if entry.intent.plan.parent_id is not None else "its time has come"

    # Triggers ------------------------------------------------------------------------------------
    def _pull(self, entry: Entry, allotted: Decimal | None) -> Iterator[ev.AnyEvent]:
        """A stop that the venue does not know: released by the last price, moved when it trails."""
        quote = self._view.quote(entry.intent.symbol)
        last = quote.last if quote is not None else None
        if last is None:
            return
        buys, trigger = entry.intent.side is Side.BUY, entry.trigger
        if trigger is not None and (last >= trigger if buys else last <= trigger):
            yield self._release(entry, allotted, f"triggered at {last}")
            return
        trail = entry.intent.trail
        if entry.intent.type is not OrderType.TRAILING or trail is None:
            return
        follows = last + trail if buys else last - trail
        if trigger is None or (follows < trigger if buys else follows > trigger):
            yield ev.TriggerMoved(order_id=entry.order_id, trigger_price=follows)

    def _release(self, entry: Entry, allotted: Decimal | None, reason: str) -> ev.OrderReleased:
        """`quantity` only when less than was meant."""
        less = allotted if allotted is not None and allotted < entry.intent.quantity else None
        return ev.OrderReleased(order_id=entry.order_id, reason=reason, quantity=less)

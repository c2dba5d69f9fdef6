"""The waiting room: every order between its creation and its sending, and what lets it go.

A part: folds facts, proposes facts. Owns the entries and their order of life; gates, links and
the queue are rooms of their own. Knows no venue, sends nothing, reads no clock.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Collection, Iterable, Iterator
from decimal import Decimal
from typing import Any

from monitor.engine import events as ev
from monitor.engine.commands import Reply, refused
from monitor.engine.emergency import allowed
from monitor.engine.orderplan import LONGEST_DELAY_S, OrderPlan, begun
from monitor.engine.orders import VENUE_WORDS, VERDICTS
from monitor.engine.rows import QueueRow, WaitingRow
from monitor.engine.values import ZERO, Origin, Priority
from monitor.engine.waiting.conditions import ConditionError, parse_all
from monitor.engine.waiting.entry import Entry, Stage
from monitor.engine.waiting.exits import Exits, watched_here
from monitor.engine.waiting.gates import Gates, RoomView
from monitor.engine.waiting.linkage import Linkage
from monitor.engine.waiting.links import Links
from monitor.engine.waiting.queue import OrderQueue, QueueTerms, Statistics, Totals, ns
from monitor.engine.waiting.watch import Watch

QUEUE_FULL = "queue-full"


class WaitingRoom:
    """`zone` is the IANA zone of times of day for orders whose instrument is unknown."""

    def __init__(self, view: RoomView, terms: QueueTerms | None = None, zone: str = "UTC") -> None:
        self.terms = terms or QueueTerms()
        self._view = view
        self._entries: dict[int, Entry] = {}
        self._sent: dict[int, Entry] = {}
        self._queue = OrderQueue(self.terms)
        self._statistics = Statistics()
        self._links = Links()
        self._watch = Watch(ns(self.terms.evaluate_every_s))
        self._exits = Exits(view, self._links, self._entries)
        self._gates = Gates(view, self._links, self._exits, zone)
        self._linkage = Linkage(view, self._links, self._exits, self._entries, self._watch.wake)
        self._expiries: list[tuple[int, int]] = []
        self._cancels: dict[int, str] = {}
        self._heirs: dict[int, int] = {}
        self._changed: dict[int, None] = {}
        self._blocked: tuple[object, ...] = ()
        self._blocked_venues: set[str] = set()
        self._blocked_until: int | None = None
        self._told: set[int] = set()
        self._over: dict[int, WaitingRow] = {}
        self._handlers: dict[type, Callable[[Any, int], None]] = {
            ev.OrderCreated: self._created,
            ev.OrderReleased: self._released,
            ev.OrderSent: self._was_sent,
            ev.OrderRefused: self._refused,
            ev.OrderQueued: self._queued,
            ev.OrderHandedOver: self._handed_over,
            ev.OrderTakenBack: self._taken_back,
            ev.ConditionFailed: self._condition_failed,
            ev.ConditionLatched: self._condition_latched,
            ev.TriggerMoved: self._trigger_moved,
            ev.CancelRequested: self._cancel_requested,
            ev.OrderPlaced: self._known_at_venue,
            ev.OrderReported: self._known_at_venue,
            ev.OrderTriggered: self._known_at_venue,
            ev.OrderReplaced: self._known_at_venue,
            ev.OrderReopened: self._known_at_venue,
            ev.TradeExecuted: self._traded,
            ev.OrderCanceled: self._ended,
            ev.OrderRejected: self._ended,
            ev.OrderExpired: self._ended,
            ev.OrderDone: self._ended,
        }

    # What others ask -----------------------------------------------------------------------------
    def holds(self, order_id: int) -> bool:
        """Whether it waits here: then nothing of it is at a venue, and a cancel needs no request."""
        return order_id in self._entries

    def __len__(self) -> int:
        return len(self._entries)

    def needed(self) -> set[int]:
        """Orders whose facts must be kept though they may have ended: relatives of active ones, and
        those that conditions name. Without a parent's fills its children would never leave."""
        needed: set[int] = set()
        if self._links:
            for order_id in self._view.book.active:
                needed |= self._links.relatives(order_id)
        for entry in self._entries.values():
            needed |= entry.named_orders
        return needed

    def refusal(self, plan: OrderPlan, now_ns: int, count: int = 1) -> Reply | None:
        """Why `count` orders of this plan cannot be taken now; None: they can."""
        if plan.delay_s is not None and not 0 < plan.delay_s <= LONGEST_DELAY_S:
            return refused(f"A delay is above 0 and at most {LONGEST_DELAY_S} s; for later name a moment.")
        if len(self._entries) + count > self.terms.capacity:
            return refused(
                f"{len(self._entries):,} of {self.terms.capacity:,} orders wait already.", QUEUE_FULL
            )
        try:
            parse_all(plan.conditions)
        except ConditionError as error:
            return refused(f"{error.sentence}\n{error.pointed}")
        begins_ns = begun(plan, now_ns).not_before_ns or 0
        if plan.expires_ns is not None and plan.expires_ns <= max(now_ns, begins_ns):
            return refused("It would give up before it may begin.")
        return None

    def moved(self, symbols: Iterable[str]) -> None:
        """A market event: quotes or bars of these symbols are new."""
        for symbol in symbols:
            self._watch.market_moved(symbol)

    def totals(self) -> Totals:
        """Statistics for a checkpoint."""
        return self._statistics.totals()

    def restore_totals(self, totals: Totals) -> None:
        """After the facts that a checkpoint kept were folded, before later ones are."""
        self._statistics.restore(totals)

    # Part: facts ---------------------------------------------------------------------------------
    @property
    def kinds(self) -> Collection[type]:
        """Of orders, all: conditions may be about any of them."""
        return (*ev.ORDER_EVENTS, ev.AlertRaised, ev.PositionCorrected, ev.MoneyMoved, ev.DayRolled)

    def apply(self, event: ev.AnyEvent, time_ns: int) -> None:
        handler = self._handlers.get(type(event))
        if handler is not None:
            handler(event, time_ns)
        if self._heirs and type(event) in VENUE_WORDS:
            self._heard_of_predecessor(event)
        if self._links:
            self._linkage.apply(event, time_ns)
        if self._watch.listening:
            self._watch.order_heard()

    def _created(self, event: ev.OrderCreated, time_ns: int) -> None:
        """An order that was found at a venue waits for nothing."""
        plan = event.plan
        if plan.parent_id is not None or plan.group_id is not None:
            self._links.add(event)
        if event.origin is Origin.EXTERNAL:
            return
        local = watched_here(self._view, event.venue, event)
        entry = self._entries[event.order_id] = Entry(event, time_ns, local=local)
        if plan.instead_of is not None:
            self._heirs[plan.instead_of] = event.order_id
        if entry.expires_ns is not None:
            heapq.heappush(self._expiries, (entry.expires_ns, event.order_id))
        if entry.waits_for_something:
            self._watch.add(entry)
            self._changed[event.order_id] = None
        else:
            self._enqueue(entry, time_ns)

    def _enqueue(self, entry: Entry, from_ns: int) -> None:
        self._watch.remove(entry)
        if entry.order_id in self._queue:
            self._queue.remove(entry.order_id)
        plan = entry.intent.plan
        entry.stage = Stage.QUEUED
        self._queue.add(entry.order_id, plan.priority, at_once=plan.execute_immediately, from_ns=from_ns)
        self._changed[entry.order_id] = None

    def _released(self, event: ev.OrderReleased, time_ns: int) -> None:
        entry = self._entries.get(event.order_id)
        if entry is None:
            return
        entry.quantity = event.quantity if event.quantity is not None else entry.intent.quantity
        entry.note = event.reason
        if entry.stage is Stage.HELD:
            self._enqueue(entry, time_ns)
        self._changed[event.order_id] = None

    def _was_sent(self, event: ev.OrderSent, time_ns: int) -> None:
        entry = self._entries.get(event.order_id)
        if entry is None:
            return
        waited = self._queue.left(event.order_id, time_ns) if event.order_id in self._queue else 0.0
        self._statistics.note_sent(waited, time_ns)
        entry.attempts = event.attempt
        self._leave(entry)
        self._sent[event.order_id] = entry

    def _refused(self, _event: ev.OrderRefused, _: int) -> None:
        self._statistics.refused += 1

    def _queued(self, event: ev.OrderQueued, time_ns: int) -> None:
        """Back from a venue that certainly does not have it."""
        self._statistics.retried += 1
        entry = self._back(event.order_id, time_ns)
        entry.not_before_ns = event.not_before_ns
        entry.venue = event.venue or entry.venue
        entry.note = event.reason
        self._enqueue(entry, max(time_ns, event.not_before_ns))

    def _handed_over(self, event: ev.OrderHandedOver, time_ns: int) -> None:
        entry = self._back(event.order_id, time_ns)
        self._watch.remove(entry)
        if event.order_id in self._queue:
            self._queue.remove(event.order_id)
        entry.stage, entry.note = Stage.MANUAL, event.reason
        self._changed[event.order_id] = None

    def _taken_back(self, event: ev.OrderTakenBack, time_ns: int) -> None:
        entry = self._back(event.order_id, time_ns)
        entry.not_before_ns, entry.note = None, "a person decided"
        self._enqueue(entry, time_ns)

    def _back(self, order_id: int, time_ns: int) -> Entry:
        known = self._entries.get(order_id) or self._sent.pop(order_id, None)
        if known is None:
            intent = self._view.book.orders[order_id].intent
            known = Entry(intent, time_ns, local=False)
        self._over.pop(order_id, None)
        if order_id not in self._entries:
            known.since_ns = time_ns
            if known.expires_ns is not None:
                heapq.heappush(self._expiries, (known.expires_ns, order_id))
        self._entries[order_id] = known
        return known

    def _condition_failed(self, event: ev.ConditionFailed, _: int) -> None:
        entry = self._entries.get(event.order_id)
        if entry is not None:
            entry.failures.add((event.condition, event.error))
            self._changed[event.order_id] = None

    def _condition_latched(self, event: ev.ConditionLatched, _: int) -> None:
        entry = self._entries.get(event.order_id)
        if entry is not None:
            entry.latched.add(event.index)
            self._changed[event.order_id] = None

    def _trigger_moved(self, event: ev.TriggerMoved, _: int) -> None:
        entry = self._entries.get(event.order_id)
        if entry is not None:
            entry.trigger = event.trigger_price
            self._changed[event.order_id] = None

    def _cancel_requested(self, event: ev.CancelRequested, _: int) -> None:
        if event.order_id in self._entries:
            self._cancels[event.order_id] = event.reason

    def _known_at_venue(self, event: Any, _: int) -> None:
        """It will not come back; and if it was refused and waits for another attempt, the venue has it
        after all: it must not be sent again."""
        self._sent.pop(event.order_id, None)
        entry = self._entries.get(event.order_id)
        if entry is not None:
            self._leave(entry)

    def _traded(self, event: ev.TradeExecuted, _: int) -> None:
        """Likewise, and its children wait for it no longer."""
        self._known_at_venue(event, _)
        for child_id in self._links.children.get(event.order_id, ()):
            child = self._entries.get(child_id)
            if child is not None and not child.parent_filled:
                child.parent_filled = True
                self._changed[child_id] = None

    def _ended(self, event: ev.Verdict, _: int) -> None:
        self._sent.pop(event.order_id, None)
        entry = self._entries.get(event.order_id)
        if entry is not None:
            self._leave(entry)

    def _heard_of_predecessor(self, event: Any) -> None:
        """Of an order whose place another takes: it has ended, so that one may leave; or its venue has it
        after all, so that one may not."""
        heir = self._heirs.get(event.order_id)
        if heir is None:
            return
        if isinstance(event, VERDICTS):
            self._watch.wake(heir)
        else:
            self._cancels[heir] = f"order {event.order_id} is at its venue after all"

    def _leave(self, entry: Entry) -> None:
        order_id = entry.order_id
        self._watch.remove(entry)
        if order_id in self._queue:
            self._queue.remove(order_id)
        del self._entries[order_id]
        self._cancels.pop(order_id, None)
        if entry.intent.plan.instead_of is not None:
            self._heirs.pop(entry.intent.plan.instead_of, None)
        self._changed.pop(order_id, None)
        if order_id in self._told:
            self._told.discard(order_id)
            self._over[order_id] = entry.row(self._view.now_ns, None, over=True)

    # Part: decisions -----------------------------------------------------------------------------
    def decide(self, now_ns: int) -> Iterable[ev.AnyEvent]:
        """Nothing, at no cost, while nobody waits."""
        return self._decide(now_ns) if self._entries or self._cancels or self._links else ()

    def _decide(self, now_ns: int) -> Iterator[ev.AnyEvent]:
        for order_id, reason in list(self._cancels.items()):
            if order_id in self._entries:
                yield ev.OrderCanceled(order_id=order_id, reason=reason, cumulative=ZERO)
        yield from self._linkage.decide(now_ns)
        yield from self._expire(now_ns)
        yield from self._open_gates(now_ns)
        yield from self._send(now_ns)

    def _expire(self, now_ns: int) -> Iterator[ev.AnyEvent]:
        while self._expiries and self._expiries[0][0] <= now_ns:
            _, order_id = heapq.heappop(self._expiries)
            if order_id in self._entries:
                yield ev.OrderExpired(order_id=order_id, reason="it waited in vain", cumulative=ZERO)

    def _open_gates(self, now_ns: int) -> Iterator[ev.AnyEvent]:
        self._watch.time_passed(now_ns)
        while (order_id := self._watch.next_awake()) is not None:
            entry = self._entries.get(order_id)
            if entry is None or entry.stage is not Stage.HELD:
                continue
            before = (list(entry.truth), dict(entry.errors))
            yield from self._gates.pass_through(entry, now_ns)
            if (entry.truth, entry.errors) != before and order_id in self._entries:
                self._changed[order_id] = None

    def _send(self, now_ns: int) -> Iterator[ev.AnyEvent]:
        """The next of the queue, as many as the batch takes. One whose venue is out of reach, or
        that the engine's state forbids, lets the others pass and keeps its place."""
        if not self._queue.may_any_leave(now_ns) or self._is_blocked(now_ns):
            return
        nobody = True
        for order_id in self._queue.candidates(now_ns):
            entry = self._entries.get(order_id)
            if entry is None or order_id not in self._queue or not self._permitted(entry):
                continue
            if not self._is_here(order_id):
                continue
            if order_id in self._heirs or not self._exits.free(order_id):
                continue  # another has taken its place, or is still in it
            if not self._queue.may_leave(order_id, now_ns):
                return
            if self._view.reachable(entry.venue):
                nobody = False
                yield ev.OrderSent(
                    order_id=order_id,
                    attempt=entry.attempts + 1,
                    venue=entry.venue,
                    arrival=self._arrival(entry.intent.symbol),
                )

        if nobody:
            self._block(now_ns)

    def _block(self, now_ns: int) -> None:
        """Nobody may leave. Until something of that changes it is not worth asking each of them."""
        self._blocked_venues = {self._entries[i].venue for i in self._queue.places()}
        self._blocked_until = self._queue.due_ns(now_ns)
        self._blocked = self._circumstances()

    def _is_blocked(self, now_ns: int) -> bool:
        until = self._blocked_until
        return (until is None or now_ns < until) and self._blocked == self._circumstances()

    def _circumstances(self) -> tuple[object, ...]:
        view = self._view
        lines = [view.reachable(venue) for venue in sorted(self._blocked_venues)]
        return (self._queue.version, self._linkage.version, view.engine_state, *lines)

    def _is_here(self, order_id: int) -> bool:
        """Whether it is certain that no venue has it: only then may it leave."""
        order = self._view.book.active.get(order_id)
        return order is not None and order.never_left

    def _permitted(self, entry: Entry) -> bool:
        """HALTED and REDUCE_ONLY let only leave what closes."""
        return not allowed(self._view.engine_state, entry.intent)

    def _arrival(self, symbol: str) -> Decimal | None:
        """The price that slippage is measured against: the middle, else the last."""
        quote = self._view.quote(symbol)
        if quote is None:
            return None
        if quote.bid is not None and quote.ask is not None:
            return (quote.bid + quote.ask) / 2
        return quote.last

    def due_ns(self) -> int | None:
        now_ns = self._view.now_ns
        dues = [self._queue.due_ns(now_ns), self._watch.due_ns(), self._linkage.due_ns()]
        while self._expiries and self._expiries[0][1] not in self._entries:
            heapq.heappop(self._expiries)
        if self._expiries:
            dues.append(self._expiries[0][0])
        return min((due for due in dues if due is not None), default=None)

    # Rows ----------------------------------------------------------------------------------------
    def all_rows(self) -> dict[int, WaitingRow]:
        places = self._queue.places()
        now_ns = self._view.now_ns
        self._told.update(self._entries)
        return {i: entry.row(now_ns, places.get(i)) for i, entry in self._entries.items()}

    def rows_changed(self) -> dict[int, WaitingRow]:
        """Rows that are new, different or over since the last call; places move with the queue."""
        rows, self._over = self._over, {}
        places = self._queue.places()
        now_ns = self._view.now_ns
        for order_id in dict.fromkeys([*self._changed, *places]) if self._changed or rows else ():
            rows[order_id] = self._entries[order_id].row(now_ns, places.get(order_id))
        self._told.update(self._changed)
        self._changed.clear()
        return rows

    def queue_row(self) -> QueueRow:
        """`held` waits for a time, a parent or a trigger; `conditional` for a condition."""
        stages = self._entries.values()
        queued = [entry.intent.plan.priority for entry in stages if entry.stage is Stage.QUEUED]
        held = [entry for entry in stages if entry.stage is Stage.HELD]
        conditional = sum(entry.conditional and not entry.armed for entry in held)
        statistics = self._statistics
        return QueueRow(
            length=len(queued),
            high=queued.count(Priority.HIGH),
            normal=queued.count(Priority.NORMAL),
            low=queued.count(Priority.LOW),
            held=len(held) - conditional,
            conditional=conditional,
            manual=len(stages) - len(queued) - len(held),
            capacity=self.terms.capacity,
            sent=statistics.sent,
            refused=statistics.refused,
            retried=statistics.retried,
            longest_wait_s=statistics.longest_wait_s,
            average_wait_s=statistics.average_wait_s,
            rate=statistics.rate(self._view.now_ns),
        )

"""The life cycle of orders: what follows from time, partial fills and failures.

Folds order facts and proposes facts. Everything it waits for follows from facts, so a restart
changes no deadline. Never sends: `OrderQueued` puts an order back into the queue, and only when
it is certain that no venue has it. Orders that end by DAY or GTD are ended by their venue.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from monitor.engine import events as ev
from monitor.engine.lifecycle.elsewhere import LifeView, given_away, heir_of, held_here
from monitor.engine.lifecycle.life import Life
from monitor.engine.lifecycle.terms import LifeCycleTerms, cancel_pause_ns, retry_pause_ns
from monitor.engine.lifecycle.timers import Timers
from monitor.engine.orders import Order
from monitor.engine.values import (
    NS_PER_SECOND,
    EngineState,
    FailurePolicy,
    LinkSide,
    LinkState,
    Origin,
    PartialPolicy,
)

_AUTO, _PARTIAL, _AGAIN, _ELSEWHERE = range(4)
_KINDS = 4
_LOOK_AGAIN_NS = 5 * NS_PER_SECOND
REST = "the rest after a partial fill"


class LifeCycle:
    """A part of trading. The book takes each fact before this does.

    Auto-cancel: `auto_cancel_s` after the first `OrderSent` the order is asked back, once; one
    that is back in the queue by then is cancelled here; one that a person took back begins anew.
    A cancel, whoever asked for it, is asked again with growing pauses until the order has ended.
    What goes to a second venue is a new order there (`elsewhere`), and the first one ends.
    """

    def __init__(self, view: LifeView, terms: LifeCycleTerms | None = None) -> None:
        self._view = view
        self._terms = terms or LifeCycleTerms()
        self._lives: dict[int, Life] = {}
        self._timers = Timers()
        self._unanswered: dict[int, None] = {}
        self._divertible: dict[int, None] = {}
        self._given: dict[int, int] = {}
        self._unreached: dict[int, None] = {}
        self._live: dict[str, bool] = {}
        self._line_changed_ns: dict[str, int] = {}
        self._handlers: dict[type, Callable[[Any, int], None]] = {
            ev.OrderCreated: self._created,
            ev.OrderReleased: self._released,
            ev.OrderSent: self._sent,
            ev.OrderRefused: self._refused,
            ev.OrderQueued: self._queued,
            ev.OrderHandedOver: self._handed_over,
            ev.OrderTakenBack: self._taken_back,
            ev.OrderPlaced: self._shown,
            ev.OrderReported: self._shown,
            ev.OrderTriggered: self._shown,
            ev.OrderReplaced: self._shown,
            ev.TradeExecuted: self._filled,
            ev.CancelRequested: self._cancel_requested,
            ev.CancelRejected: self._cancel_rejected,
            ev.OrderDone: self._ended,
            ev.OrderCanceled: self._ended,
            ev.OrderRejected: self._ended,
            ev.OrderExpired: self._ended,
            ev.OrderReopened: self._reopened,
            ev.OrdersMerged: self._merged,
            ev.LinkChanged: self._line,
            ev.Reconciled: self._reached,
        }
        self._due: dict[int, Callable[[int, Life, Order, int], ev.AnyEvent | None]] = {
            _AUTO: self._auto_cancel,
            _PARTIAL: self._cancel_rest,
            _AGAIN: self._cancel_again,
            _ELSEWHERE: self._elsewhere,
        }

    # Part --------------------------------------------------------------------------------------
    @property
    def kinds(self) -> Mapping[type, Callable[[Any, int], None]]:
        return self._handlers

    def apply(self, event: ev.AnyEvent, time_ns: int) -> None:
        handler = self._handlers.get(type(event))
        if handler is not None:
            handler(event, time_ns)

    def decide(self, now_ns: int) -> Iterator[ev.AnyEvent]:
        yield from self._given_ends()
        yield from self._answers(now_ns)
        while (key := self._timers.due(now_ns)) is not None:
            when = self._timers.when(key)
            order_id, kind = divmod(key, _KINDS)
            life, order = self._lives.get(order_id), self._view.book.active.get(order_id)
            if life is None or order is None:
                self._forget(order_id)  # it ended by a fact that is none of ours
                continue
            fact = self._due[kind](order_id, life, order, now_ns)
            if fact is not None:
                yield fact
                yield from self._given_ends()
            if self._timers.when(key) == when:
                self._timers.drop(key)

    def due_ns(self) -> int | None:
        return self._view.now_ns if self._unanswered or self._given else self._timers.next_ns()

    def __len__(self) -> int:
        """Orders that are followed."""
        return len(self._lives)

    # Facts -------------------------------------------------------------------------------------
    def _created(self, event: ev.OrderCreated, time_ns: int) -> None:
        life = self._lives[event.order_id] = Life(event.plan, event.venue)
        if event.origin is Origin.EXTERNAL:
            life.show()
        plan = event.plan
        if plan.instead_of is not None:
            self._inherited(plan.instead_of, event.order_id)
        waits = plan.conditions or plan.not_before_ns or plan.parent_id
        if plan.second_venue and not waits and not held_here(self._view, event):
            self._ready(event.order_id, life, time_ns)

    def _inherited(self, order_id: int, heir: int) -> None:
        """Another order has taken its place: all that is left to do is to end it."""
        life = self._lives.get(order_id)
        if life is None:
            return
        life.heir = self._given[order_id] = heir
        self._unanswered.pop(order_id, None)
        self._divertible.pop(order_id, None)
        self._timers.drop(order_id * _KINDS + _ELSEWHERE)

    def _released(self, event: ev.OrderReleased, time_ns: int) -> None:
        life = self._lives.get(event.order_id)
        if life is not None and life.plan.second_venue:
            self._ready(event.order_id, life, time_ns)

    def _sent(self, event: ev.OrderSent, time_ns: int) -> None:
        life = self._lives.get(event.order_id)
        if life is None:
            return
        first = life.sent_ns is None
        life.send(event, time_ns)
        self._unanswered.pop(event.order_id, None)
        self._divertible.pop(event.order_id, None)
        self._timers.drop(event.order_id * _KINDS + _ELSEWHERE)
        if first and life.plan.auto_cancel_s:
            self._set(event.order_id, _AUTO, time_ns + life.plan.auto_cancel_s * NS_PER_SECOND)

    def _refused(self, event: ev.OrderRefused, _: int) -> None:
        life = self._lives.get(event.order_id)
        if life is not None and life.refuse(event):
            self._unanswered[event.order_id] = None

    def _queued(self, event: ev.OrderQueued, _: int) -> None:
        life = self._lives.get(event.order_id)
        if life is None:
            return
        self._unanswered.pop(event.order_id, None)
        life.queue(event)
        if life.plan.second_venue:
            self._ready(event.order_id, life, event.not_before_ns)

    def _handed_over(self, event: ev.OrderHandedOver, _: int) -> None:
        life = self._lives.get(event.order_id)
        if life is None:
            return
        self._unanswered.pop(event.order_id, None)
        life.refusal = None
        life.manual = True
        self._timers.drop(event.order_id * _KINDS + _AUTO)

    def _taken_back(self, event: ev.OrderTakenBack, time_ns: int) -> None:
        life = self._lives.get(event.order_id)
        if life is None:
            return
        life.take_back(time_ns)
        if life.plan.second_venue:
            self._ready(event.order_id, life, time_ns)

    def _shown(self, event: ev.OrderPlaced, _: int) -> None:
        life = self._lives.get(event.order_id)
        if life is None or life.known:
            return
        life.show()
        self._unanswered.pop(event.order_id, None)
        self._divertible.pop(event.order_id, None)

    def _filled(self, event: ev.TradeExecuted, time_ns: int) -> None:
        order_id = event.order_id
        life = self._lives.get(order_id)
        if life is None:
            return
        if order_id not in self._view.book.active:
            self._forget(order_id)
            return
        if not life.known:
            life.show()
            self._unanswered.pop(order_id, None)
        if not life.partial_seen and life.plan.partial is PartialPolicy.CANCEL_REMAINING:
            life.partial_seen = True
            self._set(order_id, _PARTIAL, time_ns + life.plan.partial_after_s * NS_PER_SECOND)

    def _cancel_requested(self, event: ev.CancelRequested, time_ns: int) -> None:
        life = self._lives.get(event.order_id)
        if life is None:
            return
        life.wanted = life.wanted or event.reason or "cancelled"
        life.asked += 1
        self._ask_later(event.order_id, life, time_ns)

    def _cancel_rejected(self, event: ev.CancelRejected, time_ns: int) -> None:
        """One that is said to be gone is being looked up; should it turn up, it is asked again."""
        life = self._lives.get(event.order_id)
        if life is None or not life.wanted:
            return
        if event.gone:
            halted = self._view.engine_state is EngineState.HALTED
            pause_s = self._terms.halted_longest_s if halted else self._terms.cancel_longest_s
            self._set(event.order_id, _AGAIN, time_ns + pause_s * NS_PER_SECOND)
        else:
            self._ask_later(event.order_id, life, time_ns)

    def _ended(self, event: ev.Verdict, _: int) -> None:
        """An end that was only inferred may be taken back: such an order is remembered."""
        self._forget(event.order_id, keep=not isinstance(event, ev.OrderDone) and event.provisional)

    def _reopened(self, event: ev.OrderReopened, time_ns: int) -> None:
        life = self._lives.get(event.order_id)
        if life is None:
            intent = self._view.book.orders[event.order_id].intent
            life = self._lives[event.order_id] = Life(intent.plan, intent.venue)
        life.show()
        if life.wanted:
            self._set(event.order_id, _AGAIN, time_ns)
        if life.sent_ns is not None and life.plan.auto_cancel_s:
            self._set(event.order_id, _AUTO, life.sent_ns + life.plan.auto_cancel_s * NS_PER_SECOND)

    def _merged(self, event: ev.OrdersMerged, time_ns: int) -> None:
        """The orphan was this order: it is at the venue, and a cancel meant this one."""
        orphan = self._lives.get(event.orphan_id)
        self._forget(event.orphan_id)
        life = self._lives.get(event.order_id)
        if life is None:
            return
        if not life.known:
            life.show()
            self._unanswered.pop(event.order_id, None)
        if orphan is not None and orphan.wanted and not life.wanted:
            life.wanted, life.asked = orphan.wanted, orphan.asked
            self._ask_later(event.order_id, life, time_ns)

    def _line(self, event: ev.LinkChanged, time_ns: int) -> None:
        if event.side is not LinkSide.ORDERS:
            return
        self._reached(event, time_ns)
        live = event.state is LinkState.LIVE
        if self._live.get(event.venue) is live:
            return  # it tries again: down is down
        self._live[event.venue] = live
        self._line_changed_ns[event.venue] = time_ns
        for order_id in self._divertible:
            if self._lives[order_id].venue == event.venue:
                self._set(order_id, _ELSEWHERE, time_ns + self._terms.second_venue_after_s * NS_PER_SECOND)

    def _reached(self, _: ev.LinkChanged | ev.Reconciled, time_ns: int) -> None:
        """Cancels that could not be asked are asked once their venue is back."""
        for order_id in tuple(self._unreached):
            if self._view.reachable(self._lives[order_id].venue):
                del self._unreached[order_id]
                self._set(order_id, _AGAIN, time_ns)

    def _ready(self, order_id: int, life: Life, time_ns: int) -> None:
        """It may leave now. Should its venue not be reachable for long, it may go elsewhere."""
        life.ready_ns = time_ns
        if life.divertible:
            self._divertible[order_id] = None
            self._set(order_id, _ELSEWHERE, time_ns + self._terms.second_venue_after_s * NS_PER_SECOND)

    def _forget(self, order_id: int, keep: bool = False) -> None:
        for key in range(order_id * _KINDS, order_id * _KINDS + _KINDS):
            self._timers.drop(key)
        self._unanswered.pop(order_id, None)
        self._divertible.pop(order_id, None)
        self._given.pop(order_id, None)
        self._unreached.pop(order_id, None)
        if not keep:
            self._lives.pop(order_id, None)

    def _ask_later(self, order_id: int, life: Life, time_ns: int) -> None:
        pause = cancel_pause_ns(self._terms, max(life.asked, 1), self._view.engine_state)
        self._set(order_id, _AGAIN, time_ns + pause)

    def _set(self, order_id: int, kind: int, when_ns: int) -> None:
        self._timers.set(order_id * _KINDS + kind, when_ns)

    # Decisions ---------------------------------------------------------------------------------
    def _answers(self, now_ns: int) -> Iterator[ev.AnyEvent]:
        """To refusals: each is answered by exactly one fact, and an heir by the end of the other."""
        for order_id in tuple(self._unanswered):
            life, order = self._lives.get(order_id), self._view.book.active.get(order_id)
            if order_id not in self._unanswered:
                continue  # answered meanwhile
            if life is not None and order is not None and life.refusal is not None:
                yield self._answer(order, life, life.refusal, now_ns)
            self._unanswered.pop(order_id, None)
            yield from self._given_ends()

    def _given_ends(self) -> Iterator[ev.AnyEvent]:
        """Of orders whose place another has taken: before anything else, also after a restart."""
        for order_id, heir in tuple(self._given.items()):
            life, order = self._lives.get(order_id), self._view.book.active.get(order_id)
            if life is not None and order is not None:
                yield given_away(order, life, heir, self._terms.second_venue_after_s)
            self._given.pop(order_id, None)

    def _answer(self, order: Order, life: Life, refusal: ev.OrderRefused, now_ns: int) -> ev.AnyEvent:
        order_id, plan = order.order_id, life.plan
        second = plan.second_venue
        if life.wanted:
            return ev.OrderCanceled(order_id=order_id, reason=life.wanted, cumulative=order.filled)
        retry = plan.on_failure is FailurePolicy.RETRY and refusal.retryable
        if retry and life.tries <= self._terms.retries:
            pause = retry_pause_ns(self._terms, order_id, life.tries)
            return ev.OrderQueued(
                order_id=order_id, not_before_ns=now_ns + pause, venue=life.venue, reason=refusal.reason
            )
        if second and second != life.venue and self._view.account_at(second):
            return heir_of(self._view, order, plan)
        if plan.on_failure is FailurePolicy.MANUAL:
            return ev.OrderHandedOver(order_id=order_id, reason=refusal.reason)
        verdict = ev.OrderCanceled if plan.on_failure is FailurePolicy.CANCEL else ev.OrderRejected
        tries = f" (tried {life.tries} times)" if life.tries > 1 else ""
        return verdict(order_id=order_id, reason=f"{refusal.reason}{tries}", cumulative=order.filled)

    def _auto_cancel(self, order_id: int, life: Life, order: Order, _: int) -> ev.AnyEvent | None:
        if life.wanted:
            return None  # that cancel is seen to already
        reason = f"auto-cancel after {life.plan.auto_cancel_s:,} s"
        if life.away:
            return ev.CancelRequested(order_id=order_id, reason=reason)
        return ev.OrderCanceled(order_id=order_id, reason=reason, cumulative=order.filled)

    def _cancel_rest(self, order_id: int, life: Life, order: Order, _: int) -> ev.AnyEvent | None:
        """Nothing when the fill was taken back as a wrong guess: then the next one counts."""
        if not order.filled:
            life.partial_seen = False
            return None
        return None if life.wanted else ev.CancelRequested(order_id=order_id, reason=REST)

    def _cancel_again(self, order_id: int, life: Life, order: Order, _: int) -> ev.AnyEvent | None:
        if not life.wanted:
            return None
        if not life.away:
            return ev.OrderCanceled(order_id=order_id, reason=life.wanted, cumulative=order.filled)
        if life.venue and not self._view.reachable(life.venue):
            self._unreached[order_id] = None
            return None
        return ev.CancelRequested(order_id=order_id, reason=f"asked again: {life.wanted}")

    def _elsewhere(self, order_id: int, life: Life, order: Order, now_ns: int) -> ev.AnyEvent | None:
        if not life.divertible or life.ready_ns is None or self._view.reachable(life.venue):
            return None
        since = max(life.ready_ns, self._line_changed_ns.get(life.venue, 0))
        when = since + self._terms.second_venue_after_s * NS_PER_SECOND
        second = life.plan.second_venue
        if now_ns < when or not self._view.reachable(second) or not self._view.account_at(second):
            self._set(order_id, _ELSEWHERE, max(when, now_ns + _LOOK_AGAIN_NS))
            return None
        return heir_of(self._view, order, life.plan)

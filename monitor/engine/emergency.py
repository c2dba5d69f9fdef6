"""The emergency stop: what NORMAL, REDUCE_ONLY and HALTED allow, and how a stop is carried out.

Folds facts and proposes cancels and one alert. Never changes the engine's state: only a person
does. Asking a venue again that did not answer a cancel is the life cycle's part.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Any, Protocol

import msgspec

from monitor.engine import events as ev
from monitor.engine.orders import Order
from monitor.engine.trading.parts import View
from monitor.engine.values import NS_PER_SECOND, EngineState, LogLevel, Offset, Origin

SEVERITY = {EngineState.NORMAL: 0, EngineState.REDUCE_ONLY: 1, EngineState.HALTED: 2}
PATIENCE_S = 5
STRAGGLERS = "stragglers"
"""The cause of the alert while cancels of a stop are not confirmed."""


class Intent(Protocol):
    """Of an order, what tells whether it closes: a request, a command or an order's creation."""

    @property
    def offset(self) -> Offset: ...
    @property
    def reduce_only(self) -> bool: ...


def closes(intent: Intent) -> bool:
    """Whether an order says itself that it only closes, by its offset or by reduce-only. One that
    merely happens to be against a position may turn it over, so it counts as opening."""
    return intent.reduce_only or intent.offset is not Offset.OPEN


def allowed(state: EngineState, intent: Intent) -> str:
    """Why a new order is refused in this state of the engine, or "". Getting out of a position
    stays possible in every state; strategies are stopped while it is HALTED."""
    if state is EngineState.NORMAL or closes(intent):
        return ""
    if state is EngineState.HALTED:
        return "The engine is halted: only orders that close a position are taken."
    return "The engine only reduces: orders that open a position are refused."


class EmergencyView(View, Protocol):
    def next_alert_id(self) -> int: ...


class Straggler(msgspec.Struct, frozen=True, kw_only=True):
    """A working order whose cancel was asked for by a stop and is not confirmed. `since_ns`: when
    it was asked first, `asked` how often, `answer` what the venue said last, "" nothing."""

    order_id: int
    account_id: str
    symbol: str
    since_ns: int
    asked: int
    answer: str = ""


class _Asked:
    __slots__ = ("answer", "count", "since_ns")

    def __init__(self, since_ns: int) -> None:
        self.since_ns = since_ns
        self.count = 0
        self.answer = ""


class Emergency:
    """A part of trading. The book takes each fact before this does.

    HALTED: all working orders are cancelled, also those found at the venue later; left alone
    are closing orders that somebody gave since the stop. REDUCE_ONLY: our opening orders are
    cancelled; closing ones keep protecting their positions, and orders that others gave at the
    venue are not ours to judge. Back to NORMAL nothing more is asked, nothing is sent again.
    """

    def __init__(self, view: EmergencyView) -> None:
        self._view = view
        self._state = EngineState.NORMAL
        self._look: dict[int, None] = {}
        self._asked: dict[int, _Asked] = {}
        self._told = False
        self._standing: int | None = None
        self._handlers: dict[type, Callable[[Any, int], None]] = {
            ev.EngineStateChanged: self._changed,
            ev.AlertRaised: self._alerted,
            ev.AlertSettled: self._settled,
        }
        # Only while the engine is stopped, or cancels of a stop are not confirmed.
        self._while_stopped: dict[type, Callable[[Any, int], None]] = {
            **self._handlers,
            ev.OrderCreated: self._created,
            ev.OrderReopened: self._turned_up,
            ev.CancelRequested: self._cancel_requested,
            ev.CancelRejected: self._cancel_rejected,
            ev.TradeExecuted: self._perhaps_ended,
            ev.FillCorrected: self._perhaps_ended,
            ev.OrderReported: self._perhaps_ended,
            ev.OrderReplaced: self._perhaps_ended,
            ev.OrderDone: self._perhaps_ended,
            ev.OrderCanceled: self._perhaps_ended,
            ev.OrderRejected: self._perhaps_ended,
            ev.OrderExpired: self._perhaps_ended,
            ev.OrdersMerged: self._merged,
        }
        self._current = self._handlers

    # Part --------------------------------------------------------------------------------------
    @property
    def kinds(self) -> Collection[type]:
        return self._while_stopped.keys()

    def apply(self, event: ev.AnyEvent, time_ns: int) -> None:
        handler = self._current.get(type(event))
        if handler is not None:
            handler(event, time_ns)

    def decide(self, now_ns: int) -> Iterator[ev.AnyEvent]:
        for order_id in tuple(self._look):
            order = self._view.book.active.get(order_id)
            if order is not None and order_id in self._look and self._concerns(order):
                yield self._cancel(order)
            self._look.pop(order_id, None)
        if self._asked and not self._told and now_ns >= self._impatient_ns():
            yield self._alert(now_ns)
        if not self._asked and self._standing is not None:
            yield ev.AlertSettled(alert_id=self._standing)

    def due_ns(self) -> int | None:
        if self._look:
            return self._view.now_ns
        return self._impatient_ns() if self._asked and not self._told else None

    def stragglers(self) -> list[Straggler]:
        """Those that were asked first come first."""
        active = self._view.book.active
        return [
            Straggler(
                order_id=order_id,
                account_id=active[order_id].intent.account_id,
                symbol=active[order_id].intent.symbol,
                since_ns=asked.since_ns,
                asked=asked.count,
                answer=asked.answer,
            )
            for order_id, asked in self._asked.items()
            if order_id in active
        ]

    # Facts -------------------------------------------------------------------------------------
    def _changed(self, event: ev.EngineStateChanged, _: int) -> None:
        before, self._state = self._state, event.state
        self._look.clear()
        if SEVERITY[event.state] > SEVERITY[before]:
            self._look.update(dict.fromkeys(self._view.book.active))
        self._listen()

    def _created(self, event: ev.OrderCreated, _: int) -> None:
        """A close that somebody chose is left to work; what was found at a venue was not chosen."""
        if self._state is EngineState.NORMAL:
            return
        if event.origin is Origin.EXTERNAL or not closes(event):
            self._look[event.order_id] = None

    def _turned_up(self, event: ev.OrderReopened, _: int) -> None:
        if self._state is not EngineState.NORMAL:
            self._look[event.order_id] = None

    def _cancel_requested(self, event: ev.CancelRequested, time_ns: int) -> None:
        """Also of those that somebody had asked back before, and of chosen closes: all cancels
        that are not confirmed while the engine is stopped are worth listing."""
        self._look.pop(event.order_id, None)
        if self._state is EngineState.NORMAL and event.order_id not in self._asked:
            return
        asked = self._asked.setdefault(event.order_id, _Asked(time_ns))
        asked.count += 1

    def _cancel_rejected(self, event: ev.CancelRejected, _: int) -> None:
        asked = self._asked.get(event.order_id)
        if asked is not None:
            asked.answer = event.reason

    def _perhaps_ended(self, event: ev.TradeExecuted | ev.Verdict, _: int) -> None:
        """Confirmed is what is no longer active: an end whose fills are missing is not yet."""
        if event.order_id not in self._view.book.active:
            self._look.pop(event.order_id, None)
            self._confirm(event.order_id)

    def _merged(self, event: ev.OrdersMerged, _: int) -> None:
        asked = self._asked.pop(event.orphan_id, None)
        if asked is not None and event.order_id in self._view.book.active:
            self._asked.setdefault(event.order_id, asked)
        self._confirm(event.orphan_id)

    def _confirm(self, order_id: int) -> None:
        self._asked.pop(order_id, None)
        if not self._asked:
            self._told = False
            self._listen()

    def _alerted(self, event: ev.AlertRaised, _: int) -> None:
        if event.cause == STRAGGLERS:
            self._told = True
            self._standing = event.alert_id

    def _settled(self, event: ev.AlertSettled, _: int) -> None:
        if event.alert_id == self._standing:
            self._standing = None

    def _listen(self) -> None:
        """In NORMAL with nothing left to confirm no fact of an order costs anything here."""
        idle = self._state is EngineState.NORMAL and not self._asked
        self._current = self._handlers if idle else self._while_stopped

    # Decisions ---------------------------------------------------------------------------------
    def _concerns(self, order: Order) -> bool:
        if self._state is EngineState.HALTED:
            return True
        return order.intent.origin is not Origin.EXTERNAL and not closes(order.intent)

    def _cancel(self, order: Order) -> ev.AnyEvent:
        """One that has not left is cancelled here; one that may be at a venue is asked back."""
        halted = self._state is EngineState.HALTED
        reason = "emergency stop" if halted else "the engine only reduces"
        if order.never_left:
            return ev.OrderCanceled(order_id=order.order_id, reason=reason, cumulative=order.filled)
        return ev.CancelRequested(order_id=order.order_id, reason=reason)

    def _impatient_ns(self) -> int:
        first = next(iter(self._asked.values()))
        return first.since_ns + PATIENCE_S * NS_PER_SECOND

    def _alert(self, now_ns: int) -> ev.AlertRaised:
        late = [s for s in self.stragglers() if now_ns - s.since_ns >= PATIENCE_S * NS_PER_SECOND]
        count = f"{len(late)} orders are" if len(late) != 1 else "1 order is"
        return ev.AlertRaised(
            alert_id=self._view.next_alert_id(),
            level=LogLevel.ERROR,
            cause=STRAGGLERS,
            message=f"{count} not confirmed as cancelled {PATIENCE_S} s after it was asked.",
            key=str(now_ns),
        )

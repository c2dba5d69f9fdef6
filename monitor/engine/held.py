"""Orders of a replay that wait: a waiting room whose market is the run itself.

Made with the first order that waits or belongs to others; until then a run pays nothing for it.
All that is due at one bar leaves at that bar: time does not pass inside it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from monitor.engine import events as ev
from monitor.engine.matching.resting import Resting
from monitor.engine.orderplan import MOST_WAITING, OrderPlan
from monitor.engine.orders import Book
from monitor.engine.rows import AlertRow
from monitor.engine.values import (
    ZERO,
    Direction,
    EngineState,
    Instrument,
    LogLevel,
    OrderType,
    Quote,
    Side,
)
from monitor.engine.waiting import QueueTerms, WaitingRoom

if TYPE_CHECKING:
    from monitor.engine.simulation import Simulation


def concerns(plan: OrderPlan) -> bool:
    """Whether an order of this plan waits, or belongs to others."""
    return bool(
        plan.delay_s is not None
        or plan.not_before_ns is not None
        or plan.conditions
        or plan.parent_id is not None
        or plan.group_id is not None
    )


class RunView:
    """What parts may look at, of a run. A bar under way is not known yet; a quote is the last
    close, or our own fill after it."""

    def __init__(self, run: Simulation) -> None:
        self._run = run
        self._days = sorted(run.day_starts)
        self.alerts: dict[int, AlertRow] = {}

    @property
    def now_ns(self) -> int:
        return self._run.time_ns

    @property
    def book(self) -> Book:
        return self._run.book

    @property
    def engine_state(self) -> EngineState:
        return EngineState.NORMAL

    @property
    def _closed(self) -> int:
        """How many bars have closed by now."""
        run = self._run
        under_way = run.bar and run.time_ns < int(run.series.time_ns[run.bar - 1]) + run.series.interval_ns
        return run.bar - 1 if under_way else run.bar

    def quote(self, symbol: str) -> Quote | None:
        run = self._run
        if symbol != run.instrument.symbol:
            return None
        return Quote(
            symbol=symbol,
            last=run.last_price(),
            volume=self._day_volume(),
            time_ns=run.time_ns,
            received_ns=run.time_ns,
        )

    def _day_volume(self) -> Decimal:
        closed = self._closed
        start = self._days[max(0, bisect_right(self._days, max(0, closed - 1)) - 1)] if self._days else 0
        return Decimal(repr(float(self._run.series.volume[start:closed].sum())))

    def instrument(self, symbol: str) -> Instrument | None:
        return self._run.instrument if symbol == self._run.instrument.symbol else None

    def position(self, account_id: str, symbol: str, direction: Direction) -> Decimal:
        ledger = self._run.ledger
        held = ledger.positions.get((symbol, direction)) if account_id == ledger.account_id else None
        return held.volume if held is not None else ZERO

    def profit(self, account_id: str) -> Decimal | None:
        run = self._run
        if account_id != run.ledger.account_id:
            return None
        run.mark()
        return run.ledger.today_profit()

    def closes(self, symbol: str, count: int) -> Sequence[float]:
        if symbol != self._run.instrument.symbol:
            return ()
        closed = self._closed
        closes: list[float] = self._run.series.close[max(0, closed - count) : closed].tolist()
        return closes

    def reachable(self, _venue: str) -> bool:
        return True

    def native(self, _venue: str, _type: OrderType) -> bool:
        """The simulated exchange takes every type itself, or refuses it in words."""
        return True

    def reserves(self, _venue: str) -> bool:
        """It trims what closes to what is held, and watches stops inside a bar: both may rest there."""
        return False

    def next_alert_id(self) -> int:
        return len(self.alerts) + 1


class HeldOrders:
    def __init__(self, run: Simulation) -> None:
        self._run = run
        self.view = RunView(run)
        self.room = WaitingRoom(
            self.view, QueueTerms(capacity=MOST_WAITING, batch=MOST_WAITING), run.instrument.zone
        )
        self._resting: dict[int, Resting] = {}
        self._deciding = False

    @property
    def alerts(self) -> dict[int, AlertRow]:
        return self.view.alerts

    def bar_closed(self) -> None:
        """A market event."""
        if len(self.room):
            self.room.moved((self._run.instrument.symbol,))
            self.settle()

    def apply(self, event: ev.AnyEvent) -> None:
        """Every fact of the run, but creations of orders that do not concern it."""
        if not isinstance(event, ev.OrderCreated) or concerns(event.plan):
            self.room.apply(event, self._run.time_ns)

    def settle(self) -> None:
        """Carry out what is due, until nothing is. What happens meanwhile is seen by the same loop."""
        if self._deciding:
            return
        self._deciding = True
        try:
            while self._round():
                pass
        finally:
            self._deciding = False

    def _round(self) -> int:
        """How many facts were due."""
        count = 0
        for count, fact in enumerate(self.room.decide(self._run.time_ns), start=1):  # noqa: B007
            self._carry_out(fact)
        return count

    def _carry_out(self, fact: ev.AnyEvent) -> None:
        run = self._run
        if isinstance(fact, ev.CancelRequested):
            run.cancel(fact.order_id, fact.reason)
        elif isinstance(fact, ev.AlertRaised):
            self._alert(fact)
        elif isinstance(fact, ev.ReplaceRequested):
            run.take_fact(fact)
            self._resize(fact)
        elif isinstance(fact, ev.OrderSent):
            run.take_fact(fact)
            self._begin_trailing(fact.order_id)
            resting = run.place(fact.order_id)
            if resting is not None:
                self._resting[fact.order_id] = resting
        else:
            run.take_fact(fact)  # type: ignore[arg-type]  # a room has no other facts than orders'

    def _begin_trailing(self, order_id: int) -> None:
        """A trailing stop that waited follows from here on, not from where it was thought of."""
        order, last = self._run.book.orders[order_id], self._run.last_price()
        trail = order.intent.trail
        if trail is None or last is None:
            return
        trigger = last + trail if order.intent.side is Side.BUY else last - trail
        if trigger != order.trigger_price:
            self._run.take_fact(ev.TriggerMoved(order_id=order_id, trigger_price=trigger))

    def _resize(self, asked: ev.ReplaceRequested) -> None:
        """The simulated exchange enlarges in place."""
        resting, order = self._resting.get(asked.order_id), self._run.book.orders[asked.order_id]
        if resting is None or asked.quantity is None or not order.status.active:
            self._run.take_fact(ev.ReplaceRejected(order_id=asked.order_id, reason="it is not working"))
            return
        resting.remaining = asked.quantity - order.filled
        self._run.take_fact(ev.OrderReplaced(order_id=asked.order_id, quantity=asked.quantity))

    def _alert(self, raised: ev.AlertRaised) -> None:
        run = self._run
        self.view.alerts[raised.alert_id] = AlertRow(
            alert_id=raised.alert_id,
            time_ns=run.time_ns,
            level=raised.level,
            cause=raised.cause,
            message=raised.message,
            order_id=raised.order_id,
            account_id=raised.account_id,
            symbol=raised.symbol,
        )
        run.emit(raised)
        run.note(LogLevel.ERROR, "orders", raised.message)
        self.room.apply(raised, run.time_ns)

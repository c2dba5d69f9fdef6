"""How well orders were executed: slippage against the arrival price, waits, fees, attempts.

A fold over order facts into rows, and their summary by symbol and venue. Decides nothing. Keeps
the newest finished orders in memory; those dropped still count in the summary.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from decimal import Decimal
from typing import Any

import msgspec

from monitor.engine import events as ev
from monitor.engine.rows import ExecutionRow
from monitor.engine.trading.parts import View
from monitor.engine.values import NS_PER_SECOND, ZERO, ContractKind, Instrument, Side, tidy

MOST_FINISHED = 10_000


def slippage(
    side: Side, instrument: Instrument, arrival: Decimal, average: Decimal, volume: Decimal
) -> Decimal:
    """What the difference to the arrival price cost, in the instrument's currency: positive when
    it cost, negative when the fills were better. An inverse contract pays in the underlying."""
    size = volume * instrument.multiplier
    if instrument.contract is ContractKind.INVERSE:
        worse = 1 / arrival - 1 / average
    elif instrument.contract is ContractKind.QUANTO:
        worse = (average - arrival) * instrument.quanto_rate
    else:
        worse = average - arrival
    return worse * size * (1 if side is Side.BUY else -1)


class ExecutionFigures(msgspec.Struct, frozen=True, kw_only=True):
    """Of some orders that were sent. `slippage` and `commission` are money in `currency`, None
    where currencies are mixed; `slippage_per_lot` is weighted by volume; both look at orders
    whose arrival price is known. `fill_ratio` is volume filled of volume ordered. Waits are
    averages in seconds over the orders that have them, None when none has."""

    orders: int
    filled: int
    attempts: int
    quantity: Decimal
    filled_quantity: Decimal
    fill_ratio: float | None
    currency: str
    slippage: Decimal | None
    slippage_per_lot: Decimal | None
    commission: Decimal | None
    queue_wait_s: float | None
    acknowledged_s: float | None
    first_fill_s: float | None


class ExecutionGroup(msgspec.Struct, frozen=True, kw_only=True):
    symbol: str
    venue: str
    figures: ExecutionFigures


class ExecutionSummary(msgspec.Struct, frozen=True, kw_only=True):
    """Groups by symbol, then venue."""

    total: ExecutionFigures
    groups: tuple[ExecutionGroup, ...]


class _Execution:
    """One order. Fills are kept as they came: money is reckoned when a row is asked for."""

    __slots__ = (
        "acknowledged_ns",
        "arrival",
        "attempt_ns",
        "attempts",
        "fills",
        "intent",
        "ready_ns",
        "sent_ns",
        "updated_ns",
        "venue",
    )

    def __init__(self, intent: ev.OrderCreated, time_ns: int) -> None:
        self.intent = intent
        self.updated_ns = time_ns
        self.ready_ns = time_ns
        self.sent_ns: int | None = None
        self.attempt_ns: int | None = None
        self.acknowledged_ns: int | None = None
        self.arrival: Decimal | None = None
        self.attempts = 0
        self.venue = intent.venue
        self.fills: dict[str, tuple[ev.TradeExecuted, int]] = {}


class ExecutionQuality:
    """A part that only folds. An order has a row from when it was sent first; its waits in the
    queue count from its creation, or from when it was released."""

    def __init__(self, view: View, most_finished: int = MOST_FINISHED) -> None:
        self._view = view
        self._most_finished = most_finished
        self._executions: dict[int, _Execution] = {}
        self._changed: dict[int, None] = {}
        self._finished: dict[int, None] = {}
        self._dropped: dict[tuple[str, str], _Sums] = {}
        self._handlers: dict[type, Callable[[_Execution, Any, int], None]] = {
            ev.OrderReleased: _released,
            ev.OrderSent: _sent,
            ev.OrderPlaced: _acknowledged,
            ev.OrderReported: _acknowledged,
            ev.OrderTriggered: _acknowledged,
            ev.TradeExecuted: _filled,
            ev.FillCorrected: _corrected,
            ev.OrderReplaced: _touched,
            ev.OrderDone: _touched,
            ev.OrderCanceled: _touched,
            ev.OrderRejected: _touched,
            ev.OrderExpired: _touched,
            ev.OrderReopened: _touched,
        }

    # Part --------------------------------------------------------------------------------------
    @property
    def kinds(self) -> Collection[type]:
        return {*self._handlers, ev.OrderCreated, ev.OrdersMerged}

    def apply(self, event: ev.AnyEvent, time_ns: int) -> None:
        """The book takes each fact before this does."""
        handler = self._handlers.get(type(event))
        if handler is not None:
            self._take(handler, event, time_ns)
        elif isinstance(event, ev.OrderCreated):
            self._executions[event.order_id] = _Execution(event, time_ns)
        elif isinstance(event, ev.OrdersMerged):
            self._merge(event, time_ns)

    def decide(self, now_ns: int) -> Iterable[ev.AnyEvent]:
        return ()

    def due_ns(self) -> int | None:
        return None

    # Rows --------------------------------------------------------------------------------------
    def rows_changed(self) -> list[ExecutionRow]:
        """Of orders that were heard of since the last call."""
        changed, self._changed = self._changed, {}
        return [self._row(order_id) for order_id in changed if order_id in self._executions]

    def all_rows(self) -> list[ExecutionRow]:
        """Of working orders and of the newest finished ones."""
        return [self._row(i) for i, execution in self._executions.items() if execution.sent_ns is not None]

    def summary(self) -> ExecutionSummary:
        """Over all orders of the session, those dropped from memory included."""
        groups = {key: sums.copy() for key, sums in self._dropped.items()}
        for row in self.all_rows():
            groups.setdefault((row.symbol, row.venue), _Sums(self._currency(row.symbol))).add(row)
        total = _Sums("")
        for number, sums in enumerate(groups.values()):
            total.currency = sums.currency if not number or sums.currency == total.currency else ""
            total.absorb(sums)
        return ExecutionSummary(
            total=total.figures(),
            groups=tuple(
                ExecutionGroup(symbol=symbol, venue=venue, figures=sums.figures())
                for (symbol, venue), sums in sorted(groups.items())
            ),
        )

    def __len__(self) -> int:
        """Orders in memory."""
        return len(self._executions)

    # Folding -----------------------------------------------------------------------------------
    def _take(self, handler: Callable[[_Execution, Any, int], None], event: Any, time_ns: int) -> None:
        order_id: int = event.order_id
        execution = self._executions.get(order_id)
        if execution is None:
            return
        handler(execution, event, time_ns)
        if execution.sent_ns is not None:
            self._changed[order_id] = None
            execution.updated_ns = time_ns
        if order_id in self._view.book.active:
            self._finished.pop(order_id, None)
        elif order_id not in self._finished:
            self._finish(order_id)

    def _finish(self, order_id: int) -> None:
        self._finished[order_id] = None
        if self._executions[order_id].sent_ns is None:
            self._forget(order_id)  # it never left: there is nothing to tell
        elif len(self._finished) > self._most_finished:
            oldest = next(iter(self._finished))
            row = self._row(oldest)
            self._dropped.setdefault((row.symbol, row.venue), _Sums(self._currency(row.symbol))).add(row)
            self._forget(oldest)

    def _merge(self, event: ev.OrdersMerged, time_ns: int) -> None:
        """The orphan was this order: its fills are."""
        orphan, execution = self._executions.get(event.orphan_id), self._executions.get(event.order_id)
        self._forget(event.orphan_id)
        if orphan is not None and execution is not None:
            execution.fills = {**orphan.fills, **execution.fills}
            self._take(_acknowledged, event, time_ns)

    def _forget(self, order_id: int) -> None:
        self._executions.pop(order_id, None)
        self._finished.pop(order_id, None)

    # Reckoning ---------------------------------------------------------------------------------
    def _currency(self, symbol: str) -> str:
        instrument = self._view.instrument(symbol)
        return instrument.currency if instrument is not None else ""

    def _row(self, order_id: int) -> ExecutionRow:
        execution, order = self._executions[order_id], self._view.book.orders.get(order_id)
        intent, fills = execution.intent, [fill for fill, _ in execution.fills.values()]
        volume = sum((fill.volume for fill in fills), ZERO)
        average = sum((fill.price * fill.volume for fill in fills), ZERO) / volume if volume else None
        times = [time_ns for _, time_ns in execution.fills.values()]
        sent = execution.sent_ns
        return ExecutionRow(
            order_id=order_id,
            account_id=intent.account_id,
            symbol=intent.symbol,
            side=intent.side,
            quantity=order.target if order is not None else intent.quantity,
            filled_quantity=volume,
            arrival_price=execution.arrival,
            average_price=average,
            slippage=self._slippage(execution, average, volume),
            commission=tidy(sum((fill.commission for fill in fills if not fill.fee_currency), ZERO)),
            attempts=execution.attempts,
            venue=execution.venue,
            queue_wait_s=_seconds(execution.ready_ns, sent),
            acknowledged_s=_seconds(execution.attempt_ns, execution.acknowledged_ns),
            first_fill_s=_seconds(sent, min(times, default=None)),
            last_fill_s=_seconds(sent, max(times, default=None)),
            updated_ns=execution.updated_ns,
        )

    def _slippage(self, execution: _Execution, average: Decimal | None, volume: Decimal) -> Decimal | None:
        intent, instrument = execution.intent, self._view.instrument(execution.intent.symbol)
        if average is None or not average or not execution.arrival or instrument is None:
            return None
        return tidy(slippage(intent.side, instrument, execution.arrival, average, volume))


def _released(execution: _Execution, _: ev.OrderReleased, time_ns: int) -> None:
    if execution.sent_ns is None:
        execution.ready_ns = time_ns


def _sent(execution: _Execution, event: ev.OrderSent, time_ns: int) -> None:
    """Arrival and the waits for fills count from the first attempt, as retries are part of the cost;
    the wait for the acknowledgement counts from the attempt that got it."""
    execution.attempts += 1
    if execution.acknowledged_ns is None:
        execution.attempt_ns = time_ns
    execution.venue = event.venue or execution.venue
    if execution.sent_ns is None:
        execution.sent_ns = time_ns
        execution.arrival = event.arrival


def _acknowledged(execution: _Execution, _: ev.AnyEvent, time_ns: int) -> None:
    if execution.acknowledged_ns is None:
        execution.acknowledged_ns = time_ns


def _filled(execution: _Execution, event: ev.TradeExecuted, time_ns: int) -> None:
    execution.fills.setdefault(event.venue_trade_id, (event, time_ns))
    if execution.acknowledged_ns is None:
        execution.acknowledged_ns = time_ns


def _corrected(execution: _Execution, event: ev.FillCorrected, _: int) -> None:
    execution.fills.pop(event.venue_trade_id, None)


def _touched(_execution: _Execution, _event: ev.AnyEvent, _: int) -> None:
    """Its row is told again: it may have ended."""


def _seconds(start_ns: int | None, end_ns: int | None) -> float | None:
    return (end_ns - start_ns) / NS_PER_SECOND if start_ns is not None and end_ns is not None else None


_WAITS = ("queue_wait_s", "acknowledged_s", "first_fill_s")


class _Sums:
    """Sums from which the figures of a group follow."""

    def __init__(self, currency: str) -> None:
        self.currency = currency
        self.orders = self.filled = self.attempts = 0
        self.quantity = self.filled_quantity = self.commission = self.slippage = self.slipped = ZERO
        self.waits = dict.fromkeys(_WAITS, 0.0)
        self.waited = dict.fromkeys(_WAITS, 0)

    def add(self, row: ExecutionRow) -> None:
        self.orders += 1
        self.filled += row.filled_quantity >= row.quantity
        self.attempts += row.attempts
        self.quantity += row.quantity
        self.filled_quantity += row.filled_quantity
        self.commission += row.commission
        if row.slippage is not None:
            self.slippage += row.slippage
            self.slipped += row.filled_quantity
        for name in _WAITS:
            wait = getattr(row, name)
            if wait is not None:
                self.waits[name] += wait
                self.waited[name] += 1

    def absorb(self, other: _Sums) -> None:
        for name in ("orders", "filled", "attempts", "quantity", "filled_quantity"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name in ("commission", "slippage", "slipped"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name in _WAITS:
            self.waits[name] += other.waits[name]
            self.waited[name] += other.waited[name]

    def copy(self) -> _Sums:
        twin = _Sums(self.currency)
        twin.absorb(self)
        return twin

    def figures(self) -> ExecutionFigures:
        money = bool(self.currency)
        averages = {
            name: self.waits[name] / self.waited[name] if self.waited[name] else None for name in _WAITS
        }
        per_lot = tidy(self.slippage / self.slipped) if money and self.slipped else None
        return ExecutionFigures(
            orders=self.orders,
            filled=self.filled,
            attempts=self.attempts,
            quantity=self.quantity,
            filled_quantity=self.filled_quantity,
            fill_ratio=float(self.filled_quantity / self.quantity) if self.quantity else None,
            currency=self.currency,
            slippage=tidy(self.slippage) if money and self.slipped else None,
            slippage_per_lot=per_lot,
            commission=tidy(self.commission) if money else None,
            **averages,
        )

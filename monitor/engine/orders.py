"""Orders as evidence: facts that only grow, and a status that is a pure function of them.

Arrival order cannot matter and a duplicate is a no-op (order model, 1.4). Owns nothing about
money, positions or venues; `states.TABLE` says which arrivals are anomalies.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from monitor.engine import events as ev
from monitor.engine.rows import OrderRow
from monitor.engine.states import TABLE, Arrival
from monitor.engine.values import ZERO, InnerState, OrderStatus

_RANK = {ev.OrderRejected: 1, ev.OrderExpired: 2, ev.OrderCanceled: 3}
_VERDICT_STATUS = {
    ev.OrderRejected: OrderStatus.REJECTED,
    ev.OrderExpired: OrderStatus.EXPIRED,
    ev.OrderCanceled: OrderStatus.CANCELED,
}


_NO_FILLS: dict[str, tuple[Decimal, Decimal]] = {}  # shared by all orders not filled yet, never written


class Order:
    """Everything known about one order. Changed only by `Book.apply`."""

    __slots__ = (
        "cancel_pending",
        "created_ns",
        "executed_ns",
        "filled",
        "fills",
        "intent",
        "notional",
        "placed",
        "reason",
        "status",
        "trigger_price",
        "triggered",
        "updated_ns",
        "venue_order_id",
        "venue_total",
        "verdict",
    )

    def __init__(self, intent: ev.OrderCreated, time_ns: int) -> None:
        self.intent = intent
        self.trigger_price = intent.trigger_price
        self.created_ns = time_ns
        self.updated_ns = time_ns
        self.executed_ns: int | None = None
        self.placed = False
        self.triggered = False
        self.cancel_pending = False
        self.venue_order_id = ""
        self.fills: dict[str, tuple[Decimal, Decimal]] = _NO_FILLS
        self.filled = ZERO
        self.notional = ZERO
        self.verdict: type[ev.Verdict] | None = None
        self.venue_total = ZERO
        self.reason = ""
        self.status = OrderStatus.CREATED

    @property
    def order_id(self) -> int:
        return self.intent.order_id

    @property
    def remaining(self) -> Decimal:
        return max(ZERO, self.intent.quantity - self.filled)

    @property
    def fills_missing(self) -> bool:
        """The venue said that more was filled than we have heard of."""
        return self.filled < min(self.venue_total, self.intent.quantity)

    def derive_status(self) -> OrderStatus:
        """The status that this evidence means, whatever the order it came in."""
        if self.filled and self.filled >= self.intent.quantity:  # an order of 0 is refused, not done
            return OrderStatus.FILLED
        if self.verdict is not None and not self.fills_missing:
            if self.verdict is ev.OrderRejected and self.filled:
                return OrderStatus.CANCELED  # the rest was refused: what was filled stays
            return _VERDICT_STATUS[self.verdict]
        if self.filled or self.fills_missing:
            return OrderStatus.PARTIAL
        return OrderStatus.PLACED if self.placed else OrderStatus.CREATED

    @property
    def inner_state(self) -> InnerState | None:
        if not self.status.active:
            return None
        if self.fills_missing:
            return InnerState.UNKNOWN
        if self.cancel_pending:
            return InnerState.CANCEL_IN_FLIGHT
        return None  # nothing leaves for a venue yet: a fresh order simply waits for the next bar

    def row(self) -> OrderRow:
        intent = self.intent
        return OrderRow(
            order_id=intent.order_id,
            strategy_id=intent.strategy_id,
            account_id=intent.account_id,
            symbol=intent.symbol,
            side=intent.side,
            offset=intent.offset,
            type=intent.type,
            time_in_force=intent.time_in_force,
            quantity=intent.quantity,
            price=intent.price,
            trigger_price=self.trigger_price,
            filled_quantity=self.filled,
            average_price=self.notional / self.filled if self.filled else None,
            status=self.status,
            inner_state=self.inner_state,
            reduce_only=intent.reduce_only,
            origin=intent.origin,
            created_ns=self.created_ns,
            updated_ns=self.updated_ns,
            executed_ns=self.executed_ns,
            reason=self.reason,
            venue_order_id=self.venue_order_id,
        )


def classify(order: Order, event: ev.OrderEvent) -> Arrival:
    """What an event is to this order, given what is known of it before."""
    plain = _PLAIN_ARRIVALS.get(type(event))
    if plain is not None:
        return plain
    if isinstance(event, ev.TradeExecuted):
        return _classify_fill(order, event)
    assert isinstance(event, VERDICTS)
    return _classify_verdict(order, event)


VERDICTS = (ev.OrderCanceled, ev.OrderRejected, ev.OrderExpired)
_PLAIN_ARRIVALS: dict[type, Arrival] = {
    ev.OrderPlaced: Arrival.PLACED,
    ev.OrderTriggered: Arrival.TRIGGERED,
    ev.TriggerMoved: Arrival.TRIGGERED,
    ev.CancelRequested: Arrival.CANCEL_REQUESTED,
    ev.CancelRejected: Arrival.CANCEL_REJECTED,
}


def _classify_fill(order: Order, fill: ev.TradeExecuted) -> Arrival:
    known = order.fills.get(fill.venue_trade_id)
    if known is not None:
        return Arrival.FILL_AGAIN if known == (fill.price, fill.volume) else Arrival.FILL_CONFLICT
    total = order.filled + fill.volume
    if total < order.intent.quantity:
        if order.fills_missing and order.verdict is not None and total >= order.venue_total:
            expired = order.verdict is ev.OrderExpired
            return Arrival.FILL_BEFORE_EXPIRED if expired else Arrival.FILL_BEFORE_CANCELED
        return Arrival.FILL_PART
    return Arrival.FILL_ALL if total == order.intent.quantity else Arrival.FILL_OVER


def _classify_verdict(order: Order, verdict: ev.Verdict) -> Arrival:
    total = max(order.venue_total, verdict.cumulative or ZERO)
    if order.filled < min(total, order.intent.quantity):
        return Arrival.CANCELED_BEFORE_FILLS
    if isinstance(verdict, ev.OrderCanceled):
        return Arrival.CANCELED
    if isinstance(verdict, ev.OrderRejected):
        return Arrival.REJECTED
    rejected = order.verdict is ev.OrderRejected
    return Arrival.EXPIRED_AFTER_REJECTED if rejected else Arrival.EXPIRED


class Book:
    """All orders of a run, the active ones apart."""

    def __init__(self) -> None:
        self.orders: dict[int, Order] = {}
        self.active: dict[int, Order] = {}

    def apply(self, event: ev.OrderEvent, time_ns: int) -> str:
        """Merge one fact. Returns a sentence when it was an anomaly, else "".

        Raises ValueError for an id that was created twice; KeyError for one never created
        (adopting a venue's unknown orders belongs to the gateway, before the book).
        """
        if isinstance(event, ev.OrderCreated):
            return self._create(event, time_ns)
        order = self.orders[event.order_id]
        arrival = classify(order, event)
        expected = TABLE[order.status][arrival]
        _MERGE[type(event)](order, event, time_ns)
        if arrival not in _WITHOUT_TRACE:
            order.updated_ns = time_ns
        self._file(order)
        return f"order {order.order_id}: {expected.anomaly}" if expected.anomaly else ""

    def is_new_fill(self, fill: ev.TradeExecuted) -> bool:
        """Whether the ledger must post it: it is neither a duplicate nor in conflict."""
        return fill.venue_trade_id not in self.orders[fill.order_id].fills

    def _create(self, event: ev.OrderCreated, time_ns: int) -> str:
        if event.order_id in self.orders:
            raise ValueError(f"order {event.order_id} was created twice")
        self.orders[event.order_id] = self.active[event.order_id] = Order(event, time_ns)
        return ""

    def _file(self, order: Order) -> None:
        order.status = order.derive_status()
        if order.status.active:
            self.active[order.order_id] = order
        else:
            order.cancel_pending = False
            self.active.pop(order.order_id, None)


_WITHOUT_TRACE = frozenset({Arrival.FILL_AGAIN, Arrival.FILL_CONFLICT})


def _merge_placed(order: Order, event: ev.OrderPlaced, _: int) -> None:
    order.placed = True
    order.venue_order_id = event.venue_order_id or order.venue_order_id


def _merge_triggered(order: Order, _event: ev.OrderTriggered, _: int) -> None:
    order.placed = order.triggered = True


def _merge_trigger_moved(order: Order, event: ev.TriggerMoved, _: int) -> None:
    order.placed = True
    order.trigger_price = event.trigger_price


def _merge_fill(order: Order, fill: ev.TradeExecuted, time_ns: int) -> None:
    if fill.venue_trade_id in order.fills:
        return
    if order.fills is _NO_FILLS:
        order.fills = {}
    order.fills[fill.venue_trade_id] = (fill.price, fill.volume)
    order.filled += fill.volume
    order.notional += fill.price * fill.volume
    order.executed_ns = max(time_ns, order.executed_ns or time_ns)


def _merge_verdict(order: Order, verdict: ev.Verdict, _: int) -> None:
    known = _RANK[order.verdict] if order.verdict else 0
    if _RANK[type(verdict)] > known:
        order.verdict = type(verdict)
        order.reason = verdict.reason
    order.venue_total = max(order.venue_total, verdict.cumulative or ZERO)
    order.cancel_pending = False


def _merge_cancel_requested(order: Order, event: ev.CancelRequested, _: int) -> None:
    order.cancel_pending = order.verdict is None


def _merge_cancel_rejected(order: Order, _event: ev.CancelRejected, _: int) -> None:
    order.cancel_pending = False


_MERGE: dict[type, Callable[..., None]] = {
    ev.OrderPlaced: _merge_placed,
    ev.OrderTriggered: _merge_triggered,
    ev.TriggerMoved: _merge_trigger_moved,
    ev.TradeExecuted: _merge_fill,
    ev.OrderCanceled: _merge_verdict,
    ev.OrderRejected: _merge_verdict,
    ev.OrderExpired: _merge_verdict,
    ev.CancelRequested: _merge_cancel_requested,
    ev.CancelRejected: _merge_cancel_rejected,
}

"""All orders of a run as a fold over facts: how each fact becomes evidence.

Facts only grow: arrival order cannot matter and a duplicate is a no-op (order model, 1.4). Owns
nothing about money, positions or venues; `states.TABLE` says which arrivals are anomalies.
"""

from __future__ import annotations

from collections.abc import Callable

from monitor.engine import events as ev
from monitor.engine.evidence import PLAIN, UNSENT, Order as Order, outweighs
from monitor.engine.merging import MERGE, absorb, is_inferred
from monitor.engine.states import TABLE, Arrival
from monitor.engine.values import ACTIVE_STATUSES, OrderStatus

# Bound once: to look a member up in its class is slow, and these are asked for per message.
_LEGS, _PLACED, _REPORTED, _FILL_ALL, _FILL_PART = (
    Arrival.LEGS,
    Arrival.PLACED,
    Arrival.REPORTED,
    Arrival.FILL_ALL,
    Arrival.FILL_PART,
)
_FILLED = OrderStatus.FILLED


class Book:
    """All orders of a run, the active ones apart."""

    def __init__(self) -> None:
        self.orders: dict[int, Order] = {}
        self.active: dict[int, Order] = {}

    def apply(self, event: ev.OrderEvent, time_ns: int) -> str:
        """Merge one fact. Returns a sentence when it was an anomaly, else "".

        Raises ValueError for an id that was created twice; KeyError for one never created
        (adopting a venue's unknown orders belongs to the tracker, before the book).
        """
        kind = type(event)
        way = _WAYS.get(kind)
        if way is None:
            return self._apply_whole(event, time_ns)
        order = self.orders[event.order_id]
        arrival, rule, merge = way
        if rule is not None:
            arrival = rule(order, event)
        before = order.status
        anomaly = _ANOMALIES[before].get(arrival)
        if order.step in UNSENT and kind in VENUE_WORDS and _unasked(order, kind):
            order.open_dossier().conflict = True
            anomaly = "at the venue although it was not sent"
        merge(order, event, time_ns)
        if arrival not in _WITHOUT_TRACE:
            order.updated_ns = time_ns
        if order.dossier is not PLAIN:
            _reconsider(order, kind)
        status = order.status = order.derive_status()
        if status is not before:
            self._file(order, status)
        return f"order {event.order_id}: {anomaly}" if anomaly else ""

    def is_new_fill(self, fill: ev.TradeExecuted) -> bool:
        """Whether the ledger must post it: it is neither a duplicate nor in conflict nor void."""
        order = self.orders[fill.order_id]
        return fill.venue_trade_id not in order.fills and fill.venue_trade_id not in order.dossier.void

    def _apply_whole(self, event: ev.OrderEvent, time_ns: int) -> str:
        """What is about more than the evidence of one order."""
        if isinstance(event, ev.OrderCreated):
            return self._create(event, time_ns)
        assert isinstance(event, ev.OrdersMerged)
        order, orphan = self.orders[event.order_id], self.orders[event.orphan_id]
        absorb(order, orphan)
        for changed in (order, orphan):
            changed.updated_ns = time_ns
            changed.weigh()
            changed.status = changed.derive_status()
            self._file(changed, changed.status)
        return ""

    def _create(self, event: ev.OrderCreated, time_ns: int) -> str:
        if event.order_id in self.orders:
            raise ValueError(f"order {event.order_id} was created twice")
        self.orders[event.order_id] = self.active[event.order_id] = Order(event, time_ns)
        return ""

    def _file(self, order: Order, status: OrderStatus) -> None:
        if status in ACTIVE_STATUSES:
            self.active[order.order_id] = order
        else:
            order.cancel_pending = False
            self.active.pop(order.order_id, None)


def _reconsider(order: Order, kind: type) -> None:
    if kind in VENUE_WORDS:  # presence beats absence, and whatever got lost
        order.dossier.lost_ns = order.dossier.absences = None
    order.weigh()


def _unasked(order: Order, kind: type) -> bool:
    """A venue has an order that we did not send. A final word is not that: our own end of a waiting order
    is one too."""
    return not order.placed and kind not in _VERDICT_ARRIVAL


# What an event is to an order -----------------------------------------------------------------
VERDICTS = (ev.OrderCanceled, ev.OrderRejected, ev.OrderExpired, ev.OrderDone)
VENUE_WORDS: frozenset[type] = frozenset(
    {ev.OrderPlaced, ev.OrderTriggered, ev.OrderReported, ev.TradeExecuted, ev.OrderReplaced, *VERDICTS}
)
_WITHOUT_TRACE = frozenset({Arrival.FILL_AGAIN, Arrival.FILL_CONFLICT})
_MISSED: dict[type, Arrival] = {ev.OrderExpired: Arrival.FILL_BEFORE_EXPIRED}
_VERDICT_ARRIVAL: dict[type, Arrival] = {
    ev.OrderCanceled: Arrival.CANCELED,
    ev.OrderRejected: Arrival.REJECTED,
    ev.OrderExpired: Arrival.EXPIRED,
    ev.OrderDone: Arrival.DONE,
}


def classify(order: Order, event: ev.OrderEvent) -> Arrival:
    """What an event is to this order, given what is known of it before."""
    rule = _RULES[type(event)]
    return rule(order, event) if callable(rule) else rule


def _classify_placed(order: Order, event: ev.OrderPlaced) -> Arrival:
    return _LEGS if _of_legs(order, event.venue_order_id) else _PLACED


def _classify_moved(order: Order, _: ev.TriggerMoved) -> Arrival:
    """The trigger of an order that is watched here is our own step."""
    return Arrival.INTENT if order.step in UNSENT else Arrival.TRIGGERED


def _classify_reported(order: Order, event: ev.OrderReported) -> Arrival:
    if event.quantity is not None or event.price is not None or event.trigger_price is not None:
        return _LEGS
    if _of_legs(order, event.venue_order_id):
        return _LEGS
    total = event.cumulative
    if total is not None and order.filled < total and order.filled < order.target:
        return Arrival.REPORTED_FILLS
    return _REPORTED


def _classify_fill(order: Order, fill: ev.TradeExecuted) -> Arrival:
    known = order.fills.get(fill.venue_trade_id)
    if known is not None:
        same = known.price == fill.price and known.volume == fill.volume
        return Arrival.FILL_AGAIN if same else Arrival.FILL_CONFLICT
    target, vid = order.target, fill.venue_order_id
    plain = order.dossier is PLAIN and (not vid or vid == order.venue_order_id)
    if not plain and (_of_legs(order, vid) or fill.venue_trade_id in order.dossier.void):
        return _LEGS
    if not target or fill.provisional:
        return _LEGS
    total = order.filled + fill.volume
    if total > target:
        return Arrival.FILL_OVER
    if total == target:
        return _FILL_ALL
    told = order.venue_total
    if order.verdict is not None and order.fills_missing and (told is None or total >= told):
        return _MISSED.get(type(order.verdict), Arrival.FILL_BEFORE_CANCELED)
    return _FILL_PART


def _of_legs(order: Order, venue_order_id: str) -> bool:
    """Whether what is said under this id has to be weighed against other ids, or an inference."""
    known = order.venue_order_id
    if venue_order_id and known and known != venue_order_id:
        return True
    dossier = order.dossier
    if dossier is PLAIN:
        return False
    named = len(dossier.legs) - ("" in dossier.legs)
    return bool(named > 1 or dossier.links or dossier.asked or dossier.inferred is not None)


def _classify_verdict(order: Order, verdict: ev.Verdict) -> Arrival:
    vid = verdict.venue_order_id
    plain = order.dossier is PLAIN and (not vid or vid == order.venue_order_id)
    if is_inferred(verdict) or (not plain and _of_legs(order, vid)):
        return _LEGS
    total, told = verdict.cumulative, order.venue_total
    if total is None or (told is not None and told > total):
        total = told
    wins = order.verdict is None or outweighs(verdict, order.verdict)
    filled, target = order.filled, order.target
    if total is None:
        missing = not filled and type(verdict if wins else order.verdict) is ev.OrderDone
    else:
        missing = filled < total and (filled < target or not target)
    if missing:
        return Arrival.CANCELED_BEFORE_FILLS
    return _classify_end(order, verdict, wins)


def _classify_end(order: Order, verdict: ev.Verdict, wins: bool) -> Arrival:
    rejected = isinstance(verdict, ev.OrderRejected)
    if not order.target:
        return _LEGS
    if not wins and not (rejected and order.status is _FILLED):
        return Arrival.DONE if order.fills_missing else Arrival.LESSER_WORD
    if rejected and order.filled:
        return Arrival.REJECTED_REST
    return _VERDICT_ARRIVAL[type(verdict)]


_RULES: dict[type, Arrival | Callable[..., Arrival]] = {
    ev.OrderReleased: Arrival.INTENT,
    ev.OrderSent: Arrival.INTENT,
    ev.OrderRefused: Arrival.REFUSED,
    ev.OrderLost: Arrival.LOST,
    ev.OrderAbsent: Arrival.ABSENT,
    ev.OrderQueued: Arrival.INTENT,
    ev.OrderHandedOver: Arrival.INTENT,
    ev.OrderTakenBack: Arrival.INTENT,
    ev.ConditionFailed: Arrival.INTENT,
    ev.ConditionLatched: Arrival.INTENT,
    ev.OrderReported: _classify_reported,
    ev.OrderDone: _classify_verdict,
    ev.ReplaceRequested: Arrival.LEGS,
    ev.OrderReplaced: Arrival.LEGS,
    ev.ReplaceRejected: Arrival.LEGS,
    ev.FillCorrected: Arrival.LEGS,
    ev.OrderReopened: Arrival.LEGS,
    ev.OrderPlaced: _classify_placed,
    ev.OrderTriggered: Arrival.TRIGGERED,
    ev.TriggerMoved: _classify_moved,
    ev.TradeExecuted: _classify_fill,
    ev.CancelRequested: Arrival.CANCEL_REQUESTED,
    ev.CancelRejected: Arrival.CANCEL_REJECTED,
    ev.OrderCanceled: _classify_verdict,
    ev.OrderRejected: _classify_verdict,
    ev.OrderExpired: _classify_verdict,
}

# Looked up per fact: what it is, or the rule that says so; how it is merged; what is anomalous about it.
_WAYS: dict[type, tuple[Arrival, Callable[..., Arrival] | None, Callable[..., None]]] = {
    kind: (rule, None, MERGE[kind]) if isinstance(rule, Arrival) else (Arrival.LEGS, rule, MERGE[kind])
    for kind, rule in _RULES.items()
}
_ANOMALIES = {
    status: {arrival: outcome.anomaly for arrival, outcome in row.items() if outcome.anomaly}
    for status, row in TABLE.items()
}

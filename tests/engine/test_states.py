"""The state table against the evidence: every status brought about by real events, every arrival."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, strategies as st
from venue_words import (
    book,
    cancel_rejected,
    cancel_requested,
    canceled,
    expired,
    fill,
    order,
    placed,
    rejected,
    triggered,
)

from monitor.engine import events as ev
from monitor.engine.orders import classify
from monitor.engine.states import TABLE, Arrival
from monitor.engine.values import OrderFlag, OrderStatus

OUR_STEPS: tuple[ev.OrderEvent, ...] = (
    ev.OrderReleased(order_id=1),
    ev.OrderSent(order_id=1),
    ev.OrderQueued(order_id=1, not_before_ns=5),
    ev.OrderHandedOver(order_id=1, reason="refused"),
    ev.OrderTakenBack(order_id=1),
    ev.ConditionFailed(order_id=1, condition="last >= 1", error="no price"),
    ev.ConditionLatched(order_id=1, index=0),
)
LOST = ev.OrderLost(order_id=1, reason="time-out")


def done(total: int | None = None) -> ev.OrderDone:
    return ev.OrderDone(order_id=1, cumulative=None if total is None else Decimal(total))


# Ways in which an order of ten lots gets into a status; the last words of each differ in what
# is known besides the status.
WAYS: dict[str, tuple[OrderStatus, tuple[ev.OrderEvent, ...]]] = {
    "new": (OrderStatus.CREATED, ()),
    "new, being canceled": (OrderStatus.CREATED, (cancel_requested(),)),
    "resting": (OrderStatus.PLACED, (placed(),)),
    "triggered": (OrderStatus.PLACED, (placed(), triggered())),
    "partly filled": (OrderStatus.PARTIAL, (placed(), fill("a", 4))),
    "filled before it was placed": (OrderStatus.PARTIAL, (fill("a", 4),)),
    "canceled, a fill missing": (OrderStatus.PARTIAL, (placed(), fill("a", 4), canceled(6))),
    "expired, a fill missing": (OrderStatus.PARTIAL, (placed(), fill("a", 4), expired(6))),
    "rejected, a fill missing": (OrderStatus.PARTIAL, (placed(), fill("a", 4), rejected(6))),
    "filled": (OrderStatus.FILLED, (placed(), fill("a", 4), fill("b", 6))),
    "filled, then canceled": (OrderStatus.FILLED, (fill("a", 4), fill("b", 6), canceled(10))),
    "filled, then rejected": (OrderStatus.FILLED, (fill("a", 4), fill("b", 6), rejected())),
    "overfilled": (OrderStatus.FILLED, (fill("a", 4), fill("b", 9))),
    "canceled": (OrderStatus.CANCELED, (placed(), canceled(0))),
    "canceled after a part": (OrderStatus.CANCELED, (placed(), fill("a", 4), canceled(4))),
    "the rest rejected": (OrderStatus.CANCELED, (placed(), fill("a", 4), rejected(4))),
    "expired": (OrderStatus.EXPIRED, (placed(), expired(0))),
    "expired after a part": (OrderStatus.EXPIRED, (placed(), fill("a", 4), expired())),
    "rejected and expired": (OrderStatus.EXPIRED, (rejected(), expired())),
    "rejected": (OrderStatus.REJECTED, (rejected(0),)),
    "rejected after it was placed": (OrderStatus.REJECTED, (placed(), rejected())),
    "filled in the venue's word, no fill known": (OrderStatus.PARTIAL, (done(),)),
    "underfilled": (OrderStatus.CANCELED, (placed(), fill("a", 4), done(4))),
    "lost on its way": (OrderStatus.CREATED, (LOST,)),
    "two fills under one id": (OrderStatus.PARTIAL, (fill("a", 4), fill("a", 3))),
}

ARRIVALS: tuple[ev.OrderEvent, ...] = (
    placed(),
    triggered(),
    ev.TriggerMoved(order_id=1, trigger_price=Decimal(101)),
    *(fill("new", volume) for volume in (1, 2, 6, 8, 10, 11)),
    fill("a", 4),
    fill("a", 5),
    cancel_requested(),
    cancel_rejected(),
    *OUR_STEPS,
    LOST,
    ev.OrderRefused(order_id=1, reason="too many requests"),
    ev.OrderAbsent(order_id=1, polled_ns=1),
    *(ev.OrderReported(order_id=1, cumulative=total) for total in (None, Decimal(4), Decimal(8))),
    ev.OrderReported(order_id=1, price=Decimal(99)),
    ev.ReplaceRequested(order_id=1, quantity=Decimal(5)),
    ev.OrderReplaced(order_id=1, venue_order_id="S2", predecessor="S1", quantity=Decimal(5)),
    ev.OrderPlaced(order_id=1, venue_order_id="S2"),
    ev.OrderCanceled(order_id=1, reason="not found", provisional=True),
    *(kind(order_id=1, venue_ns=9) for kind in (ev.OrderCanceled, ev.OrderRejected, ev.OrderExpired)),
    *(word(total) for word in (canceled, rejected, expired, done) for total in (None, 0, 4, 6, 8, 10, 12)),
)


def test_the_table_is_total() -> None:
    assert {status: set(row) for status, row in TABLE.items()} == {
        status: set(Arrival) for status in OrderStatus
    }


@pytest.mark.parametrize("way", WAYS)
def test_every_way_leads_to_its_status(way: str) -> None:
    status, heard = WAYS[way]
    assert order(*heard).status is status


@pytest.mark.parametrize("arrival", ARRIVALS, ids=str)
@pytest.mark.parametrize("way", WAYS)
def test_the_evidence_does_what_the_table_says(way: str, arrival: ev.OrderEvent) -> None:
    status, heard = WAYS[way]
    found = book(*heard)
    kind = classify(found.orders[1], arrival)
    says = found.apply(arrival, 99)
    outcome = TABLE[status][kind]
    assert outcome.or_any or found.orders[1].status is outcome.status, kind
    assert bool(says) == bool(TABLE[status][kind].anomaly), says
    assert says == "" or says.startswith("order 1: ")


# Cells that no sequence of words can reach: the classification looks at the same evidence.
_C, _P, _R, _F = OrderStatus.CREATED, OrderStatus.PLACED, OrderStatus.REJECTED, OrderStatus.FILLED
_UNFILLED = (_C, _P, _R)
IMPOSSIBLE = {
    *((status, Arrival.FILL_AGAIN) for status in _UNFILLED),
    *((status, Arrival.FILL_CONFLICT) for status in _UNFILLED),
    *((status, Arrival.REJECTED_REST) for status in _UNFILLED),
    *((status, Arrival.LESSER_WORD) for status in (_C, _P, OrderStatus.PARTIAL)),
    (_F, Arrival.FILL_PART),
    (_F, Arrival.FILL_ALL),
    (_F, Arrival.REJECTED),
    (_F, Arrival.REPORTED_FILLS),
    (_F, Arrival.CANCELED_BEFORE_FILLS),
    *(
        (status, missing)
        for status in OrderStatus
        if status is not OrderStatus.PARTIAL
        for missing in (Arrival.FILL_BEFORE_CANCELED, Arrival.FILL_BEFORE_EXPIRED)
    ),
}


def test_every_cell_that_can_be_reached_is_reached() -> None:
    reached = {
        (status, classify(order(*heard), word)) for status, heard in WAYS.values() for word in ARRIVALS
    }
    everything = {(status, arrival) for status in OrderStatus for arrival in Arrival}
    assert everything - reached == IMPOSSIBLE


def test_a_venue_that_has_what_was_not_sent_is_told_of() -> None:
    found = book(ev.OrderReleased(order_id=1))
    assert "was not sent" in found.apply(placed(), 2)
    assert OrderFlag.CONFLICT in found.orders[1].flags


@given(st.lists(st.sampled_from(ARRIVALS), max_size=12))
def test_no_sequence_of_words_contradicts_the_table(heard: list[ev.OrderEvent]) -> None:
    found = book()
    for event in heard:
        before = found.orders[1].status
        expected = TABLE[before][classify(found.orders[1], event)]
        says = found.apply(event, 1)
        assert expected.or_any or found.orders[1].status is expected.status
        assert bool(says) == bool(expected.anomaly) or says.endswith("it was not sent")
        assert (1 in found.active) is found.orders[1].status.active

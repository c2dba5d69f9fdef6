"""The order state table: what each arrival does to an order in each status. Total, as data.

The status itself is a pure function of an order's evidence (`orders.py`), so the order of
arrival cannot matter; this table says which arrivals are expected, which change nothing and
which are anomalies that somebody must be told of. A test holds both against each other.
Source: table (a) of the order model. Its HELD, QUEUED, SENDING and AMBIGUOUS are inner states of
`Created`; what arrives about one of several venue ids is `LEGS`, which may lead anywhere.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from monitor.engine.values import OrderStatus

C, PL, PA = OrderStatus.CREATED, OrderStatus.PLACED, OrderStatus.PARTIAL
F, CA, R, E = OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.REJECTED, OrderStatus.EXPIRED


class Arrival(StrEnum):
    """What can be heard of an order, classified against what is already known of it."""

    __hash__ = str.__hash__  # Enum's own is a Python call, and the table is looked up per message

    INTENT = "our own step: released, queued, sent, handed over, a change asked for or answered"
    REFUSED = "an attempt failed for certain"
    LOST = "nobody knows whether an attempt arrived"
    ABSENT = "a look-up did not find it"
    PLACED = "placed"
    TRIGGERED = "triggered"
    REPORTED = "reported, no fill unknown to us"
    REPORTED_FILLS = "reported with more fills than we know"
    FILL_PART = "fill, below the quantity"
    FILL_ALL = "fill, up to the quantity"
    FILL_OVER = "fill, above the quantity"
    FILL_BEFORE_CANCELED = "the last fill that was missing before its cancel"
    FILL_BEFORE_EXPIRED = "the last fill that was missing before its expiry"
    FILL_AGAIN = "the same fill again"
    FILL_CONFLICT = "another fill under a known id"
    CANCEL_REQUESTED = "cancel requested"
    CANCEL_REJECTED = "cancel rejected"
    CANCELED = "canceled"
    CANCELED_BEFORE_FILLS = "ended, fills still missing"
    REJECTED = "rejected"
    REJECTED_REST = "rejected after a part was filled"
    EXPIRED = "expired"
    DONE = "filled, in the venue's word, below its quantity"
    LESSER_WORD = "a final word that weighs no more than the one known"
    LEGS = "about one of several venue ids, or an inference"


class Outcome(msgspec.Struct, frozen=True):
    """The status afterwards, and a sentence when this should not have happened. `or_any`: the
    status is whatever all ids together mean."""

    status: OrderStatus
    anomaly: str = ""
    or_any: bool = False


def _row(
    placed: Outcome,
    reported: Outcome,
    part: Outcome,
    all_: Outcome,
    over: Outcome,
    canceled: Outcome,
    missing: Outcome,
    rejected: Outcome,
    rest: Outcome,
    expired: Outcome,
    same: OrderStatus,
) -> dict[Arrival, Outcome]:
    stay = Outcome(same)
    waiting = same is PA  # only such an order can have ended and still miss fills
    return {
        Arrival.INTENT: stay,
        Arrival.REFUSED: stay,
        Arrival.LOST: stay,
        Arrival.ABSENT: stay,
        Arrival.PLACED: placed,
        Arrival.TRIGGERED: placed,
        Arrival.REPORTED: placed,
        Arrival.REPORTED_FILLS: reported,
        Arrival.FILL_PART: part,
        Arrival.FILL_ALL: all_,
        Arrival.FILL_OVER: over,
        Arrival.FILL_BEFORE_CANCELED: Outcome(CA) if waiting else part,
        Arrival.FILL_BEFORE_EXPIRED: Outcome(E) if waiting else part,
        Arrival.FILL_AGAIN: stay,
        Arrival.FILL_CONFLICT: Outcome(same, "two different fills under one id: the first was kept"),
        Arrival.CANCEL_REQUESTED: stay,
        Arrival.CANCEL_REJECTED: stay,
        Arrival.CANCELED: canceled,
        Arrival.CANCELED_BEFORE_FILLS: missing,
        Arrival.REJECTED: rejected,
        Arrival.REJECTED_REST: rest,
        Arrival.EXPIRED: expired,
        Arrival.DONE: canceled,
        Arrival.LESSER_WORD: stay,
        Arrival.LEGS: Outcome(same, or_any=True),
    }


_OVER = Outcome(F, "filled above its quantity")
_LATE_OVER = Outcome(F, "filled above its quantity after it had ended")
_WAITING = Outcome(PA)
_MORE = Outcome(PA, "ended, but the venue reports more fills than were heard of")


def _working(status: OrderStatus, placed: OrderStatus) -> dict[Arrival, Outcome]:
    """An order that may still be filled. Fills before the acknowledgement are normal."""
    return _row(
        placed=Outcome(placed),
        reported=_WAITING,
        part=Outcome(PA),
        all_=Outcome(F),
        over=_OVER,
        canceled=Outcome(CA),
        missing=_WAITING,
        rejected=Outcome(R),
        rest=Outcome(CA),
        expired=Outcome(E),
        same=status,
    )


def _ended(status: OrderStatus) -> dict[Arrival, Outcome]:
    """An order that ended unfilled. Late fills are booked; only a complete one changes the status.

    Of two final words the later counts, of one time the weightier (rejected < expired < canceled
    < filled), whichever came first.
    """
    stay = Outcome(status)
    return _row(
        placed=stay,
        reported=_MORE,
        part=stay,
        all_=Outcome(F),
        over=_LATE_OVER,
        canceled=Outcome(CA),
        missing=_MORE,
        rejected=Outcome(R),
        rest=Outcome(CA),
        expired=Outcome(E),
        same=status,
    )


def _rejected() -> dict[Arrival, Outcome]:
    """A venue that fills what it rejected contradicts itself: booked, told, and never hidden."""
    conflict = "filled although it was rejected"
    return _row(
        placed=Outcome(R, "acknowledged although it was rejected"),
        reported=_MORE,
        part=Outcome(CA, conflict),
        all_=Outcome(F, conflict),
        over=Outcome(F, conflict),
        canceled=Outcome(CA),
        missing=_MORE,
        rejected=Outcome(R),
        rest=Outcome(CA),
        expired=Outcome(E),
        same=R,
    )


def _filled() -> dict[Arrival, Outcome]:
    stay = Outcome(F)
    return _row(
        placed=stay,
        reported=stay,
        part=_OVER,
        all_=_OVER,
        over=_OVER,
        canceled=stay,
        missing=stay,
        rejected=Outcome(F, "rejected although it was filled"),
        rest=Outcome(F, "rejected although it was filled"),
        expired=stay,
        same=F,
    )


TABLE: dict[OrderStatus, dict[Arrival, Outcome]] = {
    C: _working(C, placed=PL),
    PL: _working(PL, placed=PL),
    PA: _working(PA, placed=PA),
    F: _filled(),
    CA: _ended(CA),
    E: _ended(E),
    R: _rejected(),
}

"""Reconciliation with the real book, accounts and tracker: whatever was lost, we agree again."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given, settings, strategies as st
from live_desk import LiveDesk
from model_venue import ACCOUNT, ModelVenue

from monitor.engine import events as ev
from monitor.engine.orders import Order
from monitor.engine.records import verify
from monitor.engine.values import Direction, LinkState, OrderStatus, RecordType, Side
from monitor.engine.venue import OrderReport, VenueStatus

STATUS = {VenueStatus.FILLED: OrderStatus.FILLED, VenueStatus.CANCELED: OrderStatus.CANCELED}


def net(desk: LiveDesk, symbol: str) -> Decimal:
    account = desk.trading.state.account(ACCOUNT)
    return account.volume(symbol, Direction.LONG) - account.volume(symbol, Direction.SHORT)


def ours(desk: LiveDesk, report: OrderReport) -> Order | None:
    order_id = desk.trading.tracker.owner(report)
    return None if order_id is None else desk.trading.state.book.orders[order_id]


def assert_agreed(desk: LiveDesk) -> None:
    for order in desk.venue.orders:
        mine = ours(desk, order.report())
        if mine is None:  # somebody else's, over before we came and without a fill in sight
            assert order.status is not VenueStatus.OPEN
            continue
        assert mine.filled == order.filled
        if order.status is VenueStatus.OPEN:
            assert mine.status.active
        else:
            assert mine.status is STATUS[order.status]
    for symbol in ("X", "Y"):
        assert net(desk, symbol) == desk.venue.net(symbol)
    assert verify(desk.trading.records.newest().values()) == []


def corrections(facts: list[ev.AnyEvent]) -> list[ev.PositionCorrected]:
    return [fact for fact in facts if isinstance(fact, ev.PositionCorrected)]


def histories(data: st.DataObject, desk: LiveDesk) -> None:
    """Ours and others' orders are placed, filled and cancelled; some of ours never arrive."""
    venue = desk.venue
    for _ in range(data.draw(st.integers(1, 5))):
        symbol, side = data.draw(st.sampled_from(["X", "Y"])), data.draw(st.sampled_from(Side))
        quantity = data.draw(st.integers(1, 6))
        if data.draw(st.booleans()):
            order = desk.send(symbol, side, quantity, arrives=data.draw(st.booleans()))
        else:
            order = venue.place("", symbol, side, quantity)
        if order is None:
            continue
        for size in data.draw(st.lists(st.integers(1, 3), max_size=3)):
            venue.wait(data.draw(st.sampled_from([0, 2, 40])))
            if order.filled + size <= order.quantity:
                venue.fill(order, size)
        if order.status is VenueStatus.OPEN and data.draw(st.booleans()):
            venue.cancel(order)


def deliver(data: st.DataObject, desk: LiveDesk) -> list[object]:
    """Some of what was said arrives in any order, some of it twice. Returns the rest."""
    said = data.draw(st.permutations(desk.venue.said)) if desk.venue.said else []
    count = data.draw(st.integers(0, len(said)))
    for message in [*said[:count], *said[: count // 2]]:
        desk.hear(message)
    return list(said[count:])


@settings(deadline=None, max_examples=40)
@given(st.data())
def test_whatever_was_lost_we_agree_with_the_venue_and_then_nothing_more_happens(
    data: st.DataObject,
) -> None:
    """Invariants 14, 16 and 28: no request is answered with an error, but messages are dropped."""
    desk = LiveDesk(ModelVenue())
    histories(data, desk)
    deliver(data, desk)
    desk.run(180)
    assert_agreed(desk)
    assert desk.trading.reconciler.settled(ACCOUNT)
    assert corrections(desk.facts()) == []  # every fill was told, so none was needed
    desk.run(120)
    assert {type(fact) for fact in desk.facts()} <= {ev.Reconciled}


@settings(deadline=None, max_examples=40)
@given(st.data(), st.sampled_from([0, 30, 100]))
def test_a_short_look_back_gives_the_venues_net_position(data: st.DataObject, look_back_s: int) -> None:
    """Invariant 32, with late messages from before the look-back arriving at last."""
    desk = LiveDesk(ModelVenue(), look_back_s)
    histories(data, desk)
    late = deliver(data, desk)
    desk.run(240)
    assert [net(desk, s) for s in ("X", "Y")] == [desk.venue.net(s) for s in ("X", "Y")]
    for message in late:
        desk.hear(message)
    desk.run(180)
    assert [net(desk, s) for s in ("X", "Y")] == [desk.venue.net(s) for s in ("X", "Y")]
    assert verify(desk.trading.records.newest().values()) == []


@settings(deadline=None, max_examples=40)
@given(st.data())
def test_live_messages_around_comparisons_change_nothing(data: st.DataObject) -> None:
    """Invariant 31: the market goes on while we compare; nothing is ever corrected."""
    desk = LiveDesk(ModelVenue())
    histories(data, desk)
    late = deliver(data, desk)
    for _ in range(data.draw(st.integers(1, 6))):
        desk.run(data.draw(st.sampled_from([3, 6, 60])))
        heard = len(desk.venue.said)
        for order in desk.venue.orders:
            if order.status is VenueStatus.OPEN and data.draw(st.booleans()):
                desk.venue.fill(order, 1)
        late += desk.venue.said[heard:]
        while late and data.draw(st.booleans()):
            desk.hear(late.pop(data.draw(st.integers(0, len(late) - 1))))
    for message in late:
        desk.hear(message)
    desk.run(180)
    assert_agreed(desk)
    assert corrections(desk.facts()) == []


def test_a_position_from_elsewhere_is_taken_over_at_connect_and_recorded() -> None:
    venue = ModelVenue()
    venue.fill(venue.place("", "X", Side.SELL, 4), 4)
    venue.wait(86_400)
    desk = LiveDesk(venue)
    desk.run(3)
    assert net(desk, "X") == -4
    (row,) = desk.trading.records.newest().values()
    assert (row.type, row.by, row.direction) == (RecordType.CORRECTION, "reconciliation", Direction.SHORT)
    assert (row.change, row.volume, row.average_price) == (4, 4, 99)
    assert row.note == "X short: venue 4, ours 0"


def test_a_restart_compares_before_anything_else_and_books_nothing_twice() -> None:
    venue = ModelVenue()
    desk = LiveDesk(venue)
    order = desk.send("X", Side.BUY, 5)
    assert order is not None
    venue.fill(order, 2)
    desk.run(6)
    kept = desk.trading.take_records()
    venue.fill(order, 3)  # while we were away
    again = LiveDesk(venue)
    again.trading.take_records()
    for _ in again.trading.restore(kept):
        pass
    again.trading.resume(venue.now_ns)
    assert not again.trading.state.reachable("sim")
    again.line(LinkState.LIVE)
    again.run(30)
    assert again.trading.state.reachable("sim")
    assert_agreed(again)
    assert len(again.trading.state.trades) == 2

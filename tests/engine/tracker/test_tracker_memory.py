"""What is waited for is forgotten after its time; evidence and marks are not."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

from tracker_world import Venue, World

from monitor.engine import events as ev
from monitor.engine.values import MoneyKind
from monitor.engine.venue import MoneyReport, VenueMessage


def test_nothing_is_waited_for_when_all_orders_are_told_of() -> None:
    world = World()
    for n in range(50):
        venue = Venue(oid=str(n))
        world.hear(venue.accepts(0), venue.fills("t1", "0.4"), venue.cancels("0.4"))
    world.pass_time(3600)
    assert world.tracker.due_ns() is None
    assert world.look_ups() == []
    assert world.tracker.all_evidence() == {}


def test_a_look_up_that_finds_nothing_out_is_asked_ever_more_rarely() -> None:
    world = World()
    venue = Venue()
    world.hear(venue.accepts(0), venue.cancels("0.5"))
    asked = []
    for _ in range(250):
        asked += [world.now_ns] * bool(world.look_ups())
        world.pass_time(1)
    pauses = [(later - earlier) // 10**9 for earlier, later in pairwise(asked)]
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (2, 60)


def test_a_row_says_until_when_fills_are_waited_for_and_that_it_is_over() -> None:
    world = World()
    venue = Venue()
    world.hear(venue.done("0.7"))
    (row,) = world.tracker.evidence_rows().values()
    assert (row.kind, row.over) == ("waiting fills", False)
    assert row.until_ns == row.since_ns + 300 * 10**9
    assert world.tracker.evidence_rows() == {}
    world.hear(venue.fills("t1", "0.7"))
    (row,) = world.tracker.evidence_rows().values()
    assert row.over
    assert world.tracker.all_evidence() == {}


def test_what_is_not_about_an_order_says_nothing() -> None:
    world = World()
    message: VenueMessage = MoneyReport(
        account_id="a", amount=Decimal(1), currency="USDC", kind=MoneyKind.FUNDING, venue_id="1"
    )
    assert list(world.tracker.hear(message, world.now_ns)) == []


def test_an_order_of_ours_that_was_refused_for_good_is_finished_at_once() -> None:
    world = World()
    order = world.creates(1)
    world.record(ev.OrderRejected(order_id=order, reason="too large"))
    world.settle()
    assert world.finished(order) == 0


def test_canceled_without_a_number_and_without_fills_waits_for_the_grace_only() -> None:
    world = World()
    order = world.sends(1)
    venue = Venue(client=f"c{order}")
    world.hear(venue.accepts(0), venue.cancels())
    assert world.finished(order) is None
    world.pass_time(2)
    assert world.finished(order) == 0

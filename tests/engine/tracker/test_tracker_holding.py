"""Evidence that nobody owns: kept under the venue's id or the client's, shown for a while, kept for ever."""

from __future__ import annotations

from decimal import Decimal

from tracker_world import START, Venue, World

from monitor.engine import events as ev
from monitor.engine.tracker.holding import Holding
from monitor.engine.tracker.shown import Shown
from monitor.engine.tracker.terms import TrackerTerms
from monitor.engine.tracker.waiting import Times
from monitor.engine.values import NS_PER_SECOND


def test_words_without_an_id_of_the_venues_are_kept_apart_by_their_clients_ids() -> None:
    world = World()
    first, second = Venue(oid="", client="F1"), Venue(oid="", client="F2", quantity=5)
    world.hear(first.accepts(0), second.accepts(0), first.accepts(0))
    assert len(world.tracker.all_evidence()) == 2
    world.hear(first.done(1, oid="S1"), first.fills("t1", 1, oid="S1", client_order_id="F1"))
    assert world.finished(world.external("S1")) == 1
    (left,) = world.tracker.all_evidence().values()
    assert left.detail == "1 message"
    again = world.dies()
    again.hear(second.fills("t2", 5, oid="S2", client_order_id="F2"), second.done(5, oid="S2"))
    assert again.finished(again.external("S2")) == 5
    assert again.tracker.all_evidence() == {}


def test_a_word_that_is_held_and_said_again_is_one_fact() -> None:
    world = World()
    words = [Venue(oid=str(n)).done(1, symbol="", side=None) for n in range(50)]
    world.hear(*words, *words, *words)
    assert world.count(ev.EvidenceHeld) == 50


def test_what_nobody_can_name_is_shown_for_ten_minutes_and_never_forgotten() -> None:
    world = World()
    venue = Venue()
    world.hear(venue.done(1, symbol="", side=None))
    world.pass_time(300)
    world.hear(venue.done(1, symbol="", side=None))
    world.pass_time(599)
    (row,) = world.tracker.evidence_rows().values()
    assert (row.kind, row.over, row.until_ns) == ("unknown order", False, START + 900 * NS_PER_SECOND)
    world.pass_time(2)
    (row,) = world.tracker.evidence_rows().values()
    assert row.over
    assert world.tracker.all_evidence() == {}
    world.hear(venue.fills("t1", 1))
    assert world.finished(world.external("7")) == Decimal(1)


def test_an_order_that_lands_is_no_reason_to_look_at_what_is_held_of_other_symbols() -> None:
    holding = Holding(Times(TrackerTerms()), Shown())
    for n in range(20):
        holding.hold(Venue(oid=f"e{n}", symbol="ETH").fills(f"t{n}", 1), START)
        holding.hold(Venue(oid=f"x{n}").done(1, symbol="", side=None), START)
    holding.hold(Venue().fills("t", 1), START)
    before = holding.due_ns
    holding.landed("a", "SOL")
    assert holding.due_ns == before
    holding.landed("a", "BTC")
    assert holding.due(START, lambda account, symbol: False) == [("a", "7", "")]
    assert holding.due_ns == before
    assert len(holding.due(START + 2 * NS_PER_SECOND, lambda account, symbol: True)) == 21


def test_when_the_last_order_on_its_way_lands_the_rest_of_its_symbol_is_adopted() -> None:
    world = World()
    world.sends()
    world.hear(Venue(oid="8").fills("t1", 1), Venue(oid="9", symbol="ETH").accepts(0))
    assert len(world.book.orders) == 2
    world.hear(Venue(client="c1").accepts(0))
    assert world.row(world.external("8")).filled_quantity == 1

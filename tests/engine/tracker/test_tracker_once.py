"""One order of a venue finishes once, also when it was taken for somebody else's before."""

from __future__ import annotations

from decimal import Decimal
from itertools import permutations

from tracker_world import Venue, World

from monitor.engine.values import OrderStatus, SignalKind
from monitor.engine.venue import VenueMessage


def all_signals(world: World, kind: SignalKind) -> list[Decimal]:
    return [signal.volume for order in world.book.orders for signal in world.signals(order, kind)]


def test_a_final_status_without_a_symbol_under_a_held_fill_waits_with_it() -> None:
    for order_of in permutations(range(4)):
        world = World()
        order = world.sends(2)
        venue = Venue()
        words: list[VenueMessage] = [
            venue.accepts(0, client_order_id="c1"),
            venue.fills("t1", "0.5"),
            venue.fills("t2", "1.5"),
            venue.done(2, symbol="", side=None, quantity=None),
        ]
        world.hear(*(words[n] for n in order_of))
        assert world.finished(order) == 2
        assert all_signals(world, SignalKind.FINISHED) == [2], order_of
        assert all_signals(world, SignalKind.CORRECTED) == []


def adopted_and_finished() -> tuple[World, Venue, int]:
    """Ours is on its way; what the venue says of it was nobody's for longer than the grace."""
    world = World()
    order = world.sends(2)
    venue = Venue(quantity=2)
    world.hear(venue.fills("t1", 2), venue.done(2))
    world.pass_time(3)
    assert world.finished(world.external("7")) == 2
    return world, venue, order


def test_a_late_link_does_not_finish_it_again() -> None:
    world, venue, order = adopted_and_finished()
    world.hear(venue.accepts(0, client_order_id="c1"))
    assert world.row(order).status is OrderStatus.FILLED
    assert all_signals(world, SignalKind.FINISHED) == [2]
    assert all_signals(world, SignalKind.CORRECTED) == []
    assert len(all_signals(world, SignalKind.ACCEPTED)) == 1
    again = world.dies()
    again.settle()
    again.pass_time(700)
    assert len(again.facts) == len(world.facts)


def test_after_a_late_link_another_view_is_a_correction() -> None:
    world, venue, order = adopted_and_finished()
    world.hear(venue.accepts(0, client_order_id="c1"), venue.fills("t2", 1))
    assert all_signals(world, SignalKind.FINISHED) == [2]
    assert world.corrections(order) == [3]
    assert world.finished(order) is None

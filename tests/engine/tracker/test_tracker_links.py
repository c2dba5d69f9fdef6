"""A venue that says "this took the place of that" joins what was known under both ids, whenever it
says so: every arrival order ends as one order."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import permutations

from test_tracker_threads import ours
from tracker_world import Venue, World, heard

from monitor.engine.orders import Order
from monitor.engine.values import OrderStatus, Side
from monitor.engine.venue import VenueMessage


def standing(world: World) -> list[Order]:
    return [order for order in world.book.orders.values() if order.dossier.merged_into is None]


def ends(world: World, words: Sequence[VenueMessage]) -> list[tuple[str, OrderStatus, Decimal]]:
    heard(world, words).pass_time(700)
    return [(order.venue_order_id, order.status, order.filled) for order in standing(world)]


def test_a_foreign_stop_and_the_order_it_became_are_one_in_any_order() -> None:
    venue = Venue(oid="A", quantity=2)
    words = [venue.accepts(0), venue.fills("t1", 2, oid="B"), venue.done(2, oid="B", replaces="A")]
    for order in permutations(words):
        assert ends(World(), order) == [("B", OrderStatus.FILLED, Decimal(2))]


def test_an_order_of_ours_goes_on_under_an_id_that_only_its_link_tells() -> None:
    for order in permutations(range(5)):
        world, _, number = ours(10)
        venue = Venue(oid="A", quantity=10)
        world.hear(venue.accepts(0, client_order_id=f"c{number}"))
        words = [
            venue.fills("a", 4),
            venue.cancels(4),
            venue.accepts(0, oid="B", replaces="A"),
            venue.fills("b", 6, oid="B"),
            venue.done(6, oid="B"),
        ]
        assert ends(world, [words[n] for n in order]) == [("B", OrderStatus.FILLED, Decimal(10))]


def test_a_change_of_ours_told_before_the_first_acknowledgement() -> None:
    for order in permutations(range(5)):
        world, _, number = ours(10)
        venue = Venue(oid="A", quantity=10)
        words = [
            venue.fills("a", 4),
            venue.cancels(4),
            venue.accepts(0, oid="B", client_order_id=f"c{number}", replaces="A"),
            venue.fills("b", 6, oid="B"),
            venue.done(6, oid="B"),
        ]
        assert ends(world, [words[n] for n in order]) == [("B", OrderStatus.FILLED, Decimal(10))]


def test_what_was_held_under_the_predecessor_is_claimed_by_the_link() -> None:
    venue = Venue(oid="A")
    words = [
        venue.cancels("0.4", symbol="", side=None),
        venue.fills("b", "0.6", oid="B"),
        venue.done("0.6", oid="B", replaces="A"),
    ]
    for order in permutations(words):
        world = heard(World(), order)
        (found,) = standing(world)
        assert found.venue_total == 1
        assert not world.tracker.held_symbols("a")


def test_a_link_between_opposite_orders_joins_nothing_and_is_told() -> None:
    world = World()
    buyer, seller = Venue(oid="A"), Venue(oid="B")
    world.hear(buyer.accepts(0), seller.fills("b", 1, oid="B", side=Side.SELL))
    world.hear(seller.done(1, oid="B", side=Side.SELL, replaces="A"))
    assert len(standing(world)) == 2
    assert "two orders" in world.alerts()

"""What an order of others is does not depend on which word of it came first."""

from __future__ import annotations

from decimal import Decimal
from itertools import permutations

from test_tracker_links import standing
from tracker_world import Venue, World, heard

from monitor.engine.values import OrderStatus, OrderType
from monitor.engine.venue import VenueMessage


def views(words: list[VenueMessage]) -> set[tuple[object, ...]]:
    """What is known in the end, by all arrival orders."""
    found = set()
    for order in permutations(words):
        world = heard(World(), order)
        world.pass_time(700)
        (known,) = standing(world)
        row = known.row()
        found.add((row.status, row.quantity, row.filled_quantity, row.price, row.trigger_price, row.type))
    return found


def test_price_and_type_are_learnt_from_whoever_tells_them() -> None:
    venue = Venue(quantity=2)
    words = [venue.fills("t1", 1), venue.accepts(1, price=Decimal(100)), venue.fills("t2", 1), venue.done(2)]
    assert views(words) == {(OrderStatus.FILLED, 2, 2, 100, None, OrderType.LIMIT)}


def test_a_type_that_only_the_end_tells() -> None:
    venue = Venue(quantity=1)
    stop = {"type": OrderType.STOP, "trigger_price": Decimal(95)}
    words = [venue.accepts(0), venue.fills("t1", 1), venue.done(1, **stop)]
    assert views(words) == {(OrderStatus.FILLED, 1, 1, None, 95, OrderType.STOP)}


def test_an_order_that_others_changed_in_place_is_as_the_venue_said_last() -> None:
    venue = Venue(quantity=5)
    words = [
        venue.accepts(0, quantity=Decimal(10), price=Decimal(100)),
        venue.accepts(0, price=Decimal(101)),
        venue.fills("t1", 5),
        venue.done(5, quantity=None),
    ]
    assert views(words) == {(OrderStatus.FILLED, 5, 5, 101, None, OrderType.LIMIT)}


def test_an_order_that_others_replaced_has_the_terms_of_its_last_id() -> None:
    venue = Venue(quantity=10)
    words = [
        venue.accepts(0, price=Decimal(100)),
        venue.fills("t1", 4),
        venue.cancels(4, price=Decimal(100)),
        venue.accepts(0, oid="8", replaces="7", quantity=Decimal(6), price=Decimal(101)),
        venue.fills("t2", 6, oid="8"),
    ]
    assert views(words) == {(OrderStatus.FILLED, 10, 10, 101, None, OrderType.LIMIT)}


def test_what_the_venue_changed_survives_a_restart_and_needs_no_dossier() -> None:
    venue = Venue(quantity=5)
    world = heard(World(), [venue.fills("t1", 5), venue.accepts(5, price=Decimal(99)), venue.done(5)])
    (known,) = standing(world.dies())
    assert (known.row().price, known.row().type, known.row().quantity) == (99, OrderType.LIMIT, 5)
    assert world.tracker.forget([known.order_id]) == [known.order_id]

"""Fills that the venue counted and nobody heard: a grace, a question, an inference at a known price."""

from __future__ import annotations

from decimal import Decimal
from itertools import permutations

import pytest
from tracker_world import Venue, World

from monitor.engine.values import OrderStatus, OrderType, SignalKind
from monitor.engine.venue import FillReport, OrderReport


def confirmed(world: World, order: int, answer: OrderReport) -> None:
    """The grace is over, the venue is asked, and says it again; then another grace."""
    world.pass_time(2)
    assert world.look_ups() == [order]
    world.hear(answer)
    world.pass_time(2)


def market(world: World, quantity: int = 2) -> tuple[Venue, int]:
    order = world.sends(quantity, type=OrderType.MARKET, price=None)
    venue = Venue(client=f"c{order}", quantity=quantity)
    world.hear(venue.accepts(0))
    return venue, order


def test_without_a_price_of_its_own_it_is_inferred_at_the_average_of_its_fills() -> None:
    world = World()
    world.last_prices["BTC"] = Decimal(500)
    venue, order = market(world, 4)
    world.hear(venue.fills("t1", 1, 100), venue.fills("t2", 2, 103), venue.done(4))
    confirmed(world, order, venue.done(4, polled_ns=world.now_ns + 2))
    assert (world.row(order).status, world.finished(order)) == (OrderStatus.FILLED, 4)
    assert world.row(order).average_price == 102
    assert world.alerts() == []


def test_without_a_fill_it_is_inferred_at_the_last_price_of_the_symbol() -> None:
    world = World()
    world.last_prices["BTC"] = Decimal(98)
    venue, order = market(world)
    world.hear(venue.done(2))
    confirmed(world, order, venue.done(2, polled_ns=world.now_ns + 2))
    assert (world.row(order).average_price, world.finished(order)) == (98, 2)


def test_an_adopted_order_is_inferred_too() -> None:
    world = World()
    venue = Venue(quantity=2)
    world.hear(venue.done(2), venue.fills("t1", 1, 99))
    confirmed(world, world.external("7"), venue.done(2, polled_ns=world.now_ns + 2))
    assert world.finished(world.external("7")) == 2


def test_where_no_price_is_known_nothing_is_made_up() -> None:
    world = World()
    venue, order = market(world)
    world.hear(venue.done(2))
    confirmed(world, order, venue.done(2, polled_ns=world.now_ns + 2))
    assert world.finished(order) is None
    world.pass_time(300)
    assert world.finished(order) == 0
    assert world.alerts() == ["fills missing", "swept"]


def test_a_question_without_an_answer_is_told_of_after_half_a_minute_and_swept_in_the_end() -> None:
    world = World()
    venue, order = market(world)
    world.hear(venue.fills("t1", 1), venue.done(2))
    world.pass_time(29)
    assert world.alerts() == []
    world.pass_time(2)
    assert (world.alerts(), world.finished(order)) == (["fills missing"], None)
    world.pass_time(270)
    assert (world.alerts(), world.finished(order)) == (["fills missing", "swept"], 1)


@pytest.mark.parametrize("ours", [True, False])
def test_filled_without_a_number_waits_a_grace_for_the_fills_up_to_its_quantity(ours: bool) -> None:
    for words in permutations(range(3)):
        world = World()
        venue = Venue(client="c1" if ours else "", quantity=2)
        if ours:
            world.sends(2)
        told: list[OrderReport | FillReport] = [venue.done(), venue.fills("t1", 1), venue.fills("t2", 1)]
        for n in words:
            world.hear(told[n])
            world.pass_time(1.5)
        order = 1 if ours else world.external("7")
        assert (world.finished(order), world.corrections(order)) == (2, [])


def test_filled_without_a_number_ends_with_what_there_is_when_the_grace_is_over() -> None:
    world = World()
    venue = Venue(quantity=2)
    world.hear(venue.done())
    world.pass_time(500)
    world.hear(venue.fills("t1", 1))
    order = world.external("7")
    assert world.finished(order) is None
    world.pass_time(2)
    (finished,) = world.signals(order, SignalKind.FINISHED)
    assert (finished.volume, finished.reason) == (1, "underfilled")
    assert world.alerts() == []

"""A change of an order got lost with the program: what became of the order is found out, and neither
its end nor its signal waits for ever. Found by kill -9 against the scripted venue."""

from __future__ import annotations

from decimal import Decimal

from test_tracker_threads import ours
from tracker_world import Venue, World

from monitor.engine import events as ev
from monitor.engine.values import OrderStatus


def changing() -> tuple[World, Venue, int]:
    """An order at the venue, a change of it on its way."""
    world, venue, order = ours(4)
    world.hear(venue.accepts(0))
    world.replaces(order, price=99)
    return world, venue, order


def restarted(world: World) -> World:
    after = world.dies()
    after.pass_time(1)
    for fact in after.tracker.restarted(after.now_ns):
        after.record(fact)
    after.settle()
    return after


def test_what_was_filled_before_it_could_be_changed_is_finished_at_once() -> None:
    world, venue, order = changing()
    world = restarted(world)
    world.hear(venue.fills("t1", 4), venue.done(4, polled_ns=world.now_ns))
    assert (world.row(order).status, world.finished(order)) == (OrderStatus.FILLED, 4)


def test_a_word_that_it_was_filled_from_before_the_restart_is_enough() -> None:
    world, venue, order = ours(4)
    world.hear(venue.accepts(0), venue.fills("t1", 4), venue.accepts(0))
    world.record(ev.ReplaceRequested(order_id=order, price=Decimal(99)))
    world.hear(venue.done(4))
    assert (world.row(order).status, world.finished(order)) == (OrderStatus.FILLED, 4)


def test_an_end_that_is_told_in_answer_to_two_questions_is_the_end() -> None:
    world, venue, order = changing()
    world = restarted(world)
    world.hear(venue.cancels(0, polled_ns=world.now_ns))
    assert world.row(order).status is OrderStatus.PLACED  # the new order may follow
    world.hear(venue.cancels(0, polled_ns=world.now_ns))  # the same answer, doubled
    assert world.row(order).status is OrderStatus.PLACED
    world.pass_time(15)
    assert world.look_ups() == [order]
    world.hear(venue.cancels(0, polled_ns=world.now_ns))
    assert (world.row(order).status, world.finished(order)) == (OrderStatus.CANCELED, 0)


def test_a_new_order_in_the_same_answer_is_the_change() -> None:
    world, venue, order = changing()
    world = restarted(world)
    now = world.now_ns
    world.hear(venue.cancels(0, polled_ns=now))
    world.hear(venue.accepts(0, oid="9", replaces="7", price=Decimal(99), polled_ns=now))
    row = world.row(order)
    assert (row.status, row.price, row.venue_order_id) == (OrderStatus.PLACED, 99, "9")
    world.pass_time(5)
    later = world.now_ns
    world.hear(venue.cancels(0, polled_ns=later))
    world.hear(venue.accepts(0, oid="9", replaces="7", price=Decimal(99), polled_ns=later))
    assert world.row(order).status is OrderStatus.PLACED

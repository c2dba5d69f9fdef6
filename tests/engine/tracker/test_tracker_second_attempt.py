"""An order that was sent twice: what is said of the first attempt harms nobody, and a cancel goes to
what lives. And a trade that a venue tells in two halves."""

from __future__ import annotations

from decimal import Decimal
from itertools import permutations

import pytest
from test_tracker_threads import ours
from tracker_world import Venue, World

from monitor.engine import events as ev
from monitor.engine.values import FillDirection, OrderStatus, Side


def sent_twice() -> tuple[World, Venue, int]:
    world, venue, order = ours()
    world.record(ev.OrderRefused(order_id=order, reason="busy", retryable=True, attempt=1))
    world.record(ev.OrderSent(order_id=order, attempt=2))
    world.settle()
    return world, venue, order


def test_the_id_of_an_order_is_that_of_the_attempt_that_lives() -> None:
    _, venue, _ = sent_twice()
    words = [venue.rejects(oid="V1", cumulative=0), venue.accepts(0, oid="V2")]
    for spoken in permutations(words):
        world, _, order = sent_twice()
        world.hear(*spoken)
        row = world.row(order)
        assert (row.status, row.venue_order_id) == (OrderStatus.PLACED, "V2")


def test_when_all_attempts_ended_the_last_word_names_it() -> None:
    _, venue, _ = sent_twice()
    words = [venue.rejects(oid="V2", cumulative=0), venue.cancels(0, oid="V1")]
    for spoken in permutations(words):
        world, _, order = sent_twice()
        world.hear(*spoken)
        assert (world.row(order).status, world.row(order).venue_order_id) == (OrderStatus.CANCELED, "V1")


def test_a_rejection_without_an_id_does_not_end_a_second_attempt_but_is_asked_about() -> None:
    for acknowledged in (True, False):
        world, venue, order = sent_twice()
        if acknowledged:
            world.hear(venue.accepts(0))
        before = world.row(order).status
        world.hear(venue.rejects(oid=""))
        assert (world.row(order).status, world.finished(order)) == (before, None)
        assert world.look_ups() == [order]
        world.hear(venue.accepts(0, polled_ns=world.now_ns))
        assert world.row(order).status is OrderStatus.PLACED


def test_a_rejection_that_answers_the_question_is_the_end() -> None:
    world, venue, order = sent_twice()
    world.hear(venue.rejects(oid=""))
    world.look_ups()
    world.hear(venue.rejects(oid="", cumulative=0, polled_ns=world.now_ns))
    assert (world.row(order).status, world.finished(order)) == (OrderStatus.REJECTED, 0)


@pytest.mark.parametrize("again", [0, 1])
def test_a_trade_that_turned_a_position_over_may_be_told_in_two_halves(again: int) -> None:
    venue = Venue(side=Side.SELL, quantity=5)
    closed = venue.fills("t", 3, direction=FillDirection.CLOSE_LONG)
    opened = venue.fills("t", 2, direction=FillDirection.OPEN_SHORT)
    for spoken in permutations([closed, opened, venue.done(5), *[closed, opened][:again]]):
        world = World()
        world.hear(*spoken, closed, opened)
        order = world.external("7")
        assert (world.row(order).status, world.finished(order)) == (OrderStatus.FILLED, 5)
        assert world.money[order] == Decimal(-5)
        assert world.alerts() == []


def test_the_same_trade_with_another_fee_or_direction_is_told_to_somebody_once() -> None:
    venue = Venue()
    first = venue.fills("t", 1)
    for other in (
        venue.fills("t", 1, fee=Decimal("0.5")),
        venue.fills("t", 1, direction=FillDirection.CLOSE_SHORT),
    ):
        for spoken in permutations([first, other, venue.done(1)]):
            world = World()
            world.hear(*spoken, other, first)
            assert world.alerts() == ["conflict"]
            assert world.money[world.external("7")] == 1

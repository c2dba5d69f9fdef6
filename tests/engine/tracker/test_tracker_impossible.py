"""A word with a number that cannot be is told of once, and is otherwise as if it had not been said."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from tracker_world import Venue, World

from monitor.engine import events as ev
from monitor.engine.values import OrderStatus

NUMBERS = ["NaN", "sNaN", "Infinity", "-Infinity"]


@pytest.mark.parametrize("number", [*NUMBERS, "-1"])
@pytest.mark.parametrize("name", ["volume", "price", "fee", "cumulative", "quantity", "limit"])
def test_it_is_not_booked_and_told_of_once(name: str, number: str) -> None:
    if number == "-1" and name in ("price", "fee", "limit"):
        pytest.skip("prices may be negative, and so may fees")
    world, venue = World(), Venue(quantity=2)
    world.hear(venue.accepts(0))
    order = world.external("7")
    before = world.row(order)
    wrong = impossible(venue, name, Decimal(number))
    world.hear(wrong, wrong)
    assert (world.row(order), world.alerts()) == (before, ["impossible number"])
    again = world.dies()
    again.hear(wrong, venue.fills("good", 2), venue.done(2))
    assert (again.row(order).status, again.finished(order)) == (OrderStatus.FILLED, 2)
    assert again.alerts() == ["impossible number"]


def impossible(venue: Venue, name: str, number: Decimal) -> Any:
    if name in ("volume", "price", "fee"):
        numbers: dict[str, Any] = {"volume": Decimal(1), "price": Decimal(100), "fee": Decimal(0)}
        numbers[name] = number
        return venue.fills("bad", numbers["volume"], numbers["price"], fee=numbers["fee"])
    if name == "cumulative":
        return venue.done(number)
    return venue.done(2, **{"price" if name == "limit" else name: number})


def test_of_what_is_nobodys_it_is_told_once_per_account() -> None:
    world = World()
    for oid in ("8", "9"):
        world.hear(Venue(oid=oid).fills("t", "NaN"))
    world = world.dies()
    world.hear(Venue(oid="10").fills("t", "NaN"), Venue("b").fills("t", "NaN"))
    assert world.alerts() == ["impossible number"] * 2
    assert (world.book.orders, world.count(ev.EvidenceHeld)) == ({}, 0)


def test_a_negative_price_is_a_price() -> None:
    world, venue = World(), Venue()
    world.hear(venue.fills("t1", 1, -37), venue.done(1))
    assert world.row(world.external("7")).average_price == -37

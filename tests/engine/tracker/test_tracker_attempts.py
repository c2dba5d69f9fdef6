"""An answer that does not say which attempt it is about is no proof that the newest one failed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tracker_world import World

from monitor.engine import events as ev
from monitor.engine.values import InnerState
from monitor.engine.venue import PlaceRefused, RequestKind, RequestLost

Answer = Callable[..., PlaceRefused | RequestLost]


def refused(attempt: int = 0) -> PlaceRefused:
    return PlaceRefused(account_id="a", client_order_id="c1", reason="busy", retryable=True, attempt=attempt)


def never_sent(attempt: int = 0) -> RequestLost:
    return RequestLost(
        account_id="a",
        client_order_id="c1",
        request=RequestKind.PLACE,
        reason="link down",
        never_sent=True,
        attempt=attempt,
    )


@pytest.mark.parametrize("word", [refused, never_sent])
def test_without_its_number_an_answer_is_certain_of_the_only_attempt(word: Answer) -> None:
    world = World()
    order = world.sends()
    world.hear(word())
    assert world.row(order).inner_state is InnerState.QUEUED


@pytest.mark.parametrize("word", [refused, never_sent])
def test_a_doubled_answer_without_its_number_does_not_refuse_the_second_attempt(
    word: Answer,
) -> None:
    world = World()
    order = world.sends()
    world.hear(word())
    world.record(ev.OrderSent(order_id=order, attempt=2))
    world.hear(word())
    assert world.count(ev.OrderRefused) == 1
    assert world.row(order).inner_state is InnerState.UNKNOWN
    assert world.look_ups() == [order]
    world.hear(word(), word())
    assert world.count(ev.OrderLost) == 1


@pytest.mark.parametrize("word", [refused, never_sent])
def test_with_its_number_it_refuses_the_second_attempt(word: Answer) -> None:
    world = World()
    order = world.sends()
    world.hear(word(1))
    world.record(ev.OrderSent(order_id=order, attempt=2))
    world.hear(word(2))
    assert world.row(order).inner_state is InnerState.QUEUED

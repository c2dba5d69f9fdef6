"""Whatever the order, repetition and delay of a venue's words: the same end, told once."""

from __future__ import annotations

from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest
from histories import History, histories, several
from hypothesis import given, settings, strategies as st
from tracker_world import World

from monitor.engine import events as ev
from monitor.engine.orders import Order
from monitor.engine.values import OrderFlag, Side, SignalKind
from monitor.engine.venue import VenueMessage


def with_ours(found: list[History]) -> World:
    """A world in which the orders of ours have been sent."""
    world = World()
    for history in found:
        if history.client:
            world.sends(
                history.quantity, account=history.account, side=history.side, client_order_id=history.client
            )
    return world


def owner(world: World, history: History) -> Order:
    """Our order for this history: the only one that carries its evidence."""
    (found,) = [
        order
        for order in world.book.orders.values()
        if order.intent.account_id == history.account
        and order.dossier.merged_into is None
        and (order.venue_order_id or order.intent.venue_order_id) == history.oid
    ]
    return found


def check(world: World, history: History) -> None:
    """Everything that must be so in the end."""
    order = owner(world, history)
    number = order.order_id
    row = order.row()
    assert (row.status, row.filled_quantity) == (history.status, history.filled)
    if history.filled:
        assert row.average_price == history.notional / history.filled
    assert order.remaining == max(0, order.target - history.filled)
    assert (OrderFlag.OVERFILL in row.flags) is (history.filled > 1)
    assert OrderFlag.FILLS_MISSING not in row.flags
    signed = history.filled if history.side is Side.BUY else -history.filled
    merged = [o for o in world.book.orders.values() if o.dossier.merged_into == number]
    money = sum((world.money.get(o.order_id, Decimal(0)) for o in [order, *merged]), Decimal(0))
    assert money == signed
    assert world.finished(number) == (None if not history.over else world.finished(number))
    assert (world.finished(number) is not None) is history.over
    last = [*world.signals(number, SignalKind.FINISHED), *world.signals(number, SignalKind.CORRECTED)][-1:]
    if last:
        assert (last[0].volume, last[0].status) == (history.filled, history.status)
        assert last[0].average_price == row.average_price
    said = [key for o in [order, *merged] for key in world.said_fills(o.order_id)]
    assert sorted(said) == sorted(history.fills)
    assert len(world.signals(number, SignalKind.ACCEPTED)) <= 1


@given(st.data())
def test_any_order_repetition_and_delay_ends_the_same(data: st.DataObject) -> None:
    found = data.draw(several())
    words = [word for history in found for word in history.words]
    again = data.draw(st.lists(st.sampled_from(words), max_size=4))
    world = with_ours(found)
    for word in data.draw(st.permutations([*words, *again])):
        world.hear(word)
        world.pass_time(data.draw(st.sampled_from((0, 0, 0, 0.5, 1.9))))
    world.pass_time(5)
    for history in found:
        check(world, history)


@given(histories().filter(lambda history: len(history.words) <= 4))
def test_every_arrival_order_of_a_short_history(history: History) -> None:
    for words in permutations(history.words):
        world = with_ours([history])
        world.hear(*words)
        world.pass_time(5)
        check(world, history)


@given(st.data())
def test_killed_at_any_fact_and_told_again_it_ends_the_same(data: st.DataObject) -> None:
    found = data.draw(several())
    words = [word for history in found for word in history.words]
    world = with_ours(found)
    begun = len(world.facts)
    for word in data.draw(st.permutations(words)):
        world.hear(word)
    world = world.dies(data.draw(st.integers(begun, len(world.facts))))
    world.hear(*data.draw(st.permutations(words)))  # a comparison finds all of it again
    world.pass_time(5)
    for history in found:
        check(world, history)


@given(st.data())
def test_folding_facts_makes_the_same_tracker_which_has_nothing_to_add(data: st.DataObject) -> None:
    found = data.draw(several())
    world = with_ours(found)
    for history in found:
        world.hear(*data.draw(st.permutations(history.words)))
    after = world.dies()
    after.settle()
    assert len(after.facts) == len(world.facts)
    assert {i: o.row() for i, o in after.book.orders.items()} == {
        i: o.row() for i, o in world.book.orders.items()
    }
    words = [word for history in found for word in history.words]
    before = len(after.facts)
    after.hear(*words)
    assert after.facts[before:] == []


@given(several(), st.randoms(use_true_random=False))
def test_along_any_stream_what_is_known_only_grows(found: list[History], random: Any) -> None:
    words: list[VenueMessage] = [word for history in found for word in [*history.words, *history.words]]
    random.shuffle(words)
    world = with_ours(found)
    filled: dict[int, Decimal] = {}
    ended: set[int] = set()
    for word in words:
        world.hear(word)
        for number, order in world.book.orders.items():
            if order.dossier.merged_into is not None:
                continue
            assert order.filled >= filled.get(number, 0)
            assert order.verdict is not None or number not in ended
            filled[number] = order.filled
            if order.verdict is not None:
                ended.add(number)


@given(several())
def test_the_same_words_give_the_same_bytes(found: list[History]) -> None:
    def journal() -> list[bytes]:
        world = with_ours(found)
        for history in found:
            world.hear(*reversed(history.words))
        world.pass_time(700)
        return [ev.ENCODER.encode(fact) for fact, _ in world.facts]

    assert journal() == journal()


@pytest.mark.slow
@settings(max_examples=2000, deadline=None)
@given(st.data())
def test_many_streams_with_deaths_between_them(data: st.DataObject) -> None:
    found = data.draw(several())
    words = [word for history in found for word in history.words]
    world = with_ours(found)
    for word in data.draw(st.permutations([*words, *words])):
        world.hear(word)
        if data.draw(st.integers(0, 9)) == 0:
            world = world.dies()
            world.settle()
    world.pass_time(5)
    for history in found:
        check(world, history)

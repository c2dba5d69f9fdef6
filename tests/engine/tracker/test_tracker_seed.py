"""The seed: two channels of watched addresses in any order, and exactly one finished signal."""

from __future__ import annotations

from decimal import Decimal
from itertools import permutations

import pytest
from tracker_world import Venue, World, heard

from monitor.engine import events as ev
from monitor.engine.tracker import TrackerTerms
from monitor.engine.values import FillDirection, OrderFlag, OrderStatus, Origin, SignalKind
from monitor.engine.venue import VenueMessage


def watched() -> tuple[World, Venue]:
    return World(), Venue("0xabc", "77738308")


def test_the_numbers_of_the_seed_are_the_defaults() -> None:
    terms = TrackerTerms()
    assert (terms.remember_s, terms.clean_every_s, terms.sweep_s, terms.grace_s) == (600, 60, 300, 2)


def test_in_the_normal_order_it_finishes_with_the_final_status() -> None:
    world, venue = watched()
    world.hear(venue.fills("t1", 1))
    order = world.external("77738308", "0xabc")
    assert world.finished(order) is None
    world.hear(venue.done(1))
    assert world.finished(order) == 1


def test_a_status_before_its_fill_finishes_at_the_fill_not_at_a_sweep() -> None:
    world, venue = watched()
    world.hear(venue.done(1))
    order = world.external("77738308", "0xabc")
    assert world.finished(order) is None
    world.hear(venue.fills("t1", 1))
    assert world.finished(order) == 1


def test_a_status_without_a_number_finishes_with_the_first_fill() -> None:
    world, venue = watched()
    world.hear(venue.done())
    world.pass_time(590)
    order = world.external("77738308", "0xabc")
    assert world.finished(order) is None
    world.hear(venue.fills("t1", 1))
    assert world.finished(order) == 1


def test_a_status_that_nothing_follows_is_waited_for_ten_minutes_and_never_forgotten() -> None:
    world, venue = watched()
    world.hear(venue.cancels())
    order = world.external("77738308", "0xabc")
    world.pass_time(599)
    assert world.finished(order) is None
    world.pass_time(2)
    assert world.finished(order) == 0
    world.hear(venue.fills("t1", 1))
    assert world.finished(order) == 0
    assert world.corrections(order) == [1]


def test_after_the_signal_a_doubled_fill_and_a_doubled_status_say_nothing() -> None:
    world, venue = watched()
    words = [venue.fills("t1", 1), venue.done(1)]
    world.hear(*words)
    facts = len(world.facts)
    world.hear(*words, *words)
    assert len(world.facts) == facts


def test_open_and_triggered_are_not_final() -> None:
    world, venue = watched()
    world.hear(venue.accepts(0), venue.says(venue.accepts().status.TRIGGERED, 0), venue.fills("t1", "0.5"))
    order = world.external("77738308", "0xabc")
    world.pass_time(3600)
    assert world.finished(order) is None
    assert world.row(order).flags == (OrderFlag.TRIGGERED, OrderFlag.ADOPTED)


def test_the_signal_tells_all_that_the_order_did() -> None:
    world, venue = watched()
    first = venue.fills("t1", "0.4", 100, direction=FillDirection.CLOSE_SHORT)
    second = venue.fills("t2", "0.6", 105, direction=FillDirection.OPEN_LONG, fee_currency="HYPE")
    third = venue.fills("t3", "0.5", 105, direction=FillDirection.OPEN_LONG)
    venue.quantity = Decimal("1.5")
    world.hear(second, venue.accepts(0), first)
    order = world.external("77738308", "0xabc")
    world.profits[order] = Decimal(3)
    world.hear(third, venue.done("1.5"))
    (said,) = world.signals(order, SignalKind.FINISHED)
    assert said.volume == Decimal("1.5")
    assert said.average_price == Decimal("155.5") / Decimal("1.5")
    assert said.commission == {"USDC": Decimal("0.02"), "HYPE": Decimal("0.01")}
    assert said.realised_profit == 3
    assert said.directions == (FillDirection.CLOSE_SHORT, FillDirection.OPEN_LONG)
    assert (said.first_ns, said.last_ns) == (first.time_ns, third.time_ns)
    assert said.status is OrderStatus.FILLED


def test_one_final_status_finishes_all_directions_of_its_id() -> None:
    world, venue = watched()
    venue.quantity = Decimal(6)
    words = [venue.fills(f"t{n}", 1, direction=direction) for n, direction in enumerate(FillDirection)]
    world.hear(*words, venue.done(6))
    order = world.external("77738308", "0xabc")
    (said,) = world.signals(order, SignalKind.FINISHED)
    assert set(said.directions) == set(FillDirection)
    assert len(said.directions) == 6


def test_several_addresses_with_the_same_order_id_are_kept_apart() -> None:
    world = World()
    one, two = Venue("0xone", "5"), Venue("0xtwo", "5", quantity=2)
    world.hear(one.done(1), two.fills("t1", 2), one.fills("t1", 1))
    assert world.finished(world.external("5", "0xone")) == 1
    assert world.finished(world.external("5", "0xtwo")) is None
    world.hear(two.done(2))
    assert world.finished(world.external("5", "0xtwo")) == 2


def test_fills_that_the_venue_counted_are_asked_for_told_of_and_at_last_done_without() -> None:
    world, venue = watched()
    world.hear(venue.accepts(0), venue.fills("t1", "0.4"), venue.cancels("0.7"))
    order = world.external("77738308", "0xabc")
    assert world.look_ups() == []
    world.pass_time(2)
    assert world.look_ups() == [order]
    assert world.alerts() == []
    world.pass_time(29)
    assert world.alerts() == ["fills missing"]
    assert world.finished(order) is None
    world.pass_time(270)
    assert world.finished(order) == Decimal("0.4")
    assert world.alerts() == ["fills missing", "swept"]
    world.hear(venue.fills("t2", "0.3"))
    assert world.corrections(order) == [Decimal("0.7")]


def partial_then_canceled() -> list[VenueMessage]:
    venue = Venue("0xabc", "7")
    return [venue.accepts(0), venue.fills("t1", "0.4"), venue.fills("t2", "0.3"), venue.cancels("0.7")]


def completely_filled() -> list[VenueMessage]:
    venue = Venue("0xabc", "7")
    return [venue.accepts(0), venue.fills("t1", "0.4"), venue.fills("t2", "0.6"), venue.done(1)]


@pytest.mark.parametrize("words", list(permutations(partial_then_canceled())))
def test_all_24_orders_of_a_partial_fill_and_its_cancel(words: tuple[VenueMessage, ...]) -> None:
    world = heard(World(), words)
    order = world.external("7", "0xabc")
    row = world.row(order)
    assert (row.status, row.filled_quantity) == (OrderStatus.CANCELED, Decimal("0.7"))
    assert (world.finished(order), world.corrections(order)) == (Decimal("0.7"), [])
    assert sorted(world.said_fills(order)) == ["t1", "t2"]
    assert world.money == {order: Decimal("0.7")}


@pytest.mark.parametrize("words", list(permutations(partial_then_canceled())))
def test_the_same_for_an_order_of_ours(words: tuple[VenueMessage, ...]) -> None:
    world = World()
    order = world.sends(1, account="0xabc", client_order_id="mine")
    linked = [_mine(word) for word in words]
    world.hear(*linked)
    row = world.row(order)
    assert (row.status, row.filled_quantity) == (OrderStatus.CANCELED, Decimal("0.7"))
    assert (world.finished(order), world.corrections(order)) == (Decimal("0.7"), [])
    assert [o.intent.origin for o in world.book.orders.values()] == [Origin.STRATEGY]


def _mine(word: VenueMessage) -> VenueMessage:
    import msgspec

    return msgspec.structs.replace(word, client_order_id="mine") if hasattr(word, "status") else word


def doubled_streams() -> list[tuple[VenueMessage, ...]]:
    """Every stream in which two of the four words are heard twice, without their repetition."""
    one, two, three, four = completely_filled()
    found: dict[tuple[int, ...], tuple[VenueMessage, ...]] = {}
    words = (one, two, three, four)
    for doubled in ((0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)):
        for stream in permutations([0, 1, 2, 3, *doubled]):
            found[stream] = tuple(words[n] for n in stream)
    return list(found.values())


def test_every_stream_with_two_words_doubled_finishes_once_and_needs_no_correction() -> None:
    streams = doubled_streams()
    assert len(streams) == 6 * 180
    for words in streams:
        world = heard(World(), words)
        order = world.external("7", "0xabc")
        assert world.row(order).status is OrderStatus.FILLED
        assert (world.finished(order), world.corrections(order)) == (1, [])
        assert sorted(world.said_fills(order)) == ["t1", "t2"]


def test_a_final_status_that_is_repeated_postpones_nothing_and_is_one_fact() -> None:
    world, venue = watched()
    world.hear(venue.fills("t1", "0.5"), venue.done(1))
    order = world.external("77738308", "0xabc")
    facts = world.count(ev.OrderDone)
    for _ in range(15):
        world.pass_time(20)
        world.hear(venue.done(1))
    assert world.finished(order) == Decimal("0.5")
    assert world.alerts() == ["fills missing", "swept"]
    assert world.count(ev.OrderDone) == facts


def test_a_repeated_final_status_without_a_number_ends_after_ten_minutes_all_the_same() -> None:
    world, venue = watched()
    world.hear(venue.cancels())
    for _ in range(10):
        world.pass_time(60)
        world.hear(venue.cancels())
    assert world.finished(world.external("77738308", "0xabc")) == 0


def test_another_final_word_and_a_higher_total_are_still_news() -> None:
    world, venue = watched()
    world.hear(venue.expires("0.5"), venue.fills("t1", "0.5"))
    order = world.external("77738308", "0xabc")
    world.hear(venue.cancels("0.5"), venue.cancels(1), venue.fills("t2", "0.5"))
    assert (world.row(order).status, world.row(order).filled_quantity) == (OrderStatus.FILLED, 1)

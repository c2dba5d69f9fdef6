"""Orders as evidence: whatever the order and however often its words come, the end is the same."""

from __future__ import annotations

from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, strategies as st
from venue_words import (
    QUANTITY,
    book,
    cancel_rejected,
    cancel_requested,
    canceled,
    created,
    expired,
    fill,
    order,
    placed,
    rejected,
    triggered,
)

from monitor.engine import events as ev
from monitor.engine.ledger import Ledger, PositionMode
from monitor.engine.orders import Book
from monitor.engine.values import Direction, InnerState, Instrument, OrderStatus, Side

INSTRUMENT = Instrument(symbol="TEST.x1", multiplier=Decimal(10))


@st.composite
def true_histories(draw: st.DrawFn) -> list[ev.OrderEvent]:
    """What really happened to an order of ten lots: acknowledged, filled in parts, and its end."""
    sizes = draw(st.lists(st.integers(1, 4), max_size=5))
    prices = st.integers(90, 110)
    fills = [fill(f"t{n}", size, draw(prices)) for n, size in enumerate(sizes)]
    total = sum(sizes)
    if total < QUANTITY:
        endings = [canceled(total), canceled(), expired(total), None]  # the first also ends an IOC's rest
        if not fills:
            return [rejected(0)]
        ending = draw(st.sampled_from([*endings, rejected(total)]))
        return [placed(), *fills, *([ending] if ending else [])]
    over = draw(st.booleans())  # the venue may say that it is done, and fill above the quantity
    return [placed(), triggered(), *fills, *([canceled(total)] if over else [])]


def posted(heard: list[ev.OrderEvent]) -> tuple[Book, Ledger]:
    """The book and the account after hearing these: each fill is posted once."""
    found, ledger = book(), Ledger("sim-1", Decimal(1000), PositionMode.NETTING)
    for time_ns, event in enumerate(heard):
        if isinstance(event, ev.TradeExecuted) and found.is_new_fill(event):
            intent = found.orders[1].intent
            ledger.post(
                INSTRUMENT,
                intent.side,
                intent.offset,
                event.price,
                event.volume,
                event.commission,
                event.slippage,
                time_ns,
            )
        found.apply(event, time_ns)
    return found, ledger


def view(found: Book) -> dict[str, Any]:
    row = found.orders[1].row()
    return {
        name: getattr(row, name)
        for name in ("status", "inner_state", "filled_quantity", "average_price", "reason", "venue_order_id")
    }


def money(ledger: Ledger) -> tuple[Decimal, ...]:
    position = ledger.position(INSTRUMENT, Direction.LONG)
    return position.volume, position.cost, ledger.cash(), ledger.commission, ledger.realised


@given(st.data())
def test_any_order_and_any_repetition_ends_the_same(data: st.DataObject) -> None:
    history = data.draw(true_histories())
    again = data.draw(st.lists(st.sampled_from(history), max_size=4))
    heard = data.draw(st.permutations([*history, *again]))
    (plain, account), (shuffled, other) = posted(history), posted(heard)
    assert view(shuffled) == view(plain)
    assert money(other) == money(account)
    assert set(shuffled.active) == set(plain.active)


@pytest.mark.parametrize("heard", list(permutations([placed(), fill("a", 4), fill("b", 3), canceled(7)])))
def test_all_twenty_four_orders_of_a_partial_fill_and_its_cancel(heard: tuple[ev.OrderEvent, ...]) -> None:
    found = order(*heard)
    assert (found.status, found.filled, found.inner_state) == (OrderStatus.CANCELED, 7, None)


@pytest.mark.parametrize("heard", list(permutations([placed(), fill("a", 4), fill("b", 6), canceled(10)])))
def test_all_twenty_four_orders_of_a_complete_fill(heard: tuple[ev.OrderEvent, ...]) -> None:
    assert order(*heard).status is OrderStatus.FILLED


@given(true_histories(), st.randoms(use_true_random=False))
def test_along_any_stream_what_is_known_only_grows(history: list[ev.OrderEvent], random: Any) -> None:
    heard = [*history, *history]
    random.shuffle(heard)
    found = book()
    filled, knew_placed, verdicts = Decimal(0), False, 0
    for event in heard:
        found.apply(event, 1)
        now = found.orders[1]
        assert now.filled >= filled
        assert now.placed >= knew_placed
        assert (now.verdict is not None) >= verdicts
        assert now.remaining == max(0, QUANTITY - now.filled)
        filled, knew_placed, verdicts = now.filled, now.placed, now.verdict is not None


@given(true_histories())
def test_the_average_is_the_volume_weighted_price(history: list[ev.OrderEvent]) -> None:
    fills = [event for event in history if isinstance(event, ev.TradeExecuted)]
    row = order(*history).row()
    volume = sum((f.volume for f in fills), Decimal(0))
    assert row.filled_quantity == volume
    if fills:
        assert row.average_price == sum((f.price * f.volume for f in fills), Decimal(0)) / volume
    else:
        assert row.average_price is None


def test_no_fill_is_lost_whatever_was_heard_before() -> None:
    for last_word in (canceled(0), rejected(0), expired(0)):
        found = order(last_word, fill("late", 3))
        assert found.filled == 3
        assert not found.status.active


def test_a_verdict_waits_for_the_fills_it_reports() -> None:
    assert order(placed(), canceled(7)).inner_state is InnerState.UNKNOWN
    assert order(placed(), canceled(7), fill("a", 4)).status is OrderStatus.PARTIAL
    assert order(placed(), canceled(7), fill("a", 4), fill("b", 3)).status is OrderStatus.CANCELED


def test_a_request_to_cancel_changes_nothing_but_says_so() -> None:
    asked = order(placed(), fill("a", 4), cancel_requested())
    assert (asked.status, asked.filled) == (OrderStatus.PARTIAL, 4)
    assert asked.inner_state is InnerState.CANCEL_IN_FLIGHT
    assert order(placed(), cancel_requested(), fill("a", 4)).inner_state is InnerState.CANCEL_IN_FLIGHT
    assert order(placed(), cancel_requested(), cancel_rejected()).inner_state is None
    assert order(placed(), cancel_requested(), canceled(0)).inner_state is None


def test_until_the_venue_answers_an_order_is_in_flight() -> None:
    assert order().inner_state is None
    assert order(placed()).inner_state is None


def test_of_two_fills_under_one_id_the_first_is_kept_and_somebody_is_told() -> None:
    found = book(placed(), fill("a", 4))
    assert "two different fills" in found.apply(fill("a", 5), 9)
    assert found.orders[1].filled == 4
    assert found.orders[1].updated_ns == 2


def test_a_repeated_fill_leaves_no_trace() -> None:
    once, twice = order(fill("a", 4)), order(fill("a", 4), fill("a", 4))
    assert once.row() == twice.row()


def test_an_order_that_was_never_created_is_not_invented() -> None:
    with pytest.raises(KeyError):
        Book().apply(placed(), 0)


def test_an_order_is_created_once() -> None:
    found = book()
    with pytest.raises(ValueError, match="twice"):
        found.apply(created(side=Side.SELL), 1)
    assert found.orders[1].intent.side is Side.BUY


def test_a_book_keeps_the_active_orders_apart() -> None:
    found = book()
    found.apply(created(2), 0)
    assert set(found.active) == {1, 2}
    found.apply(canceled(0), 1)
    assert set(found.active) == {2}
    assert set(found.orders) == {1, 2}

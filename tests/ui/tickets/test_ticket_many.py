"""Closing all, cancelling one, several and all: what must be typed, and what is sent."""

from __future__ import annotations

from decimal import Decimal

import pytest
from PySide6.QtCore import Qt
from ticket_rows import order, position
from ticket_stage import Stage

from monitor.engine.commands import (
    CancelOrder,
    CancelOrders,
    CloseAllPositions,
    SeenPosition,
    accepted,
    refused,
)
from monitor.engine.values import Direction, OrderStatus, OrderType

Key = Qt.Key


@pytest.fixture
def two(stage: Stage) -> Stage:
    """A long and a short, and a working order that would close the long."""
    short = position(position_id="c2005-short", symbol="DCE.c2005", direction=Direction.SHORT, version=2)
    stage.rows(short, order(41))
    return stage


def close_all(key: str = "ticket-1") -> CloseAllPositions:
    price = Decimal(2671)
    return CloseAllPositions(
        key=key,
        seen=(
            SeenPosition(
                position_id="m2005-long", version=7, volume=Decimal(3), price=price, working_orders=(41,)
            ),
            SeenPosition(position_id="c2005-short", version=2, volume=Decimal(3), price=price),
        ),
    )


def test_closing_all_needs_the_count(two: Stage) -> None:
    two.tickets.close_all()
    two.ready()
    assert two.panel.headline.full == "Close 2 positions at market"
    two.press(Key.Key_Return)
    two.type("1")
    two.press(Key.Key_Return)
    assert two.sent == []
    two.press(Key.Key_Backspace)
    two.type("2")
    two.press(Key.Key_Return)
    assert two.sent == [close_all()]


def test_y_is_no_answer_where_something_must_be_typed(two: Stage) -> None:
    two.tickets.close_all()
    two.ready()
    two.type("y")
    two.press(Key.Key_Return)
    assert two.sent == []


def test_the_shift_x_that_opened_it_types_nothing_into_it(two: Stage) -> None:
    two.down(Key.Key_X, Qt.KeyboardModifier.ShiftModifier)
    two.tickets.close_all()
    two.frame()
    two.repeat(Key.Key_X, 5)
    two.type("2")
    assert two.panel.word.text() == ""
    two.up(Key.Key_X, Qt.KeyboardModifier.ShiftModifier)
    two.after(350)
    two.type("2")
    assert two.panel.word.text() == "2"


@pytest.mark.parametrize("word", ["1", "DCE.m2005", "m2005", "M2005"])
def test_one_position_may_be_closed_by_its_symbol_too(stage: Stage, word: str) -> None:
    stage.tickets.close_all()
    stage.ready()
    stage.type(word)
    stage.press(Key.Key_Return)
    assert len(stage.sent) == 1


def test_a_symbol_does_not_stand_for_two_positions_of_different_symbols(two: Stage) -> None:
    two.tickets.close_all()
    two.ready()
    two.type("m2005")
    two.press(Key.Key_Return)
    assert two.sent == []


def test_a_third_position_disarms_and_the_old_count_no_longer_counts(two: Stage) -> None:
    two.tickets.close_all()
    two.ready()
    two.type("2")
    two.rows(position(position_id="third", symbol="DCE.a2005"))
    two.press(Key.Key_Return)
    assert two.sent == []
    assert "DCE.a2005 long:  none  →  3" in two.panel.guards.text()
    assert not two.panel.word.isEnabled()
    two.after(350)
    two.press(Key.Key_U)
    two.ready()
    assert two.panel.word.text() == ""
    two.type("3")
    two.press(Key.Key_Return)
    (sent,) = two.sent
    assert len(sent.seen) == 3


def test_a_letter_of_the_symbol_in_full_flight_acknowledges_nothing(two: Stage) -> None:
    """Somebody types "au…" when the numbers change; the u must not mean "use the new numbers"."""
    two.tickets.close_all()
    two.ready()
    two.type("a")
    two.rows(position(position_id="third", symbol="DCE.a2005"))
    two.frame()
    two.after(120)
    two.type("u")
    two.frame()
    assert two.panel.guards.isVisible()


def test_closing_all_is_refused_in_the_ticket(two: Stage) -> None:
    two.tickets.close_all()
    two.ready()
    two.type("2")
    two.press(Key.Key_Return)
    two.answer(refused("The positions changed: others are open by now.", "changed"))
    assert "others are open" in two.panel.status.text()


def test_cancelling_one_order_needs_only_enter(stage: Stage) -> None:
    stage.rows(order(41), order(42))
    stage.tickets.cancel_orders([41])
    stage.ready()
    stage.press(Key.Key_Return)
    assert stage.sent == [CancelOrder(key="ticket-1", order_id=41)]


@pytest.mark.parametrize(
    ("changed", "name"),
    [
        ({}, "#41 Sell 3 DCE.m2005 at 2,700"),
        ({"type": OrderType.MARKET, "price": None}, "#41 Sell 3 DCE.m2005 at market"),
        ({"type": OrderType.STOP, "price": None, "trigger_price": 2600}, "#41 Sell 3 DCE.m2005 stop 2,600"),
        ({"type": OrderType.STOP_LIMIT, "trigger_price": 2600}, "#41 Sell 3 DCE.m2005 stop 2,600 at 2,700"),
        ({"filled_quantity": Decimal(1)}, "#41 Sell 2 DCE.m2005 at 2,700"),
    ],
)
def test_an_order_is_named_by_what_is_left_of_it_and_its_terms(
    stage: Stage, changed: dict[str, object], name: str
) -> None:
    stage.rows(order(41, **changed))
    stage.tickets.cancel_orders([41])
    assert stage.panel.headline.full == f"Cancel {name}"


def test_a_trailing_stop_that_trails_does_not_disarm(stage: Stage) -> None:
    trailing = {"type": OrderType.TRAILING, "price": None}
    stage.rows(order(41, **trailing, trigger_price=2600))
    stage.tickets.cancel_orders([41])
    stage.ready()
    stage.rows(order(41, **trailing, trigger_price=2610))
    stage.press(Key.Key_Return)
    assert stage.sent == [CancelOrder(key="ticket-1", order_id=41)]


def test_cancelling_does_not_depend_on_the_price(stage: Stage) -> None:
    stage.rows(order(41))
    stage.tickets.cancel_orders([41])
    stage.ready()
    stage.rows(position(last_price=Decimal(3000)))
    stage.press(Key.Key_Y)
    assert stage.sent == [CancelOrder(key="ticket-1", order_id=41)]


def test_a_partial_fill_meanwhile_is_shown_before_it_is_cancelled(stage: Stage) -> None:
    stage.rows(order(41))
    stage.tickets.cancel_orders([41])
    stage.ready()
    stage.rows(order(41, status=OrderStatus.PARTIAL, filled_quantity=Decimal(1)))
    stage.press(Key.Key_Return)
    assert stage.sent == []
    assert stage.panel.consequence.text() == "1 of 3 is filled already and stays"


def test_an_order_that_ended_meanwhile_closes_the_ticket(stage: Stage) -> None:
    stage.rows(order(41))
    stage.tickets.cancel_orders([41])
    stage.ready()
    stage.rows(order(41, status=OrderStatus.FILLED, filled_quantity=Decimal(3)))
    stage.press(Key.Key_Return)
    assert stage.sent == []
    assert not stage.is_open


def test_several_chosen_orders_need_their_count_and_no_others_are_touched(stage: Stage) -> None:
    stage.rows(order(41), order(42), order(43))
    stage.tickets.cancel_orders([43, 41])
    stage.ready()
    stage.press(Key.Key_Return)
    assert stage.sent == []
    stage.type("2")
    stage.press(Key.Key_Return)
    assert stage.sent == [CancelOrders(key="ticket-1", order_ids=(41, 43))]


def test_cancelling_all_needs_the_count_even_of_one(stage: Stage) -> None:
    stage.rows(order(41))
    stage.tickets.cancel_all()
    stage.ready()
    stage.press(Key.Key_Return)
    assert stage.sent == []
    stage.type("1")
    stage.press(Key.Key_Return)
    assert stage.sent == [CancelOrders(key="ticket-1", order_ids=(41,), all=True)]


def test_a_new_order_disarms_cancelling_all(stage: Stage) -> None:
    stage.rows(order(41), order(42))
    stage.tickets.cancel_all()
    stage.ready()
    stage.type("2")
    stage.rows(order(43))
    stage.press(Key.Key_Return)
    assert stage.sent == []
    assert "order 43" in stage.panel.guards.text()


def test_nothing_working_is_said_without_a_ticket(stage: Stage) -> None:
    stage.tickets.cancel_all()
    assert not stage.is_open
    assert stage.messages[0][0] == "Nothing of it is working any more: nothing was sent."


def test_accepted_is_shown(stage: Stage) -> None:
    stage.rows(order(41))
    stage.tickets.cancel_orders([41])
    stage.ready()
    stage.press(Key.Key_Return)
    stage.answer(accepted())
    assert stage.panel.status.text() == "Accepted."

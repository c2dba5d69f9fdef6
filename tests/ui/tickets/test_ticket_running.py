"""Stopping a strategy, resetting a replay, ending a silent engine; and what an answered ticket lets by."""

from __future__ import annotations

from decimal import Decimal

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication
from ticket_rows import order, position, strategy
from ticket_stage import Stage

from monitor.engine.commands import ResetReplay, StopStrategy, accepted, refused
from monitor.engine.values import OrderStatus, Origin, StrategyState
from monitor.ui.tickets.parts import ElidedLabel
from monitor.ui.tickets.rules import Phase

Key = Qt.Key
GONE = position(volume=Decimal(0), version=9)
STOPPED = strategy(state=StrategyState.STOPPED)


@pytest.fixture
def asked(stage: Stage) -> Stage:
    """Whether to stop a strategy with a position of three and two working orders."""
    stage.rows(order(41), order(42, price=Decimal(2750)))
    assert stage.tickets.stop_strategy(1)
    stage.ready()
    return stage


def reaches_the_shortcuts(stage: Stage, key: Qt.Key) -> bool:
    """Qt asks the focus first whether it wants a key for itself; only then come shortcuts."""
    event = QKeyEvent(QEvent.Type.ShortcutOverride, key, Qt.KeyboardModifier.NoModifier, "")
    event.ignore()
    QApplication.sendEvent(stage.focus(), event)
    return not event.isAccepted()


def test_it_says_what_stopping_cancels_and_what_stays(asked: Stage) -> None:
    assert asked.panel.headline.full == "Stop double_ma"
    expected = "cancels its 2 working orders; its long 3 stays open without a stop"
    assert asked.panel.consequence.text() == expected


@pytest.mark.parametrize("key", [Key.Key_Return, Key.Key_Y])
def test_enter_or_y_stops_it(asked: Stage, key: Qt.Key) -> None:
    asked.press(key)
    assert asked.sent == [StopStrategy(key="ticket-1", strategy_id=1)]
    asked.answer(accepted())
    assert asked.panel.status.text() == "Accepted."


def test_not_before_it_is_armed(stage: Stage) -> None:
    stage.rows(order(41))
    stage.tickets.stop_strategy(1)
    stage.frame()
    stage.press(Key.Key_Return)
    assert stage.sent == []


def test_another_order_or_another_volume_holds_it_back(asked: Stage) -> None:
    asked.rows(position(volume=Decimal(2), version=8), order(43))
    asked.frame()
    guards = asked.panel.guards.text()
    assert "DCE.m2005 long:  3  →  2" in guards
    assert "order 43" in guards
    asked.press(Key.Key_Return)
    assert asked.sent == []


def test_a_moving_price_does_not(asked: Stage) -> None:
    asked.rows(position(last_price=Decimal(9999)))
    asked.frame()
    asked.press(Key.Key_Return)
    assert len(asked.sent) == 1


def test_a_strategy_that_stopped_by_itself_is_asked_about_no_more(asked: Stage) -> None:
    asked.rows(STOPPED)
    asked.frame()
    assert not asked.is_open


def test_without_orders_and_position_there_is_nothing_to_ask(stage: Stage) -> None:
    stage.rows(GONE, order(51, strategy_id=2))
    assert not stage.tickets.stop_strategy(1)
    assert not stage.is_open


def test_own_orders_are_a_reason_to_ask_before_a_reset(stage: Stage) -> None:
    stage.rows(order(41))
    assert not stage.tickets.reset_replay()
    stage.rows(order(42, origin=Origin.USER, status=OrderStatus.FILLED))
    assert stage.tickets.reset_replay()
    stage.ready()
    assert "the order that you gave yourself" in stage.panel.consequence.text()
    stage.press(Key.Key_Return)
    assert stage.sent == [ResetReplay(key="ticket-1")]
    stage.answer(accepted(reason="The replay begins anew."))
    assert stage.panel.status.text() == "Accepted. The replay begins anew."


def test_a_silent_engine_can_be_ended_anyway(stage: Stage) -> None:
    stage.tickets.ask_to_end(lambda: True)
    stage.ready()
    assert "does not answer" in stage.panel.headline.full
    stage.press(Key.Key_Return)
    assert (stage.quits, stage.sent) == (1, [])


def test_it_takes_the_place_of_an_answer_that_does_not_come(stage: Stage) -> None:
    stage.tickets.close_position("m2005-long")
    stage.ready()
    stage.press(Key.Key_Return)
    assert stage.tickets.phase is Phase.SENT
    stage.tickets.ask_to_end(lambda: True)
    assert stage.panel.headline.full == "The engine does not answer. End anyway?"


def test_an_engine_that_answers_again_is_not_ended(stage: Stage) -> None:
    silent = True
    stage.tickets.ask_to_end(lambda: silent)
    stage.ready()
    silent = False
    stage.frame()
    assert not stage.is_open
    assert stage.quits == 0


def test_a_ticket_that_asks_keeps_single_keys_and_an_answered_one_lets_them_through(stage: Stage) -> None:
    stage.tickets.close_position("m2005-long")
    stage.ready()
    assert not reaches_the_shortcuts(stage, Key.Key_Period)
    stage.press(Key.Key_Return)
    assert not reaches_the_shortcuts(stage, Key.Key_Period), "its answer is not known yet"
    stage.answer(accepted())
    for key in (Key.Key_Period, Key.Key_Question, Key.Key_Space, Key.Key_X):
        assert reaches_the_shortcuts(stage, key)
    stage.press(Key.Key_Return)
    assert len(stage.sent) == 1, "a second Enter does nothing"
    stage.after(5_001)
    assert not stage.is_open


def test_a_refused_one_whose_word_was_typed_lets_them_through_as_well(stage: Stage) -> None:
    stage.tickets.close_all()
    stage.ready()
    stage.type("1")
    stage.press(Key.Key_Return)
    stage.answer(refused("The price moved.", "moved"))
    assert reaches_the_shortcuts(stage, Key.Key_Period)


def test_enter_with_nothing_typed_says_what_to_type(stage: Stage) -> None:
    stage.tickets.close_all()
    stage.ready()
    stage.press(Key.Key_Return)
    stage.frame()
    assert stage.panel.status.text() == "Nothing is typed yet: type 1 or DCE.m2005, then Enter."
    stage.type("3")
    stage.press(Key.Key_Return)
    stage.frame()
    assert "“3” is not it" in stage.panel.status.text()
    assert stage.sent == []


def test_closing_all_sums_the_fees(stage: Stage) -> None:
    stage.rows(
        position(close_commission=Decimal("4.50")),
        position(position_id="m2009-long", symbol="DCE.m2009", close_commission=Decimal("2.25")),
    )
    stage.tickets.close_all()
    stage.frame()
    assert "6.75 CNY" in [value.full for value in stage.panel.facts.findChildren(ElidedLabel)]
    stage.rows(position(position_id="m2009-long", symbol="DCE.m2009", close_commission=None))
    stage.frame()
    assert "known when it fills" in [value.full for value in stage.panel.facts.findChildren(ElidedLabel)]


def test_of_a_position_that_is_gone_no_detail_is_told_as_it_was(stage: Stage) -> None:
    other = position(position_id="m2009-long", symbol="DCE.m2009")
    stage.rows(other, order(41))
    stage.tickets.close_all()
    stage.ready()
    stage.rows(position(volume=Decimal(2), version=8, last_price=Decimal(2700)))
    stage.frame()
    assert "DCE.m2005 price" in stage.panel.guards.text()
    stage.rows(GONE)
    stage.frame()
    assert stage.panel.guards.text() == "DCE.m2005 long:  3  →  none"
    stage.rows(position(version=10))
    stage.frame()
    assert "DCE.m2005 long" in stage.panel.guards.text(), "that it was gone stays to be read"

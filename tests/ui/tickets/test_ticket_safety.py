"""What may be sent at all, and orders nobody knows the state of: hands on real keys."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from ticket_rows import order, position, session, strategy
from ticket_stage import Stage

from monitor.engine.commands import (
    DecideOrder,
    Decision,
    Resolution,
    ResolveOrder,
    SetEngineState,
    accepted,
    refused,
)
from monitor.engine.values import EngineState, InnerState, OrderStatus
from monitor.ui.tickets.rules import Phase
from monitor.ui.tickets.safety import (
    NormalQuestion,
    ReduceOnlyQuestion,
    ResolveQuestion,
    SendWaitingQuestion,
)

Key = Qt.Key
STOP = SetEngineState(key="ticket-1", state=EngineState.HALTED, reason="emergency stop")


def for_ms(stage: Stage, milliseconds: int) -> None:
    """Frames go by, as they do in a window that is alive."""
    for _ in range(milliseconds // 10):
        stage.after(10)


@pytest.fixture
def stop(stage: Stage) -> Stage:
    """The emergency ticket, armed."""
    stage.rows(order(41), strategy())
    stage.tickets.emergency_stop()
    stage.ready()
    return stage


def test_the_ticket_says_what_stops_and_what_stays(stop: Stage) -> None:
    assert stop.panel.headline.full == "Stop all trading now"
    lines = {line.label: line.value for line in stop.shown.lines}
    assert lines["Cancels"].startswith("#41 ")
    assert lines["Stays open"] == "1 position"


def test_a_tap_on_enter_stops_nothing(stop: Stage) -> None:
    stop.press(Key.Key_Return)
    for_ms(stop, 2_000)
    assert stop.sent == []
    assert stop.panel.status.text().startswith("That was too short: nothing was sent.")


def test_enter_held_for_a_second_stops_all_once(stop: Stage) -> None:
    stop.down(Key.Key_Return)
    for_ms(stop, 990)
    assert stop.sent == []
    assert stop.shown.held == pytest.approx(0.99, abs=0.02)
    stop.repeat(Key.Key_Return, 5)
    for_ms(stop, 20)
    assert stop.sent == [STOP]
    stop.repeat(Key.Key_Return, 40)
    for_ms(stop, 2_000)
    stop.up(Key.Key_Return)
    stop.press(Key.Key_Return)
    for_ms(stop, 2_000)
    assert stop.sent == [STOP]
    stop.answer(accepted())
    assert stop.tickets.phase is Phase.ACCEPTED


def test_a_standstill_of_the_window_is_not_holding(stop: Stage) -> None:
    stop.down(Key.Key_Return)
    stop.after(5_000)  # it hangs, and the release waits to be heard of
    assert stop.sent == []
    stop.up(Key.Key_Return)
    for_ms(stop, 1_000)
    assert stop.sent == []


def test_enter_let_go_half_way_begins_anew(stop: Stage) -> None:
    for _ in range(3):
        stop.down(Key.Key_Return)
        for_ms(stop, 600)
        stop.up(Key.Key_Return)
        for_ms(stop, 10)
    assert stop.sent == []


def test_the_enter_that_was_down_already_holds_nothing(stage: Stage) -> None:
    stage.down(Key.Key_Return)
    stage.tickets.emergency_stop()
    stage.ready()
    stage.repeat(Key.Key_Return, 60)
    for_ms(stage, 2_000)
    assert stage.sent == []
    stage.up(Key.Key_Return)
    stage.after(350)
    stage.down(Key.Key_Return)
    for_ms(stage, 1_000)
    assert stage.sent == [STOP]


def test_the_keys_that_opened_it_must_be_let_go_first(stage: Stage) -> None:
    both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    stage.down(Key.Key_F12, both)
    stage.tickets.emergency_stop()
    stage.ready()
    stage.type("STOP")
    assert stage.panel.word.text() == ""
    stage.up(Key.Key_F12, both)
    stage.after(350)
    stage.type("stop")
    stage.press(Key.Key_Return)
    assert stage.sent == [STOP]


@pytest.mark.parametrize("typed", ["", "STO", "STOPP", "yes"])
def test_another_word_stops_nothing(stop: Stage, typed: str) -> None:
    stop.type(typed)
    stop.press(Key.Key_Return)
    for_ms(stop, 500)
    assert stop.sent == []


def test_the_button_is_held_with_the_mouse(stop: Stage) -> None:
    left = Qt.MouseButton.LeftButton
    QTest.mouseClick(stop.panel.verb, left)
    for_ms(stop, 1_500)
    assert stop.sent == []
    QTest.mousePress(stop.panel.verb, left)
    for_ms(stop, 500)
    for_ms(stop, 500)
    assert stop.sent == [STOP]
    QTest.mouseRelease(stop.panel.verb, left)
    assert stop.sent == [STOP]


def test_escape_leaves_also_while_it_is_held(stop: Stage) -> None:
    stop.down(Key.Key_Return)
    for_ms(stop, 500)
    stop.press(Key.Key_Escape)
    for_ms(stop, 1_000)
    assert not stop.is_open
    assert stop.sent == []


def test_another_application_ends_the_holding(stop: Stage) -> None:
    stop.down(Key.Key_Return)
    stop.tickets._watch._elsewhere(Qt.ApplicationState.ApplicationInactive)
    for_ms(stop, 1_500)
    assert stop.sent == []


def test_nothing_that_changes_holds_it_back(stop: Stage) -> None:
    stop.rows(order(42), position(version=8))
    stop.frame()
    stop.type("STOP")
    stop.press(Key.Key_Return)
    assert stop.sent == [STOP]


def test_it_comes_before_whatever_is_asked(stage: Stage) -> None:
    stage.rows(order(41))
    stage.tickets.cancel_all()
    stage.tickets.close_all()
    stage.tickets.emergency_stop()
    assert stage.panel.headline.full == "Stop all trading now"
    assert stage.tickets.waiting == 0


def test_halted_already_there_is_nothing_to_ask(stage: Stage) -> None:
    stage.rows(session(engine_state=EngineState.HALTED))
    stage.tickets.emergency_stop()
    assert not stage.is_open
    assert stage.messages == [("The engine is halted.", "info")]


def test_a_stop_that_is_refused_says_why(stop: Stage) -> None:
    stop.type("STOP")
    stop.press(Key.Key_Return)
    stop.answer(refused("A replay is not halted."))
    assert stop.panel.status.text() == "Refused: A replay is not halted."


def test_reduce_only_takes_enter(stage: Stage) -> None:
    stage.tickets.ask(ReduceOnlyQuestion())
    stage.ready()
    stage.press(Key.Key_Return)
    assert stage.sent == [SetEngineState(key="ticket-1", state=EngineState.REDUCE_ONLY, reason="by hand")]


def test_back_to_normal_must_be_typed_and_lists_stragglers(stage: Stage) -> None:
    unknown = order(41, inner_state=InnerState.UNKNOWN)
    stage.rows(session(engine_state=EngineState.HALTED), unknown)
    stage.tickets.ask(NormalQuestion())
    stage.ready()
    assert {line.label: line.tone for line in stage.shown.lines}["Not confirmed"] == "warn"
    stage.down(Key.Key_Return)
    for_ms(stage, 2_000)
    stage.up(Key.Key_Return)
    assert stage.sent == [], "holding is for stopping only"
    stage.type("NORMAL")
    stage.press(Key.Key_Return)
    assert stage.sent == [SetEngineState(key="ticket-1", state=EngineState.NORMAL, reason="by hand")]


@pytest.mark.parametrize("resolution", [Resolution.NEVER_ARRIVED, Resolution.ENDED])
def test_a_persons_word_about_an_unknown_order_states_the_risk(stage: Stage, resolution: Resolution) -> None:
    stage.rows(order(41, inner_state=InnerState.UNKNOWN))
    stage.tickets.ask(ResolveQuestion(41, resolution))
    stage.ready()
    told = " ".join(line.value for line in stage.shown.lines)
    assert "what the venue says still beats it" in told
    assert "if it did arrive" in stage.shown.consequence or "not in your books" in stage.shown.consequence
    stage.press(Key.Key_Return)
    assert stage.sent == [ResolveOrder(key="ticket-1", order_id=41, resolution=resolution)]


def test_the_venues_word_takes_the_question_away(stage: Stage) -> None:
    stage.rows(order(41, inner_state=InnerState.UNKNOWN))
    stage.tickets.ask(ResolveQuestion(41, Resolution.ENDED))
    stage.ready()
    stage.rows(order(41, status=OrderStatus.FILLED))
    stage.frame()
    assert not stage.is_open
    stage.press(Key.Key_Return)
    assert stage.sent == []


def test_an_order_that_failed_is_sent_by_a_person(stage: Stage) -> None:
    stage.rows(order(41, inner_state=InnerState.MANUAL, status=OrderStatus.CREATED, reason="no margin"))
    stage.tickets.ask(SendWaitingQuestion(41))
    stage.ready()
    assert {line.label: line.value for line in stage.shown.lines}["Why it waits"] == "no margin"
    stage.press(Key.Key_Return)
    assert stage.sent == [DecideOrder(key="ticket-1", order_id=41, decision=Decision.SEND)]

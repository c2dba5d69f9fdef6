"""Closing the application: what is asked, what each of the four answers sends, and in which order."""

from __future__ import annotations

from decimal import Decimal

import pytest
from PySide6.QtCore import Qt
from ticket_rows import order, position, replay, session, strategy
from ticket_stage import Stage

from monitor.engine.commands import (
    CancelOrders,
    CloseAllPositions,
    SeenPosition,
    StepReplay,
    StopStrategy,
    accepted,
    refused,
)
from monitor.engine.values import Offset, OrderStatus, ReplayState, Side, StrategyState, World
from monitor.ui.tickets.parts import ElidedLabel
from monitor.ui.tickets.rules import Phase

Key = Qt.Key
GONE = position(volume=Decimal(0), version=9)
STOPPED = strategy(state=StrategyState.STOPPED)
OPENING = order(42, side=Side.BUY, offset=Offset.OPEN)


@pytest.fixture
def asked(stage: Stage) -> Stage:
    """One long position, an order that would close it, one that would open more, a strategy."""
    stage.rows(order(41), OPENING)
    stage.tickets.ask_to_quit()
    stage.ready()
    return stage


def close_all(*working: int, version: int = 7) -> CloseAllPositions:
    seen = SeenPosition(
        position_id="m2005-long",
        version=version,
        volume=Decimal(3),
        price=Decimal(2671),
        working_orders=working,
    )
    return CloseAllPositions(key="ticket-1", seen=(seen,))


def choose(stage: Stage, letter: Qt.Key, typed: str = "") -> None:
    stage.press(letter)
    answer(stage, typed)


def answer(stage: Stage, typed: str) -> None:
    stage.ready()
    if typed:
        stage.type(typed)
    stage.press(Key.Key_Return)


def test_with_nothing_working_open_or_running_it_closes_at_once(stage: Stage) -> None:
    stage.rows(GONE, STOPPED)
    stage.tickets.ask_to_quit()
    assert stage.quits == 1
    assert not stage.is_open


@pytest.mark.parametrize(
    "rows",
    [(GONE,), (STOPPED,), (GONE, STOPPED, OPENING)],
    ids=["a strategy runs", "a position is open", "an order works"],
)
def test_any_one_of_them_is_a_reason_to_ask(stage: Stage, rows: tuple[object, ...]) -> None:
    stage.rows(*rows)
    stage.tickets.ask_to_quit()
    assert stage.quits == 0
    assert stage.is_open


def test_it_says_what_stands(asked: Stage) -> None:
    assert asked.panel.headline.text() == "Quit Trading Monitor?"
    expected = "There are 2 working orders, 1 open position and 1 running strategy."
    assert asked.panel.consequence.text() == expected


@pytest.mark.parametrize("key", [Key.Key_Return, Key.Key_Escape, Key.Key_Y])
def test_to_stay_is_the_default(asked: Stage, key: Qt.Key) -> None:
    asked.press(key)
    assert not asked.is_open
    assert (asked.quits, asked.sent) == (0, [])


def test_leaving_sends_nothing_and_says_what_becomes_of_a_replay(asked: Stage) -> None:
    asked.press(Key.Key_L)
    asked.frame()
    assert "restored at the next start" in asked.panel.consequence.text()
    asked.press(Key.Key_Return)
    assert (asked.quits, asked.sent) == (1, []), "what sends nothing needs no arming anew"


def test_leaving_is_not_carried_out_by_keys_from_before_the_ticket_was_read(stage: Stage) -> None:
    stage.rows(order(41))
    stage.tickets.ask_to_quit()
    stage.frame()
    stage.press(Key.Key_L)
    stage.press(Key.Key_Return)
    assert (stage.quits, stage.is_open) == (0, True), "this Enter was meant for leaving, not for stay"
    stage.after(350)
    assert (stage.quits, stage.is_open) == (0, True), "nor is it kept for later"
    stage.press(Key.Key_L)
    stage.press(Key.Key_Return)
    assert stage.quits == 1


@pytest.mark.parametrize("key", [Key.Key_L, Key.Key_Down, Key.Key_Return, Key.Key_Y])
def test_a_key_that_came_too_early_is_told_until_the_next_one(stage: Stage, key: Qt.Key) -> None:
    stage.tickets.ask_to_quit()
    stage.frame()
    stage.after(349)
    stage.press(key)
    assert stage.panel.status.text().startswith("That came too early and was not taken. Read first")
    assert stage.panel.headline.full == "Quit Trading Monitor?"
    stage.after(1)
    said = stage.panel.status.text()
    assert said.startswith("That came too early and was not taken. Choose an answer by its letter")
    stage.press(Key.Key_L)
    stage.frame()
    assert stage.panel.headline.full == "Leave everything as it is and quit"
    assert "too early" not in stage.panel.status.text()


def test_a_key_without_a_meaning_is_not_told(stage: Stage) -> None:
    stage.tickets.ask_to_quit()
    stage.frame()
    stage.press(Key.Key_J)
    assert "too early" not in stage.panel.status.text()


def test_esc_stays_also_before_it_armed(stage: Stage) -> None:
    stage.tickets.ask_to_quit()
    stage.frame()
    stage.press(Key.Key_Escape)
    assert (stage.quits, stage.is_open) == (0, False)


def test_enter_stays_only_after_the_hands_were_off_the_keys(stage: Stage) -> None:
    stage.down(Key.Key_Q)
    stage.tickets.ask_to_quit()
    stage.ready()
    stage.press(Key.Key_Return)
    assert stage.is_open
    stage.up(Key.Key_Q)
    stage.frame()
    stage.press(Key.Key_Return)
    assert (stage.quits, stage.is_open) == (0, False)


def test_back_in_the_window_leaving_arms_anew(asked: Stage) -> None:
    asked.press(Key.Key_L)
    asked.tickets.hidden()
    asked.frame()
    asked.press(Key.Key_Return)
    assert asked.quits == 0
    asked.after(350)
    asked.press(Key.Key_Return)
    assert asked.quits == 1


def test_what_sends_something_arms_anew_and_shows_it(asked: Stage) -> None:
    asked.press(Key.Key_C)
    asked.frame()
    asked.after(175)
    assert asked.shown.arming == 0.5
    assert "line below" in asked.panel.status.text()
    asked.type("2")
    asked.press(Key.Key_Return)
    asked.frame()
    assert asked.sent == []
    assert "too early" in asked.panel.status.text()
    asked.after(175)
    assert asked.shown.arming is None
    asked.press(Key.Key_Return)
    assert len(asked.sent) == 1


def test_leaving_a_live_world_says_that_orders_go_on(stage: Stage) -> None:
    stage.rows(session(World.LIVE))
    stage.tickets.ask_to_quit()
    stage.ready()
    stage.press(Key.Key_L)
    assert "keep working at the venue" in stage.panel.consequence.text()


def test_a_moving_price_does_not_disarm_leaving(asked: Stage) -> None:
    asked.press(Key.Key_L)
    asked.ready()
    asked.rows(position(last_price=Decimal(9999)))
    asked.press(Key.Key_Return)
    assert asked.quits == 1


def test_cancelling_needs_the_count_and_closes_when_nothing_works_any_more(asked: Stage) -> None:
    choose(asked, Key.Key_C)
    assert asked.sent == []
    asked.type("2")
    asked.press(Key.Key_Return)
    assert asked.sent == [CancelOrders(key="ticket-1", order_ids=(41, 42), all=True)]
    asked.answer(accepted())
    asked.rows(order(41, status=OrderStatus.CANCELED))
    asked.frame()
    assert asked.quits == 0
    assert "Cancelling the orders" in asked.panel.status.text()
    asked.rows(order(42, status=OrderStatus.CANCELED))
    asked.frame()
    assert asked.quits == 1


def test_a_refused_cancel_keeps_the_application_open(asked: Stage) -> None:
    choose(asked, Key.Key_C, "2")
    asked.answer(refused("The working orders changed: 3 by now.", "changed"))
    asked.after(1000)
    assert asked.quits == 0
    assert "The working orders changed" in asked.panel.status.text()


def test_flattening_stops_cancels_closes_steps_and_only_then_quits(asked: Stage) -> None:
    asked.press(Key.Key_F)
    asked.frame()
    assert "steps until all is flat" in asked.panel.consequence.text()
    answer(asked, "1")
    assert asked.sent == [StopStrategy(key="ticket-1-stop-1", strategy_id=1)]
    asked.answer(accepted())
    assert len(asked.sent) == 1, "not before the strategy has stopped"
    asked.rows(STOPPED, order(41, status=OrderStatus.CANCELED))
    asked.frame()
    assert asked.sent[1:] == [CancelOrders(key="ticket-1-cancel", order_ids=(42,))]
    asked.answer(accepted())
    asked.rows(order(42, status=OrderStatus.CANCELED))
    asked.frame()
    assert asked.sent[2:] == [close_all()], "without the order that our own stop has cancelled"
    asked.answer(accepted(43))
    assert asked.sent[3:] == [StepReplay(key="ticket-1-step-1", bars=1)]
    asked.answer(accepted())
    assert asked.quits == 0
    assert "bar 100, 1 of at most 50 bars" in asked.panel.status.text()
    asked.rows(GONE)
    asked.frame()
    assert asked.quits == 1
    assert len(asked.sent) == 4


def flatten(stage: Stage) -> None:
    """Ask to flatten one position, without any order or strategy, up to the first step."""
    stage.rows(STOPPED)
    stage.tickets.ask_to_quit()
    stage.ready()
    choose(stage, Key.Key_F, "1")
    stage.answer(accepted(43))


def test_flattening_steps_on_over_bars_that_fill_nothing(stage: Stage) -> None:
    flatten(stage)
    for bar in (101, 102, 103):
        stage.rows(replay(bar=bar))
        stage.answer(accepted())
        stage.frame()
    keys = [command.key for command in stage.sent[1:]]
    assert keys == [f"ticket-1-step-{number}" for number in (1, 2, 3, 4)]
    assert stage.quits == 0
    stage.rows(replay(bar=104), GONE)
    stage.answer(accepted())
    stage.frame()
    assert stage.quits == 1


def test_after_fifty_bars_it_says_what_is_open_and_asks_again(stage: Stage) -> None:
    flatten(stage)
    stage.rows(order(43), position(volume=Decimal(1), version=8))
    for bar in range(101, 151):
        stage.rows(replay(bar=bar))
        stage.answer(accepted())
        stage.frame()
    assert len(stage.sent) == 51
    assert stage.quits == 0
    said = stage.panel.status.text()
    assert "50 bars passed and not all is flat. Still there: long 1 DCE.m2005 and 1 working order." in said
    assert "Choose an answer" in said
    choose(stage, Key.Key_L)
    assert stage.quits == 1, "every choice is offered again"


def test_a_second_attempt_has_keys_of_its_own(stage: Stage) -> None:
    flatten(stage)
    stage.answer(refused("The replay is being rebuilt."))
    stage.frame()
    assert "Refused: The replay is being rebuilt." in stage.panel.status.text()
    stage.ready()
    choose(stage, Key.Key_F, "1")
    assert stage.sent[-1].key == "ticket-1-again-2"


def test_fills_that_do_not_come_in_time_bring_the_question_back(stage: Stage) -> None:
    flatten(stage)
    stage.answer(accepted())
    stage.after(10_001)
    assert "did not come in time" in stage.panel.status.text()
    assert stage.tickets.phase is Phase.ASKING


def test_orders_that_are_not_cancelled_in_time_bring_the_question_back(asked: Stage) -> None:
    choose(asked, Key.Key_C, "2")
    asked.answer(accepted())
    asked.after(10_001)
    assert "not cancelled in time" in asked.panel.status.text()
    asked.ready()
    asked.press(Key.Key_Escape)
    assert not asked.is_open


def test_asking_to_quit_again_replaces_an_answer_that_does_not_come(asked: Stage) -> None:
    choose(asked, Key.Key_C, "2")
    assert "Esc leaves" in asked.panel.status.text()
    asked.tickets.ask_to_quit()
    asked.ready()
    assert asked.tickets.phase is Phase.ASKING
    choose(asked, Key.Key_L)
    assert asked.quits == 1


def test_flattening_a_playing_replay_takes_no_step_of_its_own(stage: Stage) -> None:
    stage.rows(STOPPED, replay(state=ReplayState.PLAYING))
    stage.tickets.ask_to_quit()
    stage.ready()
    stage.press(Key.Key_F)
    assert "next bars" in stage.panel.consequence.text()
    stage.ready()
    stage.type("1")
    stage.press(Key.Key_Return)
    stage.answer(accepted(43))
    assert stage.sent == [close_all()]
    stage.rows(GONE)
    stage.frame()
    assert stage.quits == 1


def test_at_the_end_of_a_replay_flattening_is_not_offered_and_says_why(stage: Stage) -> None:
    stage.rows(STOPPED, order(41), replay(state=ReplayState.FINISHED))
    stage.tickets.ask_to_quit()
    stage.ready()
    lines = stage.panel.facts.findChildren(ElidedLabel)
    assert any("at its end, nothing can fill" in line.full for line in lines)
    stage.press(Key.Key_F)
    assert stage.panel.headline.full == "Quit Trading Monitor?"
    stage.press(Key.Key_C)
    assert stage.panel.headline.full == "Cancel 1 order, then quit"
    stage.ready()
    assert "up or down key chooses another" in stage.panel.status.text()
    stage.press(Key.Key_Up)
    stage.press(Key.Key_Return)
    assert stage.quits == 1


def test_an_end_that_comes_while_flatten_is_chosen_is_said(stage: Stage) -> None:
    stage.rows(STOPPED)
    stage.tickets.ask_to_quit()
    stage.ready()
    stage.press(Key.Key_F)
    stage.ready()
    stage.rows(replay(bar=1000, state=ReplayState.FINISHED))
    stage.frame()
    assert "no bar is left" in stage.panel.status.text()
    stage.type("1")
    stage.press(Key.Key_Return)
    assert stage.sent == []


def test_an_end_that_comes_before_the_fills_is_said_and_asked_again(stage: Stage) -> None:
    flatten(stage)
    stage.rows(replay(bar=1000, state=ReplayState.FINISHED))
    stage.answer(refused("The replay is at its end already.", "finished"))
    stage.frame()
    assert "reached its end before all was flat" in stage.panel.status.text()
    choose(stage, Key.Key_L)
    assert stage.quits == 1


def test_flattening_stops_where_a_position_changed_on_the_way(asked: Stage) -> None:
    asked.press(Key.Key_F)
    answer(asked, "1")
    asked.rows(position(volume=Decimal(1), version=8), STOPPED)
    asked.rows(order(41, status=OrderStatus.FILLED), order(42, status=OrderStatus.CANCELED))
    asked.answer(accepted())
    asked.frame()
    asked.answer(accepted())
    asked.frame()
    assert [type(command) for command in asked.sent] == [StopStrategy, CancelOrders]
    assert "nothing was closed" in asked.panel.status.text()
    assert asked.quits == 0


def test_flattening_sends_the_price_that_was_seen(stage: Stage) -> None:
    stage.tickets.ask_to_quit()
    stage.ready()
    choose(stage, Key.Key_F, "1")
    stage.rows(STOPPED, position(last_price=Decimal(2673)))
    stage.answer(accepted())
    stage.frame()
    assert stage.sent[1:] == [close_all()]


def test_leaving_the_ticket_ends_the_steps(asked: Stage) -> None:
    choose(asked, Key.Key_F, "1")
    asked.press(Key.Key_Escape)
    asked.answer(accepted())
    asked.rows(STOPPED)
    asked.frame()
    assert [type(command) for command in asked.sent] == [StopStrategy]
    assert asked.quits == 0


def test_a_strategy_that_stopped_by_itself_is_no_obstacle(stage: Stage) -> None:
    stage.tickets.ask_to_quit()
    stage.ready()
    choose(stage, Key.Key_F, "1")
    stage.rows(STOPPED)
    stage.answer(refused("double_ma is not running.", "changed"))
    stage.frame()
    assert stage.sent[1:] == [close_all()]


def test_the_arrow_keys_choose_among_what_makes_sense(stage: Stage) -> None:
    stage.tickets.ask_to_quit()
    stage.ready()
    headlines = []
    for _ in range(3):
        stage.press(Key.Key_Down)
        stage.frame()
        headlines.append(stage.panel.headline.text())
    assert headlines == [
        "Leave everything as it is and quit",
        "Flatten 1 position at market, then quit",
        "Quit Trading Monitor?",
    ], "there is no order, so there is nothing to cancel"


def test_an_answer_is_offered_as_soon_as_it_makes_sense(stage: Stage) -> None:
    stage.tickets.ask_to_quit()
    stage.ready()
    stage.press(Key.Key_C)
    assert stage.panel.headline.full == "Quit Trading Monitor?"
    stage.rows(order(41))
    stage.frame()
    stage.press(Key.Key_C)
    assert stage.panel.headline.full == "Cancel 1 order, then quit"


def test_when_all_ended_meanwhile_it_does_not_quit_by_surprise(asked: Stage) -> None:
    asked.rows(GONE, STOPPED, order(41, status=OrderStatus.FILLED), order(42, status=OrderStatus.CANCELED))
    asked.frame()
    assert not asked.is_open
    assert asked.quits == 0
    assert asked.messages[-1][0].endswith("quit again to leave.")

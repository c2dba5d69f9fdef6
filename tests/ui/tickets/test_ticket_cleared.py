"""A session that is cleared (reset, seek back, another one) takes the tickets about it away."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from ticket_rows import account, order, position, replay, session, strategy
from ticket_stage import Stage

from monitor.engine.commands import Reply, accepted, refused
from monitor.engine.values import Origin
from monitor.ui.tickets.rules import Phase

Key = Qt.Key
WENT_BACK = "the replay went back or another was opened, so nothing was sent."


@pytest.fixture
def closing(stage: Stage) -> Stage:
    stage.tickets.close_position("m2005-long")
    stage.ready()
    return stage


def begin_anew(stage: Stage, *rows: object) -> None:
    """The same session, before its first bar; `rows` are there again at once."""
    stage.rows(session(), replay(bar=0), account(), *rows, cleared=True)


@pytest.mark.parametrize("reply", [accepted(), refused("The price moved.", "moved")])
def test_an_answered_ticket_is_put_away(closing: Stage, reply: Reply) -> None:
    closing.press(Key.Key_Return)
    closing.answer(reply)
    assert closing.is_open
    begin_anew(closing)
    closing.frame()
    assert not closing.is_open
    assert closing.messages == [], "it was answered: nothing is left to tell"
    assert closing.focus() is closing.table


def test_an_answer_in_the_same_frame_is_put_away_as_well(closing: Stage) -> None:
    closing.press(Key.Key_Return)
    begin_anew(closing)
    closing.answer(accepted())
    assert not closing.is_open


def test_one_that_waits_for_its_answer_goes_on_waiting(closing: Stage) -> None:
    closing.press(Key.Key_Return)
    begin_anew(closing)
    closing.frame()
    assert closing.tickets.phase is Phase.SENT
    closing.answer(refused("The position is gone.", "changed"))
    assert "Refused: The position is gone." in closing.panel.status.text()


def test_one_that_asks_goes_with_its_words(closing: Stage) -> None:
    begin_anew(closing)
    closing.frame()
    assert not closing.is_open
    assert closing.messages == [("The position is gone: nothing was sent.", "warn")]
    closing.press(Key.Key_Return)
    assert closing.sent == []


def test_it_goes_also_when_there_is_a_like_position_again(closing: Stage) -> None:
    begin_anew(closing, position())
    closing.frame()
    assert not closing.is_open
    assert closing.messages == [(f"Close position: {WENT_BACK}", "warn")]


def test_the_question_before_quitting_goes_too(stage: Stage) -> None:
    stage.tickets.ask_to_quit()
    stage.ready()
    begin_anew(stage, strategy())
    stage.frame()
    assert (stage.is_open, stage.quits) == (False, 0)
    assert stage.messages == [(f"Quit Trading Monitor: {WENT_BACK}", "warn")]


def test_questions_that_wait_are_not_asked_of_another_session(closing: Stage) -> None:
    closing.rows(order(41))
    closing.tickets.cancel_orders([41])
    assert closing.tickets.waiting == 1
    begin_anew(closing, order(41))
    closing.frame()
    assert not closing.is_open


def test_a_reset_shows_its_own_answer(stage: Stage) -> None:
    stage.rows(order(42, origin=Origin.USER))
    assert stage.tickets.reset_replay()
    stage.ready()
    stage.press(Key.Key_Return)
    begin_anew(stage)
    stage.answer(accepted(reason="The replay begins anew."))
    stage.frame()
    assert stage.panel.status.text() == "Accepted. The replay begins anew."


def test_ending_a_silent_engine_is_asked_of_no_session(stage: Stage) -> None:
    stage.tickets.ask_to_end(lambda: True)
    stage.ready()
    begin_anew(stage)
    stage.frame()
    assert stage.is_open


def test_a_ticket_opened_afterwards_stays(stage: Stage) -> None:
    begin_anew(stage, position())
    stage.frame()
    stage.tickets.close_position("m2005-long")
    stage.ready()
    stage.press(Key.Key_Return)
    assert len(stage.sent) == 1

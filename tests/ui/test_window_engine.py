"""What the window does when the engine is silent or gone, when a strategy fails, when a session is
only shown, and when an accepted command has something to say."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from driver import session, strategy, whole_replay
from pilot import CTRL, SHIFT, Pilot
from PySide6.QtCore import Qt

from monitor.boundary import CoreStats
from monitor.engine.changes import Changes
from monitor.engine.commands import OpenReplay, StartStrategy, StepReplay, StopStrategy, accepted
from monitor.engine.values import StrategyState
from monitor.ui.links import LinkState, journal_link, mirror_link
from monitor.ui.pulse import Pulse, pulse
from monitor.ui.tickets.binding import attach_tickets

Key = Qt.Key
Make = Callable[..., Pilot]
FAILED = strategy(state=StrategyState.FAILED, error="ValueError: no window of 0 bars (double_ma.py, line 12)")


def silent_for(ui: Pilot, seconds: float) -> None:
    ui.door.health = msgspec.structs.replace(ui.door.health, beat_s=time.monotonic() - seconds)
    ui.window._look()


# -- an engine that stopped


@pytest.fixture
def lost(ui: Pilot) -> Pilot:
    ui.window.lose_engine("StoreError: the disk is full.")
    return ui


def test_a_window_whose_engine_stopped_stays_and_says_so(lost: Pilot) -> None:
    assert lost.window.isVisible()
    expected = (
        "The engine stopped: StoreError: the disk is full. What was saved is safe; quit and start again."
    )
    assert lost.window.notice.text() == expected
    assert lost.window.notice.property("tone") == "error"
    assert "stopped" in lost.window.replay_bar.state.text()
    assert lost.window.desk.active_orders.rows(), "what was there can still be read"


@pytest.mark.parametrize(
    "id",
    [
        "close_position",
        "cancel_all",
        "stop_strategy",
        "replay_toggle",
        "replay_step",
        "replay_reset",
        "open_sample",
    ],
)
def test_its_commands_are_refused_with_the_reason(lost: Pilot, id: str) -> None:
    attach_tickets(lost.window)
    assert not lost.window.run_command(id)
    assert "the engine has stopped" in lost.said
    assert lost.sent == []


def test_quitting_it_asks_nothing(lost: Pilot) -> None:
    attach_tickets(lost.window)
    lost.press(Key.Key_Q, CTRL)
    assert not lost.window.isVisible()


def test_an_open_ticket_is_taken_away_when_the_engine_stops(ui: Pilot) -> None:
    tickets = attach_tickets(ui.window)
    ui.press(Key.Key_X)
    assert tickets.panel is not None
    ui.window.lose_engine("gone.")
    assert tickets.panel is None
    tickets.stop()


def test_dead_links_are_lost_by_word_and_shape() -> None:
    gone = Pulse(stopped="gone.")
    for link in (journal_link(CoreStats(journal_seq=8), gone), mirror_link(CoreStats(mirror_url="x"), gone)):
        assert (link.state, link.word) == (LinkState.LOST, "stopped")


# -- an engine that is silent


def test_silence_begins_after_two_seconds_and_never_before_the_first_sign() -> None:
    assert pulse(CoreStats(beat_s=100.0), 101.9) == Pulse()
    assert pulse(CoreStats(beat_s=100.0), 104.2) == Pulse(silent_s=4)
    assert pulse(CoreStats(), 104.2) == Pulse()


def test_a_silent_engine_is_told_in_notice_and_link(ui: Pilot) -> None:
    silent_for(ui, 4.1)
    assert "The engine does not answer (4 s)" in ui.window.notice.text()
    assert ui.window.banner.journal._link.word == "no answer 4 s"
    silent_for(ui, 0.0)
    assert "does not answer" not in ui.window.notice.text()


def test_quitting_a_silent_engine_offers_to_end_it_anyway(ui: Pilot) -> None:
    tickets = attach_tickets(ui.window)
    silent_for(ui, 5.0)
    ui.press(Key.Key_Q, CTRL)
    assert tickets.panel is not None
    assert "End anyway" in tickets.panel.headline.full
    tickets.stop()


# -- a strategy that failed


def test_why_a_strategy_failed_stands_under_its_row_and_is_told_once(ui: Pilot) -> None:
    ui.tell(Changes(strategies={1: FAILED}))
    line = ui.window.strategies.list.lines[1]
    assert line.error.isVisible()
    assert "no window of 0 bars" in line.error.text()
    assert ui.said.startswith("✗ double_ma failed and does not trade any more")
    ui.window.show_message("later")
    ui.tell(Changes(strategies={1: FAILED}))
    assert ui.said == "later"
    ui.window._look()
    assert "does not trade any more" in ui.window.notice.text()


def test_a_strategy_that_runs_again_shows_no_error(ui: Pilot) -> None:
    ui.tell(Changes(strategies={1: FAILED}))
    ui.tell(Changes(strategies={1: strategy()}))
    ui.window._look()
    assert not ui.window.strategies.list.lines[1].error.isVisible()
    assert "failed" not in ui.window.notice.text()


def test_a_newcomer_is_not_told_that_a_failed_strategy_trades(make_pilot: Make) -> None:
    whole = whole_replay()
    whole.strategies = {1: FAILED}
    ui = make_pilot(whole)
    ui.window._look()
    assert "trades them" not in ui.window.notice.text()


# -- a session that is only shown


@pytest.fixture
def shown_only(make_pilot: Make) -> Pilot:
    whole = whole_replay()
    whole.replay = None
    whole.session = session(notice="This session cannot go on: bars.csv does not exist.", read_only=True)
    ui = make_pilot(whole)
    ui.window._look()
    return ui


def test_it_names_the_ways_out(shown_only: Pilot) -> None:
    text = shown_only.window.notice.text()
    assert "Ctrl+Home resets" in text
    assert "Open the sample replay" in text


def test_reset_and_the_sample_work_there_and_nothing_else(shown_only: Pilot) -> None:
    bar = shown_only.window.replay_bar
    assert [id for id, button in bar.buttons.items() if button.isEnabled()] == ["replay_reset"]
    assert "read-only" in bar.buttons["replay_toggle"].toolTip()
    assert not bar.scrubber.isEnabled()
    assert "read-only" in shown_only.window.strategies.list.lines[1].toggle.toolTip()
    shown_only.press(Key.Key_Space)
    assert shown_only.sent == []
    assert "read-only" in shown_only.said
    attach_tickets(shown_only.window)
    shown_only.press(Key.Key_Home, CTRL)
    assert [type(command).__name__ for command in shown_only.sent] == ["ResetReplay"]


def test_when_it_goes_on_everything_is_given_back(shown_only: Pilot) -> None:
    shown_only.tell(whole_replay())
    assert all(button.isEnabled() for button in shown_only.window.replay_bar.buttons.values())
    assert shown_only.window.strategies.list.lines[1].toggle.isEnabled()
    assert "(Space)" in shown_only.window.replay_bar.buttons["replay_toggle"].toolTip()


def test_the_sample_is_opened_by_the_command_that_was_handed_in(ui: Pilot, tmp_path: Path) -> None:
    assert not ui.window.run_command("open_sample")
    ui.window._sample = OpenReplay(file="sample.csv", strategy="double_ma")
    assert ui.window.run_command("open_sample")
    assert ui.sent == [OpenReplay(file="sample.csv", strategy="double_ma")]


# -- stopping, and what an accepted command has to say


def test_the_key_and_the_button_ask_before_a_strategy_with_orders_is_stopped(ui: Pilot) -> None:
    tickets = attach_tickets(ui.window)
    ui.press(Key.Key_S, SHIFT)
    assert ui.sent == []
    assert tickets.panel is not None
    assert tickets.panel.headline.full == "Stop double_ma"
    ui.press(Key.Key_Escape)
    ui.window.strategies.list.lines[1].toggle.click()
    assert ui.sent == []
    assert tickets.panel is not None
    tickets.stop()


def test_an_idle_strategy_stops_at_once_and_starting_asks_nothing(make_pilot: Make) -> None:
    whole = whole_replay()
    whole.positions = {}
    whole.orders = {}
    ui = make_pilot(whole)
    tickets = attach_tickets(ui.window)
    ui.press(Key.Key_S, SHIFT)
    ui.tell(Changes(strategies={1: strategy(state=StrategyState.STOPPED)}))
    ui.press(Key.Key_S)
    assert ui.sent == [StopStrategy(strategy_id=1), StartStrategy(strategy_id=1)]
    tickets.stop()


def test_what_an_accepted_command_says_stays_until_the_next_key(ui: Pilot) -> None:
    ui.door.reply = accepted(reason="Going back took back 2 commands that you had given after this bar.")
    ui.press(Key.Key_Comma)
    ui.frame()
    assert ui.said == "! Going back took back 2 commands that you had given after this bar."
    assert not ui.window.status._fading.isActive(), "no time takes it away"
    ui.window.status.show_idle("A replay.")
    assert ui.said.startswith("! Going back")
    ui.door.reply = accepted()
    ui.press(Key.Key_Period)
    ui.frame()
    assert "took back" not in ui.said
    assert ui.sent == [StepReplay(bars=-1), StepReplay(bars=1)]

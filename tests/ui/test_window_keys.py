"""Real key presses: each does its one thing once, and nothing where it would be typed."""

from __future__ import annotations

import pytest
from driver import filled, moment, position, replay, strategy, whole_replay
from pilot import ALT, CTRL, NONE, SHIFT, Pilot
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from monitor.commands import COMMANDS, DOCK_KEYS, DOCKS
from monitor.engine.changes import Changes
from monitor.engine.commands import (
    AnyCommand,
    PauseReplay,
    PlayReplay,
    Reply,
    ResetReplay,
    SeekReplay,
    SetReplaySpeed,
    StartStrategy,
    StepReplay,
    StopStrategy,
    refused,
)
from monitor.engine.values import ReplayState, StrategyState

Key = Qt.Key


@pytest.mark.parametrize(
    ("key", "modifier", "wanted"),
    [
        (Key.Key_Space, NONE, PauseReplay()),
        (Key.Key_Period, NONE, StepReplay(bars=1)),
        (Key.Key_Comma, NONE, StepReplay(bars=-1)),
        (Key.Key_BracketLeft, NONE, SetReplaySpeed(speed=2.0)),
        (Key.Key_BracketRight, NONE, SetReplaySpeed(speed=8.0)),
        (Key.Key_Home, CTRL, ResetReplay()),
        (Key.Key_S, SHIFT, StopStrategy(strategy_id=1)),
    ],
)
def test_a_key_sends_its_command_once(
    ui: Pilot, key: Qt.Key, modifier: Qt.KeyboardModifier, wanted: AnyCommand
) -> None:
    ui.press(key, modifier)
    assert ui.sent == [wanted]


def test_space_plays_what_is_paused(ui: Pilot) -> None:
    ui.tell(Changes(replay=replay(state=ReplayState.PAUSED)))
    ui.press(Key.Key_Space)
    assert ui.sent == [PlayReplay()]


def test_s_starts_a_stopped_strategy(ui: Pilot) -> None:
    ui.tell(Changes(strategies={1: strategy(state=StrategyState.STOPPED)}))
    ui.press(Key.Key_S)
    assert ui.sent == [StartStrategy(strategy_id=1)]


def test_a_held_space_pauses_once(ui: Pilot) -> None:
    ui.hold(Key.Key_Space, times=12)
    assert ui.sent == [PauseReplay()]


def test_a_held_step_steps_on(ui: Pilot) -> None:
    ui.hold(Key.Key_Period, times=3)
    assert ui.sent == [StepReplay(bars=1)] * 4


def test_a_held_order_key_asks_once(ui: Pilot) -> None:
    asked: list[str] = []
    for id in ("close_position", "close_all", "cancel_selected", "cancel_all"):
        ui.window.actions_table.bind(id, lambda id=id: asked.append(id))
    ui.window.orders.active.view.select_row(1001)
    for key, modifier in ((Key.Key_X, NONE), (Key.Key_X, SHIFT), (Key.Key_D, NONE), (Key.Key_D, SHIFT)):
        ui.hold(key, times=5, modifier=modifier)
    assert asked == ["close_position", "close_all", "cancel_selected", "cancel_all"]


def test_faster_twice_before_the_answer_is_two_steps(ui: Pilot) -> None:
    ui.press(Key.Key_BracketRight)
    ui.press(Key.Key_BracketRight)
    assert ui.sent == [SetReplaySpeed(speed=8.0), SetReplaySpeed(speed=16.0)]


def test_a_refused_speed_is_forgotten(ui: Pilot) -> None:
    ui.door.reply = refused("The replay is being rebuilt.")
    ui.press(Key.Key_BracketRight)
    ui.frame()
    ui.press(Key.Key_BracketRight)
    assert ui.sent == [SetReplaySpeed(speed=8.0), SetReplaySpeed(speed=8.0)]


def test_beyond_the_fastest_there_is_nothing(ui: Pilot) -> None:
    ui.tell(Changes(replay=replay(speed=None)))
    ui.press(Key.Key_BracketRight)
    assert ui.sent == []
    assert "fastest" in ui.said


def test_a_finished_replay_says_how_to_go_on(ui: Pilot) -> None:
    ui.tell(Changes(replay=replay(10_215, state=ReplayState.FINISHED)))
    ui.press(Key.Key_Space)
    assert ui.sent == []
    assert "Ctrl+Home" in ui.said


def test_without_a_replay_its_keys_say_so(make_pilot) -> None:  # type: ignore[no-untyped-def]
    pilot = make_pilot()
    pilot.press(Key.Key_Space)
    assert pilot.sent == []
    assert "no replay is open" in pilot.said


def test_a_refusal_is_shown_with_its_reason(ui: Pilot) -> None:
    ui.door.reply = None
    ui.press(Key.Key_Space)
    ui.frame()
    assert ui.window.answers.waiting == 1, "an answer that is not there yet is not waited for"
    ui.door.futures[0].set_result(Reply(accepted=False, reason="The journal cannot be written."))
    ui.frame()
    assert "The journal cannot be written." in ui.said
    assert ui.window.status.message.property("tone") == "error"
    assert ui.window.answers.waiting == 0


def test_a_core_that_fails_or_leaves_has_refused(ui: Pilot) -> None:
    ui.door.reply = None
    ui.press(Key.Key_Space)
    ui.door.futures[0].set_exception(RuntimeError("disk full"))
    ui.frame()
    assert "disk full" in ui.said
    ui.press(Key.Key_Space)
    ui.door.futures[1].cancel()
    ui.door.futures[1].set_running_or_notify_cancel()
    ui.frame()
    assert "stopped" in ui.said


@pytest.mark.parametrize("name", [name for name, _ in DOCKS])
def test_a_number_with_ctrl_or_alt_goes_to_a_panel(ui: Pilot, name: str) -> None:
    dock = ui.window.dock_area.docks[name]
    dock.close()
    held, _, digit = DOCK_KEYS[name].partition("+")
    ui.press(Key(Key.Key_0.value + int(digit)), {"Ctrl": CTRL, "Alt": ALT}[held])
    assert dock.isVisible()
    focus = ui.focus()
    assert dock.isAncestorOf(focus)
    assert dock.title.property("active") is True


def test_ctrl_8_goes_to_the_scrubber(ui: Pilot) -> None:
    ui.press(Key.Key_8, CTRL)
    assert ui.focus() is ui.window.replay_bar.scrubber


def test_the_scrubber_seeks_when_the_key_is_let_go(ui: Pilot) -> None:
    ui.press(Key.Key_8, CTRL)
    ui.hold(Key.Key_Right, times=4)
    assert ui.sent == [SeekReplay(bar=4_218)]


def test_the_scrubber_keeps_still_under_the_hand(ui: Pilot) -> None:
    scrubber = ui.window.replay_bar.scrubber
    ui.press(Key.Key_8, CTRL)
    QTest.keyPress(scrubber, Key.Key_PageDown)
    there = scrubber.value()
    ui.tell(Changes(replay=replay(4_300)))
    assert scrubber.value() == there != 4_300
    QTest.keyRelease(scrubber, Key.Key_PageDown)
    ui.tell(Changes(replay=replay(4_301)))
    assert scrubber.value() == 4_301


def test_a_click_in_the_scrubber_seeks_there(ui: Pilot) -> None:
    scrubber = ui.window.replay_bar.scrubber
    QTest.mouseClick(scrubber, Qt.MouseButton.LeftButton, pos=scrubber.rect().center())
    [command] = ui.sent
    assert isinstance(command, SeekReplay)
    assert abs(command.bar - 10_215 / 2) < 30


@pytest.mark.parametrize(
    ("id", "wanted"), [("replay_step", StepReplay(bars=1)), ("replay_toggle", PauseReplay())]
)
def test_buttons_do_what_keys_do(ui: Pilot, id: str, wanted: AnyCommand) -> None:
    QTest.mouseClick(ui.window.replay_bar.buttons[id], Qt.MouseButton.LeftButton)
    assert ui.sent == [wanted]


def test_space_on_a_focused_button_presses_that_button_only(ui: Pilot) -> None:
    ui.window.replay_bar.buttons["replay_step"].setFocus()
    ui.press(Key.Key_Space)
    assert ui.sent == [StepReplay(bars=1)]


def test_letters_in_a_text_field_are_typed(ui: Pilot) -> None:
    ui.press(Key.Key_3, CTRL)
    ui.press(Key.Key_Slash)
    ui.type("x.,d s[]t")
    assert ui.window.orders.active.filter_line.text() == "x.,d s[]t"
    assert ui.sent == []
    ui.press(Key.Key_Escape)
    assert ui.focus() is ui.window.orders.active.view


def test_letters_in_a_ticket_stay_there(ui: Pilot) -> None:
    ticket = QPushButton("Sell 4")
    ui.window.ticket_host.show(ticket)
    assert ui.focus() is ticket
    ui.press(Key.Key_Period)
    ui.press(Key.Key_BracketRight)
    assert ui.sent == []
    ui.press(Key.Key_1, CTRL)
    assert ui.focus() is ui.window.positions.view, "panels are reached from a ticket"
    ui.press(Key.Key_9, CTRL)
    assert ui.focus() is ticket
    ui.window.ticket_host.clear()
    assert not ui.window.ticket_host.isVisible()


def test_keys_work_in_a_panel_that_floats(ui: Pilot, qtbot: QtBot) -> None:
    dock = ui.window.dock_area.docks["trades"]
    dock.setFloating(True)
    ui.press(Key.Key_4, CTRL)
    qtbot.waitUntil(lambda: dock.isAncestorOf(ui.focus()))
    ui.press(Key.Key_Space)
    assert ui.sent == [PauseReplay()]


def test_a_ticket_gives_the_focus_to_its_first_part_and_back(ui: Pilot) -> None:
    before = ui.focus()
    ticket = QWidget()
    inner = QHBoxLayout(ticket)
    inner.addWidget(QLabel("Sell 4 au1912 at market"))
    keep = QPushButton("Keep position")
    inner.addWidget(keep)
    ui.window.ticket_host.show(ticket)
    assert ui.focus() is keep
    ui.window.ticket_host.clear()
    assert ui.focus() is before


def test_enter_shows_details_and_nothing_else(ui: Pilot) -> None:
    ui.press(Key.Key_3, CTRL)
    ui.window.orders.active.view.select_row(1002)
    ui.press(Key.Key_Return)
    details = ui.window.details
    assert details.isVisible()
    assert details.text("status") == "Placed"
    ui.press(Key.Key_Escape)
    assert not details.isVisible()
    assert ui.sent == []


def test_copy_takes_the_selected_rows(ui: Pilot, qapp) -> None:  # type: ignore[no-untyped-def]
    ui.press(Key.Key_1, CTRL)
    ui.press(Key.Key_J)
    ui.press(Key.Key_C, CTRL)
    assert "SHFE.au1912" in qapp.clipboard().text()
    assert "Copied 1 row." in ui.said


def test_copy_says_how_many_rows_it_took_when_what_was_selected_is_gone(ui: Pilot) -> None:
    ui.press(Key.Key_3, CTRL)
    ui.window.orders.active.view.select_row(1003)
    ui.tell(Changes(orders={1003: filled(1003)}))
    ui.press(Key.Key_C, CTRL)
    assert "Copied 2 rows." in ui.said


def test_one_position_needs_no_selection_and_two_do(ui: Pilot) -> None:
    asked: list[str] = []
    ui.window.actions_table.bind("close_position", lambda: asked.append("x"))
    ui.press(Key.Key_X)
    assert asked == ["x"]
    ui.tell(Changes(positions={"other": position("other", symbol="SHFE.cu1912")}))
    ui.press(Key.Key_X)
    assert asked == ["x"]
    assert "select one position" in ui.said


def test_go_to_a_bar_a_share_and_a_time(ui: Pilot) -> None:
    for text in ("1200", "40 %", "2019-06-12 09:30"):
        ui.press(Key.Key_T)
        ui.type(text)
        ui.press(Key.Key_Return)
    assert ui.sent == [SeekReplay(bar=1_200), SeekReplay(bar=4_086), SeekReplay(time_ns=moment(29))]


def test_go_to_explains_what_it_cannot_find(ui: Pilot) -> None:
    ui.press(Key.Key_T)
    ui.type("20000")
    ui.press(Key.Key_Return)
    assert ui.sent == []
    assert "10,215 bars" in ui.window.goto.hint.text()
    ui.window.goto.field.setText("2031-01-01 09:30")
    assert "The data go from 2019-06-12 09:01" in ui.window.goto.hint.text()
    ui.press(Key.Key_Escape)
    assert not ui.window.goto.isVisible()


def test_quit_asks_whoever_decides(ui: Pilot) -> None:
    asked: list[bool] = []
    ui.window.on_quit_requested = lambda: asked.append(True)
    ui.press(Key.Key_Q, CTRL)
    ui.window.close()
    assert asked == [True, True]
    assert ui.window.isVisible()
    ui.window.finish()
    assert not ui.window.isVisible()


def test_every_command_of_the_table_is_bound_or_left_to_the_tickets(ui: Pilot) -> None:
    tickets = {"close_position", "close_all", "cancel_selected", "cancel_all"}
    tickets |= {"emergency_stop", "reduce_only", "back_to_normal"}
    tickets |= {"never_arrived", "has_ended", "send_waiting"}
    unbound = {e.id for e in COMMANDS if ui.window.actions_table.why_not(e.id) == "not available here"}
    assert unbound == tickets


def test_menus_grey_what_cannot_be_done_and_say_why(make_pilot) -> None:  # type: ignore[no-untyped-def]
    pilot = make_pilot()
    menu = pilot.window.menu.actions()[0].menu()
    menu.aboutToShow.emit()
    entry = next(action for action in menu.actions() if action.data() == "replay_toggle")
    assert not entry.isEnabled()
    assert entry.toolTip() == "no replay is open"
    pilot.tell(whole_replay())
    menu.aboutToShow.emit()
    assert entry.isEnabled()

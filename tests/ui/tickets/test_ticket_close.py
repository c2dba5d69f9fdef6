"""Closing one position, by real key events: what is sent, exactly, and above all what is not."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot
from ticket_rows import NOON, SECOND, order, position, replay, session
from ticket_stage import Stage

from monitor.engine.commands import ClosePosition, PauseReplay, SeenPosition, accepted, refused
from monitor.engine.values import Direction, EngineState, OrderStatus, OrderType, ReplayState, World
from monitor.ui.tickets.parts import ElidedLabel, VerbButton

Key = Qt.Key
SEEN = SeenPosition(position_id="m2005-long", version=7, volume=Decimal(3), price=Decimal(2671))
CLOSE = ClosePosition(key="ticket-1", seen=SEEN, volume=Decimal(3))


@pytest.fixture
def asked(stage: Stage) -> Stage:
    """`x` was pressed, and let go."""
    stage.down(Key.Key_X)
    stage.tickets.close_position("m2005-long")
    stage.up(Key.Key_X)
    return stage


def test_enter_on_an_armed_ticket_closes_what_was_seen(asked: Stage) -> None:
    asked.ready()
    asked.press(Key.Key_Return)
    assert asked.sent == [CLOSE]


@pytest.mark.parametrize("key", [Key.Key_Y, Key.Key_Enter])
def test_y_and_the_other_enter_do_the_same(asked: Stage, key: Key) -> None:
    asked.ready()
    asked.press(key)
    assert asked.sent == [CLOSE]


def test_enter_with_a_modifier_is_another_key(asked: Stage) -> None:
    asked.ready()
    asked.down(Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    asked.up(Key.Key_Return)
    assert asked.sent == []


def test_enter_before_it_armed_is_lost_and_not_kept_for_later(asked: Stage) -> None:
    asked.frame()
    asked.after(349)
    asked.press(Key.Key_Return)
    asked.after(1000)
    assert asked.sent == []
    asked.press(Key.Key_Return)
    assert asked.sent == [CLOSE]


def test_the_held_x_that_opened_it_keeps_it_from_arming(stage: Stage) -> None:
    stage.down(Key.Key_X)
    stage.tickets.close_position("m2005-long")
    stage.frame()
    stage.repeat(Key.Key_X, 20)
    stage.after(2000)
    assert not stage.panel.verb.isEnabled()
    stage.press(Key.Key_Return)
    assert stage.sent == []
    stage.up(Key.Key_X)
    stage.frame()
    assert stage.panel.verb.isEnabled()


def test_the_press_that_a_shortcut_has_eaten_is_known_to_be_down(stage: Stage) -> None:
    shortcut = QShortcut(QKeySequence("X"), stage.window)
    shortcut.setAutoRepeat(False)
    shortcut.activated.connect(lambda: stage.tickets.close_position("m2005-long"))
    stage.down(Key.Key_X)
    stage.frame()
    stage.after(1000)
    assert stage.panel.status.text() == "Release all keys first."
    stage.up(Key.Key_X)
    stage.frame()
    assert stage.panel.verb.isEnabled()


def test_the_release_inside_an_auto_repeat_is_no_release(stage: Stage) -> None:
    """Between two repeats X11 lets go of a key that the finger still holds."""
    stage.down(Key.Key_X)
    stage.tickets.close_position("m2005-long")
    stage.ready()
    between = QKeyEvent(QEvent.Type.KeyRelease, Key.Key_X, Qt.KeyboardModifier.NoModifier, "", True)
    QCoreApplication.sendEvent(stage.focus(), between)
    stage.frame()
    assert stage.panel.status.text() == "Release all keys first."


def test_an_enter_held_since_before_is_swallowed_however_long(stage: Stage) -> None:
    """Enter in the command palette opens the ticket; the finger stays on the key."""
    stage.down(Key.Key_Return)
    stage.tickets.close_position("m2005-long")
    stage.frame()
    for _ in range(40):
        stage.after(33)
        stage.repeat(Key.Key_Return)
    assert stage.sent == []
    stage.up(Key.Key_Return)
    stage.after(33)
    stage.press(Key.Key_Return)
    assert stage.sent == [CLOSE]


def test_repeats_of_a_key_whose_press_was_never_seen_do_not_answer(asked: Stage) -> None:
    asked.ready()
    asked.repeat(Key.Key_Return, 5)
    asked.repeat(Key.Key_Y, 5)
    assert asked.sent == []


def test_a_second_enter_does_nothing(asked: Stage) -> None:
    asked.ready()
    for _ in range(3):
        asked.press(Key.Key_Return)
    asked.answer(accepted(18))
    asked.press(Key.Key_Return)
    asked.after(1000)
    asked.press(Key.Key_Return)
    assert asked.sent == [CLOSE]


def test_a_held_enter_sends_once(asked: Stage) -> None:
    asked.ready()
    asked.down(Key.Key_Return)
    asked.repeat(Key.Key_Return, 30)
    assert asked.sent == [CLOSE]


def test_a_double_click_sends_once(asked: Stage) -> None:
    asked.ready()
    button = asked.panel.verb
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    QTest.mouseDClick(button, Qt.MouseButton.LeftButton)
    assert asked.sent == [CLOSE]


def test_a_click_before_it_armed_does_nothing(asked: Stage) -> None:
    asked.frame()
    QTest.mouseClick(asked.panel.verb, Qt.MouseButton.LeftButton)
    assert asked.sent == []


@pytest.mark.parametrize("moment_ms", [0, 100, 350, 5000])
def test_esc_leaves_at_every_moment_and_nothing_is_sent(asked: Stage, moment_ms: int) -> None:
    asked.frame()
    asked.after(moment_ms)
    asked.press(Key.Key_Escape)
    assert not asked.is_open
    assert asked.host.ticket is None
    asked.press(Key.Key_Return)
    assert asked.sent == []


def test_esc_leaves_from_a_field_and_from_a_button(stage: Stage) -> None:
    for part in ("n", "tab"):
        stage.tickets.close_position("m2005-long")
        stage.ready()
        stage.press(Key.Key_N if part == "n" else Key.Key_Tab)
        assert stage.focus() is not stage.panel
        stage.press(Key.Key_Escape)
        assert not stage.is_open


def test_the_focus_returns_to_the_table(asked: Stage) -> None:
    asked.ready()
    asked.press(Key.Key_Escape)
    assert asked.focus() is asked.table


def test_esc_after_sending_leaves_and_the_answer_is_told_in_the_window(asked: Stage) -> None:
    asked.ready()
    asked.press(Key.Key_Return)
    asked.press(Key.Key_Escape)
    assert not asked.is_open
    asked.answer(refused("The price moved: 2671 → 2690.", "moved"))
    assert asked.messages == [("Close position was refused: The price moved: 2671 → 2690.", "error")]


def test_the_default_is_to_keep(asked: Stage) -> None:
    asked.ready()
    assert not asked.panel.verb.isDefault()
    assert not asked.panel.verb.autoDefault()
    asked.panel.keep.setFocus()
    asked.press(Key.Key_Return)
    assert not asked.is_open
    assert asked.sent == []


def test_a_price_that_moved_disarms_it_shows_old_and_new_and_u_goes_on(asked: Stage) -> None:
    asked.ready()
    asked.rows(position(last_price=Decimal(2690)))
    asked.press(Key.Key_Return)
    asked.frame()
    assert asked.sent == []
    assert "2,671  →  2,690" in asked.panel.guards.text()
    assert asked.panel.accept.isVisible()
    asked.press(Key.Key_U)
    asked.frame()
    assert asked.panel.guards.isVisible(), "what is new must be read first, too"
    asked.after(350)
    asked.press(Key.Key_U)
    asked.press(Key.Key_Return)
    assert asked.sent == [], "it arms anew"
    asked.ready()
    asked.press(Key.Key_Return)
    (sent,) = asked.sent
    assert sent.seen.price == Decimal(2690)
    assert sent.key == "ticket-1"


def test_a_price_inside_the_limit_is_shown_live_but_the_seen_price_is_sent(asked: Stage) -> None:
    asked.ready()
    asked.rows(position(last_price=Decimal(2676)))
    asked.frame()
    assert "2,676" in shown_facts(asked)
    asked.press(Key.Key_Return)
    assert asked.sent == [CLOSE]


def test_a_stale_quote_disarms_on_the_engines_clock(asked: Stage) -> None:
    asked.ready()
    asked.rows(replay(time_ns=NOON + 3 * SECOND))
    asked.frame()
    asked.press(Key.Key_Return)
    assert asked.sent == []
    assert "at most 2 s old  →  3.0 s old" in asked.panel.guards.text()


def test_in_a_paused_replay_the_quote_does_not_grow_old(asked: Stage) -> None:
    asked.frame()
    asked.clock.wall += 3600 * SECOND
    asked.after(20_000)
    asked.press(Key.Key_Return)
    assert asked.sent == [CLOSE]


def test_outside_a_replay_the_time_of_day_counts(stage: Stage) -> None:
    stage.rows(session(World.LIVE))
    stage.tickets.close_position("m2005-long")
    stage.ready()
    stage.clock.wall += 3 * SECOND
    stage.press(Key.Key_Return)
    assert stage.sent == []


def test_a_changed_position_disarms_and_shows_old_and_new(asked: Stage) -> None:
    asked.ready()
    asked.rows(position(volume=Decimal(2), version=8))
    asked.press(Key.Key_Return)
    assert asked.sent == []
    assert "DCE.m2005 long:  3  →  2" in asked.panel.guards.text()
    asked.after(350)
    asked.press(Key.Key_U)
    asked.ready()
    asked.press(Key.Key_Return)
    (sent,) = asked.sent
    assert (sent.volume, sent.seen.volume, sent.seen.version) == (Decimal(2), Decimal(2), 8)


def test_a_new_working_order_disarms_and_is_named_among_what_is_cancelled(asked: Stage) -> None:
    asked.ready()
    asked.rows(order(41))
    asked.press(Key.Key_Return)
    assert asked.sent == []
    assert "order 41:  not there  →  0 of 3 filled at 2,700" in asked.panel.guards.text()
    assert "#41 Sell 3 DCE.m2005 at 2,700" in shown_facts(asked)
    asked.after(350)
    asked.press(Key.Key_U)
    asked.ready()
    asked.press(Key.Key_Return)
    assert asked.sent[0].seen.working_orders == (41,)


def test_a_vanished_position_closes_it_and_says_so(asked: Stage) -> None:
    asked.ready()
    asked.rows(position(volume=Decimal(0), version=8))
    asked.press(Key.Key_Return)
    assert asked.sent == []
    assert not asked.is_open
    assert asked.messages == [("The position is gone: nothing was sent.", "warn")]


def test_a_cleared_session_closes_it(asked: Stage) -> None:
    asked.ready()
    asked.rows(session(), replay(), cleared=True)
    asked.frame()
    assert not asked.is_open


def test_untouched_it_goes_after_30_seconds(asked: Stage) -> None:
    asked.frame()
    asked.after(29_999)
    assert asked.is_open
    asked.after(1)
    assert not asked.is_open
    assert asked.messages == [("Close position: not answered, so nothing was sent.", "info")]
    assert asked.sent == []


def test_a_repeating_key_is_no_touch(asked: Stage) -> None:
    asked.frame()
    for _ in range(30):
        asked.repeat(Key.Key_J)
        asked.after(1000)
    assert not asked.is_open


def test_accepted_is_shown_with_what_became_of_the_order(asked: Stage) -> None:
    asked.ready()
    asked.press(Key.Key_Return)
    assert "Waiting" in asked.panel.status.text()
    asked.answer(accepted(18))
    done = order(18, status=OrderStatus.FILLED, filled_quantity=Decimal(3))
    asked.rows(done, position(volume=Decimal(0), version=9))
    asked.frame()
    assert asked.panel.status.text() == "Accepted: order 18 Filled, 3 of 3 filled."
    asked.after(5000)
    assert not asked.is_open


@pytest.mark.parametrize(
    ("state", "told"),
    [
        (ReplayState.PAUSED, "it can fill when the replay moves"),
        (ReplayState.FINISHED, "no bar is left that could fill it"),
    ],
)
def test_in_a_replay_that_stands_it_says_when_the_order_can_fill(
    asked: Stage, state: ReplayState, told: str
) -> None:
    asked.rows(replay(state=state))
    asked.ready()
    asked.press(Key.Key_Return)
    asked.answer(accepted(18))
    asked.rows(order(18, status=OrderStatus.PLACED))
    asked.frame()
    assert told in asked.panel.status.text()


def test_a_refusal_is_shown_with_the_engines_reason(asked: Stage) -> None:
    asked.ready()
    asked.press(Key.Key_Return)
    asked.answer(refused("Its working orders changed.", "changed"))
    assert asked.panel.status.text() == (
        "Refused: Its working orders changed. Leave, then ask again with the numbers of now."
    )
    assert asked.panel.status.property("tone") == "error"
    asked.press(Key.Key_Return)
    asked.after(29_000)
    assert asked.is_open
    assert len(asked.sent) == 1


def test_a_refused_ticket_makes_room_for_the_next_which_has_another_key(asked: Stage) -> None:
    asked.ready()
    asked.press(Key.Key_Return)
    asked.answer(refused("No.", "moved"))
    asked.tickets.close_position("m2005-long")
    asked.ready()
    asked.press(Key.Key_Return)
    assert [command.key for command in asked.sent] == ["ticket-1", "ticket-2"]


@pytest.mark.parametrize(
    ("key", "volume", "headline"),
    [
        (Key.Key_A, 3, "Sell 3 DCE.m2005 at market"),
        (Key.Key_H, 2, "Sell 2 DCE.m2005 at market"),
        (Key.Key_Q, 1, "Sell 1 DCE.m2005 at market"),
    ],
)
def test_a_part_is_chosen_by_a_letter(asked: Stage, key: Key, volume: int, headline: str) -> None:
    asked.ready()
    asked.press(key)
    asked.frame()
    assert asked.panel.headline.full == headline
    asked.press(Key.Key_Return)
    (sent,) = asked.sent
    assert (sent.volume, sent.seen.volume) == (Decimal(volume), Decimal(3))


def test_after_a_click_on_a_choice_enter_still_confirms(asked: Stage) -> None:
    asked.ready()
    half = next(one for one in asked.panel.findChildren(VerbButton) if one.accessibleName() == "50 %")
    QTest.mouseClick(half, Qt.MouseButton.LeftButton)
    asked.press(Key.Key_Return)
    assert asked.sent[0].volume == Decimal(2)


def test_a_choice_reached_by_tab_is_pressed_by_space_and_enter_confirms(asked: Stage) -> None:
    asked.ready()
    half = next(one for one in asked.panel.findChildren(VerbButton) if one.accessibleName() == "50 %")
    half.setFocus()
    asked.press(Key.Key_Space)
    asked.press(Key.Key_Return)
    assert asked.sent[0].volume == Decimal(2)


def test_a_part_is_typed_as_a_number(asked: Stage) -> None:
    asked.ready()
    asked.press(Key.Key_N)
    asked.type("2")
    asked.frame()
    assert asked.panel.consequence.text() == "closes 2 of your long 3, long 1 remains"
    asked.press(Key.Key_Return)
    assert asked.sent[0].volume == Decimal(2)


@pytest.mark.parametrize("text", ["4", "0", "-1", "two"])
def test_an_impossible_number_is_not_sent(asked: Stage, text: str) -> None:
    asked.ready()
    asked.press(Key.Key_N)
    asked.type(text)
    asked.press(Key.Key_Return)
    asked.frame()
    assert asked.sent == []
    assert asked.panel.status.property("tone") == "warn"


def test_a_limit_takes_its_price(asked: Stage) -> None:
    asked.ready()
    asked.press(Key.Key_L)
    asked.press(Key.Key_Return)
    assert asked.sent == [], "a limit needs a price"
    asked.type("2675")
    asked.frame()
    assert asked.panel.headline.full == "Sell 3 DCE.m2005 at 2,675 or better"
    asked.press(Key.Key_Return)
    (sent,) = asked.sent
    assert (sent.type, sent.price) == (OrderType.LIMIT, Decimal(2675))


def test_a_limit_between_ticks_is_not_sent(asked: Stage) -> None:
    asked.ready()
    asked.press(Key.Key_L)
    asked.type("2675.5")
    asked.press(Key.Key_Return)
    assert asked.sent == []
    assert "whole number of ticks" in asked.panel.status.text()


def test_half_of_a_changed_position_is_another_number(asked: Stage) -> None:
    asked.ready()
    asked.press(Key.Key_H)
    asked.rows(position(volume=Decimal(8), version=8))
    asked.frame()
    asked.after(350)
    asked.press(Key.Key_U)
    asked.ready()
    asked.press(Key.Key_Return)
    assert asked.sent[0].volume == Decimal(4)


def test_letters_do_their_work_also_while_the_cursor_stands_in_a_number(asked: Stage) -> None:
    asked.ready()
    asked.press(Key.Key_N)
    asked.type("2")
    asked.rows(position(last_price=Decimal(2690)))
    asked.frame()
    asked.after(350)
    asked.type("u")
    asked.ready()
    asked.type("y")
    (sent,) = asked.sent
    assert (sent.volume, sent.seen.price) == (Decimal(2), Decimal(2690))


def test_a_letter_held_since_before_chooses_nothing(stage: Stage) -> None:
    stage.down(Key.Key_H)
    stage.tickets.close_position("m2005-long")
    stage.frame()
    stage.repeat(Key.Key_H, 3)
    stage.press(Key.Key_Q)
    assert stage.panel.headline.full == "Sell 3 DCE.m2005 at market"


def test_space_holds_a_playing_replay_still_and_is_no_answer(asked: Stage) -> None:
    asked.rows(replay(state=ReplayState.PLAYING))
    asked.ready()
    asked.press(Key.Key_Space)
    assert asked.sent == [PauseReplay()]


def test_covering_a_short_costs_and_buys(stage: Stage) -> None:
    stage.rows(position(direction=Direction.SHORT, unrealised_profit=Decimal(-630)))
    stage.tickets.close_position("m2005-long")
    assert stage.panel.headline.full == "Buy 3 DCE.m2005 at market"
    assert "−630.00 CNY before fee" in shown_facts(stage)


def test_it_says_everything_a_careful_person_asks(asked: Stage) -> None:
    asked.frame()
    panel = asked.panel
    assert panel.headline.full == "Sell 3 DCE.m2005 at market"
    assert panel.consequence.text() == "closes your long 3, nothing remains"
    assert panel.world.text() == "REPLAY"
    assert "sim-1" in panel.title.text()
    facts = shown_facts(asked)
    for part in (
        "2,671, 0.0 s old",
        "80,130.00 CNY",
        "8,013.00 CNY",
        "+630.00 CNY before fee",
        "no working order",
    ):
        assert part in facts


@pytest.mark.parametrize("world", list(World))
def test_the_world_is_said_in_words(stage: Stage, world: World) -> None:
    stage.rows(session(world))
    stage.tickets.close_position("m2005-long")
    assert stage.panel.world.text() == world.value


def test_what_limits_the_world_is_said_beside_it(stage: Stage) -> None:
    halted = msgspec.structs.replace(session(), engine_state=EngineState.HALTED, read_only=True)
    stage.rows(halted)
    stage.tickets.close_position("m2005-long")
    assert stage.panel.world.text() == "REPLAY · HALTED · READ-ONLY"


def test_losing_the_keyboard_to_another_window_arms_anew(asked: Stage, qtbot: QtBot) -> None:
    asked.ready()
    other = QWidget()
    qtbot.addWidget(other)
    with qtbot.waitActive(other):
        other.show()
        other.activateWindow()
    with qtbot.waitActive(asked.window):
        asked.window.activateWindow()
    asked.press(Key.Key_Return)
    assert asked.sent == []
    asked.ready()
    asked.press(Key.Key_Return)
    assert asked.sent == [CLOSE]


def test_the_same_question_again_only_brings_the_ticket_back(asked: Stage) -> None:
    asked.table.setFocus()
    asked.tickets.close_position("m2005-long")
    assert asked.panel.isAncestorOf(asked.focus()) or asked.focus() is asked.panel
    assert asked.tickets.waiting == 0


def test_another_question_waits_its_turn_and_arms_by_itself(asked: Stage) -> None:
    asked.rows(order(41))
    asked.frame()
    asked.tickets.cancel_orders([41])
    assert asked.tickets.waiting == 1
    asked.press(Key.Key_Escape)
    assert asked.panel.headline.full == "Cancel #41 Sell 3 DCE.m2005 at 2,700"
    asked.press(Key.Key_Return)
    assert asked.sent == []


def test_a_waiting_question_whose_cause_is_gone_is_not_asked(asked: Stage) -> None:
    asked.rows(order(41))
    asked.tickets.cancel_orders([41])
    asked.rows(order(41, status=OrderStatus.CANCELED))
    asked.press(Key.Key_Escape)
    assert not asked.is_open


def test_a_position_that_is_not_there_is_not_asked_about(stage: Stage) -> None:
    stage.tickets.close_position("nobody")
    assert not stage.is_open
    assert stage.messages == [("The position is gone: nothing was sent.", "info")]


def shown_facts(stage: Stage) -> str:
    labels = stage.panel.facts.findChildren(ElidedLabel)
    return "\n".join(label.full for label in labels if label.isVisible())

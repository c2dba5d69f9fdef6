"""Looking at a past moment in the same window: what its keys ask, what is shown, what cannot be done."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest
from desk_rows import alert
from driver import NS_PER_SECOND, log_line, order, session, whole_replay
from pilot import CTRL, SHIFT, Pilot
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot
from trader import StillClock

from monitor.boundary import PastMoment, Unavailable
from monitor.engine.changes import Changes
from monitor.engine.commands import SetEngineState
from monitor.engine.values import EngineState, LogLevel, World
from monitor.ui.theme import DARK
from monitor.ui.tickets.binding import attach_tickets
from monitor.ui.tickets.desk import TicketDesk

Key = Qt.Key
Make = Callable[..., Pilot]
OPENED = 1_560_301_260 * NS_PER_SECOND  # 2019-06-12 09:01:00 in Shanghai
LAST = 500


def ns_of(seq: int) -> int:
    return OPENED + seq * NS_PER_SECOND


def moment(seq: int, last: int = LAST) -> PastMoment:
    return PastMoment(
        seq=seq, time_ns=ns_of(seq), first_seq=1, first_ns=ns_of(1), last_seq=last, last_ns=ns_of(last)
    )


def then(seq: int, world: World = World.LIVE, **different: object) -> Changes:
    """The session as it was after that fact: one order for every hundred facts."""
    changes = whole_replay()
    changes.replay = None
    changes.orders = {id: order(id, created_ns=ns_of(id * 100)) for id in range(1, seq // 100 + 1)}
    changes.session = session(world=world, read_only=True, past_seq=seq, past_ns=ns_of(seq), **different)
    return changes


def now(world: World = World.LIVE, **different: object) -> Changes:
    changes = whole_replay()
    if world is not World.REPLAY:
        changes.replay = None
    changes.session = session(world=world, **different)
    return changes


def looks(ui: Pilot, seq: int = LAST) -> None:
    """The core answers the question under way."""
    ui.door.shows(then(seq), moment(seq))
    ui.frame()


@pytest.fixture
def live(make_pilot: Make) -> Pilot:
    return make_pilot(now())


@pytest.fixture
def past(live: Pilot) -> Pilot:
    live.press(Key.Key_T, CTRL)
    looks(live)
    return live


# -- going there and back


def test_the_key_stops_at_the_newest_fact_and_says_when(live: Pilot) -> None:
    live.press(Key.Key_T, CTRL)
    assert live.door.looked == [(None,)]
    bar = live.window.past_bar
    assert bar.isVisible()
    assert bar.state.text() == "loading …"
    looks(live)
    assert bar.state.text() == "the past"
    assert bar.fact.text() == "fact 500 / 500"
    assert bar.time.text() == "2019-06-12 09:09:20.000"
    assert live.focus() is bar.scrubber
    strip = live.window.banner.strip
    assert strip.text == "PAST · LIVE  2019-06-12 09:09:20.000"
    assert (strip._ground, strip.hatched) == (DARK.strip_past, True)
    assert live.window.windowTitle().startswith("PAST 2019-06-12 09:09:20.000 · LIVE")


@pytest.mark.parametrize("how", ["Esc", "Ctrl+T", "button"])
def test_there_are_three_ways_back(past: Pilot, how: str) -> None:
    if how == "Esc":
        past.press(Key.Key_Escape)
    elif how == "Ctrl+T":
        past.press(Key.Key_T, CTRL)
    else:
        past.window.past_bar.buttons["back_to_now"].click()
    assert past.door.looked[-1] == "present"
    past.door.shows_present(now())
    past.frame()
    assert not past.window.past_bar.isVisible()
    assert past.window.banner.strip.text == "LIVE"
    assert past.window.windowTitle().startswith("LIVE")
    assert past.focus() is past.window.tables.in_use().view


def test_escape_elsewhere_does_not_leave_the_past(past: Pilot) -> None:
    past.window.orders.active.view.setFocus()
    past.press(Key.Key_Escape)
    assert past.door.looked == [(None,)]


@pytest.mark.parametrize("size", [(1024, 700), (1440, 900)])
def test_the_whole_moment_can_be_read_at_any_size(
    make_pilot: Make, qtbot: QtBot, size: tuple[int, int]
) -> None:
    ui = make_pilot(now(World.SIMULATED), size)
    ui.press(Key.Key_T, CTRL)
    ui.door.shows(then(400, World.SIMULATED, engine_state=EngineState.HALTED), moment(400))
    ui.frame()
    strip, time = ui.window.banner.strip, ui.window.past_bar.time
    assert strip.text == "PAST · SIMULATED · HALTED  2019-06-12 09:07:40.000"
    qtbot.waitUntil(lambda: strip.width() >= strip.sizeHint().width())
    qtbot.waitUntil(lambda: time.width() >= time.sizeHint().width())


def test_in_a_replay_the_bar_stands_above_the_replays_own(ui: Pilot) -> None:
    ui.press(Key.Key_T, CTRL)
    ui.door.shows(then(300, World.REPLAY), moment(300))
    ui.frame()
    window = ui.window
    assert window.past_bar.isVisible()
    assert window.replay_bar.isVisible()
    assert window.past_bar.y() < window.replay_bar.y()
    assert window.replay_bar.state.text() == "in the past"
    assert not any(button.isEnabled() for button in window.replay_bar.buttons.values())
    assert window.banner.strip.text == "PAST · REPLAY  2019-06-12 09:06:00.000"


def test_a_form_that_is_open_is_left_and_keeps_what_was_typed(live: Pilot) -> None:
    form = live.window.order_form
    live.press(Key.Key_N)
    form.volume.setText("7")
    live.press(Key.Key_T, CTRL)
    looks(live)
    assert not form.isVisible()
    assert live.focus() is live.window.past_bar.scrubber
    live.press(Key.Key_Escape)
    live.door.shows_present(now())
    live.frame()
    live.press(Key.Key_N)
    assert (form.isVisible(), form.volume.text()) == (True, "7")


# -- moving


def test_comma_and_period_step_facts_and_quick_presses_add_up(past: Pilot) -> None:
    for _ in range(3):
        past.press(Key.Key_Comma)
    assert past.door.looked[1:] == [499], "one question at a time"
    looks(past, 499)
    assert past.door.looked[1:] == [499, 497], "the newest place wins"
    assert past.window.past_bar.fact.text() == "fact 497 / 500"
    looks(past, 497)
    past.press(Key.Key_Period)
    assert past.door.looked[-1] == 498
    assert past.sent == [], "nothing is stepped but the view"


def test_there_is_nothing_beyond_the_ends(past: Pilot) -> None:
    past.press(Key.Key_Period)
    assert past.door.looked == [(None,)]
    assert "newest fact" in past.said


def test_dragging_asks_for_the_newest_place_only(past: Pilot) -> None:
    scrubber = past.window.past_bar.scrubber
    y = scrubber.height() // 2
    width = scrubber.width()
    QTest.mousePress(scrubber, Qt.MouseButton.LeftButton, pos=QPoint(width // 2, y))
    first = past.door.looked[-1]
    for x in range(width // 2, width // 4, -3):
        QTest.mouseMove(scrubber, QPoint(x, y))
    QTest.mouseMove(scrubber, QPoint(width // 4, y))
    assert past.door.looked == [(None,), first], "the first answer is still awaited"
    assert past.window.past_bar.state.text() == "loading …"
    at = scrubber.value()
    assert isinstance(first, int)
    looks(past, first)
    assert past.door.looked == [(None,), first, at]
    assert scrubber.value() == at, "the answer does not pull the handle out of the hand"
    QTest.mouseRelease(scrubber, Qt.MouseButton.LeftButton, pos=QPoint(width // 4, y))
    looks(past, at)
    assert len(past.door.looked) == 3
    assert past.window.past_bar.state.text() == "the past"


def test_a_time_is_gone_to_by_the_same_entry_as_in_a_replay(past: Pilot) -> None:
    past.press(Key.Key_T)
    assert past.window.goto.isVisible()
    past.type("09:05")
    past.press(Key.Key_Return)
    assert past.door.looked[-1] == (ns_of(240),)
    looks(past, 240)
    past.press(Key.Key_T)
    past.type("120")
    past.press(Key.Key_Return)
    assert past.door.looked[-1] == 120
    past.press(Key.Key_T)
    past.type("501")
    assert "The journal has 500 facts" in past.window.goto.hint.text()


def test_leaving_while_a_moment_loads_ends_in_the_present(past: Pilot) -> None:
    past.press(Key.Key_Comma)
    past.press(Key.Key_Escape)
    past.window.past_bar.scrubber.setValue(17)
    assert past.door.looked[1:] == [499]
    looks(past, 499)
    assert past.door.looked[1:] == [499, "present"]
    past.door.shows_present(now())
    past.frame()
    assert not past.window.past_bar.isVisible()


def test_a_moment_that_is_not_there_is_told_and_the_view_stays(past: Pilot) -> None:
    past.press(Key.Key_Comma)
    past.door.looks.popleft().set_exception(Unavailable("The journal has a gap: 17 is missing."))
    past.frame()
    assert "a gap" in past.said
    assert past.window.past_bar.fact.text() == "fact 500 / 500"
    assert past.window.past_bar.state.text() == "the past"


def test_where_there_is_no_past_the_bar_goes_again(live: Pilot) -> None:
    live.press(Key.Key_T, CTRL)
    live.door.looks.popleft().set_exception(Unavailable("Nothing has been recorded yet."))
    live.frame()
    assert "Nothing has been recorded yet." in live.said
    assert not live.window.past_bar.isVisible()
    assert live.window.run_command("look_back")


# -- what is shown, and what cannot be done


def test_rows_are_those_of_then_and_ages_count_to_then(past: Pilot) -> None:
    assert [row.order_id for row in past.window.desk.active_orders.rows()] == [1, 2, 3, 4, 5]
    past.press(Key.Key_Comma)
    looks(past, 350)
    assert [row.order_id for row in past.window.desk.active_orders.rows()] == [1, 2, 3]
    assert past.window.desk.clock_ns == ns_of(350)
    past.window._look()
    assert past.window.desk.clock_ns == ns_of(350), "the day's clock does not move it"


@pytest.mark.parametrize("id", ["new_order", "cancel_all", "compare_now", "reduce_only", "open_sample"])
def test_nothing_can_be_done_in_the_past(past: Pilot, id: str) -> None:
    tickets = attach_tickets(past.window)
    assert not past.window.run_command(id)
    assert "you look at the past: Ctrl+T goes back to now first" in past.said
    assert tickets.panel is None
    assert past.sent == []
    tickets.stop()


def pass_time(ui: Pilot, tickets: TicketDesk, clock: StillClock, hundredths: int) -> None:
    for _ in range(hundredths):
        clock.now += 10_000_000
        ui.frame()
        assert tickets.panel is not None
        tickets.panel.repaint()


@pytest.mark.parametrize("state", [EngineState.NORMAL, EngineState.HALTED])
def test_the_emergency_stop_means_the_present(live: Pilot, state: EngineState) -> None:
    clock = StillClock()
    tickets = attach_tickets(live.window, clock=clock)
    live.press(Key.Key_T, CTRL)
    live.door.shows(then(400, engine_state=state), moment(400))
    live.frame()
    live.press(Key.Key_F12, CTRL | SHIFT)
    assert live.window.run_command("past_back")
    looks(live, 399)
    assert tickets.panel is not None, "another moment does not take it away"
    pass_time(live, tickets, clock, 40)
    QTest.keyPress(live.focus(), Key.Key_Return)
    pass_time(live, tickets, clock, 110)
    QTest.keyRelease(live.focus(), Key.Key_Return)
    (sent,) = live.sent
    assert isinstance(sent, SetEngineState)
    assert sent.state is EngineState.HALTED
    tickets.stop()


def test_what_happens_meanwhile_is_told(past: Pilot) -> None:
    past.tell(Changes(log=[log_line(9, "venue sim: the line is lost", LogLevel.WARNING)]))
    assert past.said == "! Now: venue sim: the line is lost"
    raised = alert(7, time_ns=ns_of(LAST + 60), level=LogLevel.ERROR, message="order 5 is unknown")
    past.tell(Changes(alerts={7: raised}))
    assert "Now: order 5 is unknown" in past.said
    assert "Now, while you look at the past: order 5 is unknown" in past.window.notice.text()
    assert past.window.desk.alerts.get(7) is None, "it is not of that moment"
    past.press(Key.Key_T, CTRL)
    present = now()
    present.alerts = {7: raised}
    past.door.shows_present(present)
    past.frame()
    assert past.window.desk.alerts.get(7) is not None
    assert "while you look at the past" not in past.window.notice.text()


def test_old_alerts_are_not_told_again(live: Pilot) -> None:
    old = alert(3, time_ns=ns_of(100), level=LogLevel.ERROR, message="order 2 is unknown")
    live.tell(Changes(alerts={3: old}))
    assert "order 2 is unknown" in live.said
    live.window.show_message("something else")
    live.press(Key.Key_T, CTRL)
    moved = then(450)
    moved.alerts = {3: old}
    live.door.shows(moved, moment(450))
    live.frame()
    assert live.window.desk.alerts.get(3) is not None
    live.press(Key.Key_Escape)
    present = now()
    present.alerts = {3: old}
    live.door.shows_present(present)
    live.frame()
    assert "order 2" not in live.said


# -- when the present ends it


def test_another_session_brings_the_present_back(past: Pilot) -> None:
    past.tell(now(World.REPLAY, session_id=2))
    assert not past.window.past_bar.isVisible()
    assert past.window.banner.strip.text.startswith("REPLAY")
    assert "Back to the present" in past.said
    past.press(Key.Key_Period)
    assert len(past.sent) == 1, "its keys are the replay's again"


def test_an_engine_that_stops_leaves_the_present_behind(past: Pilot) -> None:
    past.door.feed(now())
    past.window.lose_engine("the disk is full.")
    past.frame()
    assert not past.window.past_bar.isVisible()
    assert past.window.banner.strip.text == "LIVE"
    assert not past.window.run_command("look_back")
    assert "the engine has stopped" in past.said


def test_quitting_goes_back_to_the_present_and_asks_there(past: Pilot) -> None:
    asked: list[int] = []
    past.window.on_quit_requested = lambda: asked.append(len(past.window.desk.active_orders))
    past.window.close()
    assert asked == []
    assert past.door.looked[-1] == "present"
    past.door.looks[-1].set_result(None)  # the word may come a frame before the rows
    past.frame()
    assert asked == []
    past.tell(msgspec.structs.replace(now()))
    assert asked == [3]
    assert past.window.isVisible()

"""Rows flow into the window at frame pace: nothing polls, blocks, leaks or opens a nested loop."""

from __future__ import annotations

import ast
import gc
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from driver import account, equity, filled, order, replay, strategy, trade, trigger, whole_replay
from pilot import CTRL, Pilot
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QDialog, QPushButton
from pytestqt.qtbot import QtBot

import monitor
from monitor.boundary import CoreStats
from monitor.engine.changes import Changes
from monitor.engine.values import StrategyState
from monitor.ui.dialogs import open_dialog

NESTED_LOOPS = {"exec", "exec_", "processEvents", "qWait"}
STATIC_DIALOGS = {"QMessageBox", "QFileDialog", "QInputDialog", "QColorDialog", "QFontDialog"}
STATIC_CALLS = {"question", "information", "warning", "critical", "about", "getText", "getItem", "getInt"}


def busy_frame(bar: int) -> Changes:
    """What one bar of a busy replay changes."""
    return Changes(
        seq=bar,
        orders={bar: filled(bar), bar + 1: order(bar + 1)},
        trades={bar: trade(bar)},
        triggers={bar: trigger(bar)},
        accounts={"sim-1": account(updated_ns=bar)},
        equity=[equity(bar, bar + 1)],
        replay=replay(bar),
    )


def test_one_timer_takes_what_changed(make_pilot: Callable[..., Pilot], qtbot: QtBot) -> None:
    pilot = make_pilot()
    pilot.window.frames.start()
    pilot.door.feed(whole_replay())
    qtbot.waitUntil(lambda: pilot.window.orders.tabs.tabText(1) == "History 210")
    timers = [one for one in pilot.window.findChildren(QTimer) if one.isActive() and not one.isSingleShot()]
    assert len(timers) == 1
    assert timers[0].interval() == 16
    assert timers[0].timerType() is Qt.TimerType.PreciseTimer


def test_rows_reach_every_panel(ui: Pilot) -> None:
    window = ui.window
    assert [window.orders.tabs.tabText(at) for at in range(2)] == ["Active 3", "History 210"]
    assert window.trades.view.model().rowCount() == 210
    assert window.positions.view.model().rowCount() == 1
    assert window.strategies.triggers.view.model().rowCount() == 212
    assert window.log.view.model().rowCount() == 2
    assert window.account.value("Balance") == "1,012,340.50"
    assert window.replay_bar.bar.text() == "bar 4,213 / 10,215"
    assert window.replay_bar.speed.text() == "×4"
    assert window.replay_bar.state.text() == "playing"
    assert window.strategies.list.lines[1].state.text() == "● running"
    assert "pause" in window.status.keys.text()


def test_what_joins_the_frames_comes_after_the_rows(ui: Pilot) -> None:
    seen: list[int] = []
    ui.window.frames.also(lambda: seen.append(len(ui.window.desk.trades)))
    ui.tell(Changes(trades={900: trade(900)}))
    assert seen == [211]


def test_strategies_start_and_stop_by_their_buttons(ui: Pilot, qtbot: QtBot) -> None:
    both = {1: strategy(), 2: strategy(2, name="breakout", state=StrategyState.FAILED, error="no data")}
    ui.tell(Changes(strategies=both))
    line = ui.window.strategies.list.lines[2]
    assert line.state.text() == "✗ failed"
    assert "no data" in line.toolTip()
    line.toggle.click()
    ui.window.strategies.list.lines[1].toggle.click()
    assert [type(command).__name__ for command in ui.sent] == ["StartStrategy", "StopStrategy"]
    qtbot.waitUntil(line.isVisible)
    line.setFocus()
    assert ui.window.strategies.list.current == both[2]


def test_the_status_line_offers_what_matters_now(ui: Pilot) -> None:
    for _ in range(15):
        ui.frame()
    assert "x close the position" in ui.window.status.keys.text()
    ui.press(Qt.Key.Key_3, CTRL)
    ui.window.orders.active.view.select_row(1001)
    for _ in range(15):
        ui.frame()
    assert "d cancel the order" in ui.window.status.keys.text()


def test_the_mirror_opens_from_its_dot(ui: Pilot, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(
        "monitor.ui.window.QDesktopServices.openUrl", lambda url: opened.append(url.toString()) or True
    )
    assert ui.window.run_command("open_mirror")
    assert opened == ["http://127.0.0.1:8765"]
    ui.door.health = CoreStats()
    assert not ui.window.run_command("open_mirror")
    assert "no page is served" in ui.said


@pytest.mark.slow
def test_memory_stays_flat_over_a_long_replay(make_pilot: Callable[..., Pilot]) -> None:
    """Ten thousand frames that change the same things: what is kept is what is shown."""
    pilot = make_pilot(whole_replay(100))

    def turn(frames: int) -> None:
        for bar in range(frames):
            rows = Changes(
                accounts={"sim-1": account(updated_ns=bar)},
                orders={1001: order(1001, updated_ns=bar)},
                strategies={1: strategy(trigger_count=bar)},
                replay=replay(bar % 10_000),
            )
            pilot.tell(rows)
        gc.collect()

    turn(300)
    tracemalloc.start()
    turn(100)
    before = tracemalloc.get_traced_memory()[0]
    turn(2_000)
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown < 200_000, f"{grown:,} bytes in 2,000 frames"


@pytest.mark.slow
def test_a_busy_replay_shows_every_bar(make_pilot: Callable[..., Pilot]) -> None:
    pilot = make_pilot(whole_replay(300))
    for bar in range(300, 2_300):
        pilot.tell(busy_frame(bar))
    assert len(pilot.window.desk.equity) == 2_300
    assert pilot.window.replay_bar.bar.text() == "bar 2,299 / 10,215"
    assert pilot.window.orders.tabs.tabText(0) == "Active 1"


@pytest.mark.parametrize("way", ["accept", "reject", "close", "delete"])
def test_a_dialog_is_open_and_answers_whatever_way_it_goes(qtbot: QtBot, way: str) -> None:
    dialog = QDialog()
    button = QPushButton("Send", dialog)
    answer = open_dialog(dialog)
    assert dialog.isVisible()
    assert not answer.done(), "opening a dialog waits for nothing"
    button.clicked.connect(dialog.accept)
    {
        "accept": button.click,
        "reject": dialog.reject,
        "close": dialog.close,
        "delete": dialog.deleteLater,
    }[way]()
    qtbot.waitUntil(answer.done)
    wanted = QDialog.DialogCode.Accepted if way == "accept" else QDialog.DialogCode.Rejected
    assert answer.result(timeout=0) == wanted.value


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def test_no_nested_loop_is_ever_opened() -> None:
    """`exec`, `processEvents` and static dialogs lose every other task of the event loop."""
    package = Path(monitor.__file__).parent
    offences: list[str] = []
    for path in [*package.glob("ui/**/*.py"), *package.glob("models/**/*.py"), package / "app.py"]:
        if not path.exists():
            continue
        for call in calls(ast.parse(path.read_text())):
            if not isinstance(call.func, ast.Attribute):
                continue
            owner = call.func.value.id if isinstance(call.func.value, ast.Name) else ""
            static = owner in STATIC_DIALOGS and (call.func.attr in STATIC_CALLS or "get" in call.func.attr)
            if call.func.attr in NESTED_LOOPS or static:
                offences.append(f"{path.relative_to(package)}:{call.lineno} {call.func.attr}")
    assert offences == []

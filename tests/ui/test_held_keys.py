"""Keys as X11 tells them, scan codes and repeats: what was let go of is not held any more."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from driver import position
from pilot import CTRL, NONE, SHIFT
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from trader import Trader

from monitor.engine.changes import Changes
from monitor.engine.commands import ClosePosition, SetEngineState
from monitor.ui.repeats import RepeatGuard

Key, Type = Qt.Key, QEvent.Type
RETURN, ESCAPE, X, F12 = (Key.Key_Return, 36), (Key.Key_Escape, 9), (Key.Key_X, 53), (Key.Key_F12, 96)
CONTROL_KEY, SHIFT_KEY = (Key.Key_Control, 37), (Key.Key_Shift, 50)
Cap = tuple[Qt.Key, int]


class Fingers:
    """Presses keys as X11 does, at the window and not at a widget; no key is held in the end."""

    def __init__(self, trader: Trader, qtbot: QtBot) -> None:
        self.trader, self.qtbot, self.at_ms = trader, qtbot, 1_000
        self.modifiers = NONE

    def send(self, kind: QEvent.Type, cap: Cap, repeat: bool = False) -> None:
        text = chr(cap[0]).lower() if cap[0] < 128 else ""
        event = QKeyEvent(kind, cap[0], self.modifiers, cap[1], 0, 0, text, repeat)
        event.setTimestamp(self.at_ms)
        event.ignore()
        QCoreApplication.sendEvent(self.trader.window.windowHandle(), event)

    def down(self, cap: Cap, repeat: bool = False) -> None:
        self.send(Type.ShortcutOverride, cap, repeat)
        self.send(Type.KeyPress, cap, repeat)

    def up(self, cap: Cap, repeat: bool = False) -> None:
        self.send(Type.KeyRelease, cap, repeat)

    def after(self, milliseconds: int) -> None:
        self.at_ms += milliseconds
        self.trader.after(milliseconds)

    def tap(self, cap: Cap) -> None:
        self.down(cap)
        self.after(20)
        self.up(cap)
        self.settle()

    def hold(self, cap: Cap, milliseconds: int, honest: bool) -> None:
        """A key that repeats each 40 ms; X11 says so, or does not, or does now and then."""
        self.down(cap)
        self.after(200)
        for at in range(200, milliseconds, 40):
            repeat = honest or at % 80 == 0
            self.up(cap, repeat)
            self.down(cap, repeat)
            self.after(40)
        self.up(cap)
        self.settle()

    def settle(self) -> None:
        """A release may be kept back for a moment of real time; then no key is held."""
        self.qtbot.waitUntil(lambda: not self.trader.tickets._watch.hands.hold_other_than(None))


@pytest.fixture
def fingers(trader: Trader, qapp: QApplication, qtbot: QtBot) -> Iterator[Fingers]:
    guard = RepeatGuard(qapp, trader.window.actions_table.may_repeat)
    trader.tell(Changes(positions={"sim-1.au.long": position(strategy_id=0)}))
    yield Fingers(trader, qtbot)
    guard.stop()


def stop_all(fingers: Fingers, honest: bool) -> None:
    """Ctrl+Shift+F12, let go of in any order, and Enter held."""
    fingers.modifiers = CTRL | SHIFT
    for cap in (CONTROL_KEY, SHIFT_KEY, F12):
        fingers.down(cap)
    fingers.modifiers = NONE
    for cap in (SHIFT_KEY, CONTROL_KEY, F12):
        fingers.up(cap)
    fingers.settle()
    fingers.after(800)
    fingers.hold(RETURN, 1_400, honest)


@pytest.mark.parametrize("honest", [True, False], ids=["said to repeat", "seldom said to repeat"])
def test_after_an_emergency_stop_by_a_held_enter_tickets_are_answered(fingers: Fingers, honest: bool) -> None:
    trader = fingers.trader
    stop_all(fingers, honest)
    assert [type(one) for one in trader.sent] == [SetEngineState]
    trader.after(100)
    fingers.tap(ESCAPE)
    assert trader.tickets.panel is None
    trader.window.positions.view.setFocus()
    fingers.tap(X)
    fingers.after(800)
    panel = trader.tickets.panel
    assert panel is not None
    assert panel.verb.isEnabled(), panel.status.text()
    fingers.tap(RETURN)
    assert [type(one) for one in trader.sent] == [SetEngineState, ClosePosition]


def test_a_press_that_was_sent_on_is_asked_about_without_its_scan_code(fingers: Fingers) -> None:
    """What Qt does, seen by the watch: one key is held, and one release lets go of it."""
    hands = fingers.trader.tickets._watch.hands
    fingers.trader.window.actions_table.run("emergency_stop")
    fingers.down(RETURN)
    assert hands.holds(RETURN[1])
    assert not hands.hold_other_than(RETURN[1])
    fingers.up(RETURN)
    fingers.settle()


def test_a_repeat_of_a_key_that_went_down_elsewhere_is_not_held(fingers: Fingers) -> None:
    fingers.down(RETURN, repeat=True)
    assert not fingers.trader.tickets._watch.hands.hold_other_than(None)

"""X11's repeats that do not say so are mended, and real strokes are left alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pilot import NONE
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from monitor.ui.repeats import RepeatGuard

Type = QEvent.Type
X, STEP = Qt.Key.Key_X, Qt.Key.Key_Period


class Keyboard(QWidget):
    """A focused widget, and the strokes as X11 sends them to its window."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, bool]] = []

    def keyPressEvent(self, event: QKeyEvent) -> None:
        self.seen.append(("press", event.isAutoRepeat()))

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        self.seen.append(("release", event.isAutoRepeat()))

    def send(self, kind: QEvent.Type, key: Qt.Key, at_ms: int, repeat: bool = False) -> bool:
        """Gives whether a shortcut may still be looked for."""
        event = QKeyEvent(kind, key, NONE, 0, 0, 0, "x", repeat)
        event.setTimestamp(at_ms)
        event.ignore()
        QCoreApplication.sendEvent(self.windowHandle(), event)
        return not event.isAccepted()

    def down(self, key: Qt.Key, at_ms: int, repeat: bool = False) -> bool:
        free = self.send(Type.ShortcutOverride, key, at_ms, repeat)
        self.send(Type.KeyPress, key, at_ms, repeat)
        return free

    def up(self, key: Qt.Key, at_ms: int, repeat: bool = False) -> None:
        self.send(Type.KeyRelease, key, at_ms, repeat)


@pytest.fixture
def keyboard(qtbot: QtBot, qapp: QApplication) -> Iterator[Keyboard]:
    widget = Keyboard()
    qtbot.addWidget(widget)
    with qtbot.waitActive(widget):
        widget.show()
        widget.activateWindow()
    widget.setFocus()
    guard = RepeatGuard(qapp, lambda sequence: sequence == QKeySequence("."))
    yield widget
    guard.stop()


def test_a_held_key_is_one_press_and_then_repeats(keyboard: Keyboard, qtbot: QtBot) -> None:
    assert keyboard.down(X, 100)
    for at_ms in (760, 800, 840):
        keyboard.up(X, at_ms)
        assert not keyboard.down(X, at_ms), "no shortcut is fired again"
    keyboard.up(X, 850)
    qtbot.waitUntil(lambda: keyboard.seen[-1] == ("release", False))
    assert keyboard.seen == [("press", False), *[("press", True)] * 3, ("release", False)]


def test_quick_fingers_are_not_a_held_key(keyboard: Keyboard) -> None:
    keyboard.down(X, 100)
    keyboard.up(X, 130)
    assert keyboard.down(X, 145)
    assert keyboard.seen == [("press", False), ("release", False), ("press", False)]


def test_another_key_at_the_same_moment_is_another_key(keyboard: Keyboard) -> None:
    keyboard.down(X, 100)
    keyboard.up(X, 130)
    assert keyboard.down(STEP, 130)
    assert keyboard.seen == [("press", False), ("release", False), ("press", False)]


def test_commands_that_repeat_go_on_repeating(keyboard: Keyboard) -> None:
    assert keyboard.down(STEP, 100)
    keyboard.up(STEP, 760)
    assert keyboard.down(STEP, 760), "its shortcut is looked for with each repeat"


def test_what_says_that_it_repeats_is_left_alone(keyboard: Keyboard) -> None:
    keyboard.down(X, 100)
    keyboard.up(X, 760, repeat=True)
    keyboard.down(X, 760, repeat=True)
    assert keyboard.seen == [("press", False), ("release", True), ("press", True)]


def test_a_release_is_never_lost(keyboard: Keyboard, qtbot: QtBot) -> None:
    keyboard.down(X, 100)
    keyboard.up(X, 130)
    qtbot.waitUntil(lambda: keyboard.seen == [("press", False), ("release", False)])

"""The whole window under a hand: a door that the test feeds, frames that the test steps, and
keys that go wherever the focus is."""

from __future__ import annotations

from pathlib import Path

from driver import HandDoor
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from monitor.engine.changes import Changes
from monitor.engine.commands import AnyCommand
from monitor.ui.window import MainWindow

NONE = Qt.KeyboardModifier.NoModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
CTRL = Qt.KeyboardModifier.ControlModifier
ALT = Qt.KeyboardModifier.AltModifier


class Pilot:
    """Drives one window."""

    def __init__(self, state_dir: Path, size: tuple[int, int] = (1440, 900)) -> None:
        self.door = HandDoor()
        self.window = MainWindow(self.door, state_dir)
        if not (state_dir / "layout.json").exists():
            self.window.resize(*size)  # whatever screen the tests run on
        self.window.frames.stop()

    @property
    def sent(self) -> list[AnyCommand]:
        return self.door.submitted

    @property
    def said(self) -> str:
        """The message in the status line."""
        return self.window.status.message.text()

    def tell(self, changes: Changes) -> None:
        """The core reports something, and a frame shows it."""
        self.door.feed(changes)
        self.frame()

    def frame(self) -> None:
        self.window.frames.run()

    def focus(self) -> QWidget:
        return QApplication.focusWidget() or self.window

    def press(self, key: Qt.Key | str, modifier: Qt.KeyboardModifier = NONE) -> None:
        """One key down and up."""
        QTest.keyClick(self.focus(), key, modifier)

    def hold(self, key: Qt.Key, times: int, modifier: Qt.KeyboardModifier = NONE) -> None:
        """A key held down: one press, then `times` repeats, then one release."""
        QTest.keyPress(self.focus(), key, modifier)
        for _ in range(times):
            QTest.simulateEvent(self.focus(), True, key, modifier, "", True)
        QTest.keyRelease(self.focus(), key, modifier)

    def type(self, text: str) -> None:
        QTest.keyClicks(self.focus(), text)

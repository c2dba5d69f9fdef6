"""Which keys are down, seen from the whole application; and keys as tickets name them.

Owns the one event filter that feeds `Hands`. A shortcut eats its key press, so the filter also
takes `ShortcutOverride`, which Qt sends before it looks for shortcuts.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent

from monitor.ui.tickets.rules import Hands

DOWN = frozenset({QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress})
ENTER = frozenset({Qt.Key.Key_Return, Qt.Key.Key_Enter})
PLAIN = frozenset({Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier})


def identity(event: QKeyEvent) -> int:
    """The physical key: with Shift let go in between, `?` is released as `/`."""
    return event.nativeScanCode() or int(event.key())


def is_plain(event: QKeyEvent) -> bool:
    return event.modifiers() in PLAIN


class KeyWatch(QObject):
    """Feeds `hands` until `stop`. Costs a microsecond an event; looks at keys only."""

    def __init__(self, application: QGuiApplication, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.hands = Hands()
        self._application = application
        application.installEventFilter(self)
        application.applicationStateChanged.connect(self._elsewhere)

    def stop(self) -> None:
        self._application.removeEventFilter(self)
        self._application.applicationStateChanged.disconnect(self._elsewhere)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind in DOWN and isinstance(event, QKeyEvent):
            self.hands.press(identity(event))
        elif kind == QEvent.Type.KeyRelease and isinstance(event, QKeyEvent) and not event.isAutoRepeat():
            self.hands.release(identity(event))
        return False

    def _elsewhere(self, _state: Qt.ApplicationState) -> None:
        """Releases in another application are never heard of here."""
        self.hands.clear()

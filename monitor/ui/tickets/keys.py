"""Which keys are down, seen from the whole application; and keys as tickets name them.

Owns the one event filter that feeds `Hands`. A shortcut eats its key press, so the filter also
takes `ShortcutOverride`, which Qt sends before it looks for shortcuts.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent

from monitor.ui.tickets.rules import Hands

HEARD = frozenset({QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress, QEvent.Type.KeyRelease})
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
        self._codes: dict[int, int] = {}  # the scan code each named key went down with
        self._application = application
        application.installEventFilter(self)
        application.applicationStateChanged.connect(self._elsewhere)

    def stop(self) -> None:
        self._application.removeEventFilter(self)
        self._application.applicationStateChanged.disconnect(self._elsewhere)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind not in HEARD or not isinstance(event, QKeyEvent) or event.isAutoRepeat():
            return False  # a repeat is of a key that is down already
        if kind == QEvent.Type.KeyRelease:
            self._release(event)
        else:
            self._press(event)
        return False

    def _press(self, event: QKeyEvent) -> None:
        """Qt asks about shortcuts once more, without the scan code, for a press that was sent on:
        that is the same key, and it is released but once."""
        scan, key = event.nativeScanCode(), int(event.key())
        if scan:
            self._codes[key] = scan
        self.hands.press(scan or self._codes.get(key, key))

    def _release(self, event: QKeyEvent) -> None:
        """By whichever name the key was taken for held."""
        scan, key = event.nativeScanCode(), int(event.key())
        scan = scan or self._codes.get(key, 0)
        for name in [name for name, code in self._codes.items() if code == scan]:
            self.hands.release(name)
            del self._codes[name]
        for name in (scan, key):
            self.hands.release(name)

    def _elsewhere(self, _state: Qt.ApplicationState) -> None:
        """Releases in another application are never heard of here."""
        self._codes.clear()
        self.hands.clear()

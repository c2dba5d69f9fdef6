"""Held keys told as held: mends X11's auto-repeat before anybody else sees it.

Under load a held key reaches Qt on X11 as release and press of the same millisecond that do not
say that they are repeats, so `autoRepeat` off would fire an order action again and a ticket
would think its keys were let go. No hand is that quick: such pairs become one repeated press.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from PySide6.QtCore import QCoreApplication, QEvent, QObject, QTimer
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence, QWindow
from shiboken6 import isValid

SAME_MS = 2
WAIT_MS = 12
"""How long a release is kept back to see whether its key comes straight down again."""

KINDS = frozenset({QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress, QEvent.Type.KeyRelease})


class _Stroke(msgspec.Struct, frozen=True):
    """One movement of one key."""

    scan: int
    key: int
    timestamp: int

    @classmethod
    def of(cls, event: QKeyEvent) -> _Stroke:
        return cls(event.nativeScanCode(), event.key(), event.timestamp())

    def returns(self, later: _Stroke) -> bool:
        """Whether `later` is the same key down again at the same moment."""
        same = (later.scan or later.key) == (self.scan or self.key)
        return same and 0 <= later.timestamp - self.timestamp <= SAME_MS


class RepeatGuard(QObject):
    """Filters the application's key events. `may_repeat` says whether a shortcut of this key
    wants to be repeated; those are let through."""

    def __init__(self, application: QGuiApplication, may_repeat: Callable[[QKeySequence], bool]) -> None:
        super().__init__(application)
        self._may_repeat = may_repeat
        self._kept: tuple[QWindow, QKeyEvent, _Stroke] | None = None
        self._repeating: _Stroke | None = None
        self._sending = False
        self._wait = QTimer(self, singleShot=True, interval=WAIT_MS)
        self._wait.timeout.connect(self._let_out)
        self._application = application
        application.installEventFilter(self)

    def stop(self) -> None:
        """Let events through untouched from now on."""
        self._let_out()
        self._application.removeEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind not in KINDS or self._sending:
            return False
        if not isinstance(watched, QWindow) or not isinstance(event, QKeyEvent):
            return False
        if event.isAutoRepeat():
            return False
        if kind == QEvent.Type.KeyRelease:
            return self._keep(watched, event)
        if kind == QEvent.Type.ShortcutOverride:
            return self._before_shortcut(event)
        return self._press(watched, event)

    def _keep(self, window: QWindow, event: QKeyEvent) -> bool:
        self._let_out()
        self._kept = (window, event.clone(), _Stroke.of(event))
        self._wait.start()
        return True

    def _before_shortcut(self, event: QKeyEvent) -> bool:
        """Qt asks whether the key is wanted before it looks for shortcuts."""
        stroke = _Stroke.of(event)
        if self._kept is None or not self._kept[2].returns(stroke):
            self._repeating = None
            self._let_out()
            return False
        self._kept = None
        self._wait.stop()
        self._repeating = stroke
        if self._may_repeat(QKeySequence(event.keyCombination())):
            return False
        event.accept()
        return True

    def _press(self, window: QWindow, event: QKeyEvent) -> bool:
        if self._repeating != _Stroke.of(event):
            self._let_out()
            return False
        self._send(window, event, QEvent.Type.KeyPress, repeat=True)
        return True

    def _let_out(self) -> None:
        """The release was one: pass it on."""
        if self._kept is None:
            return
        window, event, _ = self._kept
        self._kept = None
        self._wait.stop()
        if isValid(window):
            self._send(window, event, QEvent.Type.KeyRelease, repeat=False)

    def _send(self, window: QWindow, event: QKeyEvent, kind: QEvent.Type, repeat: bool) -> None:
        told = QKeyEvent(
            kind,
            event.key(),
            event.modifiers(),
            event.nativeScanCode(),
            event.nativeVirtualKey(),
            event.nativeModifiers(),
            event.text(),
            repeat,
        )
        told.setTimestamp(event.timestamp())
        self._sending = True
        try:
            QCoreApplication.sendEvent(window, told)
        finally:
            self._sending = False


def needs_guard() -> bool:
    """Whether this platform tells held keys unreliably."""
    return QGuiApplication.platformName() == "xcb"

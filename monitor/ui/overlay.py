"""A panel laid over the window: palette, cheat sheet, go-to. Non-modal; the tables stay live.

Owns placing, leaving by Esc or by a click elsewhere, and giving the focus back to where it
was. Knows nothing of what it shows.
"""

from __future__ import annotations

import weakref

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QFrame, QWidget

from monitor.ui.keys import keeps_plain_keys

MARGIN = 16


class Overlay(QFrame):
    """Child of the window. `open_over` shows it, `leave` hides it and restores the focus.
    `wanted` is width and height where there is room for them."""

    def __init__(self, window: QWidget, width: int, height: int) -> None:
        super().__init__(window)
        self._window = window
        self.setObjectName("popup")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.wanted = (width, height)
        self._before: weakref.ref[QWidget] | None = None
        self.hide()
        window.installEventFilter(self)
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.focusChanged.connect(self._focus_moved)

    def open_over(self, focus: QWidget) -> None:
        before = QApplication.focusWidget()
        if before is not None and not self.isAncestorOf(before):
            self._before = weakref.ref(before)
        self._place()
        self.show()
        self.raise_()
        focus.setFocus(Qt.FocusReason.PopupFocusReason)

    def leave(self) -> None:
        """Hide and give the focus back, unless it is already somewhere else."""
        if not self.isVisible():
            return
        focus = QApplication.focusWidget()
        inside = focus is None or focus is self or self.isAncestorOf(focus)
        self.hide()
        before = self._before() if self._before else None
        if inside and before is not None and before.isVisible():
            before.setFocus(Qt.FocusReason.PopupFocusReason)

    def event(self, event: QEvent) -> bool:
        return keeps_plain_keys(event) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.leave()
        else:
            event.ignore()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return False

    def _place(self) -> None:
        room = self._window.size()
        width = min(self.wanted[0], room.width() - 2 * MARGIN)
        height = min(self.wanted[1], room.height() - 5 * MARGIN)
        self.setGeometry((room.width() - width) // 2, 4 * MARGIN, width, height)

    def _focus_moved(self, _old: QWidget | None, now: QWidget | None) -> None:
        if now is None or not self.isVisible():
            return
        if now is not self and not self.isAncestorOf(now) and now.window() is self.window():
            self.leave()

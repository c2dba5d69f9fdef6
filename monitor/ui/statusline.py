"""The status line: the last message where the eye is, and the three keys that matter now.

Owns its texts and how long a message stays. It is told what matters; it decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from monitor.commands import command, keys_label
from monitor.ui.elided import ElidedLabel
from monitor.ui.theme import set_tone

STAYS_MS = {"info": 6_000, "good": 6_000, "warn": 15_000, "error": 30_000}
MODIFIERS = frozenset({Qt.Key.Key_Shift, Qt.Key.Key_Control, Qt.Key.Key_Alt, Qt.Key.Key_Meta})
SIGNS = {"info": "", "good": "✓ ", "warn": "! ", "error": "✗ "}


def _is_fresh_key(event: QEvent) -> bool:
    """A key that goes down and means something; a shortcut eats its press, so the question that
    comes before it counts as well."""
    if event.type() not in (QEvent.Type.KeyPress, QEvent.Type.ShortcutOverride):
        return False
    return isinstance(event, QKeyEvent) and not event.isAutoRepeat() and event.key() not in MODIFIERS


class StatusLine(QWidget):
    """Tones: info, good, warn, error."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("statusLine")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.message = ElidedLabel()
        self.message.setObjectName("message")
        self.keys = QLabel()
        self.keys.setObjectName("muted")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 2, 12, 2)
        layout.addWidget(self.message, 1)
        layout.addWidget(self.keys)
        self._fading = QTimer(self)
        self._fading.setSingleShot(True)
        self._fading.timeout.connect(self._rest)
        self._idle = self._selection = ""
        self._stays = False

    def show_message(self, text: str, tone: str = "info", *, until_key: bool = False) -> None:
        """With `until_key` it stays until somebody presses a key, however long that takes."""
        self.message.setText(SIGNS[tone] + text)
        self.message.setToolTip(text)
        self.message.setAccessibleName(text)
        set_tone(self.message, tone)
        self._stays = until_key
        if until_key:
            self._fading.stop()
            QCoreApplication.instance().installEventFilter(self)  # type: ignore[union-attr]
        else:
            self._fading.start(STAYS_MS[tone])

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Listens only while a message waits for a key."""
        if _is_fresh_key(event) or not self._stays:
            QCoreApplication.instance().removeEventFilter(self)  # type: ignore[union-attr]
            if self._stays:
                self._stays = False
                self._rest()
        return False

    def show_idle(self, text: str) -> None:
        """What stands there while there is no message."""
        self._idle = text
        if not self._speaks:
            self._rest()

    def show_selection(self, text: str) -> None:
        """What is selected, in front of what stands there otherwise; "" when nothing to tell."""
        if text != self._selection:
            self._selection = text
            if not self._speaks:
                self._rest()

    @property
    def _speaks(self) -> bool:
        """Whether a message stands there."""
        return self._stays or self._fading.isActive()

    def _rest(self) -> None:
        text = self._selection or self._idle
        self.message.setText(text)
        self.message.setToolTip(text)
        set_tone(self.message, "info" if self._selection else "idle")

    def show_keys(self, hints: Iterable[tuple[str, str]]) -> None:
        """Pairs of a command's id and the word that fits now ("pause" rather than "play or pause")."""
        text = "   ·   ".join(f"{keys_label(command(id))} {word}" for id, word in hints)
        if text != self.keys.text():
            self.keys.setText(text)

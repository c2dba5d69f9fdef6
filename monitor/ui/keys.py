"""Which keys belong to a widget before they are looked up as shortcuts. Pure tests on events."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractButton, QWidget

COMMAND_KEYS = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier
FUNCTION_KEYS = frozenset(range(Qt.Key.Key_F1.value, Qt.Key.Key_F35.value + 1))


def keeps_plain_keys(event: QEvent) -> bool:
    """Take a key without Ctrl or Alt away from the shortcuts: it is typed here. The press itself
    arrives as usual. True when it was taken."""
    if not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.ShortcutOverride:
        return False
    if event.modifiers() & COMMAND_KEYS or event.key() in FUNCTION_KEYS:
        return False
    event.accept()
    return True


def presses_button(event: QEvent, focus: QWidget | None) -> bool:
    """Space on a focused button presses the button, whatever Space means elsewhere."""
    if not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.ShortcutOverride:
        return False
    if event.key() != Qt.Key.Key_Space or not isinstance(focus, QAbstractButton):
        return False
    event.accept()
    return True


def commanding(event: QKeyEvent) -> bool:
    """Whether Ctrl, Alt or Meta is down: then it is no letter."""
    modifier = Qt.KeyboardModifier
    return bool(event.modifiers() & ~(modifier.ShiftModifier | modifier.KeypadModifier))

"""Small parts of a ticket: buttons that only a fresh key or a click presses, facts in a grid.

Owns no rule: what a press means is decided by whoever connects `clicked`.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QLineEdit, QPushButton, QSizePolicy, QWidget

from monitor.ui.theme import set_tone
from monitor.ui.tickets.keys import is_plain
from monitor.ui.tickets.question import Line


class VerbButton(QPushButton):
    """Says what it does, and by which key. Enter and Space press it, their repeats do not."""

    def __init__(self, text: str, key: str = "", tone: str = "") -> None:
        super().__init__()
        self._key = key
        self.setAutoDefault(False)
        self.setDefault(False)
        self.setAutoRepeat(False)
        if tone:
            self.setProperty("tone", tone)
        self.say(text)

    def say(self, text: str) -> None:
        label = f"{text.replace('&', '&&')}   {self._key}" if self._key else text
        if label != self.text():
            self.setText(label)
            self.setAccessibleName(text)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.isAutoRepeat():
            event.accept()
        else:
            super().keyPressEvent(event)


class TicketField(QLineEdit):
    """A short field without input method, menu or drop: what is typed is what was meant. A
    field for a number leaves letters to the ticket."""

    def __init__(self, name: str, width: int, *, numeric: bool = False) -> None:
        super().__init__()
        self._numeric = numeric
        self.setAccessibleName(name)
        self.setFixedWidth(width)
        self.setMaxLength(32)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self.setDragEnabled(False)
        self.setAcceptDrops(False)
        self.setAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled, False)

    def leaves(self, event: QKeyEvent) -> bool:
        """Whether this key is none of the field's."""
        other = event.text().isalpha() or event.key() == Qt.Key.Key_Space
        return self._numeric and other and is_plain(event)


class ElidedLabel(QLabel):
    """One line that ends in an ellipsis where the place ends; the whole is in its tool tip."""

    def __init__(self) -> None:
        super().__init__()
        self._full = ""
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    @property
    def full(self) -> str:
        return self._full

    def say(self, text: str) -> None:
        if text != self._full:
            self._full = text
            self.setToolTip(text)
            self.setAccessibleName(text)
            self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        width = max(self.width(), 40)
        set_text(self, self.fontMetrics().elidedText(self._full, Qt.TextElideMode.ElideRight, width))


class FactGrid(QWidget):
    """Labels and values in two columns; rows are reused, so a frame without news costs nothing."""

    def __init__(self) -> None:
        super().__init__()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(2)
        self._grid.setColumnStretch(1, 1)
        self._rows: list[tuple[QLabel, ElidedLabel]] = []

    def show_lines(self, lines: Sequence[Line]) -> None:
        while len(self._rows) < len(lines):
            self._add_row()
        for index, (label, value) in enumerate(self._rows):
            shown = index < len(lines)
            label.setVisible(shown)
            value.setVisible(shown)
            if shown:
                line = lines[index]
                set_text(label, line.label)
                value.say(line.value)
                set_tone(value, line.tone)

    def _add_row(self) -> None:
        label, value = QLabel(), ElidedLabel()
        label.setObjectName("caption")
        value.setObjectName("ticketValue")
        row = len(self._rows)
        self._grid.addWidget(label, row, 0, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self._grid.addWidget(value, row, 1)
        self._rows.append((label, value))


def set_text(label: QLabel, text: str) -> None:
    if label.text() != text:
        label.setText(text)

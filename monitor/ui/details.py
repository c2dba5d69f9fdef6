"""Details of one row: every column, also the hidden ones, in words. Follows the row while open.

Owns its labels. Reads the row through its table's columns; never an order action.
"""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFormLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from monitor.models.table import RowTable
from monitor.ui.overlay import Overlay

WIDTH = 420
ROOM = 88
"""Height of title, hint and margins around the values."""


class Details(Overlay):
    def __init__(self, window: QWidget) -> None:
        super().__init__(window, WIDTH, ROOM)
        self._table: RowTable | None = None
        self._id: Any = None
        self._values: list[QLabel] = []
        self.title = QLabel()
        self.title.setObjectName("heading")
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setStyleSheet("background: transparent;")
        hint = QLabel(self.tr("Esc leaves"))
        hint.setObjectName("caption")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 12, 12, 8)
        for part in (self.title, self._scroll, hint):
            layout.addWidget(part)

    def open(self, table: RowTable, row: Any) -> None:
        self._table, self._id = table, table.spec.key(row)
        self.title.setText(f"{self.tr(table.spec.title)} · {self._id}")
        body = QWidget()
        form = QFormLayout(body)
        form.setContentsMargins(0, 4, 0, 4)
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(3)
        form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft)
        self._values = []
        for column in table.columns:
            name = QLabel(self.tr(column.title))
            name.setObjectName("caption")
            value = QLabel()
            value.setWordWrap(True)
            value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            value.setToolTip(column.help)
            form.addRow(name, value)
            self._values.append(value)
        self._scroll.setWidget(body)
        self._write(row)
        self.wanted = (WIDTH, body.sizeHint().height() + ROOM)
        self.open_over(self)

    def text(self, column_id: str) -> str:
        """What stands beside a column's title."""
        at = self._table.spec.index(column_id) if self._table else None
        return self._values[at].text() if at is not None else ""

    def refresh(self) -> None:
        """Show the newest state of the row; one that is gone keeps its last."""
        if self._table is not None and self.isVisible():
            row = self._table.get(self._id)
            if row is not None:
                self._write(row)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if not event.isAutoRepeat():
                self.leave()
        else:
            super().keyPressEvent(event)

    def _write(self, row: Any) -> None:
        if self._table is None:
            return
        for column, label in zip(self._table.columns, self._values, strict=True):
            text = column.text(row, self._table.context)
            if text != label.text():
                label.setText(text)

"""Details of one row: every column, also the hidden ones, in words, and what happened to its order.
Follows the row while open.

Owns its labels. Reads the row through its table's columns; never an order action.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFormLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from monitor.models.table import RowTable
from monitor.ui.overlay import Overlay
from monitor.ui.panels.story import HEIGHT, StoryView

Tell = Callable[[int, Callable[[str], None]], None]
"""Gives what happened to an order to a callback, later."""
WIDTH = 420
WIDE = 640
"""With a story, whose sentences are long."""
ROOM = 88
"""Height of title, hint and margins around the values."""
SCROLLING = {
    Qt.Key.Key_Down: 1,
    Qt.Key.Key_J: 1,
    Qt.Key.Key_Up: -1,
    Qt.Key.Key_K: -1,
    Qt.Key.Key_PageDown: 10,
    Qt.Key.Key_PageUp: -10,
}


class Details(Overlay):
    def __init__(self, window: QWidget, tell: Tell | None = None) -> None:
        super().__init__(window, WIDTH, ROOM)
        self._tell = tell
        self._table: RowTable | None = None
        self._id: Any = None
        self._row: Any = None
        self._values: list[QLabel] = []
        self._asked: int | None = None
        self.title = QLabel()
        self.title.setObjectName("heading")
        self.story = StoryView()
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setStyleSheet("background: transparent;")
        hint = QLabel(self.tr("Esc leaves"))
        hint.setObjectName("caption")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 12, 12, 8)
        for part, stretch in ((self.title, 0), (self._scroll, 1), (self.story, 0), (hint, 0)):
            layout.addWidget(part, stretch)

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
        has_story = self._begin_story(row)
        height = body.sizeHint().height() + ROOM
        self.wanted = (WIDE, height + HEIGHT) if has_story else (WIDTH, height)
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
                changed = row is not self._row
                self._write(row)
                if changed:
                    self._ask_story(row)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if not event.isAutoRepeat():
                self.leave()
        elif key in SCROLLING and self.story.isVisible():
            self.story.scroll_by(SCROLLING[key])
        else:
            super().keyPressEvent(event)

    def _write(self, row: Any) -> None:
        if self._table is None:
            return
        self._row = row
        for column, label in zip(self._table.columns, self._values, strict=True):
            text = column.text(row, self._table.context)
            if text != label.text():
                label.setText(text)

    def _begin_story(self, row: Any) -> bool:
        """Whether the row is of an order whose story can be asked for."""
        has = self._tell is not None and getattr(row, "order_id", None) is not None
        self.story.setVisible(has)
        self.story.show_text(self.tr("loading …") if has else "")
        self._asked = None
        if has:
            self._ask_story(row)
        return has

    def _ask_story(self, row: Any) -> None:
        """Ask once at a time; an answer about an order that is not shown any more is dropped."""
        order_id: int | None = getattr(row, "order_id", None)
        if self._tell is None or order_id is None or self._asked == order_id:
            return
        self._asked = order_id

        def told(text: str) -> None:
            if self._asked == order_id:
                self._asked = None
                self.story.show_text(text)
                if self._row is not row and getattr(self._row, "order_id", None) == order_id:
                    self._ask_story(self._row)

        self._tell(order_id, told)

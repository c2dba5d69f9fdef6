"""How wide columns are: no header is cut, no number lacks room, and free space is used.

Owns the rules only; the header keeps the widths. Whoever drags an edge is let to, down to the
width of the header's text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtGui import QFont, QFontMetrics
from PySide6.QtWidgets import QApplication

from monitor.ui.tables.header import designed_width
from monitor.ui.theme import HEADER_FONT_SIZE, HEADER_PADDING

if TYPE_CHECKING:
    from monitor.ui.tables.view import TableView

SPARE = 2  # what a style takes for itself


class ColumnWidths(QObject):
    """Keeps the widths of one view. The view tells when it is resized and what lacks room."""

    def __init__(self, view: TableView) -> None:
        super().__init__(view)
        self._view = view
        self._head = view.horizontalHeader()
        self._cramped: set[int] = set()
        self._later = QTimer(self, singleShot=True, interval=0)
        self._later.timeout.connect(self._give_room)
        self._head.sectionResized.connect(self._resized)
        view.rows.headerDataChanged.connect(self._titles_changed)

    def least(self, at: int) -> int:
        """Pixels that the text of a column's header needs, the arrow of a sort included."""
        font = QFont(self._head.font())
        font.setPixelSize(HEADER_FONT_SIZE)
        title = self._view.rows.headerData(at, Qt.Orientation.Horizontal)
        return QFontMetrics(font).horizontalAdvance(title) + 2 * HEADER_PADDING + SPARE

    def fit(self) -> None:
        """Widen every column whose header would be cut; then share out what is free."""
        for at in range(self._head.count()):
            if not self._head.isSectionHidden(at):
                self._widen(at, self.least(at))
        self.fill()

    def fill(self) -> None:
        """Give the column that stretches all space that the others leave."""
        head = self._head
        for at, column in enumerate(self._view.rows.columns):
            if column.stretch and not head.isSectionHidden(at):
                free = self._view.viewport().width() - (head.length() - head.sectionSize(at))
                wanted = max(free, self.least(at), designed_width(self._view, at))
                if wanted != head.sectionSize(at):
                    head.resizeSection(at, wanted)

    def make_room(self, cramped: set[int]) -> None:
        """These columns had contents that did not fit when they were painted last."""
        self._cramped |= cramped
        if not self._later.isActive():
            self._later.start()

    def _give_room(self) -> None:
        """A number without room says nothing: its column grows to the widest in sight."""
        cramped, self._cramped = self._cramped, set()
        if QApplication.mouseButtons() != Qt.MouseButton.NoButton:
            return  # the user may be dragging that very edge; the next paint asks again
        for at in cramped:
            self._widen(at, self._view.sizeHintForColumn(at))

    def _widen(self, at: int, wanted: int) -> None:
        if wanted > self._head.sectionSize(at):
            self._head.resizeSection(at, wanted)

    def _resized(self, at: int, _old: int, new: int) -> None:
        if new:  # a hidden column has no width
            self._widen(at, self.least(at))
        if not self._view.rows.columns[at].stretch:
            self.fill()

    def _titles_changed(self, _orientation: Qt.Orientation, _first: int, _last: int) -> None:
        self.fit()

"""The table a user works in: keys, selection, holding still under the hand, copy, layout.

It never changes a row and never gives an order: Enter only asks for details. The filter line
belongs to `TablePanel`, the order of rows to the model.
"""

from __future__ import annotations

import time
from typing import Any

from PySide6.QtCore import (
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPoint,
    QRect,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import (
    QContextMenuEvent,
    QFocusEvent,
    QGuiApplication,
    QHideEvent,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractItemView, QApplication, QHeaderView, QTableView, QWidget

from monitor.models.table import Hold, RowTable
from monitor.ui.keys import commanding
from monitor.ui.tables.flash import LIT_SECONDS, FlashBook
from monitor.ui.tables.header import (
    ColumnsMenu,
    column_state,
    next_level,
    reset_columns,
    restore_columns,
    show_accounts,
)
from monitor.ui.tables.paint import PADDING, CellPainter, Place
from monitor.ui.tables.widths import ColumnWidths
from monitor.ui.theme import ROW_HEIGHT, Theme

HOLD_MS = 4000  # a pointer that rested so long does not point any more
LEAVE_MS = 900  # a row that is gone is shown, greyed, for one to two of these
NOTHING_MATCHES = "No row matches the filter. Esc clears it."


class TableView(QTableView):
    """A view of one `RowTable`. Rows stand still while the user points; with a selection they do
    not swap places. A row that is gone is not selected any more, also while it is still seen."""

    details_requested = Signal(object)
    filter_requested = Signal()
    leave_requested = Signal()
    selected_changed = Signal()
    menu_requested = Signal(QPoint)

    def __init__(
        self, model: RowTable, theme: Theme, empty_text: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.rows = model
        self._theme = theme
        self._empty_text = empty_text
        self._flash = FlashBook()
        self._cells = CellPainter(model, theme, self._flash, self.fontMetrics())
        self._rest = QTimer(self, singleShot=True, interval=HOLD_MS)
        self._rest.timeout.connect(self._let_go)
        self._going = QTimer(self, singleShot=True, interval=LEAVE_MS)
        self._going.timeout.connect(self._let_leave)
        self._lost: set[Any] = set()  # ids that were selected when they went
        self._fade = QTimer(self, singleShot=True, interval=int(LIT_SECONDS * 1000) + 20)
        self._fade.timeout.connect(self._faded)
        self._set_up()
        self.setModel(model)
        self._widths = ColumnWidths(self)
        model.set_window(0, -1)  # until the first paint nobody looks
        reset_columns(self)
        self.selectionModel().selectionChanged.connect(self._on_selection)
        model.modelReset.connect(self._flash.clear)
        model.modelReset.connect(self._lost.clear)
        model.rows_left.connect(self._rows_left)

    def _set_up(self) -> None:
        mode = QAbstractItemView
        self.setSelectionBehavior(mode.SelectionBehavior.SelectRows)
        self.setSelectionMode(mode.SelectionMode.ExtendedSelection)
        self.setEditTriggers(mode.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(mode.ScrollMode.ScrollPerPixel)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled, False)
        rows = self.verticalHeader()
        rows.setVisible(False)
        rows.setMinimumSectionSize(ROW_HEIGHT)
        rows.setDefaultSectionSize(ROW_HEIGHT)
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        head = self.horizontalHeader()
        head.setFixedHeight(ROW_HEIGHT + 2)
        head.setSectionsMovable(True)
        head.setHighlightSections(False)
        head.setSectionsClickable(True)
        head.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        head.customContextMenuRequested.connect(self.open_columns_menu)
        head.sectionClicked.connect(self._on_header)
        head.sectionPressed.connect(lambda _: self.setFocus(Qt.FocusReason.MouseFocusReason))

    # -- what others ask

    def selected_rows(self) -> list[Any]:
        """The selected rows that still exist, from top to bottom."""
        places = sorted(index.row() for index in self.selectionModel().selectedRows())
        rows = (self.rows.row_at(place) for place in places)
        return [row for row in rows if not self.rows.is_leaving(row)]

    def meant_rows(self) -> list[Any]:
        """What a command means here: the selected rows, else the framed one."""
        framed = self.framed_row()
        return self.selected_rows() if framed is None else [framed]

    def framed_row(self) -> Any | None:
        """The row with the frame, while nothing is selected: only where the focus is, and none that
        has only moved up because the one that had the frame is gone."""
        if self.selectionModel().hasSelection() or self._lost or not self.hasFocus():
            return None
        return self.current_row()

    def lost_ids(self) -> set[Any]:
        """The ids of what was selected or framed when it went, while nothing else has been selected
        since and Esc was not pressed. Whoever acts on a selection must not mean another row instead."""
        return set() if self.selectionModel().hasSelection() else set(self._lost)

    def selected_count(self) -> int:
        """How many rows are selected; cheap however many they are."""
        return sum(block.height() for block in self.selectionModel().selection())  # type: ignore[attr-defined]

    def current_row(self) -> Any | None:
        """The row the keys move from, or None."""
        index = self.currentIndex()
        if not index.isValid():
            return None
        row = self.rows.row_at(index.row())
        return None if self.rows.is_leaving(row) else row

    def select_row(self, row_id: Any) -> bool:
        """Select the row of this id and bring it into sight; False when it is not displayed."""
        place = self.rows.position(row_id)
        if place is None:
            return False
        self._go(place)
        return True

    def set_empty_text(self, text: str) -> None:
        """What to say while there is no row: what would be here and which key starts it."""
        self._empty_text = text
        self.viewport().update()

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self._cells.set_theme(theme)
        self.viewport().update()

    def save_state(self) -> dict[str, Any]:
        """Columns and sort as plain values for JSON, keyed by stable ids."""
        return column_state(self)

    def reset_columns(self) -> None:
        """Columns and sort as the table was designed."""
        reset_columns(self)
        self.rows.sort_by(None)

    def restore_state(self, state: Any) -> None:
        """Take a saved state; whatever is unknown or broken in it is left out."""
        restore_columns(self, state)

    def show_accounts(self, several: bool) -> None:
        """Show the accounts of the rows beside their symbols when there are several, else not."""
        show_accounts(self, several)

    def open_columns_menu(self, at: QPoint) -> None:
        ColumnsMenu(self).popup(self.horizontalHeader().mapToGlobal(at))

    def copy(self) -> int:
        """Put the selected rows, or all, on the clipboard as tab separated text with a header,
        columns as displayed; gives how many they were."""
        rows = self.selected_rows() or [row for row in self.rows.shown() if not self.rows.is_leaving(row)]
        QGuiApplication.clipboard().setText(self.as_tsv(rows))
        return len(rows)

    def as_tsv(self, rows: list[Any]) -> str:
        head = self.horizontalHeader()
        places = [head.logicalIndex(at) for at in range(head.count())]
        columns = [self.rows.columns[at] for at in places if not head.isSectionHidden(at)]
        lines = [[column.title for column in columns]]
        lines += [[column.text(row, self.rows.context) for column in columns] for row in rows]
        clean = str.maketrans("\t\r\n\u2212", "   -")
        return "\n".join("\t".join(cell.translate(clean) for cell in line) for line in lines) + "\n"

    # -- keys

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        elif not self._plain_key(event):
            if event.text().isprintable() and event.text() and not commanding(event):
                event.ignore()  # a command of the window, not a search in the table
            else:
                super().keyPressEvent(event)

    def _plain_key(self, event: QKeyEvent) -> bool:
        """Keys of our own; True when the event was one of them."""
        if commanding(event):
            return False
        last = self.rows.rowCount() - 1
        here = self.currentIndex().row()
        step = 1 if self.selectionModel().hasSelection() else 0  # the first key selects where one is
        moves = {"j": min(max(here + step, 0), last), "k": max(here - step, 0), "g": 0, "G": last}
        keys = {Qt.Key.Key_Home: 0, Qt.Key.Key_End: last}
        if event.text() in moves:
            self._go(moves[event.text()])
        elif event.key() in keys and not event.modifiers():
            self._go(keys[Qt.Key(event.key())])
        elif event.text() == "/":
            self.filter_requested.emit()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._ask_details(event.isAutoRepeat())
        elif event.key() == Qt.Key.Key_Escape:
            self._leave()
        else:
            return False
        return True

    def keyboardSearch(self, search: str) -> None:
        """Letters are commands here."""

    def _go(self, place: int) -> None:
        if 0 <= place < self.rows.rowCount():
            head = self.horizontalHeader()
            index = self.rows.index(place, max(0, head.logicalIndexAt(0)))
            self.setCurrentIndex(index)
            self.scrollTo(index)

    def _ask_details(self, repeated: bool) -> None:
        row = self.current_row()
        if row is not None and not repeated:
            self.details_requested.emit(row)

    def _leave(self) -> None:
        """Esc: first the selection goes, then the filter."""
        self._lost.clear()
        if self.selectionModel().hasSelection() or self.currentIndex().isValid():
            self.clearSelection()
            self.selectionModel().setCurrentIndex(QModelIndex(), QItemSelectionModel.SelectionFlag.NoUpdate)
            self._let_go()
        else:
            self.leave_requested.emit()

    # -- holding still

    def _point(self) -> None:
        self.rows.hold(Hold.ROWS)
        self._rest.start()

    def _let_go(self) -> None:
        self._rest.stop()
        selected = self.selectionModel().hasSelection()
        self.rows.hold(Hold.SORT if selected else Hold.NONE)

    def _on_selection(self, on: QItemSelection, _off: QItemSelection) -> None:
        if not on.isEmpty():
            self._lost.clear()
            self._deselect_leaving()
        if not self._rest.isActive():
            self._let_go()
        self.selected_changed.emit()

    def _rows_left(self) -> None:
        self._deselect_leaving()
        if not self._going.isActive():
            self._going.start()

    def _let_leave(self) -> None:
        if self.rows.let_leave():
            self._going.start()

    def _deselect_leaving(self) -> None:
        """What is gone cannot be acted upon, so it is not selected either."""
        chosen = self.selectionModel()
        if not chosen.hasSelection():
            if self.currentIndex().isValid() and self.current_row() is None:
                self._lose_frame()
            return
        flag = QItemSelectionModel.SelectionFlag
        for row_id in self.rows.leaving():
            place = self.rows.position(row_id)
            if place is not None and chosen.isRowSelected(place):
                self._lost.add(row_id)
                chosen.select(self.rows.index(place, 0), flag.Deselect | flag.Rows)

    def _lose_frame(self) -> None:
        """Who had the frame goes: Qt gives it to a neighbour, whom nobody meant."""
        row = self.rows.row_at(self.currentIndex().row()) if self.currentIndex().isValid() else None
        if row is not None and self.hasFocus():
            self._lost.add(self.rows.spec.key(row))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._point()
        super().mouseMoveEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._point()
        super().mousePressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._ask_details(repeated=event.button() != Qt.MouseButton.LeftButton)

    def leaveEvent(self, event: QEvent) -> None:
        self._let_go()
        super().leaveEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Asked for by mouse or key; of what the window can do, the window knows."""
        if self.rows.rowCount():
            self._point()
            self.menu_requested.emit(event.globalPos())

    def hideEvent(self, event: QHideEvent) -> None:
        self._let_go()
        self.rows.set_window(0, -1)
        super().hideEvent(event)

    def rowsInserted(self, parent: QModelIndex, first: int, last: int) -> None:
        """New rows above do not push away what the user scrolled to."""
        super().rowsInserted(parent, first, last)
        self._scroll_with(first, last - first + 1)

    def rowsAboutToBeRemoved(self, parent: QModelIndex, first: int, last: int) -> None:
        if self.selectionModel().hasSelection():
            rows = (self.rows.row_at(at) for at in self._selected_within(first, last))
            self._lost.update(self.rows.spec.key(row) for row in rows)
        elif first <= self.currentIndex().row() <= last:
            self._lose_frame()
        super().rowsAboutToBeRemoved(parent, first, last)
        self._scroll_with(last + 1, first - last - 1)

    def _scroll_with(self, place: int, rows: int) -> None:
        bar = self.verticalScrollBar()  # its value is the first row in sight
        if bar.value() > 0 and place <= bar.value():
            bar.setMaximum(max(bar.maximum(), bar.value() + rows))
            bar.setValue(bar.value() + rows)

    # -- sorting by the header

    def _on_header(self, at: int) -> None:
        """A click sorts by this column, the next one backwards, a third as before; with Shift
        the column becomes a further level."""
        column = self.rows.columns[at].id
        levels = list(self.rows.sort_levels())
        known = next((level for level in levels if level.column == column), None)
        if not QApplication.keyboardModifiers() & Qt.KeyboardModifier.ShiftModifier:
            alone = levels[:1] == [known] and tuple(levels) != self.rows.default_sort()
            self.rows.sort_by(next_level(column, known if alone else None))
            return
        others = [level for level in levels if level.column != column]
        self.rows.sort_by([*others, *(next_level(column, known) or [])])

    # -- painting

    def dataChanged(self, top_left: QModelIndex, bottom_right: QModelIndex, roles: Any = ()) -> None:
        super().dataChanged(top_left, bottom_right, roles)
        if roles or not self.isVisible():
            return
        rows: list[Any] = [
            self.rows.spec.key(self.rows.row_at(at)) for at in range(top_left.row(), bottom_right.row() + 1)
        ]
        columns = range(top_left.column(), bottom_right.column() + 1)
        if self._flash.note(rows, columns, time.monotonic()) and not self._fade.isActive():
            self._fade.start()

    def _faded(self) -> None:
        for row_id, column in self._flash.faded(time.monotonic()):
            place = self.rows.position(row_id)
            if place is not None:
                self.update(self.rows.index(place, column))
        if self._flash:
            self._fade.start()

    def paintEvent(self, event: QPaintEvent) -> None:
        """All of it is drawn here: no style and no delegate is asked about a cell."""
        self._report_window()
        painter = QPainter(self.viewport())
        area = event.rect()
        painter.fillRect(area, self._cells.colours.ground)
        if not self.rows.rowCount():
            self._paint_empty(painter)
            return
        now = time.monotonic()
        for rect in event.region():  # type: ignore[attr-defined]
            self._paint_rect(painter, rect, now)
        self._paint_focus(painter)
        if self._cells.cramped:
            self._widths.make_room(self._cells.cramped)
            self._cells.cramped = set()

    def _paint_rect(self, painter: QPainter, area: QRect, now: float) -> None:
        first, last = self.rowAt(area.top()), self.rowAt(area.bottom())
        if first < 0:
            return
        last = self.rows.rowCount() - 1 if last < 0 else last
        places = self._places(area)
        selected = self._selected_within(first, last)
        top = self.rowViewportPosition(first)
        for at in range(first, last + 1):
            if at in selected:
                painter.fillRect(area.left(), top, area.width(), ROW_HEIGHT, self._cells.colours.selected)
            self._cells.paint_row(painter, at, top, places, now)
            self._cells.paint_line(painter, area, top)
            top += ROW_HEIGHT

    def _places(self, area: QRect) -> list[Place]:
        """The visible columns that an area touches."""
        head = self.horizontalHeader()
        found: list[Place] = []
        first = max(0, head.visualIndexAt(area.left()))
        for visual in range(first, head.count()):
            at = head.logicalIndex(visual)
            if head.isSectionHidden(at):
                continue
            place = Place(at, head.sectionViewportPosition(at), head.sectionSize(at))
            if place.x > area.right():
                break
            found.append(place)
        return found

    def _selected_within(self, first: int, last: int) -> set[int]:
        selected: set[int] = set()
        for block in self.selectionModel().selection():  # type: ignore[attr-defined]
            selected.update(range(max(first, block.top()), min(last, block.bottom()) + 1))
        return selected

    def _report_window(self) -> None:
        first = self.rowAt(0)
        last = self.rowAt(self.viewport().height() - 1)
        self.rows.set_window(max(0, first), self.rows.rowCount() - 1 if last < 0 else last)

    def _paint_empty(self, painter: QPainter) -> None:
        text = NOTHING_MATCHES if self.rows.filtered and len(self.rows) else self._empty_text
        painter.setPen(self._cells.colours.muted)
        space = self.viewport().rect().adjusted(PADDING, PADDING, -PADDING, -PADDING)
        flags = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap
        painter.drawText(space, int(flags), text)

    def _paint_focus(self, painter: QPainter) -> None:
        current = self.currentIndex()
        if current.isValid() and self.hasFocus():
            top = self.rowViewportPosition(current.row())
            painter.fillRect(0, top, 2, ROW_HEIGHT, self._cells.colours.accent)
            painter.setPen(self._cells.colours.accent)
            painter.drawRect(0, top, self.viewport().width() - 1, ROW_HEIGHT - 1)

    def sizeHintForColumn(self, column: int) -> int:
        """What a double click on the header's edge asks for: the widest cell in sight."""
        if not self.rows.rowCount():
            return -1
        self._report_window()
        return self._cells.wanted_width(self.rows.columns[column], *self.rows.window())

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.setAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled, False)
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.viewport().update()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._cells.set_metrics(self.fontMetrics())
            self._widths.fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._widths.fill()

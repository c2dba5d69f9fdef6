"""A table with its quick filter above it, as a dock holds it."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from monitor.models.filter import parse
from monitor.models.table import RowTable
from monitor.ui.tables.view import TableView
from monitor.ui.theme import Theme, set_tone

SLOW_ROWS = 20_000  # above this many rows typing is awaited before filtering
TYPING_MS = 120
HINT = "Filter: words, or side:buy  status:placed  sym:au  pnl<0"


class FilterLine(QLineEdit):
    """Enter or Down goes on to the table with the filter on; Esc takes the filter away."""

    accepted = Signal()
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("filterLine")
        self.setPlaceholderText(HINT)
        self.setAccessibleName("Filter rows")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Down):
            self.accepted.emit()
        else:
            super().keyPressEvent(event)


class TablePanel(QWidget):
    """`view` is the table; `/` in it opens the filter, Esc leaves it."""

    def __init__(
        self, model: RowTable, theme: Theme, empty_text: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.view = TableView(model, theme, empty_text, self)
        self.view.setObjectName(f"table_{model.spec.id}")
        self.view.setAccessibleName(model.spec.title)
        self.filter_line = FilterLine(self)
        self._found = QLabel(self)
        self._found.setObjectName("found")
        self._problem = ""
        self._typing = QTimer(self, singleShot=True, interval=TYPING_MS)
        self._typing.timeout.connect(self._filter)
        self._bar = self._filter_bar()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._bar)
        column.addWidget(self.view)
        self.setFocusProxy(self.view)
        self._connect(model)

    def _filter_bar(self) -> QWidget:
        bar = QWidget(self)
        row = QHBoxLayout(bar)
        row.setContentsMargins(4, 4, 8, 4)
        row.addWidget(self.filter_line, 1)
        row.addWidget(self._found)
        bar.hide()
        return bar

    def _connect(self, model: RowTable) -> None:
        self.view.filter_requested.connect(self.open_filter)
        self.view.leave_requested.connect(self.close_filter)
        self.filter_line.left.connect(self.close_filter)
        self.filter_line.accepted.connect(self._accept)
        self.filter_line.textChanged.connect(self._typed)
        for signal in (model.rowsInserted, model.rowsRemoved, model.modelReset, model.rows_left):
            signal.connect(self._count)

    def open_filter(self) -> None:
        self._bar.show()
        self.filter_line.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.filter_line.selectAll()
        self._count()

    def close_filter(self) -> None:
        """Show all rows again and give the keys back to the table."""
        self.filter_line.clear()
        self._filter()
        self._bar.hide()
        self.view.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _accept(self) -> None:
        self._filter()
        self.view.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _typed(self) -> None:
        if len(self.view.rows) > SLOW_ROWS:
            self._typing.start()
        else:
            self._filter()

    def _filter(self) -> None:
        self._typing.stop()
        model = self.view.rows
        result = parse(self.filter_line.text(), model.spec, model.context)
        if result.predicate is not None or model.filtered:
            model.set_filter(result.predicate)
        self._problem = result.problem
        self._count()

    def _count(self) -> None:
        """Beside the line: what was not understood, else how many rows match."""
        if not self._bar.isHidden():
            model = self.view.rows
            self._found.setText(self._problem or f"{model.present_count():,} of {len(model):,}")
            set_tone(self._found, "warn" if self._problem else "idle")

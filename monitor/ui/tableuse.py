"""The tables of a window under the hand: which one is meant, its row menu, filter, copy and details.

Owns which table had the focus last. Knows no row's meaning.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, Qt
from PySide6.QtWidgets import QApplication

from monitor.models.sums import MOST, sums_text
from monitor.ui.rowmenu import row_commands
from monitor.ui.tables import TablePanel

if TYPE_CHECKING:
    from monitor.ui.window import MainWindow


class TableUse(QObject):
    """Made after the window's panels; `bind` and `follow` join it to them. A child of the window, so
    that the application's focus is no longer followed when the window goes."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._last: TablePanel | None = None

    def bind(self) -> None:
        table = self._window.actions_table
        table.bind("filter", self._open_filter)
        table.bind("copy", self._copy)
        table.bind("details", self._open_details)

    def follow(self) -> None:
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.focusChanged.connect(self._note_focus)
        for panel in self._window.table_panels:
            panel.view.selected_changed.connect(self.show_selection)
            panel.view.menu_requested.connect(lambda at, panel=panel: self._open_row_menu(panel, at))
            panel.view.details_requested.connect(
                lambda row, panel=panel: self._window.details.open(panel.view.rows, row)
            )

    def focused(self) -> TablePanel | None:
        focus = QApplication.focusWidget()
        for panel in self._window.table_panels:
            if focus is not None and panel.isAncestorOf(focus):
                return panel
        return None

    def in_use(self) -> TablePanel:
        """The table with the focus, else the one that had it last, else the orders."""
        last = self.focused() or self._last
        return last if last is not None and last.isVisible() else self._window.orders.shown

    def give_focus(self) -> None:
        """Back to the table in use, when something beside the tables has gone."""
        self.in_use().view.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_selection(self) -> None:
        """What the selected rows of the table in use come to."""
        panel = self.focused()
        count = panel.view.selected_count() if panel is not None else 0
        text = ""
        if panel is not None and count > 1:
            rows = panel.view.selected_rows() if count <= MOST else []
            text = sums_text(panel.view.rows.spec, rows, count if count > MOST else None)
        self._window.status.show_selection(text)

    def _note_focus(self) -> None:
        self._last = self.focused() or self._last

    def _open_row_menu(self, panel: TablePanel, at: QPoint) -> None:
        panel.view.setFocus(Qt.FocusReason.MouseFocusReason)  # its commands ask which table is meant
        actions = self._window.actions_table
        actions.row_menu(row_commands(panel.view.rows.spec.id), panel.view).popup(at)

    def _open_filter(self) -> None:
        panel = self.in_use()
        if not panel.isVisible():
            self._window.dock_area.docks["orders"].bring()
        panel.open_filter()

    def _copy(self) -> None:
        panel = self.focused()
        if panel is not None:
            count = panel.view.copy()
            text = "Copied 1 row." if count == 1 else f"Copied {count:,} rows."
            self._window.show_message(text, "good")

    def _open_details(self) -> None:
        panel = self.focused()
        row = panel.view.current_row() if panel is not None else None
        if panel is not None and row is not None:
            self._window.details.open(panel.view.rows, row)

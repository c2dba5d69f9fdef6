"""The columns of a view: chooser menu, widths, order, and their state as plain values.

States are keyed by the columns' ASCII ids and read with suspicion: a file may hold anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu

from monitor.models.sorting import Sort

if TYPE_CHECKING:
    from monitor.ui.tables.view import TableView

MIN_WIDTH, MAX_WIDTH = 24, 1200
DESIGNED_DIGIT = 7.5  # pixels per digit that the widths of columns are written for


class ColumnsMenu(QMenu):
    """Which columns are shown. Opened with popup(); it deletes itself."""

    def __init__(self, view: TableView) -> None:
        super().__init__(view)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        head = view.horizontalHeader()
        for at, column in enumerate(view.rows.columns):
            action = self.addAction(column.title)
            action.setCheckable(True)
            action.setChecked(not head.isSectionHidden(at))
            action.toggled.connect(lambda on, at=at: show_column(view, at, on))
        self.addSeparator()
        self.addAction("Reset columns").triggered.connect(lambda: reset_columns(view))
        self.addAction("Reset sorting").triggered.connect(lambda: view.rows.sort_by(None))


def show_column(view: TableView, at: int, shown: bool) -> None:
    """Show or hide a column; the last one stays."""
    head = view.horizontalHeader()
    if shown or head.count() - head.hiddenSectionCount() > 1:
        head.setSectionHidden(at, not shown)


def show_accounts(view: TableView, several: bool) -> None:
    """The column of accounts, right behind the symbols where it was hidden."""
    account, symbol = view.rows.spec.index("account"), view.rows.spec.index("symbol")
    head = view.horizontalHeader()
    if account is None or head.isSectionHidden(account) is not several:
        return
    show_column(view, account, several)
    if several and symbol is not None:
        behind = head.visualIndex(symbol) + (head.visualIndex(account) > head.visualIndex(symbol))
        head.moveSection(head.visualIndex(account), behind)


def reset_columns(view: TableView) -> None:
    """Order, widths and visibility as the table was designed."""
    head = view.horizontalHeader()
    for at, column in enumerate(view.rows.columns):
        head.moveSection(head.visualIndex(at), at)
        head.setSectionHidden(at, column.hidden)
        head.resizeSection(at, designed_width(view, at))


def designed_width(view: TableView, at: int) -> int:
    """The width a column was designed with, in the digits of the present font."""
    scale = view.fontMetrics().horizontalAdvance("0" * 10) / (10 * DESIGNED_DIGIT)
    return round(view.rows.columns[at].width * scale)


def column_state(view: TableView) -> dict[str, Any]:
    head = view.horizontalHeader()
    order = [head.logicalIndex(visual) for visual in range(head.count())]
    columns = [
        {"id": view.rows.columns[at].id, "width": _width(view, at), "hidden": head.isSectionHidden(at)}
        for at in order
    ]
    sort = [[level.column, level.descending] for level in view.rows.sort_levels()]
    return {"columns": columns, "sort": sort}


def restore_columns(view: TableView, state: Any) -> None:
    if not isinstance(state, dict):
        return
    head = view.horizontalHeader()
    visual = 0
    for entry in _entries(state.get("columns")):
        at = view.rows.spec.index(str(entry.get("id")))
        if at is None:
            continue
        head.moveSection(head.visualIndex(at), visual)
        visual += 1
        width = entry.get("width")
        if isinstance(width, int) and MIN_WIDTH <= width <= MAX_WIDTH:
            head.setSectionHidden(at, False)
            head.resizeSection(at, width)
        show_column(view, at, entry.get("hidden") is not True)
    levels = _levels(state.get("sort"))
    if levels is not None:
        view.rows.sort_by(levels)


def _width(view: TableView, at: int) -> int:
    """A hidden section has no width: then the designed one."""
    return view.horizontalHeader().sectionSize(at) or view.rows.columns[at].width


def _entries(value: Any) -> list[dict[str, Any]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _levels(value: Any) -> list[Sort] | None:
    if not isinstance(value, list):
        return None
    pairs = [pair for pair in value if isinstance(pair, list) and len(pair) == 2]
    return [Sort(str(column), descending is True) for column, descending in pairs]


def next_level(column: str, known: Sort | None) -> list[Sort] | None:
    """What a click on a sorted header turns to: ascending, descending, as designed."""
    if known is None:
        return [Sort(column)]
    return None if known.descending else [Sort(column, descending=True)]

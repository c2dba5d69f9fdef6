"""The orders: working ones, finished ones and how well they were executed, behind tabs that count.

Owns the tabs. The tables know their rows; cancelling is somebody else's question.
"""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QStackedWidget, QTabBar, QVBoxLayout, QWidget

from monitor.engine.rows import OrderRow
from monitor.models.desk import Desk
from monitor.ui.tables import TablePanel
from monitor.ui.theme import Theme


class OrdersPanel(QWidget):
    def __init__(self, desk: Desk, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._desk = desk
        self.active = TablePanel(desk.active_orders, theme)
        self.history = TablePanel(
            desk.order_history,
            theme,
            self.tr("No order has ended yet. Filled, cancelled and rejected orders are kept here."),
        )
        self.execution = TablePanel(
            desk.executions,
            theme,
            self.tr("No order was executed at a venue yet. Slippage and waits of each stand here."),
        )
        self.tabs = QTabBar()
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        self.tabs.setAccessibleName(self.tr("Working orders, history or execution"))
        self._pages = QStackedWidget()
        for page in self.pages:
            self.tabs.addTab("")
            self._pages.addWidget(page)
        self._counts = (-1, -1, -1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._pages)
        self.tabs.currentChanged.connect(self._turn)
        self.tabs.tabBarClicked.connect(self._clicked)
        self.setFocusProxy(self.active)
        self.count()

    @property
    def pages(self) -> tuple[TablePanel, ...]:
        """The tables, in the order of their tabs."""
        return (self.active, self.history, self.execution)

    @property
    def shown(self) -> TablePanel:
        """The table in front."""
        return self.pages[self.tabs.currentIndex()]

    def selected_working(self) -> list[OrderRow]:
        """The selected orders that can still be cancelled, else the framed one."""
        if self.shown is not self.active:
            return []
        return [row for row in self.active.view.meant_rows() if row.status.active]

    def selection_finished(self) -> bool:
        """Whether what was selected here last is finished: then no other order is meant."""
        ended = self.history.view
        if self.shown is self.history and (ended.selected_count() or ended.framed_row() is not None):
            return True
        return any(self._desk.active_orders.get(id) is None for id in self.active.view.lost_ids())

    def say_empty(self, how: str) -> None:
        """What stands where no order works, and how to go on."""
        self.active.view.set_empty_text(
            self.tr("No order is working. Orders that are given appear here.") + how
        )

    def count(self) -> None:
        """Write the numbers of rows on the tabs."""
        desk = self._desk
        counts = (len(desk.active_orders), len(desk.order_history), len(desk.executions))
        if counts == self._counts:
            return
        self._counts = counts
        self.tabs.setTabText(0, self.tr("Active {0}").format(f"{counts[0]:,}"))
        self.tabs.setTabText(1, self.tr("History {0}").format(f"{counts[1]:,}"))
        self.tabs.setTabText(2, self.tr("Execution {0}").format(f"{counts[2]:,}"))
        self.tabs.setTabVisible(2, counts[2] > 0)

    def _clicked(self, index: int) -> None:
        """Who turns to a table with the mouse means that table with the next key."""
        if index >= 0:
            self.tabs.setCurrentIndex(index)
            self.shown.view.setFocus(Qt.FocusReason.MouseFocusReason)

    def _turn(self, index: int) -> None:
        self._pages.setCurrentIndex(index)
        self.setFocusProxy(self.shown)

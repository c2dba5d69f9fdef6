"""The orders: working ones and finished ones, two tables behind two tabs that count them.

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
        self.tabs = QTabBar()
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        self.tabs.setAccessibleName(self.tr("Working orders or history"))
        self.tabs.addTab("")
        self.tabs.addTab("")
        self._pages = QStackedWidget()
        self._pages.addWidget(self.active)
        self._pages.addWidget(self.history)
        self._counts = (-1, -1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._pages)
        self.tabs.currentChanged.connect(self._turn)
        self.tabs.tabBarClicked.connect(self._clicked)
        self.setFocusProxy(self.active)
        self.count()

    @property
    def shown(self) -> TablePanel:
        """The table in front."""
        return self.active if self.tabs.currentIndex() == 0 else self.history

    def selected_working(self) -> list[OrderRow]:
        """The selected orders that can still be cancelled."""
        if self.shown is not self.active:
            return []
        return [row for row in self.active.view.selected_rows() if row.status.active]

    def selection_finished(self) -> bool:
        """Whether what was selected here last is finished: then no other order is meant."""
        if self.shown is self.history and self.history.view.selected_count():
            return True
        return any(self._desk.active_orders.get(id) is None for id in self.active.view.lost_ids())

    def say_empty(self, how: str) -> None:
        """What stands where no order works, and how to go on."""
        self.active.view.set_empty_text(
            self.tr("No order is working. Orders that a strategy sends appear here.") + how
        )

    def count(self) -> None:
        """Write the numbers of rows on the tabs."""
        counts = (len(self._desk.active_orders), len(self._desk.order_history))
        if counts == self._counts:
            return
        self._counts = counts
        self.tabs.setTabText(0, self.tr("Active {0}").format(f"{counts[0]:,}"))
        self.tabs.setTabText(1, self.tr("History {0}").format(f"{counts[1]:,}"))

    def _clicked(self, index: int) -> None:
        """Who turns to a table with the mouse means that table with the next key."""
        if index >= 0:
            self.tabs.setCurrentIndex(index)
            self.shown.view.setFocus(Qt.FocusReason.MouseFocusReason)

    def _turn(self, index: int) -> None:
        self._pages.setCurrentIndex(index)
        self.setFocusProxy(self.shown)

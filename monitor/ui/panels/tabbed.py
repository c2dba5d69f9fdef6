"""Several tables in one place behind tabs that count their rows; the tabs stand in a dock's title.

Owns the tabs and which table is in front. What a number means is the owner's to say.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QStackedWidget, QTabBar, QVBoxLayout, QWidget

from monitor.ui.tables import TablePanel


class TabbedTables(QWidget):
    """`tables` are pairs of a name and a panel, the first in front."""

    def __init__(self, name: str, tables: Sequence[tuple[str, TablePanel]]) -> None:
        super().__init__()
        self._names = [title for title, _ in tables]
        self.panels = tuple(panel for _, panel in tables)
        self.tabs = QTabBar()
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        self.tabs.setAccessibleName(name)
        self._pages = QStackedWidget()
        for title, panel in tables:
            self.tabs.addTab(title)
            self._pages.addWidget(panel)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._pages)
        self.tabs.currentChanged.connect(self._turn)
        self.tabs.tabBarClicked.connect(self._clicked)
        self.setFocusProxy(self.panels[0])

    @property
    def shown(self) -> TablePanel:
        """The table in front."""
        return self.panels[self.tabs.currentIndex()]

    def bring(self, panel: TablePanel) -> None:
        """Put a table in front; the focus stays where it is."""
        self.tabs.setCurrentIndex(self.panels.index(panel))

    def count(self, numbers: Sequence[int]) -> None:
        """Write a number behind each name, nothing for 0."""
        for at, (name, number) in enumerate(zip(self._names, numbers, strict=True)):
            text = f"{name} {number:,}" if number else name
            if text != self.tabs.tabText(at):
                self.tabs.setTabText(at, text)

    def _clicked(self, index: int) -> None:
        """Who turns to a table with the mouse means that table with the next key."""
        if index >= 0:
            self.tabs.setCurrentIndex(index)
            self.shown.view.setFocus(Qt.FocusReason.MouseFocusReason)

    def _turn(self, index: int) -> None:
        inside = self.isAncestorOf(self.window().focusWidget()) if self.window().focusWidget() else False
        self._pages.setCurrentIndex(index)
        self.setFocusProxy(self.shown)
        if inside:
            self.shown.view.setFocus(Qt.FocusReason.OtherFocusReason)

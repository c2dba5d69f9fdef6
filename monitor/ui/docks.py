"""Docks: panels with a title that can be moved, and the shipped arrangement of them.

Owns titles, the mark of the panel that has the focus, and where panels stand at first. Knows
nothing of what a panel shows.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import pairwise

from PySide6.QtCore import QChildEvent, QEvent, QSize, Qt, QTimer
from PySide6.QtWidgets import (
    QApplication,
    QDockWidget,
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QTabBar,
    QTabWidget,
    QToolButton,
    QWidget,
)
from shiboken6 import isValid

from monitor.commands import DOCKS, command, keys_label
from monitor.ui.keys import presses_button

TITLE_HEIGHT = 24
GRIP_HEIGHT = 16
"""Of a title whose name already stands on its tab: what is left to drag by and to close."""
LEFT_SHARE = 0.35
SMALL_LEFT_SHARE = 0.48
LATER = ("queue", "records", "system")
"""What stands behind the log: in the shipped layout, and in one that was saved without them."""
SMALL = QSize(1280, 600)
"""Of the docks' area: below it, the arrangement for small screens is shipped."""


class DockTitle(QWidget):
    """Name, key, room for a panel's own controls, and a button to put the panel away."""

    def __init__(self, name: str, title: str, dock: QDockWidget) -> None:
        super().__init__()
        self.setObjectName("dockTitle")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(TITLE_HEIGHT)
        key = keys_label(command(f"dock_{name}"))
        self.label = QLabel(title)
        close = QToolButton()
        close.setText("×")
        close.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        close.setToolTip(self.tr("Put this panel away. {0} brings it back.").format(key))
        close.setAccessibleName(self.tr("Put away {0}").format(title))
        close.clicked.connect(dock.close)
        self.setToolTip(self.tr("{0}  ({1}). Drag to move.").format(title, key))
        self._layout = QHBoxLayout(self)
        self._layout.setContentsMargins(8, 0, 4, 0)
        self._layout.setSpacing(8)
        self._layout.addWidget(self.label)
        self._layout.addStretch(1)
        self._layout.addWidget(close)
        self._controls = False

    def add(self, widget: QWidget) -> None:
        """Put a control of the panel beside the title."""
        self._layout.insertWidget(self._layout.count() - 2, widget)
        self._controls = True

    def name_once(self, on_tab: bool) -> None:
        """Leave the name to the tab, where there is one."""
        self.label.setVisible(not on_tab)
        self.setFixedHeight(GRIP_HEIGHT if on_tab and not self._controls else TITLE_HEIGHT)

    def mark(self, active: bool) -> None:
        if bool(self.property("active")) == active:
            return
        self.setProperty("active", active)
        for widget in (self, self.label):
            widget.style().unpolish(widget)
            widget.style().polish(widget)


class Dock(QDockWidget):
    """`name` is stable ASCII: saved layouts are keyed by it."""

    def __init__(self, name: str, title: str, panel: QWidget) -> None:
        super().__init__(title)
        self.setObjectName(name)
        self.title = DockTitle(name, title, self)
        self.setTitleBarWidget(self.title)
        self.setWidget(panel)

    def bring(self) -> None:
        """Show it, in front of those it shares tabs with, and give its panel the focus."""
        self.show()
        self.raise_()
        self.activateWindow()  # a floating panel is a window of its own
        self._focus_panel()

    def _focus_panel(self) -> None:
        panel = self.widget()
        target = panel.focusProxy() or panel
        target.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.MouseButtonPress:
            self._focus_panel()  # a press on the title, or on a part that takes none
        return presses_button(event, QApplication.focusWidget()) or super().event(event)


class DockArea(QMainWindow):
    """The part of the window that docks share."""

    def __init__(self, panels: Mapping[str, QWidget]) -> None:
        super().__init__()
        self.setWindowFlags(Qt.WindowType.Widget)
        self.setDockNestingEnabled(True)
        self.setTabPosition(Qt.DockWidgetArea.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        self.docks = {name: Dock(name, self.tr(title), panels[name]) for name, title in DOCKS}
        self._naming = QTimer(self, singleShot=True, interval=0)
        self._naming.timeout.connect(self._name_once)
        for dock in self.docks.values():
            for changed in (dock.dockLocationChanged, dock.topLevelChanged, dock.visibilityChanged):
                changed.connect(lambda _: self._naming.start())
        self.arrange()
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.focusChanged.connect(self._mark)

    @property
    def small(self) -> bool:
        """Whether there is too little room for the shipped panels at once."""
        return self.width() < SMALL.width() or self.height() < SMALL.height()

    def arrange(self) -> None:
        """The shipped layout for the present size."""
        for dock in self.docks.values():
            dock.setFloating(False)
            self.removeDockWidget(dock)
        self.addDockWidget(Qt.DockWidgetArea.TopDockWidgetArea, self.docks["positions"])
        front = self._arrange_small() if self.small else self._arrange_wide()
        for dock in self.docks.values():
            dock.show()
        for name in front:
            self.docks[name].raise_()
        self.share_out()

    def take_in(self, known: Collection[str]) -> None:
        """Give docks that a restored layout does not know a place: behind the log, or wherever there
        is one. What was in front stays there."""
        new = [name for name in self.docks if name not in known]
        if not new:
            return
        home = next((name for name in ("log", "trades", "orders", *known) if self._stands(name)), None)
        front = self._in_front(home) if home is not None else new[0]
        for name in new:
            dock = self.docks[name]
            dock.setFloating(False)
            if home is None:
                self.addDockWidget(Qt.DockWidgetArea.TopDockWidgetArea, dock)
            else:
                self.tabifyDockWidget(self.docks[home], dock)
            dock.show()
        self.docks[front].raise_()

    def _in_front(self, name: str) -> str:
        """Which of the docks that share a place is on top."""
        dock = self.docks[name]
        sharing = {one.windowTitle(): one.objectName() for one in (dock, *self.tabifiedDockWidgets(dock))}
        for bar in self.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly):
            found = sharing.get(bar.tabText(bar.currentIndex()))
            if found is not None:
                return found
        return name

    def _stands(self, name: str) -> bool:
        dock = self.docks.get(name)
        return dock is not None and not dock.isFloating() and not dock.isHidden()

    def _arrange_wide(self) -> tuple[str, ...]:
        """What one owns at the left, what happens at the right."""
        at, across, down = self.docks, Qt.Orientation.Horizontal, Qt.Orientation.Vertical
        self.splitDockWidget(at["positions"], at["equity"], across)
        self.splitDockWidget(at["positions"], at["account"], down)
        self.splitDockWidget(at["account"], at["strategies"], down)
        self.splitDockWidget(at["equity"], at["orders"], down)
        self.splitDockWidget(at["orders"], at["trades"], down)
        for name in ("log", *LATER):
            self.tabifyDockWidget(at["trades"], at[name])
        return ("trades",)

    def _arrange_small(self) -> tuple[str, ...]:
        """Positions beside the curve, everything else behind tabs over the whole width."""
        at = self.docks
        self.splitDockWidget(at["positions"], at["orders"], Qt.Orientation.Vertical)
        self.splitDockWidget(at["positions"], at["equity"], Qt.Orientation.Horizontal)
        self.tabifyDockWidget(at["positions"], at["account"])
        behind = ("orders", "trades", "strategies", "log", *LATER)
        for before, name in pairwise(behind):
            self.tabifyDockWidget(at[before], at[name])
        return ("positions", "orders")

    def share_out(self) -> None:
        """Give the docks of the shipped layout their shares of the present size."""
        at, width, height = self.docks, max(self.width(), 640), max(self.height(), 400)
        across, down = Qt.Orientation.Horizontal, Qt.Orientation.Vertical
        if self.small:
            half = round(width * SMALL_LEFT_SHARE)
            self.resizeDocks([at["positions"], at["equity"]], [half, width - half], across)
            self.resizeDocks([at["positions"], at["orders"]], [height // 2, height - height // 2], down)
            return
        left = round(width * LEFT_SHARE)
        self.resizeDocks([at["positions"], at["equity"]], [left, width - left], across)
        lefts = [at["positions"], at["account"], at["strategies"]]
        self.resizeDocks(lefts, [round(height * share) for share in (0.24, 0.22, 0.54)], down)
        rights = [at["equity"], at["orders"], at["trades"]]
        self.resizeDocks(rights, [round(height * share) for share in (0.42, 0.30, 0.28)], down)

    def _name_once(self) -> None:
        for dock in self.docks.values():
            dock.title.name_once(bool(self.tabifiedDockWidgets(dock)) and not dock.isFloating())

    def childEvent(self, event: QChildEvent) -> None:
        """Qt makes tab bars when docks share a place, and would cut their names short."""
        tabs = event.child()
        if event.type() == QEvent.Type.ChildPolished and isinstance(tabs, QTabBar):
            tabs.setElideMode(Qt.TextElideMode.ElideNone)
            tabs.setExpanding(False)
            tabs.tabBarClicked.connect(lambda at, tabs=tabs: self._tab_clicked(tabs, at))
        super().childEvent(event)

    def _tab_clicked(self, tabs: QTabBar, at: int) -> None:
        """Who turns to a panel with the mouse means it with the next key, too."""
        for dock in self.docks.values():
            if at >= 0 and dock.windowTitle() == tabs.tabText(at):
                dock.bring()

    def _mark(self, _old: QWidget | None, now: QWidget | None) -> None:
        for dock in self.docks.values():
            if not isValid(dock.title):
                return  # the window is being taken down, and takes the focus with it
            dock.title.mark(now is not None and dock.isAncestorOf(now))

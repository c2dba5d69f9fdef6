"""User commands made runnable: shortcuts, menus, and why a command cannot run now.

Owns one QAction per entry of the command table, the handlers bound to ids and the conditions.
Knows no command by name; what a command does is its handler's business.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar, QWidget

from monitor.commands import COMMANDS, Group, Scope, When, command, keys_label

Condition = Callable[[], str]
"""Gives "" when it holds, otherwise one short reason that a user understands."""

MENUS: tuple[Group, ...] = (
    Group.REPLAY,
    Group.PAST,
    Group.ORDERS,
    Group.STRATEGIES,
    Group.SYSTEM,
    Group.TABLES,
    Group.PANELS,
    Group.GENERAL,
)


class Actions(QObject):
    """`refused` carries a command's title and why it did not run, `ran` the id of one that did."""

    refused = Signal(str, str)
    ran = Signal(str)

    def __init__(self, window: QWidget, conditions: Mapping[When, Condition]) -> None:
        super().__init__(window)
        self._conditions = conditions
        self._handlers: dict[str, Callable[[], None]] = {}
        self._own_conditions: dict[str, Condition] = {}
        self.actions: dict[str, QAction] = {}
        for entry in COMMANDS:
            action = QAction(self.tr(entry.title), self)
            action.setObjectName(entry.id)
            action.setAutoRepeat(entry.repeats)
            action.triggered.connect(lambda _checked=False, id=entry.id: self.run(id))
            if entry.scope is Scope.TABLE:
                action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            else:
                window.addAction(action)
            self.actions[entry.id] = action
        self._past: bool | None = None
        self.look_at_past(False)

    def look_at_past(self, past: bool) -> None:
        """Share out the keys: while a past moment is looked at, its commands have theirs."""
        if past is self._past:
            return
        self._past = past
        taken = {key for entry in COMMANDS if entry.when is When.PAST for key in entry.keys if past}
        for entry in COMMANDS:
            mine = past if entry.when is When.PAST else True
            keys = [key for key in entry.keys if mine and (entry.when is When.PAST or key not in taken)]
            self.actions[entry.id].setShortcuts([QKeySequence(key) for key in keys])

    def bind(self, id: str, handler: Callable[[], None], condition: Condition | None = None) -> None:
        """Say what a command does, and optionally a condition of its own beside the table's."""
        command(id)
        self._handlers[id] = handler
        if condition is not None:
            self._own_conditions[id] = condition

    def attach_table(self, table: QWidget) -> None:
        """Let the keys of table commands work while the focus is in this widget."""
        for entry in COMMANDS:
            if entry.scope is Scope.TABLE:
                table.addAction(self.actions[entry.id])

    def why_not(self, id: str) -> str:
        if id not in self._handlers:
            return self.tr("not available here")
        reason = self._conditions[command(id).when]()
        own = self._own_conditions.get(id)
        return reason or (own() if own is not None else "")

    def run(self, id: str) -> bool:
        reason = self.why_not(id)
        if reason:
            self.refused.emit(command(id).title, reason)
            return False
        self._handlers[id]()
        self.ran.emit(id)
        return True

    def may_repeat(self, key: QKeySequence) -> bool:
        """Whether holding this key down means its command again and again."""
        return any(action.autoRepeat() and key in action.shortcuts() for action in self.actions.values())

    def fill(self, bar: QMenuBar) -> None:
        """One menu per group. Entries are greyed only while their menu is open, so that a key
        pressed in vain is answered with its reason."""
        for group in MENUS:
            menu = bar.addMenu(self.tr(group.value))
            menu.setToolTipsVisible(True)
            for entry in COMMANDS:
                if entry.group is group:
                    menu.addAction(self._menu_action(entry.id, menu))
            menu.aboutToShow.connect(lambda menu=menu: self._grey(menu))

    def row_menu(self, groups: Iterable[Sequence[str]], parent: QWidget) -> QMenu:
        """A menu of commands in groups that lines part, for popup(); it deletes itself."""
        menu = QMenu(parent)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setToolTipsVisible(True)
        for group in groups:
            menu.addSeparator()
            for id in group:
                menu.addAction(self._menu_action(id, menu))
        self._grey(menu)
        return menu

    def _menu_action(self, id: str, menu: QMenu) -> QAction:
        """A twin without shortcut: it shows the key as one types it (x and X, not Shift+X)."""
        entry = command(id)
        key = keys_label(entry)
        twin = QAction(self.tr(entry.title) + (f"\t{key}" if key else ""), menu)
        twin.setData(id)
        twin.triggered.connect(lambda: self.run(id))
        return twin

    def _grey(self, menu: QMenu) -> None:
        for action in menu.actions():
            if action.isSeparator():
                continue
            reason = self.why_not(action.data())
            action.setEnabled(not reason)
            action.setToolTip(reason)

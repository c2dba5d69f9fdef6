"""The command palette: type a few letters of any command, Enter runs it, Esc leaves.

Owns its list and the typed text. Which commands exist, whether they can run and how they are
run is asked of the `Registry`; it holds no command of its own.
"""

from __future__ import annotations

from typing import Protocol, TypeAlias

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from monitor.commands import COMMANDS, UserCommand, keys_label
from monitor.ui.fuzzy import score
from monitor.ui.overlay import Overlay
from monitor.ui.theme import ROW_HEIGHT, Theme

Index: TypeAlias = QModelIndex | QPersistentModelIndex

ENTRY_ROLE = int(Qt.ItemDataRole.UserRole)
REASON_ROLE = ENTRY_ROLE + 1
MOVES = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 8, Qt.Key.Key_PageUp: -8}


class Registry(Protocol):
    """What the palette asks about commands."""

    def why_not(self, id: str) -> str:
        """ "" when the command can run now, otherwise one short reason."""
        ...

    def run(self, id: str) -> bool:
        """Run it when it can run now; whether it did."""
        ...


class CommandPalette(Overlay):
    def __init__(self, window: QWidget, registry: Registry, theme: Theme) -> None:
        super().__init__(window, 560, 420)
        self._registry = registry
        self.field = QLineEdit()
        self.field.setPlaceholderText(self.tr("Type a command"))
        self.field.setAccessibleName(self.tr("Command"))
        self.list = QListWidget()
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setUniformItemSizes(True)
        self.list.setAccessibleName(self.tr("Matching commands"))
        self.list.setItemDelegate(_EntryDelegate(theme, self.list))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.hint = QLabel(self.tr("↑ ↓ choose   Enter run   Esc leave"))
        self.hint.setObjectName("caption")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(8)
        for part in (self.field, self.list, self.hint):
            layout.addWidget(part)
        self.field.textChanged.connect(self._fill)
        self.field.installEventFilter(self)
        self.list.itemClicked.connect(self._run_item)

    def open(self) -> None:
        """Show all commands, the usable ones first."""
        self.field.clear()
        self._fill("")
        self.open_over(self.field)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.field and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            return self._take_key(event)
        return super().eventFilter(watched, event)

    def _take_key(self, event: QKeyEvent) -> bool:
        key = Qt.Key(event.key())
        if key in MOVES:
            last = self.list.count() - 1
            self.list.setCurrentRow(max(0, min(last, self.list.currentRow() + MOVES[key])))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if not event.isAutoRepeat():
                self._run_item(self.list.currentItem())
        elif key == Qt.Key.Key_Escape:
            self.leave()
        else:
            return False
        return True

    def _fill(self, typed: str) -> None:
        self.list.clear()
        for entry, reason in self._matches(typed):
            item = QListWidgetItem(self.tr(entry.title))
            item.setData(ENTRY_ROLE, entry)
            item.setData(REASON_ROLE, reason)
            if reason:
                item.setToolTip(reason)
            self.list.addItem(item)
        self.list.setCurrentRow(0)
        empty = self.list.count() == 0
        self.hint.setText(
            self.tr("No command is called that. Esc leaves.")
            if empty
            else self.tr("↑ ↓ choose   Enter run   Esc leave")
        )

    def _matches(self, typed: str) -> list[tuple[UserCommand, str]]:
        ranked = []
        for place, entry in enumerate(COMMANDS):
            fit = score(typed, entry.title)
            if entry.id == "show_palette" or fit is None:
                continue
            reason = self._registry.why_not(entry.id)
            ranked.append(((-fit, bool(reason), place), entry, reason))
        ranked.sort(key=lambda one: one[0])
        return [(entry, reason) for _, entry, reason in ranked]

    def _run_item(self, item: QListWidgetItem | None) -> None:
        """A command that cannot run keeps the palette open: its reason is in the line."""
        if item is None or item.data(REASON_ROLE):
            return
        entry: UserCommand = item.data(ENTRY_ROLE)
        self.leave()
        self._registry.run(entry.id)


class _EntryDelegate(QStyledItemDelegate):
    """Title at the left, then why it cannot run, key and group at the right."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(option.rect.width(), ROW_HEIGHT + 4)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        entry: UserCommand = index.data(ENTRY_ROLE)
        reason: str = index.data(REASON_ROLE)
        theme = self._theme
        if self._current(index):
            painter.fillRect(option.rect, QColor(theme.mixed(theme.accent, 0.18, theme.raised)))
        line = option.rect.adjusted(8, 0, -8, 0)
        left = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        right = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
        painter.setPen(QColor(theme.faint if reason else theme.text))
        painter.drawText(line, left, index.data())
        painter.setPen(QColor(theme.faint if reason else theme.muted))
        painter.drawText(line, right, keys_label(entry))
        middle = QRect(line.left() + line.width() // 2, line.top(), line.width() // 2 - 72, line.height())
        painter.drawText(middle, left, reason or entry.group.value)

    def _current(self, index: Index) -> bool:
        view = self.parent()
        return isinstance(view, QListWidget) and view.currentRow() == index.row()

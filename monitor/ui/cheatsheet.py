"""The cheat sheet: every command that has a key, by group, generated from the command table.

Owns nothing but its labels. Knows no handlers; it is for reading.
"""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from monitor.commands import COMMANDS, Danger, Group, UserCommand, key_label
from monitor.ui.overlay import Overlay

COLUMNS: tuple[tuple[Group, ...], ...] = (
    (Group.REPLAY, Group.STRATEGIES, Group.GENERAL),
    (Group.ORDERS, Group.TABLES),
    (Group.PANELS, Group.SYSTEM, Group.PAST),
)


class CheatSheet(Overlay):
    def __init__(self, window: QWidget) -> None:
        super().__init__(window, 980, 500)
        self.setAccessibleName(self.tr("Keys"))
        body = QWidget()
        columns = QHBoxLayout(body)
        columns.setContentsMargins(8, 8, 8, 8)
        columns.setSpacing(32)
        for groups in COLUMNS:
            columns.addLayout(self._column(groups))
        scroll = QScrollArea()
        scroll.setWidget(body)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        body.setStyleSheet("background: transparent;")
        scroll.setStyleSheet("background: transparent;")
        layout = QVBoxLayout(self)
        layout.addWidget(scroll)
        hint = QLabel(self.tr("A ticket asks before anything marked • is sent. Esc or ? leaves."))
        hint.setObjectName("caption")
        layout.addWidget(hint)

    def toggle(self) -> None:
        if self.isVisible():
            self.leave()
        else:
            self.open_over(self)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Question, Qt.Key.Key_F1):
            self.leave()
        else:
            super().keyPressEvent(event)

    def _column(self, groups: tuple[Group, ...]) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(4)
        row = 0
        for group in groups:
            heading = QLabel(self.tr(group.value))
            heading.setObjectName("heading")
            grid.addWidget(heading, row, 0, 1, 2)
            row += 1
            for entry in COMMANDS:
                if entry.group is group and entry.keys:
                    self._line(grid, row, entry)
                    row += 1
            grid.setRowMinimumHeight(row, 12)
            row += 1
        grid.setRowStretch(row, 1)
        grid.setColumnStretch(1, 1)
        return grid

    def _line(self, grid: QGridLayout, row: int, entry: UserCommand) -> None:
        keys = QHBoxLayout()
        keys.setSpacing(4)
        for key in dict.fromkeys(key_label(one) for one in entry.keys):
            cap = QLabel(key)
            cap.setObjectName("keycap")
            keys.addWidget(cap)
        keys.addStretch(1)
        grid.addLayout(keys, row, 0)
        mark = " •" if entry.danger is Danger.DANGEROUS else ""
        grid.addWidget(QLabel(self.tr(entry.title) + mark), row, 1)

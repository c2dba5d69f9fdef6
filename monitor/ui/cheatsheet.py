"""The cheat sheet: every command that has a key, by group, generated from the command table.

Owns nothing but its labels and where they stand: as many columns as fit, evenly filled. Knows no
handlers; it is for reading.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations, pairwise

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from monitor.commands import COMMANDS, Danger, Group, UserCommand, key_label
from monitor.ui.overlay import MARGIN, Overlay

ORDER = (
    Group.ORDERS,
    Group.SYSTEM,
    Group.PAST,
    Group.REPLAY,
    Group.STRATEGIES,
    Group.TABLES,
    Group.GENERAL,
    Group.PANELS,
)
GAP, BETWEEN, BORDER = 12, 32, 8
"""Between key and title and below a group, between columns, around them."""


class KeyGroup(QWidget):
    """The keys of one group, under its name."""

    def __init__(self, group: Group) -> None:
        super().__init__()
        self._keys: list[QHBoxLayout] = []
        self._titles: list[QLabel] = []
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(GAP)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnStretch(1, 1)
        heading = QLabel(self.tr(group.value))
        heading.setObjectName("heading")
        self._grid.addWidget(heading, 0, 0, 1, 2)
        for entry in COMMANDS:
            if entry.group is group and entry.keys:
                self._add(entry)

    def keys_width(self) -> int:
        return max(keys.sizeHint().width() for keys in self._keys)

    def titles_width(self) -> int:
        return max(title.sizeHint().width() for title in self._titles)

    def align(self, keys_width: int) -> None:
        """Let the titles begin where those of the other groups in the column do."""
        self._grid.setColumnMinimumWidth(0, keys_width)
        self._grid.invalidate()

    def _add(self, entry: UserCommand) -> None:
        keys = QHBoxLayout()
        keys.setSpacing(4)
        for key in dict.fromkeys(key_label(one) for one in entry.keys):
            cap = QLabel(key)
            cap.setObjectName("keycap")
            keys.addWidget(cap)
        keys.addStretch(1)
        row = len(self._keys) + 1
        self._keys.append(keys)
        self._grid.addLayout(keys, row, 0)
        mark = " •" if entry.danger is Danger.DANGEROUS else ""
        self._titles.append(QLabel(self.tr(entry.title) + mark))
        self._grid.addWidget(self._titles[-1], row, 1)


class CheatSheet(Overlay):
    def __init__(self, window: QWidget) -> None:
        super().__init__(window, 0, 0)
        self.setAccessibleName(self.tr("Keys"))
        self._body = QWidget()
        self._body.setStyleSheet("background: transparent;")
        self._groups = [KeyGroup(group) for group in ORDER]
        for group in self._groups:
            group.setParent(self._body)
        self._scroll = QScrollArea()
        self._scroll.setWidget(self._body)
        self._scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setStyleSheet("background: transparent;")
        self._hint = QLabel(self.tr("A ticket asks before anything marked • is sent. Esc or ? leaves."))
        self._hint.setObjectName("caption")
        self._column = QVBoxLayout(self)
        self._column.addWidget(self._scroll)
        self._column.addWidget(self._hint)

    def toggle(self) -> None:
        if self.isVisible():
            self.leave()
        else:
            self.open_over(self)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        bar = self._scroll.verticalScrollBar()
        pages = {Qt.Key.Key_Down: 40, Qt.Key.Key_PageDown: bar.pageStep()}
        pages |= {Qt.Key.Key_Up: -40, Qt.Key.Key_PageUp: -bar.pageStep()}
        if event.key() in (Qt.Key.Key_Question, Qt.Key.Key_F1):
            self.leave()
        elif event.key() in pages:
            bar.setValue(bar.value() + pages[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)

    def _place(self) -> None:
        """As large as the groups want to be, in the arrangement that is least high in the window."""
        margins = self._column.contentsMargins()
        bar = self._scroll.verticalScrollBar().sizeHint().width()
        across = margins.left() + margins.right() + bar + 2
        room = self._window.width() - 2 * MARGIN - across
        width, height = self._arrange(room)
        down = margins.top() + margins.bottom() + self._column.spacing() + self._hint.sizeHint().height() + 2
        self.wanted = (width + across, height + down)
        super()._place()

    def _arrange(self, room: int) -> tuple[int, int]:
        """Put the groups into columns; gives the size of it all."""
        columns = min(_partitions(self._groups), key=lambda some: _worth(some, room))
        left, lowest = BORDER, 0
        for column in columns:
            top, (wide, keys) = BORDER, _widths(column)
            for group in column:
                group.align(keys)
                group.setGeometry(left, top, wide, group.sizeHint().height())
                top += group.sizeHint().height() + GAP
            left, lowest = left + wide + BETWEEN, max(lowest, top)
        size = (left - BETWEEN + BORDER, lowest - GAP + BORDER)
        self._body.resize(*size)
        return size


Columns = Sequence[Sequence[KeyGroup]]


def _partitions(groups: Sequence[KeyGroup]) -> Iterator[Columns]:
    """All ways to break the groups, in their order, into columns."""
    for breaks in range(len(groups)):
        for places in combinations(range(1, len(groups)), breaks):
            yield [groups[first:last] for first, last in pairwise((0, *places, len(groups)))]


def _worth(columns: Columns, room: int) -> tuple[int, int, int]:
    """The smaller the better: nothing cut, then little height, then little width."""
    width = 2 * BORDER + sum(_widths(column)[0] + BETWEEN for column in columns) - BETWEEN
    height = max(sum(group.sizeHint().height() + GAP for group in column) for column in columns)
    return max(0, width - room), height, width


def _widths(column: Iterable[KeyGroup]) -> tuple[int, int]:
    """Of a column, and of the keys in it."""
    groups = tuple(column)
    keys = max(group.keys_width() for group in groups)
    titles = max(group.titles_width() for group in groups)
    return keys + GAP + titles, keys

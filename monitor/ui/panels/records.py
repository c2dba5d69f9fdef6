"""The position records: every change of every position, the newest live.

Owns the line below the table, that says how far back it reaches. Older pages come from whoever
sets `older`; without one the panel offers none.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from monitor.engine.rows import PositionRecordRow
from monitor.models import format as shown
from monitor.models.desk import Desk
from monitor.ui.tables import TablePanel
from monitor.ui.theme import Theme


class RecordsPanel(QWidget):
    """`older`, when set, is called with the oldest row that is held when older ones are wanted;
    what it finds arrives through the desk like every other row."""

    def __init__(self, desk: Desk, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._desk = desk
        self._older: Callable[[PositionRecordRow], None] | None = None
        self.table = TablePanel(
            desk.records,
            theme,
            self.tr(
                "No position has changed yet. Every fill, correction and settlement of a position is "
                "recorded here with its cause."
            ),
        )
        self.reach = QLabel()
        self.reach.setObjectName("caption")
        self.more = QPushButton(self.tr("Older records"))
        self.more.setAutoDefault(False)
        self.more.clicked.connect(self._ask)
        self._foot = QWidget()
        foot = QHBoxLayout(self._foot)
        foot.setContentsMargins(8, 2, 8, 2)
        foot.addWidget(self.reach, 1)
        foot.addWidget(self.more)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.table, 1)
        layout.addWidget(self._foot)
        self._foot.hide()
        self.setFocusProxy(self.table)
        for changed in (desk.records.rowsInserted, desk.records.modelReset):
            changed.connect(self._say_reach)

    def set_older(self, older: Callable[[PositionRecordRow], None]) -> None:
        """Say who fetches older records."""
        self._older = older
        self._say_reach()

    def _oldest(self) -> PositionRecordRow | None:
        rows: list[PositionRecordRow] = self._desk.records.rows()
        return min(rows, key=lambda row: row.record_id, default=None)

    def _say_reach(self) -> None:
        if self._older is None:
            return
        oldest = self._oldest()
        self._foot.setVisible(oldest is not None)
        if oldest is not None:
            since = shown.moment(oldest.time_ns, self._desk.context.zone)
            self.reach.setText(self.tr("Back to {0}").format(since))

    def _ask(self) -> None:
        oldest = self._oldest()
        if self._older is not None and oldest is not None:
            self._older(oldest)

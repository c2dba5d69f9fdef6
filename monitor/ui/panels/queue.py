"""The queue and what waits for a condition, a time, another order or a person: one line of
statistics, one table, and how to make such an order.

Owns its line. Cancelling and sending is asked for by commands.
"""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from monitor.commands import command, keys_label
from monitor.engine.rows import WaitingRow
from monitor.engine.values import WaitingKind
from monitor.models.desk import Desk
from monitor.models.waiting import BETWEEN, queue_text
from monitor.ui.tables import TablePanel
from monitor.ui.theme import Theme, set_tone


class QueuePanel(QWidget):
    """`commanded` carries the id of a user command whose button was pressed."""

    commanded = Signal(str)

    def __init__(self, desk: Desk, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._desk = desk
        self.table = TablePanel(desk.waiting, theme)
        self.line = QLabel(self.tr("Nothing is queued."))
        self.line.setObjectName("muted")
        self.line.setTextFormat(Qt.TextFormat.PlainText)
        self.line.setWordWrap(True)  # numbers are not to be cut
        self.send = self._button("send_waiting", self.tr("Send now"))
        self.new = self._button("new_order", self.tr("New"))
        head = QHBoxLayout()
        head.setContentsMargins(8, 2, 8, 2)
        head.setSpacing(8)
        head.addWidget(self.line, 1)
        head.addWidget(self.send)
        head.addWidget(self.new)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(head)
        layout.addWidget(self.table, 1)
        self.setFocusProxy(self.table)
        desk.queue_changed.connect(self.refresh)
        self.refresh()
        self._say_empty()

    def selected(self) -> list[WaitingRow]:
        """The selected rows that still wait, else the framed one."""
        rows: list[WaitingRow] = self.table.view.meant_rows()
        return [row for row in rows if self._desk.waiting.get(row.order_id) is not None]

    def selection_gone(self) -> bool:
        """Whether what was selected here last waits no longer: then no other order is meant."""
        return any(self._desk.waiting.get(id) is None for id in self.table.view.lost_ids())

    def refresh(self) -> None:
        """Write the statistics as they are now."""
        queue = self._desk.queue
        text = self.tr("Nothing is queued.") if queue is None else queue_text(queue)
        whole = BETWEEN.join(part.replace(" ", "\u00a0") for part in text.split(BETWEEN))
        if whole != self.line.text():  # it breaks between numbers, not inside of what one says
            self.line.setText(whole)
        full = queue is not None and queue.length >= queue.capacity
        set_tone(self.line, "error" if full else "")
        rows: list[WaitingRow] = self._desk.waiting.rows()
        self.send.setVisible(any(row.kind is WaitingKind.MANUAL for row in rows))

    def _say_empty(self) -> None:
        """What would be here, and how to make one."""
        text = self.tr(
            "No order waits. Orders that wait for a time, a condition, another order or their turn "
            "stand here; {0} makes one."
        ).format(keys_label(command("new_order")))
        self.table.view.set_empty_text(text)

    def _button(self, id: str, text: str) -> QPushButton:
        key = keys_label(command(id))
        button = QPushButton(f"{text}   {key}")
        button.setAutoDefault(False)
        button.setAutoRepeat(False)
        button.setAccessibleName(command(id).title)
        button.setToolTip(f"{command(id).title}  ({key})")
        button.clicked.connect(lambda: self.commanded.emit(id))
        return button

"""Where a ticket stands: above the replay bar, beside nothing it could hide, never modal.

Owns the place and the focus while a ticket is open; the ticket owns its question. Single keys
typed in a ticket that asks stay in it: `x` in an answer closes no position.
"""

from __future__ import annotations

import weakref

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QApplication, QHBoxLayout, QWidget

from monitor.ui.keys import keeps_plain_keys


class TicketHost(QWidget):
    """One ticket at a time; `changed` says that there is one, or none any more."""

    changed = Signal(bool)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("ticketHost")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._ticket: QWidget | None = None
        self._before: weakref.ref[QWidget] | None = None
        self._layout = QHBoxLayout(self)
        self._layout.setContentsMargins(0, 2, 0, 0)
        self.setVisible(False)

    @property
    def ticket(self) -> QWidget | None:
        return self._ticket

    def show(self, ticket: QWidget | None = None) -> None:
        """Put a ticket here, instead of the one before, and give it the focus."""
        if ticket is None:
            super().show()
            return
        focus = QApplication.focusWidget()
        if self._ticket is None and focus is not None:
            self._before = weakref.ref(focus)
        self._remove()
        self._ticket = ticket
        self._layout.addWidget(ticket)
        self.setVisible(True)
        ticket.show()
        self.focus_ticket()
        self.changed.emit(True)

    def clear(self) -> None:
        """Take the ticket away; it is deleted, and the focus goes back to where it was."""
        if self._ticket is None:
            return
        focus = QApplication.focusWidget()
        inside = focus is None or self.isAncestorOf(focus)
        self._remove()
        self.setVisible(False)
        before = self._before() if self._before else None
        self._before = None
        if inside and before is not None and before.isVisible():
            before.setFocus(Qt.FocusReason.OtherFocusReason)
        self.changed.emit(False)

    def focus_ticket(self) -> None:
        """Give the focus to the ticket, or to the first of its parts that takes it."""
        if self._ticket is None:
            return
        parts = (self._ticket, *self._ticket.findChildren(QWidget))
        taking = (part for part in parts if part.focusPolicy() is not Qt.FocusPolicy.NoFocus)
        next(taking, self._ticket).setFocus(Qt.FocusReason.OtherFocusReason)

    def event(self, event: QEvent) -> bool:
        return (not self._answered() and keeps_plain_keys(event)) or super().event(event)

    def _answered(self) -> bool:
        """Whether the ticket asks nothing any more: single keys then mean what they mean elsewhere."""
        return self._ticket is not None and bool(self._ticket.property("answered"))

    def _remove(self) -> None:
        if self._ticket is not None:
            ticket, self._ticket = self._ticket, None
            ticket.hide()
            self._layout.removeWidget(ticket)
            ticket.deleteLater()

"""Link dots: how journal, mirror and the lines to venues are, by shape, colour and word; hovering tells more.

Owns the painting of a dot and the reading of `CoreStats` and of venues' lines into states. Pure but
for the widget.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import msgspec
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from monitor.boundary import CoreStats
from monitor.engine.rows import LinkRow
from monitor.engine.values import LinkSide, LinkState as VenueState
from monitor.models import format as shown
from monitor.models.system import LINK_RANK
from monitor.ui.pulse import Pulse
from monitor.ui.theme import Theme

BEHIND = 5_000
"""Records not yet durable above which the journal counts as degraded."""


class LinkState(StrEnum):
    CONNECTING = "connecting"
    LIVE = "live"
    DEGRADED = "degraded"
    LOST = "lost"
    OFF = "off"


class Link(msgspec.Struct, frozen=True):
    name: str
    state: LinkState
    word: str
    tip: str


def journal_link(stats: CoreStats, engine: Pulse = Pulse()) -> Link:  # noqa: B008 frozen
    behind = max(0, stats.journal_seq - stats.durable_seq)
    tip = (
        f"Journal: every order and fill is written to disk.\n"
        f"{stats.durable_seq:,} of {stats.journal_seq:,} records are on disk."
    )
    if engine.word:
        return Link("journal", LinkState.LOST, engine.word, f"{engine.sentence}\n{tip}")
    if stats.journal_error:
        return Link("journal", LinkState.LOST, "failed", f"{tip}\n{stats.journal_error}")
    if stats.journal_seq == 0:
        return Link("journal", LinkState.CONNECTING, "empty", tip)
    if behind > BEHIND:
        return Link("journal", LinkState.DEGRADED, "behind", tip)
    return Link("journal", LinkState.LIVE, "ok", tip)


def mirror_link(stats: CoreStats, engine: Pulse = Pulse()) -> Link:  # noqa: B008 frozen
    if engine.stopped:
        return Link("mirror", LinkState.LOST, engine.word, engine.sentence)
    if stats.mirror_error:
        return Link("mirror", LinkState.LOST, "failed", f"Mirror: {stats.mirror_error}")
    if not stats.mirror_url:
        return Link("mirror", LinkState.OFF, "off", "Mirror: no web page is served.")
    clients = stats.mirror_clients
    viewers = "1 viewer" if clients == 1 else f"{clients} viewers"
    tip = (
        f"Mirror: the same tables in a browser at\n{stats.mirror_url}\n{viewers} connected. Click to open it."
    )
    return Link("mirror", LinkState.LIVE, "on" if clients == 0 else viewers, tip)


def venue_link(side: LinkSide, rows: Sequence[LinkRow], now_ns: int | None = None) -> Link:
    """One side of all venues as one dot: the worst of them, and each in the tip. Ages count to
    `now_ns`."""
    worst = min(rows, key=lambda row: LINK_RANK[row.state])
    tips = [_about(row, now_ns) for row in rows]
    if worst.state is not VenueState.LIVE:
        tips.append("Click to try again now.")
    return Link(side.value, LinkState(worst.state.value), worst.state.value, "\n".join(tips))


def _about(row: LinkRow, now_ns: int | None) -> str:
    """A line in words: its state, and what is known of its health."""
    told = [f"{row.venue} {row.side}: {row.state}{f', {row.reason}' if row.reason else ''}"]
    if now_ns is not None and row.last_message_ns is not None:
        told.append(f"last message {shown.age(now_ns - row.last_message_ns)} ago")
    if row.round_trip_ms is not None:
        told.append(f"round trip {shown.number(row.round_trip_ms, 1)} ms")
    if row.attempt:
        told.append("1 try" if row.attempt == 1 else f"{row.attempt} tries")
    if now_ns is not None and row.next_try_ns is not None:
        left = row.next_try_ns - now_ns
        told.append(f"next try in {shown.age(left)}" if left > 0 else "next try now")
    return " · ".join(told)


class LinkDot(QWidget):
    """Filled circle: live. Ring: connecting or off. Triangle: degraded. Cross: lost."""

    SIDE = 9
    clicked = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._link = Link("", LinkState.CONNECTING, "", "")

    @property
    def link(self) -> Link:
        return self._link

    def show_link(self, link: Link) -> None:
        if link == self._link:
            return
        grown = len(link.word) != len(self._link.word) or link.name != self._link.name
        self._link = link
        self.setToolTip(link.tip)
        self.setAccessibleName(f"{link.name}: {link.word}")
        self.setAccessibleDescription(link.tip)
        if grown:
            self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        text = f"{self._link.name} {self._link.word}"
        return QSize(self.SIDE + 8 + self.fontMetrics().horizontalAdvance(text), 20)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.clicked.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(1, (self.height() - self.SIDE) / 2, self.SIDE, self.SIDE)
        self._paint_shape(painter, box.adjusted(0.5, 0.5, -0.5, -0.5))
        name = self._link.name + " "
        left = self.SIDE + 6
        centre = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.setPen(QColor(self._theme.muted))
        painter.drawText(left, 0, self.width() - left, self.height(), centre, name)
        left += self.fontMetrics().horizontalAdvance(name)
        painter.setPen(QColor(self._theme.text))
        painter.drawText(left, 0, self.width() - left, self.height(), centre, self._link.word)

    def _colour(self) -> QColor:
        theme = self._theme
        return QColor(
            {
                LinkState.LIVE: theme.gain,
                LinkState.DEGRADED: theme.warn,
                LinkState.LOST: theme.error,
            }.get(self._link.state, theme.muted)
        )

    def _paint_shape(self, painter: QPainter, box: QRectF) -> None:
        colour = self._colour()
        painter.setPen(QPen(colour, 1.5))
        match self._link.state:
            case LinkState.LIVE:
                painter.setBrush(colour)
                painter.drawEllipse(box)
            case LinkState.DEGRADED:
                painter.setBrush(colour)
                top = QPointF(box.center().x(), box.top())
                painter.drawPolygon(QPolygonF([top, box.bottomRight(), box.bottomLeft()]))
            case LinkState.LOST:
                painter.drawLine(box.topLeft(), box.bottomRight())
                painter.drawLine(box.topRight(), box.bottomLeft())
            case _:
                painter.drawEllipse(box)

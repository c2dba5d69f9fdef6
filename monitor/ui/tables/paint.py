"""How a cell is painted: text straight from the row, in the colour of its tone.

The default delegate asks the model seven times per cell; this one reads the row once. Owns the
colours of a table, made from the theme; knows nothing of what a row means.
"""

from __future__ import annotations

import time
from functools import lru_cache

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from monitor.models.columns import Align, Column, Tone
from monitor.models.table import ALIGNMENT, RowTable
from monitor.ui.tables.flash import FlashBook
from monitor.ui.theme import Theme

ROW_HEIGHT = 22
PADDING = 8
BAR_HEIGHT = 6
ELLIPSIS = "…"
SELECTED = QStyle.StateFlag.State_Selected


class Colours:
    """A theme as the pens and fills of a table."""

    def __init__(self, theme: Theme) -> None:
        plain = QColor(theme.text)
        self.tones: dict[Tone, QColor] = {
            Tone.PLAIN: plain,
            Tone.MUTED: QColor(theme.muted),
            Tone.FAINT: QColor(theme.faint),
            Tone.GAIN: QColor(theme.gain),
            Tone.LOSS: QColor(theme.loss),
            Tone.BUY: QColor(theme.gain),
            Tone.SELL: QColor(theme.loss),
            Tone.WARN: QColor(theme.warn),
            Tone.ERROR: QColor(theme.error),
            Tone.STALE: QColor(theme.stale),
            Tone.ACCENT: QColor(theme.accent),
        }
        self.plain = plain
        self.muted = QColor(theme.muted)
        self.selected = QColor(theme.mixed(theme.accent, 0.18))
        self.flash = QColor(theme.mixed(theme.accent, 0.28))
        self.line = QColor(theme.mixed(theme.line, 0.6))
        self.track = QColor(theme.line_strong)
        self.bar = QColor(theme.accent)
        self.accent = QColor(theme.accent)


class CellDelegate(QStyledItemDelegate):
    """Paints the cells of one `RowTable`."""

    def __init__(self, model: RowTable, theme: Theme, flash: FlashBook, parent: QObject) -> None:
        super().__init__(parent)
        self._model = model
        self._flash = flash
        self.colours = Colours(theme)
        self.set_metrics(QFontMetrics(parent.font()))  # type: ignore[attr-defined]

    def set_theme(self, theme: Theme) -> None:
        self.colours = Colours(theme)

    def set_metrics(self, metrics: QFontMetrics) -> None:
        """The font changed: measure texts anew."""
        self._width = lru_cache(maxsize=16384)(metrics.horizontalAdvance)
        self._metrics = metrics

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        model = self._model
        text = model.columns[index.column()].text(model.row_at(index.row()), model.context)
        return QSize(self._width(text) + 2 * PADDING, ROW_HEIGHT)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        model = self._model
        at = index.column()
        row, column = model.row_at(index.row()), model.columns[at]
        rect: QRect = option.rect  # type: ignore[attr-defined]
        if SELECTED in option.state:  # type: ignore[attr-defined]
            painter.fillRect(rect, self.colours.selected)
        if self._flash and self._flash.is_lit(model.spec.key(row), at, time.monotonic()):
            painter.fillRect(rect, self.colours.flash)
        text = column.text(row, model.context)
        space = rect.adjusted(PADDING, 0, -PADDING, 0)
        if column.fill is not None:
            self._paint_bar(painter, space, column.fill(row), self._width(text))
        if not text:
            return
        tone = column.tone(row, model.context) if column.tone else Tone.PLAIN
        leaving = model.is_leaving(row)
        painter.setPen(self.colours.muted if leaving else self.colours.tones[tone])
        painter.drawText(space, ALIGNMENT[column.align], self.fitted(text, column, space.width()))

    def fitted(self, text: str, column: Column, width: int) -> str:
        """The text as far as it fits. A number that does not fit is not shown at all, since part
        of a number is another number."""
        if self._width(text) <= width:
            return text
        if column.align is Align.RIGHT:
            return ELLIPSIS
        return self._metrics.elidedText(text, Qt.TextElideMode.ElideRight, width)

    def _paint_bar(self, painter: QPainter, space: QRect, part: float | None, text_width: int) -> None:
        width = min(space.width() // 2, space.width() - text_width - PADDING)
        if part is None or width < 3 * BAR_HEIGHT:
            return
        top = space.top() + (space.height() - BAR_HEIGHT) // 2
        painter.fillRect(space.left(), top, width, BAR_HEIGHT, self.colours.track)
        if part > 0:
            filled = max(1, round(width * min(1.0, part)))
            painter.fillRect(space.left(), top, filled, BAR_HEIGHT, self.colours.bar)

"""How cells are painted: text straight from the row, in the colour of its tone.

Qt's way asks style, delegate and model about every cell (18 ms for a full window under a style
sheet); this goes once over the dirty rows. Owns the colours of a table, made from the theme; knows
nothing of what a row means.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import msgspec
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter

from monitor.models.columns import Align, Column, Tone
from monitor.models.table import RowTable
from monitor.ui.tables.flash import FlashBook
from monitor.ui.theme import ROW_HEIGHT, Theme

PADDING = 8
BAR_HEIGHT = 6
ELLIPSIS = "…"


class Place(msgspec.Struct, frozen=True):
    """Where a column is displayed, in pixels of the viewport."""

    at: int
    x: int
    width: int


class Colours:
    """A theme as the pens and fills of a table."""

    def __init__(self, theme: Theme) -> None:
        self.tones: dict[Tone, QColor] = {
            Tone.PLAIN: QColor(theme.text),
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
        self.ground = QColor(theme.surface)
        self.muted = QColor(theme.muted)
        self.selected = QColor(theme.mixed(theme.accent, 0.18))
        self.flash = QColor(theme.mixed(theme.accent, 0.28))
        self.line = QColor(theme.mixed(theme.line, 0.6))
        self.track = QColor(theme.line_strong)
        self.accent = QColor(theme.accent)


class CellPainter:
    """Paints rows of one `RowTable`, lit where the flash book says so."""

    def __init__(self, model: RowTable, theme: Theme, flash: FlashBook, metrics: QFontMetrics) -> None:
        self._model = model
        self._flash = flash
        self.cramped: set[int] = set()  # columns whose numbers had no room when painted last
        self.set_theme(theme)
        self.set_metrics(metrics)

    def set_theme(self, theme: Theme) -> None:
        self.colours = Colours(theme)

    def set_metrics(self, metrics: QFontMetrics) -> None:
        """The font changed: measure texts anew."""
        self.text_width = lru_cache(maxsize=16384)(metrics.horizontalAdvance)
        self._metrics = metrics
        self._baseline = (ROW_HEIGHT - metrics.height()) // 2 + metrics.ascent()

    def wanted_width(self, column: Column, first: int, last: int) -> int:
        """Pixels that the widest of some displayed cells needs."""
        model = self._model
        texts = (column.text(model.row_at(at), model.context) for at in range(first, last + 1))
        return max((self.text_width(text) for text in texts), default=0) + 2 * PADDING

    def paint_row(
        self,
        painter: QPainter,
        at: int,
        top: int,
        places: Sequence[Place],
        now: float,
    ) -> None:
        """One row, its upper edge at `top`; `now` in the flash book's seconds."""
        model, flash = self._model, self._flash
        row = model.row_at(at)
        leaving = model.is_leaving(row)
        for place in places:
            column = model.columns[place.at]
            if flash and flash.is_lit(model.spec.key(row), place.at, now):
                painter.fillRect(place.x, top, place.width, ROW_HEIGHT, self.colours.flash)
            self._paint_cell(painter, row, column, place, top, leaving)

    def _paint_cell(
        self, painter: QPainter, row: Any, column: Column, place: Place, top: int, leaving: bool
    ) -> None:
        context = self._model.context
        text = column.text(row, context)
        if not text:
            return
        space = place.width - 2 * PADDING
        width = self.text_width(text)
        if width > space:
            text, width = self._fitted(text, column, space)
        if column.fill is not None:
            self._paint_bar(painter, place, top, column.fill(row), width)
        tone = column.tone(row, context) if column.tone else Tone.PLAIN
        x = place.x + PADDING
        if column.align is not Align.LEFT:
            x += space - width if column.align is Align.RIGHT else (space - width) // 2
        painter.setPen(self.colours.muted if leaving else self.colours.tones[tone])
        painter.drawText(x, top + self._baseline, text)

    def _fitted(self, text: str, column: Column, space: int) -> tuple[str, int]:
        """The text as far as it fits. A number or time that does not fit is not shown at all,
        since part of it is another."""
        if column.align is Align.RIGHT or column.whole:
            self.cramped.add(self._model.columns.index(column))
            return ELLIPSIS, self.text_width(ELLIPSIS)
        short = self._metrics.elidedText(text, Qt.TextElideMode.ElideRight, max(0, space))
        return short, self.text_width(short)

    def _paint_bar(
        self, painter: QPainter, place: Place, top: int, part: float | None, text_width: int
    ) -> None:
        space = place.width - 2 * PADDING
        width = min(space // 2, space - text_width - PADDING)
        if part is None or width < 3 * BAR_HEIGHT:
            return
        x, y = place.x + PADDING, top + (ROW_HEIGHT - BAR_HEIGHT) // 2
        painter.fillRect(x, y, width, BAR_HEIGHT, self.colours.track)
        if part > 0:
            painter.fillRect(x, y, max(1, round(width * min(1.0, part))), BAR_HEIGHT, self.colours.accent)

    def paint_line(self, painter: QPainter, area: QRect, top: int) -> None:
        """The one-pixel separator below a row."""
        painter.fillRect(area.left(), top + ROW_HEIGHT - 1, area.width(), 1, self.colours.line)

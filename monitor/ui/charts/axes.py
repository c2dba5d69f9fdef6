"""Axes that speak the window's language: grouped money, dates in the session's zone, a value tag.

Own the wording of ticks. Know nothing of curves; the time axis is given the times it labels.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from monitor.engine.changes import IntArray
from monitor.engine.values import NS_PER_SECOND
from monitor.models import format as shown
from monitor.ui.theme import HEADER_PIXELS, Theme

DAY = 86_400 * NS_PER_SECOND
LONG = 90 * DAY
"""From here on times of day say nothing any more."""
AXIS_WIDTH = 88
NICE, WHOLE = (1.0, 2.0, 2.5, 5.0), (1.0, 2.0, 5.0)
LINE_PIXELS = 17.0
"""From one number to the next below it."""
EASY_LINES = 7
"""Numbers on an axis that are enough, however high it is."""
CLOCK_PIXELS, DATE_PIXELS = 60.0, 100.0
"""From one time to the next beside it: 10:31, and 06-12 10:31."""
CLEAR_STEP = 3
"""Pixels that the tag may move before the labels around it are chosen again."""
GRID_ALPHA = 20
"""Of 255: the grid is 8 % of the text's colour."""


def digits_for(spacing: float) -> int:
    """Decimals that ticks of this spacing need: 1 for 0.5, 2 for 0.25."""
    digits = 0
    while digits < 8 and abs(spacing - round(spacing)) > 1e-3 * spacing:
        spacing *= 10
        digits += 1
    return digits


def nice_spacing(span: float, most: float, steps: Sequence[float] = NICE) -> float:
    """The smallest 1, 2, 2.5 or 5 times a power of ten of which at most `most` fit into a span."""
    least = span / max(most, 1.0)
    power = 10.0 ** math.floor(math.log10(least))
    return next(step * power for step in (*steps, 10.0) if step * power >= least * (1 - 1e-9))


def ticks_within(low: float, high: float, spacing: float) -> list[float]:
    """The multiples of a spacing from low to high."""
    first, last = math.ceil(low / spacing - 1e-9), math.floor(high / spacing + 1e-9)
    return [nth * spacing for nth in range(first, last + 1)]


def time_label(time_ns: int, span_ns: int, zone: tzinfo) -> str:
    """A tick's label: only as much of the date and time as the visible range needs."""
    when = datetime.fromtimestamp(time_ns // NS_PER_SECOND, zone)
    if span_ns < DAY:
        return when.strftime("%H:%M")
    return when.strftime("%m-%d %H:%M") if span_ns < LONG else when.strftime("%Y-%m-%d")


class _Axis(pg.AxisItem):
    def __init__(self, orientation: str, theme: Theme) -> None:
        super().__init__(orientation, pen=pg.mkPen(theme.text), textPen=pg.mkPen(theme.muted))
        font = QFont()
        font.setPixelSize(HEADER_PIXELS)
        self.setTickFont(font)
        self.enableAutoSIPrefix(False)
        self.setStyle(tickLength=0, maxTickLevel=0, tickTextOffset=6)
        self.setGrid(GRID_ALPHA)

    def drawPicture(self, p: QPainter, axis: Any, ticks: Any, texts: Any) -> None:
        """Without the axis line: the grid is enough."""
        super().drawPicture(p, (pg.mkPen(None), axis[1], axis[2]), ticks, texts)


class NumberAxis(_Axis):
    """Money, or per cent when `percent`; at the right, where the newest value is."""

    def __init__(self, theme: Theme, percent: bool = False) -> None:
        super().__init__("right", theme)
        self._percent = percent
        self._cleared_at = -1000.0
        self.setWidth(AXIS_WIDTH)
        self.tag = ValueTag(theme)
        self.tag.setParentItem(self)

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        if self._percent:
            return [shown.percent(value, digits_for(spacing * 100)) for value in values]
        return [shown.number(value, digits_for(spacing)) for value in values]

    def tickValues(self, low: float, high: float, size: float) -> list[tuple[float, list[float]]]:
        """As many as can be read: one each 17 pixels on a low axis, seven on a high one."""
        low, high = sorted((low, high))
        if not high > low:
            return []
        spacing = nice_spacing(high - low, min(size / LINE_PIXELS, EASY_LINES))
        return [(spacing, ticks_within(low, high, spacing))]

    def point_at(self, value: float, text: str) -> None:
        """Move the tag to a value; out of range it stays at the nearest edge."""
        view = self.linkedView()
        if view is None:
            return
        y = view.mapFromViewToItem(self, QPointF(0.0, value)).y()
        height = self.size().height()
        self.tag.show_text(text)
        y = min(max(y, ValueTag.HALF), max(ValueTag.HALF, height - ValueTag.HALF))
        self.tag.setPos(0, y)
        self.tag.setVisible(True)
        if abs(y - self._cleared_at) > CLEAR_STEP:
            self._cleared_at = y
            self.picture = None
            self.update()

    def generateDrawSpecs(self, p: QPainter) -> Any:
        """Without the labels that the tag covers."""
        specs = super().generateDrawSpecs(p)
        if specs is None or not self.tag.isVisible():
            return specs
        axis, ticks, texts = specs
        room = ValueTag.HALF + HEADER_PIXELS / 2
        free = [text for text in texts if abs(text[0].center().y() - self._cleared_at) > room]
        return axis, ticks, free


class ValueTag(QGraphicsItem):
    """The last value on the axis, as a filled label."""

    HALF = 9.0

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._text = ""
        self._font = QFont()
        self._font.setPixelSize(HEADER_PIXELS)
        self.setVisible(False)
        self.setZValue(10)

    @property
    def text(self) -> str:
        return self._text

    def show_text(self, text: str) -> None:
        if text != self._text:
            self._text = text
            self.update()

    def boundingRect(self) -> QRectF:
        return QRectF(0, -self.HALF, AXIS_WIDTH, 2 * self.HALF)

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._theme.line_strong))
        painter.drawRoundedRect(self.boundingRect().adjusted(1, 1, -3, -1), 3, 3)
        painter.setPen(QColor(self._theme.text))
        painter.setFont(self._font)
        left = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.drawText(self.boundingRect().adjusted(6, 0, 0, 0), left, self._text)


class TimeAxis(_Axis):
    """Labels indexes of samples with their times."""

    def __init__(self, theme: Theme) -> None:
        super().__init__("bottom", theme)
        self._times: IntArray | None = None
        self._written = 0
        self._zone: tzinfo = shown.zone("UTC")
        self.setHeight(22)

    def show_times(self, times: IntArray, zone: tzinfo) -> None:
        """The times of samples 0 .. len - 1; a view that is replaced with each append."""
        self._times, self._zone = times, zone

    def write_anew(self) -> None:
        """Choose the labels again: samples have come where there were none."""
        if self._times is not None and len(self._times) != self._written:
            self._written = len(self._times)
            self.picture = None
            self.update()

    def tickValues(self, low: float, high: float, size: float) -> list[tuple[float, list[float]]]:
        """Whole samples, so many that their times have room."""
        if not high > low:
            return []
        room = CLOCK_PIXELS if self._span(low, high) < DAY else DATE_PIXELS
        spacing = max(1.0, nice_spacing(high - low, size / room, WHOLE))
        return [(spacing, ticks_within(low, high, spacing))]

    def _span(self, low: float, high: float) -> int:
        """Nanoseconds between the first and the last sample within a range."""
        if self._times is None or not len(self._times):
            return 0
        first, last = (max(0, min(len(self._times) - 1, int(edge))) for edge in (low, high))
        return int(self._times[last] - self._times[first])

    def generateDrawSpecs(self, p: QPainter) -> Any:
        """The first label stands beside its tick: centred, half of it would be cut, so all of it."""
        specs = super().generateDrawSpecs(p)
        if specs is None or self.range[0] != 0 or self._times is None or not len(self._times):
            return specs
        axis, ticks, texts = specs
        label = time_label(int(self._times[0]), self._span(*self.range), self._zone)
        box = p.boundingRect(QRectF(0, 0, 200, 100), Qt.AlignmentFlag.AlignLeft, label)
        box.moveTo(2, self.style["tickTextOffset"][1])
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop
        others = [text for text in texts if text[0].left() > box.right() + 8]
        return axis, ticks, [(box, left | Qt.TextFlag.TextDontClip, label), *others]

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        times = self._times
        if times is None or not len(times):
            return ["" for _ in values]
        span = self._span(*self.range)
        return [
            time_label(int(times[int(value)]), span, self._zone)
            if 0 <= value < len(times) and float(value).is_integer()
            else ""
            for value in values
        ]

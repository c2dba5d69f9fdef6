"""The drawn curves: equity above, drawdown below, one time axis, a crosshair through both.

Owns ranges and how often they move. Draws what an `EquitySeries` gives for the pixels there
are; ranges are set here and never by pyqtgraph. Importing this module imports pyqtgraph.
"""

from __future__ import annotations

import math
from datetime import tzinfo

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent

from monitor.models import format as shown
from monitor.models.equity import EquitySeries
from monitor.ui.charts.axes import NumberAxis, TimeAxis
from monitor.ui.theme import Theme

FEWEST = 120
"""Samples that the width stands for at least, so that the first bars do not jump about."""
ROOM = 1.12
MARGIN = 0.08
EDGE = 0.05
"""Share of the width at either end where a mark's text is written to the inner side."""
TEXT_NEEDS = 66
"""Pixels of height below which the mark of the deepest fall has no text: the line above says it."""
TEXT_HEIGHT = 24
SLACK = 0.45
"""The share of the height that the curve must use; below it the range is drawn in."""


def grown(samples: int, width: int) -> int:
    """How many samples the axis spans: it grows by steps, so that it stands still in between."""
    if width >= FEWEST and samples <= width <= samples * ROOM * ROOM:
        return width
    return max(FEWEST, math.ceil(samples * ROOM))


def fitted(low: float, high: float, now: tuple[float, float]) -> tuple[float, float]:
    """A range that holds [low, high]: the present one while it still does and is not too wide."""
    bottom, top = now
    height = top - bottom
    if bottom < top and bottom <= low and high <= top and (high - low) >= SLACK * height:
        return now
    margin = max((high - low) * MARGIN, abs(high) * 1e-4, 1e-9)
    return low - margin, high + margin


def with_text(deepest: float, height: float) -> float:
    """How low a drawdown axis of this height in pixels must reach to hold its mark's text, too."""
    return deepest * (height / (height - TEXT_HEIGHT) if height >= TEXT_NEEDS else 1.05)


class EquityPlot(pg.GraphicsLayoutWidget):
    """`hovered` carries the index of the sample under the pointer, or -1."""

    hovered = Signal(int)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setBackground(theme.surface)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._theme = theme
        self._series = EquitySeries()
        self._zone: tzinfo = shown.zone("UTC")
        self._following = True
        self._width = 0
        self._money_range = (0.0, 0.0)
        self._fall_range = (0.0, 0.0)
        self._hover = -1
        self.times = TimeAxis(theme)
        self.money = NumberAxis(theme)
        self.falls = NumberAxis(theme, percent=True)
        layout = self.ci.layout
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        self.upper = self._plot(0, self.money, None)
        self.lower = self._plot(1, self.falls, self.times)
        self.lower.setXLink(self.upper)
        layout.setRowStretchFactor(0, 3)
        layout.setRowStretchFactor(1, 1)
        self._add_items()
        self.upper.vb.sigXRangeChanged.connect(self._range_moved)

    def _plot(self, row: int, right: NumberAxis, bottom: TimeAxis | None) -> pg.PlotItem:
        axes = {"right": right, **({"bottom": bottom} if bottom else {})}
        plot = self.addPlot(row=row, col=0, axisItems=axes)
        plot.hideAxis("left")
        plot.showAxis("right")
        if bottom is None:
            plot.hideAxis("bottom")
        plot.hideButtons()
        plot.setMenuEnabled(False)
        plot.setMouseEnabled(x=True, y=False)
        plot.disableAutoRange()
        plot.vb.setBorder(None)
        return plot

    def _add_items(self) -> None:
        theme = self._theme
        self.curve = pg.PlotCurveItem(pen=pg.mkPen(theme.accent, width=1), antialias=True)
        faded = QColor(theme.loss)
        faded.setAlphaF(0.2)
        self.fall = pg.PlotCurveItem(
            pen=pg.mkPen(theme.loss, width=1), fillLevel=0.0, brush=pg.mkBrush(faded), antialias=False
        )
        hair = pg.mkPen(theme.faint, width=1, style=Qt.PenStyle.DashLine)
        self.hairs = [pg.InfiniteLine(angle=90, pen=hair) for _ in range(2)]
        self.trough = pg.ScatterPlotItem(symbol="t1", size=9, pen=None, brush=pg.mkBrush(theme.loss))
        self.trough_text = pg.TextItem(color=theme.muted, anchor=(0.5, 1.0))
        shade = QColor(theme.loss)
        shade.setAlphaF(0.07)
        self.fall_region = pg.LinearRegionItem(brush=shade, pen=pg.mkPen(None), movable=False)
        self.fall_region.setVisible(False)
        for item in (self.fall_region, self.curve, self.hairs[0]):
            self.upper.addItem(item, ignoreBounds=True)
        for item in (self.fall, self.hairs[1], self.trough, self.trough_text):
            self.lower.addItem(item, ignoreBounds=True)
        for hidden in (*self.hairs, self.trough_text):
            hidden.setVisible(False)

    # -- what is drawn

    def show_series(self, series: EquitySeries, zone: tzinfo) -> None:
        """Draw this curve from now on; another one starts with the whole of it in view."""
        if series is not self._series:
            self.follow()
            self._width = 0
        self._series, self._zone = series, zone

    def follow(self) -> None:
        """Show everything again, and what is to come."""
        self._following = True

    @property
    def following(self) -> bool:
        return self._following

    def draw(self) -> None:
        """Draw what there is in the present range."""
        series = self._series
        first, last = (int(edge) for edge in self.upper.vb.viewRange()[0])
        pixels = max(100, int(self.upper.vb.width()))
        self.times.show_times(series.time_ns, self._zone)
        self.curve.setData(*series.view(first, last + 2, pixels), skipFiniteCheck=True)
        self.fall.setData(*series.view_drawdown(first, last + 2, pixels), skipFiniteCheck=True)
        if len(series):
            equity = float(series.equity[-1])
            fall = series.drawdown_at(len(series) - 1)
            self.money.point_at(equity, shown.number(equity, 2))
            self.falls.point_at(fall, shown.percent(fall))
        self._mark_hover()

    def fit(self) -> None:
        """Move the ranges where the curve needs it, and the mark of the deepest fall."""
        series = self._series
        if not len(series):
            return
        if self._following:
            width = grown(len(series), self._width)
            if width != self._width:
                self._width = width
                self.upper.setXRange(0, width, padding=0)
                self._following = True
        first, last = (int(edge) for edge in self.upper.vb.viewRange()[0])
        bounds = series.bounds(first, last + 1)
        if bounds is not None:
            self._fit_heights(first, last, bounds)
        self.times.show_times(series.time_ns, self._zone)
        self.times.write_anew()
        self._mark_deepest()

    def _fit_heights(self, first: int, last: int, bounds: tuple[float, float]) -> None:
        wanted = fitted(*bounds, self._money_range)
        if wanted != self._money_range:
            self._money_range = wanted
            self.upper.setYRange(*wanted, padding=0)
        falls = self._series.view_drawdown(first, last + 1, 256)[1]
        deepest = min(float(falls.min()) if len(falls) else 0.0, -0.001)
        low, _ = self._fall_range
        needed = with_text(deepest, self.lower.vb.height())
        if not low <= needed <= low * 0.5:
            self._fall_range = (needed * 1.15, 0.0)
            self.lower.setYRange(*self._fall_range, padding=0)

    def _mark_deepest(self) -> None:
        worst = self._series.max_drawdown
        there = worst is not None and worst.depth < 0
        self.trough_text.setVisible(there and self.lower.vb.height() >= TEXT_NEEDS)
        self.fall_region.setVisible(there)
        self.trough.setVisible(there)  # clearing alone leaves it painted
        if worst is None or not there:
            self.trough.clear()
            return
        self.trough.setData([worst.trough], [worst.depth])
        self.trough_text.setText(shown.percent(worst.depth))
        x_range = self.upper.vb.viewRange()[0]
        share = (worst.trough - x_range[0]) / max(1.0, x_range[1] - x_range[0])
        side = 0.0 if share < EDGE else 1.0 if share > 1 - EDGE else 0.5
        self.trough_text.setAnchor((side, -0.25))
        self.trough_text.setPos(worst.trough, worst.depth)
        self.fall_region.setRegion((worst.peak, worst.trough))

    # -- the hand

    def _range_moved(self) -> None:
        """A range that is not the followed one was chosen by hand."""
        low, high = self.upper.vb.viewRange()[0]
        self._following = self._following and low == 0 and high == self._width
        if not self._following:
            self.draw()

    def show_all(self) -> None:
        """The whole curve again, at once."""
        self._width = 0
        self.follow()
        self.fit()
        self.draw()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.show_all()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        self._hover_at(self.mapToScene(event.position().toPoint()))

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._set_hover(-1)

    def _hover_at(self, place: QPointF) -> None:
        x = self.upper.vb.mapSceneToView(place).x()
        count = len(self._series)
        self._set_hover(min(max(round(x), 0), count - 1) if count else -1)

    def _set_hover(self, index: int) -> None:
        if index == self._hover:
            return
        self._hover = index
        self._mark_hover()
        self.hovered.emit(index)

    def _mark_hover(self) -> None:
        there = 0 <= self._hover < len(self._series)
        for hair in self.hairs:
            hair.setVisible(there)
            if there:
                hair.setPos(self._hover)

"""The equity panel: a line of figures over the linked curves, drawn at the pace of the eye.

Owns when to draw and the read-out. pyqtgraph is imported when the panel is first seen, since
it costs a third of a second.
"""

from __future__ import annotations

import time
from datetime import tzinfo
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QStackedLayout, QVBoxLayout, QWidget

from monitor.models import format as shown
from monitor.models.equity import EquitySeries
from monitor.ui.theme import Theme

if TYPE_CHECKING:
    from monitor.ui.charts.plot import EquityPlot

DRAW_SECONDS = 0.03
FIT_SECONDS = 0.25


class EquityPanel(QFrame):
    """`show_series` says what to draw, `frame` draws when something changed and it is time."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("panel")
        self._theme = theme
        self._series = EquitySeries()
        self._zone: tzinfo = shown.zone("UTC")
        self._changed = False
        self._fit_due = False
        self._drawn_at = self._fitted_at = 0.0
        self._hover = -1
        self.plot: EquityPlot | None = None
        self.account = QLabel()
        self.account.setObjectName("caption")
        self.readout = QLabel()
        self.readout.setTextFormat(Qt.TextFormat.RichText)
        self.deepest = QLabel()
        self.deepest.setObjectName("caption")
        self.all = QPushButton(self.tr("All"))
        self.all.setToolTip(self.tr("Show the whole curve again (double-click does the same)"))
        self.all.setFixedHeight(22)
        self.all.setVisible(False)
        self.all.clicked.connect(self._show_all)
        self.empty = QLabel(
            self.tr(
                "The equity curve is drawn here, with its drawdown below.\nPress Space to play the replay."
            )
        )
        self.empty.setObjectName("muted")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._body = QWidget()
        self._lay_out()

    def _lay_out(self) -> None:
        figures = QHBoxLayout()
        figures.setContentsMargins(8, 4, 8, 0)
        figures.setSpacing(16)
        figures.addWidget(self.account)
        figures.addWidget(self.readout)
        figures.addStretch(1)
        figures.addWidget(self.deepest)
        figures.addWidget(self.all)
        column = QVBoxLayout(self._body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(figures)
        self._column = column
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self._body)

    def show_series(self, series: EquitySeries, zone: tzinfo) -> None:
        """This curve has changed, or another one is shown from now on."""
        if series is not self._series:
            self._hover = -1
        self._series, self._zone = series, zone
        self._changed = True
        self._stack.setCurrentIndex(1 if len(series) else 0)
        if self.plot is not None:
            self.plot.show_series(series, zone)

    def show_name(self, name: str) -> None:
        """Whose curve it is."""
        if name != self.account.text():
            self.account.setText(name)
            self.account.setVisible(bool(name))

    def frame(self) -> None:
        """Called with every frame of the window: draws at most 33 times, fits 4 times a second."""
        if not (self._changed or self._fit_due) or self.plot is None or not self.plot.isVisible():
            return
        now = time.monotonic()
        if now - self._drawn_at < DRAW_SECONDS:
            return
        if now - self._fitted_at >= FIT_SECONDS:
            self.plot.fit()
            self._fitted_at, self._fit_due = now, False
        elif self._changed:
            self._fit_due = True
        self.plot.draw()
        self._drawn_at, self._changed = now, False
        self._write()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self.plot is None:
            self._import_plot()

    def _import_plot(self) -> None:
        from monitor.ui.charts.plot import EquityPlot

        self.plot = EquityPlot(self._theme)
        self.plot.setAccessibleName(self.tr("Equity and drawdown"))
        self.plot.hovered.connect(self._hovered)
        self._column.addWidget(self.plot, 1)
        self.plot.show_series(self._series, self._zone)
        self.plot.upper.vb.sigXRangeChanged.connect(self._range_moved)
        for part in (self.plot.upper, self.plot.lower):
            part.vb.sigResized.connect(self._resized)

    def _resized(self) -> None:
        """Tags and labels stand elsewhere now, also while nothing moves."""
        self._changed = True

    def _range_moved(self) -> None:
        if self.plot is not None:
            self.all.setVisible(not self.plot.following)
            self._fit_due = True

    def _show_all(self) -> None:
        if self.plot is not None:
            self.plot.show_all()
            self.all.setVisible(False)

    def _hovered(self, index: int) -> None:
        self._hover = index
        self._write()

    def _write(self) -> None:
        """The sample under the pointer, or the newest."""
        count = len(self._series)
        if not count:
            self.readout.setText("")
            return
        hovered = 0 <= self._hover < count
        index = self._hover if hovered else count - 1
        when = shown.minute(int(self._series.time_ns[index]), self._zone)
        equity = shown.number(float(self._series.equity[index]), 2)
        fall = shown.percent(self._series.drawdown_at(index))
        muted = self._theme.muted
        self.readout.setText(
            f"<span style='color:{muted}'>{when}</span>&nbsp;&nbsp; {equity}"
            f"&nbsp;&nbsp; <span style='color:{muted}'>{self.tr('drawdown')}</span> {fall}"
        )
        worst = self._series.max_drawdown
        if worst is not None:
            text = self.tr("deepest {0}, {1} bars").format(
                shown.percent(worst.depth), f"{worst.trough - worst.peak:,}"
            )
            if text != self.deepest.text():
                self.deepest.setText(text)
        elif self.deepest.text():
            self.deepest.clear()

"""The equity curve as straight lines between fills: computed by whole stretches of bars.

Between two fills equity is cash + slope x close - cost, so the engine notes a line per fill
and the curve of any stretch is a few array operations, in float64 (a measurement).
"""

from __future__ import annotations

from bisect import bisect_right

import numpy as np

from monitor.engine.changes import FloatArray


class EquityCurve:
    """`closes` are the closing prices of all bars. Lines are noted in rising bar order."""

    def __init__(self, closes: FloatArray, cash: float) -> None:
        self._closes = closes
        self._bars: list[int] = [0]
        self._lines: list[tuple[float, float, float]] = [(cash, 0.0, 0.0)]

    def note(self, bar: int, line: tuple[float, float, float]) -> None:
        """From bar index `bar` on (its close included) equity follows `line`."""
        if self._bars[-1] == bar:
            self._lines[-1] = line
        else:
            self._bars.append(bar)
            self._lines.append(line)

    def equity(self, start: int, stop: int) -> FloatArray:
        """Equity at the closes of bars `start` .. `stop` - 1."""
        first = bisect_right(self._bars, start) - 1
        bars = np.asarray(self._bars[first:])
        lines = np.asarray(self._lines[first:])
        which = np.searchsorted(bars, np.arange(start, stop), side="right") - 1
        cash, slope, cost = lines[which].T
        result: FloatArray = cash + slope * self._closes[start:stop] - cost
        return result

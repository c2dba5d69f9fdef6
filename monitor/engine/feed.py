"""Bars of a series one by one, as the values that matchers and strategies are given.

Knows no run: which bars, and what is done with them, is the caller's.
"""

from __future__ import annotations

from collections.abc import Iterator

from monitor.engine.klines.series import BarSeries
from monitor.engine.strategy import Bar


def bars_of(series: BarSeries, start: int, stop: int) -> Iterator[Bar]:
    """`map` over plain lists is the cheapest way to make many."""
    part = slice(start, stop)
    columns = (
        series.time_ns,
        series.open,
        series.high,
        series.low,
        series.close,
        series.volume,
        series.open_units,
        series.high_units,
        series.low_units,
        series.close_units,
    )
    return map(Bar, *(column[part].tolist() for column in columns))

"""Trading days of a bar series: where each begins.

On Chinese futures exchanges a night session belongs to the next trading day, so a day begins
with the first bar after a day session; elsewhere with the date in the instrument's zone.
"""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np

from monitor.engine.changes import IntArray
from monitor.engine.klines.series import BarSeries
from monitor.engine.terms import CHINESE_EXCHANGES
from monitor.engine.values import NS_PER_SECOND, Instrument

_HOUR_NS = 3600 * NS_PER_SECOND
_DAY_NS = 24 * _HOUR_NS
_NIGHT = 18  # sessions from this hour on belong to the next trading day
_MORNING = 6


def local_time_ns(time_ns: IntArray, zone: str) -> IntArray:
    """Wall-clock nanoseconds in a zone. Offsets are looked up once per hour that occurs."""
    hours, where = np.unique(time_ns // _HOUR_NS, return_inverse=True)
    tz = ZoneInfo(zone)
    offsets = [
        int(dt.datetime.fromtimestamp(int(hour) * 3600, tz).utcoffset().total_seconds())  # type: ignore[union-attr]
        for hour in hours
    ]
    shifted: IntArray = time_ns + np.asarray(offsets, dtype=np.int64)[where] * NS_PER_SECOND
    return shifted


def day_starts(series: BarSeries, instrument: Instrument) -> frozenset[int]:
    """Indices of bars that begin a trading day; the first bar is not among them."""
    local = local_time_ns(series.time_ns, instrument.zone)
    date = local // _DAY_NS
    if instrument.exchange in CHINESE_EXCHANGES:
        hour = local % _DAY_NS // _HOUR_NS
        by_day = (hour >= _MORNING) & (hour < _NIGHT)
        starts = by_day[:-1] & ((date[1:] > date[:-1]) | ~by_day[1:])
    else:
        starts = date[1:] > date[:-1]
    return frozenset((np.flatnonzero(starts) + 1).tolist())

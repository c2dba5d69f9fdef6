"""The price a trading day of a replay is settled at, made from its bars.

China's futures exchanges settle at the average of the day's trades weighted by volume (SHFE, INE,
DCE, CZCE and GFEX: "settlement price" in their clearing rules; CFFEX: of the last hour only). Of
bars nothing but closes is known to have been traded, so each counts at its close, with its
volume, alike for all exchanges.
"""

from __future__ import annotations

import math
from decimal import Decimal

import msgspec

from monitor.engine.klines.series import BarSeries
from monitor.engine.values import Instrument


class Settlement(msgspec.Struct, frozen=True, gc=False):
    """A trading day ended at `price`; `time_ns` is the start of the bar that began the next."""

    time_ns: int
    price: Decimal


def settlement_price(series: BarSeries, start: int, stop: int, instrument: Instrument) -> Decimal:
    """Of the trading day of bars `start` .. `stop` - 1 (at least one), a whole number of ticks:
    its closes weighted by volume; its last close when nothing was traded."""
    closes, volumes = series.close[start:stop], series.volume[start:stop]
    traded = math.fsum(volumes.tolist())
    if not traded > 0:
        return instrument.price(float(closes[-1]))
    # fsum rounds once, whatever the machine: the same bars always settle at the same price
    return instrument.price(math.fsum((closes * volumes).tolist()) / traded)

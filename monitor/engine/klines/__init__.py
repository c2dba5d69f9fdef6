"""K-line files as checked bar series: `read_klines`, `write_klines`, `BarSeries`, `DataReport`.

Everything a replay needs to know about its data before it starts; nothing about orders.
"""

from monitor.engine.klines.reader import read_klines
from monitor.engine.klines.report import BadRow, DataReport, Gap, KlineError
from monitor.engine.klines.series import BarSeries, infer_tick, make_bars
from monitor.engine.klines.writer import write_klines

__all__ = [
    "BadRow",
    "BarSeries",
    "DataReport",
    "Gap",
    "KlineError",
    "infer_tick",
    "make_bars",
    "read_klines",
    "write_klines",
]

"""K-line files for tests, in the columns of TqSdk."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from market import BarOf, series_of

from monitor.engine.klines.series import BarSeries

HEAD = "id,datetime_ns,open,high,low,close,volume,open_oi,close_oi"


def csv_of(series: BarSeries) -> str:
    columns = (series.time_ns, series.open, series.high, series.low, series.close, series.volume)
    rows = zip(*(column.tolist() for column in columns), strict=True)
    lines = [f"{n},{t},{o},{h},{low},{c},{v},0,0" for n, (t, o, h, low, c, v) in enumerate(rows)]
    return "\n".join([HEAD, *lines]) + "\n"


def kept(folder: Path, bars: Sequence[BarOf], name: str = "bars.csv", **terms: Any) -> str:
    file = folder / name
    file.write_text(csv_of(series_of(bars, **terms)))
    return str(file)

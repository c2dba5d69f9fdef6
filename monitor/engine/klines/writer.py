"""`write_klines`: a `BarSeries` as a file of our own dialect, TqSdk's columns under labelled
comments. The same series gives the same text, and plain `read_klines` gives the series back.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Sequence
from os import PathLike
from pathlib import Path

from monitor.engine.klines.series import BarSeries

HEADER = "id,datetime_ns,open,high,low,close,volume,open_oi,close_oi"


def write_klines(path: str | PathLike[str], series: BarSeries, comments: Sequence[str] = ()) -> None:
    """Write all bars, packed if the name ends in .gz. `comments` come first, one line each.

    The packed file carries no time and no name, so that equal bars give equal files. OSError
    when it cannot be written.
    """
    where = Path(path)
    text = "\n".join([*labels(series, comments), HEADER, *rows(series), ""])
    data = text.encode()
    where.write_bytes(gzip.compress(data, mtime=0) if where.suffix == ".gz" else data)


def labels(series: BarSeries, comments: Sequence[str]) -> Iterator[str]:
    yield from (f"# {comment}" for comment in comments)
    if series.synthetic and not any("synthetic" in comment.lower() for comment in comments):
        yield "# SYNTHETIC data, not recorded at a market"
    yield f"# symbol: {series.symbol}"
    yield f"# zone: {series.zone}"
    if series.tick is not None:
        yield f"# tick: {series.tick:f}"


def rows(series: BarSeries) -> Iterator[str]:
    """A bar's `open_oi` is the `close_oi` of the one before; without open interest both are 0."""
    interest = [0.0] * len(series) if series.open_interest is None else series.open_interest.tolist()
    units = (series.open_units, series.high_units, series.low_units, series.close_units)
    prices = zip(*(column.tolist() for column in units), strict=True)
    before = interest[:1] + interest[:-1]
    parts = zip(series.time_ns.tolist(), prices, series.volume.tolist(), before, interest, strict=True)
    for number, (time_ns, bar, volume, opening, closing) in enumerate(parts):
        texts = ",".join(f"{series.to_price(price):f}" for price in bar)
        yield f"{number},{time_ns},{texts},{amount(volume)},{amount(opening)},{amount(closing)}"


def amount(value: float) -> str:
    """The shortest text that reads back as the same number; whole numbers without a point."""
    return str(int(value)) if value.is_integer() else repr(value)

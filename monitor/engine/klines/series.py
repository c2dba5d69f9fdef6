"""`BarSeries`: the bars of one symbol as arrays, with prices also as exact integers.

Floats are for charts and indicators; the integer units (price x 10**digits) are for sums and
comparisons that must be exact. Knows nothing of files.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Self, TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt

from monitor.engine.klines.report import DataReport, KlineError

FloatArray: TypeAlias = npt.NDArray[np.float64]
IntArray: TypeAlias = npt.NDArray[np.int64]

MINUTE_NS = 60_000_000_000
MAX_DIGITS = 9
EXACT = 2.0**53
"""Integers up to here are exact in float64, so price x 10**digits must stay below."""


class BarSeries(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Bars in strictly rising time. All arrays have the same length and are read-only.

    `time_ns` is the START of a bar, UTC. `*_units` are prices in 10**-`digits`, where `digits`
    is the smallest number of decimals (<= 9) that holds every price and the tick; each float
    price is exactly the nearest float64 of its units, so both views agree. `tick` is known when
    the caller or the file named it (`infer_tick` guesses it otherwise). `open_interest` is that
    at the bar's close, None when the file has none. `source` is a file's name, `digest`
    the SHA-256 of its bytes; both "" for bars made in memory. `zone` is the IANA name of the
    zone to count days in.
    """

    symbol: str
    interval_ns: int
    time_ns: IntArray
    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    volume: FloatArray
    open_interest: FloatArray | None
    digits: int
    open_units: IntArray
    high_units: IntArray
    low_units: IntArray
    close_units: IntArray
    tick: Decimal | None = None
    source: str = ""
    digest: str = ""
    synthetic: bool = False
    zone: str = "UTC"
    report: DataReport = msgspec.field(default_factory=DataReport)

    def __len__(self) -> int:
        return len(self.time_ns)

    @property
    def scale(self) -> int:
        """Units of a price of 1."""
        return int(10**self.digits)

    def to_units(self, price: Decimal) -> int:
        """A price as units. ValueError if it is finer than `digits`."""
        scaled = price.scaleb(self.digits)
        units = int(scaled)
        if units != scaled:
            raise ValueError(f"{price} has more than {self.digits} decimals")
        return units

    def to_price(self, units: int) -> Decimal:
        """Units as an exact price."""
        return Decimal(units).scaleb(-self.digits)

    def slice(self, start: int, stop: int) -> Self:
        """The bars `start` to `stop` (not included), sharing memory; the report is the whole file's."""
        part = np.s_[start:stop]
        interest = self.open_interest
        return msgspec.structs.replace(
            self,
            time_ns=self.time_ns[part],
            open=self.open[part],
            high=self.high[part],
            low=self.low[part],
            close=self.close[part],
            volume=self.volume[part],
            open_interest=None if interest is None else interest[part],
            open_units=self.open_units[part],
            high_units=self.high_units[part],
            low_units=self.low_units[part],
            close_units=self.close_units[part],
        )

    @classmethod
    def from_arrays(
        cls,
        *,
        symbol: str,
        time_ns: npt.ArrayLike,
        open: npt.ArrayLike,
        high: npt.ArrayLike,
        low: npt.ArrayLike,
        close: npt.ArrayLike,
        volume: npt.ArrayLike,
        open_interest: npt.ArrayLike | None = None,
        tick: Decimal | None = None,
        interval_ns: int | None = None,
        zone: str = "UTC",
        source: str = "",
        digest: str = "",
        synthetic: bool = False,
        report: DataReport | None = None,
    ) -> BarSeries:
        """A series of bars that are already in order and possible; the arrays are copied.

        Prices with more decimals than can be held exactly are rounded to those that can.
        ValueError when times do not rise or lengths differ, `KlineError` for impossible sizes.
        """
        times = np.array(time_ns, dtype=np.int64)
        prices = [np.array(column, dtype=np.float64) for column in (open, high, low, close)]
        volumes = np.array(volume, dtype=np.float64)
        interest = None if open_interest is None else np.array(open_interest, dtype=np.float64)
        columns = [*prices, volumes] if interest is None else [*prices, volumes, interest]
        check_shape(times, columns)
        digits, units = exact_units(prices, tick)
        floats = [column / 10**digits for column in units]
        for array in (times, *units, *floats, *columns):
            array.flags.writeable = False
        interval = infer_interval(times) if interval_ns is None else interval_ns
        found = report or DataReport(file=source, bars=len(times), interval_ns=interval)
        if len(times) and found.first_ns is None:
            found.first_ns, found.last_ns = int(times[0]), int(times[-1])
        return cls(
            symbol=symbol,
            interval_ns=interval,
            time_ns=times,
            open=floats[0],
            high=floats[1],
            low=floats[2],
            close=floats[3],
            volume=volumes,
            open_interest=interest,
            digits=digits,
            open_units=units[0],
            high_units=units[1],
            low_units=units[2],
            close_units=units[3],
            tick=tick,
            source=source,
            digest=digest,
            synthetic=synthetic,
            zone=zone,
            report=found,
        )


def check_shape(times: IntArray, columns: Sequence[FloatArray]) -> None:
    """ValueError unless times rise and every column has one number for each of them."""
    if np.any(np.diff(times) <= 0):
        raise ValueError("times of bars must rise strictly")
    if any(column.shape != times.shape for column in columns):
        raise ValueError("columns of bars must have the same length")


def exact_units(prices: Sequence[FloatArray], tick: Decimal | None) -> tuple[int, list[IntArray]]:
    """The fewest decimals that hold all prices and the tick, and the prices as whole units.

    A float that was read from text with d decimals equals round(x * 10**d) / 10**d, because
    IEEE division of two exact integers is correctly rounded. So the text is not needed.
    `KlineError` when prices are so large that the tick cannot be held beside them.
    """
    largest = max((float(np.max(np.abs(column))) for column in prices if len(column)), default=0.0)
    least = decimals(tick) if tick is not None else 0
    limit = MAX_DIGITS
    while limit >= 0 and largest * 10**limit >= EXACT:
        limit -= 1
    if limit < least:
        raise KlineError(f"prices up to {largest:g} with a tick of {tick} are beyond exact arithmetic")
    rounded = [np.rint(column * 10**limit) / 10**limit for column in prices]
    digits = least
    while digits < limit and not all(fits(column, digits) for column in rounded):
        digits += 1
    return digits, [np.rint(column * 10**digits).astype(np.int64) for column in rounded]


def fits(column: FloatArray, digits: int) -> bool:
    """Every number of the column is one of `digits` decimals."""
    return bool(np.all(np.rint(column * 10**digits) / 10**digits == column))


def decimals(step: Decimal) -> int:
    """Decimals that a step needs: 0.02 needs 2, 10 none."""
    exponent = step.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def infer_interval(times: IntArray) -> int:
    """The commonest distance between neighbours; a minute for fewer than two bars."""
    steps, counts = np.unique(np.diff(times), return_counts=True)
    return int(steps[np.argmax(counts)]) if len(steps) else MINUTE_NS


def infer_tick(series: BarSeries) -> Decimal:
    """The tick that was named, otherwise the largest step that divides every price.

    With few bars it can be a multiple of the true tick; with one price only it is the last
    decimal of that price.
    """
    if series.tick is not None:
        return series.tick
    columns = (series.open_units, series.high_units, series.low_units, series.close_units)
    prices = np.unique(np.concatenate([np.unique(column) for column in columns]))
    step = int(np.gcd.reduce(prices)) if len(prices) > 1 else 1
    return series.to_price(step or 1)


def make_bars(
    rows: Sequence[tuple[float, float, float, float, float]],
    *,
    symbol: str = "TEST.x1",
    start_ns: int = 1_562_288_400_000_000_000,
    interval_ns: int = MINUTE_NS,
    tick: Decimal | None = None,
    zone: str = "Asia/Shanghai",
) -> BarSeries:
    """A series from (open, high, low, close, volume) rows without gaps, for tests and examples.

    The default start is 2019-07-05 09:00 in Shanghai.
    """
    table = np.array(rows, dtype=np.float64).reshape(len(rows), 5)
    return BarSeries.from_arrays(
        symbol=symbol,
        time_ns=start_ns + interval_ns * np.arange(len(rows), dtype=np.int64),
        open=table[:, 0],
        high=table[:, 1],
        low=table[:, 2],
        close=table[:, 3],
        volume=table[:, 4],
        tick=tick,
        interval_ns=interval_ns,
        zone=zone,
        report=DataReport(dialect="memory", bars=len(rows), interval_ns=interval_ns),
    )

"""Makes the bundled sample: a SYNTHETIC one-minute series of a futures contract that does not
exist, with Shanghai's day and night sessions. Run `python -m monitor.engine.sample OUT.csv.gz`.

The same seed gives the same bars on every machine: only additions, multiplications and square
roots are used, which IEEE 754 rounds alike everywhere, and Python's `random()`. Nothing here is
taken from a market, and nothing but the file may depend on it.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random

import msgspec

from monitor.engine.klines import BarSeries, write_klines

SEED = 20_250_304
SYMBOL = "SIM.au9999"
TICK = Decimal("0.02")
TRADING_DAYS = 18
FIRST_DAY = date(2025, 3, 4)
LABEL = (
    f"SYNTHETIC data, not recorded at a market: one-minute bars of {SYMBOL}, a contract that does "
    f"not exist, made by monitor.engine.sample with seed {SEED}"
)

SHANGHAI_HOURS = 8
SESSIONS = ((21 * 60, 330), (9 * 60, 75), (10 * 60 + 30, 60), (13 * 60 + 30, 90))
"""Minute of the day at which a session starts and its length in minutes; the first one is the
night before the trading day."""

START_TICKS = 39_000.0
QUIET = 9.0
"""Standard deviation of a quiet minute, in ticks."""
STEPS = 8
"""Price steps inside a minute, from which high and low come."""


class Bar(msgspec.Struct, frozen=True):
    """Prices in ticks, volume and open interest in lots."""

    start_ns: int
    open: int
    high: int
    low: int
    close: int
    volume: int
    interest: int


class Market:
    """A price that trends, ranges and clusters its volatility, with volume and open interest.

    Variance follows GARCH(1, 1); regimes of one to five hours pull the price up, down, or back
    to where the regime began.
    """

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)  # noqa: S311  (a sample, not a secret)
        self._price = START_TICKS
        self._variance = 1.0
        self._interest = 182_000
        self._drift = 0.0
        self._anchor = START_TICKS
        self._regime_left = 0

    def bar(self, start_ns: int, activity: float) -> Bar:
        """The next minute; `activity` is how busy this time of day is, about 1."""
        self._turn_regime()
        spread = QUIET * math.sqrt(self._variance * activity)
        pull = self._drift * spread if self._drift else (self._anchor - self._price) * 0.02
        path = [round(self._price)]
        moved = 0.0
        for _ in range(STEPS):
            moved += pull / STEPS + spread * self._normal() / math.sqrt(STEPS)
            path.append(round(self._price + moved))
        shock = (moved - pull) / spread
        self._price += moved
        self._variance = 0.06 + self._variance * (0.06 * shock * shock + 0.88)
        volume = self._volume(activity, abs(shock))
        self._interest += round(volume * 0.12 * self._normal())
        return Bar(start_ns, path[0], max(path), min(path), path[-1], volume, self._interest)

    def pause(self, minutes: int) -> None:
        """The market is closed: news moves the next opening, more so after a longer pause."""
        self._price += QUIET * self._normal() * math.sqrt(min(minutes, 600) / 20)
        self._variance += 0.002 * min(minutes, 600)

    def _turn_regime(self) -> None:
        if self._regime_left == 0:
            self._regime_left = 60 + int(self._random.random() * 240)
            self._drift = (-0.16, -0.08, 0.0, 0.0, 0.08, 0.16)[int(self._random.random() * 6)]
            self._anchor = self._price
        self._regime_left -= 1

    def _volume(self, activity: float, shock: float) -> int:
        noise = 0.3 + self._random.random() * (0.5 + self._random.random())
        return 1 + int(190 * activity * noise * (0.6 + 0.7 * shock) * math.sqrt(self._variance))

    def _normal(self) -> float:
        """Nearly standard normal: twelve uniform numbers less six, because logarithms and
        cosines differ in the last bit between machines; `fsum`, because `sum` differs between
        versions of Python."""
        return math.fsum(self._random.random() for _ in range(12)) - 6


def trading_days() -> list[date]:
    """Weekdays from `FIRST_DAY`; the span is chosen to have no holiday."""
    days = (FIRST_DAY + timedelta(days=offset) for offset in range(TRADING_DAYS * 2))
    return [day for day in days if day.weekday() < 5][:TRADING_DAYS]


def sessions(day: date) -> Iterator[tuple[int, int]]:
    """Start (ns UTC) and minutes of each session of a trading day. Its night session belongs to
    the evening of the weekday before."""
    evening = day - timedelta(days=3 if day.weekday() == 0 else 1)
    for index, (minute, length) in enumerate(SESSIONS):
        at = datetime.combine(evening if index == 0 else day, datetime.min.time(), UTC)
        start = at + timedelta(minutes=minute) - timedelta(hours=SHANGHAI_HOURS)
        yield int(start.timestamp()) * 1_000_000_000, length


def activity(position: float, night: bool) -> float:
    """How busy a session is from its start (0) to its end (1): most at both ends."""
    lull = 4 * position * (1 - position)
    return (1.1 if night else 1.3) - 0.7 * lull


def make_sample(seed: int = SEED) -> BarSeries:
    """The sample's bars: 18 trading days, 9,990 bars."""
    market = Market(seed)
    bars: list[Bar] = []
    end_ns = 0
    for day in trading_days():
        for index, (start_ns, minutes) in enumerate(sessions(day)):
            if end_ns:
                market.pause((start_ns - end_ns) // 60_000_000_000)
            times = range(start_ns, start_ns + minutes * 60_000_000_000, 60_000_000_000)
            bars += [market.bar(at, activity(i / minutes, index == 0)) for i, at in enumerate(times)]
            end_ns = times.stop
    return as_series(bars)


def as_series(bars: list[Bar]) -> BarSeries:
    tick = float(TICK)
    return BarSeries.from_arrays(
        symbol=SYMBOL,
        time_ns=[bar.start_ns for bar in bars],
        open=[bar.open * tick for bar in bars],
        high=[bar.high * tick for bar in bars],
        low=[bar.low * tick for bar in bars],
        close=[bar.close * tick for bar in bars],
        volume=[bar.volume for bar in bars],
        open_interest=[bar.interest for bar in bars],
        tick=TICK,
        zone="Asia/Shanghai",
        synthetic=True,
    )


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m monitor.engine.sample OUT.csv.gz\n")
        return 2
    write_klines(arguments[0], make_sample(), [LABEL])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

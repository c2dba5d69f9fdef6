"""P3: back-tests of 500,000 one-minute bars, in bars per second, full ledger and trade list included.

One strategy that does nothing, one that keeps two resting limits and trades every fifty bars or so,
one that cancels and sends both anew on every bar (over a tenth of the bars). Run as
`python -m benchmarks.backtest [bars]`; prints one JSON line per figure. The peers are not run here:
their figures were measured on another two-core machine and are given as such.
"""

from __future__ import annotations

import math
import sys
import time
from decimal import Decimal

import numpy as np

from benchmarks.figures import print_figure
from monitor.engine.host import StrategySpec
from monitor.engine.klines.series import MINUTE_NS, BarSeries
from monitor.engine.ledger import PositionMode
from monitor.engine.options import Matching
from monitor.engine.rows import TradeRow
from monitor.engine.session import Plan
from monitor.engine.simulation import Simulation
from monitor.engine.strategy import Bar, Strategy
from monitor.engine.terms import Terms
from monitor.engine.values import Instrument

BARS = 500_000
TICK = Decimal("0.2")
START_NS = 1_546_300_800_000_000_000  # 2019-01-01 UTC
DISTANCE = 21  # ticks from the price to each resting limit: met every fifty bars or so
RUNS = 3
MEASURED = "given figures, measured on another 2-core machine; not run here"


class Idle(Strategy):
    """Does nothing."""


class TwoLimits(Strategy):
    """Keeps a bid and an ask around the last trade; who is met, both are placed anew."""

    def on_start(self) -> None:
        self._placed = False

    def on_bar(self, bar: Bar) -> None:
        if not self._placed:
            self._placed = True
            self._quote(Decimal(bar.close_units).scaleb(-self._desk.digits))

    def on_trade(self, trade: TradeRow) -> None:
        self._placed = False
        self.cancel_all()

    def _quote(self, around: Decimal) -> None:
        distance = DISTANCE * TICK
        if self.position > 0:
            self.sell(around + distance, 1)
        else:
            self.short(around + distance, 1)
        if self.position < 0:
            self.cover(around - distance, 1)
        else:
            self.buy(around - distance, 1)


class EveryBar(TwoLimits):
    """Cancels both on every bar and sends them anew."""

    def on_bar(self, bar: Bar) -> None:
        self.cancel_all()
        self._quote(Decimal(bar.close_units).scaleb(-self._desk.digits))


FIGURES: dict[str, tuple[type[Strategy], int | None, dict[str, int]]] = {
    "a strategy that does nothing": (
        Idle,
        3_000_000,
        {"vn.py": 1_720_000, "backtesting.py": 477_000, "NautilusTrader": 135_000, "backtrader": 31_000},
    ),
    "two resting limits, a trade every ~50 bars": (
        TwoLimits,
        1_000_000,
        {"vn.py": 558_000, "backtesting.py": 167_000, "NautilusTrader": 66_000, "backtrader": 19_000},
    ),
    "cancel and two new orders on every bar": (EveryBar, None, {"vn.py": 75_000}),
}


def walk(count: int) -> BarSeries:
    """A seeded random walk in ticks, pulled back to its middle so that quotes are met both ways."""
    random = np.random.default_rng(7)
    steps = random.integers(-5, 6, count)
    close = np.empty(count, dtype=np.int64)
    price = 20_000
    for n, step in enumerate(steps.tolist()):
        price += step - (price - 20_000) // 200
        close[n] = price
    open_ = np.concatenate(([20_000], close[:-1]))
    high = np.maximum(open_, close) + random.integers(0, 3, count)
    low = np.minimum(open_, close) - random.integers(0, 3, count)
    tick = float(TICK)
    return BarSeries.from_arrays(
        symbol="BENCH.x",
        time_ns=START_NS + MINUTE_NS * np.arange(count, dtype=np.int64),
        open=open_ * tick,
        high=high * tick,
        low=low * tick,
        close=close * tick,
        volume=random.integers(100, 1000, count).astype(np.float64),
        tick=TICK,
        interval_ns=MINUTE_NS,
    )


def plan(series: BarSeries, kind: type[Strategy], matching: Matching) -> Plan:
    instrument = Instrument(symbol=series.symbol, tick=TICK, multiplier=Decimal(300), zone="UTC")
    terms = Terms(
        matching=matching,
        capital=Decimal(100_000_000),
        slippage=Decimal(0),
        participation=Decimal("0.1"),
        position_mode=PositionMode.NETTING,
    )
    spec = StrategySpec(strategy_id=1, name=kind.__name__, source="benchmark", kind=kind, parameters={})
    return Plan(series=series, instrument=instrument, terms=terms, strategies=(spec,))


def run_seconds(made: Plan, runs: int) -> tuple[float, Simulation]:
    """The best of some runs: what the machine does besides only ever adds."""
    best = math.inf
    for _ in range(runs):
        run = made.run()
        begin = time.perf_counter()
        run.start()
        run.advance(len(made.series))
        run.equity_chunk(0)
        best = min(best, time.perf_counter() - begin)
        assert not run.hosts[1].error, run.hosts[1].error
    return best, run


def main(bars: int) -> None:
    series = walk(bars)
    for name, (kind, goal, peers) in FIGURES.items():
        many = series if goal else series.slice(0, bars // 10)
        few = many.slice(0, len(many) // 10)
        for matching in Matching:
            short, _ = run_seconds(plan(few, kind, matching), RUNS)
            seconds, run = run_seconds(plan(many, kind, matching), RUNS)
            print_figure(
                "P3",
                f"back-test of {len(many):,} bars, {name}, {matching} matching",
                len(many) / seconds,
                "bars/s",
                goal=f">= {goal:,}" if goal else "",
                exponent=round(math.log(seconds / short, 10), 2),
                trades=len(run.trades),
                orders=len(run.book.orders),
                peer={**peers, "note": MEASURED},
            )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else BARS)

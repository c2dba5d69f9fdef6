"""The double moving average: vn.py's rules, decided on whole price units."""

from __future__ import annotations

from decimal import Decimal
from functools import reduce
from operator import add
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from market import bar, bar_of, fills, plan, series_of

from monitor.engine.options import Matching
from monitor.engine.simulation import Simulation
from monitor.engine.strategies.double_ma import WARM_UP, DoubleMa
from monitor.engine.values import Side


def run_of(closes: list[float], tick: str = "0.05", *, gaps: bool = False) -> Simulation:
    """The strategy over bars with these closes, matched as vn.py does; each opens where the last
    one closed, so that a limit at the close is filled, or with `gaps` at its own close."""
    parameters: dict[str, Any] = {"fast_window": 10, "slow_window": 20, "volume": 1}
    opens = closes if gaps else [closes[0], *closes[:-1]]
    bars = [bar(o, max(o, c), min(o, c), c) for o, c in zip(opens, closes, strict=True)]
    made = plan(
        series_of(bars, tick),
        DoubleMa,
        matching=Matching.VNPY,
        hedging=False,
        parameters=parameters,
        tick=tick,
    ).run()
    made.start()
    made.advance(len(made.series))
    assert not made.hosts[1].error
    return made


def float_crossings(closes: list[float]) -> list[int]:
    """Bars at which averages computed in floats cross, noise included."""

    def average(window: int, n: int) -> float:
        return reduce(add, closes[n - window + 1 : n + 1]) / window  # `sum` compensates in newer Pythons

    differences = {n: average(10, n) - average(20, n) for n in range(WARM_UP - 2, len(closes))}
    pairs = {n: (differences[n - 1], differences[n]) for n in range(WARM_UP - 1, len(closes))}
    return [n for n, (before, now) in pairs.items() if now > 0 > before or now < 0 < before]


def exact_crossings(closes: list[float]) -> dict[int, int]:
    """Bars at which the averages cross, with the direction: 1 is up."""
    column = [Decimal(repr(close)) for close in closes]
    zero = Decimal(0)
    differences = {
        n: sum(column[n - 9 : n + 1], zero) * 2 - sum(column[n - 19 : n + 1], zero)
        for n in range(WARM_UP - 2, len(closes))
    }
    found = {}
    for n in range(WARM_UP - 1, len(closes)):
        before, now = differences[n - 1], differences[n]
        if now > 0 > before or now < 0 < before:
            found[n] = 1 if now > 0 else -1
    return found


def periodic() -> list[float]:
    """Gold's fractional ticks in a cycle of ten bars: both averages are the cycle's mean, always."""
    cycle = [301.8, 307.85, 291.25, 312.25, 315.55, 306.4, 303.05, 291.4, 306.8, 313.2]
    return cycle * 16


def test_equal_averages_are_equal_where_floats_cross_by_noise() -> None:
    closes = periodic()
    assert float_crossings(closes), "the probe must be one that floats get wrong"
    run = run_of(closes)
    assert (len(run.book.orders), run.trades) == (0, [])


def signal_bars(run: Simulation) -> set[int]:
    starts = (order.created_ns - run.series.interval_ns for order in run.book.orders.values())
    return {bar_of(run, start) for start in starts}


def position_after(run: Simulation, bar_: int) -> Decimal:
    done = [trade for trade in run.trades if bar_of(run, trade.time_ns) <= bar_]
    return sum((t.volume if t.side is Side.BUY else -t.volume for t in done), Decimal(0))


@given(st.lists(st.integers(-3, 3), min_size=60, max_size=120))
@settings(max_examples=40)
def test_every_signal_is_an_exact_crossing_and_every_crossing_a_signal(steps: list[int]) -> None:
    units = 6000 + np.cumsum([0] * WARM_UP + steps)
    closes = [round(unit * 0.05, 2) for unit in units.tolist()]
    run = run_of(closes)
    crossings = exact_crossings(closes)
    assert signal_bars(run) <= crossings.keys()
    for unanswered in crossings.keys() - signal_bars(run):  # it was held that way already, past a tie
        assert position_after(run, unanswered) == crossings[unanswered]


def rising_then_falling() -> list[float]:
    down = [200.0 - n * 0.05 for n in range(WARM_UP)]
    up = [down[-1] + n * 0.1 for n in range(1, 60)]
    return [round(price, 2) for price in [*down, *up, *(up[-1] - n * 0.1 for n in range(1, 60))]]


def test_flat_buys_and_a_cross_down_sells_and_goes_short() -> None:
    closes = rising_then_falling()
    run = run_of(closes)
    first, second = exact_crossings(closes)
    assert [(t.side.lower(), t.offset.lower()) for t in run.trades] == [
        ("buy", "open"),
        ("sell", "close"),
        ("sell", "open"),
    ]
    assert [float(trade.price) for trade in run.trades] == [closes[first], closes[second], closes[second]]


@pytest.mark.parametrize(("bars_before", "signalled"), [(98, False), (99, True), (100, True)])
def test_the_hundredth_bar_is_the_first_that_may_signal(bars_before: int, signalled: bool) -> None:
    falling = [round(400 - n * 0.05, 2) for n in range(bars_before)]
    run = run_of([*falling, *[500.0] * 30])  # the jump crosses at once
    assert signal_bars(run) == ({bars_before} if signalled else set())


def test_resting_orders_are_canceled_at_each_bar() -> None:
    closes = rising_then_falling()
    (first, *_) = exact_crossings(closes)
    jump = [*closes[: first + 1], *(closes[first] + 50 for _ in range(5))]  # the buy is left behind
    run = run_of([round(price, 2) for price in jump], gaps=True)
    assert len(run.book.orders) == 1
    assert fills(run) == []
    assert not run.book.active

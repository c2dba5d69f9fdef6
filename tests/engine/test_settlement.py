"""The price a day of bars is settled at: its closes weighted by volume, on the tick."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, strategies as st
from market import bar, series_of

from monitor.engine.settlement import settlement_price
from monitor.engine.values import Instrument

TICK = Decimal("0.05")
GOLD = Instrument(symbol="SHFE.au1912", tick=TICK)


def day(*bars: tuple[int, float]) -> Decimal:
    """Settled at, of (close in ticks, volume)."""
    closes = [(float(ticks * TICK), volume) for ticks, volume in bars]
    series = series_of([bar(close, close, close, close, volume) for close, volume in closes], str(TICK))
    return settlement_price(series, 0, len(bars), GOLD) / TICK


@pytest.mark.parametrize(
    ("bars", "ticks"),
    [
        ([(100, 5)], 100),
        ([(100, 1), (200, 3)], 175),
        ([(100, 1), (101, 0)], 100),  # the last close weighs nothing when nothing was traded at it
        ([(100, 0), (103, 0)], 103),  # nobody traded: the last close
        ([(100, 0.5), (110, 1.5)], 108),  # 107.5: a tie goes to even
    ],
)
def test_a_day_settles_at_what_was_paid_on_average(bars: list[tuple[int, float]], ticks: int) -> None:
    assert day(*bars) == ticks


BARS = st.lists(
    st.tuples(st.integers(1, 20_000), st.one_of(st.integers(0, 10**6), st.just(0))), min_size=1, max_size=30
)


@given(BARS)
def test_it_is_the_nearest_tick_to_the_exact_average(bars: list[tuple[int, int]]) -> None:
    found = day(*bars)
    assert found == int(found)
    assert min(t for t, _ in bars) <= found <= max(t for t, _ in bars)
    traded = sum(volume for _, volume in bars)
    average = Fraction(sum(t * v for t, v in bars), traded) if traded else Fraction(bars[-1][0])
    assert abs(Fraction(found) - average) <= Fraction(1, 2) + Fraction(1, 10**6)


@given(BARS, st.data())
def test_the_order_of_the_bars_does_not_matter_while_something_is_traded(
    bars: list[tuple[int, int]], data: st.DataObject
) -> None:
    if any(volume for _, volume in bars):
        assert day(*data.draw(st.permutations(bars))) == day(*bars)


def test_only_the_days_own_bars_count() -> None:
    series = series_of([bar(p, p, p, p, v) for p, v in [(10, 9), (20, 1), (30, 1), (90, 9)]], str(TICK))
    assert settlement_price(series, 1, 3, GOLD) == 25

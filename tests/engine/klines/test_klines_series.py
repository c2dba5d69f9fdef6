"""Series of bars: exact integer prices beside floats, slices, intervals and ticks."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, strategies as st

from monitor.engine.klines import BarSeries, KlineError, infer_tick, make_bars

MINUTE = 60_000_000_000


def flat(*closes: float, tick: Decimal | None = None) -> BarSeries:
    return make_bars([(c, c, c, c, 1.0) for c in closes], tick=tick)


@given(
    st.integers(0, 6).flatmap(
        lambda digits: st.tuples(st.just(digits), st.lists(st.integers(1, 10**9), min_size=1, max_size=30))
    )
)
def test_units_are_the_decimal_prices_exactly(case: tuple[int, list[int]]) -> None:
    digits, units = case
    prices = [Decimal(unit).scaleb(-digits) for unit in units]
    series = flat(*(float(price) for price in prices))
    assert [series.to_price(unit) for unit in series.close_units.tolist()] == prices
    assert [Decimal(repr(close)) for close in series.close.tolist()] == prices
    assert series.digits <= digits


@given(st.lists(st.integers(1, 10**7), min_size=1, max_size=30))
def test_digits_are_the_fewest_that_hold_every_price(units: list[int]) -> None:
    prices = [Decimal(unit).scaleb(-3) for unit in units]
    needed = max(max(0, -int(price.normalize().as_tuple().exponent)) for price in prices)
    assert flat(*(float(price) for price in prices)).digits == needed


def test_the_tick_widens_the_digits() -> None:
    series = flat(294.0, 295.0, tick=Decimal("0.02"))
    assert series.digits == 2
    assert series.close_units.tolist() == [29400, 29500]
    assert series.to_units(Decimal("294.02")) == 29402


def test_a_price_finer_than_the_units_is_refused() -> None:
    with pytest.raises(ValueError, match="more than 0 decimals"):
        flat(2746.0).to_units(Decimal("2746.5"))


def test_float_noise_of_computed_prices_disappears() -> None:
    series = flat(0.1 + 0.2, 0.3)
    assert series.digits == 1
    assert series.close_units.tolist() == [3, 3]
    assert series.close[0] == series.close[1] == 0.3


def test_prices_beyond_exact_arithmetic_are_refused() -> None:
    with pytest.raises(KlineError, match="beyond exact arithmetic"):
        flat(9e14, tick=Decimal("0.01"))


def test_arrays_cannot_be_changed() -> None:
    series = flat(1.0, 2.0)
    with pytest.raises(ValueError, match="read-only"):
        series.close[0] = 3.0
    with pytest.raises(ValueError, match="read-only"):
        series.close_units[0] = 3


def test_a_slice_is_the_same_bars() -> None:
    series = flat(1.0, 2.0, 3.0, 4.0)
    part = series.slice(1, 3)
    assert len(part) == 2
    assert part.close.tolist() == [2.0, 3.0]
    assert part.time_ns.tolist() == series.time_ns[1:3].tolist()
    assert np.shares_memory(part.high_units, series.high_units)
    assert (part.symbol, part.interval_ns, part.digits) == (series.symbol, MINUTE, 0)


def test_the_interval_is_the_commonest_step() -> None:
    times = [0, MINUTE, 2 * MINUTE, 30 * MINUTE, 31 * MINUTE]
    column = [1.0] * 5
    series = BarSeries.from_arrays(
        symbol="X", time_ns=times, open=column, high=column, low=column, close=column, volume=column
    )
    assert series.interval_ns == MINUTE


@pytest.mark.parametrize("times", [[MINUTE, MINUTE], [2 * MINUTE, MINUTE]])
def test_times_must_rise(times: list[int]) -> None:
    column = [1.0, 1.0]
    with pytest.raises(ValueError, match="rise strictly"):
        BarSeries.from_arrays(
            symbol="X", time_ns=times, open=column, high=column, low=column, close=column, volume=column
        )


def test_columns_must_have_one_length() -> None:
    with pytest.raises(ValueError, match="same length"):
        BarSeries.from_arrays(
            symbol="X", time_ns=[1, 2], open=[1, 1], high=[1, 1], low=[1, 1], close=[1], volume=[1, 1]
        )


@pytest.mark.parametrize(
    ("closes", "tick"),
    [
        ((294.2, 294.45, 294.3), "0.05"),
        ((3981.2, 3981.4, 3982.0), "0.2"),
        ((49060.0, 49090.0, 49080.0), "10"),
        ((2746.0, 2747.0), "1"),
        ((100.5,), "0.1"),
    ],
)
def test_an_unknown_tick_is_the_step_that_divides_every_price(closes: tuple[float, ...], tick: str) -> None:
    assert infer_tick(flat(*closes)) == Decimal(tick)


def test_a_named_tick_is_not_guessed() -> None:
    assert infer_tick(flat(294.0, 295.0, tick=Decimal("0.02"))) == Decimal("0.02")


def test_no_bars_at_all() -> None:
    series = make_bars([])
    assert len(series) == 0
    assert infer_tick(series) == 1

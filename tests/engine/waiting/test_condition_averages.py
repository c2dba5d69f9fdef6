"""Indicators of conditions: against their definitions, and the same however long one has listened."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, strategies as st

from monitor.engine.waiting.conditions.averages import closes_needed, indicator
from monitor.engine.waiting.conditions.tree import SeriesOf

closes = st.lists(st.integers(1, 10_000).map(lambda n: n / 20), min_size=1, max_size=80)


@given(closes, st.integers(1, 12))
def test_simple_ones_are_exact(values: list[float], window: int) -> None:
    newest = [Decimal(repr(v)) for v in values[-window:]]
    enough = len(values) >= window
    assert indicator(SeriesOf.HIGHEST, window, values) == (max(newest) if enough else None)
    assert indicator(SeriesOf.LOWEST, window, values) == (min(newest) if enough else None)
    average = indicator(SeriesOf.MA, window, values)
    if enough:
        assert average is not None
        assert abs(average * window - sum(newest)) < Decimal("1e-18")
    else:
        assert average is None


def test_exponential_average_by_hand() -> None:
    assert indicator(SeriesOf.EMA, 3, [1, 2, 3, 5, 4]) == Decimal("3.75")
    assert indicator(SeriesOf.EMA, 3, [1, 2]) is None


def test_relative_strength_is_wilders() -> None:
    """The example of his book's method, smoothed by hand for a window of three."""
    values = [10.0, 11.0, 10.5, 11.5, 11.0, 12.0]
    gain, loss = 2 / 3, 0.5 / 3
    for move in (-0.5, 1.0):
        gain, loss = (gain * 2 + max(move, 0)) / 3, (loss * 2 + max(-move, 0)) / 3
    assert float(indicator(SeriesOf.RSI, 3, values) or 0) == pytest.approx(100 * gain / (gain + loss))
    assert indicator(SeriesOf.RSI, 3, [5.0] * 4) == 50
    assert indicator(SeriesOf.RSI, 3, [1.0, 2.0, 3.0, 4.0]) == 100
    assert indicator(SeriesOf.RSI, 3, [1.0, 2.0, 3.0]) is None


@given(st.sampled_from(SeriesOf), st.integers(2, 10), st.integers(0, 2**32 - 1))
def test_what_is_older_than_what_is_asked_for_hardly_matters(of: SeriesOf, window: int, seed: int) -> None:
    """The whole history and the newest closes that are asked for give nearly the same."""
    walk = 100 + np.cumsum(np.random.default_rng(seed).normal(size=400))
    whole = indicator(of, window, walk.tolist())
    asked = indicator(of, window, walk.tolist()[-closes_needed(of, window) :])
    assert whole is not None
    assert asked is not None
    spread = float(walk.max() - walk.min())
    bound = 0.2 if of is SeriesOf.RSI else spread * 0.001 if of is SeriesOf.EMA else 0
    assert abs(float(whole - asked)) <= bound

"""The pyramid against brute force, and the deepest drawdown."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, strategies as st

from monitor.engine.changes import EquityChunk
from monitor.models.equity import EquitySeries, stride_for


def chunk(start: int, values: np.ndarray) -> EquityChunk:
    index = np.arange(start, start + len(values), dtype=np.int64)
    return EquityChunk("sim-1", start, index * 60_000_000_000, np.asarray(values, dtype=np.float64))


def walk(seed: int, count: int) -> np.ndarray:
    """A whole-numbered random walk, so that equal values occur."""
    return 1000.0 + np.random.default_rng(seed).integers(-3, 4, count).cumsum()


def grown(values: np.ndarray, cuts: list[int]) -> EquitySeries:
    """A series that got its values in pieces."""
    series = EquitySeries()
    edges = [0, *sorted(min(cut, len(values)) for cut in cuts), len(values)]
    for start, stop in itertools.pairwise(edges):
        series.append(chunk(start, values[start:stop]))
    return series


def falls(values: np.ndarray) -> np.ndarray:
    return values / np.maximum.accumulate(values) - 1.0


@given(
    seed=st.integers(0, 1000),
    count=st.integers(1, 3000),
    cuts=st.lists(st.integers(0, 3000), max_size=6),
    pixels=st.integers(1, 400),
    window=st.tuples(st.integers(-5, 3000), st.integers(0, 3100)),
)
def test_every_bucket_has_the_extremes_of_its_samples(seed, count, cuts, pixels, window):
    values = walk(seed, count)
    series = grown(values, cuts)
    first, last = max(0, window[0]), min(count, window[1])
    for source, (x, y) in (
        (values, series.view(*window, pixels)),
        (falls(values), series.view_drawdown(*window, pixels)),
    ):
        if last - first <= 2 * pixels:
            assert np.array_equal(x, np.arange(first, max(first, last)))
            assert np.array_equal(y, source[x])
            continue
        stride = stride_for(last - first, pixels)
        assert len(x) <= 2 * pixels + 2
        assert x[0] <= first
        assert x[-1] >= last - 1
        lefts, rights = x[0::2], x[1::2]
        assert np.array_equal(lefts % stride, np.zeros(len(lefts)))
        for left, right, a, b in zip(lefts, rights, y[0::2], y[1::2], strict=True):
            piece = source[left : right + 1]
            assert (min(a, b), max(a, b)) == (piece.min(), piece.max())
        assert np.array_equal(lefts[1:], rights[:-1] + 1)


@given(seed=st.integers(0, 1000), count=st.integers(1, 500), cuts=st.lists(st.integers(0, 500), max_size=6))
def test_the_deepest_drawdown_is_that_of_the_whole_curve(seed, count, cuts):
    values = walk(seed, count)
    found = grown(values, cuts).max_drawdown
    deepest = falls(values).min()
    if deepest == 0:
        assert found is None
        return
    assert found is not None
    assert found.depth == pytest.approx(deepest)
    assert falls(values)[found.trough] == deepest
    assert values[found.peak] == values[: found.trough + 1].max()
    assert found.money == pytest.approx(values[found.trough] - values[found.peak])


def test_samples_sent_twice_are_taken_once_and_a_gap_is_an_error():
    series = EquitySeries()
    series.append(chunk(0, np.arange(10.0)))
    series.append(chunk(5, np.arange(5.0, 15.0)))
    assert np.array_equal(series.equity, np.arange(15.0))
    series.append(chunk(3, np.arange(3.0, 6.0)))
    assert len(series) == 15
    with pytest.raises(ValueError, match="samples 15 to 19 are missing"):
        series.append(chunk(20, np.arange(3.0)))


def test_no_drawdown_is_invented_below_nothing():
    series = EquitySeries()
    series.append(chunk(0, np.array([-5.0, -10.0, 0.0, 4.0, 2.0])))
    assert series.view_drawdown(0, 5, 100)[1].tolist() == [0, 0, 0, 0, -0.5]
    assert series.max_drawdown is not None
    assert series.max_drawdown.depth == -0.5


def test_times_and_positions():
    series = EquitySeries()
    series.append(chunk(0, np.arange(10.0)))
    assert series.index_at(3 * 60_000_000_000) == 3
    assert series.index_at(3 * 60_000_000_000 + 1) == 3
    assert series.index_at(-1) == 0
    assert series.bounds(2, 5) == (2.0, 4.0)
    series.clear()
    assert len(series) == 0
    assert series.bounds(0, 5) is None


def test_two_million_samples_are_drawn_by_two_thousand_points():
    series = EquitySeries()
    values = walk(1, 2_000_000)
    series.append(chunk(0, values))
    x, y = series.view(0, len(series), 1000)
    assert len(x) <= 2002
    assert (y.min(), y.max()) == (values.min(), values.max())
    series.append(chunk(len(values), values[:1]))
    assert series.view(len(values) - 1, len(values) + 1, 1000)[1].tolist() == [values[-1], values[0]]


def test_a_curve_may_begin_late() -> None:
    """After a restart only the newest samples are brought."""
    series = EquitySeries()
    series.append(chunk(1000, [5.0, 6.0]))
    series.append(chunk(1002, [4.0]))
    assert series.first == 1000
    assert series.equity.tolist() == [5.0, 6.0, 4.0]
    series.clear()
    assert series.first == 0
